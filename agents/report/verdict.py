"""What the intervals support: which differences are clear, a headline, and plain sentences.

A report makes many comparisons, and each 95% interval excludes no difference in 5% of cases where there is none. A
difference is called clear only where it holds after Holm's correction for all comparisons that the verdict makes, and
at least `FEWEST` seeds stand on either side: with fewer, runs that succeed or fail are often all alike by chance.
docs/compare.md has what was measured: of reports on five networks that do not differ, how many call a difference clear.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .contrasts import DIFFERENCE, IMPROVEMENT, RATIO, Pair
from .coverage import coverage
from .estimates import Estimate, Estimates
from .intervals import holm, over_tasks
from .learning import AREA, FINAL
from .robustness import FALL, NOISE_AREA
from .statistics import Summary

FEWEST = 5
"""Seeds on either side below which no difference is claimed."""

MEASURES: Mapping[str, str] = {
    FINAL: "final return",
    AREA: "return over training",
    NOISE_AREA: "return under observation noise",
}
"""What networks are compared in, and its name in sentences."""


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


@dataclass(frozen=True)
class Verdict:
    """What a comparison shows.

    Attributes:
        headline: a line for each group of conditions: who ends highest, and above whom for clear.
        sentences: all comparisons, and last how far to trust them.
        clear: the comparisons whose difference is clear.
    """

    headline: Sequence[str]
    sentences: Sequence[Sentence]
    clear: Clear


@dataclass(frozen=True)
class Clear:
    """The comparisons that a verdict makes, by quantity, place, network and reference; whether each is clear."""

    known: Mapping[tuple[str, str, str, str], bool]

    def __call__(self, estimate: Estimate) -> bool:
        """Whether the difference that an estimate is of is clear; never of one that the verdict does not look at."""
        return self.known.get(_key(estimate), False)


def verdict(summary: Summary, level: float) -> Verdict:
    """Everything that is said about every group of conditions and every strength."""
    compared = _compared(summary)
    clear = clear_differences(compared, level)
    sentences = [
        sentence
        for where in summary.groups
        for measure in MEASURES
        for reference in summary.against
        for sentence in _compare(
            [n for n in compared if (n.quantity, n.where, n.against) == (_decisive(measure), where, reference)],
            summary.estimates,
            measure,
            clear,
        )
    ]
    falls = [n for n in compared if n.quantity.startswith(FALL)]
    for where, quantity in dict.fromkeys((n.where, n.quantity) for n in falls):
        sentences += _fall([n for n in falls if (n.where, n.quantity) == (where, quantity)], clear)
    if not compared:
        sentences = [Sentence("", "Verdict: ", "with one network there is nothing to compare.", False)]
        return Verdict([], sentences, clear)
    trust = Sentence("", "How far to trust this: ", _trust(compared, clear, level), False)
    return Verdict([_headline(summary, where, clear) for where in summary.groups], [*sentences, trust], clear)


def clear_differences(compared: Sequence[Estimate], level: float) -> Clear:
    """Which comparisons hold together: Holm's correction for all of them, and enough seeds."""
    adjusted = holm([n.p_value for n in compared])
    held = zip(compared, adjusted, strict=True)
    return Clear({_key(n): n.runs >= FEWEST and bool(p <= 1 - level) for n, p in held})


def effect(estimates: Estimates, measure: str, where: str, pair: Pair) -> str | None:
    """How far a network is from another: a ratio of returns, or where that means nothing a difference of scores."""
    of_pair = {"where": where, "network": pair[0], "against": pair[1]}
    ratio = estimates.one(f"{measure}, {RATIO}", **of_pair)
    if ratio is not None and not math.isnan(ratio.value) and not math.isnan(ratio.low):
        return f"{interval(ratio)} times"
    apart = estimates.one(_decisive(measure), **of_pair)
    return None if apart is None else f"{interval(apart, '+.2f')} of the scale"


def interval(estimate: Estimate, spec: str = ".2f") -> str:
    """An estimate and its interval, such as ``1.31 [1.20, 1.44]``; without one where there is none."""
    if math.isnan(estimate.low):
        return f"{estimate.value:{spec}}"
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]".replace("inf", "∞")


def _decisive(measure: str) -> str:
    return f"{measure}, {DIFFERENCE}"


