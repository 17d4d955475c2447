"""The one loop in which a policy meets environments: steps of N environments at once, and whole episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Numbers = NDArray[np.intp]

Act = Callable[[Any, Any], tuple[Any, Any]]
"""From (N, …) observations and the policy's memory to (N, …) actions and the memory with which it goes on."""

Policy = Callable[[Any], Any]
"""From one observation to an action."""

Beginning = Callable[[Numbers], Any]
"""The memory with which the episodes of these numbers begin: arrays with one row for each, or a mapping of such."""

Seeds = Callable[[int], int]
"""The seed of the episode of a number."""


class Remembering(NamedTuple):
    """A policy with memory: how it acts, and with what its episodes begin."""

    act: Act
    beginning: Beginning


class Step(NamedTuple):
    """One step of N environments; every array has N rows, and a Dict observation is a mapping of such arrays.

    Attributes:
        observations: what was observed.
        memory: what the policy remembered as it observed that; None for a policy without memory.
        actions: what it did.
        next_memory: what it remembered after that; a new episode begins with another memory.
        rewards: float64.
        next_observations: what came of it: of an episode that ends here its last observation, never the first one of
            the next.
        terminated: whether the episode ended for good.
        truncated: whether it was cut off.
        infos: as gymnasium's vector environments give them: an array for each key, and ``_key`` saying whose it is.
        episodes: number of the episode: environment i of N plays i, i + N, i + 2N, ….
        first: whether this is the first step of its episode.
    """

    observations: Any
    memory: Any
    actions: Any
    next_memory: Any
    rewards: NDArray[np.float64]
    next_observations: Any
    terminated: Bools
    truncated: Bools
    infos: dict[str, Any]
    episodes: Numbers
    first: Bools

    def of(self, number: int) -> Step:
        """The row of one environment whose policy has no memory, as a step of it alone; without infos."""
        row = slice(number, number + 1)
        return self._replace(
            observations=_rows(self.observations, row),
            actions=self.actions[row],
            rewards=self.rewards[row],
            next_observations=_rows(self.next_observations, row),
            terminated=self.terminated[row],
            truncated=self.truncated[row],
            infos={},
            episodes=self.episodes[row],
            first=self.first[row],
        )

    @property
    def ended(self) -> Bools:
        """Whether the episode ended here, for good or cut off."""
        return self.terminated | self.truncated


@dataclass(frozen=True)
class Episode:
    """A whole episode, its rewards and their undiscounted sum."""

    number: int
    rewards: list[float]

    @property
    def undiscounted(self) -> float:
        """Σ_t r_t."""
        return reduce(add, self.rewards, 0.0)  # sum rounds otherwise from Python 3.12 on


def apart(policy: Policy) -> Act:
    """A policy without memory, asked for each environment by itself."""
    return lambda observations, memory: (np.stack([policy(row) for row in each(observations)]), memory)


def acting(policy: Policy | Remembering) -> tuple[Act, Beginning | None]:
    """Any policy as `rollout` takes it."""
    return policy if isinstance(policy, Remembering) else (apart(policy), None)


def each(observations: Any) -> Iterator[Any]:
    """The observations of N environments one by one."""
    if isinstance(observations, Mapping):
        return (dict(zip(observations, row, strict=True)) for row in zip(*observations.values(), strict=True))
    return iter(observations)


def rollout(
    envs: VectorEnv[Any, Any, Any],
    act: Act,
    beginning: Beginning | None = None,
    seeds: Seeds | None = None,
    longest: int | None = None,
    memory: tuple[Any, Bools] | None = None,
) -> Iterator[Step]:
    """Steps of a policy in N environments, without end.

    The loop stands still between two steps: what the caller does with one (store it, train the policy) is done before
    finished episodes are followed by the next ones and before the policy acts again.

        for step in rollout(vectorised(env), act):
            replay.add(step)
            learner.update()

    Args:
        envs: environments with ``AutoresetMode.DISABLED``, see `nearsym.envs.vectorised`; they are reset first.
        act: the policy.
        beginning: the memory of an episode that begins; None for a policy without memory.
        seeds: of each episode; None leaves them to the environments (see `nearsym.envs.EpisodeSeeds`).
        longest: steps after which an episode is cut off; None for as long as it takes.
        memory: what the policy remembers at the start, and in which environments an episode goes on, so that it does;
            None where all of them begin.
    """
    count = envs.num_envs
    episodes, steps = np.arange(count), np.zeros(count, dtype=np.intp)

    def seeded(begins: Bools) -> Any:  # gymnasium takes a list too, its type does not say so
        return seeds and [seeds(number) if new else None for number, new in zip(episodes.tolist(), begins, strict=True)]

    observations, _ = envs.reset(seed=seeded(np.ones(count, dtype=bool)))
    remembered = None if beginning is None else beginning(episodes)
    if beginning is not None and memory is not None:
        saved, going_on = memory
        remembered = _replaced(remembered, _rows(saved, going_on), going_on)
    while True:
        actions, following = act(observations, remembered)
        after, rewards, terminated, truncated, infos = envs.step(actions)
        steps += 1
        if longest is not None:
            truncated = truncated | ((steps >= longest) & ~terminated)
        numbers, first = episodes.copy(), steps == 1
        ends = terminated, truncated
        yield Step(observations, remembered, actions, following, rewards, after, *ends, infos, numbers, first)
        ended = terminated | truncated
        observations, remembered = after, following
        if ended.any():
            episodes[ended] += count
            steps[ended] = 0
            observations, _ = envs.reset(seed=seeded(ended), options={"reset_mask": ended})
            if beginning is not None:
                remembered = _replaced(remembered, beginning(episodes[ended]), ended)


def episodes(
    envs: VectorEnv[Any, Any, Any],
    act: Act,
    count: int,
    beginning: Beginning | None = None,
    seeds: Seeds | None = None,
    longest: int | None = None,
) -> list[Episode]:
    """The first `count` episodes of a policy, in the order of their numbers; arguments as `rollout` takes them."""
    rewards: list[list[float]] = [[] for _ in range(count)]
    missing = count
    if missing <= 0:
        return []
    for step in rollout(envs, act, beginning, seeds, longest):
        for number, reward, ended in zip(step.episodes.tolist(), step.rewards.tolist(), step.ended, strict=True):
            if number < count:
                rewards[number].append(reward)
                missing -= bool(ended)
        if not missing:
            break
    return [Episode(number, each) for number, each in enumerate(rewards)]


def _rows(memory: Any, where: Bools | slice) -> Any:
    """The rows `where` of a memory, or of observations."""
    if isinstance(memory, Mapping):
        return {key: _rows(value, where) for key, value in memory.items()}
    if isinstance(memory, Sequence):
        return tuple(_rows(value, where) for value in memory)
    return memory[where]


def _replaced(memory: Any, fresh: Any, where: Bools) -> Any:
    """`memory` with the rows `where` replaced by those of `fresh`; what was yielded before is left as it is."""
    if isinstance(memory, Mapping):
        return {key: _replaced(value, fresh[key], where) for key, value in memory.items()}
    if isinstance(memory, Sequence):
        return tuple(_replaced(*pair, where) for pair in zip(memory, fresh, strict=True))
    changed = memory.clone() if hasattr(memory, "clone") else np.array(memory)  # a torch tensor, or an array
    changed[where] = fresh
    return changed
