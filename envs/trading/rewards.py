"""What a day of trading is worth to an agent; all in percent, so that rewards have a size networks like."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from nearsym.envs.errors import InputError

from .prices import FloatArray

PERCENT = 100.0


class Reward(Protocol):
    """A reward with what it has to remember of an episode."""

    memory: int
    """Length of `observation`."""

    def reset(self) -> None:
        """A new episode."""

    def of(self, growth: float) -> float:
        """The reward of a day on which the account grew by the factor `growth` > 0."""

    def observation(self) -> FloatArray:
        """(memory,) what an observer needs to know of it, or the process would not be Markov."""


class LogReturn:
    """100 log(V' / V): summed over an episode, the growth of the account."""

    memory = 0

    def reset(self) -> None:
        """Nothing to forget."""

    def of(self, growth: float) -> float:
        """100 log growth."""
        return PERCENT * float(np.log(growth))

    def observation(self) -> FloatArray:
        """Nothing."""
        return np.zeros(0)


class RiskPenalised:
    """100 (r - λ/2 · 100 r²) for the log-return r: mean minus variance, day by day, λ per percent squared."""

    memory = 0

    def __init__(self, risk_aversion: float) -> None:
        self.risk_aversion = risk_aversion

    def reset(self) -> None:
        """Nothing to forget."""

    def of(self, growth: float) -> float:
        """Return minus penalty, in percent."""
        percent = PERCENT * float(np.log(growth))
        return percent - 0.5 * self.risk_aversion * percent**2

    def observation(self) -> FloatArray:
        """Nothing."""
        return np.zeros(0)


class DifferentialSharpe:
    """The differential Sharpe ratio (Moody & Saffell, "Learning to trade via direct reinforcement", 2001).

        D = (B ΔA - A ΔB / 2) / (B - A²)^{3/2},   ΔA = r - A,  ΔB = r² - B,   A ← A + η ΔA,  B ← B + η ΔB

    with r in percent. It starts from A = 0, B = 1, a day's spread of one percent, rather than from nothing: the first
    days would otherwise divide by zero.
    """

    memory = 2
    RATE = 0.01

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the returns so far."""
        self._mean, self._square = 0.0, 1.0

    def of(self, growth: float) -> float:
        """D of this day."""
        percent = PERCENT * float(np.log(growth))
        mean, square = self._mean, self._square
        variance = max(square - mean**2, 1e-6)
        by_mean, by_square = percent - mean, percent**2 - square
        self._mean, self._square = mean + self.RATE * by_mean, square + self.RATE * by_square
        return float((square * by_mean - 0.5 * mean * by_square) / variance**1.5)

    def observation(self) -> FloatArray:
        """(A, standard deviation), in percent."""
        return np.array([self._mean, np.sqrt(max(self._square - self._mean**2, 0.0))])


REWARDS = ("log_return", "risk_penalised", "differential_sharpe")


def reward_by_name(name: str, risk_aversion: float) -> Reward:
    """The reward called `name`.

    Raises:
        InputError: there is none, or the risk aversion is negative.
    """
    if not (np.isfinite(risk_aversion) and risk_aversion >= 0):
        raise InputError(f"risk_aversion is {risk_aversion}, expected a number >= 0")
    match name:
        case "log_return":
            return LogReturn()
        case "risk_penalised":
            return RiskPenalised(risk_aversion)
        case "differential_sharpe":
            return DifferentialSharpe()
    raise InputError(f"reward is {name!r}, expected one of {', '.join(REWARDS)}")
