"""The audit against errors known by hand."""

import json

import gymnasium
import numpy as np
import pytest
import scipy.stats

from nearsym.envs import audit, make
from nearsym.envs.auditing.distance import wasserstein
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings, perturb
from nearsym.envs.symmetry import Symmetry

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


def test_random_outcomes_are_compared_as_distributions():
    """x' ~ N(x + a + w, 0.1): the Wasserstein distance of the two is 2w, whatever the noise."""
    noise = 0.1
    still = audit(Line(noise=noise), MIRROR, samples=200)
    blown = audit(Line(noise=noise, wind=0.25), MIRROR, samples=200)
    assert "32 draws" in still.method
    assert still.verdict == "consistent" and blown.verdict == "broken"
    (one,), (two,) = still.elements, blown.elements
    assert 0 < one.resolution.transition < noise
    assert one.transition.mean == pytest.approx(one.resolution.transition, rel=0.1)
    assert two.transition.mean == pytest.approx(0.5, rel=0.05)


def test_a_break_below_single_draws_is_found():
    """A wind of a fifth of the noise, which single draws could not tell."""
    report = audit(Line(noise=0.1, wind=0.02), MIRROR, samples=300)
    (element,) = report.elements
    assert report.verdict == "approximate"
    assert element.resolution.transition < element.transition.mean < 0.1


def test_distances_of_drawn_outcomes():
    rng = np.random.default_rng(0)
    one, shift = rng.normal(size=(32, 3)), np.array([0.3, -0.4, 1.2])
    assert wasserstein(one, one[::-1], "euclidean") == 0
    assert wasserstein(one, one + shift, "euclidean") == pytest.approx(1.3)
    assert wasserstein(one, one + shift, "chebyshev") <= 1.2 + 1e-12
    line, other = rng.normal(size=32), rng.normal(size=32)
    oracle = scipy.stats.wasserstein_distance(line, other)
    assert wasserstein(line[:, None], other[:, None], "euclidean") == pytest.approx(oracle)


class Unsettable(gymnasium.Wrapper):
    """Any environment without get_state and set_state."""

    def has_wrapper_attr(self, name):
        return name not in ("get_state", "set_state") and super().has_wrapper_attr(name)


def test_without_a_settable_state_neighbours_are_asked():
    still = audit(Unsettable(Line()), MIRROR, samples=400)
    assert "cannot be set" in still.method and still.observation_error is None
    assert still.verdict == "consistent"
    (element,) = still.elements
    assert element.overlap > 0.5
    # x' is linear in x and a, so the fit is nearly exact; the reward has its kink
    assert element.transition.mean < 1e-3
    blown = audit(Unsettable(Line(wind=0.25)), MIRROR, samples=400)
    assert blown.verdict == "broken"
    assert blown.elements[0].transition.mean == pytest.approx(0.5, rel=0.05)
    assert blown.elements[0].resolution.transition < 0.05


@pytest.mark.parametrize(("perturbed", "verdict"), [(False, "consistent"), (True, "broken")])
def test_neighbours_of_the_cart_pole(perturbed, verdict):
    settings = PerturbationSettings(actuator_reflection=1.0 if perturbed else 0.0)
    env = perturb(make("dmc/cartpole-swingup", dtype=np.float64), settings)
    assert audit(Unsettable(env), samples=1000).verdict == verdict


def test_neighbours_that_say_nothing():
    with pytest.raises(InputError, match=r"samples is 5; an audit from transitions alone fits each from 6 of"):
        audit(Unsettable(Line()), MIRROR, samples=5)

    class Right(Line):
        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.x += 1000
            return self.seen(), {}

    with pytest.raises(InputError, match=r"only 0 of 200 samples have an image under s where transitions were seen"):
        audit(Unsettable(Right(limit=np.inf)), MIRROR, samples=200)


def test_the_same_seed_finds_the_same_and_json_holds_it():
    first, second, other = (audit(Line(wind=0.1), MIRROR, samples=50, seed=s).to_dict() for s in (1, 1, 2))
    assert json.loads(json.dumps(first)) == json.loads(json.dumps(second)) != json.loads(json.dumps(other))


def test_a_policy_leads_to_its_own_states():
    far = audit(Line(slope=0.01), MIRROR, samples=200, policy=lambda observation: np.ones(1))
    near = audit(Line(slope=0.01), MIRROR, samples=200)
    assert far.epsilon_reward > 2 * near.epsilon_reward


@pytest.mark.parametrize(
    ("env", "symmetry", "message"),
    [
        (Line(), None, "no symmetry is declared"),
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

    with pytest.raises(
        InputError, match=r"rejects the state .*ValueError: negative .*test_audit.py:\d+.; a symmetry must take states"
    ):
        audit(Picky(), MIRROR, samples=20)
