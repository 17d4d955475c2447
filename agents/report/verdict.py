"""What the intervals support, in plain sentences.

A difference is claimed only when the interval of the difference excludes zero (of a ratio: one) and at least `FEWEST`
seeds stand on either side: intervals from fewer are too narrow. In simulations without any difference, 95% intervals of
interquartile means excluded zero in about 7% of comparisons with 4 or 5 seeds, 5% with 8 or more, but 19% with 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .contrasts import DIFFERENCE, IMPROVEMENT, RATIO, pairs
from .estimates import Estimate, Estimates
from .learning import AREA, FINAL, STEPS
from .robustness import FALL, NOISE_AREA
from .statistics import Summary

FEWEST = 4
"""Seeds on either side below which no difference is claimed."""

MEASURES: Mapping[str, tuple[str, str, str]] = {
    AREA: ("return over training", "Higher", "Lower"),
    FINAL: ("final return", "Higher", "Lower"),
    STEPS: ("steps to the threshold", "More", "Fewer"),
    NOISE_AREA: ("return under observation noise", "Higher", "Lower"),
}
"""The name of a measure in sentences, and how it is when its estimate is above, and below, the other network's."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of the verdict.

    Attributes:
        where: the condition or the group it is about; empty for all.
        lead: what is said.
        rest: of whom, with the estimates.
        difference: whether it claims that there is a difference.
    """

    where: str
    lead: str
    rest: str
    difference: bool

    @property
    def text(self) -> str:
        """The whole sentence."""
        return f"{self.lead}{self.rest}"


def verdict(summary: Summary, level: float) -> list[Sentence]:
    """Sentences about every group of conditions and every strength, and last how far to trust them."""
    sentences: list[Sentence] = []
    compared = 0
    for where in summary.groups:
        for measure in MEASURES:
            for reference in summary.against:
                estimates = _against(summary, where, measure, reference)
                sentences += _compare(estimates, summary.estimates, measure, reference)
                compared += len(estimates)
    falls = summary.estimates.where(lambda estimate: estimate.quantity.startswith(FALL))
    for where in falls.values("where"):
        for quantity in Estimates(n for n in falls if n.where == where).values("quantity"):
            sentences += _fall([n for n in falls if n.where == where and n.quantity == quantity])
    compared += len(falls)
    if not compared:
        return [Sentence("", "Verdict: ", "with one network there is nothing to compare.", False)]
    chance = max(1, round(compared * (1 - level)))
    rest = (
        f"these sentences rest on {compared} intervals of {level:.0%}; even if no network differed from another, about "
        f"{chance} of them would show a difference by chance."
    )
    return [*sentences, Sentence("", "How far to trust this: ", rest, False)]


def shows_difference(estimate: Estimate) -> bool:
    """Whether the interval of a comparison excludes no difference, with enough seeds behind it."""
    none = {RATIO: 1.0, IMPROVEMENT: 0.5}.get(estimate.quantity.rpartition(", ")[2], 0.0)
    return estimate.runs >= FEWEST and estimate.excludes(none)


def interval(estimate: Estimate, spec: str = ".2f") -> str:
    """An estimate and its interval, such as ``1.31 [1.20, 1.44]``."""
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]"


def _against(summary: Summary, where: str, measure: str, reference: str) -> list[Estimate]:
    """What decides about a measure of every network that is compared with the reference."""
    quantity = f"{measure}, {RATIO if measure == STEPS else DIFFERENCE}"
    networks = [network for network, other in pairs(summary.networks, summary.against) if other == reference]
    candidates = (summary.estimates.one(quantity, where=where, network=one, against=reference) for one in networks)
    return [estimate for estimate in candidates if estimate is not None]


def _compare(decisive: Sequence[Estimate], estimates: Estimates, measure: str, reference: str) -> list[Sentence]:
    name, more, less = MEASURES[measure]
    none = 1.0 if measure == STEPS else 0.0
    above = [one for one in decisive if shows_difference(one) and one.value > none]
    below = [one for one in decisive if shows_difference(one) and one.value <= none]
    unclear = [one for one in decisive if not shows_difference(one)]
    leads = (
        (f"{more} {name} than {reference}: ", above, True),
        (f"{less} {name} than {reference}: ", below, True),
        (f"No clear difference from {reference} in {name} ({_seeds(unclear)}): ", unclear, False),
    )
    return _sentences(leads, lambda one: _detail(estimates, one, measure))


def _detail(estimates: Estimates, estimate: Estimate, measure: str) -> str:
    """The estimates behind a comparison, as short as they can be."""
    if measure == STEPS:
        return f"{interval(estimate)} times"
    pair = {"where": estimate.where, "network": estimate.network, "against": estimate.against}
    ratio = estimates.one(f"{measure}, {RATIO}", **pair)
    if ratio is None or math.isnan(ratio.low):  # a ratio of scores around zero has no interval
        detail = f"by {interval(estimate, '+.3f')}"
    else:
        detail = f"{interval(ratio)} times"
    chance = estimates.one(f"{measure}, {IMPROVEMENT}", **pair)
    if measure == FINAL and chance is not None:
        detail += f" (better in {chance.value:.0%} [{chance.low:.0%}, {chance.high:.0%}] of pairs of runs)"
    return detail


def _fall(falls: Sequence[Estimate]) -> list[Sentence]:
    """What the strongest perturbation does to the networks on one task."""
    name = falls[0].quantity.removeprefix(f"{FALL} with ")
    strongest = f"{name} {falls[0].x:g}"
    lower = [n for n in falls if shows_difference(n) and n.value > 0]
    higher = [n for n in falls if shows_difference(n) and n.value <= 0]
    unclear = [n for n in falls if not shows_difference(n)]
    leads = (
        (f"Final score lowered by {strongest}: ", lower, True),
        (f"Final score raised by {strongest}: ", higher, True),
        (f"No clear effect of {strongest} on the final score ({_seeds(unclear)}): ", unclear, False),
    )
    return _sentences(leads, lambda fall: f"by {interval(fall, '.3f')}")


def _sentences(
    leads: Sequence[tuple[str, Sequence[Estimate], bool]], detail: Callable[[Estimate], str]
) -> list[Sentence]:
    """A sentence for every lead with estimates, which says whether they differ."""
    return [
        Sentence(same[0].where, lead, f"{', '.join(f'{one.network} {detail(one)}' for one in same)}.", difference)
        for lead, same, difference in leads
        if same
    ]


def _seeds(estimates: Sequence[Estimate]) -> str:
    fewest = min((estimate.runs for estimate in estimates), default=0)
    few = f", and {FEWEST} are needed to claim one" if fewest < FEWEST else ""
    return f"{fewest} seed{'' if fewest == 1 else 's'}{few}"
