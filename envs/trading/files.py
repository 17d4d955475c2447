"""Reading a user's CSV or parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nearsym.envs.errors import InputError

from .extra import extra
from .period import Period
from .prices import Prices
from .tables import prices_from_table

if TYPE_CHECKING:
    from pandas import DataFrame

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".csv.gz")


def read_prices(
    path: str | Path,
    tickers: Sequence[str] | None = None,
    period: Period | None = None,
    features: Sequence[str] = (),
    listings: bool = False,
) -> Prices:
    """Prices from a file, as it is: nothing is sorted, filled in or dropped.

    Wide files have a date in their first column (or a column ``date``) and the close of one ticker in each other
    column. Long files have columns ``date``, ``ticker`` (or ``tic``, ``symbol``), ``close`` and any of ``open``,
    ``high``, ``low``, ``volume``, in any case; of other columns only `features` are read. Prices are to be adjusted
    for splits and dividends.

    Args:
        path: a file .csv, .csv.gz or .parquet.
        tickers: those to keep, in this order; all for None.
        period: the days to keep; all for None.
        features: further columns of numbers to keep, of a long file.
        listings: whether assets may be listed later than others, or end sooner; see `prices_from_table`.

    Raises:
        InputError: the file cannot be read or does not hold complete prices; says which ticker and which day.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}; give the path of a CSV or parquet file of prices")
    if path.name.lower().endswith(PARQUET):
        table = _parquet(path)
    elif path.name.lower().endswith(CSV):
        table = _csv(path)
    else:
        raise InputError(f"{path} is neither .csv, .csv.gz nor .parquet; save the prices as one of them")
    return prices_from_table(table, str(path), tickers, period, features, listings)


def _csv(path: Path) -> DataFrame:
    pd = extra("pandas")
    try:
        # everything as text and the header as a row: pandas would rename a column that comes twice, and guess types
        cells = pd.read_csv(path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError, EOFError) as error:  # pandas' own errors of parsing are ValueErrors
        raise InputError(
            f"{path} cannot be read ({str(error).strip()}); save it as comma-separated text in UTF-8"
        ) from error
    return pd.DataFrame(cells.iloc[1:].to_numpy(), columns=[str(name).strip() for name in cells.iloc[0]])


def _parquet(path: Path) -> DataFrame:
    pd = extra("pandas")
    extra("pyarrow")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise InputError(f"{path} cannot be read ({error}); save it again with DataFrame.to_parquet") from error
