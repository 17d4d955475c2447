"""Every declared symmetry against the simulator itself: set g·s, step g·a, compare with g·step(s, a)."""

import numpy as np
import pytest

from nearsym.envs import catalogue
from nearsym.envs.dmc import DOMAINS, DmControlEnv
from nearsym.envs.symmetry import Representation, Symmetry, coordinate_orbits

TASKS = [entry.id for entry in catalogue() if entry.id.startswith("dmc/")]
STATES = 20


def load(id):
    domain, task = id.removeprefix("dmc/").split("-")
    return DmControlEnv(DOMAINS[domain], task, dtype=np.float64)


def largest_errors(id, symmetry):
    """Largest error of observation, reward and next state over random states, actions and all elements."""
    env, rng = load(id), np.random.default_rng(0)
    errors = np.zeros(3)
    env.action_space.seed(0)
    for episode in range(STATES):
        env.reset(seed=episode)
        for _ in range(rng.integers(10)):
            env.step(env.action_space.sample())
        state, action = env.get_state(), env.action_space.sample().astype(np.float64)
        observation = env.set_state(state)
        _, reward, *_ = env.step(action)
        after = env.get_state()
        for g in range(symmetry.group.order):
            moved = env.set_state(symmetry.state.apply(g, state))
            _, moved_reward, *_ = env.step(symmetry.action.apply(g, action))
            errors = np.maximum(
                errors,
                [
                    np.abs(moved - symmetry.observation.rep.apply(g, observation)).max(),
                    abs(moved_reward - reward),
                    np.abs(env.get_state() - symmetry.state.apply(g, after)).max(),
                ],
            )
    return errors


@pytest.mark.parametrize("id", TASKS)
def test_declared_symmetries_hold_in_the_simulator(id):
    errors = largest_errors(id, load(id).symmetry)
    assert errors.max() < 1e-8, dict(zip(("observation", "reward", "state"), errors, strict=True))


@pytest.mark.parametrize("id", TASKS)
def test_moving_the_state_without_the_action_is_noticed(id):
    right = load(id).symmetry
    still = Representation.trivial(right.group, right.action.dim)
    assert largest_errors(id, Symmetry(right.group, right.observation.rep, still, right.state))[2] > 1e-6


@pytest.mark.parametrize("id", TASKS)
def test_a_part_of_the_observation_left_unmoved_is_noticed(id):
    right = load(id).symmetry
    index, sign = (array.copy() for array in right.observation.rep.arrays)
    moved = (index != np.arange(index.shape[1])) | (sign != 1)
    last = [orbit for orbit in coordinate_orbits(right.observation.rep) if moved[:, orbit].any()][-1]
    index[:, last], sign[:, last] = last, 1
    still = Representation.signed_permutation(right.group, index, sign)
    assert largest_errors(id, Symmetry(right.group, still, right.action, right.state))[0] > 1e-6


def test_the_humanoid_is_only_nearly_symmetric():
    """Its right hip stops at -110 degrees, its left one at -120: beyond the first the mirror fails."""
    env = load("humanoid-stand")
    symmetry = env.symmetry
    errors = {}
    for degrees in (-90, -118):
        env.reset(seed=0)
        state = env.get_state() * 0
        state[2], state[3] = 3.0, 1.0  # high above the floor, upright
        state[7 + 11] = np.radians(degrees)  # the left hip
        after = []
        for start, element in ((state, 0), (symmetry.state.apply(1, state), 1)):
            env.set_state(start)
            env.step(np.zeros(21))
            after.append(symmetry.state.apply(element, env.get_state()))
        errors[degrees] = np.abs(after[0] - after[1]).max()
    assert errors[-90] < 1e-8 < 1e-2 < errors[-118]
    assert not next(entry for entry in catalogue() if entry.id == "dmc/humanoid-stand").exact
