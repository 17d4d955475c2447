"""A declared symmetry replaces another, and has to fit."""

import gymnasium
import pytest

from nearsym.envs import declare, make, symmetry_of
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Symmetry


def test_declare_replaces_and_checks():
    env = make("Pendulum-v1")
    other = Symmetry.reflection(observation=[-1, -1, 1], action=[-1])
    assert symmetry_of(env) != other
    assert symmetry_of(declare(env, other)) == other
    assert symmetry_of(gymnasium.make("Pendulum-v1")) is None
    with pytest.raises(SymmetryError, match="acts on 2 observation coordinates"):
        declare(env, Symmetry.reflection(observation=[-1, 1], action=[-1]))
    with pytest.raises(InputError, match="got a str"):
        declare(env, "mirror")
