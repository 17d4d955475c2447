"""Checkpoints: everything a run needs to go on as if it had never stopped, without pickled code.

A checkpoint is a folder, ``checkpoints/step-00012000``, that appears at once (written beside, then renamed):

    tensors.pt     networks, optimizers, what is learned beside them, torch's generator (read weights-only)
    replay.npz     the replay buffer's filled part, numpy's generator (read without pickle)
    state.json     counters, accumulators, the remaining generators
    manifest.json  SHA-256 of the three, so that damage is seen before anything is loaded

It is taken at the end of an episode, and every episode is seeded from (run seed, episode number), so nothing
of the environment's insides is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .agent import Agent
from .replay import replay_arrays, restore_replay

FILES = ("tensors.pt", "replay.npz", "state.json")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read from disk."""

    folder: Path
    tensors: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


def save_checkpoint(checkpoints: Path, agent: Agent, progress: dict[str, Any]) -> Path:
    """Save `agent` and the JSON-able `progress` of its run; older checkpoints are deleted afterwards.

    Args:
        checkpoints: folder that holds the run's checkpoints.
        agent: the agent, between two environment steps.
        progress: what the run itself needs to go on.

    Returns:
        The new checkpoint's folder.
    """
    final = checkpoints / f"step-{agent.num_timesteps:08d}"
    temporary = checkpoints / f".{final.name}.writing"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    torch.save(_tensors(agent), temporary / "tensors.pt")
    numpy_name, key, *numpy_rest = np.random.get_state(legacy=True)
    np.savez(temporary / "replay.npz", numpy_key=np.asarray(key), **replay_arrays(agent.replay_buffer))
    state = {
        "num_timesteps": agent.num_timesteps,
        "episode_num": agent._episode_num,
        "n_updates": agent._n_updates,
        "numpy": [numpy_name, *numpy_rest],
        "python": random.getstate(),
        "action_space": agent.action_space.np_random.bit_generator.state,
        "progress": progress,
    }
    (temporary / "state.json").write_text(json.dumps(state))
    manifest = {name: _sha256(temporary / name) for name in FILES}
    (temporary / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for path in (*temporary.iterdir(), temporary):
        _sync(path)
    if final.exists():
        shutil.rmtree(final)
    temporary.rename(final)
    _sync(checkpoints)
    for old in checkpoints.iterdir():
        if old != final:
            shutil.rmtree(old)
    return final


def latest_checkpoint(checkpoints: Path) -> Path | None:
    """The newest finished checkpoint, or None when there is none yet."""
    return max(checkpoints.glob("step-*"), default=None)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint without executing anything it holds.

    Raises:
        InputError: a file is missing, or differs from its checksum.
    """
    remedy = "restore the folder from a copy, or delete it and train again"
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name in FILES:
            if _sha256(folder / name) != manifest[name]:
                raise InputError(f"checkpoint {folder} is corrupt: {name} differs from its checksum; {remedy}")
        tensors = torch.load(folder / "tensors.pt", map_location="cpu", weights_only=True)
        with np.load(folder / "replay.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state = json.loads((folder / "state.json").read_text())
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, UnpicklingError, BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"checkpoint {folder} is corrupt ({_first_line(error)}); {remedy}") from error
    return Checkpoint(folder, tensors, arrays, state)


def restore_networks(agent: Agent, checkpoint: Checkpoint) -> None:
    """Load network weights alone, for evaluation.

    Raises:
        InputError: the weights belong to another network.
    """
    try:
        agent.policy.load_state_dict(checkpoint.tensors["policy"])
    except (RuntimeError, KeyError) as error:
        detail = str(error).splitlines()[-1].strip()
        raise InputError(f"checkpoint {checkpoint.folder} belongs to another network: {detail}") from error


def restore(agent: Agent, checkpoint: Checkpoint) -> dict[str, Any]:
    """Put `agent` and all random generators where they were; returns the run's saved `progress`."""
    restore_networks(agent, checkpoint)
    tensors, arrays, state = checkpoint.tensors, checkpoint.arrays, checkpoint.state
    try:
        for name, optimizer in agent.optimizers().items():
            optimizer.load_state_dict(tensors["optimizers"][name])
        with torch.no_grad():
            for name, tensor in agent.learned().items():
                tensor.copy_(tensors["learned"][name])
        restore_replay(agent.replay_buffer, arrays)
    except (KeyError, ValueError) as error:  # InputError is a ValueError
        raise InputError(f"checkpoint {checkpoint.folder} belongs to another agent: {_first_line(error)}") from error
    agent.num_timesteps = state["num_timesteps"]
    agent._episode_num = state["episode_num"]
    agent._n_updates = state["n_updates"]
    torch.set_rng_state(tensors["torch_generator"])
    if torch.cuda.is_available() and len(tensors["cuda_generators"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(tensors["cuda_generators"])
    name, *rest = state["numpy"]
    np.random.set_state((name, arrays["numpy_key"], *rest))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    agent.action_space.np_random.bit_generator.state = state["action_space"]
    progress: dict[str, Any] = state["progress"]
    return progress


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _tensors(agent: Agent) -> dict[str, Any]:
    return {
        "policy": agent.policy.state_dict(),
        "optimizers": {name: optimizer.state_dict() for name, optimizer in agent.optimizers().items()},
        "learned": {name: tensor.detach() for name, tensor in agent.learned().items()},
        "torch_generator": torch.get_rng_state(),
        "cuda_generators": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
