"""An audit says which coordinate is off, and how; and no choice of units decides what it says."""

import json

import gymnasium
import numpy as np
import pytest

from nearsym.agents.report.rendering.audit_figure import draw_errors
from nearsym.envs import audit
from nearsym.envs.auditing.tables import tables
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry


class Arm(gymnasium.Env):
    """Four joints that follow their motors; `units` multiplies all coordinates, `weak` a motor on one side."""

    def __init__(self, units=1.0, weak=0.0, counter=False, told=True, spoil=None, size=4):
        self.units, self.weak, self.counter, self.told, self.spoil, self.size = units, weak, counter, told, spoil, size
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size + counter,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1, 1, (size,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.steps = self.np_random.uniform(-1, 1, self.size) * self.units, 0
        return self.seen(), {}

    def step(self, action):
        strength = np.where(self.x > 0, 1 - self.weak, 1.0)
        self.x = self.x + 0.1 * self.units * strength * action
        self.steps += 1
        return self.seen(), 0.0, False, False, {}

    def seen(self):
        x = self.x if self.spoil is None else self.spoil(self.x.copy())
        return np.append(x, self.steps) if self.counter else x

    def get_state(self):
        return np.append(self.x, self.steps) if self.counter else self.x.copy()

    def set_state(self, state):
        self.x, self.steps = np.array(state[: self.size]), int(state[-1])
        return self.seen() if self.told else None


def mirror(size=4, counter=False):
    signs = [-1] * size + [1] * counter
    return Symmetry.reflection(observation=signs, action=[-1] * size, state=signs)


def lines(report):
    return [each for each in tables(report, "arm") if isinstance(each, str)]


@pytest.mark.parametrize("units", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_units_do_not_decide(units):
    report = audit(Arm(units, weak=0.3), mirror(), samples=100)
    reference = audit(Arm(weak=0.3), mirror(), samples=100)
    assert report.verdict == reference.verdict == "broken"
    assert report.elements[0].share == pytest.approx(reference.elements[0].share)
    assert audit(Arm(units), mirror(), samples=100).verdict == "exact"


def test_a_counter_in_the_state_hides_nothing():
    """A step moves the counter by 1 and each joint by 0.06: the norm of the state would call 30% of a joint nothing."""
    counted = audit(Arm(weak=0.3, counter=True), mirror(counter=True), samples=100)
    plain = audit(Arm(weak=0.3), mirror(), samples=100)
    assert counted.scales.transition > 1 and plain.scales.transition < 0.2
    assert counted.verdict == plain.verdict == "broken"
    assert counted.elements[0].share == pytest.approx(plain.elements[0].share, rel=0.1)
    assert all("[4]" not in each.name for each in counted.elements[0].coordinates)


def flipped(x):
    x[2] = np.abs(x[2])
    return x


def shifted(x):
    x[1] += 0.25
    return x


@pytest.mark.parametrize(
    ("spoil", "signs", "coordinate", "hint"),
    [
        (None, [-1, -1, 1, -1], "observation[2]", "its sign is the other one"),
        (shifted, [-1] * 4, "observation[1]", "it is off by 0.5 everywhere"),
        (flipped, [-1] * 4, "observation[2]", "its sign is the other one"),
    ],
)
def test_a_wrong_coordinate_is_named(spoil, signs, coordinate, hint):
    symmetry = Symmetry.reflection(observation=signs, action=[-1] * 4, state=[-1] * 4)
    report = audit(Arm(spoil=spoil), symmetry, samples=100)
    (found,) = report.elements[0].coordinates
    assert report.verdict == "broken" and found.name == coordinate and found.hint == hint
    assert found.expected != pytest.approx(found.got)
    assert any(f"{coordinate} expected {found.expected:.4g}, got {found.got:.4g}" in line for line in lines(report))
    assert report.worst_observation.observation_error == report.observation_error > 0
    json.dumps(report.to_dict())


def test_a_wrong_index_is_named():
    """Declared: joints 0 and 1 change places; in truth they keep them."""
    symmetry = Symmetry.reflection(([1, 0, 2, 3], [-1] * 4), action=[-1] * 4, state=[-1] * 4)
    first, second = audit(Arm(), symmetry, samples=100).elements[0].coordinates
    assert {first.name, second.name} == {"observation[0]", "observation[1]"}
    assert {first.hint, second.hint} == {f"it is what observation[{i}] should be, an index" for i in (0, 1)}


def test_an_angle_that_wraps_around_is_named():
    class Wheel(Arm):
        """Observes -x + π and wraps it: the mirror of 3.1 is not -3.1 but what is a whole turn from it."""

        def seen(self):
            return (self.x + np.pi) % (2 * np.pi)

    symmetry = Symmetry.reflection([-1] * 4, action=[-1] * 4, state=[-1] * 4)
    found = audit(Wheel(), symmetry, samples=100).elements[0].coordinates[0]
    assert "an angle that wraps around; observe its cosine and sine" in found.hint


def test_an_observation_that_cannot_be_told_is_not_called_wrong():
    """set_state returns nothing: where the states differ after a step, what is observed there says nothing."""
    report = audit(Arm(weak=0.3, told=False), mirror(), samples=100)
    assert report.verdict == "broken" and report.elements[0].shared == "transition"
    assert report.observation_error is None or report.observation_error == 0
    assert any("set_state returns no observation" in line for line in lines(report))
    layout = audit(Arm(told=False, spoil=shifted), mirror(), samples=100)  # negative control: a wrong layout is seen
    assert layout.elements[0].shared == "observation" and layout.observation_error == pytest.approx(0.5)


def test_an_assumed_state_is_said():
    assumed = Symmetry.reflection([-1] * 4, action=[-1] * 4)
    assert any("no state= is declared" in line for line in lines(audit(Arm(), assumed, samples=20)))
    assert not audit(Arm(), mirror(), samples=20).notes


def test_a_long_state_is_told_by_its_largest_entries():
    report = audit(Arm(weak=0.5, size=30), mirror(30), samples=50)
    (line,) = [line for line in lines(report) if line.startswith("worst:")]
    largest = int(np.abs(report.worst.state).argmax())
    assert f"state of 30 numbers, the largest [{largest}] {report.worst.state[largest]:.4g}" in line


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"x": 1.0}, "get_state returns a dict, expected one vector"),
        (np.zeros((2, 2)), r"get_state returns an array of shape \(2, 2\), expected one vector"),
        (np.array([np.nan] * 4), "get_state returns .*nan.* expected finite numbers"),
        (["a"], "get_state returns a list, expected one vector"),
    ],
)
def test_states_that_are_no_vectors(state, message):
    class Odd(Arm):
        def get_state(self):
            return state

    with pytest.raises(InputError, match=message):
        audit(Odd(), mirror(), samples=5)


