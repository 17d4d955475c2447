"""Perturbations: identity at strength 0, seen by the audit above it, growing with strength."""

import numpy as np
import pytest

from nearsym.envs import audit, make, perturbations
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import WRAPPERS, ActuatorGain, PerturbationSettings, perturb

STRENGTHS = {
    "gravity_tilt": (1, 5, 20),
    "wind": (0.1, 1, 5),
    "actuator_gain": (0.1, 0.3, 0.9),
    "actuator_bias": (0.05, 0.2, 0.5),
    "actuator_reflection": (0.1, 0.5, 1),
    "actuator_repeat": (1, 2, 4),
    "reward_asymmetry": (0.1, 0.3, 0.9),
    "camera_roll": (5, 30, 75),
    "camera_tilt": (5, 30, 75),
    "frame_rotation": (5, 30, 75),
    "sensor_offset": (0.1, 0.3, 1),
    "observation_noise": (0.1, 0.3, 1),
    "salt_and_pepper": (0.01, 0.1, 0.5),
    "price_noise": (0.001, 0.01, 0.1),
}


PIXELS = ("camera_roll", "camera_tilt", "salt_and_pepper")


def swingup():
    return make("dmc/cartpole-swingup", dtype=np.float64)


def subject(name):
    if name == "price_noise":
        return make("trading/portfolio", tickers=["KO", "PEP"], window=8)
    return make("dmc/cartpole-swingup", pixels=True) if name in PIXELS else swingup()


def trajectory(env):
    """Ten steps from starts on both sides, as bytes."""
    env.action_space.seed(0)
    seen, starts = [], []
    for seed in range(4):
        starts.append(env.reset(seed=seed)[0])
        for _ in range(10):
            observation, reward, *_ = env.step(env.action_space.sample())
            seen += [observation, [reward]]
    if env.unwrapped is env:
        assert min(start[0] for start in starts) < 0 < max(start[0] for start in starts)
    return np.concatenate([np.ravel(part) for part in starts + seen]).tobytes()


def total_error(report):
    return report.observation_error + report.epsilon_reward + report.epsilon_transition


def test_every_perturbation_is_here():
    assert set(STRENGTHS) == set(WRAPPERS) == set(PerturbationSettings.__dataclass_fields__)
    wrappers = {kind for kind in vars(perturbations).values() if isinstance(kind, type)} - {PerturbationSettings}
    assert set(WRAPPERS.values()) == wrappers


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength_zero_is_the_identity_to_the_bit(name):
    assert trajectory(WRAPPERS[name](subject(name), 0)) == trajectory(subject(name))
    assert trajectory(WRAPPERS[name](subject(name), STRENGTHS[name][-1])) != trajectory(subject(name))


@pytest.mark.parametrize("name", [name for name in STRENGTHS if name not in (*PIXELS, "price_noise")])
def test_the_audit_sees_it_and_its_errors_grow(name):
    errors = []
    for strength in STRENGTHS[name]:
        report = audit(perturb(swingup(), PerturbationSettings(**{name: strength})), samples=60)
        assert report.verdict != "exact"
        errors.append(total_error(report))
    assert 1e-6 < errors[0] < errors[1] < errors[2]
    assert audit(perturb(swingup(), PerturbationSettings()), samples=60).verdict == "exact"


def test_a_rolled_camera_loses_the_mirror_and_a_raised_one_keeps_it():
    """The camera stands in the cart-pole's plane of reflection, and raising it does not take it out."""
    errors = {}
    for name in ("camera_roll", "camera_tilt"):
        for strength in (0, *STRENGTHS[name]):
            env = perturb(subject(name), PerturbationSettings(**{name: strength}))
            report = audit(env, samples=10)
            assert report.epsilon_reward == report.epsilon_transition == 0
            errors[name, strength] = report.elements[0].observation.mean
    roll = [errors["camera_roll", strength] for strength in (0, *STRENGTHS["camera_roll"])]
    assert roll[0] < 0.05 and 1 < roll[1] < roll[2] < roll[3]
    assert max(errors["camera_tilt", strength] for strength in STRENGTHS["camera_tilt"]) < 0.05


