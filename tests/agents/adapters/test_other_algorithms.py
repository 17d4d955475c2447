"""Stock PPO, A2C, TD3, DDPG and DQN train our networks, which keep their laws, are saved and loaded, and learn."""

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch
from stable_baselines3.common.noise import NormalActionNoise

from nearsym.agents import SymmetricActorCriticPolicy, SymmetricDQNPolicy, SymmetricTD3Policy
from nearsym.envs import declare, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, LogStd, family

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SQUARE = Symmetry.generated(observation=[QUARTER, MIRROR], action=[QUARTER, MIRROR])
FOUR = Symmetry.generated(observation=[QUARTER, MIRROR], action=[[3, 0, 1, 2], [0, 3, 2, 1]])
STEPS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)


class Table(gymnasium.Env):
    """A coin on a square table, pushed to the middle: anywhere, or in one of four directions."""

    observation_space = gymnasium.spaces.Box(-2, 2, (2,), np.float32)

    def __init__(self, discrete=False):
        self.action_space = gymnasium.spaces.Discrete(4) if discrete else gymnasium.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        return self.at, {}

    def step(self, action):
        push = STEPS[action] if np.ndim(action) == 0 else np.asarray(action)
        self.at, self.steps = np.clip(self.at + 0.2 * push, -2, 2).astype(np.float32), self.steps + 1
        return self.at, -float(np.linalg.norm(self.at)), False, self.steps == 20, {}


NOISE = {"action_noise": NormalActionNoise(np.zeros(2), 0.3 * np.ones(2)), "learning_starts": 50, "batch_size": 32}
OFF_POLICY = {**NOISE, "learning_rate": 1e-3, "tau": 0.02, "gamma": 0.9}
ALGORITHMS = {
    "PPO": (SymmetricActorCriticPolicy, {"n_steps": 64, "batch_size": 64, "learning_rate": 3e-3}),
    "A2C": (SymmetricActorCriticPolicy, {"learning_rate": 3e-3}),
    "TD3": (SymmetricTD3Policy, OFF_POLICY),
    "DDPG": (SymmetricTD3Policy, OFF_POLICY),
    "DQN": (
        SymmetricDQNPolicy,
        {"learning_starts": 50, "exploration_fraction": 0.5, "learning_rate": 3e-3, "target_update_interval": 50},
    ),
}
KINDS = [("PPO", False), ("PPO", True), ("A2C", False), ("TD3", False), ("DDPG", False), ("DQN", True)]


def stock(algorithm, network, discrete=False, seed=0, **policy):
    policy_class, keys = ALGORITHMS[algorithm]
    env = declare(Table(discrete), FOUR if discrete else SQUARE)
    kwargs = {"symmetry": symmetry_of(env), "network": family(network, width=32), **policy}
    kind = getattr(stable_baselines3, algorithm)
    return kind(policy_class, env, policy_kwargs=kwargs, seed=seed, device="cpu", **keys)


def moved_apart(policy, observations, discrete, element):
    """How far what a policy and its values say of moved states is from what the law says."""
    symmetry = FOUR if discrete else SQUARE
    moved = torch.tensor(symmetry.observation.rep.apply(element, observations.numpy()))
    action = torch.tensor(symmetry.action.matrix[element], dtype=torch.float32)
    with torch.no_grad():
        if isinstance(policy, SymmetricActorCriticPolicy):
            name = "logits" if discrete else "mean"
            here, there = (
                getattr(policy.get_distribution(each).distribution, name).clone() for each in (observations, moved)
            )
            errors = [there - here @ action.T]
            errors.append(policy.predict_values(moved) - policy.predict_values(observations))
            if not discrete:
                errors.append(action @ torch.diag(policy.log_std) @ action.T - torch.diag(policy.log_std))
        elif isinstance(policy, SymmetricDQNPolicy):
            errors = [policy.q_net(moved) - policy.q_net(observations) @ action.T]
        else:
            here = policy.actor(observations)
            critics = zip(policy.critic(moved, here @ action.T), policy.critic(observations, here), strict=True)
            errors = [policy.actor(moved) - here @ action.T, *(there - here for there, here in critics)]
    return max(float(error.abs().max()) for error in errors)


FIT = [name for name in FAMILIES if name not in ("scheduled", "measured", "mirror", "adaptive", "gated")]
EXACT_AT_FIRST = ("exact", "relaxed", "rpp", "complement", "projected", "constrained")


