"""A symmetry written down by its generators: as YAML that is read again, and as Python to paste."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.yaml_file import read_yaml

from .generators import Generator
from .observation import Parts
from .representation import Representation
from .symmetry import Symmetry

DIGITS = 12
"""Decimals of matrices."""

WAYS = "signs: […], permutation: […], both of these, or matrix: [[…], …]"


def symmetry_yaml(symmetry: Symmetry, about: str = "") -> str:
    """YAML that `read_symmetry` and ``symmetry=file.yaml`` take.

    Args:
        symmetry: what is written; of its observation the representation alone, so no image or window.
        about: lines of comment to begin with.
    """
    lines = [f"# {line}" for line in about.splitlines()]
    if isinstance(symmetry.observation, Parts):
        lines.append("observation:")
        for key, part in symmetry.observation.named.items():
            keys = key if isinstance(key, tuple) else (key,)
            lines.append(f"  - keys: [{', '.join(keys)}]")
            lines += ["    generators:", *(f"      - {_flow(each)}" for each in _generators(part.rep))]
    else:
        lines += ["observation:", *(f"  - {_flow(each)}" for each in _generators(symmetry.observation.rep))]
    for name, rep in (("action", symmetry.action), ("state", symmetry.state)):
        if rep is not None:
            lines += [f"{name}:", *(f"  - {_flow(each)}" for each in _generators(rep))]
    return "\n".join(lines) + "\n"


def symmetry_python(symmetry: Symmetry) -> str:
    """The call of `Symmetry.generated` that makes it."""
    if isinstance(symmetry.observation, Parts):
        parts = {key: _generators(part.rep) for key, part in symmetry.observation.named.items()}
        observation = "{" + ", ".join(f"{key!r}: {_listed(value)}" for key, value in parts.items()) + "}"
    else:
        observation = _listed(_generators(symmetry.observation.rep))
    lines = [f"    observation={observation},", f"    action={_listed(_generators(symmetry.action))},"]
    if symmetry.state is not None:
        lines.append(f"    state={_listed(_generators(symmetry.state))},")
    return "\n".join(["symmetry = Symmetry.generated(", *lines, ")"])


def read_symmetry(path: Path) -> Symmetry:
    """The symmetry that a YAML file declares.

    Raises:
        InputError: there is no such file, it is no YAML, or it has another form.
        SymmetryError: what it declares is no symmetry.
    """
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; `nearsym discover … out={path}` writes one") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping) or not {"observation", "action"} <= set(content):
        raise InputError(f"{path} declares no symmetry; expected the keys observation, action and perhaps state")
    unknown = set(content) - {"observation", "action", "state"}
    if unknown:
        raise InputError(f"{path} has the key {min(map(str, unknown))!r}; expected observation, action and state")
    observation = content["observation"]
    named = isinstance(observation, list) and all(isinstance(e, Mapping) and "keys" in e for e in observation)
    try:
        if named and observation:
            seen: Any = {_keys(part, path): _read(part.get("generators"), path, "generators") for part in observation}
        else:
            seen = _read(observation, path, "observation")
        state = None if content.get("state") is None else _read(content["state"], path, "state")
        return Symmetry.generated(seen, _read(content["action"], path, "action"), state)
    except SymmetryError as error:
        raise SymmetryError(f"{path}: {error}") from error


def _keys(part: Mapping[str, Any], path: Path) -> Any:
    keys = part["keys"]
    if not isinstance(keys, list) or not keys:
        raise InputError(f"{path}: keys is {keys!r}, expected a list of keys of the observation")
    return tuple(keys) if len(keys) > 1 else keys[0]


def _read(generators: Any, path: Path, part: str) -> list[Generator]:
    if not isinstance(generators, list):
        raise InputError(f"{path}: {part} is {generators!r}, expected a list of generators, each with {WAYS}")
    return [_one(each, path, part) for each in generators]


def _one(generator: Any, path: Path, part: str) -> Generator:
    given = set(generator) if isinstance(generator, Mapping) else set()
    if given == {"matrix"}:
        return generator["matrix"]
    if given and given <= {"signs", "permutation"}:
        signs, permutation = (generator.get(name) for name in ("signs", "permutation"))
        if signs is None or permutation is None:
            return permutation if signs is None else signs
        return (permutation, signs)
    raise InputError(f"{path}: a generator of {part} is {generator!r}, expected {WAYS}")


def _generators(rep: Representation) -> list[dict[str, Any]]:
    return [_generator(rep, g) for g in rep.group.generators]


def _generator(rep: Representation, element: int) -> dict[str, Any]:
    if not rep.is_signed_permutation:
        return {"matrix": (np.round(rep.matrix[element], DIGITS) + 0.0).tolist()}
    index, sign = (each[element].tolist() for each in rep.arrays)
    found = {}
    if index != list(range(rep.dim)):
        found["permutation"] = index
    if -1 in sign or not found:
        found["signs"] = sign
    return found


def _flow(generator: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in generator.items()) + "}"


def _listed(generators: list[dict[str, Any]]) -> str:
    written = []
    for each in generators:
        values = [str(each[name]) for name in ("permutation", "signs", "matrix") if name in each]
        written.append(values[0] if len(values) == 1 else f"({', '.join(values)})")
    return "[" + ", ".join(written) + "]"
