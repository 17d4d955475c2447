"""One training run from settings: resumable after a kill at any moment, with the same metrics as without one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.experience import Arrays
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.settings import OffPolicySettings
from nearsym.envs import Step
from nearsym.envs.errors import InputError

from .build import EVALUATION_SEED, World, build_learner, build_world
from .checkpoint import latest_checkpoint, load_checkpoint, restore, save_checkpoint
from .data import check_data, record_data
from .diagnostics import measure, parameter_summary
from .evaluation import evaluate
from .folder import Run, open_run
from .freed_memory import keep_freed_memory
from .metrics import MetricsWriter, RunningMeans, columns
from .settings import TrainSettings

REPORT_EVERY = 25
"""Environment steps between two reports of progress."""

WORTH_COMPILING = 5000
"""Updates from which compiling pays: it takes about 20 seconds, and saves 2 to 10 milliseconds an update."""

CONVERT_EVERY = 100
"""Updates whose losses are turned into numbers in one go: each by itself would wait for a GPU."""


@dataclass(frozen=True)
class Progress:
    """What a display of a run needs.

    Attributes:
        step: environment steps done.
        total: environment steps in all.
        train_return: return of the last finished training episode, NaN before the first.
        eval_return: mean return of the last evaluation, NaN before the first.
        steps_per_second: of this process, over what it has done so far.
        evaluated: whether this report follows an evaluation.
    """

    step: int
    total: int
    train_return: float
    eval_return: float
    steps_per_second: float
    evaluated: bool


class Reporter(Protocol):
    """Shows a run to whoever watches it."""

    def started(self, step: int, summary: str) -> None:
        """The run starts, or goes on, at `step`; `summary` is one line on its networks."""

    def note(self, line: str) -> None:
        """Something that whoever watches should know, in one line."""

    def progress(self, progress: Progress) -> None:
        """After every training episode and evaluation, and every few steps between."""


class Silent:
    """A reporter that shows nothing."""

    def started(self, step: int, summary: str) -> None:
        """Nothing."""

    def note(self, line: str) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""


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
    torch.set_num_threads(settings.threads)
    world = build_world(settings, settings.seed, count=settings.env.count)
    learner = build_learner(settings, world)
    if learner.problem.is_image:
        keep_freed_memory()
    run = open_run(settings, command)
    if latest_checkpoint(run.checkpoints) is None:
        record_data(run.folder, world.env)
    check_data(run.folder, world.env)
    training = _Training(settings, run, world, learner, reporter or Silent())
    try:
        training.restore()
        training.go()
    finally:
        training.close()
    return run


class _Training:
    """Interacts, evaluates, writes metrics and takes checkpoints, the last three always between two steps."""

    def __init__(self, settings: TrainSettings, run: Run, world: World, learner: Learner, reporter: Reporter) -> None:
        self._settings, self._run, self._world, self._reporter = settings, run, world, reporter
        self._learner = learner
        self._eval = build_world(settings, settings.seed + EVALUATION_SEED, "validation")
        self._experience = learner.experience(settings.total_steps)
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
        folder = self._run.checkpoints
        saved = latest_checkpoint(folder)
        if saved is None:
            if folder.is_dir() and not any(folder.iterdir()):
                raise InputError(
                    f"the checkpoint of {self._run.folder} is missing: {folder} is empty; restore it from a copy, or "
                    "choose another run_dir to train from the start"
                )
            return
        checkpoint = load_checkpoint(saved)
        progress = restore(self._learner, self._experience, checkpoint)
        self._checkpoint_step, self._row_step = int(progress["step"]), int(progress["row_step"])
        self._episodes, self._bytes = int(progress["episodes"]), int(progress["bytes"])
        self._means = RunningMeans(progress["means"])
        self._go_on(progress, checkpoint.arrays)
        going_on = [f"actions_{i}" in checkpoint.arrays for i in range(len(self._world.episodes))]
        self._memory = checkpoint.memory, np.array(going_on)

    def go(self) -> None:
        """Train to the end."""
        learner, total = self._learner, self._settings.total_steps
        self._started, self._start_step = time.monotonic(), learner.steps
        self._reporter.started(learner.steps, parameter_summary(learner))
        self._compile()
        if learner.steps >= total:
            return
        names = columns(learner)
        self._writer = MetricsWriter(self._run.metrics, self._run.tensorboard, learner.steps, self._bytes, names)
        interaction = interact(learner, self._world.envs, self._experience, self._memory)
        reported = learner.steps
        while learner.steps < total:
            self._between(learner.steps)
            try:
                progress = next(interaction)
            except Exception:
                self._convert()  # what an environment failed at may be the actions of a policy that has diverged
                raise
            self._count(progress.step)
            self._collect(progress.losses)
            self._last = progress.step
            if learner.steps - reported >= REPORT_EVERY:
                reported = learner.steps
                self._show_progress(evaluated=False)
        self._evaluate(learner.steps)
        self._save(learner.steps)

    def _compile(self) -> None:
        """Have the learner compile its updates where that is asked for, or pays by the length of the whole run.

        Not of what is left of it: a run that goes on does as it did.
        """
        agent, asked = self._settings.agent, self._settings.compile.lower()
        updates = 0.0
        if isinstance(agent, OffPolicySettings):
            updates = (self._settings.total_steps - agent.learning_starts) / agent.train_every * agent.gradient_steps
        if asked == "true" or (asked == "auto" and updates >= WORTH_COMPILING):
            self._reporter.note("compiles its updates first (up to half a minute, remembered for the next time)")
            self._learner.compile(lambda reason: self._reporter.note(f"goes on without compiling: {reason}"))

    def close(self) -> None:
        """Let everything go."""
        if self._writer is not None:
            self._writer.close()
        self._world.close()
        self._eval.close()

    def _between(self, step: int) -> None:
        if step // self._settings.eval_every > self._row_step // self._settings.eval_every:
            self._evaluate(step)
        if step - self._checkpoint_step >= self._settings.checkpoint_every:
            self._save(step)

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
            self._losses.append((self._learner.steps, {name: loss.detach() for name, loss in losses.items()}))
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
        returns = evaluate(self._learner, self._eval, self._settings.eval_episodes)
        self._eval_return = float(returns.mean())
        values, scalars = measure(self._learner, self._experience)
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
        positions = [episodes.position for episodes in self._world.episodes]
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
        save_checkpoint(self._run.checkpoints, self._learner, self._experience, progress, arrays, memory)

    def _go_on(self, progress: dict[str, Any], arrays: Arrays) -> None:
        """Have every environment play its episode as far as it was."""
        playing = progress["playing"]
        self._returns = np.array(progress["returns"])
        if len(playing) != len(self._world.episodes):
            raise InputError(
                f"the run in {self._run.folder} has env.count={len(playing)}, not {len(self._world.episodes)}; resume "
                "with the same"
            )
        for i, (episodes, number) in enumerate(zip(self._world.episodes, playing, strict=True)):
            episodes.go_on(number, list(arrays.get(f"actions_{i}", ())), arrays.get(f"observation_{i}"))

    def _speed(self) -> float:
        elapsed = max(time.monotonic() - self._started, 1e-9)
        return (self._learner.steps - self._start_step) / elapsed

    def _show_progress(self, evaluated: bool) -> None:
        self._reporter.progress(
            Progress(
                step=self._learner.steps,
                total=self._settings.total_steps,
                train_return=self._train_return,
                eval_return=self._eval_return,
                steps_per_second=self._speed(),
                evaluated=evaluated,
            )
        )
