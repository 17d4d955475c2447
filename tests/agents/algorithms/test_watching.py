"""Networks that are bound to what holds by what they experience."""

import copy
import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest
import stable_baselines3
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import nearsym
from nearsym.agents import SAC, SymmetricSACPolicy
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.algorithms.update_rule import UpdateRule
from nearsym.agents.runs.many_seeds import train_seeds
from nearsym.agents.runs.reporter import Silent
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import build, symmetry_of
from nearsym.envs.auditing.transitions import EPISODE
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import family

REVERSED = PerturbationSettings(actuator_reflection=1.0)


def pendulum(perturbation=REVERSED):
    return build("Pendulum-v1", {}, perturbation=perturbation)


def agent(perturbation=REVERSED, seed=0, **keys):
    network = family("measured", width=8, **{"audit_every": 300, **keys})
    return SAC(pendulum(perturbation), network, seed=seed, batch_size=8, learning_starts=10_000)


def kept(learner):
    """Of all layers of all networks."""
    modules = [*learner.networks().values(), *learner.targets().values()]
    return {tuple(each.tolist()) for module in modules for each in learner.network.kept(module)}


@pytest.mark.parametrize("seed", range(3))
def test_a_reversed_world_is_free_after_the_first_audit_and_a_whole_one_stays_exact(seed):
    broken, whole = agent(seed=seed).learn(300).learner, agent(PerturbationSettings(), seed).learn(900).learner
    assert kept(broken) == {(1.0, 0.0)} and [step for step, _ in broken.watching.found] == [300]
    assert kept(whole) == {(1.0, 1.0)} and [step for step, _ in whole.watching.found] == [300, 600, 900]
    assert broken.watching.found[0][1].kept.tolist() == [True, False]
    broken = agent(seed=seed).learn(900).learner
    assert len(broken.watching.found) == 1  # nothing is left to ask


def test_what_costs_less_than_is_tolerated_is_kept():
    assert kept(agent(tolerated=10.0).learn(300).learner) == {(1.0, 1.0)}


def test_looking_changes_nothing_but_what_is_kept():
    """The same random numbers are drawn with audits as without."""
    often, never = (agent(PerturbationSettings(), audit_every=every) for every in (300, 100_000))
    for one in (often, never):
        one.learn(301)
    assert len(often.learner.watching.found) == 1 and never.learner.watching.found == []
    assert np.array_equal(often.experience.buffer.observations[:301], never.experience.buffer.observations[:301])


def test_replayed_transitions_come_in_stretches_of_their_episodes():
    learned = agent().learn(450)
    taken = learned.experience.transitions(10_000, np.random.default_rng(0))
    buffer = learned.experience.buffer
    assert np.array_equal(taken.observations, buffer.observations[:450, 0].astype(float))
    assert np.array_equal(taken.rewards, buffer.rewards[:450, 0].astype(float)) and not taken.terminated.any()
    expected = np.arange(450) // EPISODE  # episodes have 200 steps
    assert np.array_equal(taken.episodes, expected)
    some = learned.experience.transitions(50, np.random.default_rng(0))
    assert len(some.rewards) == 50 and set(map(tuple, some.observations)) <= set(map(tuple, taken.observations))


def test_a_buffer_that_has_come_round_gives_what_is_left_in_order():
    small = SAC(pendulum(), family("plain", width=8), seed=0, batch_size=8, learning_starts=10_000, buffer_size=120)
    small.learn(170)
    taken = small.experience.transitions(500, np.random.default_rng(0))
    assert np.array_equal(taken.observations[1:], taken.next_observations[:-1]) and len(taken.rewards) == 120


def tiny(folder, **changes):
    settings = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=SACSettings(batch_size=16, learning_starts=100),
        network=family("measured", width=16, audit_every=250),
        perturbation=REVERSED,
        seed=3,
        total_steps=400,
        run_dir=str(folder),
        eval_every=200,
        eval_episodes=1,
        checkpoint_every=130,
    )
    return replace(settings, **changes)


TRAIN = """
import json, sys
from nearsym.agents.runs.folder import settings_from
from nearsym.agents.runs.training import train
train(settings_from(json.load(sys.stdin)), ["test"])
"""


