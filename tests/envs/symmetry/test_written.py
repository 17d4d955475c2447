"""Symmetries as YAML and as Python, read again."""

import numpy as np
import pytest

from nearsym import Symmetry
from nearsym.envs import load_symmetry
from nearsym.envs.errors import InputError
from nearsym.envs.registry import catalogue
from nearsym.envs.symmetry import read_symmetry, symmetry_python, symmetry_yaml

ANGLE = 2 * np.pi / 3
THIRD = [[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]]

DECLARED = {
    **{entry.id: entry.symmetry for entry in catalogue()},
    "matrices": Symmetry.generated(observation=[THIRD], action=[[1, 1]]),
    "keys": Symmetry.reflection(observation={("left", "right"): [1, 0], "side": [-1]}, action=[1, 0]),
    "still": Symmetry.generated(observation=[[-1, 1]], action=[[1]], state=[[-1]]),
    "unlisted": Symmetry.generated(
        observation=[[1, 0, *range(2, 7)], [*range(1, 7), 0]], action=[[1, 0, *range(2, 7)], [*range(1, 7), 0]]
    ),
}


def same(one, other):
    assert other.group == one.group
    assert dict(other.observation.parts()).keys() == dict(one.observation.parts()).keys()
    for (_, before), (_, after) in zip(one.observation.parts(), other.observation.parts(), strict=True):
        assert np.abs(before.matrix - after.matrix).max() < 1e-11
    assert np.array_equal(one.action.matrix, other.action.matrix)
    assert (one.state is None) == (other.state is None)
    assert one.state is None or np.array_equal(one.state.matrix, other.state.matrix)


@pytest.mark.parametrize("name", DECLARED)
def test_yaml_is_read_again(name, tmp_path):
    path = tmp_path / "symmetry.yaml"
    path.write_text(symmetry_yaml(DECLARED[name], "found here\nexact"))
    same(DECLARED[name], read_symmetry(path))
    same(DECLARED[name], load_symmetry(str(path)))


@pytest.mark.parametrize("name", DECLARED)
def test_python_makes_it_again(name):
    names = {"Symmetry": Symmetry}
    exec(symmetry_python(DECLARED[name]), names)
    same(DECLARED[name], names["symmetry"])


def test_another_symmetry_is_seen(tmp_path):
    path = tmp_path / "symmetry.yaml"
    path.write_text("observation:\n  - {signs: [-1, 1]}\naction:\n  - {signs: [-1]}\n")
    with pytest.raises(AssertionError):
        same(DECLARED["still"], read_symmetry(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no file "),
        ("observation: [", "cannot be read as YAML"),
        ("- 1", "declares no symmetry; expected the keys observation, action and perhaps state"),
        ("observation: []\naction: []\nstat: []", "has the key 'stat'; expected observation, action and state"),
        ("observation: 3\naction: [{signs: [1]}]", "observation is 3, expected a list of generators"),
        ("observation: [{sign: [1]}]\naction: [{signs: [1]}]", "a generator of observation is {'sign': [1]}, expected"),
        ("observation: [{signs: [2]}]\naction: [{signs: [1]}]", "observation generator 0 is "),
        ("observation: [{keys: a, generators: []}]\naction: []", "keys is 'a', expected a list of keys"),
        ("observation: []\naction: []", "every part needs the same number of generators"),
    ],
)
def test_what_is_no_symmetry_is_refused_in_one_line(text, said, tmp_path):
    path = tmp_path / "symmetry.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as raised:
        load_symmetry(str(path))
    assert said in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
