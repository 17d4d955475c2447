"""Choosing a network for an environment before anything is learned, by how well its symmetry holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs import audit, is_image, symmetry_of
from nearsym.envs.auditing import AuditReport
from nearsym.envs.auditing.audit import method_for
from nearsym.envs.auditing.neighbours import measure_by_neighbours
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import PRODUCTS, Group, generated_subgroup, largest_subgroup, with_products
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
"""Error of an element, relative to its scale, from which declaring it counts as wrong; see docs/choosing.md."""

NEGLIGIBLE = 1e-4
"""Error of every element, relative to its scale, up to which a symmetry is as good as exact.

A simulator's solver leaves less. An error ε in every step's reward is one of at most ε / (1 - γ) in values, which is
0.01 of their scale for γ = 0.99; one in transitions is of that order where values are smooth.
"""

HOLDS = ("exact", "consistent")
"""Verdicts on an element that leave no error but rounding's and chance's."""

SAMPLES, FRAMES = 200, 20
"""Samples of an audit, and of one of images, each of which draws several."""


@dataclass(frozen=True)
class Choice:
    """A network and why it is the one.

    Attributes:
        network: what ``network=`` takes.
        why: one line.
        elements: what ``network.elements=`` takes: those that generate the subgroup it uses; of none the whole group.
    """

    network: str
    why: str
    elements: tuple[str, ...] = ()


def choose_network(env: gymnasium.Env[Any, Any]) -> Choice:
    """The network that an audit of an environment speaks for, and the part of the group that it uses.

    Elements that are wrong by more than `WRONG` of their scale are left out: used is the largest subgroup without them
    (of a group too large to list the one that all others generate). On it ``exact`` where every element is off by no
    more than `NEGLIGIBLE`, or nothing can be told from chance, and `RECOMMENDED` where one is. ``plain`` where no
    symmetry is declared or nothing of it is left; `RECOMMENDED` where it cannot be measured.

    Example:
        >>> import nearsym
        >>> from nearsym.agents.runs.choice import choose_network
        >>> choose_network(nearsym.make("Pendulum-v1"))
        Choice(network='exact', why='network=exact: the audit finds all of C2 exact', elements=())
    """
    symmetry = symmetry_of(env)
    if symmetry is None:
        return Choice("plain", "network=plain: no symmetry is declared")
    try:
        if method_for(with_state(env)) is measure_by_neighbours:
            return _assumed("its state cannot be set, so that its symmetry cannot be measured before training")
        samples = FRAMES if is_image(env.observation_space) else SAMPLES
        symmetry = with_products(symmetry, PRODUCTS)
        report = audit(env, symmetry, samples=samples)
    except InputError as error:
        return _assumed(f"its symmetry cannot be measured before training ({error})")
    if report.method.startswith("the state cannot be set"):
        return _assumed("nothing says how its state moves, so that its symmetry cannot be measured before training")
    return _by(report, symmetry.group)


def with_choice(settings: TrainSettings) -> tuple[TrainSettings, str]:
    """A run's settings with the network that is chosen for it, of the sizes they have, and the line that says why.

    A run that has begun goes on with what was chosen for it.

    Raises:
        InputError: elements of the group were chosen already.
    """
    if settings.network.elements:
        raise InputError(f"network={AUTO} chooses network.elements itself; leave it out, or name a network")
    run = Run(Path(settings.run_dir))
    if settings.run_dir and run.config.is_file():
        begun = run.settings().network
        choice = Choice(begun.name, f"network={begun.name}: chosen when {run.folder} began", begun.elements)
    else:
        env = build_env(settings, precise=True)
        try:
            choice = choose_network(env)
        finally:
            env.close()
    network = family_class(choice.network).like(settings.network)
    network = replace(
        network, critic=settings.network.critic, augment=settings.network.augment, elements=choice.elements
    )
    return replace(settings, network=network), choice.why


def _by(report: AuditReport, group: Group) -> Choice:
    if report.verdict == "exact":
        return Choice("exact", f"network=exact: the audit finds all of {report.group} exact")
    if report.verdict == "consistent":
        return Choice("exact", f"network=exact: the audit finds no error in {report.group} beyond chance")
    worst, best = (pick(report.elements, key=lambda each: each.share) for pick in (max, min))
    shares = {each.element: 0.0 if each.verdict in HOLDS else each.share for each in report.elements}
    kept = _kept(group, shares)
    if not kept:
        return Choice(
            "plain",
            f"network=plain: every element of {report.group} is wrong by at least {best.share:.2g} of its scale "
            f"({best.element}); see nearsym audit",
        )
    off = max(kept, key=shares.__getitem__)
    network = "exact" if shares[off] <= NEGLIGIBLE else RECOMMENDED
    if len(kept) == len(shares):
        holds = "is as good as exact" if network == "exact" else "nearly holds"
        return Choice(
            network, f"network={network}: {report.group} {holds}; {off} is off by {shares[off]:.2g} of its scale"
        )
    elements = _generators(group, kept)
    holds = "holds" if network == "exact" else f"nearly holds ({off} is off by {shares[off]:.2g} of its scale)"
    return Choice(
        network,
        f"network={network} network.elements=[{', '.join(elements)}]: of {report.group} what these generate {holds}; "
        f"{worst.element} is off by {worst.share:.2g} of its scale",
        elements,
    )


def _kept(group: Group, shares: Mapping[str, float]) -> list[str]:
    """The elements beside the identity that are used."""
    right = {name for name, share in shares.items() if share <= WRONG}
    if not group.listed:
        return [name for name in group.names if name in right]
    holds = np.array([name in right for name in group.names])
    cost = np.array([shares.get(name, 0.0) for name in group.names])
    return [group.names[g] for g in np.flatnonzero(largest_subgroup(group, holds, cost)) if g]


def _generators(group: Group, kept: Sequence[str]) -> tuple[str, ...]:
    """Few of them that generate all; of a group too large to list they are not thinned out."""
    if not group.listed:
        return tuple(kept)
    found: list[int] = []
    for name in kept:
        g = group.names.index(name)
        if g not in generated_subgroup(group, found):
            found.append(g)
    return tuple(group.names[g] for g in found)


def _assumed(why: str) -> Choice:
    return Choice(RECOMMENDED, f"network={RECOMMENDED}: assumed that the symmetry nearly holds, for {why}")
