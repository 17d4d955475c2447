"""Generators of continuous symmetries, in worlds whose Lie algebra is known."""

import numpy as np
import pytest

from nearsym.envs.discovering.infinitesimal import rotations, turns
from nearsym.envs.discovering.simulator import Simulator

from .worlds import World, plane

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def space(dim):
    """A point in `dim` dimensions, drawn to the middle, damped by the cube of its speed."""

    def step(s, a):
        x, v = s[:dim], s[dim:]
        v = v + 0.1 * (a - x - 0.1 * (v @ v) * v)
        return np.concatenate([x + 0.1 * v, v])

    return World(2 * dim, dim, step)


def test_the_rotation_of_the_plane():
    found = rotations(Simulator(plane()))
    (generator,) = found.generators
    assert np.abs(generator.state / generator.state[1, 0] - np.kron(np.eye(2), TURN)).max() < 1e-5
    assert np.abs(generator.action / generator.state[1, 0] - TURN).max() < 1e-5
    assert found.singular[0] < 1e-6 < 1e-2 < found.singular[1]


@pytest.mark.parametrize("dim", [2, 3, 4])
def test_as_many_as_the_rotation_group_has(dim):
    found = rotations(Simulator(space(dim)))
    assert len(found.generators) == dim * (dim - 1) // 2
    for generator in found.generators:  # one and the same matrix on positions, velocities and pushes
        assert np.abs(generator.state - np.kron(np.eye(2), generator.action)).max() < 1e-4


def test_singular_values_are_the_size_of_what_breaks_it():
    smallest = [rotations(Simulator(plane((1.0, 1.0 + strength)))).singular[0] for strength in (0.0, 0.01, 0.02, 0.04)]
    assert smallest[0] < 1e-6
    assert smallest[2] / smallest[1] == pytest.approx(2, rel=0.05)
    assert smallest[3] / smallest[2] == pytest.approx(2, rel=0.05)


def test_a_reward_for_one_direction_leaves_none():
    world = plane()
    world._reward = lambda s, a: s[0]
    assert rotations(Simulator(world)).generators == []


def test_an_observation_that_turns_round_one_axis_alone():
    """Of three rotations one is left when the third coordinate of the position is seen squared."""

    def observe(s):
        return np.concatenate([s[:2], [s[2] ** 2], s[3:5], [s[5] ** 2]])

    world = space(3)
    seen = World(6, 3, world._step, observe=observe)
    (generator,) = rotations(Simulator(seen)).generators
    assert np.abs(generator.action[2]).max() < 1e-4


def test_the_angles_of_a_turn():
    (generator,) = rotations(Simulator(plane())).generators
    quarter, eighth, half = turns(generator)
    assert np.array_equal(np.abs(generator.turned(quarter).action), [[0, 1], [1, 0]])
    assert np.allclose(generator.turned(half).state, -np.eye(4))
    assert eighth == quarter / 2
