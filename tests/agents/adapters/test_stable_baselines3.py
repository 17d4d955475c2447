"""Stock stable-baselines3 trains our networks."""

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch

from nearsym.agents import SymmetricSACPolicy
from nearsym.envs import declare, make, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, family

FIT = [name for name in FAMILIES if name not in ("scheduled", "measured", "mirror", "adaptive", "gated")]
"""Scheduled and measured networks follow the training, the others look at batches."""


def stock(name="relaxed", env=None, **hyperparameters):
    """Stock SAC with our policy, on a pendulum unless told otherwise."""
    env = env or make("Pendulum-v1")
    policy = {"symmetry": symmetry_of(env), "network": family(name, width=16)}
    return stable_baselines3.SAC(
        SymmetricSACPolicy, env, policy_kwargs=policy, learning_starts=20, seed=0, **hyperparameters
    )


@pytest.mark.parametrize("name", FIT)
def test_a_trained_policy_is_saved_and_loaded(name, tmp_path):
    agent = stock(name).learn(60)
    agent.save(tmp_path / "agent")
    again = stable_baselines3.SAC.load(tmp_path / "agent")
    state = np.array([0.6, 0.8, 0.1], dtype=np.float32)
    action = agent.predict(state, deterministic=True)[0]
    np.testing.assert_array_equal(again.predict(state, deterministic=True)[0], action)
    assert not np.array_equal(stock(name).predict(state, deterministic=True)[0], action)


@pytest.mark.parametrize("name", FIT)
def test_the_output_of_the_target_network_moves(name):
    agent = stock(name, tau=0.1).learn(25)
    observation, action = torch.randn(4, 3), torch.rand(4, 1)
    outputs = []
    for _ in range(3):
        with torch.no_grad():
            outputs.append(agent.policy.critic_target.values(observation, action))
        agent.train(gradient_steps=2, batch_size=16)
    assert not torch.allclose(outputs[0], outputs[1], atol=1e-6)
    assert not torch.allclose(outputs[1], outputs[2], atol=1e-6)


class DictPendulum(gymnasium.ObservationWrapper):
    """A pendulum observed by keys, which are declared in another order than the space has them."""

    observation_space = gymnasium.spaces.Dict(
        angle=gymnasium.spaces.Box(-1, 1, (2,), np.float32), velocity=gymnasium.spaces.Box(-8, 8, (1,), np.float32)
    )

    def observation(self, observation):
        return {"angle": observation[:2], "velocity": observation[2:]}


@pytest.mark.parametrize(("name", "equivariant"), [("exact", True), ("plain", False)])
def test_dict_observations(name, equivariant):
    mirror = Symmetry.reflection(observation={"velocity": [-1], "angle": [1, -1]}, action=[-1])
    agent = stock(name, declare(DictPendulum(gymnasium.make("Pendulum-v1")), mirror)).learn(40)
    left, right = (
        agent.predict({"angle": np.float32([0.6, sin]), "velocity": np.float32([speed])}, deterministic=True)[0]
        for sin, speed in ((0.8, 3), (-0.8, -3))
    )
    assert np.allclose(left, -right, atol=1e-6) == equivariant and np.abs(left) > 0


def test_what_the_policy_cannot_do_is_said():
    with pytest.raises(InputError, match="use_sde=False"):
        stock(use_sde=True)
    with pytest.raises(InputError, match=r"reads vectors, this environment observes Box.*use nearsym\.agents\.SAC"):
        stock(env=make("dmc/cartpole-balance", pixels=True, size=21))


@pytest.mark.parametrize("name", ["net_arch", "features_extractor_class", "activation_fn"])
def test_stocks_own_arguments_are_refused_in_words(name):
    with pytest.raises(InputError, match=rf"takes no {name}; its layers follow from the symmetry"):
        SymmetricSACPolicy(None, None, None, **{name: [32]})


def test_a_policy_is_saved_by_itself(tmp_path):
    agent = stable_baselines3.SAC(SymmetricSACPolicy, "Pendulum-v1", policy_kwargs={"network": "plain"}, seed=0)
    agent.policy.save(tmp_path / "policy")
    again = SymmetricSACPolicy.load(tmp_path / "policy")
    observation = np.array([0.1, 0.2, 0.3], np.float32)
    expected = agent.predict(observation, deterministic=True)[0]
    np.testing.assert_array_equal(again.predict(observation, deterministic=True)[0], expected)
