"""Names of coordinates, where a symmetry or an environment gives them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.symmetry import Symmetry


def observation_names(env: gymnasium.Env[Any, Any], symmetry: Symmetry | None = None) -> list[str]:
    """A name for each flattened number: the symmetry's, dm_control's or gymnasium's, else its index.

    dm_control tells the parts of an observation by name; gymnasium's MuJoCo tasks tell how many numbers of which part
    there are, of which positions and velocities have the names of the model's joints.
    """
    size = gymnasium.spaces.flatdim(env.observation_space)
    declared = [] if symmetry is None else list(symmetry.names.get("observation", ()))
    inner = env.unwrapped
    for names in (declared, _dm_control(inner), _gymnasium(inner)):
        if len(names) == size:
            return names
    return plain_names(env.observation_space)


def action_names(env: gymnasium.Env[Any, Any], symmetry: Symmetry | None = None) -> list[str]:
    """A name for each action: the symmetry's or the model's actuator, else its index."""
    size = gymnasium.spaces.flatdim(env.action_space)
    declared = [] if symmetry is None else list(symmetry.names.get("action", ()))
    model = _model(env.unwrapped)
    actuators = [] if model is None else [model.actuator(i).name or f"action[{i}]" for i in range(model.nu)]
    for names in (declared, actuators):
        if len(names) == size:
            return names
    return [f"action[{i}]" for i in range(size)]


def state_names(env: gymnasium.Env[Any, Any], size: int, symmetry: Symmetry | None = None) -> list[str]:
    """A name for each of the `size` numbers of the state: the symmetry's, MuJoCo's qpos and qvel, else its index."""
    declared = [] if symmetry is None else list(symmetry.names.get("state", ()))
    model = _model(env.unwrapped)
    joints = [] if model is None else [f"{part} {each}" for part in ("qpos", "qvel") for each in _joints(model, part)]
    joints += [] if model is None else [f"act[{i}]" for i in range(model.na)]
    for names in (declared, joints):
        if len(names) == size:
            return names
    return [f"state[{i}]" for i in range(size)]


def labels(plain: list[str], names: list[str]) -> list[str]:
    """Indices, each with its name behind it where it has one: ``observation[13] (left_ankle)``."""
    return [index if name == index else f"{index} ({name})" for index, name in zip(plain, names, strict=True)]


def plain_names(space: gymnasium.Space[Any], name: str = "observation") -> list[str]:
    """Indices of flattened coordinates, by key of a Dict."""
    if isinstance(space, gymnasium.spaces.Dict):
        return [each for key, part in space.spaces.items() for each in plain_names(part, f"{name}[{key!r}]")]
    if space.shape is not None and len(space.shape) > 1:
        return [f"{name}[{', '.join(map(str, index))}]" for index in np.ndindex(space.shape)]
    return [f"{name}[{i}]" for i in range(gymnasium.spaces.flatdim(space))]


def _model(inner: Any) -> Any:
    """MuJoCo's own model, or None."""
    model = getattr(getattr(inner, "physics", inner), "model", None)
    model = getattr(model, "ptr", model)
    return model if hasattr(model, "nq") and hasattr(model, "joint") else None


def _dm_control(inner: Any) -> list[str]:
    spec = getattr(getattr(inner, "_env", None), "observation_spec", None)
    if spec is None:
        return []
    return [
        f"{key}[{i}]" if np.prod(part.shape) > 1 else key
        for key, part in spec().items()
        for i in range(int(np.prod(part.shape)))
    ]


def _gymnasium(inner: Any) -> list[str]:
    structure, model = getattr(inner, "observation_structure", None), _model(inner)
    if not isinstance(structure, dict) or model is None:
        return []
    names: list[str] = []
    for part, size in structure.items():
        if part in ("qpos", "qvel"):
            joints = _joints(model, part)
            names += [f"{part} {each}" for each in joints[len(joints) - int(size) :]]
        elif not part.startswith("skipped"):
            names += [f"{part}[{i}]" for i in range(int(size))]
    return names


def _joints(model: Any, part: str) -> list[str]:
    """A name for each number of qpos or qvel."""
    sizes = {0: (7, 6), 1: (4, 3), 2: (1, 1), 3: (1, 1)}  # free, ball, slide, hinge
    names: list[str] = []
    for i in range(model.njnt):
        name = model.joint(i).name or f"joint {i}"
        size = sizes[int(model.jnt_type[i])][part == "qvel"]
        names += [name] if size == 1 else [f"{name}[{k}]" for k in range(size)]
    return names
