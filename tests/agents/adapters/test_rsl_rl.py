"""Our data_augmentation_func in rsl_rl's own PPO: what it is given, what it does to the loss, and a wrong one."""

import copy

import pytest
import torch
from rsl_rl.algorithms import PPO
from rsl_rl.env import VecEnv
from rsl_rl.runners import OnPolicyRunner
from tensordict import TensorDict

from nearsym.agents.adapters import rsl_rl
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Scalars, Symmetry, Vectors, from_parts, mirror

TROLLEY = Symmetry.reflection(observation={"policy": [-1, -1], "critic": [-1, 1]}, action=[-1])


class Trolleys(VecEnv):
    """Trolleys on rails, paid for being near the middle: place and speed, to the critic the wind and the mass too."""

    num_envs, num_actions, max_episode_length, device, cfg = 64, 1, 50, "cpu", {}

    def __init__(self):
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long)
        self.draw = torch.Generator().manual_seed(0)
        self.state = torch.randn(self.num_envs, 2, generator=self.draw)
        self.wind = 0.3 * torch.randn(self.num_envs, 1, generator=self.draw)

    def get_observations(self):
        privileged = torch.cat([self.wind, torch.ones_like(self.wind)], dim=1)
        return TensorDict({"policy": self.state.clone(), "critic": privileged}, batch_size=[self.num_envs])

    def step(self, actions):
        place, speed = self.state.unbind(1)
        speed = 0.9 * speed + 0.3 * (actions[:, 0].clamp(-1, 1) + self.wind[:, 0])
        self.state = torch.stack([place + 0.3 * speed, speed], dim=1)
        self.episode_length_buf += 1
        over = self.episode_length_buf >= self.max_episode_length
        self.state[over] = torch.randn(int(over.sum()), 2, generator=self.draw)
        self.episode_length_buf[over] = 0
        return self.get_observations(), -place.abs(), over.long(), {"time_outs": over}


CONFIG = {
    "num_steps_per_env": 16,
    "save_interval": 1000,
    "obs_groups": {"actor": ["policy"], "critic": ["policy", "critic"]},
    "multi_gpu": None,
    "actor": {
        "class_name": "MLPModel",
        "hidden_dims": [16],
        "activation": "tanh",
        "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 0.5},
    },
    "critic": {"class_name": "MLPModel", "hidden_dims": [16], "activation": "tanh"},
    "algorithm": {"class_name": "PPO", "num_learning_epochs": 4, "num_mini_batches": 2, "learning_rate": 3e-3},
}


def runner(function, **uses):
    """rsl_rl's own runner, the same networks each time."""
    torch.manual_seed(0)
    config = copy.deepcopy(CONFIG)
    config["algorithm"]["symmetry_cfg"] = {"data_augmentation_func": function, **uses}
    return OnPolicyRunner(Trolleys(), config)


def asymmetry(algorithm, function):
    """rsl_rl's mirror loss over states of all kinds."""
    draw = torch.Generator().manual_seed(1)
    obs = TensorDict({"policy": torch.randn(500, 2, generator=draw), "critic": torch.ones(500, 2)}, batch_size=[500])
    with torch.no_grad():
        images, _ = function(env=None, obs=obs, actions=None)
        means = algorithm.actor(images)
        _, expected = function(env=None, obs=None, actions=means[:500])
    return float((means[500:] - expected[500:]).square().mean())


def distance(actor):
    """Mean distance from the middle over one episode of every trolley."""
    env, total = Trolleys(), 0.0
    with torch.no_grad():
        for _ in range(env.max_episode_length - 1):
            total -= float(env.step(actor(env.get_observations()))[1].mean())
    return total / (env.max_episode_length - 1)


def test_ppo_learns_with_it_and_its_policy_becomes_symmetric():
    ours = rsl_rl(TROLLEY)
    trained = runner(ours, use_data_augmentation=True, use_mirror_loss=True, mirror_loss_coeff=1.0)
    assert isinstance(trained.alg, PPO)
    logged = runner(ours)  # neither: the loss is for the log alone
    before = asymmetry(trained.alg, ours)
    assert before == asymmetry(logged.alg, ours) > 1e-3
    for one in (trained, logged):
        one.learn(25)
    after, without = asymmetry(trained.alg, ours), asymmetry(logged.alg, ours)
    assert after < 0.1 * before and after < 0.3 * without, (before, after, without)
    far, near = (distance(one.alg.actor) for one in (runner(ours), trained))
    assert near < 0.7 * far, (near, far)


def test_its_batches_are_moved_group_by_group():
    given = []
    ours = rsl_rl(TROLLEY)

    def watched(env, obs, actions):
        answer = ours(env=env, obs=obs, actions=actions)
        given.append((env, obs, actions, answer))
        return answer

    one = runner(watched, use_data_augmentation=True)
    one.learn(1)
    env, obs, actions, (images, moved) = given[0]
    assert env is one.env and isinstance(images, TensorDict) and images.batch_size[0] == 2 * len(obs)
    n = len(obs)
    assert torch.equal(images["policy"][n:], -obs["policy"]) and torch.equal(moved[n:], -actions)
    assert torch.equal(images["critic"][n:], obs["critic"] * torch.tensor([-1.0, 1.0]))
    assert torch.equal(images["critic"][:n], obs["critic"])


def test_a_wrong_function_shows_in_the_loss_of_a_symmetric_policy():
    """An actor without biases and with tanh is odd: the right mirror finds nothing, one with a wrong sign does."""
    wrong = rsl_rl(Symmetry.reflection(observation={"policy": [-1, 1], "critic": [-1, 1]}, action=[-1]))
    ours = rsl_rl(TROLLEY)
    losses = []
    for function in (ours, wrong):
        one = runner(function, use_mirror_loss=True, mirror_loss_coeff=1.0)
        for name, parameter in one.alg.actor.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.zeros_(parameter)
        obs = one.env.get_observations()
        batch = type("Batch", (), {"observations": obs})()
        losses.append(float(one.alg.symmetry.compute_loss(one.alg.actor, batch, len(obs)).detach()))
    assert losses[0] < 1e-12 and losses[1] > 1e-3, losses


def test_groups_are_named_where_one_is_not_declared():
    one = runner(rsl_rl(Symmetry.reflection(observation=[-1, -1], action=[-1])), use_data_augmentation=True)
    with pytest.raises(InputError, match="'critic' move, only policy"):
        one.learn(1)


def test_a_declaration_by_parts_for_each_group():
    element = mirror("y")
    policy, critic = (
        from_parts(element, observation=parts, action=[Vectors("push", axes="y")])
        for parts in ([Vectors("place", "speed", axes="y")], [Vectors("wind", axes="y"), Scalars("mass")])
    )
    both = Symmetry(policy.group, {"policy": policy.observation, "critic": critic.observation}, policy.action)
    obs = Trolleys().get_observations()
    one, other = (rsl_rl(each)(env=None, obs=obs, actions=None)[0] for each in (both, TROLLEY))
    assert all(torch.equal(one[key], other[key]) for key in ("policy", "critic"))
