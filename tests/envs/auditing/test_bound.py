"""The value-gap bound on random tabular Markov decision processes solved by value iteration."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from nearsym.envs.auditing import value_gap_bound

STATES, ACTIONS = 6, 2
POSITIONS = np.linspace(-1, 1, STATES)
FLIP_STATE, FLIP_ACTION = np.arange(STATES)[::-1], np.arange(ACTIONS)[::-1]  # an isometry of the positions


def moved(array):
    """f(gs, ga) as a function of (s, a)."""
    return array[FLIP_STATE][:, FLIP_ACTION]


def nearly_invariant(rng, strength):
    """Rewards (S, A) and transitions (S, A, S): symmetrised, then mixed with `strength` of something else."""
    reward = rng.normal(size=(STATES, ACTIONS))
    transition = rng.dirichlet(np.full(STATES, 0.3), size=(STATES, ACTIONS))
    reward = (reward + moved(reward)) / 2 + strength * rng.normal(size=reward.shape)
    transition = (transition + moved(transition)[:, :, FLIP_STATE]) / 2
    other = rng.dirichlet(np.full(STATES, 0.3), size=(STATES, ACTIONS))
    return reward, (1 - strength) * transition + strength * other


def solve(reward, transition, discount):
    values = np.zeros(STATES)
    for _ in range(4000):
        action_values = reward + discount * transition @ values
        values = action_values.max(axis=1)
    return action_values, values


def gaps(reward, transition):
    """ε_R, ε_P in Σ|p - q|, ε_P in 1-Wasserstein distance."""
    back = moved(transition)[:, :, FLIP_STATE]  # g⁻¹#P(·|gs, ga)
    variation = np.abs(transition - back).sum(axis=2).max()
    wasserstein = max(
        wasserstein_distance(POSITIONS, POSITIONS, transition[s, a], back[s, a])
        for s in range(STATES)
        for a in range(ACTIONS)
    )
    return np.abs(reward - moved(reward)).max(), variation, wasserstein


def lipschitz(values):
    return np.abs(np.diff(values) / np.diff(POSITIONS)).max()


@pytest.mark.parametrize("discount", [0.5, 0.95])
@pytest.mark.parametrize("strength", [0.0, 0.01, 0.1, 0.5])
def test_the_bound_holds_for_both_metrics(discount, strength):
    for seed in range(25):
        reward, transition = nearly_invariant(np.random.default_rng(seed), strength)
        action_values, values = solve(reward, transition, discount)
        gap = np.abs(action_values - moved(action_values)).max()
        epsilon_reward, variation, wasserstein = gaps(reward, transition)
        assert gap <= value_gap_bound(epsilon_reward, variation, discount, np.abs(values).max()) + 1e-9
        assert gap <= value_gap_bound(epsilon_reward, wasserstein, discount, lipschitz(values)) + 1e-9
        if strength == 0:
            assert gap < 1e-9


def test_the_bound_is_reached():
    """Every state keeps to itself and pays ε more on one side: the gap is ε / (1 - γ)."""
    epsilon, discount = 0.3, 0.9
    reward = np.where(POSITIONS > 0, epsilon, 0.0)[:, None] * np.ones(ACTIONS)
    transition = np.repeat(np.eye(STATES)[:, None], ACTIONS, axis=1)
    action_values, _ = solve(reward, transition, discount)
    epsilon_reward, variation, wasserstein = gaps(reward, transition)
    assert (epsilon_reward, variation, wasserstein) == (epsilon, 0, 0)
    gap = np.abs(action_values - moved(action_values)).max()
    assert gap == pytest.approx(value_gap_bound(epsilon, 0, discount, 1.0), rel=1e-9)


def test_understated_errors_break_the_bound():
    """Negative control: where the bound is reached, any smaller ε is refuted."""
    epsilon, discount = 0.3, 0.9
    reward = np.where(POSITIONS > 0, epsilon, 0.0)[:, None] * np.ones(ACTIONS)
    action_values, _ = solve(reward, np.repeat(np.eye(STATES)[:, None], ACTIONS, axis=1), discount)
    assert np.abs(action_values - moved(action_values)).max() > value_gap_bound(0.99 * epsilon, 0, discount, 1.0)
