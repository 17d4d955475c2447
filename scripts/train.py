"""`nearsym train`: parsing and a progress display."""

from __future__ import annotations

import math
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from nearsym.agents.settings import TrainSettings
from nearsym.agents.training import Progress, train

from .compose import compose
from .help import command_help


def run(words: list[str]) -> int:
    """Train from overrides."""
    settings = compose("train", TrainSettings, words)
    with Display(settings) as display:
        finished = train(settings, ["nearsym", "train", *words], display)
    noise = "[0,0.01]" if settings.env.id.startswith("trading/") else "[0,0.1,0.2]"
    print(
        f"finished: {finished.folder} (metrics.csv, checkpoints, tensorboard --logdir {finished.tensorboard})\n"
        f"next:     nearsym evaluate {finished.folder} episodes=10 noise={noise}"
    )
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "train",
        TrainSettings,
        "nearsym train: train an agent, or continue training it with resume=true",
        "nearsym train env=dmc/cartpole-swingup network=relaxed seed=0 total_steps=20000 run_dir=runs/x",
        ("env", "agent", "network", "perturbation"),
    )


class Display:
    """A progress bar on a terminal, one line for each evaluation elsewhere."""

    def __init__(self, settings: TrainSettings) -> None:
        self._settings = settings
        self._console = Console(file=sys.stdout, highlight=False)
        self._bar = Bar(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps  {task.description}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=settings.total_steps)

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def started(self, step: int, summary: str) -> None:
        """Say what is trained and where."""
        doing = f"continues at step {step:,}" if step else "starts"
        self._print(f"{self._settings.env.id}, seed {self._settings.seed}: {doing}; {summary}")
        self._bar.update(self._task, completed=step)

    def progress(self, progress: Progress) -> None:
        """Advance the bar; after an evaluation print a line."""
        speed = f"{progress.steps_per_second:.0f} steps/s"
        returns = f"train {_number(progress.train_return)}, eval {_number(progress.eval_return)}"
        self._bar.update(self._task, completed=progress.step, description=f"{returns}, {speed}, left")
        if progress.evaluated:
            self._print(f"step {progress.step:>9,}  {returns}  ({speed})")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"
