"""`nearsym walk`: test periods of trading runs taken together."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.report.settings import WalkSettings
from nearsym.agents.report.walk_forward import read_markets
from nearsym.agents.runs.console import show
from nearsym.envs.errors import InputError
from nearsym.envs.trading.walk_forward import write_rows

from .compose import compose, with_key
from .help import command_help


def run(arguments: list[str]) -> int:
    """Show and write what the suite in the folder named by the first argument made of its markets."""
    missing = "which comparison? give the folder of a suite that trades: nearsym walk runs/x"
    settings = compose("walk", WalkSettings, with_key(arguments, "folder", missing))
    out = Path(settings.out) if settings.out else Path(settings.folder) / "walk"
    if out.exists() and not out.is_dir():
        raise InputError(f"out={out} is a file; give a folder")
    markets, left_out = read_markets(Path(settings.folder), settings.trust)
    out.mkdir(parents=True, exist_ok=True)
    from nearsym.envs.trading.figure import draw_trading  # only now: matplotlib takes long to load

    written = [out / "walk.csv"]
    write_rows(markets, written[0])
    for number, market in enumerate(markets, 1):
        show(market.tables())
        written.append(out / ("walk.png" if len(markets) == 1 else f"walk-{number}.png"))
        draw_trading(market.curves(), market.name, written[-1], len(market.networks))
    if left_out:
        print(f"left out: {left_out} runs that failed or did not finish")
    print(f"written: {', '.join(map(str, written))}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "walk",
        WalkSettings,
        "nearsym walk: the test periods of a suite that trades taken together, against each other and references",
        "nearsym walk runs/x",
    )
