"""An agent in a folder, without code: agent.json, the symmetry, and a checkpoint of everything it has learned."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import torch

from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError
from nearsym.networks import family_from

from .algorithms import Learner
from .algorithms.experience import Experience
from .algorithms.replay.replay import VectorReplay
from .runs.build import problem_of
from .runs.checkpoint import load_latest, restore_state, save_checkpoint
from .runs.folder import agent_from
from .runs.symmetry_file import check_symmetry, described

AGENT, SYMMETRY, CHECKPOINTS = "agent.json", "symmetry.json", "checkpoints"


class Restored(NamedTuple):
    """What a folder gives back."""

    learner: Learner
    experience: Experience


def save_agent(learner: Learner, experience: Experience, folder: Path) -> Path:
    """Write a learner and its experience.

    Raises:
        InputError: the folder is none, or holds something else than an agent.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; save the agent into a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / AGENT).is_file():
        raise InputError(f"{folder} holds something else than an agent; save it into a folder of its own")
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(json.dumps({"agent": asdict(learner.settings), "network": asdict(learner.network)}))
    saved = _read(folder) if (folder / AGENT).is_file() else content
    if saved != content:
        raise InputError(f"{folder} holds an agent with other settings; save this one into a folder of its own")
    write_atomic(folder / SYMMETRY, json.dumps(described(learner.problem.symmetry)) + "\n")
    write_atomic(folder / AGENT, json.dumps(content, indent=2) + "\n")
    save_checkpoint(folder / CHECKPOINTS, learner, experience, {}, {})
    return folder


def load_agent(
    folder: Path, env: gymnasium.Env[Any, Any], kind: type[Learner], device: torch.device, seed: int | None
) -> Restored:
    """Read what `save_agent` wrote.

    Args:
        folder: given to it.
        env: flattened, with the symmetry.
        kind: the algorithm that is expected.
        device: of the networks.
        seed: of the new learner, before everything is put back.

    Raises:
        InputError: there is no such agent, it is damaged, or the environment or its symmetry is another.
    """
    content = _read(folder)
    try:
        settings, network = agent_from(content["agent"]), family_from(content["network"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder / AGENT} cannot be read ({error}); restore it from a copy") from error
    if settings.name != kind.settings_type.name:
        raise InputError(f"{folder} holds an agent of {settings.name}, not of {kind.settings_type.name}")
    learner = kind(settings, network, problem_of(kind, env, network), device, seed)
    check_symmetry(folder / SYMMETRY, learner.problem.symmetry)
    checkpoint = load_latest(folder / CHECKPOINTS)
    if checkpoint is None:
        raise InputError(f"{folder} has no checkpoint; restore it from a copy")
    experience = learner.experience()
    restore_state(learner, experience, checkpoint)
    if isinstance(experience, VectorReplay):
        _end_episode(experience)
    return Restored(learner, experience)


def _end_episode(experience: VectorReplay) -> None:
    """Cut off the episode that was being played, so that returns of several steps do not run on into another one."""
    buffer = experience.buffer
    last = (buffer.pos - 1) % buffer.buffer_size
    if buffer.size():
        buffer.timeouts[last] = (buffer.dones[last] == 0) | (buffer.timeouts[last] == 1)
        buffer.dones[last] = 1


def _read(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / AGENT).read_text())
        return dict(content)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{folder} holds no agent that can be read ({type(error).__name__}); give a folder that save(…) wrote, "
            "or to nearsym.load a run of nearsym train"
        ) from error
