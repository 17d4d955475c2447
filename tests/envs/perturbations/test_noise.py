"""Noise on what is observed: as strong as asked for, and the same for the same seed."""

import numpy as np
import pytest

from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import WRAPPERS, ObservationNoise, PerturbationSettings, perturb


def cartpole(pixels=True):
    return make("dmc/cartpole-swingup", pixels=pixels)


def test_noise_has_the_strength_asked_for_and_follows_the_seed():
    quiet, same = make("Pendulum-v1"), ObservationNoise(make("Pendulum-v1"), 0.0)
    assert quiet.reset(seed=0)[0].tobytes() == same.reset(seed=0)[0].tobytes()
    noisy = ObservationNoise(make("Pendulum-v1"), 0.3)
    differences = np.array([noisy.reset(seed=s)[0] - quiet.reset(seed=s)[0] for s in range(500)])
    assert abs(differences.std() - 0.3) < 0.02 and abs(differences.mean()) < 0.03
    assert np.array_equal(noisy.reset(seed=4)[0], noisy.reset(seed=4)[0])
    with pytest.raises(InputError, match="observation noise is -1"):
        ObservationNoise(quiet, -1)


def test_salt_and_pepper_spoils_the_fraction_it_says():
    clean, spoiled = (perturb(cartpole(), PerturbationSettings(salt_and_pepper=s)) for s in (0, 0.2))
    one, two = clean.reset(seed=0)[0], spoiled.reset(seed=0)[0]
    frames = two.reshape(3, 3, -1)
    black, white = (frames == 0).all(axis=1), (frames == 255).all(axis=1)
    kept = (one.reshape(3, 3, -1) == frames).all(axis=1)
    assert white.mean() == pytest.approx(0.1, abs=0.01) and (white | black | kept).all()
    seen = ~(one.reshape(3, 3, -1) == 0).all(axis=1)  # where black shows
    assert black[seen].mean() == pytest.approx(0.1, abs=0.01)
    with pytest.raises(InputError, match="salt_and_pepper needs images"):
        WRAPPERS["salt_and_pepper"](cartpole(pixels=False), 0.1)
    with pytest.raises(InputError, match="expected a fraction from 0 to 1"):
        WRAPPERS["salt_and_pepper"](cartpole(), 1.5)


def test_price_noise_needs_prices():
    with pytest.raises(InputError, match="price_noise needs an environment that shows prices"):
        WRAPPERS["price_noise"](cartpole(pixels=False), 0.1)


def test_noise_on_images_is_a_fraction_of_full_scale():
    env = perturb(cartpole(), PerturbationSettings(observation_noise=0.02))
    noisy, clean = env.reset(seed=0)[0].astype(int), cartpole().reset(seed=0)[0].astype(int)
    middle = (clean > 40) & (clean < 215)
    assert (noisy - clean)[middle].std() == pytest.approx(0.02 * 255, rel=0.05)
