"""What a learner makes of a symmetry state by state, against a policy written by hand and a gate opened by hand."""

import matplotlib.figure
import numpy as np
import pytest
import torch

from nearsym.agents.report.rendering.regions_figure import draw_regions
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs import audit, make
from nearsym.envs.perturbations import PerturbationSettings, perturb
from nearsym.networks import family

ENV = "InvertedPendulum-v5"


def agent(choice):
    settings = TrainSettings(env=EnvSettings(ENV), network=family(choice, width=8), total_steps=10)
    return build_learner(settings, build_world(settings, 0))


class PushedWhereFast(torch.nn.Module):
    """An odd policy, and a push to the right where the cart is faster than 0.2 either way."""

    def forward(self, observation):
        speed = observation[:, 2:3]
        mean = 0.1 * torch.sign(speed) + 0.5 * (speed.abs() > 0.2)
        return mean, torch.zeros_like(mean)


def test_a_policy_is_at_fault_where_it_is_and_nowhere_else(monkeypatch):
    learner, actor = agent("plain"), PushedWhereFast()
    monkeypatch.setattr(learner, "actor", actor)
    monkeypatch.setattr(learner, "acting", lambda features, noise: learner.policy(actor(features), noise))
    inspection = inspect_learner(learner, make(ENV), samples=100, seed=0)
    errors, fast = inspection.regions.laws["actor"], np.abs(inspection.regions.states[:, 2]) > 0.2
    assert 10 < fast.sum() < 90
    np.testing.assert_allclose(errors[1, ~fast], 0, atol=1e-6)
    assert errors[1, fast].min() > 0.5
    np.testing.assert_allclose(errors[0], 0, atol=1e-6)  # the identity


def test_the_whole_is_the_root_mean_square_of_its_parts():
    inspection = inspect_learner(agent("plain"), make(ENV), samples=60, seed=0)
    for name, whole in (("actor", inspection.actor), ("critic", inspection.critic)):
        parts = np.sqrt(np.square(inspection.regions.laws[name]).mean(axis=1))
        np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-6)


def test_gates_are_read_where_they_are():
    gated = agent("gated")
    (layer,) = gated.networks()["auxiliary"].upper.heads
    with torch.no_grad():
        layer.bias.fill_(3.0)
    (name, values), *others = inspect_learner(gated, make(ENV), samples=40, seed=0).regions.readings.items()
    assert not others and "gate" in name
    np.testing.assert_allclose(values, 1 / (1 + np.exp(-3.0)), rtol=1e-5)
    assert inspect_learner(agent("exact"), make(ENV), samples=40, seed=0).regions.readings == {}


@pytest.mark.parametrize("choice", ["plain", "gated"])
@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_they_are_drawn_beside_the_world(tmp_path, monkeypatch, choice, bias):
    figures, save = [], matplotlib.figure.Figure.savefig
    monkeypatch.setattr(
        matplotlib.figure.Figure, "savefig", lambda self, *a, **k: (save(self, *a, **k), figures.append(self))
    )
    env = perturb(make(ENV), PerturbationSettings(actuator_bias=bias))
    report, inspection = audit(env, samples=60), inspect_learner(agent(choice), env, samples=60, seed=0)
    assert draw_regions(inspection, report, "Test", tmp_path / "regions.png")
    titles = [axes.get_title() for axes in figures[0].axes if axes.get_title()]
    assert titles[1:3] == ["policy's relative error", "critics' relative error"]
    assert len(titles) == (4 if choice == "gated" else 3) and titles[0].startswith("world's")
    assert (tmp_path / "regions.png").stat().st_size > 10_000


def test_errors_that_no_state_makes_a_difference_to_have_no_map(tmp_path):
    env = make(ENV)
    report, inspection = audit(env, samples=30), inspect_learner(agent("plain"), env, samples=30, seed=0)
    report.errors.transition[:] = 0.5
    assert not draw_regions(inspection, report, "Test", tmp_path / "regions.png")
    assert not (tmp_path / "regions.png").exists()
