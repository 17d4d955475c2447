"""What the intervals support, in plain sentences.

A difference is called only when the interval of the difference leaves out zero (of a ratio: one) and at least `FEWEST`
seeds stand on either side: intervals from fewer are too narrow. In simulations without any difference, 95% intervals of
interquartile means called one in about 7% of comparisons with 4 or 5 seeds, 5% with 8 or more, but 19% with 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .contrasts import DIFFERENCE, IMPROVEMENT, RATIO, pairs
from .estimates import Number, Numbers
from .learning import AREA, FINAL, STEPS
from .robustness import FALL, NOISE_AREA
from .statistics import Summary

FEWEST = 4
"""Seeds on either side below which no difference is called."""

MEASURES: Mapping[str, tuple[str, str, str]] = {
    AREA: ("Return over training", "More return over training", "Less return over training"),
    FINAL: ("Final return", "A higher final return", "A lower final return"),
    STEPS: ("Steps to the threshold", "More steps to the threshold", "Fewer steps to the threshold"),
    NOISE_AREA: ("Return under noise", "More return under noise", "Less return under noise"),
}
"""What a measure is called, what a network has whose number is above the other's, and whose number is below."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of the verdict.

    Attributes:
        where: the condition or the group it is about; empty for all.
        lead: what is said.
        rest: of whom, with the numbers.
        called: whether it says that there is a difference.
    """

    where: str
    lead: str
    rest: str
    called: bool

    @property
    def text(self) -> str:
        """The whole sentence."""
        return f"{self.lead}{self.rest}"


def verdict(summary: Summary, level: float) -> list[Sentence]:
    """Sentences about every group of conditions and every strength, and last how far to trust them."""
    found: list[Sentence] = []
    compared = 0
    for where in summary.groups:
        for measure in MEASURES:
            for reference in summary.against:
                numbers = _against(summary, where, measure, reference)
                found += _compare(numbers, summary.numbers, measure, reference)
                compared += len(numbers)
    falls = summary.numbers.where(lambda number: number.quantity.startswith(FALL))
    for where in falls.values("where"):
        for quantity in Numbers(n for n in falls if n.where == where).values("quantity"):
            found += _fall([n for n in falls if n.where == where and n.quantity == quantity])
    compared += len(falls)
    if not compared:
        found.append(Sentence("", "Verdict: ", "with one network there is nothing to compare.", False))
    if compared:
        chance = max(1, round(compared * (1 - level)))
        rest = (
            f"these sentences rest on {compared} intervals of {level:.0%}; if nothing differed, about {chance} "
            "of them would still call a difference."
        )
        found.append(Sentence("", "How far to trust this: ", rest, False))
    return found


def calls(number: Number) -> bool:
    """Whether a comparison may be called a difference."""
    none = {RATIO: 1.0, IMPROVEMENT: 0.5}.get(number.quantity.rpartition(", ")[2], 0.0)
    return number.runs >= FEWEST and number.excludes(none)


def interval(number: Number, spec: str = ".2f") -> str:
    """A number and its interval, such as ``1.31 [1.20, 1.44]``."""
    return f"{number.value:{spec}} [{number.low:{spec}}, {number.high:{spec}}]"


def _against(summary: Summary, where: str, measure: str, reference: str) -> list[Number]:
    """What decides about a measure of every network that is compared with the reference."""
    quantity = f"{measure}, {RATIO if measure == STEPS else DIFFERENCE}"
    networks = [network for network, other in pairs(summary.networks, summary.against) if other == reference]
    found = (summary.numbers.one(quantity, where=where, network=one, against=reference) for one in networks)
    return [number for number in found if number is not None]


def _compare(decisive: Sequence[Number], numbers: Numbers, measure: str, reference: str) -> list[Sentence]:
    name, more, less = MEASURES[measure]
    none = 1.0 if measure == STEPS else 0.0
    above = [number for number in decisive if calls(number) and number.value > none]
    below = [number for number in decisive if calls(number) and number.value <= none]
    open_ones = [number for number in decisive if not calls(number)]
    found = []
    for word, same in ((more, above), (less, below)):
        if same:
            rest = ", ".join(f"{number.network} {_detail(numbers, number, measure)}" for number in same)
            found.append(Sentence(same[0].where, f"{word} than {reference}: ", f"{rest}.", True))
    if open_ones:
        rest = ", ".join(f"{number.network} {_detail(numbers, number, measure)}" for number in open_ones)
        lead = f"{name} not told apart from {reference} by {_seeds(open_ones)}: "
        found.append(Sentence(open_ones[0].where, lead, f"{rest}.", False))
    return found


def _detail(numbers: Numbers, number: Number, measure: str) -> str:
    """The numbers behind a comparison, as short as they can be."""
    if measure == STEPS:
        return f"{interval(number)} times"
    pair = {"where": number.where, "network": number.network, "against": number.against}
    ratio = numbers.one(f"{measure}, {RATIO}", **pair)
    # a ratio of scores around zero has no interval
    said = f"{interval(number, '+.3f')}" if ratio is None or ratio.low != ratio.low else f"{interval(ratio)} times"
    chance = numbers.one(f"{measure}, {IMPROVEMENT}", **pair)
    if measure == FINAL and chance is not None:
        said += f" (better in {chance.value:.0%} [{chance.low:.0%}, {chance.high:.0%}] of pairs)"
    return said


def _fall(falls: Sequence[Number]) -> list[Sentence]:
    """What the strongest disturbance does to the networks on one task."""
    name = falls[0].quantity.removeprefix(f"{FALL} with ")
    strongest = f"{name} {falls[0].x:g}"
    lost = [n for n in falls if calls(n) and n.value > 0]
    gained = [n for n in falls if calls(n) and n.value <= 0]
    kept = [n for n in falls if not calls(n)]
    found = []
    for lead, same, called in (
        (f"Final score lowered by {strongest}: ", lost, True),
        (f"Final score raised by {strongest}: ", gained, True),
        (f"No effect of {strongest} told by {_seeds(kept)}: ", kept, False),
    ):
        if same:
            rest = ", ".join(f"{n.network} by {interval(n, '.3f')}" for n in same)
            found.append(Sentence(falls[0].where, lead, f"{rest}.", called))
    return found


def _seeds(numbers: Sequence[Number]) -> str:
    fewest = min((number.runs for number in numbers), default=0)
    few = f", too few to call anything ({FEWEST} are needed)" if fewest < FEWEST else ""
    return f"{fewest} seed{'' if fewest == 1 else 's'}{few}"
