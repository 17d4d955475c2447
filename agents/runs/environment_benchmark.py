"""What stepping environments costs: several in turn and in processes of their own, and the loop around one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms.replay import VectorReplay
from nearsym.agents.algorithms.sac import SACLearner, SACSettings
from nearsym.envs import EpisodeSeeds, Guard, Step, rollout, vectorised
from nearsym.networks import family

from .build import build_world, problem_of
from .settings import EnvSettings, TrainSettings

COUNTS = (2, 4, 8)


@dataclass(frozen=True)
class Simulator:
    """An environment to be timed.

    Attributes:
        name: for people.
        env: the environment.
        pixels: whether it is drawn.
    """

    name: str
    env: EnvSettings
    pixels: bool = False


SIMULATORS = (
    Simulator("Pendulum-v1", EnvSettings("Pendulum-v1")),
    Simulator("dmc/cartpole-swingup", EnvSettings("dmc/cartpole-swingup", {"action_repeat": 4})),
    Simulator("dmc/humanoid-walk", EnvSettings("dmc/humanoid-walk", {"action_repeat": 2})),
    Simulator("dmc/cartpole-swingup, 85x85", EnvSettings("dmc/cartpole-swingup", {"action_repeat": 2}), True),
)


@dataclass(frozen=True)
class Stepping:
    """Steps of N environments, counted one by one.

    Attributes:
        in_turn: a second, one environment after the other, median over rounds.
        in_processes: a second, each in a process of its own.
        ratio: the second over the first, median over rounds of the ratio within a round.
        quartiles: of that ratio.
    """

    in_turn: float
    in_processes: float
    ratio: float
    quartiles: tuple[float, float]


@dataclass(frozen=True)
class Loop:
    """What one step costs around the environment: vectorising, seeding, checking and storing.

    Attributes:
        name: who does it.
        microseconds: a step, median over rounds.
        least: the same, of the fastest round.
    """

    name: str
    microseconds: float
    least: float


def simulators(env: EnvSettings) -> tuple[Simulator, ...]:
    """Those that are always timed, and another one that is asked for."""
    known = [simulator.env.id for simulator in SIMULATORS]
    return SIMULATORS if env.id in known else (*SIMULATORS, Simulator(env.id, env))


def time_stepping(simulator: Simulator, count: int, steps: int, rounds: int) -> Stepping:
    """Step `count` environments with random actions, in turn and in processes, taking turns of `steps` steps.

    Raises:
        InputError: there is no such environment, or it cannot be drawn.
    """
    settings = [
        TrainSettings(env=replace(simulator.env, count=count, processes=processes), pixels=simulator.pixels)
        for processes in ("false", "true")
    ]
    worlds = [build_world(each, 0, count=count) for each in settings]
    try:
        space = worlds[0].envs.action_space
        space.seed(0)
        actions = space.sample()
        going = [rollout(world.envs, lambda observations, memory: (actions, memory)) for world in worlds]
        seconds = _turns([_advance(each, max(1, steps // count)) for each in going], rounds)
    finally:
        for world in worlds:
            world.close()
    done = max(1, steps // count) * count
    ratios = seconds[0] / seconds[1]
    lower, middle, upper = (float(np.quantile(ratios, q)) for q in (0.25, 0.5, 0.75))
    return Stepping(float(done / np.median(seconds[0])), float(done / np.median(seconds[1])), middle, (lower, upper))


def time_loop(steps: int = 50, rounds: int = 400) -> list[Loop]:
    """Time a step in which the environment does nothing, no network acts and none is updated.

    One contender is the loop with gymnasium's SyncVectorEnv and stable-baselines3's ReplayBuffer. Turns are short, so
    that some of them are undisturbed on a busy machine.
    """
    stock = SyncVectorEnv([lambda: _wrapped()], autoreset_mode=AutoresetMode.DISABLED)
    loops = {
        "gymnasium's SyncVectorEnv, stable-baselines3's buffer": (stock, _replay(ReplayBuffer)),
        "nearsym": (vectorised(_wrapped()), _replay(None)),
    }
    action = np.zeros((1, 1), np.float32)

    def stored(envs: Any, replay: VectorReplay) -> Iterator[None]:
        for step in rollout(envs, lambda observations, memory: (action, memory)):
            replay.add(step)
            yield

    seconds = _turns([_advance(stored(*loop), steps) for loop in loops.values()], rounds)
    each = zip(loops, seconds, strict=True)
    return [Loop(name, float(np.median(s)) / steps * 1e6, float(s.min()) / steps * 1e6) for name, s in each]


class _Idle(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Does nothing, for a thousand steps."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (5,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.left, self.observation = 1000, np.zeros(5, np.float32)
        return self.observation, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.left -= 1
        return self.observation, 0.0, False, not self.left, {}


def _wrapped() -> EpisodeSeeds:
    return EpisodeSeeds(Guard(_Idle()), 0)


def _replay(buffer: type[ReplayBuffer] | None) -> VectorReplay:
    """Replay of a run, or the same on another buffer."""
    problem = problem_of(SACLearner, _Idle(), family("plain"))
    replay = VectorReplay(SACSettings(), problem, torch.device("cpu"), 100_000)
    if buffer is not None:
        spaces = problem.observation_space, problem.action_space
        replay.buffer = buffer(100_000, *spaces, "cpu")  # type: ignore[assignment]  # a stranger, to compare with
    return replay


def _advance(steps: Iterator[Step] | Iterator[None], count: int) -> Callable[[], None]:
    def repeat() -> None:
        for _ in islice(steps, count):
            pass

    return repeat


def _turns(contenders: list[Callable[[], None]], rounds: int) -> list[NDArray[np.float64]]:
    """Seconds of each in every round, after one that does not count."""
    seconds: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds + 1):
        for times, repeat in zip(seconds, contenders, strict=True):
            start = time.perf_counter()
            repeat()
            if turn:
                times.append(time.perf_counter() - start)
    return [np.array(times) for times in seconds]