@pytest.mark.parametrize(("algorithm", "discrete"), KINDS)
@pytest.mark.parametrize("network", FIT)
def test_a_trained_policy_keeps_its_law_and_is_saved_and_loaded(algorithm, discrete, network, tmp_path):
    agent = stock(algorithm, network, discrete)
    fresh = {name: value.clone() for name, value in agent.policy.state_dict().items()}
    observations = torch.randn(16, 2)
    at_first = max(moved_apart(agent.policy, observations, discrete, g) for g in range(8))
    agent.learn(130)
    trained = max(moved_apart(agent.policy, observations, discrete, g) for g in range(8))
    assert (at_first < 1e-5, trained < 1e-5) == (network in EXACT_AT_FIRST, network == "exact")
    assert any(not torch.equal(value, fresh[name]) for name, value in agent.policy.state_dict().items())
    agent.save(tmp_path / "agent")
    again = type(agent).load(tmp_path / "agent")
    for seen in observations.numpy():
        first, second = (one.predict(seen, deterministic=True)[0] for one in (agent, again))
        np.testing.assert_array_equal(first, second)
    agent.policy.save(tmp_path / "policy")
    alone = type(agent.policy).load(tmp_path / "policy")
    np.testing.assert_array_equal(alone.predict(seen, deterministic=True)[0], first)


def mean_return(agent, discrete, episodes=20):
    env = Table(discrete)
    total = 0.0
    for seed in range(episodes):
        observation, _ = env.reset(seed=1000 + seed)
        over = False
        while not over:
            observation, reward, _, over, _ = env.step(agent.predict(observation, deterministic=True)[0])
            total += reward
    return total / episodes


@pytest.mark.parametrize(("algorithm", "discrete"), KINDS)
def test_it_learns(algorithm, discrete):
    """Standing still gives -15; going straight to the middle about -1.5, in four directions -2.5."""
    agent = stock(algorithm, "exact", discrete, seed=3)
    before = mean_return(agent, discrete)
    after = mean_return(agent.learn({"PPO": 1600, "A2C": 2000, "DQN": 700}.get(algorithm, 800)), discrete)
    assert after > -5 and after > before + 5


def test_one_spread_for_what_the_group_mixes():
    sixth = np.array([[0.5, -np.sqrt(0.75)], [np.sqrt(0.75), 0.5]])
    turned = np.zeros((4, 4))
    turned[:2, :2], turned[2, 2], turned[3, 3] = sixth, -1, 1
    dense = Symmetry.generated(observation=[turned], action=[turned]).action
    assert dense.dense is not None
    assert LogStd(dense, family("exact")).which.tolist() == [0, 0, 1, 2]
    for which, commutes in (([0, 0, 1, 2], True), ([0, 1, 2, 3], False)):
        spread = np.diag(np.array([0.1, 0.2, 0.3, 0.4])[which])
        assert all(np.allclose(matrix @ spread, spread @ matrix) for matrix in dense.matrix) == commutes
    assert LogStd(SQUARE.action, family("relaxed")).which.tolist() == [0, 0]
    assert LogStd(SQUARE.action, family("plain")).which.tolist() == [0, 1]


def test_how_far_it_explores_at_first_is_stocks_own_argument():
    agent = stock("PPO", "exact", log_std_init=-1.5)
    assert agent.policy.log_std.tolist() == [-1.5, -1.5]


def test_what_the_policies_cannot_do_is_said():
    with pytest.raises(InputError, match=r"SymmetricDQNPolicy takes no net_arch; its layers follow"):
        stock("DQN", "exact", True, net_arch=[32])
    with pytest.raises(InputError, match=r"has 4 discrete actions, which a group exchanges; declare a permutation"):
        env = Table(discrete=True)
        kwargs = {"symmetry": SQUARE, "network": "exact"}
        stable_baselines3.PPO(SymmetricActorCriticPolicy, env, policy_kwargs=kwargs, device="cpu")
    with pytest.raises(InputError, match="network=exact needs a symmetry"):
        stable_baselines3.TD3(SymmetricTD3Policy, Table(), policy_kwargs={"network": "exact"}, device="cpu")
    with pytest.raises(InputError, match="use_sde=False"):
        stable_baselines3.PPO(SymmetricActorCriticPolicy, Table(), policy_kwargs={"network": "plain"}, use_sde=True)


def test_networks_that_count_updates_are_refused():
    with pytest.raises(InputError, match=r"network=scheduled counts updates, which stable-baselines3 does not tell"):
        stock("PPO", "scheduled", False)
