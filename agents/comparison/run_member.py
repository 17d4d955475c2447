"""Carrying out one run of a suite: train, evaluate, try again; the same for every launcher."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nearsym.agents.run import Run

from .status import FAILED, FINISHED, RUNNING, WAITING, Status, is_evaluated, is_trained, read_status, write_status
from .suite import Member

COMMAND = (
    "import sys; from nearsym.agents.comparison.lifeline import hold; hold(sys.argv.pop(1)); "
    "from nearsym.scripts.main import main; main()"
)
"""`nearsym` in a process that dies with this one; the words follow the path of the run's lock."""

HEARTBEAT = 5.0
"""Seconds between two statuses of a run that goes on."""

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Order:
    """What a worker, perhaps on another machine, needs to carry out a run.

    Attributes:
        member: the run.
        out: the suite's folder, seen from `folder`.
        folder: where the command was given; a user's own environments are looked for there.
        launch: which `nearsym compare` gave the order.
        retries: how often a failed run is tried again.
        threads: torch threads.
    """

    member: Member
    out: str
    folder: str
    launch: str
    retries: int
    threads: int

    @property
    def run(self) -> Run:
        """The run's folder."""
        return Run(Path(self.folder, self.out, self.member.path))

    @property
    def log(self) -> Path:
        """What the run's processes print; outside its folder, which has to be empty or a run."""
        return self._beside("txt")

    @property
    def status(self) -> Path:
        """The file of its status."""
        return self._beside("json")

    @property
    def lock(self) -> Path:
        """The file that whoever works on the run has locked."""
        return self._beside("lock")

    def finished(self) -> bool:
        """Whether nothing is left to do."""
        member = self.member
        return is_trained(self.run, member.total_steps) and is_evaluated(self.run, member.episodes, member.noise)

    def _beside(self, suffix: str) -> Path:
        return Path(self.folder, self.out, "logs", f"{self.member.path}.{suffix}")


def carry_out(order: Order, stopped: Callable[[], bool] = lambda: False) -> Status:
    """Train and evaluate, again after a failure, from the last checkpoint each time.

    Args:
        order: the run.
        stopped: asked several times a second; when true, the run is left to be resumed.

    Returns:
        A status that is finished, failed with the last line that was printed, or waiting when stopped.
    """
    order.log.parent.mkdir(parents=True, exist_ok=True)
    attempts = 1 + order.retries
    message = ""
    for attempt in range(1, attempts + 1):
        label = "" if attempt == 1 else f"attempt {attempt} of {attempts}: "
        try:
            message = _attempt(order, label, stopped)
        except _StoppedError:
            return _keep(order, WAITING, read_status(order.status).seconds)
        if not message:
            return _keep(order, FINISHED, read_status(order.status).seconds)
    return _keep(order, FAILED, read_status(order.status).seconds, message)


class _StoppedError(Exception):
    """The comparison was interrupted."""


def _attempt(order: Order, label: str, stopped: Callable[[], bool]) -> str:
    """What went wrong, in one line; empty when nothing did."""
    member = order.member
    _clear_unborn(order.run)
    message = ""
    if not is_trained(order.run, member.total_steps):
        message = _spawn(order, label, ["train", *member.words], stopped)
    if not message and not is_evaluated(order.run, member.episodes, member.noise):
        message = _spawn(order, label, ["evaluate", *member.evaluation], stopped)
    if not message and not order.finished():
        message = "its commands ended well and left no finished run; see its log"
    return message


def _spawn(order: Order, label: str, words: list[str], stopped: Callable[[], bool]) -> str:
    """Run one command to its end; the last line of its output when it failed, else nothing."""
    before, start = read_status(order.status).seconds, time.monotonic()
    with order.log.open("a") as log:
        log.write(f"{label}$ nearsym {shlex.join(words)}\n")
        log.flush()
        printed = log.tell()
        process = subprocess.Popen(
            # -u: what is printed stays in order, so that the last line is the error's
            [sys.executable, "-u", "-c", COMMAND, str(order.lock), *words],
            cwd=order.folder,
            env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(order.threads))},
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
                    _keep(order, RUNNING, before + elapsed)
                time.sleep(0.1)
        finally:
            _end(process)
            _keep(order, RUNNING, before + time.monotonic() - start)
    if process.returncode == 0:
        return ""
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        return f"nearsym {words[0]} was ended by {name}"
    with order.log.open(errors="replace") as log:
        log.seek(printed)
        lines = [line.strip() for line in log if line.strip()]
    return lines[-1] if lines else f"nearsym {words[0]} ended with exit code {process.returncode}"


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


def _clear_unborn(run: Run) -> None:
    """Remove what a kill between making the folder and writing its settings has left, which is no run to resume."""
    if run.folder.is_dir() and not run.config.exists():
        left = list(run.folder.iterdir())
        if all(path.name.startswith(("about.json", ".about.json.", ".config.yaml.")) for path in left):
            for path in left:
                path.unlink()


def _keep(order: Order, state: str, seconds: float, message: str = "") -> Status:
    status = Status(state, round(seconds, 1), message, order.launch, socket.gethostname(), os.getpid())
    write_status(order.status, status)
    return status
