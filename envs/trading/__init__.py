"""Trading with prices of several assets, exchangeable up to a declared symmetry (gymnasium; never torch)."""

from .account import Costs
from .backtest import Curve, backtest
from .performance import Performance, deflated_sharpe, intervals, performance
from .portfolio import Portfolio
from .prices import Prices
from .shares import Shares
from .sources import load_prices
from .strategies import REFERENCES, index_curve

__all__ = [
    "REFERENCES",
    "Costs",
    "Curve",
    "Performance",
    "Portfolio",
    "Prices",
    "Shares",
    "backtest",
    "deflated_sharpe",
    "index_curve",
    "intervals",
    "load_prices",
    "performance",
]