def test_audits_are_guarded_as_training_is():
    class Poisoned(Arm):
        def seen(self):
            return self.x if self.steps == 0 else np.full(4, np.nan)

    with pytest.raises(InputError, match=r"observation\[0\] is nan at step 1 of an episode"):
        audit(Poisoned(), mirror(), samples=5)

    class Short(Arm):
        def set_state(self, state):
            super().set_state(state)
            return self.x[:2]

    with pytest.raises(InputError, match="set_state returns an observation of 2 numbers, 2 of them finite"):
        audit(Short(), mirror(), samples=5)


def test_the_figure_draws_the_error_that_there_is(tmp_path, monkeypatch):
    drawn = {}

    def keep(figure, path, **options):
        (axes, *_), drawn["label"] = figure.axes, figure.get_supylabel()
        drawn["points"], drawn["limits"] = axes.collections[0].get_offsets()[:, 1], axes.get_ylim()

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", keep)
    draw_errors(audit(Arm(spoil=shifted), mirror(), samples=50), "arm", tmp_path / "a.png")
    assert drawn["label"].startswith("observation error") and np.allclose(drawn["points"], 0.5)
    draw_errors(audit(Arm(weak=0.3), mirror(), samples=50), "arm", tmp_path / "a.png")
    assert drawn["label"].startswith("transition error") and drawn["points"].max() > 0.01
    draw_errors(audit(Arm(), mirror(), samples=50), "arm", tmp_path / "a.png")
    assert drawn["limits"][1] > 0.01  # rounding is drawn as nothing


def test_what_to_declare_is_said():
    with pytest.raises(InputError, match=r"no symmetry is declared.*reflection\(observation=\[4 signs\], action=\[4"):
        audit(Arm())
