"""Trials of every network, kept by Optuna in the tuning's folder, so that a kill loses none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from nearsym.agents.comparison.suite import Network
from nearsym.envs.extra import extra

from .plan import Plan
from .space import Value

JOURNAL = "trials.log"
"""Optuna's storage in the folder: one line is appended for everything that happens."""


def optuna() -> Any:
    """The package, quiet.

    Raises:
        InputError: it is not installed.
    """
    module = extra("optuna", "tune", "tuning")
    extra("optuna.storages.journal", "tune", "tuning")
    module.logging.set_verbosity(module.logging.WARNING)
    return module


class _HeldAlready:
    """Optuna's lock on its journal: the folder's own is held, and Optuna's would outlast a kill."""

    def acquire(self) -> bool:
        """Nothing to do."""
        return True

    def release(self) -> None:
        """Nothing to do."""


def mend(out: Path) -> None:
    """Drop a last line of the journal that a kill has cut off, which Optuna would refuse once another follows it."""
    journal = out / JOURNAL
    if journal.is_file():
        whole = journal.read_bytes()
        with journal.open("r+b") as file:
            file.truncate(whole.rfind(b"\n") + 1)


class Study:
    """The trials of one network.

    Drawn by a tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization"). Its
    seed is the trial's number, so the first ten or so, which are drawn at random, are the same for every network.

    Args:
        plan: what is searched.
        network: whose trials.
        out: the tuning's folder.
    """

    def __init__(self, plan: Plan, network: Network, out: Path) -> None:
        self._optuna, self._plan, self.network = optuna(), plan, network
        backend = self._optuna.storages.journal.JournalFileBackend(str(out / JOURNAL), lock_obj=_HeldAlready())
        pruners = self._optuna.pruners
        pruner = {
            "median": lambda: pruners.MedianPruner(n_startup_trials=4),
            "halving": lambda: pruners.SuccessiveHalvingPruner(),
            "none": lambda: pruners.NopPruner(),
        }[plan.pruner]()
        self._study = self._optuna.create_study(
            study_name=network.name,
            storage=self._optuna.storages.JournalStorage(backend),
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )

    def trials(self) -> list[Any]:
        """Every trial so far, Optuna's frozen ones."""
        found: list[Any] = self._study.get_trials(deepcopy=False)
        return found

    def ended(self) -> int:
        """How many trials are over, however they ended."""
        return sum(trial.state.is_finished() for trial in self.trials())

    def next(self) -> tuple[Any, dict[str, Value]]:
        """The trial that was interrupted, or a new one; with the value of every key."""
        interrupted = [trial for trial in self.trials() if not trial.state.is_finished()]
        number = interrupted[0].number if interrupted else len(self.trials())
        self._study.sampler = self._optuna.samplers.TPESampler(seed=number)
        trial = self._optuna.trial.Trial(self._study, interrupted[0]._trial_id) if interrupted else self._study.ask()
        return trial, {key: space.suggest(trial, key) for key, space in self._plan.keys.items()}

    def report(self, trial: Any, values: list[float]) -> bool:
        """Tell how far a trial is, the values of all its evaluations; whether it is to be given up."""
        known = len(self.trials()[trial.number].intermediate_values)
        for step, value in enumerate(values[known:], start=known):
            trial.report(value, step)
            if trial.should_prune():
                return True
        return False

    def tell(self, trial: Any, value: float | None, state: str) -> None:
        """A trial is over: ``complete`` with a value, ``pruned`` or ``fail``."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says of failed trials that they have no value
            self._study.tell(trial.number, value, state=self._optuna.trial.TrialState[state.upper()])

    def best(self) -> dict[str, Value] | None:
        """The values of the best trial that was completed; None before there is one."""
        complete = [trial for trial in self.trials() if trial.state.name == "COMPLETE"]
        if not complete:
            return None
        values: dict[str, Value] = max(complete, key=lambda trial: trial.value).params
        return {key: values[key] for key in self._plan.keys}
