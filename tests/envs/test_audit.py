"""The audit against errors known by hand, and over the whole catalogue."""

import json

import gymnasium
import numpy as np
import pytest

from nearsym.envs import audit, catalogue, make
from nearsym.envs.symmetry import InputError, Symmetry
from nearsym.scripts.envs import measure

MIRROR = Symmetry.reflection(observation=[-1], action=[-1])


class Line(gymnasium.Env):
    """x' = x + a + wind, reward -|x'| + slope x'; observed as x + offset."""

    def __init__(self, wind=0.0, slope=0.0, offset=0.0, noise=0.0, limit=100.0):
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float64)
        self.wind, self.slope, self.offset, self.noise, self.limit = wind, slope, offset, noise, limit

    def seen(self):
        return self.x + self.offset

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x = self.np_random.uniform(-1, 1, 1)
        return self.seen(), {}

    def step(self, action):
        self.x = self.x + action + self.wind + self.noise * self.np_random.standard_normal(1)
        x = float(self.x[0])
        return self.seen(), -abs(x) + self.slope * x, x > self.limit, False, {}

    def get_state(self):
        return self.x.copy()

    def set_state(self, state):
        if abs(state[0]) > 1e6:
            raise ValueError("off the line")
        self.x = state.copy()
        return self.seen()


def test_an_exact_symmetry_is_exact():
    report = audit(Line(), MIRROR, samples=200)
    assert report.verdict == "exact"
    assert report.epsilon_reward == report.epsilon_transition == report.observation_error == 0
    assert report.value_gap_bound(0.99, 100.0) == 0


def test_wind_shows_as_twice_itself_in_the_transition():
    """-(x + a + w) against (-x - a + w): 2w apart."""
    report = audit(Line(wind=0.25), MIRROR, samples=200)
    (element,) = report.elements
    assert report.epsilon_transition == pytest.approx(0.5)
    assert element.transition.mean == pytest.approx(0.5) and element.transition.median == pytest.approx(0.5)
    assert report.observation_error == 0
    assert 0 < report.epsilon_reward <= 0.5 + 1e-12
    assert report.verdict == "broken"
    assert report.value_gap_bound(0.5, 3.0) == pytest.approx((report.epsilon_reward + 0.5 * 0.5 * 3.0) / 0.5)


def test_a_sloped_reward_shows_in_the_reward_alone():
    report = audit(Line(slope=0.01), MIRROR, samples=300)
    assert report.epsilon_transition == report.observation_error == 0
    worst = report.worst
    landed = worst.state[0] + worst.action[0]
    assert report.epsilon_reward == pytest.approx(2 * 0.01 * abs(landed)) == pytest.approx(worst.reward_error)
    assert report.verdict == "approximate"


def test_a_sensor_offset_shows_in_the_observation_alone():
    report = audit(Line(offset=0.5), MIRROR, samples=50)
    assert report.observation_error == pytest.approx(1.0)
    assert report.epsilon_reward == report.epsilon_transition == 0
    assert report.verdict == "broken"


def test_episodes_that_end_on_one_side_only():
    report = audit(Line(limit=1.0), MIRROR, samples=200)
    assert report.elements[0].termination > 0 and report.verdict != "exact"


def test_noise_is_reported_and_not_taken_for_broken_symmetry():
    report = audit(Line(noise=1e-3), MIRROR, samples=100)
    assert 1e-4 < report.transition_noise < 1e-2
    assert report.verdict == "exact"
    assert audit(Line(), MIRROR, samples=100).transition_noise == 0


def test_the_same_seed_finds_the_same_and_json_holds_it():
    first, second, other = (audit(Line(wind=0.1), MIRROR, samples=50, seed=s).to_dict() for s in (1, 1, 2))
    assert json.loads(json.dumps(first)) == json.loads(json.dumps(second)) != json.loads(json.dumps(other))


def test_a_policy_leads_to_its_own_states():
    far = audit(Line(slope=0.01), MIRROR, samples=200, policy=lambda observation: np.ones(1))
    near = audit(Line(slope=0.01), MIRROR, samples=200)
    assert far.epsilon_reward > 2 * near.epsilon_reward


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_every_catalogue_entry_holds_as_it_says(entry):
    report = measure(entry, samples=30)
    errors = (report.observation_error, report.epsilon_reward, report.epsilon_transition)
    if entry.exact:
        assert report.verdict == "exact" and max(errors) < 1e-8, report
    else:
        assert report.verdict in ("exact", "approximate"), report


@pytest.mark.parametrize(("id", "least"), [("InvertedPendulum-v5", 1e-3), ("InvertedDoublePendulum-v5", 1e-7)])
def test_flaws_of_the_models_are_found(id, least):
    """One pole leans by a millimetre, the other's gravity by 1e-5."""
    report = audit(make(id), samples=50)
    assert report.verdict == "approximate" and report.epsilon_transition > least
    assert report.observation_error < 1e-12


@pytest.mark.parametrize(
    ("env", "symmetry", "message"),
    [
        (Line(), None, "no symmetry is declared"),
        (gymnasium.make("Pendulum-v1"), Symmetry.reflection([1, -1, -1], [-1]), r"has no get_state\(\)"),
        (
            Line(),
            Symmetry.reflection([-1], [-1], state=[-1, 1]),
            "shape .1,., the symmetry moves 2 coordinates by its state=",
        ),
        (Line(), Symmetry.reflection([-1, 1], [-1]), "acts on 2 observation coordinates"),
    ],
)
def test_what_cannot_be_audited_is_said(env, symmetry, message):
    with pytest.raises(InputError, match=message):
        audit(env, symmetry, samples=5)


def test_a_rejected_state_is_said():
    class Picky(Line):
        def set_state(self, state):
            if state[0] < 0:
                raise ValueError("negative")
            return super().set_state(state)

    with pytest.raises(InputError, match=r"rejects the state .*ValueError: negative; a symmetry must take states"):
        audit(Picky(), MIRROR, samples=20)
