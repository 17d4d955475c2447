"""PPO on several environments beside stable-baselines3's: rollouts and their updates together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import stable_baselines3
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.ppo import PPOSettings
from nearsym.agents.benchmarks.contenders import STOCK
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, rates, take_turns
from nearsym.agents.runs.build import build_env, build_learner, build_world
from nearsym.agents.runs.settings import TrainSettings
from nearsym.networks import family_class

FAMILIES = ("plain", "exact", "relaxed", "rpp")
"""Some families learn from replay alone."""

ROLLOUT = 256
"""Steps of every environment between updates: 8 environments have as many together as stock's default of one."""


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Environment steps a second, of all environments, with the updates that belong to them; nothing is compiled."""
    torch.set_num_threads(settings.threads)
    count, batch = settings.env.count, settings.agent.batch_size
    ppo = PPOSettings(rollout_steps=ROLLOUT, batch_size=batch, learning_rate=settings.agent.learning_rate)
    chosen = replace(settings.training(0), agent=ppo)
    with ExitStack() as stack:
        calls: dict[str, Callable[[], object]] = {STOCK: _stock(chosen, ppo, stack)}
        calls |= {name: _ours(name, chosen, stack) for name in FAMILIES}
        seconds = take_turns(calls, settings.rounds)
    title = (
        f"PPO: steps in {count} × {settings.env.id}, width {settings.network.width}, batch {batch}, {settings.machine}"
    )
    conditions = {"env": settings.env.id, "count": count, "width": settings.network.width, "batch": batch}
    yield Table(title, "steps/s", rates(seconds, count * ROLLOUT), conditions)


def _stock(settings: TrainSettings, ppo: PPOSettings, stack: ExitStack) -> Callable[[], object]:
    """A rollout and its updates of stable-baselines3's PPO, whose environments share a process as ours do."""
    envs = DummyVecEnv([partial(build_env, settings) for _ in range(settings.env.count)])
    stack.callback(envs.close)
    stock = stable_baselines3.PPO(
        "MlpPolicy",
        envs,
        policy_kwargs={"net_arch": [settings.network.width] * settings.network.depth, "activation_fn": torch.nn.ReLU},
        learning_rate=ppo.learning_rate,
        n_steps=ppo.rollout_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.epochs,
        gamma=ppo.discount,
        seed=settings.seed,
        device=settings.device,
    )
    return partial(stock.learn, settings.env.count * ROLLOUT, reset_num_timesteps=False)


def _ours(name: str, settings: TrainSettings, stack: ExitStack) -> Callable[[], object]:
    """A rollout and its updates of ours, with a network of this family."""
    chosen = replace(settings, network=family_class(name).like(settings.network))
    world = build_world(chosen, settings.seed, count=settings.env.count)
    stack.callback(world.close)
    learner = build_learner(chosen, world)
    steps = interact(learner, world.envs, learner.experience(settings.total_steps))

    def rollout() -> None:
        for _ in range(ROLLOUT):
            next(steps)

    return rollout
