"""Prices by the name of their source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nearsym.envs.errors import InputError, did_you_mean

from . import cache, yahoo
from .checks import check_names
from .extra import extra
from .files import read_prices
from .packaged import PACKAGED, packaged
from .period import Period
from .prices import Prices
from .tables import prices_from_table

SP500, YFINANCE = "sp500", "yfinance"


def load_prices(
    source: str,
    tickers: Sequence[str] | None = None,
    start: str | None = None,
    end: str | None = None,
    *,
    refresh: bool = False,
    features: Sequence[str] = (),
    listings: bool = False,
) -> Prices:
    """Prices from one of three kinds of source.

    A market that comes with another package, without any network (`PACKAGED`): ``sp500``, closes of 20 stocks of the
    S&P 500, 1990 to 2022, and the index, from skfolio; ``factors``, five exchange-traded funds, 2014 to 2022, from
    skfolio; ``indices``, NASDAQ, S&P 500 and crude oil, 1999 to 2018, from arch; ``nyse_o``, ``nyse_n``, ``djia`` and
    ``msci`` from universal-portfolios. All but the funds and ``indices`` were chosen by their being there at the end,
    so they did better than what one could have chosen then.

    ``yfinance``: adjusted prices from Yahoo Finance. They are downloaded once; after that they come from the cache.

    A path: a user's own CSV or parquet file, see `read_prices`.

    Args:
        source: one of `PACKAGED`, ``yfinance``, or a path.
        tickers: those to keep, in this order; all for None. yfinance needs them.
        start: first day, YYYY-MM-DD; the first there is for None. yfinance needs it.
        end: day after the last, YYYY-MM-DD; after the last there is for None. yfinance needs it.
        refresh: download again what is cached.
        features: columns of a long file to keep besides prices, such as ``[volume,pe]``.
        listings: whether assets of a file may be listed later than others, or end sooner; see `prices_from_table`.

    Raises:
        InputError: an unknown source, a ticker or days it does not have, damaged data, or a failed download.
    """
    period = Period(start, end)
    check_names("tickers", tickers, "[AAPL,MSFT]")
    check_names("features", features, "[volume]")
    if tickers is not None and not len(tickers):
        raise InputError("tickers is empty; name some, as in tickers=[AAPL,MSFT], or leave it out for all of them")
    if refresh and source != YFINANCE:
        raise InputError(f"refresh=true downloads prices again, and source {source} is not downloaded; leave it out")
    if listings and source in (*PACKAGED, YFINANCE):
        raise InputError(f"listings=true is for files of your own, and source {source} has the same days of all assets")
    if features and source in PACKAGED:
        raise InputError(f"source {source} has closes alone and no {', '.join(features)}; features= needs a long file")
    if source in PACKAGED:
        return packaged(source, tickers, period)
    if source == YFINANCE:
        return _yahoo(tickers, start, end, refresh, features)
    path = Path(source)
    if path.is_file() or path.suffix or len(path.parts) > 1:
        return read_prices(path, tickers, period, features, listings)
    names = (*PACKAGED, YFINANCE)
    near = did_you_mean(source, names)
    raise InputError(
        f"unknown source {source!r}{near}; choose {', '.join(names)}, or the path of a CSV or parquet file"
    )


def _yahoo(
    tickers: Sequence[str] | None, start: str | None, end: str | None, refresh: bool, features: Sequence[str]
) -> Prices:
    if tickers is None or start is None or end is None:
        raise InputError(
            f"source {YFINANCE} needs tickers, start and end, such as tickers=[AAPL,MSFT] start=2010-01-01 "
            "end=2020-01-01"
        )
    names = tuple(ticker.upper() for ticker in tickers)  # as Yahoo writes them
    if len(set(names)) < len(names):
        raise InputError(f"tickers has {max(names, key=names.count)} twice; name each once")
    request = cache.Request(names, start, end)
    if refresh or not cache.cached(request):
        table = yahoo.download(request.tickers, start, end)
        prices_from_table(table, "Yahoo Finance", names, Period(start, end))  # nothing unusable gets into the cache
        cache.store(request, table, extra("yfinance").__version__)
    table, about = cache.load(request)  # also after a download: the first use and every later one are the same
    source = (
        f"Yahoo Finance through yfinance {about['yfinance']}, downloaded {about['downloaded']}, "
        f"sha256 {about['sha256'][:12]}"
    )
    return prices_from_table(table, source, names, Period(start, end), features)
