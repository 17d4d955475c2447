"""DrQ-v2: its update against one written out by hand, its targets, its networks, and resumable runs from pixels."""

import shutil
from dataclasses import replace
from functools import partial

import gymnasium
import numpy as np
import pytest
import torch

from nearsym.agents import SAC, DrQv2
from nearsym.agents.algorithms.drqv2 import DrQv2Settings
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_world
from nearsym.agents.runs.diagnostics import equivariance_errors
from nearsym.agents.runs.evaluation import evaluate_run, load_learner
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import FrameStack, declare
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, family, relaxed_weights
from nearsym.scripts.compose import compose

SIZE, LENGTH = 21, 8


class Dot(gymnasium.Env):
    """A dot on a line moves by the action and is paid for being in the middle, which is marked; seen as an image."""

    action_space = gymnasium.spaces.Box(-1, 1, (1,))
    observation_space = gymnasium.spaces.Box(0, 255, (SIZE, SIZE, 1), np.uint8)

    def seen(self):
        image = np.zeros((SIZE, SIZE, 1), dtype=np.uint8)
        image[: SIZE // 2, SIZE // 2] = 128
        image[SIZE // 2 + 1 : SIZE // 2 + 4, round(self.x)] = 255
        return image

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.left = self.np_random.uniform(0, SIZE - 1), LENGTH
        return self.seen(), {}

    def step(self, action):
        self.x = float(np.clip(self.x + 2 * action[0], 0, SIZE - 1))
        self.left -= 1
        return self.seen(), -abs(self.x - SIZE // 2) / SIZE, False, self.left == 0, {}


MIRROR = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(1, SIZE, SIZE))


def dots():
    return FrameStack(declare(Dot(), MIRROR))


def agent(name="relaxed", size=4, network=None, **hyperparameters):
    chosen = {"learning_starts": 20, "batch_size": 8, "buffer_size": 500, "features": 2 * size, "filters": size}
    return DrQv2(dots(), family(name, width=4 * size, **(network or {})), seed=0, **{**chosen, **hyperparameters})


ONE_RATE = {"relaxation_penalty": 0.0, "relaxed_lr_multiplier": 1.0}


def images(learner, count=4):
    return torch.randint(0, 256, (count, 3, SIZE, SIZE), dtype=torch.uint8)


def test_python_and_the_command_line_have_the_same_hyperparameters():
    """Those of arXiv 2107.09645, table 2, for an easy task; DrQ's SAC differs from SAC in its preset alone."""
    memory = {"buffer_size": 500}
    for kind, name in ((DrQv2, "drqv2"), (SAC, "sac")):
        in_python = kind(dots(), family("plain", width=8), **memory).learner.settings
        assert in_python == replace(compose("train", TrainSettings, [f"agent={name}"]).agent, **memory)
    published = DrQv2Settings()
    assert (published.noise_steps, published.learning_starts, published.tau) == (100_000, 2000, 0.01)
    assert SACSettings().learning_starts == 1000
    preset = {"learning_rate": 1e-4, "tau": 0.01, "train_every": 2, "first_temperature": 0.1, "log_std_min": -10.0}
    assert compose("train", TrainSettings, ["agent=drqsac"]).agent == SACSettings(**preset)


def test_one_update_is_the_papers(updates_agree, shift_by_hand):
    """Critic and encoder, then actor on frozen features, then the target critics."""
    made, other = (agent(network=ONE_RATE, learning_rate=1e-3, tau=0.25) for _ in range(2))
    updates_agree(made, other, 40, partial(by_hand, shift_by_hand), rtol=1e-9, atol=1e-12)


def by_hand(shift, learner, batch, optimizers):
    policy, std, clip = learner, learner.noise, learner.settings.noise_clip

    def noisy(mean):
        noise = (std * torch.randn_like(mean)).clamp(-clip, clip)
        return mean + noise + ((mean + noise).clamp(-1, 1) - (mean + noise)).detach()

    with torch.no_grad():
        following = policy.encoder(shift(batch.next_observations))
        q1, q2 = policy.critic_target(following, noisy(policy.actor(following)))
        y = batch.rewards + batch.discounts * torch.minimum(q1, q2)
    features = policy.encoder(shift(batch.observations))
    q1, q2 = policy.critic(features, batch.actions.double())
    loss = ((q1 - y) ** 2).mean() / 2 + ((q2 - y) ** 2).mean() / 2
    optimizers["critic"].zero_grad()
    loss.backward()
    optimizers["critic"].step()
    features = features.detach()
    q1, q2 = policy.critic(features, noisy(policy.actor(features)))
    optimizers["actor"].zero_grad()
    (-torch.minimum(q1, q2).mean()).backward()
    optimizers["actor"].step()
    with torch.no_grad():
        for slow, fast in zip(policy.critic_target.parameters(), policy.critic.parameters(), strict=True):
            slow.lerp_(fast, learner.settings.tau)


@pytest.mark.parametrize("name", ["encoder", "actor", "critic"])
def test_relaxed_weights_step_by_their_own_rate(name):
    """Adam's first step is the learning rate; without a multiplier it is everyone's."""
    steps = {}
    for rate in (1.0, 10.0):
        made = agent(network={"relaxed_lr_multiplier": rate}, learning_rate=1e-3).learn(20)
        weights = relaxed_weights(made.learner.networks()[name])
        before = [w.detach().clone() for w in weights]
        made.learner.update(made.experience.sample(8))
        steps[rate] = max((w.detach() - old).abs().max().item() for w, old in zip(weights, before, strict=True))
    assert steps[1.0] == pytest.approx(1e-3, rel=1e-2) and steps[10.0] == pytest.approx(1e-2, rel=1e-2)


def test_the_target_moves_slowly_and_takes_no_gradient():
    """Its output, not only its parameters: nothing of it is cached."""
    made = agent(tau=0.1).learn(30)
    learner = made.learner
    features = learner.encoder(images(learner)).detach()
    actions = torch.zeros(4, 1)
    before = learner.critic_target(features, actions).clone()
    with torch.no_grad():
        for parameter in learner.critic.parameters():
            parameter.add_(0.1)
    online = learner.critic(features, actions)
    torch.testing.assert_close(learner.critic_target(features, actions), before)
    learner.update(made.experience.sample(8))
    after = learner.critic_target(features, actions)
    assert 0 < (after - before).abs().mean() < (online - before).abs().mean()
    assert all(p.grad is None for p in learner.critic_target.parameters())


def test_the_actor_does_not_train_the_encoder():
    learner = agent().learn(30).learner
    owners = {id(p) for p in learner.encoder.parameters()}
    held = {name: {id(p) for p in optimizer.parameters} for name, optimizer in learner.adams().items()}
    assert not owners & held["actor"]
    assert {id(p) for p in learner.encoder.parameters() if p.requires_grad} <= held["critic"]
    assert learner.encoder(images(learner)).requires_grad


def test_noise_shrinks_on_schedule():
    learner = agent(noise_first=1.0, noise_last=0.2, noise_steps=100).learner
    found = []
    for learner.steps in (0, 50, 100, 1000):
        found.append(learner.noise)
    assert found == pytest.approx([1.0, 0.6, 0.2, 0.2])


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("gated", "measured")])  # of vectors
def test_trained_networks_keep_what_their_family_promises(name):
    made = agent(name, learning_rate=1e-3).learn(120)
    observations, _ = made.experience.states(16, np.random.default_rng(0))
    actions = torch.linspace(-1, 1, 16).unsqueeze(1)
    errors = equivariance_errors(made.learner, torch.as_tensor(observations).float(), actions)
    worst = max(error.max().item() for error in errors.values())
    assert worst < 1e-5 if name == "exact" else worst > 1e-5


