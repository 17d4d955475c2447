"""How far a run of a suite is: kept in a file by the process that carries it out, read by the one that shows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from nearsym.agents.runs.checkpoint import latest_checkpoint, step_of
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.metrics import last_row
from nearsym.envs.atomic_file import write_atomic

FINISHED, FAILED, WAITING, RUNNING = "finished", "failed", "waiting", "running"


@dataclass(frozen=True)
class Status:
    """State of one run.

    Attributes:
        state: ``finished``, ``failed``, ``waiting`` or ``running``.
        seconds: its processes took so far, those that were killed or failed included.
        message: why it failed.
        launch: which `nearsym compare` it was started by; of another one the state is out of date.
        host: machine of the process that carries it out.
        pid: of that process, whose children train and evaluate.
    """

    state: str = WAITING
    seconds: float = 0.0
    message: str = ""
    launch: str = ""
    host: str = ""
    pid: int = 0


def write_status(path: Path, status: Status) -> None:
    """Keep a status."""
    write_atomic(path, json.dumps(asdict(status)) + "\n")


def read_status(path: Path) -> Status:
    """The status that was kept last; a waiting one when there is none, or none that can be read."""
    try:
        return Status(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return Status()


def is_trained(run: Run, total_steps: int) -> bool:
    """Whether a run has reached its last step and saved it."""
    saved = latest_checkpoint(run.checkpoints)
    if saved is not None:
        return step_of(saved) >= total_steps
    # published results come without checkpoints
    return not run.checkpoints.exists() and last_row(run.metrics)[0] >= total_steps
