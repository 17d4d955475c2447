"""The settings of every run of a suite, and whether each can start, found out before the first one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.settings import TrainSettings
from nearsym.agents.runs.trust import check_modules
from nearsym.envs.errors import InputError

from .suite import RunSpec, perturbation_name


def settings_of(runs: Iterable[RunSpec], compose: Callable[[Sequence[str]], TrainSettings]) -> dict[str, TrainSettings]:
    """The settings of every run, by its path.

    Args:
        runs: of the suite.
        compose: settings from the overrides of `nearsym train`.

    Raises:
        InputError: an override is none; names the run.
    """
    composed: dict[tuple[str, str, str], TrainSettings] = {}
    settings = {}
    for spec in runs:
        condition = (spec.task, perturbation_name(spec.perturbation), spec.network)
        if condition not in composed:  # seeds differ in nothing but the seed and the folder
            with _naming(spec):
                composed[condition] = compose(spec.overrides)
        settings[spec.path] = replace(composed[condition], seed=spec.seed, run_dir=spec.evaluation.run)
    return settings


def check_imports(settings: Mapping[str, TrainSettings], who: str, out: Path, trust: bool) -> None:
    """Check that every module that the runs of a suite name may be imported, before any is.

    Args:
        settings: from `settings_of`.
        who: names the suite, for the message.
        out: its folder, from which nothing is imported.
        trust: import modules from anywhere.

    Raises:
        UntrustedError: a module lies outside the current folder, and `trust` is false.
    """
    for run in settings.values():
        check_modules(run, who, out, trust)


def check_runs(runs: Iterable[RunSpec], settings: Mapping[str, TrainSettings]) -> None:
    """Build every task in each of its worlds, and every network for each task.

    Args:
        runs: of the suite.
        settings: from `settings_of`.

    Raises:
        InputError: an environment is unknown or cannot be perturbed so, or a network does not fit it; names the run.
    """
    checked: set[tuple[str, str]] = set()
    for spec in runs:
        # a network does not depend on the perturbation, so each pair is enough
        pairs = {(spec.task, f"in {perturbation_name(spec.perturbation)}"), (spec.task, spec.network)}
        if pairs <= checked:
            continue
        checked |= pairs
        with _naming(spec):
            world = build_world(settings[spec.path], spec.seed)
            build_learner(settings[spec.path], world)
            world.close()


@contextmanager
def _naming(spec: RunSpec) -> Iterator[None]:
    """Put the run before what is wrong with it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{spec.path}: {error}") from error
