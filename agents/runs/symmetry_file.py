"""The symmetry of a run, on record: a policy trained under one says nothing under another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry

LISTED = 10_000
"""Numbers of a representation that are written out; of larger ones (pixels) their checksum is."""

DIGITS = 9
"""Decimals of a dense matrix that count."""


def described(symmetry: Symmetry) -> dict[str, Any]:
    """The elements of the group, and how each moves every part of the observation and the action, for JSON.

    The state is left out: networks do not see it, and an audit may declare it later.
    """
    parts = {**dict(symmetry.observation.parts()), "action": symmetry.action}
    return {
        "group": symmetry.group.name,
        "elements": list(symmetry.group.names),
        "moves": {name: _content(rep) for name, rep in parts.items()},
    }


def check_symmetry(path: Path, symmetry: Symmetry) -> None:
    """Check that a symmetry is the one on record.

    Args:
        path: of the record; runs of earlier versions have none.
        symmetry: as it is declared now.

    Raises:
        InputError: it is another one, or the record cannot be read.
    """
    if not path.is_file():
        return
    try:
        saved = json.loads(path.read_text())
        difference = _difference(saved, described(symmetry))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__}); restore it from a copy") from error
    if difference:
        raise InputError(
            f"the symmetry is another than the run in {path.parent} was trained with: {difference}; take the change "
            "back, or train again"
        )


def _content(rep: Representation) -> dict[str, Any]:
    arrays: dict[str, NDArray[Any]]
    if rep.is_signed_permutation:
        arrays = dict(zip(("index", "sign"), rep.arrays, strict=True))
    else:
        arrays = {"matrices": rep.matrix.round(DIGITS) + 0.0}  # no -0.0
    if sum(array.size for array in arrays.values()) <= LISTED:
        return {name: array.tolist() for name, array in arrays.items()}
    digest = hashlib.sha256()
    for array in arrays.values():
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return {"dim": rep.dim, "sha256": digest.hexdigest()}


def _difference(saved: dict[str, Any], now: dict[str, Any]) -> str:
    """The first thing in which two descriptions differ; empty where they agree."""
    if saved["elements"] != now["elements"]:
        return f"its group was {saved['group']} and is {now['group']}"
    if saved["moves"].keys() != now["moves"].keys():
        return f"it moved {', '.join(saved['moves'])} and moves {', '.join(now['moves'])}"
    for part, was in saved["moves"].items():
        moves = now["moves"][part]
        if was != moves:
            return _moved(part, was, moves, saved["elements"])
    return ""


def _moved(part: str, was: dict[str, Any], moves: dict[str, Any], elements: list[str]) -> str:
    if was.keys() != moves.keys() or "sha256" in was:
        return f"the {part} is moved otherwise"
    for k, element in enumerate(elements):
        before, after = ({name: rows[k] for name, rows in one.items()} for one in (was, moves))
        if before != after:
            name = next(name for name in before if before[name] != after[name])
            return f"the {name} of {element} on the {part} was {before[name]} and is {after[name]}"
    return f"the {part} is moved otherwise"
