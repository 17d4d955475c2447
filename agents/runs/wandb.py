"""Weights & Biases beside TensorBoard, where it is asked for (the extra ``wandb``)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError, first_line
from nearsym.envs.extra import extra

from .folder import Run
from .settings import TrainSettings

ID = "wandb.txt"
"""Name of the file in a run's folder that holds the run's id there, so that a run that is resumed goes on there too."""


def load_wandb() -> Any:
    """The package.

    Raises:
        InputError: it is not installed.
    """
    return extra("wandb", "wandb", "wandb=")


class WandbScalars:
    """The scalars that TensorBoard has, in a project of Weights & Biases, with the run's settings.

    A run that goes on from a checkpoint writes steps again that it had written before it was killed, the same values;
    Weights & Biases keeps those that came first.

    Args:
        settings: of the run.
        run: its folder.

    Raises:
        InputError: the package is not installed, or the run cannot be opened there.
    """

    def __init__(self, settings: TrainSettings, run: Run) -> None:
        package, known = load_wandb(), run.folder / ID
        if not known.is_file():
            write_atomic(known, uuid.uuid4().hex + "\n")
        try:
            self._run = package.init(
                project=settings.wandb,
                name=run.folder.name,
                id=known.read_text().strip(),
                resume="allow",
                reinit="create_new",  # several seeds in one process are several runs
                config=asdict(settings),
                dir=str(run.folder),
            )
        except Exception as error:  # of the network, of its login, of its service
            first = first_line(error)
            raise InputError(
                f"wandb={settings.wandb} cannot be opened ({first}); log in with wandb login, or leave wandb= out"
            ) from error

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._run.finish()
