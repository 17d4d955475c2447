"""What recorded transitions tell, and what they do not."""

import numpy as np
import pytest

from nearsym import Symmetry
from nearsym.envs.auditing import audit, sample_transitions
from nearsym.envs.discovering.from_transitions import discover_from_transitions
from nearsym.envs.discovering.recorded import KEYS, Recorded, read_transitions
from nearsym.envs.discovering.smooth import Smooth
from nearsym.envs.discovering.untold import untold
from nearsym.envs.errors import InputError

from .worlds import World, masses


def recorded(world, count=1500):
    return Recorded(sample_transitions(world, count, 0).observed())


def arrays(transitions):
    return {name: getattr(transitions, name) for name in KEYS}


def test_the_group_of_two_masses_is_consistent_and_no_more():
    """The group is known; unequal masses keep the common mirror alone."""
    same, changed = (discover_from_transitions(recorded(masses([1, weight], coupling=3))) for weight in (1, 2))
    assert same.exact is None
    assert same.nearly.symmetry.group.name == "D2"
    assert same.nearly.report.verdict == "consistent"
    assert same.nearly.symmetry.state is None
    assert changed.nearly.symmetry.group.name == "C2"
    assert np.array_equal(changed.nearly.symmetry.action.matrix[1], -np.eye(2))


def test_what_cannot_be_predicted_is_said():
    rolled = World(2, 1, lambda s, a: 0.9 * s, reward=lambda s, a: float(np.sin(1e5 * s[0])))
    notes = " ".join(discover_from_transitions(recorded(rolled)).notes)
    assert "the data do not tell what becomes of the reward" in notes


def waves(dim):
    """A reward that turns round often, and so is learned from many transitions alone."""
    return World(
        dim, 1, lambda s, a: 0.8 * s + 0.1 * a[0], reward=lambda s, a: float(np.cos(3.5 * s).prod() * (1 + a[0] ** 2))
    )


def test_how_many_would_tell_is_said_and_they_do():
    few = " ".join(discover_from_transitions(recorded(waves(3), 800)).notes)
    assert "of the reward" in few and "so that about 5,000 transitions may tell" in few
    assert "the reward" not in " ".join(discover_from_transitions(recorded(waves(3), 5000)).notes)


@pytest.mark.parametrize(
    ("share", "fewer", "count", "said"),
    [
        (0.8, 1.6, 4000, "about 10,000 transitions may tell"),  # err ~ n^-1/2: 4000 · 1.6² = 10,240
        (0.8, 0.8 * 2**0.5, 4000, "about 30,000 would be needed, and no more than 20,000"),  # err ~ n^-1/4: · 1.6⁴
        (0.9, 0.9, 8000, "more of the same kind hardly help (it does not fall"),
        (0.9, 0.9, 800, "says little of so few: record 4,000"),
    ],
)
def test_how_many_follows_from_how_errors_fall(share, fewer, count, said):
    assert said in untold(["a"], np.array([share]), np.array([fewer]), 4, count)


def test_what_never_changes_is_no_excuse():
    """Half of what changes has to be told, however many constants are observed besides."""
    with pytest.raises(InputError, match="of 3 quantities 2 cannot be predicted"):
        untold(["a", "b"], np.full(2, 0.9), np.ones(2), 3, 4000)
    assert untold(["a"], np.full(1, 0.9), np.ones(1), 3, 4000)


def test_noise_tells_nothing():
    noise = World(2, 1, lambda s, a: 0 * s, reward=lambda s, a: float(np.sin(1e5 * s[0])), noise=1.0)
    noise._observe = lambda s: np.sin(1e5 * s)
    with pytest.raises(InputError, match=r"of 3 quantities \d cannot be predicted from these transitions"):
        discover_from_transitions(recorded(noise))


def test_too_few_say_how_many():
    with pytest.raises(InputError) as raised:
        discover_from_transitions(recorded(masses([1, 1]), 100))
    assert "100 transitions of 6 numbers are too few to learn a model from; record at least 240" in str(raised.value)


def test_a_file_is_read_as_it_was_recorded(tmp_path):
    transitions = sample_transitions(masses([1, 1]), 120, 0)
    np.savez(tmp_path / "file.npz", **arrays(transitions))
    read = read_transitions(str(tmp_path / "file.npz")).transitions
    for name in (*KEYS, "episodes"):
        assert np.array_equal(getattr(read, name), getattr(transitions, name))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rewards": None}, "has no array 'rewards', but observations, actions"),
        ({"rewards": np.zeros(3)}, "holds arrays that do not fit: observations (60, 4), actions (60, 2), rewards (3,)"),
        ({"actions": np.full((60, 2), np.nan)}, "holds numbers that are not finite"),
        ({"actions": np.full((60, 2), "x")}, "holds something else than numbers"),
    ],
)
def test_files_that_do_not_fit(change, said, tmp_path):
    content = {**arrays(sample_transitions(masses([1, 1]), 60, 0)), **change}
    np.savez(tmp_path / "file.npz", **{name: value for name, value in content.items() if value is not None})
    with pytest.raises(InputError) as raised:
        read_transitions(str(tmp_path / "file.npz"))
    assert said in str(raised.value)


def test_no_archive(tmp_path):
    (tmp_path / "file.npz").write_text("no archive")
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
        read_transitions(str(tmp_path / "file.npz"))


def test_the_model_learns_a_smooth_function_and_not_noise():
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(1500, 3))
    wanted = np.stack([np.sin(inputs[:, 0]) * inputs[:, 1], inputs[:, 2] ** 2 - 1], axis=1)
    held = np.arange(1500) >= 1200
    fresh = draw.normal(size=(200, 3))
    model = Smooth(inputs, wanted, held)
    truth = np.stack([np.sin(fresh[:, 0]) * fresh[:, 1], fresh[:, 2] ** 2 - 1], axis=1)
    assert np.sqrt(((model(fresh) - truth) ** 2).mean()) < 0.1
    noise = draw.normal(size=(1500, 1))
    assert np.sqrt(((Smooth(inputs, noise, held)(inputs[held]) - noise[held]) ** 2).mean()) > 0.9


def test_an_audit_by_recorded_transitions_alone():
    given = recorded(masses([1, 1], coupling=3))
    right, wrong = (
        Symmetry.reflection(observation=[sign, sign, sign, sign], action=[push, push])
        for sign, push in ((-1, -1), (-1, 1))
    )
    verdicts = [audit(given, symmetry, transitions=given.transitions).verdict for symmetry in (right, wrong)]
    assert verdicts == ["consistent", "broken"]
