"""Carrying a tuning out: trial after trial, each a small suite of its own."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml

from nearsym.agents.comparison.check import check_imports, check_runs, settings_of
from nearsym.agents.comparison.jobs import Job
from nearsym.agents.comparison.launch import jobs_of, launch, states_at_start
from nearsym.agents.comparison.launch_local import LocalPool
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.comparison.status import FAILED, Status
from nearsym.agents.comparison.suite_file import content_of
from nearsym.agents.comparison.suite_folder import SuiteFolder
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.lock import take_lock
from nearsym.agents.runs.metrics import evaluations
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError

from .plan import Plan, described
from .study import Study, mend

PLAN, TRIALS, RESULT = "tune.yaml", "trials.csv", "tuned.yaml"

Compose = Callable[[Sequence[str]], TrainSettings]


class Tuning:
    """All trials of all networks.

    Trial i of every network comes before trial i + 1 of any, so that one cut short has given all the same budget. What
    is maximised is the mean of all evaluations of a trial's runs, the area under its learning curves; those so far, in
    the order of its runs, are what the pruner sees.

    Args:
        plan: what is tuned.
        out: the folder.
        families: what ``network=`` takes.
        compose: settings from the overrides of `nearsym train`.
        settings: how runs are carried out.

    Raises:
        InputError: the folder holds something else or another plan, or Optuna is not installed.
    """

    def __init__(
        self, plan: Plan, out: Path, families: Collection[str], compose: Compose, settings: CompareSettings
    ) -> None:
        self.plan, self.out, self._families, self.compose, self._settings = plan, out, families, compose, settings
        self._seconds: list[float] = []
        self._check_folder()

    def check(self, trust: bool) -> None:
        """Find out before the first trial what would fail in all: that every key takes the values it may be given.

        Raises:
            InputError: one does not, a task or network does not fit, or a module is not to be imported.
        """
        plan, networks = self.plan, self.plan.suite.networks
        for key, space in plan.keys.items():
            for value in space.samples():
                for network in networks:
                    settings_of(plan.trial(network, 0, {key: value}).runs(str(self.out)), self.compose)
        middle = {key: space.samples()[0] for key, space in plan.keys.items()}
        for network in networks:
            runs = plan.trial(network, 0, middle).runs(str(self.out))
            settings = settings_of(runs, self.compose)
            check_imports(settings, f"the suite {plan.suite.name}", self.out, trust)
            check_runs(runs, settings)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder this tuning's.

        Raises:
            InputError: another tuning is at work in it.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        taken = f"another nearsym tune is at work in {self.out}; wait for it, or choose another out"
        with closing(take_lock(self.out / ".lock", 0, taken)):
            write_atomic(self.out / PLAN, yaml.safe_dump(described(self.plan), sort_keys=False))
            mend(self.out)
            self.studies = [Study(self.plan, network, self.out) for network in self.plan.suite.networks]
            yield

    def ended(self) -> int:
        """Trials that are over."""
        return sum(min(study.ended(), self.plan.trials) for study in self.studies)

    def go(self, tell: Callable[[str], None]) -> None:
        """All trials that are left; `tell` is given a line after each."""
        total = self.plan.trials * len(self.studies)
        for number in range(self.plan.trials):
            for study in self.studies:
                if study.ended() > number:
                    continue
                start = time.monotonic()
                line = self._trial(study)
                self._seconds.append(time.monotonic() - start)
                self._write()
                tell(f"[{self.ended()}/{total}] {line}, {self._seconds[-1] / 60:.1f} min{self._left(total)}")
        self._write()

    def best(self) -> dict[str, dict[str, Any]]:
        """The best values of every network that has completed a trial."""
        found = {study.network.name: study.best() for study in self.studies}
        return {name: values for name, values in found.items() if values is not None}

    def result(self) -> Path | None:
        """Where the suite to compare was written; None where a network has completed no trial."""
        best = self.best()
        if len(best) < len(self.studies):
            return None
        path = self.out / RESULT
        write_atomic(path, yaml.safe_dump(content_of(self.plan.result(best)), sort_keys=False))
        return path

    def _trial(self, study: Study) -> str:
        """Carry a trial out; how it ended, in one line."""
        trial, values = study.next()
        name = f"{study.network.name} trial {trial.number} ({', '.join(f'{k}={v}' for k, v in values.items())})"
        suite = self.plan.trial(study.network, trial.number, values)
        folder = SuiteFolder(
            self.out / "trials" / study.network.name / str(trial.number), suite, self._families, self._settings.threads
        )
        jobs = jobs_of(folder, self._settings, settings_of(folder.runs, self.compose))
        watcher = _Watcher(study, trial, jobs)
        folder.open()
        try:
            states = launch(
                jobs, states_at_start(jobs, folder), folder, LocalPool(len(jobs)), self._settings.jobs, watcher
            )
        except _PrunedError:
            study.tell(trial, None, "pruned")
            return f"{name} pruned at {watcher.returns()[-1]:.1f}"
        finally:
            folder.close()
        failed = [status.message for status in states.values() if status.state == FAILED]
        if failed:
            study.tell(trial, None, "fail")
            return f"{name} failed: {failed[0]}"
        score = watcher.returns()[-1]
        study.tell(trial, score, "complete")
        return f"{name} scored {score:.1f}"

    def _left(self, total: int) -> str:
        minutes = sum(self._seconds) / len(self._seconds) * (total - self.ended()) / 60
        return f"; about {minutes / 60:.1f} hours left" if minutes > 90 else f"; about {minutes:.0f} min left"

    def _write(self) -> None:
        """trials.csv: every trial, with the values of its keys."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["network", "trial", "state", "score", *self.plan.keys])
        for study in self.studies:
            for trial in study.trials():
                seen = trial.intermediate_values
                score = trial.value if trial.value is not None else seen[max(seen)] if seen else ""
                values = [trial.params.get(key, "") for key in self.plan.keys]
                writer.writerow([study.network.name, trial.number, trial.state.name.lower(), score, *values])
        write_atomic(self.out / TRIALS, text.getvalue())

    def _check_folder(self) -> None:
        kept = self.out / PLAN
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f"out={self.out} is a file; choose another out")
        if not kept.is_file():
            if self.out.is_dir() and any(path.name != ".lock" for path in self.out.iterdir()):
                raise InputError(f"out={self.out} exists and holds no tuning; choose another out")
            return
        try:
            saved = yaml.safe_load(kept.read_text())
            trials = saved["tune"].pop("trials")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise InputError(f"{kept} cannot be read ({error}); restore it, or choose another out") from error
        now = yaml.safe_load(yaml.safe_dump(described(self.plan)))
        if now["tune"].pop("trials") < trials or now != saved:
            raise InputError(
                f"the suite has changed since the tuning in {self.out} was started; choose another out, or take the "
                "change back (trials may be added)"
            )


class _PrunedError(Exception):
    """A trial is given up."""


class _Watcher:
    """Reports the evaluations of a trial's runs, and gives the trial up where the pruner says so."""

    def __init__(self, study: Study, trial: Any, jobs: Sequence[Job]) -> None:
        self._study, self._trial, self._jobs = study, trial, jobs

    def returns(self) -> list[float]:
        """The mean of the first n evaluations, for every n: of the first run, then of the next, as far as there are."""
        found: list[float] = []
        for job in self._jobs:
            rows = evaluations(Run(Path(job.folder, job.out, job.spec.path)).metrics)
            found += [value for _, value in rows]
            if not job.trained():
                break
        return [sum(found[: n + 1]) / (n + 1) for n in range(len(found))]

    def show(self, states: Mapping[str, Status]) -> None:
        """Every second."""
        if self._study.report(self._trial, self.returns()):
            raise _PrunedError

    def ended(self, path: str, status: Status) -> None:
        """A run is over."""
