"""A few steps of training, an evaluation and an audit in environments of every kind, those of other simulators too."""

import pytest

from nearsym.envs.known import TASKS
from nearsym.scripts.main import run

DISCRETE = ("CartPole-v1", "Acrobot-v1")
SMALL = ["network=exact", "network.width=8", "agent.learning_starts=10", "agent.batch_size=4", "compile=false"]
LENGTH = ["total_steps=14", "eval_every=14", "eval_episodes=1"]


@pytest.mark.parametrize("env", [*sorted(TASKS), "dmc/cartpole-swingup", "dmc/reacher-easy"])
def test_it_trains_and_is_evaluated(env, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    agent = "dqn" if env in DISCRETE else "sac"
    assert run(["train", f"env={env}", f"agent={agent}", *SMALL, *LENGTH, "run_dir=x"]) == 0
    assert run(["evaluate", "x", "episodes=1"]) == 0
    assert run(["audit", "x", "samples=3"]) == 0
