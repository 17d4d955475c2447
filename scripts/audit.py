"""`nearsym audit`: a table for each group element, what a trained run says, and JSON."""

from __future__ import annotations

import json
from pathlib import Path

from nearsym.agents.adapters.augmentation import maps_of
from nearsym.agents.report.rendering.audit_figure import draw_errors
from nearsym.agents.report.rendering.experience_figure import draw_audits
from nearsym.agents.report.rendering.inspection_tables import bound_lines, inspection_tables
from nearsym.agents.report.rendering.regions_figure import draw_regions
from nearsym.agents.runs.build import build_env, symmetry_used
from nearsym.agents.runs.console import show
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.agents.runs.inspection import Inspection, inspect_learner
from nearsym.agents.runs.settings import AuditSettings, TrainSettings
from nearsym.envs import audit, load_object, symmetry_of
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.auditing import AuditReport, audit_map, faults_of
from nearsym.envs.auditing.map_tables import map_lines
from nearsym.envs.auditing.tables import tables
from nearsym.envs.capabilities import tickers
from nearsym.envs.errors import InputError
from nearsym.envs.family import Env
from nearsym.networks import family_of_critics

from .compose import compose, with_key
from .help import command_help
from .trust import trusted

FEW = 200
"""Samples that are enough to name coordinates."""


def run(arguments: list[str]) -> int:
    """Audit one environment, or a run's."""
    arguments = with_key(arguments, "run")
    settings = compose("audit", AuditSettings, arguments)
    subject: AuditSettings | TrainSettings = settings
    if settings.run is not None:
        for argument in arguments:
            if argument.startswith(("env", "perturbation", "pixels", "symmetry", "map")):
                raise InputError(f"{argument}: an audit of a run takes all of that from it")
        settings, subject = trusted(settings, Path(settings.run))
    env = build_env(subject, precise=True)
    if settings.map is not None:
        return _audit_map(settings, settings.map, env)
    declared, inspection, tolerated = symmetry_of(env), None, None
    if settings.run is None:
        report = audit(env, samples=settings.samples, seed=settings.seed)
    else:
        _, learner = load_learner(Path(settings.run), settings.trust)
        asked = [family.audits for family in (learner.network, family_of_critics(learner.network)) if family.audits]
        tolerated = asked[0].tolerated if asked else None
        declared = symmetry_used(learner.network, env)
        report = audit(env, declared, samples=settings.samples, seed=settings.seed, policy=policy_of(learner))
        inspection = inspect_learner(learner, env, settings.samples, settings.seed)
    show(tables(report, subject.env.id))
    if report.verdict == "broken" and declared is not None:
        faults = faults_of(env, declared, min(settings.samples, FEW), settings.seed)
        show([f"mend:    {fault}" for fault in faults if fault.mend])
    if inspection is not None:
        show(inspection_tables(inspection, report, tickers(env)))
    show(bound_lines(report, settings.discount, settings.lipschitz, inspection))
    if settings.out is not None:
        written = _write(Path(settings.out), subject.env.id, report, inspection, tolerated)
        print(f"written: {', '.join(map(str, written))}")
    return 0


def _write(
    path: Path, name: str, report: AuditReport, inspection: Inspection | None, tolerated: float | None
) -> list[Path]:
    """JSON, and figures beside it; what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inspected = None if inspection is None else inspection.to_dict()
    write_atomic(path, json.dumps({"env": name, **report.to_dict(), "agent": inspected}, indent=2) + "\n")
    errors, regions, experience = (path.with_suffix(end) for end in (".png", ".regions.png", ".experience.png"))
    draw_errors(report, name, errors)
    written = [path, errors]
    if inspection is not None and draw_regions(inspection, report, name, regions):
        written.append(regions)
    if inspection is not None and inspection.audits and tolerated is not None:
        draw_audits(inspection, tolerated, f"{name}: audits of what was experienced", experience)
        written.append(experience)
    return written


def _audit_map(settings: AuditSettings, name: str, env: Env) -> int:
    """Audit a function; 1 where it is broken."""
    maps = maps_of(load_object(name), env)
    samples = min(settings.samples, FEW)
    reports = [audit_map(env, each, samples=samples, seed=settings.seed) for each in maps]
    for k, report in enumerate(reports):
        title = f"{name} on {settings.env.id}" + (f", image {k + 1} of {len(maps)}" if len(maps) > 1 else "")
        show(map_lines(report, title))
    if settings.out is not None:
        path = Path(settings.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"env": settings.env.id, "map": name, "images": [report.to_dict() for report in reports]}
        write_atomic(path, json.dumps(content, indent=2) + "\n")
        print(f"written: {path}")
    return int(any(report.verdict == "broken" for report in reports))


def usage() -> str:
    """Help text."""
    return command_help(
        "audit",
        AuditSettings,
        "nearsym audit: set the simulator to g·s, step g·a, and compare with g·step(s, a)",
        "nearsym audit env=dmc/cartpole-swingup perturbation.wind=0.2 samples=1000 out=audit.json\n"
        "         nearsym audit runs/x\n"
        "         nearsym audit map=my_file:mirror env=Ant-v5",
        ("env", "perturbation"),
    )
