"""What the camera sees of dm_control tasks: mirrors that hold, and looks that break them."""

import numpy as np
import pytest

from nearsym.envs import audit, make, symmetry_of

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


def test_a_camera_beside_the_mirrors_declares_none():
    assert symmetry_of(make("dmc/walker-walk", pixels=True)) is None
