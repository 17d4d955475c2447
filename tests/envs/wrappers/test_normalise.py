"""Normalisation that commutes with the group, beside the whole orbits written out and beside gymnasium's own."""

import gymnasium
import numpy as np
import pytest

import nearsym
from nearsym.envs import declare, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import OrbitStatistics, Symmetry
from nearsym.envs.wrappers import SymmetricNormalise

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SIXTH = np.array([[0.5, -np.sqrt(0.75)], [np.sqrt(0.75), 0.5]])
SYMMETRIES = {
    "mirror": Symmetry.reflection(observation=[-1, 1, -1], action=[-1]),
    "square": Symmetry.generated(observation=[QUARTER, MIRROR], action=[QUARTER, MIRROR]),
    "swap": Symmetry.reflection(observation=[1, 0, 2], action=[1, 0]),
    "hexagon": Symmetry.generated(
        observation=[np.block([[SIXTH, np.zeros((2, 1))], [np.zeros((1, 2)), np.ones((1, 1))]])], action=[SIXTH]
    ),
}


def data(dim, rows=400):
    generator = np.random.default_rng(0)
    return generator.normal(size=(rows, dim)) * np.linspace(0.3, 2, dim) + np.linspace(-1, 3, dim)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_statistics_are_those_of_whole_orbits(name):
    rep = SYMMETRIES[name].observation.rep
    rows, found = data(rep.dim), OrbitStatistics(rep)
    for part in np.split(rows, [1, 7, 130]):
        found.update(part)
    orbits = np.concatenate([rows @ matrix.T for matrix in rep.matrix])
    np.testing.assert_allclose(found.invariant_mean, orbits.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.shared_variance, orbits.var(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0))
    np.testing.assert_allclose(found.variance, rows.var(axis=0))


@pytest.mark.parametrize("name", SYMMETRIES)
def test_normalising_commutes_with_the_group_and_coordinate_by_coordinate_it_does_not(name):
    rep = SYMMETRIES[name].observation.rep
    rows, found = data(rep.dim), OrbitStatistics(rep)
    found.update(rows)
    shown = np.concatenate([rows, 1e3 * rows])  # cut off too
    gaps = []
    for normalise in (found.normalise, lambda x: (x - rows.mean(axis=0)) / rows.std(axis=0)):
        images = [np.abs(normalise(shown @ m.T) - normalise(shown) @ m.T).max() for m in rep.matrix]
        gaps.append(max(images))
    assert gaps[0] < 1e-9 < 0.1 < gaps[1]
    assert np.abs(found.normalise(shown)).max() <= 10 * np.sqrt(rep.dim) + 1e-9 and 10 < np.abs(shown).max()


def wrapped(kind):
    return kind(nearsym.make("Pendulum-v1"))


def walked(env, steps=300):
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(steps):
        *_, over, _ = env.step(env.action_space.sample())
        if over:
            env.reset()
    return env


def test_an_environment_keeps_its_symmetry_and_its_statistics(tmp_path):
    env = walked(wrapped(SymmetricNormalise))
    env.save(tmp_path / "statistics.json")
    again = wrapped(SymmetricNormalise)
    again.load(tmp_path / "statistics.json")
    again.learns = env.learns = False
    assert again.statistics.state() == env.statistics.state()
    first, second = (one.reset(seed=5)[0] for one in (env, again))
    np.testing.assert_array_equal(first, second)
    assert again.statistics.count == 302 and first.dtype == np.float32
    assert symmetry_of(env) is not None
    other = SymmetricNormalise(nearsym.make("dmc/cartpole-swingup"))
    with pytest.raises(InputError, match="the statistics are of 3 numbers, this environment observes 5"):
        other.load(tmp_path / "statistics.json")
    with pytest.raises(InputError, match=r"holds no statistics that can be read \(FileNotFoundError\)"):
        env.load(tmp_path / "none.json")
    with pytest.raises(InputError, match="declares none; wrap it in declare"):
        SymmetricNormalise(gymnasium.make("Pendulum-v1"))


def test_gymnasiums_own_is_warned_of_with_how_much_it_breaks():
    stock = walked(wrapped(gymnasium.wrappers.NormalizeObservation), 40)
    with pytest.warns(UserWarning, match=r"NormalizeObservation normalises every .* up to \d.*SymmetricNormalise"):
        symmetry_of(stock)
    symmetry_of(declare(stock, symmetry_of(wrapped(lambda env: env))))  # declared of what it gives: the user's own word
