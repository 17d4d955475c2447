"""What an evaluation of a trading policy prints and writes."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from .evaluation import AGENT, INDEX, TradingReport
from .orders import Order
from .paired import Paired


def tables(report: TradingReport, title: str) -> list[Table | str]:
    """Every account's statistics, how sure one may be, and returns at each level of noise."""
    printed: list[Table | str] = [_performances(report, title), *_gate(report)]
    tried = "the only strategy tried" if report.trials == 1 else f"the best of {report.trials} strategies tried"
    printed.append(
        f"deflated Sharpe ratio {report.deflated:.3f}: the confidence of a test that there is more to it than luck, if "
        f"this is {tried} (trials=…)"
    )
    if INDEX in report.curves:
        printed.append("index: its level alone, without the dividends that the prices of the assets are adjusted for")
    if report.left_out:
        printed.append(f"left out, for want of a year of prices before the period: {', '.join(report.left_out)}")
    if len(report.levels) > 1:
        noise = Table(title="noise on observed prices", title_justify="left")
        for column in ("noise (std of log price)", "a year, mean", "std", "IQM"):
            noise.add_column(column, justify="right")
        for level in report.levels:
            noise.add_row(f"{level.noise:g}", f"{level.mean:.1f}%", f"{level.std:.1f}%", f"{level.iqm:.1f}%")
        printed.append(noise)
    return printed


def _performances(report: TradingReport, title: str) -> Table:
    days = next(iter(report.curves.values())).dates
    table = Table(
        title=f"{title}: {report.split}, {days[0]} to {days[-1]}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("")
    for name in report.curves:
        header = name.replace(" ", "\n").replace("-", "-\n")  # rich would rather cut words than break them
        table.add_column(header, justify="right", style="bold" if name == AGENT else None)
    found = report.performances.values()
    bounds = [intervals["sharpe"] for intervals in report.intervals.values()]
    table.add_row("a year", *(f"{one.annual_return:.1%}" for one in found))
    table.add_row("volatility", *(f"{one.annual_volatility:.1%}" for one in found))
    table.add_row("Sharpe", *(f"{one.sharpe:.2f}" for one in found))
    table.add_row(" 95% from", *(f"{low:.2f}" for low, _ in bounds))
    table.add_row(" to", *(f"{high:.2f}" for _, high in bounds))
    table.add_row("Sortino", *(f"{one.sortino:.2f}" for one in found))
    table.add_row("Calmar", *(f"{one.calmar:.2f}" for one in found))
    table.add_row("drawdown", *(f"{one.max_drawdown:.1%}" for one in found))
    table.add_row("turnover", *(f"{one.turnover:.2f}" for one in found))
    table.add_row("costs", *(f"{one.costs:.2%}" for one in found))
    table.add_section()
    pairs = list(report.paired.values())
    table.add_row("agent minus it", "", *(f"{one.difference:+.2f}" for one in pairs))
    table.add_row(" 95% from", "", *(f"{one.low:+.2f}" for one in pairs))
    table.add_row(" to", "", *(f"{one.high:+.2f}" for one in pairs))
    table.add_row("tracking error", "", *(f"{one.tracking_error:.1%}" for one in pairs))
    table.add_row("information", "", *(f"{one.information_ratio:.2f}" for one in pairs))
    return table


def _gate(report: TradingReport) -> list[Table | str]:
    """Whether the agent has learned anything, in a line."""
    if not report.gate:
        return []
    against = "; ".join(
        f"{found.difference:+.2f} [{found.low:+.2f}, {found.high:+.2f}] against {name}"
        for name, found in report.gate.items()
    )
    verdict = (
        "passed: it has learned something there"
        if report.learned
        else "not passed: what it earns is no result of what it learned"
    )
    return [f"the gate, reward a year on the days it was trained on: {against}: {verdict}"]


def content(report: TradingReport) -> dict[str, Any]:
    """All of it but the single days, for JSON."""
    return {
        "split": report.split,
        "trials": report.trials,
        "deflated_sharpe": _number(report.deflated),
        "performance": {
            name: {
                **{key: _number(value) for key, value in asdict(found).items()},
                "intervals": {key: list(map(_number, pair)) for key, pair in report.intervals[name].items()},
            }
            for name, found in report.performances.items()
        },
        "paired": {name: _numbers(found) for name, found in report.paired.items()},
        "gate": {name: _numbers(found) for name, found in report.gate.items()},
        "learned": report.learned,
        "annual_return_with_price_noise": [
            {"noise": level.noise, "mean": level.mean, "std": level.std, "percent": level.returns}
            for level in report.levels
        ],
    }


def write_days(report: TradingReport, path: Path) -> None:
    """One row for each day and one column for each account's value, as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", *report.curves])
        dates = next(iter(report.curves.values())).dates
        writer.writerows(zip(dates, *(curve.value.round(2) for curve in report.curves.values()), strict=True))


def write_orders(orders: Sequence[Order], path: Path) -> None:
    """One row for each trade, as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Order))
        for order in orders:
            numbers = (order.shares, order.price, order.cost, order.before, order.after)
            writer.writerow((order.date, order.ticker, *(round(number, 6) for number in numbers)))


def _numbers(found: Paired) -> dict[str, float | None]:
    return {key: _number(value) for key, value in asdict(found).items()}


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else value