def _key(estimate: Estimate) -> tuple[str, str, str, str]:
    measure, comma, kind = estimate.quantity.rpartition(", ")
    quantity = _decisive(measure) if comma and kind in (DIFFERENCE, RATIO, IMPROVEMENT) else estimate.quantity
    return quantity, estimate.where, estimate.network, estimate.against


def _compared(summary: Summary) -> list[Estimate]:
    """The comparisons that the verdict looks at: of pairs in every group and measure, and of strengths."""
    quantities = [_decisive(measure) for measure in MEASURES]
    return summary.estimates.where(
        lambda n: (n.quantity in quantities and n.where in summary.groups) or n.quantity.startswith(FALL)
    )


def _headline(summary: Summary, where: str, clear: Clear) -> str:
    """Who has the highest mean final return, and above which of the networks it is compared with it is for clear."""
    group = summary.groups[where]
    everywhere = [network for network in summary.networks if all(network in one.returns for one in group)]
    finals = {one: over_tasks([c.scores(one)[:, -1:] for c in group]).value[0] for one in everywhere}
    best = max(everywhere, key=lambda one: finals[one], default="")
    apart = [n for n in summary.estimates.select(_decisive(FINAL), where=where) if best in (n.network, n.against)]
    beaten, level = ([_other(n, best) for n in apart if clear(n) is wanted] for wanted in (True, False))
    above = f", clearly above {', '.join(beaten)}" if beaten else ""
    rest = f"; no clear difference from {', '.join(level)}" if level else ""
    return f"{where}: {best} has the highest mean final return{above}{rest}."


def _other(estimate: Estimate, network: str) -> str:
    return estimate.against if estimate.network == network else estimate.network


def _compare(decisive: Sequence[Estimate], estimates: Estimates, measure: str, clear: Clear) -> list[Sentence]:
    if not decisive:
        return []
    name, reference = MEASURES[measure], decisive[0].against
    unclear = [one for one in decisive if not clear(one)]
    leads = (
        (f"Higher {name} than {reference}: ", [n for n in decisive if clear(n) and n.value > 0], True),
        (f"Lower {name} than {reference}: ", [n for n in decisive if clear(n) and n.value <= 0], True),
        (f"No clear difference from {reference} in {name} ({_seeds(unclear)}): ", unclear, False),
    )
    return _sentences(leads, lambda one: _detail(estimates, one, measure))


def _detail(estimates: Estimates, estimate: Estimate, measure: str) -> str:
    """The estimates behind a comparison, as short as they can be."""
    detail = effect(estimates, measure, estimate.where, (estimate.network, estimate.against)) or ""
    pair = {"where": estimate.where, "network": estimate.network, "against": estimate.against}
    chance = estimates.one(f"{measure}, {IMPROVEMENT}", **pair)
    if measure == FINAL and chance is not None:
        detail += f" (better in {chance.value:.0%} [{chance.low:.0%}, {chance.high:.0%}] of pairs of runs)"
    return detail


def _fall(falls: Sequence[Estimate], clear: Clear) -> list[Sentence]:
    """What the strongest perturbation does to the networks on one task."""
    name = falls[0].quantity.removeprefix(f"{FALL} with ")
    strongest = f"{name} {falls[0].x:g}"
    unclear = [n for n in falls if not clear(n)]
    leads = (
        (f"Final score lowered by {strongest}: ", [n for n in falls if clear(n) and n.value > 0], True),
        (f"Final score raised by {strongest}: ", [n for n in falls if clear(n) and n.value <= 0], True),
        (f"No clear effect of {strongest} on the final score ({_seeds(unclear)}): ", unclear, False),
    )
    return _sentences(leads, lambda fall: f"by {interval(fall, '.2f')}")


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


def _trust(compared: Sequence[Estimate], clear: Clear, level: float) -> str:
    held = sum(map(clear, compared))
    alone = sum(n.excludes(0) for n in compared if not clear(n))
    chance = max(1, round(len(compared) * (1 - level)))
    fewest = min(estimate.runs for estimate in compared)
    return (
        f"{len(compared)} comparisons are made here, and {held} differences are clear: they hold after Holm's "
        "correction for all of them, which calls any difference clear where there is none in at most "
        f"{1 - level:.0%} of reports. {alone} more {level:.0%} intervals exclude no difference on their own; of "
        f"{len(compared)} about {chance} would by chance. {coverage(fewest, level)}"
    ).strip()
