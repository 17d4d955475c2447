"""Exported policies do what the trained ones do, and need no nearsym to do it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

import nearsym
from nearsym.agents.agent import DrQv2
from nearsym.agents.exporting.formats import FORMATS, write
from nearsym.agents.exporting.parity import TOLERANCE, check_parity, met
from nearsym.agents.exporting.policy import ExportedPolicy, example
from nearsym.agents.exporting.written_out import WrittenOut, written_out
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES
from nearsym.networks.linear import ExpandedLinear
from nearsym.scripts.main import run

MIRROR = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])


class Box(gymnasium.Env):
    """Three numbers and an action with a range of its own, or one of three."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (3,), np.float32)

    def __init__(self, discrete=False):
        self.action_space = (
            gymnasium.spaces.Discrete(2, start=3) if discrete else gymnasium.spaces.Box(-3.0, 3.0, (1,), np.float32)
        )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.normal(size=3).astype(np.float32), {}

    def step(self, action):
        return self.np_random.normal(size=3).astype(np.float32), 0.0, False, False, {}


def disturbed(learner):
    """With parameters, relaxed weights and all, that are not those of the start."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for network in learner.networks().values():
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator).to(parameter.dtype))
    return learner


def sac(network, **keys):
    env = gymnasium.wrappers.TimeLimit(Box(), 30)
    family = nearsym.networks.family(network, **keys)
    return disturbed(nearsym.SAC(nearsym.declare(env, MIRROR), network=family).learner), env


@pytest.mark.parametrize("network", sorted(set(FAMILIES) - {"augmented", "orbits"}))
def test_written_out_networks_are_the_same_function(network):
    learner, env = sac(network, width=32)
    observations = met(learner, env, 20, seed=0)
    actions, _ = learner.act(observations, None, explore=False)
    before = {name: tensor.clone() for name, tensor in learner.actor.state_dict().items()}
    policy = ExportedPolicy(learner)
    found = policy(torch.from_numpy(observations)).detach().numpy()
    np.testing.assert_allclose(found, actions, atol=3e-5)
    assert np.abs(actions).max() > 0.1  # in their own units, and not nothing
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.actor.state_dict().items())
    with torch.no_grad():
        next(learner.actor.parameters()).add_(1.0)
    assert np.array_equal(policy(torch.from_numpy(observations)).detach().numpy(), found)  # it is a copy


def test_layers_hold_their_matrices_and_no_parameters():
    learner, _ = sac("relaxed", width=32)
    plain = written_out(learner.actor)
    expanded = [module for module in plain.modules() if isinstance(module, ExpandedLinear)]
    assert expanded and all(type(module) is WrittenOut for module in expanded)
    assert not list(plain.parameters())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of SAC, evaluated."""
    place = tmp_path_factory.mktemp("runs")
    words = "env=dmc/cartpole-swingup network=relaxed network.width=32 agent.learning_starts=50 agent.batch_size=32"
    here = Path.cwd()
    os.chdir(place)
    try:
        assert run(["train", *words.split(), "total_steps=60", "eval_episodes=1", "run_dir=sac", "compile=false"]) == 0
        assert run(["evaluate", "sac", "episodes=3"]) == 0
    finally:
        os.chdir(here)
    return place


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_run_is_exported_and_used_without_nearsym(kind, runs, monkeypatch, capsys):
    """By the very lines of its card, in a process that cannot import nearsym."""
    monkeypatch.chdir(runs)
    assert run(["export", "sac", f"format={kind}", "samples=10", "observations=20"]) == 0
    said = capsys.readouterr().out
    assert "the same as the run on 20 observations" in said and f"export-{kind}/README.md" in said
    folder = runs / "sac" / f"export-{kind}"
    assert sorted(path.name for path in folder.iterdir()) == sorted([FORMATS[kind].file, "README.md"])
    text = (folder / "README.md").read_text()
    (how,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    agent = nearsym.load("sac")
    expected, _ = agent.predict(np.zeros(5, np.float32))
    forbid = "import sys\nsys.modules['nearsym'] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{forbid}{how}\nprint(float(action[0]))"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(float(expected[0]), abs=1e-5)
    level = json.loads((runs / "sac" / "evaluation.json").read_text())["levels"][0]
    assert f"| {level['mean']:.1f} [" in text and "Group(C2" in text and "**exact**" in text


def test_nothing_is_overwritten_and_wrong_words_are_one_line(runs, monkeypatch, capsys):
    monkeypatch.chdir(runs)
    (runs / "there").mkdir()
    for words, part in (
        (("sac", "out=there"), "there is there already"),
        (("sac", "format=coreml"), "expected one of onnx, torch"),
        (("nowhere",), "no run"),
        ((), "which run?"),
        (("sac", "observations=0"), "observations is 0"),
    ):
        assert run(["export", *words]) == 2
        assert part in capsys.readouterr().err
    assert not list((runs / "there").iterdir())


def test_a_missing_package_is_one_line_with_the_way_out(runs, monkeypatch, capsys):
    monkeypatch.chdir(runs)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(["export", "sac", "out=sac/none", "samples=0"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("nearsym: onnxruntime cannot be imported") and "pip install 'nearsym[export]'" in said
    assert "or use format=torch" in said and not (runs / "sac" / "none").exists()


@pytest.mark.parametrize("network", ["gated", "measured", "adaptive"])
def test_networks_that_are_more_than_layers_are_exported(network, tmp_path):
    learner, env = sac(network, width=16)
    observations = met(learner, env, 10, seed=0)
    act = write("torch", ExportedPolicy(learner), example(learner), tmp_path / "policy.pt2")
    assert check_parity(act, learner, observations) < TOLERANCE


def test_a_failing_parity_writes_nothing(runs, monkeypatch, capsys):
    monkeypatch.chdir(runs)
    forward = WrittenOut.expand
    monkeypatch.setattr(WrittenOut, "weight_and_bias", lambda self: (forward(self)[0] * 1.01, forward(self)[1]))
    before = sorted(path.name for path in (runs / "sac").iterdir())
    assert run(["export", "sac", "format=torch", "out=sac/wrong", "samples=0"]) == 2
    assert "differs from the trained one" in capsys.readouterr().err
    assert sorted(path.name for path in (runs / "sac").iterdir()) == before


def test_parity_sees_what_a_batch_hides():
    """A policy that is right for a batch and wrong for one observation, and one that gives no numbers."""
    learner, env = sac("exact", width=32)
    observations = met(learner, env, 6, seed=0)

    def act(x):
        return learner.act(x, None, explore=False)[0]

    assert check_parity(act, learner, observations) < 1e-6  # one row of six may round otherwise than one alone
    with pytest.raises(InputError, match=r"differs from the trained one by 0\.5 on 6 observations"):
        check_parity(lambda x: act(x) + (0 if len(x) > 1 else 1.5), learner, observations)  # of -3 to 3
    with pytest.raises(InputError):
        check_parity(lambda x: np.full((len(x), 1), np.nan), learner, observations)


def test_discrete_actions_of_ppo(tmp_path):
    swap = Symmetry.reflection(observation=[-1, 1, -1], action=[1, 0])
    env = gymnasium.wrappers.TimeLimit(Box(discrete=True), 30)
    learner = disturbed(nearsym.PPO(nearsym.declare(env, swap), network="exact").learner)
    observations = met(learner, env, 40, seed=0)
    actions, _ = learner.act(observations, None, explore=False)
    assert set(actions.tolist()) == {3, 4}
    act = write("torch", ExportedPolicy(learner), example(learner), tmp_path / "policy.pt2")
    assert check_parity(act, learner, observations) == 0
    with pytest.raises(InputError):
        check_parity(lambda x: 7 - act(x), learner, observations)  # the other one
    still = np.zeros((4, 3), np.float32)  # which the mirror leaves where it is: both are as good
    assert check_parity(lambda x: 7 - act(x), learner, still) < TOLERANCE


def test_images_and_normalised_vectors(tmp_path):
    images = gymnasium.spaces.Box(0, 255, (3, 29, 29), np.uint8)

    class Camera(Box):
        observation_space = images

        def reset(self, *, seed=None, options=None):
            gymnasium.Env.reset(self, seed=seed)
            return self.np_random.integers(0, 255, images.shape).astype(np.uint8), {}

        def step(self, action):
            return self.reset()[0], 0.0, False, False, {}

    seen = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(3, 29, 29))
    env = gymnasium.wrappers.TimeLimit(Camera(), 30)
    agent = DrQv2(nearsym.declare(env, seen), network="relaxed", filters=8, features=16)
    learner = disturbed(agent.learner)
    observations = met(learner, agent.env, 10, seed=0)
    actions, _ = learner.act(observations, None, explore=False)
    act = write("torch", ExportedPolicy(learner), example(learner), tmp_path / "policy.pt2")
    assert check_parity(act, learner, observations) < TOLERANCE

    env = gymnasium.wrappers.TimeLimit(Box(), 30)
    learner = disturbed(nearsym.PPO(nearsym.declare(env, MIRROR), network="relaxed", normalise=True).learner)
    learner.saw(np.array([[3.0, 1.0, 0.1], [4.0, 3.0, 0.2]]))
    observations = met(learner, env, 10, seed=0)
    actions, _ = learner.act(observations, None, explore=False)
    act = write("torch", ExportedPolicy(learner), example(learner), tmp_path / "other.pt2")
    assert check_parity(act, learner, observations) < TOLERANCE
    learner.saw(np.array([[9.0, 9.0, 9.0]]))  # the statistics are inside
    moved, _ = learner.act(observations, None, explore=False)
    assert np.abs(moved - actions).max() > TOLERANCE
