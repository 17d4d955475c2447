"""What an audit of a run says of PPO, which has values of states and no values of actions."""

import numpy as np
import pytest
import torch

from nearsym.agents.algorithms.ppo import PPOLearner, PPOSettings
from nearsym.agents.runs.build import problem_of
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.envs import make
from nearsym.networks import family


@pytest.mark.parametrize("network", ["exact", "relaxed", "plain"])
def test_ppo_is_inspected(network):
    env, chosen = make("Pendulum-v1"), family(network, width=16)
    learner = PPOLearner(
        PPOSettings(normalise=True), chosen, problem_of(PPOLearner, env, chosen), torch.device("cpu"), seed=0
    )
    if network == "relaxed":
        with torch.no_grad():
            for parameter in learner.actor.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    found = inspect_learner(learner, env, 40, 0)
    mirror = torch.tensor([1.0, -1.0, -1.0])  # of cos, sin and speed
    seen = torch.randn(500, 3)
    with torch.no_grad():
        gap = (learner.values(seen) - learner.values(seen * mirror)).abs().max().item()
        off = (learner.outputs(seen).clamp(-1, 1) + learner.outputs(seen * mirror).clamp(-1, 1)).norm()
    g = found.elements.index("s")
    kept = network == "exact"
    assert (found.actor[g] < 1e-5) == kept == bool(off < 1e-4)
    assert (found.orbit_gap < 1e-5) == (network != "plain") == (gap < 1e-5)
    assert found.lipschitz > 0 and np.isfinite(found.lipschitz)
    assert bool(found.departures) == (network == "relaxed")
    assert not found.departures or max(each[g] for each in found.departures.values()) > 0.01
    assert found.visited and 0 <= found.visited[g] <= 1
