"""What is found in simulators, against trying every signed permutation, and what is said of those that are broken."""

import itertools

import gymnasium
import numpy as np
import pytest

from nearsym.envs import audit, make
from nearsym.envs.discovering import discover
from nearsym.envs.errors import InputError
from nearsym.envs.wrappers import symmetry_of

from .worlds import World, masses, plane


def brute_force(world, tolerance=1e-9):
    """(state, action) matrices of all signed permutations that ten random steps agree with."""
    draw = np.random.default_rng(0)
    pairs = [(draw.normal(size=world.dim), draw.uniform(-1, 1, world.action_space.shape[0])) for _ in range(10)]
    actions = list(signed(world.action_space.shape[0]))
    kept = []
    for g in signed(world.dim):
        for h in actions:
            if all(
                np.abs(world._step(g @ s, h @ a) - g @ world._step(s, a)).max() < tolerance
                and abs(world._reward(g @ s, h @ a) - world._reward(s, a)) < tolerance
                for s, a in pairs
            ):
                kept.append((g, h))
    return kept


def signed(dim):
    for index in itertools.permutations(range(dim)):
        for sign in itertools.product([1.0, -1.0], repeat=dim):
            yield np.eye(dim)[list(index)] * np.array(sign)[:, None]


def written(*matrices):
    return tuple(tuple(matrix.ravel().round().astype(int)) for matrix in matrices)


def skewed(s, a):
    return np.array(
        [0.9 * s[0] + 0.1 * s[1] + 0.1 * a[0], 0.8 * s[1] + 0.1 * np.sin(s[0]) + 0.2 * s[2] ** 2, 0.7 * s[2]]
    )


def lopsided(s, a):
    return 0.9 * s + 0.1 * np.concatenate([a, [0.0]]) + 0.05 * np.cos([s[0], s[0] * s[1], s[2] ** 3 + s[1]])


WORLDS = {
    "two masses": lambda: masses([1, 1]),
    "two unequal masses": lambda: masses([1, 2]),
    "a point in the plane": plane,
    "a point between walls": lambda: plane((1.0, 2.0)),
    "skewed": lambda: World(3, 1, skewed),
    "lopsided": lambda: World(3, 2, lopsided),
}


@pytest.mark.parametrize("name", WORLDS)
def test_no_signed_permutation_is_missed(name):
    world = WORLDS[name]()
    kept = brute_force(world)
    found = discover(world, samples=40).exact
    order = 1 if found is None else found.symmetry.group.order
    assert order == len(kept)
    if found is not None:
        pairs = zip(found.symmetry.state.matrix, found.symmetry.action.matrix, strict=True)
        assert {written(*pair) for pair in pairs} == {written(*pair) for pair in kept}


def test_the_worlds_differ():
    orders = {name: len(brute_force(make_world())) for name, make_world in WORLDS.items()}
    assert orders["two masses"] == orders["a point between walls"] == 4
    assert orders["a point in the plane"] == 8
    assert orders["two unequal masses"] == 2


def test_more_elements_than_are_listed():
    """Five equal masses in any order, all of them mirrored together: 240 elements."""
    found = discover(masses([1] * 5), samples=20).exact
    assert found.report.verdict == "exact"
    assert not found.symmetry.group.listed
    moved = {tuple(np.abs(found.symmetry.action.matrix[g]).argmax(axis=1)) for g in range(found.symmetry.group.rows)}
    assert len(moved) >= 2


def test_a_changed_mass_is_no_exact_symmetry_and_is_reported_as_a_near_one():
    same, changed = (discover(masses([1, weight]), samples=40) for weight in (1, 1.05))
    assert same.exact.symmetry.group.order == 4
    assert same.nearly is None
    assert changed.exact.symmetry.group.order == 2  # the mirror of both
    assert changed.nearly.symmetry.group.order == 4
    assert changed.nearly.report.verdict == "approximate"


def test_what_is_broken_is_not_printed():
    assert discover(masses([1, 4]), samples=40).nearly is None


def test_observations_follow_by_regression():
    """In a frame that is turned by 30 degrees, a quarter turn stays one and mirrors are no signed permutations."""
    angle = np.pi / 6
    turn = np.kron(np.eye(2), [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = discover(plane(observe=lambda s: turn @ s), samples=40).exact.symmetry
    assert found.group.name == "D4"
    for g in range(8):
        expected = turn @ found.state.matrix[g] @ turn.T
        assert np.abs(found.observation.rep.matrix[g] - expected).max() < 1e-6
    assert not found.observation.rep.is_signed_permutation


def test_what_observations_break_is_not_found():
    found = discover(plane(observe=lambda s: np.append(s, 1 + s[0] ** 3 + s[0])), samples=40)
    assert found.exact.symmetry.group.order == 2
    assert (
        audit(plane(observe=lambda s: np.append(s, 1 + s[0] ** 3 + s[0])), found.exact.symmetry, 50).verdict == "exact"
    )


class Hidden(gymnasium.Wrapper):
    def has_wrapper_attr(self, name):
        return name != "symmetry" and super().has_wrapper_attr(name)


@pytest.mark.parametrize(
    ("id", "order"),
    [
        ("Pendulum-v1", 2),
        ("dmc/cartpole-swingup", 2),
        ("Reacher-v5", 8),
        ("dmc/point_mass-easy", 8),
    ],
)
def test_declared_groups_are_found_blind(id, order):
    env = make(id)
    assert symmetry_of(Hidden(env)) is None
    found = discover(Hidden(env), samples=40).exact.symmetry
    assert found.group.order == order == symmetry_of(env).group.order
    both, declared = (
        {matrix.round(6).tobytes() for matrix in each.observation.rep.direct_sum(each.action).matrix + 0.0}
        for each in (found, symmetry_of(env))
    )
    assert both == declared


@pytest.mark.slow
@pytest.mark.parametrize(
    "id", ["Ant-v5", "dmc/walker-walk", "dmc/humanoid-walk", "dmc/fish-swim", "dmc/swimmer-swimmer15"]
)
def test_larger_ones_are_found_blind(id):
    found = discover(Hidden(make(id)))
    assert found.exact.symmetry.group.order >= 2
    assert found.exact.report.verdict == "exact"


def test_nothing_is_found_where_nothing_is():
    found = discover(make("dmc/hopper-hop"), samples=40)
    assert found.exact is None
    assert found.nearly is None


class NoState(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))


def refusal(env):
    with pytest.raises(InputError) as raised:
        discover(env)
    return str(raised.value)


def test_too_few_samples_are_refused_with_how_many_are_needed():
    pole = make("dmc/cartpole-swingup")  # four numbers and one
    with pytest.raises(InputError, match=r"samples=4 are too few .* 4 numbers of state .* give at least 5"):
        discover(pole, samples=4)
    assert discover(pole, samples=5).exact is not None


def test_what_is_refused():
    assert "the state of this environment cannot be set; give it get_state and set_state" in refusal(NoState())
    noisy = World(2, 1, lambda s, a: 0.9 * s, noise=0.1)
    assert "the same state and action do not always give the same" in refusal(noisy)
    images = World(2, 1, lambda s, a: s)
    images.observation_space = gymnasium.spaces.Box(0, 255, (3, 8, 8), np.uint8)
    assert "the environment shows images" in refusal(images)
    discrete = World(2, 1, lambda s, a: s)
    discrete.action_space = gymnasium.spaces.Discrete(3)
    assert "symmetries are found for a Box" in refusal(discrete)
