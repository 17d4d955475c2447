"""Recorded transitions: from a file, or a Minari dataset."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.auditing import Transitions
from nearsym.envs.errors import InputError, told

FloatArray = NDArray[np.float64]

KEYS = ("observations", "actions", "rewards", "next_observations", "terminated")

LAYOUT = f"expected {', '.join(KEYS)}, one row for each transition"


class Recorded(gymnasium.Env[Any, Any]):
    """What is known of an environment by its transitions alone: its spaces.

    Actions are taken to lie between plus and minus the largest that was recorded.

    Attributes:
        transitions: what was recorded.
    """

    def __init__(self, transitions: Transitions) -> None:
        self.transitions = transitions
        bound = float(max(np.abs(transitions.actions).max(), 1e-6))
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, transitions.observations.shape[1:], np.float64)
        self.action_space = gymnasium.spaces.Box(-bound, bound, transitions.actions.shape[1:], np.float64)


def read_transitions(source: str) -> Recorded:
    """Transitions of an ``.npz`` file, or of a Minari dataset by its id.

    Args:
        source: path of a file with the arrays observations (n, o), actions (n, a), rewards (n,), next_observations
            (n, o) and terminated (n,); or an id such as ``mujoco/halfcheetah/simple-v0``.

    Raises:
        InputError: there is no such file or dataset, or its arrays do not fit.
    """
    path = Path(source)
    if path.suffix == ".npz" or path.is_file():
        return Recorded(_of_arrays(_loaded(path), source))
    if importlib.util.find_spec("minari") is None:
        raise InputError(
            f"there is no file {source}, and Minari, whose dataset it may be, is not installed; pass a .npz file, or "
            "pip install minari"
        )
    return Recorded(_of_arrays(_minari(source), source))


def _loaded(path: Path) -> dict[str, Any]:
    try:
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; record transitions with np.savez, {LAYOUT}") from error
    except Exception as error:  # numpy raises many kinds for what is no archive of arrays
        raise InputError(f"{path} cannot be read as .npz: {told(error)}") from error


def _minari(id: str) -> dict[str, Any]:
    import minari  # type: ignore[import-not-found,unused-ignore]

    try:
        episodes = list(minari.load_dataset(id, download=True).iterate_episodes())
    except Exception as error:  # whatever it raises for an unknown id
        raise InputError(f"Minari has no dataset {id!r}: {told(error)}") from error
    if not isinstance(episodes[0].observations, np.ndarray):
        raise InputError(f"the observations of {id!r} are a {type(episodes[0].observations).__name__}, expected arrays")
    parts = [
        (each.observations[:-1], each.actions, each.rewards, each.observations[1:], each.terminations)
        for each in episodes
    ]
    return dict(zip(KEYS, (np.concatenate(column) for column in zip(*parts, strict=True)), strict=True))


def _of_arrays(arrays: dict[str, Any], source: str) -> Transitions:
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise InputError(f"{source} has no array {missing[0]!r}, but {', '.join(arrays) or 'nothing'}; {LAYOUT}")
    try:
        observations, actions, rewards, following, ended = (
            np.asarray(arrays[key]).astype(np.float64, casting="same_kind" if key != "terminated" else "unsafe")
            for key in KEYS
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"{source} holds something else than numbers: {error}") from error
    count = len(observations)
    flat = [np.reshape(each, (len(each), -1)) for each in (observations, actions, following)]
    if {len(each) for each in (*flat, rewards, ended)} != {count} or flat[0].shape != flat[2].shape or not count:
        shapes = ", ".join(f"{key} {np.shape(arrays[key])}" for key in KEYS)
        raise InputError(f"{source} holds arrays that do not fit: {shapes}; {LAYOUT}")
    if not all(np.isfinite(each).all() for each in (*flat, rewards, ended)):
        raise InputError(f"{source} holds numbers that are not finite; leave those transitions out")
    broken = (flat[2][:-1] != flat[0][1:]).any(axis=1) | (ended.ravel()[:-1] > 0)
    episodes = np.concatenate([[0], np.cumsum(broken)]).astype(np.intp)
    return Transitions(flat[0], flat[1], rewards.ravel(), flat[2], ended.ravel() > 0, flat[0], flat[2], episodes)
