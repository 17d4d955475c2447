"""Recorded transitions: from a file, or a Minari dataset."""

from __future__ import annotations

import importlib
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
        transitions: what was recorded, observations flattened.

    Args:
        transitions: what was recorded.
        observation_space: a Dict where observations had keys; by default a Box of as many numbers.
    """

    def __init__(self, transitions: Transitions, observation_space: gymnasium.Space[Any] | None = None) -> None:
        self.transitions = transitions
        bound = float(max(np.abs(transitions.actions).max(), 1e-6))
        self.observation_space = observation_space or gymnasium.spaces.Box(
            -np.inf, np.inf, transitions.observations.shape[1:], np.float64
        )
        self.action_space = gymnasium.spaces.Box(-bound, bound, transitions.actions.shape[1:], np.float64)


def read_transitions(source: str) -> Recorded:
    """Transitions of an ``.npz`` file, or of a Minari dataset by its id.

    Args:
        source: path of a file with the arrays observations (n, o), actions (n, a), rewards (n,), next_observations
            (n, o) and terminated (n,); or an id such as ``mujoco/halfcheetah/simple-v0``, of a dataset with
            observations and actions of a Box, or observations of a Dict of Boxes.

    Raises:
        InputError: there is no such file or dataset, or its arrays do not fit.
    """
    path = Path(source)
    if path.suffix == ".npz" or path.is_file():
        return Recorded(_of_arrays(_loaded(path), source))
    return _minari(source)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; record transitions with np.savez, {LAYOUT}") from error
    except Exception as error:  # numpy raises many kinds for what is no archive of arrays
        raise InputError(f"{path} cannot be read as .npz: {told(error)}") from error


def _minari(id: str) -> Recorded:
    """A dataset that lies here, or that Minari fetches."""
    try:
        minari = importlib.import_module("minari")
    except ImportError as error:
        raise InputError(
            f"there is no file {id}, and Minari, whose dataset it may be, cannot be imported ({error}); pass a .npz "
            "file, or pip install 'nearsym[minari]'"
        ) from error
    try:
        dataset = minari.load_dataset(id, download=True)
        seen, taken = dataset.observation_space, dataset.action_space
        episodes = list(dataset.iterate_episodes())
    except ImportError as error:  # of what its files are read with
        raise InputError(f"Minari cannot read {id!r} ({error}); pip install 'nearsym[minari]'") from error
    except Exception as error:  # whatever it raises for an unknown id, or without a network
        raise InputError(f"there is no file {id}, and Minari has no dataset of that name: {told(error)}") from error
    parts = seen.spaces.values() if isinstance(seen, gymnasium.spaces.Dict) else [seen]
    if not all(isinstance(space, gymnasium.spaces.Box) for space in (*parts, taken)):
        raise InputError(f"{id!r} has observations {seen} and actions {taken}; expected Boxes, or a Dict of Boxes")
    if not episodes:
        raise InputError(f"{id!r} has no episodes")
    rows = []
    for each in episodes:
        observations = _flattened(seen, each.observations, len(each) + 1)
        rows.append((observations[:-1], each.actions, each.rewards, observations[1:], each.terminations))
    arrays = dict(zip(KEYS, (np.concatenate(column) for column in zip(*rows, strict=True)), strict=True))
    return Recorded(_of_arrays(arrays, id), seen if isinstance(seen, gymnasium.spaces.Dict) else None)


def _flattened(space: gymnasium.Space[Any], observations: Any, count: int) -> NDArray[Any]:
    """(count, dim) of an episode, Dict keys in the space's order."""
    if not isinstance(space, gymnasium.spaces.Dict):
        return np.reshape(observations, (count, -1))
    return np.concatenate([np.reshape(observations[key], (count, -1)) for key in space.spaces], axis=1)


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
