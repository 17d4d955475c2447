"""Daily prices in a table, and what looks wrong in them in words."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from .findings import Finding
from .prices import YEAR, DateArray, FloatArray, Prices

SHOWN = 20
"""Findings that are printed; `nearsym.envs.trading.findings.findings` gives all of them."""


def summary(prices: Prices) -> Table:
    """What each asset returned, how much it moved, and its worst day."""
    # the same days for every asset: `Prices` are complete
    days = f"{len(prices.dates)} days, {prices.dates[0]} to {prices.dates[-1]}"
    table = Table(title=f"{len(prices.tickers)} assets, {days}", title_justify="left")
    for column in ("ticker", "annual return", "annual volatility", "worst day"):
        table.add_column(column, no_wrap=True, justify="left" if column == "ticker" else "right")
    for asset, ticker in enumerate(prices.tickers):
        own = np.isfinite(prices.seen[:, asset])
        table.add_row(ticker, *_row(prices.close[own, asset], prices.dates[own]))
    if prices.index is not None:
        table.add_section()
        table.caption = "index: its level, without dividends"
        table.add_row("index", *_row(prices.index, prices.dates))
    return table


def _row(close: FloatArray, dates: DateArray) -> list[str]:
    """Cells of one asset: what a year returned, compounded, and the standard deviation of log returns, for a year."""
    logs = np.diff(np.log(close))
    if len(logs) < 2:
        return ["", "", ""]
    annual = np.expm1(logs.mean() * YEAR)
    volatility = logs.std(ddof=1) * np.sqrt(YEAR)
    worst = int(logs.argmin())
    return [f"{annual:+.1%}", f"{volatility:.1%}", f"{np.expm1(logs[worst]):+.1%} on {dates[worst + 1]}"]


def finding_lines(found: list[Finding]) -> list[str]:
    """What looks wrong, a line each; the first `SHOWN`."""
    if not found:
        return ["nothing looks wrong: no stale prices, unadjusted splits, long gaps, or closes outside low and high"]
    lines = [f"{finding.ticker} {finding.date}: {finding.text}" for finding in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"… and {len(found) - SHOWN} more, choose fewer tickers or days to see them")
    return [f"{len(found)} to look at:", *(f"  {line}" for line in lines)]
