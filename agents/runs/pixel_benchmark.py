"""What working from pixels costs: encoders beside escnn's, drawing, replay, and whole updates."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from torch import Tensor, nn

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.drqv2 import DrQv2Settings
from nearsym.agents.algorithms.experience import Experience
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.replay.frames import FILLED, FrameReplayBuffer
from nearsym.envs import make
from nearsym.envs.symmetry import Image, Symmetry
from nearsym.networks import architectures, encoder_for, family

from .build import build_learner, build_world
from .settings import EnvSettings, TrainSettings

ESCNN = "escnn"
SHAPE = (9, 85, 85)
FILTERS = 32
PLANES: dict[str, list[Any]] = {"D1": [[-1, 1]], "C4": [[[0, -1], [1, 0]]], "D4": [[[0, -1], [1, 0]], [-1, 1]]}


@dataclass(frozen=True)
class Timing:
    """Seconds of one contender, beside the first one's.

    Attributes:
        name: what was timed.
        seconds: of one repetition, median over rounds.
        ratio: to the first contender, median over rounds of the ratio within a round.
    """

    name: str
    seconds: float
    ratio: float


def take_turns(contenders: dict[str, Callable[[], object]], rounds: int) -> list[Timing]:
    """Time contenders in turns, after one turn each that does not count, so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, repeat in contenders.items():
            start = time.perf_counter()
            repeat()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    first = np.array(next(iter(seconds.values())))
    return [Timing(name, float(np.median(t)), float(np.median(np.array(t) / first))) for name, t in seconds.items()]


def time_encoders(group: str, batch: int, rounds: int) -> list[Timing]:
    """Forward and backward pass of the DrQ-v2 encoder, 32 planes in all, for every family and for escnn.

    Args:
        group: ``D1``, ``C4`` or ``D4``.
        batch: images of 85x85 with three frames.
        rounds: turns each contender gets.
    """
    generators = PLANES[group]
    plane = Symmetry.generated(generators, generators).action
    torch.manual_seed(0)
    images = torch.randint(0, 256, (batch, *SHAPE), dtype=torch.uint8)
    encoders: dict[str, nn.Module] = {
        name: encoder_for(Image(plane, SHAPE), kind(), filters=FILTERS) for name, kind in architectures().items()
    }
    encoders[ESCNN] = _EscnnEncoder(group, plane.group.rows)

    def both_ways(encoder: nn.Module) -> None:
        encoder(images).square().mean().backward()

    return take_turns({name: partial(both_ways, encoder) for name, encoder in encoders.items()}, rounds)


def time_drawing(frames: int, rounds: int) -> list[Timing]:
    """Draw `frames` frames of the cart-pole as the suite does, and as we do by default."""
    looks = {"as the suite": {"floor": True, "stars": True, "shadows": True}, "fast": {}}
    contenders: dict[str, Callable[[], object]] = {}
    for name, look in looks.items():
        env = make("dmc/cartpole-swingup", pixels=True, frames=1, **look)
        env.reset(seed=0)
        state = env.get_wrapper_attr("get_state")()
        contenders[name] = partial(_draw, env, state, frames)
    return take_turns(contenders, rounds)


def replay_bytes_per_step(steps: int = 1000) -> dict[str, float]:
    """Bytes a stored step takes in stable-baselines3's buffer and in ours."""
    space = gymnasium.spaces.Box(0, 255, SHAPE, np.uint8)
    action = gymnasium.spaces.Box(-1, 1, (1,))
    stock = ReplayBuffer(steps, space, action, "cpu")
    held = (stock.observations, stock.next_observations, stock.actions, stock.rewards, stock.dones, stock.timeouts)
    ours = FrameReplayBuffer(steps, space, action, "cpu")
    return {
        "stable-baselines3": sum(array.nbytes for array in held) / steps,
        "nearsym": sum(getattr(ours, name).nbytes for name in FILLED) / steps,
    }


def time_updates(updates: int, rounds: int) -> list[Timing]:
    """Whole DrQ-v2 updates at full size (85x85, 32 planes, width 1024, batch 256) for every family."""
    contenders: dict[str, Callable[[], object]] = {}
    for name in architectures():
        network = family(name, width=1024)
        settings = TrainSettings(
            env=EnvSettings("dmc/cartpole-swingup", {"action_repeat": 2}),
            agent=DrQv2Settings(),
            network=network,
            pixels=True,
            total_steps=1000,
        )
        world = build_world(settings, 0)
        learner = build_learner(settings, world)
        experience = learner.experience(settings.total_steps)
        for _ in zip(range(300), interact(learner, world.envs, experience), strict=False):
            pass  # random actions fill the replay buffer
        contenders[name] = partial(_update, learner, experience, updates)
    return take_turns(contenders, rounds)


def _update(learner: Learner, experience: Experience, updates: int) -> None:
    """`updates` updates; `train_every` is 2."""
    for batch in experience.due(learner.steps, learner.steps + 2 * updates):
        learner.update(batch)


def _draw(env: gymnasium.Env[Any, Any], state: NDArray[np.float64], frames: int) -> None:
    set_state = env.get_wrapper_attr("set_state")
    for _ in range(frames):
        set_state(state)


class _EscnnEncoder(nn.Module):
    """The same encoder built from escnn's own layers."""

    def __init__(self, group: str, order: int) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escnn and what it imports warn of their own insides
            from escnn import nn as escnn

            from nearsym.networks.steerable import field, space

            plane = space(group)
            channels = round(FILTERS / order)
            self.before, hidden = field(plane, SHAPE[0], "trivial"), field(plane, channels)
            layers: list[nn.Module] = []
            for k in range(4):
                layers.append(escnn.R2Conv(self.before if k == 0 else hidden, hidden, 3, stride=2 if k == 0 else 1))
                layers.append(escnn.ReLU(hidden))
            self.layers = escnn.SequentialModule(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """The last feature map."""
        features: Tensor = self.layers(self.before(images.float() / 255 - 0.5)).tensor
        return features
