"""A run of a suite as a job: train, evaluate, try again; the same for every launcher."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nearsym.agents.runs.evaluation_files import is_done
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.metrics import last_row
from nearsym.agents.runs.settings import TrainSettings

from .settings_file import write_settings
from .status import FAILED, FINISHED, RUNNING, WAITING, Status, is_trained, read_status, write_status
from .suite import RunSpec

WORKER = ("-m", "nearsym.agents.comparison.worker")
"""What a process that dies with this one runs; the settings file and the step follow."""

HEARTBEAT = 5.0
"""Seconds between two statuses of a run that goes on."""

TRAIN, EVALUATE = "train", "evaluate"
"""What a run's processes do: both steps, or what is left of them."""

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """What a worker, perhaps on another machine, needs to carry out a run.

    Attributes:
        spec: the run.
        training: its settings.
        out: the suite's folder, seen from `folder`.
        folder: where the command was given; a user's own environments are looked for there.
        launch: which `nearsym compare` it is of.
        retries: how often a failed run is tried again.
        companions: the same with other seeds, which its process carries out too; never carried out at the same time.
    """

    spec: RunSpec
    training: TrainSettings
    out: str
    folder: str
    launch: str
    retries: int
    companions: tuple[tuple[RunSpec, TrainSettings], ...] = ()

    @property
    def group(self) -> str:
        """What it has in common with its companions."""
        return self.spec.path.rpartition("/")[0] if self.companions else self.spec.path

    @property
    def run(self) -> Run:
        """The run's folder."""
        return self.run_of(self.spec)

    @property
    def log(self) -> Path:
        """What the run's processes print; outside its folder, which has to be empty or a run."""
        return self._beside("txt")

    @property
    def settings(self) -> Path:
        """The file that tells its processes what to do."""
        return self._beside("yaml")

    @property
    def status(self) -> Path:
        """The file of its status."""
        return self._beside("json")

    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.trained() and self.evaluated()

    def trained(self) -> bool:
        """Whether it has reached its last step."""
        return is_trained(self.run, self.spec.total_steps)

    def evaluated(self) -> bool:
        """Whether its last checkpoint was evaluated as the suite says."""
        return is_done(self.run, self.spec.evaluation)

    def run_of(self, spec: RunSpec) -> Run:
        """The folder of a companion."""
        return Run(Path(self.folder, self.out, spec.path))

    def untrained(self) -> list[tuple[RunSpec, TrainSettings]]:
        """Its companions that are left to train."""
        return [one for one in self.companions if not is_trained(self.run_of(one[0]), one[0].total_steps)]

    def under_way(self) -> RunSpec:
        """The one of its process that is being trained: itself, and then the first that is not at its end."""
        specs = [self.spec, *(spec for spec, _ in self.companions)]
        return next((one for one in specs if last_row(self.run_of(one).metrics)[0] < one.total_steps), self.spec)

    def status_of(self, spec: RunSpec) -> Path:
        """The file of a companion's status."""
        return self._beside("json", spec)

    def _beside(self, suffix: str, spec: RunSpec | None = None) -> Path:
        return Path(self.folder, self.out, "logs", f"{(spec or self.spec).path}.{suffix}")


def carry_out(job: Job, stopped: Callable[[], bool] = lambda: False) -> Status:
    """Train and evaluate, again after a failure, from the last checkpoint each time, and then without its companions.

    Args:
        job: the run.
        stopped: asked several times a second; when true, the run is left to be resumed.

    Returns:
        A status that is finished, failed with the last line that was printed, or waiting when stopped.
    """
    job.log.parent.mkdir(parents=True, exist_ok=True)
    attempts = 1 + job.retries
    message = ""
    for attempt in range(1, attempts + 1):
        label = "" if attempt == 1 else f"attempt {attempt} of {attempts}: "
        beside = job.untrained() if attempt == 1 else []
        steps = [(train, spec.evaluation) for spec, train in [(job.spec, job.training), *beside]]
        write_settings(job.settings, ["nearsym", TRAIN, *job.spec.overrides], steps)
        try:
            message = _attempt(job, label, stopped)
        except _StoppedError:
            return _record(job, WAITING, read_status(job.status).seconds)
        if not message:
            return _record(job, FINISHED, _share(job, [spec for spec, _ in beside]))
    return _record(job, FAILED, read_status(job.status).seconds, message)


def _share(job: Job, beside: Sequence[RunSpec]) -> float:
    """A run's share of the seconds of its process; the others', who have no process of their own, are kept for them."""
    status = read_status(job.status)
    share = status.seconds / (1 + len(beside))
    for spec in beside:
        before = read_status(job.status_of(spec)).seconds
        write_status(job.status_of(spec), replace(status, state=WAITING, seconds=before + share))
    return share


class _StoppedError(Exception):
    """The comparison was interrupted."""


def _attempt(job: Job, label: str, stopped: Callable[[], bool]) -> str:
    """What went wrong, in one line; empty when nothing did."""
    message = ""
    if not job.trained():
        message = _spawn(job, label, TRAIN, job.spec.overrides, stopped)
    if not message and not job.evaluated():
        message = _spawn(job, label, EVALUATE, job.spec.evaluation_arguments, stopped)
    if message and job.companions and job.finished():
        return ""  # it was another run of its process that failed, which will say so itself
    if not message and not job.finished():
        message = "its commands ended well and left no finished run; see its log"
    return message


def _spawn(job: Job, label: str, step: str, arguments: Sequence[str], stopped: Callable[[], bool]) -> str:
    """Run one step to its end; the last line of its output when it failed, else nothing."""
    before, start = read_status(job.status).seconds, time.monotonic()
    with job.log.open("a") as log:
        log.write(f"{label}$ nearsym {step} {shlex.join(arguments)}\n")
        log.flush()
        printed = log.tell()
        process = subprocess.Popen(
            # -u: what is printed stays in job, so that the last line is the error's
            [sys.executable, "-u", *WORKER, str(job.settings), step],
            cwd=job.folder,
            env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(job.training.threads))},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes to the comparison, which ends its processes itself
        )
        beat = -HEARTBEAT
        try:
            while process.poll() is None:
                if stopped():
                    raise _StoppedError
                elapsed = time.monotonic() - start
                if elapsed - beat >= HEARTBEAT:
                    beat = elapsed
                    _record(job, RUNNING, before + elapsed)
                time.sleep(0.1)
        finally:
            _end(process)
            _record(job, RUNNING, before + time.monotonic() - start)
    if process.returncode == 0:
        return ""
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        return f"nearsym {step} was ended by {name}"
    with job.log.open(errors="replace") as log:
        log.seek(printed)
        lines = [line.strip() for line in log if line.strip()]
    return lines[-1] if lines else f"nearsym {step} ended with exit code {process.returncode}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process if it still runs: checkpoints are written so that a kill at any moment leaves a whole one."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _record(job: Job, state: str, seconds: float, message: str = "") -> Status:
    status = Status(state, round(seconds, 1), message, job.launch, socket.gethostname(), os.getpid())
    write_status(job.status, status)
    return status
