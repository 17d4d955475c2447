"""What stepping environments costs: several in turn and in processes of their own, and the loop around one."""

from __future__ import annotations

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
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Row, Table, rates, take_turns
from nearsym.agents.runs.build import build_world, problem_of
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs import EpisodeSeeds, Guard, Step, rollout, vectorised
from nearsym.envs.vector.worthwhile import busy, cores
from nearsym.networks import family

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


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Steps of every simulator with random actions, in turn and in processes; then the loop around one environment."""
    torch.set_num_threads(settings.threads)
    for simulator in simulators(settings.env):
        for count in COUNTS:
            rows = _stepping(simulator, count, settings)
            title = f"steps of {count} times {simulator.name}, {cores()} core(s), {busy():.1f} busy before"
            yield Table(title, "steps/s", rows, {"env": simulator.name, "count": count})
    stock = SyncVectorEnv([_wrapped], autoreset_mode=AutoresetMode.DISABLED)
    loops = {
        "SyncVectorEnv, ReplayBuffer": (stock, _replay(ReplayBuffer)),
        "nearsym": (vectorised(_wrapped()), _replay(None)),
    }
    calls: dict[str, Callable[[], object]] = {
        name: _advance(_stored(*loop), settings.steps) for name, loop in loops.items()
    }
    seconds = take_turns(calls, settings.rounds)
    yield Table("steps around an environment that does nothing", "steps/s", rates(seconds, settings.steps))


def simulators(env: EnvSettings) -> tuple[Simulator, ...]:
    """Those that are always timed, and another one that is asked for."""
    known = [simulator.env.id for simulator in SIMULATORS]
    return SIMULATORS if env.id in known else (*SIMULATORS, Simulator(env.id, env))


def _stepping(simulator: Simulator, count: int, settings: BenchSettings) -> list[Row]:
    """`count` environments, in turn and in processes: steps of all of them a second."""
    worlds = {
        name: build_world(
            TrainSettings(env=replace(simulator.env, count=count, processes=processes), pixels=simulator.pixels),
            0,
            count=count,
        )
        for name, processes in (("in turn", "false"), ("in processes", "true"))
    }
    try:
        space = worlds["in turn"].envs.action_space
        space.seed(0)
        actions = space.sample()
        together = max(1, settings.steps // count)
        calls: dict[str, Callable[[], object]] = {
            name: _advance(rollout(world.envs, lambda observations, memory: (actions, memory)), together)
            for name, world in worlds.items()
        }
        return rates(take_turns(calls, settings.rounds), together * count)
    finally:
        for world in worlds.values():
            world.close()


def _stored(envs: Any, replay: VectorReplay) -> Iterator[None]:
    """Steps in which no network acts and none is updated."""
    action = np.zeros((1, 1), np.float32)
    for step in rollout(envs, lambda observations, memory: (action, memory)):
        replay.add(step)
        yield


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
