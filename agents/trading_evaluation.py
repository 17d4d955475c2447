"""What a trained agent makes of a period it has never seen, beside reference strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import torch

from nearsym.envs.errors import InputError
from nearsym.envs.trading.backtest import Curve, backtest
from nearsym.envs.trading.market import CASH, Market
from nearsym.envs.trading.performance import Performance, deflated_sharpe, intervals, performance
from nearsym.envs.trading.strategies import REFERENCES, index_curve

from .agent import Agent
from .build import build_env
from .evaluation import NoiseLevel, load_agent
from .run import Run
from .settings import EvaluateSettings

AGENT, INDEX = "agent", "index"


@dataclass(frozen=True)
class TradingReport:
    """A period traded.

    Attributes:
        curves: of the agent first, then of the references.
        performances: of each curve.
        intervals: 95% intervals of each curve's statistics.
        deflated: probability that the agent's true Sharpe ratio is above 0, given the number of trials.
        levels: annual return in percent at each level of price noise, one number for each drawing of the noise.
    """

    curves: Mapping[str, Curve]
    performances: Mapping[str, Performance]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    deflated: float
    levels: list[NoiseLevel]


def trade(agent: Agent, env: gymnasium.Env[object, object]) -> Curve:
    """One episode of the deterministic policy in a trading environment; a ruined account stays as it is."""
    market = env.unwrapped
    assert isinstance(market, Market)
    observation, info = env.reset()
    rows, done = [info], False
    while not done:
        action, _ = agent.predict(observation, deterministic=True)  # type: ignore[arg-type]
        observation, _, terminated, truncated, info = env.step(action)
        rows.append(info)
        done = terminated or truncated
    start, stop = getattr(market.split, market.part)
    left = (stop - start) - len(rows)
    rows += [{**rows[-1], "traded": 0.0, "paid": 0.0}] * left
    columns = {key: np.array([row[key] for row in rows]) for key in ("value", "weights", "traded", "paid")}
    return Curve(dates=market.prices.dates[start:stop], **columns)


def is_trading(folder: Path) -> bool:
    """Whether a run traded."""
    return Run(folder).settings().env.id.startswith("trading/")


def evaluate_trading(settings: EvaluateSettings) -> TradingReport:
    """Trade the latest checkpoint of a run through a period, with and without noise on the prices it sees.

    Raises:
        InputError: the folder is no run, its checkpoint is missing or corrupt, or the noise is of another kind.
    """
    if settings.noise_kind != "gaussian":
        raise InputError(f"noise_kind is {settings.noise_kind!r}; prices take gaussian noise alone")
    torch.set_num_threads(settings.threads)
    train_settings, agent = load_agent(Path(settings.run))
    env = build_env(train_settings, settings.seed, settings.part).env
    market = env.unwrapped
    assert isinstance(market, Market)
    curves = {AGENT: trade(agent, env)}
    levels = []
    for noise in settings.noise:
        market.set_price_noise(noise)
        drawings = settings.episodes if noise else 1
        annual = [performance(trade(agent, env)).annual_return for _ in range(drawings)]
        levels.append(NoiseLevel(noise, [100 * value for value in annual]))
    start, stop = getattr(market.split, market.part)
    for name, strategy in REFERENCES.items():
        curves[name] = backtest(market.prices, strategy(), start, stop, market.costs, CASH)
    index = index_curve(market.prices, start, stop, CASH)
    if index is not None:
        curves[INDEX] = index
    return TradingReport(
        curves=curves,
        performances={name: performance(curve) for name, curve in curves.items()},
        intervals={name: intervals(curve) for name, curve in curves.items()},
        deflated=deflated_sharpe(curves[AGENT].returns, settings.trials),
        levels=levels,
    )
