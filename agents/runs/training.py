"""One training run from settings: resumable after a kill at any moment, with the same metrics as without one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.experience import Arrays
from nearsym.agents.algorithms.interaction import interact
from nearsym.envs import Step
from nearsym.envs.errors import InputError

from .build import EVALUATION_SEED, World, build_learner, build_world
from .checkpoint import latest_checkpoint, load_checkpoint, restore, save_checkpoint, step_of, whole
from .compiling import COMPILES, NOT_COMPILED, compiles
from .data import check_data, record_data
from .diagnostics import measure, parameter_summary
from .evaluation import evaluate
from .folder import Run, open_run
from .freed_memory import keep_freed_memory
from .metrics import MetricsWriter, RunningMeans, columns
from .reporter import Progress, Reporter, Silent
from .settings import LONGEST, TrainSettings
from .time_left import TimeLeft
from .wandb import WandbScalars, load_wandb

REPORT_EVERY = 25
"""Environment steps between two reports of progress."""

READS = "reads images in {} (agent.precision)"

CONVERT_EVERY = 100
"""Updates whose losses are turned into numbers in one go: each by itself would wait for a GPU."""


def train(settings: TrainSettings, command: list[str], reporter: Reporter | None = None) -> Run:
    """Train an agent, or continue training it.

    Args:
        settings: the run.
        command: the command line, for the record.
        reporter: shows progress.

    Returns:
        The run's folder.

    Raises:
        InputError: something in the settings does not fit, a saved run is damaged, or training diverged.
    """
    with opened(settings, command, reporter or Silent()) as training:
        training.go()
    return training.run


@contextmanager
def opened(settings: TrainSettings, command: list[str], reporter: Reporter) -> Iterator[Training]:
    """A run, built and brought to its last checkpoint; arguments and errors are those of `train`."""
    torch.set_num_threads(settings.threads)
    if settings.wandb:
        load_wandb()  # before anything is built
    longest = max(LONGEST, settings.eval_steps)
    with closing(build_world(settings, settings.seed, count=settings.env.count, longest=longest)) as world:
        learner = build_learner(settings, world)
        if learner.problem.is_image:
            keep_freed_memory()
        with open_run(settings, command, learner.problem.symmetry) as run:
            if not run.has_saved():
                record_data(run.folder, world.env)
            check_data(run.folder, world.env)
            training = Training(settings, run, world, learner, reporter)
            try:
                training.restore()
                yield training
            finally:
                training.close()


class Training:
    """Interacts, evaluates, writes metrics and takes checkpoints, the last three always between two steps."""

    def __init__(self, settings: TrainSettings, run: Run, world: World, learner: Learner, reporter: Reporter) -> None:
        self.settings, self.run, self.world, self._reporter = settings, run, world, reporter
        self.learner = learner
        self._eval = build_world(settings, settings.seed + EVALUATION_SEED, "validation")
        self.experience = learner.experience(settings.total_steps)
        self._writer: MetricsWriter | None = None
        self._checkpoint_step, self._row_step, self._episodes = 0, -1, 0
        self._bytes: int | None = None
        self._means = RunningMeans()
        self._losses: list[tuple[int, dict[str, Tensor]]] = []
        self._returns = np.zeros(settings.env.count)
        self._last: Step | None = None
        self._memory: tuple[Any, Any] | None = None
        self._train_return = self._eval_return = math.nan

    def restore(self) -> None:
        """Go to the last checkpoint, if there is one."""
        folder = self.run.checkpoints
        saved = latest_checkpoint(folder)
        if saved is None:
            if self.run.has_saved():
                raise InputError(
                    f"the checkpoint of {self.run.folder} is missing: {folder} holds none; restore it from a copy, or "
                    "choose another run_dir to train from the start"
                )
            return
        checkpoint = load_checkpoint(saved)
        progress = restore(self.learner, self.experience, checkpoint)
        with whole(saved):
            if progress["step"] != step_of(saved):
                raise ValueError(f"it is of step {progress['step']}")
            self._checkpoint_step, self._row_step = int(progress["step"]), int(progress["row_step"])
            self._episodes, self._bytes = int(progress["episodes"]), int(progress["bytes"])
            self._means = RunningMeans(progress["means"])
            self._go_on(progress, checkpoint.arrays)
            going_on = [f"actions_{i}" in checkpoint.arrays for i in range(len(self.world.episodes))]
            self._memory = checkpoint.memory, np.array(going_on)

    def go(self, like: Learner | None = None) -> None:
        """Train to the end.

        Args:
            like: a learner of a run that differs in its seed alone, whose compiled code may be used.
        """
        if not self.begin():
            return
        self._compile(like)
        learner = self.learner
        interaction = interact(learner, self.world.envs, self.experience, self._memory)
        while learner.steps < self.settings.total_steps:
            self.pause()
            try:
                progress = next(interaction)
            except Exception:
                self.failed()
                raise
            self.took(progress.step, progress.losses)
        self.end()

    def begin(self) -> bool:
        """Say what is trained, and open its metrics; whether there is anything to do."""
        learner, total = self.learner, self.settings.total_steps
        self._started, self._start_step = time.monotonic(), learner.steps
        self._reporter.started(learner.steps, parameter_summary(learner))
        if self.world.where:
            self.note(self.world.where)
        if learner.precision is not None:
            self.note(READS.format(str(learner.precision).removeprefix("torch.")))
        if learner.steps >= total:
            return False
        names = columns(learner)
        also = WandbScalars(self.settings, self.run) if self.settings.wandb else None
        self._writer = MetricsWriter(self.run.metrics, self.run.tensorboard, learner.steps, self._bytes, names, also)
        self._reported, self._time_left = learner.steps, TimeLeft(total)
        return True

    def pause(self) -> None:
        """Between two steps: evaluate or save where that is due."""
        step, settings = self.learner.steps, self.settings
        if step // settings.eval_every > self._row_step // settings.eval_every:
            self._evaluate(step)
        if step - self._checkpoint_step >= settings.checkpoint_every:
            self._save(step)

    def failed(self) -> None:
        """What an environment failed at may be the actions of a policy that has diverged: say so if it has."""
        self._convert()

    def took(self, step: Step, losses: dict[str, Tensor]) -> None:
        """Count a step and the losses of the last update after it."""
        self._count(step)
        self._collect(losses)
        self._last = step
        if line := self._time_left.after(self.learner.steps, bool(losses)):
            self.note(line)
        if self.learner.steps - self._reported >= REPORT_EVERY:
            self._reported = self.learner.steps
            self._show_progress(evaluated=False)

    def end(self) -> None:
        """Evaluate and save at the end."""
        self._evaluate(self.learner.steps)
        self._save(self.learner.steps)

    def note(self, line: str) -> None:
        """Tell whoever watches."""
        self._reporter.note(line)

    def _compile(self, like: Learner | None) -> None:
        if compiles(self.settings):
            if like is None:
                self.note(COMPILES)
            self.learner.compile(lambda reason: self.note(NOT_COMPILED.format(reason)), like)

    def close(self) -> None:
        """Let everything go."""
        if self._writer is not None:
            self._writer.close()
        self._eval.close()

    def _count(self, step: Step) -> None:
        self._returns += step.rewards
        for i in np.flatnonzero(step.ended):
            # rounded as stable-baselines3's Monitor does, with which version 0.1 counted
            self._train_return = round(float(self._returns[i]), 6)
            self._means.add("train_return", self._train_return)
            self._episodes += 1
        self._returns[step.ended] = 0.0

    def _collect(self, losses: dict[str, Tensor]) -> None:
        if losses:
            self._losses.append((self.learner.steps, {name: loss.detach() for name, loss in losses.items()}))
        if len(self._losses) >= CONVERT_EVERY:
            self._convert()

    def _convert(self) -> None:
        """Count the losses collected so far; nothing is evaluated or saved before, so divergence leaves no trace."""
        collected, self._losses = self._losses, []
        if not collected:
            return
        names = list(collected[0][1])
        values = [torch.stack([losses[name] for _, losses in collected]).tolist() for name in names]
        for (step, _), row in zip(collected, zip(*values, strict=True), strict=True):
            for name, value in zip(names, row, strict=True):
                if not math.isfinite(value):
                    raise InputError(
                        f"training diverged: {name} is {value} at step {step}; lower agent.learning_rate or check the "
                        "scale of the reward (earlier checkpoints are kept)"
                    )
                self._means.add(name, value)

    def _evaluate(self, step: int) -> None:
        assert self._writer is not None  # made before the first step
        self._convert()
        self._row_step = step
        returns = evaluate(self.learner, self._eval, self.settings.eval_episodes)
        self._eval_return = float(returns.mean())
        values, scalars = measure(self.learner, self.experience)
        row = {"step": step, "episodes": self._episodes, **self._means.take(), **values}
        self._writer.row({**row, "eval_return": self._eval_return, "eval_return_std": float(returns.std())})
        if step > self._start_step:
            scalars["time/steps_per_second"] = self._speed()
        self._writer.scalars(scalars, step)
        self._show_progress(evaluated=True)

    def _save(self, step: int) -> None:
        assert self._writer is not None  # made before the first step
        self._convert()
        self._checkpoint_step = step
        positions = [episodes.position for episodes in self.world.episodes]
        progress = {
            "step": step,
            "episodes": self._episodes,
            "row_step": self._row_step,
            "bytes": self._writer.size(),
            "means": self._means.state(),
            "returns": self._returns.tolist(),
            "playing": [number for number, _ in positions],
        }
        arrays: Arrays = {}
        assert self._last is not None  # nothing is saved before the first step
        for i, (_, actions) in enumerate(positions):
            if len(actions):
                arrays[f"actions_{i}"], arrays[f"observation_{i}"] = np.array(actions), self._last.next_observations[i]
        memory = self._last.next_memory
        save_checkpoint(self.run.checkpoints, self.learner, self.experience, progress, arrays, memory)
        self.run.mark_saved()

    def _go_on(self, progress: dict[str, Any], arrays: Arrays) -> None:
        """Have every environment play its episode as far as it was."""
        playing = progress["playing"]
        if len(playing) != len(self.world.episodes):
            raise InputError(
                f"the run in {self.run.folder} has env.count={len(playing)}, not {len(self.world.episodes)}; resume "
                "with the same"
            )
        self._returns = np.array(progress["returns"], dtype=np.float64)
        if self._returns.shape != (len(playing),) or not np.isfinite(self._returns).all():
            raise ValueError(f"returns are {progress['returns']}")
        if not all(isinstance(number, int) and number >= 0 for number in playing):
            raise ValueError(f"episodes are {playing}")
        for i, (episodes, number) in enumerate(zip(self.world.episodes, playing, strict=True)):
            episodes.go_on(number, list(arrays.get(f"actions_{i}", ())), arrays.get(f"observation_{i}"))

    def _speed(self) -> float:
        elapsed = max(time.monotonic() - self._started, 1e-9)
        return (self.learner.steps - self._start_step) / elapsed

    def _show_progress(self, evaluated: bool) -> None:
        self._reporter.progress(
            Progress(
                step=self.learner.steps,
                total=self.settings.total_steps,
                train_return=self._train_return,
                eval_return=self._eval_return,
                steps_per_second=self._speed(),
                evaluated=evaluated,
            )
        )
