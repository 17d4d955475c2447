"""One training run from settings: resumable after a kill at any moment, with the same metrics as without one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from nearsym.envs.capabilities import splits
from nearsym.envs.errors import InputError

from .agent import Agent
from .agent_settings import DrQSACSettings, DrQv2Settings
from .build import EVALUATION_SEED, Trainee, build_agent, build_env
from .checkpoint import latest_checkpoint, load_checkpoint, restore, save_checkpoint
from .diagnostics import measure, parameter_summary
from .evaluation import rollout_returns
from .memory import keep_freed_memory
from .metrics import MetricsWriter, RunningMeans
from .run import Run, open_run
from .settings import TrainSettings

REPORT_EVERY = 25
"""Environment steps between two reports of progress."""

LOSSES = ("actor_loss", "critic_loss", "ent_coef", "entropy", "noise", "value")


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

    def progress(self, progress: Progress) -> None:
        """After every training episode and evaluation, and every few steps between."""


class Silent:
    """A reporter that shows nothing."""

    def started(self, step: int, summary: str) -> None:
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
    if isinstance(settings.agent, DrQv2Settings | DrQSACSettings):
        keep_freed_memory()
    reporter = reporter or Silent()
    trainee = build_env(settings, settings.seed)
    agent = build_agent(settings, trainee)
    agent.set_logger(Logger(None, []))
    run = open_run(settings, command)
    saved = latest_checkpoint(run.checkpoints)
    if saved is None and run.checkpoints.is_dir() and not any(run.checkpoints.iterdir()):
        raise InputError(
            f"the checkpoint of {run.folder} is missing: {run.checkpoints} is empty; restore it from a copy, or "
            "choose another run_dir to train from the start"
        )
    progress = restore(agent, load_checkpoint(saved)) if saved is not None else None
    reporter.started(agent.num_timesteps, parameter_summary(agent.policy))
    remaining = settings.total_steps - agent.num_timesteps
    if remaining > 0:
        callback = _RunCallback(settings, run, trainee, progress, reporter)
        agent.learn(remaining, callback=callback, reset_num_timesteps=False)
    trainee.env.close()
    return run


class _RunCallback(BaseCallback):
    """Evaluates, writes metrics and takes checkpoints, always between two environment steps."""

    model: Agent

    def __init__(
        self,
        settings: TrainSettings,
        run: Run,
        trainee: Trainee,
        saved: dict[str, Any] | None,
        reporter: Reporter,
    ) -> None:
        super().__init__()
        self._settings, self._run, self._reporter = settings, run, reporter
        self._eval = build_env(settings, settings.seed + EVALUATION_SEED, "validation")
        saved = saved or {"step": 0, "episodes": 0, "row_step": -1, "bytes": None, "means": {}}
        self._checkpoint_step, self._row_step = int(saved["step"]), int(saved["row_step"])
        self._episodes = int(saved["episodes"])
        self._means = RunningMeans(saved["means"])
        self._writer = MetricsWriter(run.metrics, run.tensorboard, self._checkpoint_step, saved["bytes"])
        trainee.episodes.episode = self._episodes
        self._at_episode_end = False
        self._train_return = self._eval_return = math.nan

    def _on_training_start(self) -> None:
        self._started, self._start_step = time.monotonic(), self.num_timesteps

    def _on_rollout_start(self) -> None:
        """Between the update after one step and the next step."""
        self._collect_losses()
        step = self.model.num_timesteps
        if step // self._settings.eval_every > self._row_step // self._settings.eval_every:
            self._evaluate(step)
        if self._at_episode_end and step - self._checkpoint_step >= self._settings.checkpoint_every:
            self._save(step)

    def _on_step(self) -> bool:
        self._at_episode_end = bool(self.locals["dones"].all())
        for info in self.locals["infos"]:
            if "episode" in info:
                self._train_return = float(info["episode"]["r"])
                self._means.add("train_return", self._train_return)
                self._episodes += 1
        if self.n_calls % REPORT_EVERY == 0:
            self._tell(evaluated=False)
        return True

    def _on_training_end(self) -> None:
        self._collect_losses()
        self._evaluate(self.model.num_timesteps)
        self._save(self.model.num_timesteps)
        self._writer.close()
        self._eval.env.close()

    def _collect_losses(self) -> None:
        values = self.model.logger.name_to_value
        for name in LOSSES:
            value = values.pop(f"train/{name}", None)
            if value is None:
                continue
            if not math.isfinite(value):
                raise InputError(
                    f"training diverged: {name} is {value} at step {self.model.num_timesteps}; lower "
                    "agent.learning_rate or check the scale of the reward (earlier checkpoints are kept)"
                )
            self._means.add(name, value)

    def _evaluate(self, step: int) -> None:
        self._row_step = step
        self._eval.episodes.episode = 0
        episodes = 1 if splits(self._eval.env) else self._settings.eval_episodes
        returns = rollout_returns(self.model, self._eval.env, episodes)
        self._eval_return = float(returns.mean())
        values, scalars = measure(self.model)
        row = {"step": step, "episodes": self._episodes, **self._means.take(), **values}
        self._writer.row({**row, "eval_return": self._eval_return, "eval_return_std": float(returns.std())})
        if step > self._start_step:
            scalars["time/steps_per_second"] = self._speed()
        self._writer.scalars(scalars, step)
        self._tell(evaluated=True)

    def _save(self, step: int) -> None:
        self._checkpoint_step = step
        progress = {
            "step": step,
            "episodes": self._episodes,
            "row_step": self._row_step,
            "bytes": self._writer.size(),
            "means": self._means.state(),
        }
        save_checkpoint(self._run.checkpoints, self.model, progress)

    def _speed(self) -> float:
        elapsed = max(time.monotonic() - self._started, 1e-9)
        return (self.model.num_timesteps - self._start_step) / elapsed

    def _tell(self, evaluated: bool) -> None:
        self._reporter.progress(
            Progress(
                step=self.model.num_timesteps,
                total=self._settings.total_steps,
                train_return=self._train_return,
                eval_return=self._eval_return,
                steps_per_second=self._speed(),
                evaluated=evaluated,
            )
        )
