import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading.rewards import REWARDS, DifferentialSharpe, reward_by_name


def test_log_returns_add_up() -> None:
    reward = reward_by_name("log_return", 0.0)
    growth = np.array([1.01, 0.98, 1.03])
    assert sum(map(reward.of, growth)) == pytest.approx(100 * np.log(growth.prod()))


def test_risk_costs() -> None:
    calm, nervous = reward_by_name("log_return", 0.0), reward_by_name("risk_penalised", 2.0)
    growth = float(np.exp(0.03))
    assert nervous.of(growth) == pytest.approx(calm.of(growth) - 3.0**2)


def test_differential_sharpe_is_the_derivative_of_the_sharpe_ratio() -> None:
    """D is dS/dη at 0 for S = A / √(B - A²) after one moving-average step of size η (numerically)."""
    reward = DifferentialSharpe()
    for growth in (1.01, 0.995, 1.002):
        reward.of(growth)
    mean, spread = reward.observation()
    square, percent, step = spread**2 + mean**2, 100 * np.log(1.013), 1e-6

    def ratio(rate: float) -> float:
        a, b = mean + rate * (percent - mean), square + rate * (percent**2 - square)
        return float(a / np.sqrt(b - a**2))

    assert reward.of(1.013) == pytest.approx((ratio(step) - ratio(-step)) / (2 * step), rel=1e-5)


def test_what_a_reward_remembers_is_observed() -> None:
    for name in REWARDS:
        reward = reward_by_name(name, 0.1)
        before = reward.observation()
        assert len(before) == reward.memory
        reward.of(1.02)
        changed = not np.array_equal(before, reward.observation())
        assert changed == (reward.memory > 0)
        reward.reset()
        np.testing.assert_array_equal(reward.observation(), before)


def test_unknown_rewards_are_refused() -> None:
    with pytest.raises(InputError, match="reward is 'sharpe', expected one of log_return"):
        reward_by_name("sharpe", 0.1)
    with pytest.raises(InputError, match="risk_aversion is -1"):
        reward_by_name("log_return", -1)