def test_a_raised_camera_loses_quarter_turns():
    """The point mass is seen from straight above; from elsewhere the square is none, but one mirror stays."""
    env = perturb(make("dmc/point_mass-easy", pixels=True), PerturbationSettings(camera_tilt=30))
    errors = {element.element: element.observation.mean for element in audit(env, samples=5).elements}
    assert min(errors[g] for g in ("r", "r^3", "rs", "r^3s")) > 1
    kept = min(("s", "r^2s"), key=errors.get)
    assert errors[kept] < 0.05


def test_a_camera_needs_pixels():
    with pytest.raises(InputError, match=r"CameraRoll moves a camera, and .* has none; observe pixels"):
        WRAPPERS["camera_roll"](swingup(), 30)


def test_one_sided_means_one_side():
    """Where the cart is on the right the action is halved; on the left it is not."""
    for position, factor in ((0.5, 0.5), (-0.5, 1.0)):
        one, two = ActuatorGain(swingup(), 0.5), swingup()
        for env in (one, two):
            env.reset(seed=0)
            env.set_state(np.array([position, 0.1, 0.0, 0.0]))
        one.step(np.array([0.8]))
        two.step(np.array([0.8 * factor]))
        np.testing.assert_array_equal(one.get_wrapper_attr("get_state")(), two.get_state())


def test_only_what_it_says_is_disturbed():
    reports = {
        name: audit(perturb(swingup(), PerturbationSettings(**{name: STRENGTHS[name][1]})), samples=60)
        for name in ("reward_asymmetry", "sensor_offset", "wind")
    }
    assert reports["reward_asymmetry"].epsilon_transition == reports["reward_asymmetry"].observation_error == 0
    assert reports["sensor_offset"].epsilon_transition == reports["sensor_offset"].epsilon_reward == 0
    assert reports["sensor_offset"].observation_error == pytest.approx(2 * STRENGTHS["sensor_offset"][1])
    assert reports["wind"].observation_error == 0 < reports["wind"].epsilon_transition


def test_they_compose():
    both = audit(perturb(swingup(), PerturbationSettings(reward_asymmetry=0.3, sensor_offset=0.3)), samples=60)
    assert both.epsilon_reward > 0 and both.observation_error > 0 and both.epsilon_transition == 0


def test_a_turned_frame_keeps_rotations_and_loses_mirrors():
    env = make("dmc/point_mass-easy", dtype=np.float64)
    report = audit(perturb(env, PerturbationSettings(frame_rotation=30)), samples=30)
    verdicts = {element.element: element.verdict == "exact" for element in report.elements}
    assert verdicts == {"r": True, "r^2": True, "r^3": True, "s": False, "rs": False, "r^3s": False, "r^2s": False}
    assert report.epsilon_reward < 1e-12 and report.epsilon_transition < 1e-12


def test_a_frame_needs_vectors():
    with pytest.raises(InputError, match=r"declares none; give it an attribute vectors = \(\(i, j\), …\)"):
        WRAPPERS["frame_rotation"](make("dmc/walker-walk"), 30)


@pytest.mark.parametrize(
    ("name", "strength", "message"),
    [
        ("actuator_gain", -0.1, "ActuatorGain has strength -0.1"),
        ("actuator_reflection", 1.5, "from 0 to 1"),
        ("actuator_repeat", 0.5, "a whole number of extra repeats"),
        ("sensor_offset", np.nan, "SensorOffset has strength nan"),
    ],
)
def test_bad_strengths_are_refused(name, strength, message):
    with pytest.raises(InputError, match=message):
        WRAPPERS[name](swingup(), strength)


@pytest.mark.parametrize("strength", [float("nan"), float("inf"), 10**30, -(10**400)])
def test_strengths_that_nobody_means_are_refused(strength):
    with pytest.raises(InputError, match=r"perturbation\.wind is .{2,40}, expected a number up to 1e\+12"):
        perturb(make("dmc/cartpole-swingup"), PerturbationSettings(wind=strength))