def test_a_killed_run_resumes_to_the_same_metrics_and_audits(tmp_path):
    """Killed before the audit that frees, and after it."""
    whole = train(tiny(tmp_path / "whole"), ["test"])
    with whole.metrics.open(newline="") as file:
        relaxation = [float(row["critic_relaxation"]) for row in csv.DictReader(file)]
    assert relaxation == [0.0, 0.0, 0.5]
    found = nearsym.load(whole.folder).learner.watching.found
    for name in ("step-00000130", "step-00000260"):
        settings = tiny(tmp_path / name)
        process = subprocess.Popen([sys.executable, "-c", TRAIN], stdin=subprocess.PIPE, env={**os.environ})
        process.stdin.write(json.dumps(asdict(settings)).encode())
        process.stdin.close()
        deadline = time.monotonic() + 120
        while not (tmp_path / name / "checkpoints" / name).exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        resumed = train(replace(settings, resume=True), ["test"])
        assert resumed.metrics.read_text() == whole.metrics.read_text()
        again = nearsym.load(resumed.folder).learner.watching.found
        assert [step for step, _ in again] == [step for step, _ in found] == [250]
        assert all(np.array_equal(a, b) for a, b in zip(again[0][1], found[0][1], strict=True))


def test_seeds_that_are_trained_together_are_freed_each_by_itself(tmp_path):
    seeds = [tiny(tmp_path / str(seed), seed=seed, total_steps=300) for seed in (3, 4)]
    together = train_seeds(seeds, ["test"], [Silent(), Silent()])
    for settings, run in zip(seeds, together, strict=True):
        alone = train(replace(settings, run_dir=f"{settings.run_dir}-alone"), ["test"])
        one, other = (nearsym.load(each.folder).learner for each in (run, alone))
        assert kept(one) == kept(other) == {(1.0, 0.0)}
        assert np.allclose(one.watching.found[0][1].cost, other.watching.found[0][1].cost)


def traced(learner, batch):
    """The update as a graph of operations, as compiling records it before it makes code of it."""
    rule, drawn = UpdateRule(learner), learner.draw(len(batch.actions))
    names, keys = list(rule.tensors()), list(drawn)

    def update(*arguments):
        rest = arguments[len(names) :]
        tensors = dict(zip(names, arguments, strict=False))
        return list(rule(tensors, Batch(*rest[:5]), dict(zip(keys, rest[5:], strict=True))).values())

    rule.functional(True)
    try:
        given = (*rule.tensors().values(), *batch, *drawn.values())
        graph = copy.deepcopy(make_fx(update)(*(each.clone() for each in given)))  # what is no argument stays as it is
    finally:
        rule.functional(False)
    return lambda batch, drawn: {"loss": graph(*rule.tensors().values(), *batch, *drawn.values())}


@pytest.mark.parametrize("how", ["traced", pytest.param("compiled", marks=pytest.mark.slow)])
def test_an_update_recorded_while_all_was_kept_is_right_when_less_is(how):
    def learner():
        network = family("measured", width=16)
        return SAC(pendulum(), network, seed=3, batch_size=32, learning_starts=100).learner

    ordinary, fast = learner(), learner()
    experience = SAC(pendulum(), family("plain", width=8), seed=1, learning_starts=1000).learn(200).experience
    if how == "compiled":
        fast.compile(pytest.fail)
    else:
        fast._step = traced(fast, experience.sample(32))
    for freed in (False, True):
        for each in (ordinary, fast):
            if freed:
                for own, module in each.watching._bound:
                    own.keep(module, torch.tensor([1.0, 0.0]))
            torch.manual_seed(0)
            np.random.seed(0)
            for _ in range(3):
                each.update(experience.sample(32))
    parameters = [torch.cat([p.detach().reshape(-1) for p in each.critic.parameters()]) for each in (ordinary, fast)]
    torch.testing.assert_close(*parameters, atol=2e-4, rtol=1e-3)
    layer = fast.critic.mlp.layers[1]
    apart = layer.weight - layer.mean(layer.weight, torch.ones_like(layer.kept))
    assert apart.abs().max() > 1e-5  # it has learned what it was bound not to


def test_what_cannot_be_watched_is_refused():
    image = nearsym.make("dmc/cartpole-balance", pixels=True, size=21)
    with pytest.raises(InputError, match="network=measured audits transitions of vectors, and images are observed"):
        SAC(image, "measured")
    with pytest.raises(InputError, match="network=measured audits what is replayed; use agent=sac"):
        nearsym.PPO(pendulum(), "measured")
    with pytest.raises(InputError, match="network=measured audits what is replayed, which stable-baselines3 does not"):
        policy = {"symmetry": symmetry_of(pendulum()), "network": "measured"}
        stable_baselines3.SAC(SymmetricSACPolicy, pendulum(), policy_kwargs=policy)
    with pytest.raises(InputError, match="network=measured audits transitions of vectors"):
        SAC(image, family("plain", critic="measured"))
    wide = nearsym.make("dmc/humanoid-stand")
    with pytest.raises(InputError, match=r"have 88 numbers, more than 64"):
        SAC(wide, "measured")
