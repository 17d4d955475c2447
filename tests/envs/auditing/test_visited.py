"""Which elements move what is met to what is met: by construction, and where arms start on one side."""

import numpy as np
import pytest

from nearsym.envs import make, symmetry_of
from nearsym.envs.auditing import visited_images
from nearsym.envs.auditing.visited import REACH, image_shares
from nearsym.envs.symmetry import Group, Representation

MIRRORS = Group.dihedral(2)  # e, the half turn r, and the mirrors s: y -> -y and rs: x -> -x
PLANE = Representation.matrices(MIRRORS, [np.diag(signs) for signs in ((1, 1), (-1, -1), (1, -1), (-1, 1))])
EPISODES = np.arange(400) % 20


def test_images_of_a_half_plane():
    """Points with x > 1: mirrors of y lead to more of them, mirrors of x and half turns to nothing."""
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(1, 2, 400), rng.uniform(-1, 1, 400)])
    identity, half_turn, mirror_y, mirror_x = image_shares(points, EPISODES, PLANE)
    assert identity == pytest.approx(REACH, abs=0.01)
    assert mirror_y > 0.9 and half_turn == mirror_x == 0
    both_sides = points * np.where(np.arange(400)[:, None] % 3 == 0, [-1, 1], [1, 1])
    assert image_shares(both_sides, EPISODES, PLANE).min() > 0.85


def test_an_episode_does_not_count_for_itself():
    """Twenty episodes that stand still, anywhere: were each near itself, no image would be near enough."""
    places = np.random.default_rng(1).uniform(-1, 1, (20, 2))
    assert image_shares(places[EPISODES], EPISODES, PLANE).min() > 0.5


@pytest.mark.parametrize(("id", "kept", "lost"), [("Reacher-v5", ["s"], ["r^2", "r^2s"]), ("Pendulum-v1", ["s"], [])])
def test_a_reacher_starts_to_the_right(id, kept, lost):
    """Its mirror is met and its half turn is not; the pendulum starts anywhere."""
    env = make(id)
    symmetry = symmetry_of(env).ordered(env.observation_space)
    still = visited_images(env, lambda observation: np.zeros(env.action_space.shape), symmetry.observation.rep, 0)
    shares = dict(zip(symmetry.group.names, still, strict=True))
    assert all(shares[name] > 0.8 for name in kept)
    assert all(shares[name] < 0.05 for name in lost)
