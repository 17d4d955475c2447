"""Where each generator of a group takes each coordinate, as text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .group import Group
from .representation import Representation


def moves_table(group: Group, parts: Mapping[str, Representation], names: Mapping[str, tuple[str, ...]]) -> str:
    """A line for each coordinate: index, name, and what each generator makes of it: ``-> -3 right hip``.

    Args:
        group: whose generators.
        parts: representation of each part.
        names: of the coordinates of each part; of others none are printed.
    """
    rows = []
    for part, rep in parts.items():
        called = names.get(part, ("",) * rep.dim)
        rows.append([part, "", *(group.names[g] for g in group.generators)])
        moves = [_goes(rep, g, called) for g in group.generators]
        rows += [[f"{i:3}", called[i], *(move[i] for move in moves)] for i in range(rep.dim)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _goes(rep: Representation, element: int, names: tuple[str, ...]) -> list[str]:
    """Where each coordinate goes, with its sign."""
    if not rep.is_signed_permutation:
        matrix = rep.matrix[element]
        return [
            " ".join(f"{matrix[i, j]:+.3g}·{i}" for i in np.flatnonzero(np.abs(matrix[:, j]) > 1e-9))
            for j in range(rep.dim)
        ]
    index, sign = (array[element] for array in rep.arrays)
    target = np.argsort(index)
    return [f"-> {'-' if sign[i] < 0 else '+'}{i} {names[i]}".rstrip() for i in target.tolist()]