def test_it_learns():
    """The dot is brought to the middle; random actions leave it where it is."""
    learner = agent(
        "exact",
        size=16,
        learning_rate=1e-3,
        noise_steps=600,
        learning_starts=200,
        batch_size=32,
        buffer_size=2000,
        train_every=1,
    )

    def mean_return():
        env = dots()
        total = 0.0
        for episode in range(20):
            observation, _ = env.reset(seed=1000 + episode)
            done = False
            while not done:
                action, _ = learner.predict(observation, deterministic=True)
                observation, reward, _, done, _ = env.step(action)
                total += reward / 20
        return total

    before = mean_return()
    learner.learn(800)
    assert mean_return() > before + 0.8


def settings(folder, **changes):
    return replace(
        TrainSettings(
            env=EnvSettings("dmc/cartpole-balance", {"size": 21, "action_repeat": 100}),
            agent=DrQv2Settings(batch_size=8, learning_starts=8, filters=4, features=8, noise_steps=50),
            network=family("relaxed", width=16, relaxation_penalty=1e-3),
            pixels=True,
            total_steps=40,
            eval_every=20,
            eval_episodes=1,
            checkpoint_every=1,
            run_dir=str(folder),
        ),
        **changes,
    )


def test_a_run_from_pixels_goes_on_as_if_it_had_never_stopped(tmp_path):
    whole = train(settings(tmp_path / "whole"), []).metrics.read_bytes()
    train(settings(tmp_path / "halves", total_steps=20), [])
    resumed = train(settings(tmp_path / "halves", resume=True), []).metrics.read_bytes()
    assert resumed.splitlines()[-1] == whole.splitlines()[-1]
    other = train(settings(tmp_path / "other", seed=1), []).metrics.read_bytes()
    assert other.splitlines()[-1] != whole.splitlines()[-1]


