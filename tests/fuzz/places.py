"""What lies in the folder that a case begins in: a user's own files, an environment, finished runs."""

from __future__ import annotations

import shutil
from pathlib import Path

MINE = """
import gymnasium
import numpy as np
from gymnasium.spaces import Box
from nearsym import Symmetry

symmetry = Symmetry.reflection(observation=[-1, -1], action=[-1], state=[-1, -1])


class Fine(gymnasium.Env):
    observation_space = Box(-np.inf, np.inf, (2,), np.float32)
    action_space = Box(-1, 1, (1,), np.float32)
    symmetry = symmetry

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        return self.state, {}

    def step(self, action):
        self.state = self.state + 0.1 * np.array([self.state[1], float(action[0])], np.float32)
        self.steps += 1
        return self.state, -abs(float(self.state[0])), False, self.steps >= 5, {}

    def get_state(self):
        return np.array(self.state, np.float64)

    def set_state(self, state):
        self.state = np.array(state, np.float32)
        return self.state
"""

SMALL = ("env=mine:Fine", "network=relaxed", "network.width=8", "agent.batch_size=4", "agent.learning_starts=6")
SMALL += ("eval_every=8", "eval_episodes=1", "eval_steps=20", "checkpoint_every=8")
RUN = (*SMALL, "total_steps=16", "run_dir=runs/a")
"""The run that lies in `runs/a`; longer with another `total_steps`."""

SUITE = """\
name: small
tasks:
- {id: "mine:Fine", total_steps: 16}
networks: [plain, relaxed]
seeds: [0, 1]
overrides: [network.width=8, agent.batch_size=4, agent.learning_starts=6, eval_every=8, eval_episodes=1, eval_steps=20]
evaluate: {episodes: 2, noise: [0.0, 0.1]}
"""


def common(folder: Path) -> None:
    """A user's own files."""
    (folder / "mine.py").write_text(MINE)
    (folder / "notes.txt").write_text("not to be lost\n")
    (folder / "suite.yaml").write_text(SUITE)


def with_runs(made: Path, folder: Path) -> None:
    """The same with the runs of `made`."""
    common(folder)
    shutil.copytree(made / "runs", folder / "runs", symlinks=True)
