"""One step of a run in a process of its own: ``python -m nearsym.agents.comparison.worker FILE train``.

FILE is the run's settings file. What is trained is evaluated too, where it was not yet; the step ``evaluate`` does that
alone. The process holds the lock beside the file, and dies
with the process that started it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from nearsym.agents.runs.console import evaluate_and_show, train_and_show, train_seeds_and_show
from nearsym.agents.runs.evaluation_files import is_done
from nearsym.agents.runs.folder import Run
from nearsym.envs.errors import InputError

from .jobs import TRAIN
from .process_guard import guard
from .settings_file import read_settings


def main(file: str, step: str) -> None:
    """Carry out a step; exits with 2 and one line when its settings do not fit."""
    path = Path(file)
    guard(path.with_suffix(".lock"))
    try:
        command, runs = read_settings(path)
        if step == TRAIN:
            training = [train for train, _ in runs]
            train_seeds_and_show(training, command) if len(runs) > 1 else train_and_show(training[0], command)
        for _, evaluation in runs:
            if not is_done(Run(Path(evaluation.run)), evaluation):
                evaluate_and_show(evaluation)
    except InputError as error:
        print(f"nearsym: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
