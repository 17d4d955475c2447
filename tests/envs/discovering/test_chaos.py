"""A simulator in which rounding decides is said to be one."""

import numpy as np
import pytest

from nearsym.envs import make
from nearsym.envs.discovering import discover
from nearsym.envs.discovering.simulator import Simulator

from .worlds import World, masses


def bouncing(stiffness):
    """A ball that a step throws back as often as a stiff floor says."""
    return World(2, 1, lambda s, a: 0.5 * s + np.array([0.0, 0.1 * a[0] + 0.2 * np.sin(stiffness * s[0])]))


def test_chaos_is_noted_and_says_how_often():
    note = Simulator(bouncing(1e9)).chaos()
    assert "chaotic in 16 of 16 samples: pushed by 1e-09 of its spread" in note
    assert note in discover(bouncing(1e9), samples=20).notes


@pytest.mark.parametrize("world", [bouncing(10), masses([1, 1]), make("Ant-v5"), make("dmc/walker-walk")])
def test_what_is_not_chaotic_says_nothing(world):
    """Contacts of the usual models magnify, but not so much."""
    assert Simulator(world).chaos() == ""
