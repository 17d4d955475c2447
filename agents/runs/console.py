"""Training and evaluating with what a command shows on standard output: progress, tables, and what was written."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from nearsym.envs import NoiseLevel, family_of
from nearsym.envs.errors import InputError

from .evaluation import evaluate_its_own_way, evaluate_run, load_learner
from .evaluation_files import asked_of, saved_step, write_evaluation, write_findings
from .folder import Run
from .many_seeds import train_seeds
from .noise_kinds import NOISE_KINDS
from .reporter import Progress
from .settings import EvaluateSettings, TrainSettings
from .training import train
from .video import film

WIDEST = 1000
"""Columns that no table of ours needs."""


def train_and_show(settings: TrainSettings, command: list[str]) -> Run:
    """Train as `train` does, with a display of its progress."""
    with Display(settings) as display:
        run = train(settings, command, display)
    print(f"finished: {run.folder} (metrics.csv, checkpoints, tensorboard --logdir {run.tensorboard})")
    return run


def train_seeds_and_show(settings: Sequence[TrainSettings], command: list[str]) -> list[Run]:
    """Train several seeds as `train_seeds` does, with one display of all."""
    with Display(settings[0]) as display:
        runs = train_seeds(settings, command, [display, *(_OfSeed(display, one.seed) for one in settings[1:])])
    print(f"finished: {', '.join(str(run.folder) for run in runs)}")
    return runs


def evaluate_and_show(settings: EvaluateSettings) -> None:
    """Evaluate a run at every level of noise: a table, JSON, a figure, and a video if asked for, in files of their own.

    An environment with an evaluation of its own decides itself what is measured and shown.

    Raises:
        InputError: the run cannot be evaluated so, or filmed.
    """
    folder = Path(settings.run)
    env = Run(folder).settings().env.id
    if settings.video and family_of(env).film is None:
        raise InputError(f"video=true films what an environment draws, and {env} draws nothing; leave it out")
    step = saved_step(folder)
    findings = evaluate_its_own_way(settings)
    levels = evaluate_run(settings) if findings is None else findings.levels
    asked = asked_of(settings, step if saved_step(folder) == step else None)  # a run may go on meanwhile
    if findings is not None:
        title = f"{env}: {folder.name}"
        show(findings.tables(title))
        print(f"written: {', '.join(map(str, write_findings(findings, settings, title, asked)))}")
        return
    written = write_evaluation(levels, settings, env, asked)
    print_table(_levels_table(levels, settings, env))
    if settings.video:
        saved, learner = load_learner(folder, settings.trust)
        written.append(written[0].with_suffix(".mp4"))
        film(learner, saved, settings.seed, written[-1])
    print(f"written: {', '.join(map(str, written))}")


def show(items: Sequence[Table | str]) -> None:
    """Print tables and lines."""
    for item in items:
        print(item) if isinstance(item, str) else print_table(item)


def print_table(table: Table) -> None:
    """Print a table; into a file or a pipe as wide as it is, so that no number is cut."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, Console(width=WIDEST).measure(table).maximum)
    console.print(table)


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

    def note(self, line: str) -> None:
        """Print it."""
        self._print(line)

    def progress(self, progress: Progress) -> None:
        """Advance the bar; after an evaluation print a line."""
        speed = f"{progress.steps_per_second:.0f} steps/s"
        returns = _returns(progress)
        self._bar.update(self._task, completed=progress.step, description=f"{returns}, {speed}, left")
        if progress.evaluated:
            self._print(f"step {progress.step:>9,}  {returns}  ({speed})")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)


class _OfSeed:
    """Of the other seeds that are trained at once, their evaluations alone."""

    def __init__(self, display: Display, seed: int) -> None:
        self._display, self._seed = display, seed

    def started(self, step: int, summary: str) -> None:
        """One line."""
        self._display.note(f"seed {self._seed}: {f'continues at step {step:,}' if step else 'starts'}")

    def note(self, line: str) -> None:
        """One line."""
        self._display.note(f"seed {self._seed}: {line}")

    def progress(self, progress: Progress) -> None:
        """After an evaluation one line."""
        if progress.evaluated:
            self._display.note(f"{'':14}seed {self._seed}: {_returns(progress)}")


def _levels_table(levels: list[NoiseLevel], settings: EvaluateSettings, env: str) -> Table:
    table = Table(title=f"{env}, {settings.episodes} episodes a level", title_justify="left")
    for column in (NOISE_KINDS[settings.noise_kind].heading, "mean return", "std", "IQM"):
        table.add_column(column, justify="right")
    for level in levels:
        table.add_row(f"{level.noise:g}", f"{level.mean:.1f}", f"{level.std:.1f}", f"{level.iqm:.1f}")
    return table


def _returns(progress: Progress) -> str:
    return f"last episode {_number(progress.train_return)}, eval {_number(progress.eval_return)}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"
