"""The folder of a suite: which suite its runs are of, and suite.json, which says how far they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.lock import take_lock
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError

from .status import Status
from .suite import RunSpec, Suite
from .suite_file import content_of, read_suite


class SuiteFolder:
    """Keeps ``suite.yaml`` and ``suite.json`` of a folder.

    Args:
        out: the folder.
        suite: whose runs are to lie in it.
        families: what ``network=`` takes.
        threads: torch threads of each run.

    Raises:
        InputError: the folder holds something else, runs of another suite, or another comparison is at work in it.
    """

    def __init__(self, out: Path, suite: Suite, families: Collection[str], threads: int = 1) -> None:
        self.out, self._suite, self._families, self._threads = out, suite, families, threads
        self._written = ""
        self.runs: Sequence[RunSpec] = suite.runs(str(out), threads)
        self._check()

    def open(self) -> None:
        """Make the folder this comparison's.

        Raises:
            InputError: another comparison is at work in it.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        taken = f"another nearsym compare is at work in {self.out}; wait for it, or choose another out"
        self._lock = take_lock(self.out / ".lock", 0, taken)
        write_atomic(self.out / "suite.yaml", yaml.safe_dump(content_of(self._suite), sort_keys=False))

    def close(self) -> None:
        """Let another comparison have the folder."""
        self._lock.close()

    def seconds(self) -> dict[str, float]:
        """Seconds of each run in suite.json, by path; nothing when there is none that can be read."""
        try:
            runs = json.loads((self.out / "suite.json").read_text())["runs"]
            return {str(run["path"]): float(run["seconds"]) for run in runs}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def write(self, states: Mapping[str, Status]) -> None:
        """Bring suite.json up to date."""
        runs = [
            {
                "path": spec.path,
                "task": spec.task,
                "perturbation": dict(spec.perturbation),
                "network": spec.network,
                "seed": spec.seed,
                "state": states[spec.path].state,
                "seconds": states[spec.path].seconds,
                "message": states[spec.path].message,
            }
            for spec in self.runs
        ]
        # a line for each run: a thousand are written every second, and indenting them takes twice as long
        lines = ",\n".join(json.dumps(run) for run in runs)
        text = f'{{"name": {json.dumps(self._suite.name)}, "runs": [\n{lines}\n]}}\n'
        if text != self._written:
            write_atomic(self.out / "suite.json", text)
            self._written = text

    def _check(self) -> None:
        """Runs may be added to those that are there, which stay what they were."""
        kept = self.out / "suite.yaml"
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f"out={self.out} is a file; choose another out")
        if not kept.is_file():
            if self.out.is_dir() and any(path.name != ".lock" for path in self.out.iterdir()):
                raise InputError(f"out={self.out} exists and holds no suite; choose another out")
            return
        saved = read_suite(kept, self._families, saved=True)
        before = [
            spec for spec in saved.runs(str(self.out), self._threads) if Run(self.out / spec.path).config.exists()
        ]
        if before and saved.name != self._suite.name:
            raise self._changed(f"its name was {saved.name!r} and is {self._suite.name!r}")
        now = {spec.path: spec for spec in self.runs}
        for spec in before:
            if spec.path not in now:
                raise self._changed(f"{spec.path} is no longer one of its runs")
            was, is_now = (set(one.overrides + one.evaluation_arguments) for one in (spec, now[spec.path]))
            if was != is_now:
                gone, new = (" ".join(sorted(arguments)) or "nothing" for arguments in (was - is_now, is_now - was))
                raise self._changed(f"{spec.path} had {gone} and has {new}")
            if spec.overrides != now[spec.path].overrides:
                raise self._changed(f"the order of its overrides for {spec.path} is another")

    def _changed(self, difference: str) -> InputError:
        return InputError(
            f"the suite has changed since the runs in {self.out} were started: {difference}; choose another out, or "
            "take the change back (further tasks, perturbations, networks and seeds may be added)"
        )
