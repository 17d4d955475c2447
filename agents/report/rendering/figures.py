"""The figures of a report, each from the estimates of a summary, or none where it has no data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from ..contrasts import IMPROVEMENT
from ..estimates import Estimate, Estimates
from ..learning import AREA, FINAL, PROFILE, RETURN, SCORE
from ..robustness import NOISE
from ..run_files import ERRORS, RELAXATIONS
from ..statistics import Summary
from .style import Pen, count_steps, draw, legend, panels, pens, svg

STEPS_LABEL = "environment steps (agent decisions)"
LINES, OTHER_LINE = {"actor": "-", "critic": "--", "encoder": ":"}, "-."
"""Of an agent's modules."""


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes:
        name: of its file.
        title: heading.
        caption: what is drawn.
        svg: the figure itself.
    """

    name: str
    title: str
    caption: str
    svg: str


def drawings(summary: Summary, level: float) -> list[Drawing]:
    """Every figure that has data, in the order of a report."""
    band = f"Band: {level:.0%} interval over seeds, each point for itself."
    makers: list[tuple[str, str, str, Callable[[Summary], str | None]]] = [
        (
            "aggregate",
            "All tasks together",
            "Mean of normalised scores over runs and tasks of a group; the notes say how scores "
            f"are normalised. {band}",
            lambda s: _curves(s, SCORE, "score", STEPS_LABEL, steps=True),
        ),
        (
            "learning",
            "Learning curves",
            f"Mean return of the deterministic policy; thin lines: single seeds. {band} Returns "
            "before learning starts that are lower than all later ones are off the figure.",
            _learning,
        ),
        (
            "improvement",
            "Probability of improvement",
            "How often a run of the network on the left does better than a run of the reference, averaged over tasks. "
            f"Bars: {level:.0%} intervals, each for itself; the dashed line is no difference.",
            _improvement,
        ),
        (
            "profile",
            "Performance profiles",
            f"Share of runs that end above a score. Higher is better everywhere. {band}",
            lambda s: _curves(s, PROFILE, "share of runs", "final score above"),
        ),
        (
            "strength",
            "Return against strength of the perturbation",
            f"Mean final return, trained and evaluated under the perturbation. {band}",
            _strength,
        ),
        (
            "noise",
            "Return against observation noise",
            f"Trained without noise, evaluated with it: mean over runs. {band}",
            lambda s: _curves(s, NOISE, "return", "noise (standard deviation)"),
        ),
        (
            "equivariance",
            "Equivariance error over training",
            "How far actor (solid) and critic (dashed) are from equivariant, relative to their outputs, for the worst "
            "group element. Median and quartiles over runs; below 1e-5 is rounding.",
            lambda s: _traces(s, ERRORS, "relative error", logarithmic=True),
        ),
        (
            "relaxation",
            "Relaxed weights over training",
            "Departure of relaxed weights from equal ones, which are exactly equivariant, summed over layers: actor "
            "(solid), critic (dashed), encoder (dotted). Median and quartiles over runs.",
            lambda s: _traces(s, RELAXATIONS, "departure", logarithmic=False),
        ),
    ]
    made = ((name, title, caption, make(summary)) for name, title, caption, make in makers)
    return [Drawing(name, title, caption, svg) for name, title, caption, svg in made if svg is not None]


def _curves(summary: Summary, quantity: str, ylabel: str, xlabel: str, steps: bool = False) -> str | None:
    """A panel for each place that has the quantity, a curve for each network."""
    estimates = summary.estimates.select(quantity)
    if not estimates:
        return None
    figure, grid = panels(estimates.values("where"), ylabel, xlabel)
    for axes, where in zip(grid, estimates.values("where"), strict=True):
        _networks(axes, estimates.select(quantity, where=where), pens(summary.networks))
        if steps:
            count_steps(axes)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    legend(figure, grid, summary.networks)
    return svg(figure)


def _learning(summary: Summary) -> str:
    figure, grid = panels([condition.label for condition in summary.conditions], "return", STEPS_LABEL)
    looks = pens(summary.networks)
    for axes, condition in zip(grid, summary.conditions, strict=True):
        for network, returns in condition.returns.items():
            axes.plot(condition.steps, returns.T, color=looks[network].colour, alpha=0.22, linewidth=0.6)
        _networks(axes, summary.estimates.select(RETURN, where=condition.label), looks)
        count_steps(axes)
        everything = np.concatenate(list(condition.returns.values()))
        bottom, top = everything[:, condition.learning].min(), everything.max()
        if everything.min() < bottom < top:
            axes.set_ylim(bottom - 0.05 * (top - bottom), top + 0.05 * (top - bottom))
    legend(figure, grid, summary.networks)
    return svg(figure)


def _networks(axes: Axes, estimates: Estimates, looks: dict[str, Pen]) -> None:
    for network in [name for name in looks if name in estimates.values("network")]:
        draw(axes, [estimate for estimate in estimates if estimate.network == network], looks[network], network)


def _improvement(summary: Summary) -> str | None:
    measures = (f"{FINAL}, {IMPROVEMENT}", f"{AREA}, {IMPROVEMENT}")
    estimates = summary.estimates.where(lambda n: n.quantity in measures and n.where in summary.groups)
    if not estimates:
        return None
    looks = pens(summary.networks)
    pairs = list(dict.fromkeys((estimate.network, estimate.against) for estimate in estimates))
    titles = [(where, quantity) for where in summary.groups for quantity in measures]
    names = [f"{where}: {quantity.partition(',')[0]}" for where, quantity in titles]
    figure, grid = panels(names, "", "probability of improvement", height=0.9 + 0.27 * len(pairs), columns=2)
    for axes, (where, quantity) in zip(grid, titles, strict=True):
        for place, (network, against) in enumerate(pairs):
            estimate = estimates.one(quantity, where=where, network=network, against=against)
            if estimate is not None:
                ends = np.array([[estimate.value - estimate.low], [estimate.high - estimate.value]])
                pen = looks[network]
                axes.errorbar(
                    estimate.value, -place, xerr=np.maximum(ends, 0), fmt=pen.marker, color=pen.colour, capsize=3
                )
        axes.axvline(0.5, color="0.4", linestyle="--", linewidth=1)
        axes.set_yticks([-place for place in range(len(pairs))], [f"{one} > {other}" for one, other in pairs])
        axes.set(xlim=(-0.03, 1.03), ylim=(0.6 - len(pairs), 0.4))
    return svg(figure)


def _strength(summary: Summary) -> str | None:
    estimates = summary.estimates.where(lambda estimate: estimate.quantity.startswith(f"{FINAL} against "))
    curves = list(dict.fromkeys((estimate.where, estimate.quantity) for estimate in estimates))
    if not curves:
        return None
    figure, grid = panels([where for where, _ in curves], "final return", "")
    for axes, (where, quantity) in zip(grid, curves, strict=True):
        same = estimates.select(quantity, where=where)
        _networks(axes, same, pens(summary.networks))
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.set_xticks(sorted({estimate.x for estimate in same}))
        axes.set_xlabel(quantity.removeprefix(f"{FINAL} against ").replace("_", " "))
    legend(figure, grid, summary.networks)
    return svg(figure)


def _traces(summary: Summary, ending: str, ylabel: str, logarithmic: bool) -> str | None:
    estimates = summary.estimates.where(lambda estimate: estimate.quantity.endswith(ending))
    if not estimates:
        return None
    looks = pens(summary.networks)
    figure, grid = panels(estimates.values("where"), ylabel, STEPS_LABEL)
    for module in dict.fromkeys(name.removesuffix(ending) for name in estimates.values("quantity")):
        grid[0].plot([], [], color="0.3", linestyle=LINES.get(module, OTHER_LINE), label=f"{module} (line style)")
    for axes, where in zip(grid, estimates.values("where"), strict=True):
        for network, name in _pairs([estimate for estimate in estimates if estimate.where == where]):
            module = name.removesuffix(ending)
            same = estimates.select(name, where=where, network=network)
            draw(axes, same, looks[network], network, linestyle=LINES.get(module, OTHER_LINE))
        if logarithmic:
            axes.set_yscale("log")
        count_steps(axes)
    legend(figure, grid, summary.networks)
    return svg(figure)


def _pairs(estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((estimate.network, estimate.quantity) for estimate in estimates))
