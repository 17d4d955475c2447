"""`nearsym audit`: a table for each group element, and JSON."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nearsym.agents.build import load_symmetry
from nearsym.agents.run import write_atomic
from nearsym.agents.settings import AuditSettings
from nearsym.envs import AuditReport, audit, declare, make
from nearsym.envs.perturbations import perturb

from .compose import compose
from .help import command_help


def run(words: list[str]) -> int:
    """Audit one environment."""
    settings = compose("audit", AuditSettings, words)
    env = make(settings.env.id, **_float64(settings))
    if settings.symmetry is not None:
        env = declare(env, load_symmetry(settings.symmetry))
    report = audit(perturb(env, settings.perturbation), samples=settings.samples, seed=settings.seed)
    _print(report, settings)
    if settings.out is not None:
        path = Path(settings.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({"env": settings.env.id, **report.to_dict()}, indent=2) + "\n")
        print(f"written: {path}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "audit",
        AuditSettings,
        "nearsym audit: set the simulator to g·s, step g·a, and compare with g·step(s, a)",
        "nearsym audit env=dmc/cartpole-swingup perturbation.wind=0.2 samples=1000 out=audit.json",
        ("env", "perturbation"),
    )


def _float64(settings: AuditSettings) -> dict[str, object]:
    """The environment's arguments, with dm_control's observations in full precision."""
    given = dict(settings.env.kwargs)
    return {"dtype": "float64", **given} if settings.env.id.startswith("dmc/") else given


def _print(report: AuditReport, settings: AuditSettings) -> None:
    table = Table(title=f"{settings.env.id}, {report.group}, {report.samples} samples", title_justify="left")
    for column in ("element", "observation max", "ε_R max", "ε_R mean", "ε_P max", "ε_P mean", "verdict"):
        table.add_column(column, justify="left" if column in ("element", "verdict") else "right")
    for element in report.elements:
        numbers = (
            element.observation.maximum,
            element.reward.maximum,
            element.reward.mean,
            element.transition.maximum,
            element.transition.mean,
        )
        table.add_row(element.element, *(f"{number:.2g}" for number in numbers), report.verdict_of(element))
    Console(highlight=False).print(table)
    print(
        f"{report.verdict}: a step usually moves the state by {report.step_scale:.3g}, "
        f"rewards spread by {report.reward_scale:.3g}; {report.method}"
    )
    if report.verdict != "exact":
        worst = report.worst
        state = ", ".join(f"{value:.4g}" for value in worst.state)
        action = ", ".join(f"{value:.4g}" for value in worst.action)
        print(f"worst:   element {worst.element} at state [{state}], action [{action}]")
    if report.reward_noise or report.transition_noise:
        print(
            f"noise:   the same step differs by {report.reward_noise:.2g} in reward, "
            f"{report.transition_noise:.2g} in state; errors below ten times that say nothing"
        )
    if settings.lipschitz is not None:
        bound = report.value_gap_bound(settings.discount, settings.lipschitz)
        print(
            f"bound:   |Q*(s,a) - Q*(gs,ga)| <= {bound:.3g}, for γ = {settings.discount:g}, "
            f"Lip(V*) = {settings.lipschitz:g}, if the sampled errors are the largest"
        )
