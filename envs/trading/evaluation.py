"""What a policy makes of a period it has never seen, beside reference strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError
from nearsym.envs.noise_level import NoiseLevel
from nearsym.envs.rollout import Policy, Remembering, acting, rollout
from nearsym.envs.vector import vectorised

from .backtest import Curve, backtest
from .orders import Order, orders
from .paired import Paired, paired
from .performance import Performance, deflated_sharpe, intervals, performance
from .prices import YEAR
from .strategies import FITTED, REFERENCES, index_curve

if TYPE_CHECKING:
    from .market import Market

AGENT, UNTRAINED, EQUAL, INDEX = "agent", "untrained", "equal weight", "index"
GATE = "train"
"""Where an agent has to be better than its untrained self and equal weight, to count as having learned."""


@dataclass(frozen=True)
class TradingReport:
    """A period traded.

    Attributes:
        split: name of the period.
        trials: how many policies were tried, this one included.
        curves: of the policy first, then of the references.
        performances: of each curve.
        intervals: 95% intervals of each curve's statistics.
        deflated: confidence that the policy's Sharpe ratio is more than luck, given the number of trials; see
            `deflated_sharpe`.
        levels: annual return in percent at each level of price noise, one number for each drawing of the noise.
        left_out: references that would need a year of prices before the period, where there is none.
        paired: the policy against each of the others on the same days, in the reward that it was trained with.
        gate: the same on all days of training, against its untrained self and equal weight; empty where there is no
            untrained policy.
        orders: every trade of the policy.
    """

    split: str
    trials: int
    curves: Mapping[str, Curve]
    performances: Mapping[str, Performance]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    deflated: float
    levels: list[NoiseLevel]
    left_out: tuple[str, ...] = ()
    paired: Mapping[str, Paired] = field(default_factory=dict)
    gate: Mapping[str, Paired] = field(default_factory=dict)
    orders: Sequence[Order] = ()

    @property
    def learned(self) -> bool | None:
        """Whether the policy passed the gate; None where there is none."""
        return all(found.better for found in self.gate.values()) if self.gate else None

    unit = "% a year"
    noise = "noise on observed log prices (standard deviation)"

    def content(self) -> dict[str, Any]:
        """All of it but the single days, for JSON."""
        from .report import content

        return content(self)

    def tables(self, title: str) -> list[Any]:
        """Tables and lines of text to print."""
        from .report import tables

        return tables(self, title)

    def write(self, folder: Path, title: str) -> list[Path]:
        """Write ``evaluation.csv`` with every day, ``trades.csv`` with every trade, and the curves' figure."""
        from .figure import draw_trading  # only now: matplotlib takes long to load
        from .report import write_days, write_orders

        written = [folder / "evaluation.csv", folder / "trades.csv", folder / "evaluation.png"]
        write_days(self, written[0])
        write_orders(self.orders, written[1])
        draw_trading(dict(self.curves), title, written[2])
        return written


def trade(policy: Policy | Remembering, env: gymnasium.Env[Any, Any], market: Market) -> Curve:
    """One episode of a policy; a ruined account stays as it is.

    Args:
        policy: from an observation to an action, or one with memory.
        env: the market, as the policy sees it.
        market: the same without wrappers.
    """
    rows: list[dict[str, Any]] = []
    for step in rollout(vectorised(env), *acting(policy)):
        for day in step.infos["days"][0]:
            rows.append({key: day[key] for key in ("value", "weights", "traded", "paid")})
        if step.ended[0]:
            break
    start, stop = market.period
    still = {"traded": 0.0, "paid": 0.0}
    rows.insert(0, {"value": market.cash, "weights": np.zeros(market.assets), **still})
    rows += [{**rows[-1], **still}] * (stop - start - len(rows))
    columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return Curve(dates=market.prices.dates[start:stop], **columns)


def evaluate(
    market: Market,
    env: gymnasium.Env[Any, Any],
    policy: Policy | Remembering,
    noise: Sequence[float],
    noise_kind: str,
    drawings: int,
    trials: int,
    untrained: Policy | Remembering | None = None,
) -> TradingReport:
    """Trade the whole of the market's current period, with and without noise on the prices that are seen.

    Args:
        market: the market without wrappers.
        env: the same as the policy sees it.
        policy: from an observation to an action, or one with memory.
        noise: levels, standard deviations of log prices.
        noise_kind: ``gaussian``.
        drawings: of the noise, at each level above 0.
        trials: how many policies were tried before this one was chosen, itself included.
        untrained: the policy before it learned anything.

    Raises:
        InputError: the noise is of another kind.
    """
    if noise_kind != "gaussian":
        raise InputError(f"noise_kind is {noise_kind!r}; prices take gaussian noise alone")
    market.set_split(market.current, whole=True)
    own_noise = market.price_noise
    curves = {AGENT: trade(policy, env, market)}
    levels = []
    for strength in noise:
        market.set_price_noise(strength)
        annual = [performance(trade(policy, env, market)).annual_return for _ in range(drawings if strength else 1)]
        levels.append(NoiseLevel(strength, [100 * value for value in annual]))
    start, stop = market.period
    short = FITTED if start < YEAR else ()
    for name in (name for name in REFERENCES if name not in short):
        curves[name] = backtest(market.prices, REFERENCES[name](), start, stop, market.costs, market.cash)
    market.set_price_noise(own_noise)
    if untrained is not None:
        curves[UNTRAINED] = trade(untrained, env, market)
    index = index_curve(market.prices, start, stop, market.cash)
    if index is not None:
        curves[INDEX] = index
    return TradingReport(
        split=market.current,
        trials=trials,
        curves=curves,
        performances={name: performance(curve) for name, curve in curves.items()},
        intervals={name: intervals(curve) for name, curve in curves.items()},
        deflated=deflated_sharpe(curves[AGENT].returns, trials),
        levels=levels,
        left_out=short,
        paired=_against(market, curves),
        gate={} if untrained is None else _gate(market, env, policy, untrained),
        orders=orders(curves[AGENT], market.prices, market.costs),
    )


def _gate(
    market: Market, env: gymnasium.Env[Any, Any], policy: Policy | Remembering, untrained: Policy | Remembering
) -> dict[str, Paired]:
    """The policy in sample, against what it was and against equal weight."""
    current = market.current
    market.set_split(GATE, whole=True)
    curves = {AGENT: trade(policy, env, market), UNTRAINED: trade(untrained, env, market)}
    curves[EQUAL] = backtest(market.prices, REFERENCES[EQUAL](), *market.period, market.costs, market.cash)
    market.set_split(current, whole=True)
    return _against(market, curves)


def _against(market: Market, curves: Mapping[str, Curve]) -> dict[str, Paired]:
    """The first account against each of the others."""
    (_, own), *others = curves.items()
    rewards = market.rewards_of(own.returns)
    return {
        name: paired(rewards, market.rewards_of(other.returns), own.returns, other.returns) for name, other in others
    }
