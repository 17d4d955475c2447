"""Learning curves of our SAC beside stock stable-baselines3's, under equal conditions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from nearsym.agents.runs.build import EVALUATION_SEED, build_world
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import episodes

from .contenders import STOCK, contender
from .settings import BenchSettings


def learning_curve(name: str, settings: TrainSettings) -> Iterator[tuple[int, float]]:
    """Train one contender and yield (step, mean evaluation return) every `eval_every` steps.

    Stock and ours see the same environment, episodes, evaluation episodes and hyperparameters.
    """
    torch.set_num_threads(settings.threads)
    chosen = contender(name, settings)
    evaluation = build_world(settings, settings.seed + EVALUATION_SEED)
    for step in range(0, settings.total_steps + 1, settings.eval_every):
        if step:
            chosen.learn(settings.eval_every)
        evaluation.episodes[0].go_on(0)
        played = episodes(evaluation.envs, chosen.policy, settings.eval_episodes)
        yield step, float(np.mean([episode.undiscounted for episode in played]))


def compare_learning(settings: BenchSettings) -> Iterator[tuple[str, int, int, float]]:
    """Learning curves of stock SAC and ours, one after the other: (contender, seed, step, mean return)."""
    ours = f"nearsym, {settings.network.label}"
    for seed in settings.seeds:
        for label, name in ((STOCK, STOCK), (ours, settings.network.name)):
            for step, value in learning_curve(name, settings.training(seed)):
                yield label, seed, step, value
