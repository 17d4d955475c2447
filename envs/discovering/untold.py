"""What recorded transitions do not tell, and how many more would."""

from __future__ import annotations

import numpy as np

from nearsym.envs.errors import InputError

from .smooth import FloatArray

BLUNT = 0.5
"""A model's own root mean square error, relative to the quantity's, beyond which it tells nothing of that quantity."""

LEARNED = 20000
"""Transitions that a model is learned from, at most."""

FEW = 4000
"""Transitions below which an error that does not fall says little."""

NAMED = 6
"""Quantities that are named."""


def untold(names: list[str], share: FloatArray, fewer: FloatArray, moving: int, count: int) -> str:
    """A sentence on the quantities that a model of the transitions does not predict.

    A model learned from a quarter of the transitions errs more; how much more says how fast errors fall. They are taken
    to go on falling so, as n^-p.

    Args:
        names: of those quantities.
        share: their errors, relative to what a step changes of each.
        fewer: the same with a quarter of the transitions.
        moving: how many quantities ever change.
        count: of the transitions.

    Raises:
        InputError: more than half of what ever changes is not told.
    """
    now, left = float(np.median(share)), float(np.median(share / np.maximum(fewer, 1e-12)))
    needed = count * 4 ** (np.log(BLUNT / now) / np.log(left)) if left < 1 else np.inf
    before = f"the error there is {now:.2g} of what a step changes, with a quarter of the transitions {now / left:.2g}"
    if needed <= LEARNED:
        outlook = f"{before}, so that about {_rounded(needed)} transitions may tell"
    elif count < FEW:
        outlook = f"{before}, which says little of so few: record {FEW:,}"
    else:
        many = f"about {_rounded(needed)} would be needed" if needed < 1e3 * LEARNED else "it does not fall"
        outlook = f"{before}: more of the same kind hardly help ({many}, and no more than {LEARNED:,} are used); "
        outlook += "observe more of the state, or leave those quantities out"
    some = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    if 2 * len(names) > moving:
        raise InputError(
            f"of {moving} quantities {len(names)} cannot be predicted from these transitions to within half of what a "
            f"step changes, so nothing can be said of their symmetry: {some}; {outlook}"
        )
    return (
        f"the data do not tell what becomes of {some}: a model errs there by more than half, and candidates were not "
        f"held against that; {outlook}"
    )


def _rounded(count: float) -> str:
    """One digit, as no more is known."""
    return f"{float(f'{count:.1g}'):,.0f}"
