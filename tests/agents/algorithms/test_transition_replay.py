"""The buffer of transitions against stable-baselines3's, from which it gathers in another way."""

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms.replay.transitions import TransitionBuffer

STEPS = 70


def filled(kind, dtype, environments):
    """Holds 50 steps, given more than it holds; the last column of an observation is the number of its step."""
    generator = np.random.default_rng(0)
    spaces = gymnasium.spaces.Box(-9e9, 9e9, (3,), dtype), gymnasium.spaces.Box(-1, 1, (2,))
    buffer = kind(50 * environments, *spaces, "cpu", n_envs=environments)
    for step in range(STEPS):
        observations = generator.normal(size=(2, environments, 3)).astype(dtype)
        observations[..., -1] = [[step], [step + 1]]
        done = generator.random(environments) < 0.3
        cut_off = [{"TimeLimit.truncated": bool(cut)} for cut in done & (generator.random(environments) < 0.5)]
        actions = generator.uniform(-1, 1, size=(environments, 2)).astype(np.float32)
        buffer.add(*observations, actions, generator.normal(size=environments), done, cut_off)
    return buffer


@pytest.mark.parametrize("environments", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_random_numbers_give_the_same_batches(dtype, environments):
    drawn = []
    for kind in (TransitionBuffer, ReplayBuffer):
        buffer = filled(kind, dtype, environments)
        np.random.seed(0)
        drawn.append([*buffer.sample(64)[:5], *buffer.sample(7)[:5], torch.tensor(np.random.rand())])
    for mine, theirs in zip(*drawn, strict=True):
        assert mine.dtype == theirs.dtype and mine.shape == theirs.shape and torch.equal(mine, theirs)
    dones = drawn[0][3]
    assert 0 < dones.mean() < 0.3


def test_what_is_stored_is_a_copy():
    buffer = TransitionBuffer(4, gymnasium.spaces.Box(-9, 9, (3,)), gymnasium.spaces.Box(-1, 1, (2,)), "cpu")
    given = [np.ones(shape, np.float32) for shape in ((1, 3), (1, 3), (1, 2), (1,))]
    buffer.add(*given, np.array([True]), [{}])
    for array in given:
        array[...] = 7
    drawn = buffer._get_samples(np.zeros(1, dtype=int))
    assert all(bool((tensor == 1).all()) for tensor in drawn[:5])


def test_a_batch_is_a_copy_and_what_is_written_later_is_drawn():
    buffer = filled(TransitionBuffer, np.float32, 1)
    batch = buffer._get_samples(np.arange(50))
    before = batch.observations.clone()
    buffer.observations[:] = 7
    assert torch.equal(batch.observations, before)
    assert bool((buffer.sample(5).observations == 7).all())