def test_a_run_from_pixels_is_evaluated_and_read(tmp_path):
    run = train(settings(tmp_path / "run", total_steps=20), [])
    for kind in ("gaussian", "salt_and_pepper"):
        levels = evaluate_run(EvaluateSettings(str(run.folder), episodes=2, noise=[0.0, 0.3], noise_kind=kind))
        assert [level.noise for level in levels] == [0.0, 0.3] and levels[0].returns != levels[1].returns
    saved, loaded = load_learner(run.folder)
    assert saved.agent == settings(run.folder).agent
    departures = {name: saved.network.departures(module) for name, module in loaded.networks().items()}
    assert set(departures) == {"encoder", "actor", "critic"} and all(departures.values())
    shutil.rmtree(run.checkpoints)
    with pytest.raises(InputError, match="no finished checkpoint"):
        load_learner(run.folder)


def test_ones_own_images_are_stacked_and_keep_their_symmetry(tmp_path, monkeypatch):
    gymnasium.register("Dot-v0", Dot, disable_env_checker=True)
    run = settings(tmp_path / "run", env=EnvSettings("Dot-v0"), pixels=False, network=family("plain", width=16))
    world = build_world(run, 0)
    assert world.env.observation_space.shape == (3, SIZE, SIZE) and world.symmetry is None
    assert train(run, []).metrics.read_text().count("\n") == 4
    (tmp_path / "dots.py").write_text(
        "from nearsym.envs.symmetry import Symmetry\n"
        f"mirror = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(1, {SIZE}, {SIZE}))\n"
    )
    monkeypatch.chdir(tmp_path)
    mirrored = replace(run, symmetry="dots:mirror", network=family("exact", width=16), run_dir="exact")
    assert build_world(mirrored, 0).symmetry.observation.dim == 3 * SIZE**2
    rows = train(mirrored, []).metrics.read_text().splitlines()
    names = rows[0].split(",")
    assert float(rows[-1].split(",")[names.index("critic_equivariance_error")]) < 1e-5


def test_what_does_not_fit_is_said():
    with pytest.raises(InputError, match="DrQ-v2 learns from images"):
        DrQv2(gymnasium.make("Pendulum-v1"), "plain")
    with pytest.raises(InputError, match="the environment declares none on its images"):
        DrQv2(FrameStack(Dot()))
    with pytest.raises(SymmetryError, match="declared on vectors and the environment observes images"):
        DrQv2(FrameStack(Dot()), symmetry=Symmetry.reflection([-1] * (3 * SIZE**2), [-1]))
    assert DrQv2(FrameStack(Dot()), "plain").learner.problem.symmetry.group.order == 1
    assert SAC(dots(), family("plain", width=8), filters=4, features=4).learn(5).learner.steps == 5
