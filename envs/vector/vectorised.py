"""What stepping N environments together means, wherever they are stepped."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

Outcome = tuple[Any, Any, bool, bool, dict[str, Any]]
"""What one environment's ``step`` returns."""

Start = tuple[Any, dict[str, Any]]
"""What one environment's ``reset`` returns."""

Order = tuple[int, dict[str, Any]]
"""Which environment to reset, with the arguments of its ``reset``."""


class Vectorised(VectorEnv[Any, Any, NDArray[Any]]):
    """N environments stepped together, none of them reset before it is asked to be (``AutoresetMode.DISABLED``).

    Observations, rewards and infos are those of gymnasium's ``SyncVectorEnv``, in arrays that nobody writes to later.

    Args:
        env: one of them, or one like them: says what they observe and do.
        count: how many.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], count: int) -> None:
        super().__init__()
        self.num_envs = count
        self.metadata = {**(env.metadata or {}), "autoreset_mode": AutoresetMode.DISABLED}
        self.render_mode = env.render_mode
        self.single_observation_space, self.single_action_space = env.observation_space, env.action_space
        self.observation_space = batch_space(env.observation_space, count)
        self.action_space = batch_space(env.action_space, count)
        self._rows: list[Any] = [None] * count
        self._ended: set[int] = set()

    @abstractmethod
    def _stepped(self, actions: Iterator[Any]) -> Sequence[Outcome]:
        """Take one step in every environment."""

    @abstractmethod
    def _started(self, orders: Sequence[Order]) -> Sequence[Start]:
        """Reset some environments."""

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step of all."""
        assert not self._ended, f"environments {sorted(self._ended)} have ended and were not reset"
        count = self.num_envs
        rewards = np.zeros(count)
        terminated, truncated = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        infos: dict[str, Any] = {}
        outcomes = self._stepped(iterate(self.action_space, actions))
        for i, (self._rows[i], rewards[i], terminated[i], truncated[i], info) in enumerate(outcomes):
            if info:
                infos = self._with_info(infos, info, i)
            if terminated[i] or truncated[i]:
                self._ended.add(i)
        return stacked(self.single_observation_space, self._rows), rewards, terminated, truncated, infos

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes: of all environments, or where ``options["reset_mask"]``, (N,) bool, is true."""
        count, mask = self.num_envs, np.ones(self.num_envs, dtype=bool)
        if options is not None:
            mask, options = options.get("reset_mask", mask), {k: v for k, v in options.items() if k != "reset_mask"}
        if isinstance(seed, int):
            seed = [seed + i for i in range(count)]
        orders = [(i, {"seed": seed and seed[i], "options": options}) for i in np.flatnonzero(mask).tolist()]
        infos: dict[str, Any] = {}
        for (i, _), (observation, info) in zip(orders, self._started(orders), strict=True):
            self._rows[i], infos = observation, self._with_info(infos, info, i)
            self._ended.discard(i)
        return stacked(self.single_observation_space, self._rows), infos

    def _with_info(self, infos: dict[str, Any], info: dict[str, Any], i: int) -> dict[str, Any]:
        """gymnasium's, but that what has no common shape is kept as objects."""
        try:
            return self._add_info(infos, info, i)
        except (ValueError, TypeError, AttributeError):
            for key, value in info.items():
                before: Any = infos.get(key)
                there = infos.get(f"_{key}", np.zeros(self.num_envs, dtype=bool)).copy()
                kept: NDArray[Any] = np.full(self.num_envs, None)
                for j in np.flatnonzero(there) if isinstance(before, np.ndarray) else ():
                    kept[j] = before[j]
                kept[i], there[i] = value, True
                infos |= {key: kept, f"_{key}": there}
            return infos


def stacked(space: gymnasium.Space[Any], rows: Sequence[Any]) -> Any:
    """Observations of N environments as one, in new arrays; a Dict as a mapping of arrays.

    Raises:
        InputError: one is not of its space's shape, or of numbers that its type cannot hold.
    """
    if isinstance(space, gymnasium.spaces.Dict):
        return {key: stacked(part, [row[key] for row in rows]) for key, part in space.items()}
    if not isinstance(space, gymnasium.spaces.Box):
        empty: Any = create_empty_array(space, len(rows), fn=np.zeros)
        return concatenate(space, rows, empty)
    batch = np.empty((len(rows), *space.shape), dtype=space.dtype)
    for i, row in enumerate(rows):
        array = np.asarray(row)
        # assigning would stretch a shape and cut off numbers without a word
        if array.shape != space.shape or not (
            array.dtype == batch.dtype or np.can_cast(array.dtype, batch.dtype, "same_kind")
        ):
            raise InputError(
                f"an environment observed {array.dtype} numbers of shape {array.shape}, and its observation_space is "
                f"{space} of {space.dtype}; make one fit the other"
            )
        batch[i] = array
    return batch
