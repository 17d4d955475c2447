"""`nearsym tune`: hyperparameters of every network of a suite, with equal budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.runs.settings import TrainSettings
from nearsym.agents.tuning.plan import read_plan
from nearsym.agents.tuning.settings import TuneSettings
from nearsym.agents.tuning.study import Study, optuna
from nearsym.agents.tuning.tune import TRIALS, Tuning
from nearsym.envs.errors import InputError

from .compose import compose, options
from .help import command_help
from .trust import asked


def run(arguments: list[str]) -> int:
    """Carry a tuning out; 1 when a network has no trial that was completed."""
    # taken out by hand: to Hydra, the folder configs/suite would make it the choice of a group
    suites = [argument.removeprefix("suite=") for argument in arguments if argument.startswith("suite=")]
    others = [argument for argument in arguments if not argument.startswith("suite=")]
    settings = replace(compose("tune", TuneSettings, others), suite=suites[-1] if suites else None)
    if settings.suite is None:
        raise InputError("which suite? give suite=, the path of a YAML file with a tune: section (docs/tune.md)")
    optuna()  # before a suite is checked, which takes a while
    families = options("network")
    plan = read_plan(Path(settings.suite), families)
    out = Path(settings.out or f"runs/{plan.suite.name}")
    how = CompareSettings(jobs=settings.jobs, threads=settings.threads, retries=settings.retries, trust=settings.trust)
    tuning = Tuning(plan, out, families, lambda given: compose("train", TrainSettings, list(given)), how)
    settings, _ = asked(settings, tuning.check)
    tuning = Tuning(plan, out, families, tuning.compose, replace(how, trust=settings.trust))
    total = plan.trials * len(plan.suite.networks)
    with tuning.open():
        print(
            f"tuning {plan.suite.name}: {plan.trials} trials of each network, {tuning.ended()} of {total} over; {out}"
        )
        tuning.go(lambda line: print(line, flush=True))
        best, result = tuning.best(), tuning.result()
        _print_table(tuning.studies, best)
    print(f"written: {out / TRIALS}{'' if result is None else f', {result}'}")
    if result is None:
        missing = [network.name for network in plan.suite.networks if network.name not in best]
        print(f"no trial of {', '.join(missing)} was completed, so there is nothing to compare; add trials")
        return 1
    print(f"next:    nearsym compare suite={result}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "tune",
        TuneSettings,
        "nearsym tune: search the keys that a suite names, as many trials for every network; the same command goes on "
        "where it stopped",
        "nearsym tune suite=docs/examples/tune.yaml",
    )


def _print_table(studies: list[Study], best: Mapping[str, Mapping[str, object]]) -> None:
    table = Table()
    for column in ("network", "completed", "pruned", "failed", "best score", "with"):
        table.add_column(column, justify="left" if column in ("network", "with") else "right")
    for study in studies:
        states = [trial.state.name for trial in study.trials()]
        scores = [trial.value for trial in study.trials() if trial.state.name == "COMPLETE"]
        counts = [str(states.count(state)) for state in ("COMPLETE", "PRUNED", "FAIL")]
        values = ", ".join(f"{key}={value}" for key, value in best.get(study.network.name, {}).items())
        table.add_row(study.network.name, *counts, f"{max(scores):.1f}" if scores else "-", values)
    Console(highlight=False).print(table)
