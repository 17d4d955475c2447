"""Prints how many hidden units of each trained actor in runs/trade-* never fire on the first 60 days of its test."""

from pathlib import Path

import numpy as np
import torch

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.evaluation import load_learner

DAYS = 60

for folder in sorted(Path("runs").glob("trade-*-*-*")):
    settings, learner = load_learner(folder)
    env = build_env(settings, "test")
    observation, _ = env.reset()
    observations = [observation]
    for _ in range(DAYS - 1):
        observation, *_ = env.step(learner.predict(observation)[0])
        observations.append(observation)
    actor, batch = learner.networks()["actor"], torch.tensor(np.array(observations))
    with torch.no_grad():
        x = actor.trunk(batch)
        dead = []
        for layer in actor.mlp.layers:
            x = torch.relu(layer(x))
            dead.append(f"{(x == 0).all(dim=-2).float().mean():.0%}")
        moves = torch.tanh(actor(batch)[0]).std(dim=0).mean()
    print(f"{folder.name}: dead units by layer {', '.join(dead)}; actions vary from day to day by {moves:.2g}")
