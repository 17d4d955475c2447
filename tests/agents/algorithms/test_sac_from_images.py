"""SAC from pixels: its update against one written out by hand, and runs that resume."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from nearsym.agents import SAC
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.diagnostics import equivariance_errors
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import make
from nearsym.networks import FAMILIES, family

SIZE = 21


def agent(name="relaxed", network=None, **hyperparameters):
    env = make("dmc/cartpole-balance", pixels=True, size=SIZE, action_repeat=100)
    chosen = {"learning_starts": 12, "batch_size": 8, "buffer_size": 200, "features": 8, "filters": 4, "n_steps": 2}
    return SAC(env, family(name, width=16, **(network or {})), seed=0, **{**chosen, **hyperparameters})


def test_one_update_is_soft_actor_critic(updates_agree, shift_by_hand):
    one_rate = {"relaxation_penalty": 0.0, "relaxed_lr_multiplier": 1.0}
    made, other = (agent("relaxed", one_rate, learning_rate=1e-3, tau=0.25, log_std_min=-10.0) for _ in range(2))
    updates_agree(made, other, 20, partial(by_hand, shift_by_hand), rtol=1e-8, atol=1e-11)
    torch.testing.assert_close(made.learner.alpha(), other.learner.alpha())


def by_hand(shift, learner, batch, optimizers):
    policy, log_alpha = learner, learner.temperature.log_alpha
    alpha = log_alpha.detach().exp()

    def sample(features):
        mean, log_std = policy.actor(features)
        gaussian = torch.distributions.Normal(mean, log_std.clamp(-10, 2).exp())
        raw = gaussian.rsample()
        action = torch.tanh(raw)
        return action, (gaussian.log_prob(raw) - torch.log(1 - action**2 + 1e-6)).sum(dim=1)

    with torch.no_grad():
        following = policy.encoder(shift(batch.next_observations))
        actions, log_prob = sample(following)
        q1, q2 = policy.critic_target(following, actions)
        y = batch.rewards + batch.discounts * (torch.minimum(q1, q2) - alpha * log_prob)
    features = policy.encoder(shift(batch.observations))
    q1, q2 = policy.critic(features, batch.actions.double())
    optimizers["critic"].zero_grad()
    (((q1 - y) ** 2).mean() / 2 + ((q2 - y) ** 2).mean() / 2).backward()
    optimizers["critic"].step()
    features = features.detach()
    actions, log_prob = sample(features)
    q1, q2 = policy.critic(features, actions)
    optimizers["actor"].zero_grad()
    (alpha * log_prob - torch.minimum(q1, q2)).mean().backward()
    optimizers["actor"].step()
    optimizers["temperature"].zero_grad()
    (-log_alpha * (log_prob.detach() + learner.target_entropy)).mean().backward()
    optimizers["temperature"].step()
    with torch.no_grad():
        for slow, fast in zip(policy.critic_target.parameters(), policy.critic.parameters(), strict=True):
            slow.lerp_(fast, learner.settings.tau)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("gated", "measured")])  # of vectors
def test_trained_networks_keep_what_their_family_promises(name):
    made = agent(name, learning_rate=1e-3).learn(60)
    observations, _ = made.experience.states(16, np.random.default_rng(0))
    actions = torch.linspace(-1, 1, 16).unsqueeze(1)
    errors = equivariance_errors(made.learner, torch.as_tensor(observations).float(), actions)
    worst = max(error.max().item() for error in errors.values())
    assert worst < 1e-4 if name == "exact" else worst > 1e-4


def test_a_fixed_temperature_stays():
    learner = agent(entropy_coefficient=0.3).learn(30).learner
    assert set(learner.optimizers()) == {"actor", "critic"}
    assert learner.alpha().item() == pytest.approx(0.3)
    moving = agent(learning_rate=1e-2, first_temperature=0.1).learn(30).learner
    assert moving.alpha().item() != pytest.approx(0.1, rel=1e-3)


def test_a_run_goes_on_as_if_it_had_never_stopped(tmp_path):
    run = TrainSettings(
        env=EnvSettings("dmc/cartpole-balance", {"size": SIZE, "action_repeat": 100}),
        agent=SACSettings(batch_size=8, learning_starts=8, filters=4, features=8, train_every=2),
        network=family("relaxed", width=16, relaxation_penalty=1e-3),
        pixels=True,
        total_steps=40,
        eval_every=20,
        eval_episodes=1,
        checkpoint_every=7,
        run_dir=str(tmp_path / "whole"),
    )
    whole = train(run, []).metrics.read_bytes().splitlines()
    halves = replace(run, run_dir=str(tmp_path / "halves"))
    train(replace(halves, total_steps=20), [])
    assert train(replace(halves, resume=True), []).metrics.read_bytes().splitlines()[-1] == whole[-1]
    saved, loaded = load_learner(tmp_path / "whole")
    assert saved.agent == run.agent and loaded.problem.is_image
