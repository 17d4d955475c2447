"""Checkpoints: everything a run needs to go on as if it had never stopped, without pickled code.

A checkpoint is a folder, ``checkpoints/step-00012000``, that appears at once (written beside, then renamed):

    tensors.pt     the learner's state, torch's generators (read weights-only)
    replay.npz     what was experienced, actions of the episodes that go on, numpy's generator (read without pickle)
    state.json     counters, accumulators, the remaining generators
    manifest.json  SHA-256 of the three, so that damage is seen before anything is loaded

It is taken between any two steps. Every episode follows from its number (`nearsym.envs.EpisodeSeeds`), so of an
environment nothing is kept but the actions since its episode began, which are done again.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.experience import Arrays, Experience
from nearsym.envs.atomic_file import sync
from nearsym.envs.errors import InputError, first_line

from .version_0_1 import learner_in, present

FILES = ("tensors.pt", "replay.npz", "state.json")
MANIFEST = "manifest.json"

REMEDY = "restore the folder from a copy, or train again in another run_dir"
DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    EOFError,
    BadZipFile,
)
"""What reading a file raises that is not what it should be."""

OURS = re.compile(r"step-\d+|\.step-\d+\.(writing|old)")
"""Names of finished checkpoints, of those being written and of those replaced; all else beside them is left alone."""

EXPERIENCE = "experience/"
"""What names in replay.npz begin with that belong to the learner's experience."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read from disk.

    Attributes:
        folder: where it lies.
        learner: state of the learner.
        generators: torch's.
        memory: what the policy remembered.
        arrays: what replay.npz holds.
        state: what state.json holds.
    """

    folder: Path
    learner: dict[str, Any]
    generators: dict[str, Any]
    memory: Any
    arrays: Arrays
    state: dict[str, Any]


def save_checkpoint(
    checkpoints: Path,
    learner: Learner,
    experience: Experience,
    progress: dict[str, Any],
    arrays: Arrays,
    memory: Any = None,
) -> Path:
    """Save a run between two steps; older checkpoints are deleted afterwards.

    Args:
        checkpoints: folder that holds the run's checkpoints.
        learner: its learner.
        experience: what it learns from.
        progress: what else the run needs to go on, JSON-able.
        arrays: the same as arrays.
        memory: what the policy remembers, tensors or containers of them; None for a policy without memory.

    Returns:
        The new checkpoint's folder.
    """
    final = checkpoints / f"step-{learner.steps:08d}"
    temporary = checkpoints / f".{final.name}.writing"
    if temporary.is_dir():  # a kill has left it
        _remove(temporary)
    temporary.mkdir(parents=True, exist_ok=True)
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    generators = {"torch": torch.get_rng_state(), "cuda": cuda}
    tensors = {"learner": learner.state_dict(), "generators": generators, "memory": memory}
    packed = io.BytesIO()
    torch.save(tensors, packed)  # into memory first: torch's own writer cannot tell a full disk
    (temporary / "tensors.pt").write_bytes(packed.getbuffer())
    numpy_name, key, *numpy_rest = np.random.get_state(legacy=True)
    experienced = {f"{EXPERIENCE}{name}": array for name, array in experience.arrays().items()}
    np.savez(temporary / "replay.npz", numpy_key=np.asarray(key), **experienced, **arrays)
    state = {"numpy": [numpy_name, *numpy_rest], "python": random.getstate(), "progress": progress}
    (temporary / "state.json").write_text(json.dumps(state))
    manifest = {name: _sha256(temporary / name) for name in FILES}
    (temporary / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    for path in (*temporary.iterdir(), temporary):
        sync(path)
    replaced = checkpoints / f".{final.name}.old"
    if final.exists():
        final.rename(replaced)
    temporary.rename(final)
    sync(checkpoints)
    for old in checkpoints.iterdir():
        if old != final and OURS.fullmatch(old.name) and old.is_dir():
            _remove(old)
    return final


def latest_checkpoint(checkpoints: Path) -> Path | None:
    """The newest finished checkpoint, or None when there is none yet."""
    for pattern in ("step-*", ".step-*.old"):  # the second after a kill between two renames
        finished = [path for path in checkpoints.glob(pattern) if OURS.fullmatch(path.name) and path.is_dir()]
        if finished:
            return max(finished, key=step_of)
    return None


def step_of(checkpoint: Path) -> int:
    """The step at which a checkpoint was taken."""
    return int(checkpoint.name.removeprefix(".").removesuffix(".old").removeprefix("step-"))


def load_latest(checkpoints: Path) -> Checkpoint | None:
    """The newest finished checkpoint, read; None when there is none yet.

    A run that goes on may replace it while it is read: then its successor is read.

    Raises:
        InputError: as `load_checkpoint`.
    """
    latest = latest_checkpoint(checkpoints)
    while latest is not None:
        try:
            return load_checkpoint(latest)
        except InputError:
            latest, before = latest_checkpoint(checkpoints), latest
            if latest == before:
                raise
    return None


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint, of version 0.1 too, without executing anything it holds.

    Raises:
        InputError: a file is missing, or differs from its checksum.
    """
    with whole(folder):
        manifest = json.loads((folder / MANIFEST).read_text())
        for name in FILES:
            if not (folder / name).is_file() and (folder / name).exists():  # a device may be read for ever
                raise InputError(f"checkpoint {folder} is corrupt: {name} is no regular file; {REMEDY}")
            if _sha256(folder / name) != manifest[name]:
                raise InputError(f"checkpoint {folder} is corrupt: {name} differs from its checksum; {REMEDY}")
        tensors = torch.load(folder / "tensors.pt", map_location="cpu", weights_only=True)
        with np.load(folder / "replay.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state = json.loads((folder / "state.json").read_text())
        tensors, arrays, state = present(tensors, arrays, state, EXPERIENCE)
        return Checkpoint(folder, tensors["learner"], tensors["generators"], tensors["memory"], arrays, state)


@contextmanager
def whole(folder: Path) -> Iterator[None]:
    """Say that a checkpoint is corrupt where what it holds cannot be read or used.

    Raises:
        InputError: it cannot.
    """
    try:
        yield
    except InputError:
        raise
    except UnpicklingError as error:  # torch's own words advise to load it unsafely
        raise InputError(f"checkpoint {folder} is corrupt (tensors.pt holds more than tensors); {REMEDY}") from error
    except DAMAGE as error:
        raise InputError(f"checkpoint {folder} is corrupt ({first_line(error)}); {REMEDY}") from error


def trained_parameters(folder: Path) -> int | None:
    """Trainable parameters of all networks, from a checkpoint alone; None where it does not hold them.

    Adam keeps a mean gradient for exactly the numbers it trains, so its state counts them without the environment and
    the learner being built again.

    Raises:
        InputError: the checkpoint is corrupt.
    """
    if not (folder / "tensors.pt").is_file():
        return None
    with whole(folder):
        learner = learner_in(torch.load(folder / "tensors.pt", map_location="cpu", weights_only=True))
        states = [state for optimizer in learner["optimizers"].values() for state in optimizer["state"].values()]
        trained = sum(state["exp_avg"].numel() for state in states if "exp_avg" in state)
        return trained - sum(tensor.numel() for tensor in learner["learned"].values()) if trained else None


def restore_networks(learner: Learner, checkpoint: Checkpoint) -> None:
    """Load network weights alone, for evaluation.

    Raises:
        InputError: the weights belong to another network.
    """
    try:
        learner.load_networks(checkpoint.learner)
    except DAMAGE as error:
        detail = str(error).splitlines()[-1].strip()
        raise InputError(f"checkpoint {checkpoint.folder} belongs to another network: {detail}") from error


def restore(learner: Learner, experience: Experience, checkpoint: Checkpoint) -> dict[str, Any]:
    """Put learner, experience and all random generators where they were; returns the run's saved `progress`."""
    restore_state(learner, experience, checkpoint)
    arrays, state, generators = checkpoint.arrays, checkpoint.state, checkpoint.generators
    with whole(checkpoint.folder):
        torch.set_rng_state(generators["torch"])
        if torch.cuda.is_available() and len(generators["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(generators["cuda"])
        name, *rest = state["numpy"]
        np.random.set_state((name, arrays["numpy_key"], *rest))
        version, internal, gauss = state["python"]
        random.setstate((version, tuple(internal), gauss))
        progress: dict[str, Any] = state["progress"]
    return progress


def restore_state(learner: Learner, experience: Experience, checkpoint: Checkpoint) -> None:
    """Put learner and experience where they were.

    Raises:
        InputError: they belong to another agent.
    """
    restore_networks(learner, checkpoint)
    arrays = checkpoint.arrays
    try:
        learner.load_state_dict(checkpoint.learner)
        stored = [name for name in arrays if name.startswith(EXPERIENCE)]
        experience.restore({name.removeprefix(EXPERIENCE): arrays[name] for name in stored})
    except DAMAGE as error:
        raise InputError(f"checkpoint {checkpoint.folder} belongs to another agent: {first_line(error)}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder: Path) -> None:
    """Delete what a checkpoint consists of, and nothing that somebody else has put there."""
    for name in (MANIFEST, *FILES):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        folder.rmdir()
