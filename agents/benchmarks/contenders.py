"""SAC in every implementation that takes turns: stable-baselines3's, ours, and SBX's in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_env, build_learner, build_world
from nearsym.agents.runs.evaluation import greedy
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import EpisodeSeeds
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Act
from nearsym.networks import family_class

STOCK, SBX = "stable-baselines3", "SBX"


@dataclass(frozen=True)
class Contender:
    """One implementation of SAC with one network.

    Attributes:
        learn: trains for so many more environment steps.
        update: does so many updates on one batch of random numbers, drawn beforehand.
        policy: what it does deterministically.
        state: ``compiled``, or ``eager`` with the reason where it was to be compiled.
        close: lets it go.
    """

    learn: Callable[[int], object]
    update: Callable[[int], object]
    policy: Act
    state: Callable[[], str]
    close: Callable[[], object] = lambda: None


def contender(name: str, settings: TrainSettings) -> Contender:
    """Stock stable-baselines3, or ours with a network of this family."""
    return _stock(settings) if name == STOCK else _ours(name, settings)


def _ours(name: str, settings: TrainSettings) -> Contender:
    chosen = replace(settings, network=family_class(name).like(settings.network))
    world = build_world(chosen, settings.seed)
    learner = build_learner(chosen, world)
    failed: list[str] = []
    compiles = settings.compile.lower() != "false"
    if compiles:
        learner.compile(failed.append)
    steps = interact(learner, world.envs, learner.experience(settings.total_steps))
    batch = random_batch(settings, world.env)

    def learn(count: int) -> None:
        for _ in range(count):
            next(steps)

    def update(count: int) -> None:
        for _ in range(count):
            learner.update(batch)

    def state() -> str:
        return f"eager: {failed[0]}" if failed else "compiled" if compiles else "eager"

    return Contender(learn, update, greedy(learner), state, world.close)


def _stock(settings: TrainSettings) -> Contender:
    agent = settings.agent
    assert isinstance(agent, SACSettings)  # what is compared
    env = build_env(settings)
    learned = "auto"
    stock = stable_baselines3.SAC(
        "MlpPolicy",
        EpisodeSeeds(env, settings.seed),
        policy_kwargs={"net_arch": [settings.network.width] * settings.network.depth},
        learning_rate=agent.learning_rate,
        learning_starts=agent.learning_starts,
        batch_size=agent.batch_size,
        tau=agent.tau,
        gamma=agent.discount,
        train_freq=(agent.train_every, "step"),
        gradient_steps=agent.gradient_steps,
        n_steps=agent.n_steps,
        buffer_size=min(agent.buffer_size, settings.total_steps),
        ent_coef=learned if agent.entropy_coefficient is None else agent.entropy_coefficient,
        target_entropy=learned if agent.target_entropy is None else agent.target_entropy,
        seed=settings.seed,
        device=settings.device,
    )
    batch = random_batch(settings, env)
    over = 1 - batch.discounts.unsqueeze(1) / agent.discount
    drawn = ReplayBufferSamples(
        batch.observations, batch.actions, batch.next_observations, over, batch.rewards.unsqueeze(1)
    )

    def policy(observations: Any, memory: Any) -> tuple[Any, Any]:
        return stock.predict(observations, deterministic=True)[0], memory

    def update(count: int) -> None:
        buffer: Any = stock.replay_buffer
        buffer.sample = lambda *_, **__: drawn
        try:
            stock.train(count, agent.batch_size)
        finally:
            del buffer.sample

    def learn(count: int) -> None:
        stock.learn(count, reset_num_timesteps=False)

    return Contender(learn, update, policy, lambda: "eager", env.close)


def sbx(python: str, settings: TrainSettings) -> Contender:
    """SBX's SAC, JAX compiled, in the environment of `python`; it is told what to do and waited for.

    Raises:
        InputError: there is no such Python or it has no SBX, or the environment is not one of gymnasium's own.
    """
    agent, env = settings.agent, settings.env
    assert isinstance(agent, SACSettings)  # what is compared
    if env.id not in gymnasium.registry or env.kwargs:
        raise InputError(f"sbx= trains in gymnasium's own environments, not in {env.id}; use env=Pendulum-v1")
    given = {
        "env": env.id,
        "threads": settings.threads,
        "net_arch": [settings.network.width] * settings.network.depth,
        "learning_rate": agent.learning_rate,
        "learning_starts": agent.learning_starts,
        "batch_size": agent.batch_size,
        "tau": agent.tau,
        "gamma": agent.discount,
        "train_freq": agent.train_every,
        "gradient_steps": agent.gradient_steps,
        "buffer_size": min(agent.buffer_size, settings.total_steps),
        "seed": settings.seed,
    }
    command = [python, "-I", str(Path(__file__).with_name("sbx_process.py")), json.dumps(given)]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise InputError(f"sbx={python} cannot be run ({error.strerror}); give the Python that has sbx-rl") from error

    def close() -> None:
        try:
            process.communicate()
        except BrokenPipeError:
            pass  # it has ended already

    def told(words: str) -> None:
        """Have it done, and wait."""
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        try:
            process.stdin.write(f"{words}\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and answers nothing
        if process.stdout.readline() != "done\n":
            close()
            raise InputError(f"sbx={python} stopped, for the reason above; without SBX: {python} -m pip install sbx-rl")

    def policy(observations: Any, memory: Any) -> tuple[Any, Any]:
        raise NotImplementedError("SBX is timed alone")

    told("ready")
    return Contender(lambda n: told(f"learn {n}"), lambda n: told(f"update {n}"), policy, lambda: "jit", close)


def random_batch(settings: TrainSettings, env: gymnasium.Env[Any, Any]) -> Batch:
    """Normal observations and rewards, uniform actions, episodes that all go on."""
    agent, generator = settings.agent, torch.Generator().manual_seed(settings.seed)
    count, shape = agent.batch_size, env.observation_space.shape
    assert shape is not None and env.action_space.shape is not None  # Boxes
    observations, following = torch.randn((2, count, *shape), generator=generator)
    actions = 2 * torch.rand((count, *env.action_space.shape), generator=generator) - 1
    rewards = torch.randn(count, generator=generator)
    batch = Batch(observations, actions, rewards, following, torch.full((count,), agent.discount))
    return Batch(*(tensor.to(settings.device) for tensor in batch))
