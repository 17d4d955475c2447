"""Transitions by the id of a Minari dataset that Minari itself has written."""

import sys
import warnings

import gymnasium
import minari
import numpy as np
import pytest
from minari.data_collector import EpisodeBuffer

from nearsym.envs.auditing import sample_transitions
from nearsym.envs.discovering.from_transitions import discover_from_transitions
from nearsym.envs.discovering.recorded import KEYS, read_transitions
from nearsym.envs.errors import InputError
from nearsym.scripts.main import run

from .worlds import masses

BOX = gymnasium.spaces.Box(-np.inf, np.inf, (4,), np.float64)
PUSHES = gymnasium.spaces.Box(-1, 1, (2,), np.float64)
TWO = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
KEYED = gymnasium.spaces.Dict({"speed": TWO, "place": TWO})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))


def write(id, transitions, observation_space=BOX, action_space=PUSHES, split=lambda seen: seen):
    """A dataset of recorded transitions, an episode for each of theirs."""
    buffers = []
    for number in np.unique(transitions.episodes):
        rows = transitions.episodes == number
        seen = np.concatenate([transitions.observations[rows], transitions.next_observations[rows][-1:]])
        ends = np.zeros(int(rows.sum()), dtype=bool)
        cut = ends.copy()
        cut[-1] = True
        buffers.append(
            EpisodeBuffer(
                id=int(number),
                observations=split(seen),
                actions=transitions.actions[rows].astype(action_space.dtype),
                rewards=list(transitions.rewards[rows]),
                terminations=list(ends),
                truncations=list(cut),
                infos={},
            )
        )
    spaces = {"observation_space": observation_space, "action_space": action_space}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that nobody is named as the author
        minari.create_dataset_from_buffers(id, buffers, data_format="hdf5", **spaces)


def by_key(seen):
    return {"speed": seen[:, 2:], "place": seen[:, :2]}


def test_a_dataset_is_read_as_it_was_recorded():
    transitions = sample_transitions(masses([1, 1]), 120, 0)
    write("masses/random-v0", transitions)
    read = read_transitions("masses/random-v0").transitions
    for name in (*KEYS, "episodes"):
        assert np.array_equal(getattr(read, name), getattr(transitions, name)), name


def test_a_dict_is_flattened_in_its_spaces_order_and_declared_by_key():
    transitions = sample_transitions(masses([1, 1], coupling=3), 1500, 0)
    write("masses/keyed-v0", transitions, KEYED, split=by_key)
    recorded = read_transitions("masses/keyed-v0")
    order = {"place": [0, 1], "speed": [2, 3]}
    columns = [column for key in KEYED.spaces for column in order[key]]
    assert np.array_equal(recorded.transitions.observations, transitions.observations[:, columns])
    found = discover_from_transitions(recorded).nearly
    assert found.symmetry.group.name == "D2" and found.report.verdict == "consistent"
    found.symmetry.check_spaces(KEYED, PUSHES)  # it fits the environment that was recorded


def test_the_command_takes_an_id(capsys):
    write("masses/random-v0", sample_transitions(masses([1, 2], coupling=3), 1500, 0))
    assert run(["discover", "transitions=masses/random-v0"]) == 0
    assert "consistent with the data: C2" in capsys.readouterr().out


def test_discrete_actions_are_refused():
    transitions = sample_transitions(masses([1, 1]), 60, 0)
    discrete = gymnasium.spaces.Discrete(3)
    one = type(transitions)(**{**vars(transitions), "actions": np.zeros(60)})
    write("masses/discrete-v0", one, action_space=discrete)
    with pytest.raises(InputError, match=r"actions Discrete\(3\); expected Boxes"):
        read_transitions("masses/discrete-v0")


def test_neither_a_file_nor_a_dataset(monkeypatch):
    def fails(id):
        raise ValueError(f"no {id} on the server")

    monkeypatch.setattr("minari.storage.local.hosting.download_dataset", fails)
    with pytest.raises(InputError) as raised:
        read_transitions("masses/unknown-v0")
    assert "there is no file masses/unknown-v0, and Minari has no dataset of that name: ValueError: no masses" in str(
        raised.value
    )


def test_without_minari(monkeypatch):
    monkeypatch.setitem(sys.modules, "minari", None)
    with pytest.raises(InputError, match=r"pass a \.npz file, or pip install 'nearsym\[minari\]'"):
        read_transitions("masses/random-v0")
