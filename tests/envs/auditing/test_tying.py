"""What it costs to believe a symmetry, on worlds whose truth is known."""

import numpy as np
import pytest

from nearsym.envs.auditing import Transitions, cost_of_tying
from nearsym.envs.auditing.tying import LARGEST, TOLERATED
from nearsym.envs.symmetry import Symmetry

TURN, FLIP = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])
MIRROR = Symmetry.reflection(observation=[-1, -1], action=[-1])
SQUARE = Symmetry.generated(observation=[TURN, FLIP], action=[TURN, FLIP])


def transitions(step, observations, actions, reward=None):
    """Of a function of (o, a), in episodes of 20 steps."""
    after = step(observations, actions)
    rewards = -np.linalg.norm(after, axis=1) if reward is None else reward(after)
    none, episodes = np.zeros(len(after), dtype=bool), np.arange(len(after)) // 20
    return Transitions(observations, actions, rewards, after, none, observations, after, episodes)


def drawn(seed, count, seen, acted, low=-1.0):
    generator = np.random.default_rng(seed)
    return generator.uniform(low, 1, (count, seen)), generator.uniform(-1, 1, (count, acted))


def swing(observations, actions):
    """A pendulum's, which is its own mirror image."""
    angle, speed = observations.T
    speed = speed + 0.3 * np.sin(2 * angle) + 0.3 * actions[:, 0]
    return np.stack([angle + 0.3 * speed, speed], axis=1)


def pulled(strength):
    """The same with a motor that pulls so much more strongly, or the other way, on one side."""
    return lambda o, a: swing(o, np.where(o[:, :1] > 0, strength, 1.0) * a)


def measured(symmetry, data, seed=0):
    return cost_of_tying(symmetry, data, np.random.default_rng(seed))


@pytest.mark.parametrize("count", [300, 1000])
def test_what_holds_is_never_called_broken_and_what_is_reversed_always(count):
    for seed in range(8):
        data = drawn(seed, count, 2, 1)
        assert measured(MIRROR, transitions(swing, *data), seed).holds().all()
        reversed = measured(MIRROR, transitions(pulled(-1.0), *data), seed)
        assert reversed.holds().tolist() == [True, False] and reversed.about[1] in (2, 3)


def test_noise_on_both_sides_is_no_break():
    noise = np.random.default_rng(5)

    def shaken(o, a):
        return swing(o, a) + 0.1 * noise.standard_normal(o.shape)

    for seed in range(8):
        assert measured(MIRROR, transitions(shaken, *drawn(seed, 1000, 2, 1)), seed).holds().all()


def test_a_wrong_reward_is_a_break_of_the_reward():
    data = drawn(0, 1000, 2, 1)
    found = measured(MIRROR, transitions(swing, *data, reward=lambda after: -np.abs(after[:, 0] - 0.5)))
    assert found.holds().tolist() == [True, False] and found.about[1] == 0
    assert measured(MIRROR, transitions(swing, *data, reward=lambda after: -np.abs(after[:, 0]))).holds().all()


def test_what_is_small_is_tolerated_however_certain_it_is():
    found = measured(MIRROR, transitions(pulled(0.8), *drawn(0, 1000, 2, 1)))
    assert found.cost[1] < TOLERATED and found.cost[1] > 4 * found.doubt[1] and found.holds().all()
    assert not found.holds(tolerated=0.0).all()


def test_the_cost_is_half_of_what_tells_both_sides_apart():
    """Fits to as many transitions as images lie half way between, and what is off here is 0.3 · 2 |a| in the speed."""
    found = measured(MIRROR, transitions(pulled(-1.0), *drawn(1, 3000, 2, 1)))
    data = drawn(1, 3000, 2, 1)
    change = swing(*data)[:, 1] - data[0][:, 1]
    expected = 0.3 * np.abs(data[1]).mean() / np.sqrt(np.mean(change**2))
    assert found.cost[1] == pytest.approx(expected, rel=0.25)


def test_of_a_square_with_one_weak_axis_the_mirrors_of_the_axes_are_left():
    def worn(o, a):
        return o + 0.3 * a * np.array([0.3, 1.0])

    def whole(o, a):
        return o + 0.3 * a

    data, names = drawn(2, 1500, 2, 2), SQUARE.group.names
    holds = measured(SQUARE, transitions(worn, *data)).holds()
    assert {names[g] for g in np.flatnonzero(holds)} == {"e", "s", "r^2", "r^2s"}
    assert measured(SQUARE, transitions(whole, *data)).holds().all()


def test_images_that_nobody_meets_cost_nothing():
    """Reversed on the left, where nothing is seen; the same world seen on both sides is the negative control."""
    left = lambda o, a: swing(o, np.where(o[:, :1] < 0, -1.0, 1.0) * a)  # noqa: E731
    generator = np.random.default_rng(0)
    observations = np.stack([generator.uniform(0.5, 1, 1000), generator.uniform(-1, 1, 1000)], axis=1)
    actions = generator.uniform(-1, 1, (1000, 1))
    assert measured(MIRROR, transitions(left, observations, actions)).holds().all()
    assert not measured(MIRROR, transitions(left, *drawn(0, 1000, 2, 1))).holds().all()


def test_it_follows_from_its_arguments_and_only_those_asked_about_are_looked_at():
    data = transitions(pulled(-1.0), *drawn(0, 2000, 2, 1))
    one, same, other = measured(MIRROR, data, 1), measured(MIRROR, data, 1), measured(MIRROR, data, 2)
    assert one.cost.tolist() == same.cost.tolist() != other.cost.tolist()
    assert cost_of_tying(MIRROR, data, np.random.default_rng(0), []).cost.tolist() == [0, 0]


def test_too_few_transitions_or_too_many_numbers_say_nothing():
    assert measured(MIRROR, transitions(swing, *drawn(0, 100, 2, 1))) is None
    wide = Symmetry.reflection(observation=[-1] * LARGEST, action=[-1])
    assert measured(wide, transitions(lambda o, a: o, *drawn(0, 500, LARGEST, 1))) is None
    assert measured(MIRROR, transitions(swing, *drawn(0, 200, 2, 1))) is not None
