"""`nearsym audit`: a table for each group element, what a trained run says, and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from nearsym.agents.report.rendering.audit_figure import draw_errors
from nearsym.agents.runs.console import print_table
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.agents.runs.folder import Run, write_atomic
from nearsym.agents.runs.inspection import Inspection, inspect_learner
from nearsym.agents.runs.settings import AuditSettings, TrainSettings
from nearsym.envs import AuditReport, audit, build, symmetry_of
from nearsym.envs.auditing.report import ROUNDING
from nearsym.envs.auditing.tables import tables
from nearsym.envs.capabilities import tickers
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help

APART = 5
"""Assets named as treated apart."""

WIDE = 8
"""Most elements for which a table of what a run makes of them is printed."""

LEFT = 0.6
"""Relative error of the policy above which it has left an element (docs/audit.md: what that tells apart)."""


def run(words: list[str]) -> int:
    """Audit one environment, or a run's."""
    if words and "=" not in words[0]:
        words = [f"run={words[0]}", *words[1:]]
    settings = compose("audit", AuditSettings, words)
    subject: AuditSettings | TrainSettings = settings
    if settings.run is not None:
        for word in words:
            if word.startswith(("env", "perturbation", "pixels", "symmetry")):
                raise InputError(f"{word}: an audit of a run takes all of that from it")
        subject = Run(Path(settings.run)).settings()
    env = build(
        subject.env.id,
        subject.env.kwargs,
        pixels=subject.pixels,
        symmetry=subject.symmetry,
        perturbation=subject.perturbation,
        precise=True,
    )
    reading = None
    if settings.run is None:
        report = audit(env, samples=settings.samples, seed=settings.seed)
    else:
        _, learner = load_learner(Path(settings.run))
        report = audit(env, samples=settings.samples, seed=settings.seed, policy=policy_of(learner))
        reading = inspect_learner(learner, env, settings.samples, settings.seed)
    for part in tables(report, subject.env.id):
        print(part) if isinstance(part, str) else print_table(part)
    if reading is not None:
        symmetry = symmetry_of(env)
        assert symmetry is not None  # it was audited
        _print_reading(reading, list(symmetry.group.names), report, tickers(env))
    _print_bound(report, settings, reading)
    if settings.out is not None:
        path = Path(settings.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"env": subject.env.id, **report.to_dict(), "agent": None if reading is None else asdict(reading)}
        write_atomic(path, json.dumps(content, indent=2) + "\n")
        draw_errors(report, subject.env.id, path.with_suffix(".png"))
        print(f"written: {path}, {path.with_suffix('.png')}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "audit",
        AuditSettings,
        "nearsym audit: set the simulator to g·s, step g·a, and compare with g·step(s, a)",
        "nearsym audit env=dmc/cartpole-swingup perturbation.wind=0.2 samples=1000 out=audit.json\n"
        "         nearsym audit runs/x",
        ("env", "perturbation"),
    )


def _print_reading(reading: Inspection, names: list[str], report: AuditReport, assets: Sequence[str]) -> None:
    elements = [element.element for element in report.elements]
    if len(elements) <= WIDE:
        _print_elements(reading, names, report)
    error = {name: reading.actor[names.index(name)] for name in elements}
    left = [f"{name} ({value:.2f})" for name, value in error.items() if value > LEFT]
    kept = f"nothing (largest error {max(error.values()):.3f})"
    print(f"policy:  has left {', '.join(left) or kept}; named where its relative error is above {LEFT:g}")
    if reading.assets and assets:
        order = sorted(zip(reading.assets, assets, strict=True), reverse=True)
        apart = ", ".join(f"{ticker} {departure:.3f}" for departure, ticker in order[:APART])
        print(f"assets:  treated most apart are {apart}; least is {order[-1][1]} {order[-1][0]:.3f}")
    print(
        f"critic:  largest gap |Q(s,a) - Q(gs,ga)| = {reading.orbit_gap:.3g}; if it is right, every exactly invariant "
        f"critic errs by at least {reading.invariant_error:.3g} somewhere"
    )


def _print_elements(reading: Inspection, names: list[str], report: AuditReport) -> None:
    """How far actor, critics and every relaxed layer are from each element, above what was measured of the world."""
    table = Table(title="relative errors of the run's networks, mean errors of its world", title_justify="left")
    table.add_column("", no_wrap=True)
    elements = [element.element for element in report.elements]
    for name in elements:
        table.add_column(name, justify="right")

    def add(label: str, values: Sequence[float]) -> None:
        table.add_row(label, *(f"{values[names.index(name)]:.3f}" for name in elements))

    if reading.visited:
        add("images visited", reading.visited)
    add("policy's error", reading.actor)
    add("critics' error", reading.critic)
    if reading.departures:
        table.add_section()
        table.add_row("departure of weights")
        for layer, departure in reading.departures.items():
            add(f"  {layer}", departure)
    table.add_section()
    if all(element.observation is not None for element in report.elements):
        seen = (element.observation for element in report.elements if element.observation is not None)
        table.add_row("world: observation", *(f"{each.mean:.2g}" for each in seen))
    table.add_row("world: ε_R", *(f"{element.reward.mean:.2g}" for element in report.elements))
    table.add_row("world: ε_P", *(f"{element.transition.mean:.2g}" for element in report.elements))
    print_table(table)


def _print_bound(report: AuditReport, settings: AuditSettings, reading: Inspection | None) -> None:
    lipschitz, source = settings.lipschitz, "given"
    if lipschitz is None and reading is not None:
        lipschitz, source = reading.lipschitz, "the critic's largest slope between sampled states"
    if lipschitz is not None:
        bound = report.value_gap_bound(settings.discount, lipschitz)
        print(
            f"bound:   |Q*(s,a) - Q*(gs,ga)| <= {bound:.3g}, for γ = {settings.discount:g}, Lip(V*) = {lipschitz:.3g} "
            f"({source}), if the sampled errors are the largest"
        )
        if (report.observation_error or 0.0) > ROUNDING:
            print(
                "         it compares states; what is seen of them is off by up to "
                f"{report.observation_error:.3g}, and values of what is seen may differ by more"
            )
