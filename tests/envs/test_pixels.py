"""What the camera sees: exact mirrors and quarter turns of pixels, and stacks of frames."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import FrameStack, audit, declare, make, symmetry_of
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Representation, Symmetry, image_representation

SEEN = [
    "cartpole-swingup",
    "cartpole-two_poles",
    "pendulum-swingup",
    "acrobot-swingup",
    "ball_in_cup-catch",
    "reacher-easy",
    "reacher_turning-easy",
    "point_mass-easy",
]


@pytest.mark.parametrize("task", SEEN)
def test_the_camera_stands_in_the_mirrors(task):
    report = audit(make(f"dmc/{task}", pixels=True), samples=5)
    assert max(element.observation.mean for element in report.elements) < 0.05  # of 255: a few pixels at edges
    assert report.epsilon_reward < 1e-8 and report.epsilon_transition < 1e-8


def test_checkers_and_stars_break_the_mirror_and_are_drawn_when_asked_for():
    errors = {}
    for name, look in {"plain": {}, "floor": {"floor": True}, "stars": {"stars": True}}.items():
        report = audit(make("dmc/cartpole-swingup", pixels=True, **look), samples=5)
        errors[name] = report.elements[0].observation.mean
    assert errors["plain"] < 0.05 < 0.2 < min(errors["floor"], errors["stars"])


def test_shadows_change_the_look():
    fast, full = (make("dmc/cartpole-swingup", pixels=True, shadows=shadows) for shadows in (False, True))
    (one, _), (two, _) = fast.reset(seed=0), full.reset(seed=0)
    assert one.shape == two.shape == (9, 85, 85) and not np.array_equal(one, two)
    # edges are smoothed, so there are more colours
    assert len(np.unique(two[:3].reshape(3, -1), axis=1).T) > len(np.unique(one[:3].reshape(3, -1), axis=1).T)


def test_pixels_by_hand():
    """A quarter turn counter-clockwise takes the right edge to the top; a mirror x to -x flips columns."""
    turn = [[0, -1], [1, 0]]
    symmetry = Symmetry.image(plane=[turn, [-1, 1]], action=[turn, [-1, 1]], shape=(2, 5, 5))
    image = np.arange(50).reshape(2, 5, 5)
    a, b = symmetry.group.generators
    turned, flipped = (symmetry.observation.rep.apply(g, image.ravel()).reshape(2, 5, 5) for g in (a, b))
    np.testing.assert_array_equal(turned, np.rot90(image, axes=(1, 2)))
    np.testing.assert_array_equal(flipped, image[:, :, ::-1])


def test_an_even_size_turns_too():
    rep = image_representation(Symmetry.generated([[[0, -1], [1, 0]]], [[[0, -1], [1, 0]]]).action, (1, 4, 4))
    image = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(rep.apply(1, image.ravel()).reshape(4, 4), np.rot90(image))


def test_planes_that_do_not_fit_are_refused():
    turn = Symmetry.generated([[[0, -1], [1, 0]]], [[[0, -1], [1, 0]]]).action
    with pytest.raises(SymmetryError, match="quarter turns need a square image, got 4x5"):
        image_representation(turn, (1, 4, 5))
    angle = np.pi / 4
    eighth = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    with pytest.raises(SymmetryError, match="take pixels between pixels"):
        image_representation(Symmetry.generated([eighth], [eighth]).action, (1, 5, 5))
    with pytest.raises(SymmetryError, match="2 coordinates, the representation acts on 3"):
        image_representation(Representation.trivial(turn.group, 3), (1, 5, 5))
    with pytest.raises(SymmetryError, match="declared on vectors, not on images"):
        Symmetry.reflection([-1], [-1]).resized((3, 5, 5))


class Film(gymnasium.Env):
    """Shows frame number n of an episode in every pixel."""

    observation_space = gymnasium.spaces.Box(0, 255, (4, 6, 3), np.uint8)
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 1
        return np.full((4, 6, 3), self.n, dtype=np.uint8), {}

    def step(self, action):
        self.n += 1
        return np.full((4, 6, 3), self.n, dtype=np.uint8), 0.0, False, False, {}


def test_frames_are_stacked_oldest_first_and_an_episode_begins_with_repetitions():
    env = FrameStack(declare(Film(), Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(3, 4, 6))))
    assert env.observation_space.shape == (9, 4, 6)
    seen = [env.reset(seed=0)[0], *(env.step(np.zeros(1))[0] for _ in range(3)), env.reset(seed=0)[0]]
    assert [observation[::3, 0, 0].tolist() for observation in seen] == [
        [1, 1, 1],
        [1, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
        [1, 1, 1],
    ]
    assert symmetry_of(env).observation.dim == 9 * 4 * 6


def test_what_cannot_be_stacked_or_seen_is_said():
    with pytest.raises(InputError, match="expected uint8 images"):
        FrameStack(make("Pendulum-v1"))
    with pytest.raises(InputError, match="frames is 0"):
        make("dmc/cartpole-swingup", pixels=True, frames=0)
    with pytest.raises(InputError, match="size is 0"):
        make("dmc/cartpole-swingup", pixels=True, size=0)


def test_a_camera_beside_the_mirrors_declares_none():
    assert symmetry_of(make("dmc/walker-walk", pixels=True)) is None
