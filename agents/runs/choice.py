"""Choosing a network for an environment before anything is learned, by how well its symmetry holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium

from nearsym.envs import audit, is_image, symmetry_of
from nearsym.envs.auditing import AuditReport
from nearsym.envs.auditing.audit import method_for
from nearsym.envs.auditing.neighbours import measure_by_neighbours
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import PRODUCTS, restricted, with_products
from nearsym.envs.wrappers import with_state
from nearsym.networks import family_class

from .build import build_env
from .folder import Run
from .settings import TrainSettings

AUTO = "auto"
"""What ``network=`` takes to have one chosen."""

RECOMMENDED = "relaxed"
"""The family where a symmetry nearly holds; docs/choosing.md has the evidence, and what has not been measured."""

WRONG = 0.3
"""Error of every element, relative to its scale, from which a declaration counts as wrong; see docs/choosing.md."""

NEGLIGIBLE = 1e-4
"""Error of every element, relative to its scale, up to which a symmetry is as good as exact.

A simulator's solver leaves less. An error ε in every step's reward is one of at most ε / (1 - γ) in values, which is
0.01 of their scale for γ = 0.99; one in transitions is of that order where values are smooth.
"""

SAMPLES, FRAMES = 200, 20
"""Samples of an audit, and of one of images, each of which draws several."""


@dataclass(frozen=True)
class Choice:
    """A network and why it is the one.

    Attributes:
        network: what ``network=`` takes.
        why: one line.
    """

    network: str
    why: str


def choose_network(env: gymnasium.Env[Any, Any], elements: Sequence[str] = ()) -> Choice:
    """The network that an audit of an environment speaks for, on the part of the group that some elements generate.

    ``plain`` where no symmetry is declared, or every element is wrong by more than `WRONG` of its scale; ``exact``
    where all are exact, or off by no more than `NEGLIGIBLE`, or nothing can be told from chance; `RECOMMENDED` where it
    is neither so, or cannot be measured.

    Example:
        >>> import nearsym
        >>> from nearsym.agents.runs.choice import choose_network
        >>> choose_network(nearsym.make("Pendulum-v1"))
        Choice(network='exact', why='network=exact: the audit finds all of C2 exact')
    """
    symmetry = symmetry_of(env)
    if symmetry is None:
        return Choice("plain", "network=plain: no symmetry is declared")
    symmetry = restricted(symmetry, elements)
    try:
        if method_for(with_state(env)) is measure_by_neighbours:
            return _assumed("its state cannot be set, so that its symmetry cannot be measured before training")
        samples = FRAMES if is_image(env.observation_space) else SAMPLES
        report = audit(env, with_products(symmetry, PRODUCTS), samples=samples)
    except InputError as error:
        return _assumed(f"its symmetry cannot be measured before training ({error})")
    if report.method.startswith("the state cannot be set"):
        return _assumed("nothing says how its state moves, so that its symmetry cannot be measured before training")
    return _by(report)


def with_choice(settings: TrainSettings) -> tuple[TrainSettings, str]:
    """A run's settings with the network that is chosen for it, of the sizes they have, and the line that says why.

    A run that has begun goes on with what was chosen for it.
    """
    run = Run(Path(settings.run_dir))
    if settings.run_dir and run.config.is_file():
        name = run.settings().network.name
        choice = Choice(name, f"network={name}: chosen when {run.folder} began")
    else:
        env = build_env(settings, precise=True)
        try:
            choice = choose_network(env, settings.network.elements)
        finally:
            env.close()
    network = family_class(choice.network).like(settings.network)
    network = replace(network, critic=settings.network.critic, augment=settings.network.augment)
    return replace(settings, network=network), choice.why


def _by(report: AuditReport) -> Choice:
    worst, best = (pick(report.elements, key=lambda each: each.share) for pick in (max, min))
    if report.verdict == "exact":
        return Choice("exact", f"network=exact: the audit finds all of {report.group} exact")
    if report.verdict == "consistent":
        return Choice("exact", f"network=exact: the audit finds no error in {report.group} beyond chance")
    if worst.share <= NEGLIGIBLE:
        return Choice(
            "exact",
            f"network=exact: {report.group} is as good as exact; "
            f"{worst.element} is off by {worst.share:.2g} of its scale",
        )
    if best.share > WRONG:
        return Choice(
            "plain",
            f"network=plain: every element of {report.group} is wrong by at least {best.share:.2g} of its scale "
            f"({best.element}); see nearsym audit",
        )
    least = "" if best is worst else f", and {best.element} least, by {best.share:.2g}"
    return Choice(
        RECOMMENDED,
        f"network={RECOMMENDED}: {report.group} nearly holds; {worst.element} is off by {worst.share:.2g} of its scale"
        f"{least}",
    )


def _assumed(why: str) -> Choice:
    return Choice(RECOMMENDED, f"network={RECOMMENDED}: assumed that the symmetry nearly holds, for {why}")
