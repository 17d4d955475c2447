"""`nearsym compare`: the runs of a suite, on one machine or a cluster."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nearsym.agents.comparison.check import check_imports, check_runs, settings_of
from nearsym.agents.comparison.display import Display
from nearsym.agents.comparison.jobs import Job
from nearsym.agents.comparison.launch import Pool, jobs_of, launch, states_at_start
from nearsym.agents.comparison.launch_local import LocalPool
from nearsym.agents.comparison.launch_ray import RayPool, load_ray
from nearsym.agents.comparison.launch_slurm import SlurmPool, load_submitit
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.comparison.status import FAILED, FINISHED, Status
from nearsym.agents.comparison.suite import Suite
from nearsym.agents.comparison.suite_file import read_suite
from nearsym.agents.comparison.suite_folder import SuiteFolder
from nearsym.agents.runs.choice import AUTO, with_choice
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.trading.family import TRADING

from . import auto
from .compose import compose, options
from .help import command_help
from .trust import asked

NEEDS = {"ray": load_ray, "slurm": load_submitit}
"""What launchers need that does not come with nearsym."""


def run(arguments: list[str]) -> int:
    """Carry out a suite; 1 when a run failed."""
    # taken out by hand: to Hydra, the folder configs/suite would make it the choice of a group
    suites = [argument.removeprefix("suite=") for argument in arguments if argument.startswith("suite=")]
    others = [argument for argument in arguments if not argument.startswith("suite=")]
    settings = compose("compare", CompareSettings, others)
    settings = replace(settings, suite=suites[-1] if suites else None)
    if not settings.dry_run and settings.launcher in NEEDS:
        NEEDS[settings.launcher]()  # before a suite is checked, which takes a while
    families = [*options("network"), AUTO]
    suite = read_suite(_suite_path(settings.suite), families)
    folder = SuiteFolder(Path(settings.out or f"runs/{suite.name}"), suite, families, settings.threads)
    training = settings_of(folder.runs, lambda given: auto.composed(given, compose))
    settings, _ = asked(settings, lambda trust: check_imports(training, f"the suite {suite.name}", folder.out, trust))
    training = _chosen(folder, training)  # after asking: to choose is to import the environment
    check_runs(folder.runs, training)
    jobs = jobs_of(folder, settings, training)
    if settings.dry_run:
        _list(jobs)
        return 0
    folder.open()
    try:
        return _launch(suite, settings, folder, jobs)
    finally:
        folder.close()


def _chosen(folder: SuiteFolder, training: dict[str, TrainSettings]) -> dict[str, TrainSettings]:
    """The settings with networks chosen where that is asked for, once for each world of a task, which is said."""
    found, networks = dict(training), {}
    for spec in folder.runs:
        if auto.asks(spec.overrides):
            world = spec.path.rpartition("/")[0]
            if world not in networks:
                settings, why = with_choice(training[spec.path])
                networks[world] = settings.network
                print(f"{world}: {why}")
            found[spec.path] = replace(training[spec.path], network=networks[world])
    return found


def usage() -> str:
    """Help text."""
    return command_help(
        "compare",
        CompareSettings,
        "nearsym compare: train and evaluate every network of a suite on every task, perturbation and seed; the same "
        f"command goes on where it stopped\n\n  suite=  {', '.join(_suites())}, or the path of your own YAML file",
        "nearsym compare suite=quick out=runs/quick jobs=2",
    )


def _launch(suite: Suite, settings: CompareSettings, folder: SuiteFolder, jobs: Sequence[Job]) -> int:
    states = states_at_start(jobs, folder)
    todo = sum(status.state != FINISHED for status in states.values())
    together = max(1, min(settings.jobs or max(1, _cores() // settings.threads), todo))
    print(f"suite {suite.name}: {len(jobs)} runs, {len(jobs) - todo} finished before; {folder.out}")
    if todo:
        pool, limit = _pool(suite, settings, folder, together)
        with Display(jobs, states, limit) as display:
            states = launch(jobs, states, folder, pool, limit, display)
    else:
        folder.write(states)
    _print_table(jobs, states)
    for path, status in states.items():
        if status.state == FAILED:
            print(f"failed: {path}: {status.message} ({folder.out}/logs/{path}.txt)")
    trades = all(task.id.startswith(TRADING.prefix) for task in suite.tasks)
    print(f"next:   nearsym {'walk' if trades else 'report'} {folder.out}")
    return int(any(status.state == FAILED for status in states.values()))


def _pool(suite: Suite, settings: CompareSettings, folder: SuiteFolder, together: int) -> tuple[Pool, int | None]:
    """Where to carry the runs out, and how many of them at the same time: None leaves it to the cluster."""
    if settings.launcher == "ray":
        return RayPool(settings.address, together, settings.threads), settings.jobs
    if settings.launcher == "slurm":
        pool = SlurmPool(folder.out.absolute(), suite.name, settings.jobs, settings.threads, settings.slurm)
        return pool, None if settings.slurm.executor == "slurm" else together
    return LocalPool(together), together


def _cores() -> int:
    """Cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _list(jobs: Sequence[Job]) -> None:
    """What would be run, ready for a shell."""
    for job in jobs:
        if job.finished():
            print(f"# finished: {job.spec.path}")
            continue
        print(f"nearsym train {shlex.join(job.spec.overrides)}")
        print(f"nearsym evaluate {shlex.join(job.spec.evaluation_arguments)}")


def _print_table(jobs: Sequence[Job], states: Mapping[str, Status]) -> None:
    table = Table()
    for column in ("network", "finished", "failed", "minutes"):
        table.add_column(column, justify="left" if column == "network" else "right")
    networks = list(dict.fromkeys(job.spec.network for job in jobs))
    for network in [*networks, "all"]:
        paths = [job.spec.path for job in jobs if network in (job.spec.network, "all")]
        statuses = [states[path] for path in paths]
        finished, failed = (sum(status.state == state for status in statuses) for state in (FINISHED, FAILED))
        minutes = sum(status.seconds for status in statuses) / 60
        table.add_row(network, f"{finished} of {len(paths)}", str(failed), f"{minutes:.1f}")
    Console(highlight=False).print(table)


def _suites() -> list[str]:
    folder = resources.files("nearsym.configs") / "suite"
    return sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml"))


def _suite_path(given: str | None) -> Path:
    names = _suites()
    if given is None:
        raise InputError(f"which suite? give suite=, one of {', '.join(names)} or the path of a YAML file")
    if given in names:
        return Path(str(resources.files("nearsym.configs") / "suite" / f"{given}.yaml"))
    if Path(given).is_file():
        return Path(given)
    if given.endswith((".yaml", ".yml")):
        raise InputError(f"there is no file {given}; give the path of a suite, or one of {', '.join(names)}")
    hint = did_you_mean(given, names)
    raise InputError(f"there is no suite={given}{hint}; give one of {', '.join(names)} or the path of a YAML file")
