"""Downloaded prices on disk: one parquet file for each request, and beside it a JSON file that vouches for it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError

from .extra import extra

if TYPE_CHECKING:
    from pandas import DataFrame

FOLDER = "NEARSYM_CACHE"
"""Environment variable that names the folder to cache in."""


@dataclass(frozen=True)
class Request:
    """What was asked of Yahoo; the order of the tickers does not matter.

    Attributes:
        tickers: as Yahoo writes them.
        start: first day.
        end: day after the last.
    """

    tickers: tuple[str, ...]
    start: str
    end: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "tickers", tuple(sorted(self.tickers)))

    @property
    def parquet(self) -> Path:
        """File of the prices."""
        key = hashlib.sha256(json.dumps([self.tickers, self.start, self.end]).encode()).hexdigest()[:12]
        return folder() / f"yahoo_{self.start}_{self.end}_{len(self.tickers)}-tickers_{key}.parquet"

    @property
    def sidecar(self) -> Path:
        """File that says where they come from."""
        return self.parquet.with_suffix(".json")

    @property
    def command(self) -> str:
        """The command line that downloads them again, to be pasted into a shell."""
        plain = all(re.fullmatch(r"[A-Za-z][\w.-]*", ticker) for ticker in self.tickers)
        tickers = ",".join(self.tickers if plain else (f"'{ticker}'" for ticker in self.tickers))
        word = f"tickers=[{tickers}]" if plain else f'"tickers=[{tickers}]"'
        return f"nearsym data yfinance {word} start={self.start} end={self.end} refresh=true"


def folder() -> Path:
    """Where downloaded prices lie: ``$NEARSYM_CACHE/prices``, or ``nearsym/prices`` in the platform's cache folder."""
    given = os.environ.get(FOLDER)
    root = Path(given).expanduser() if given else Path(extra("platformdirs").user_cache_dir("nearsym", appauthor=False))
    return root / "prices"


def cached(request: Request) -> bool:
    """Whether anything of the request lies in the cache, whole or not."""
    return request.parquet.exists() or request.sidecar.exists()


def store(request: Request, table: DataFrame, version: str) -> None:
    """Put a table into the cache, in place of an older one.

    The prices are written first and what vouches for them last, so that a kill in between is seen by `load`.

    Args:
        request: what was asked.
        table: long, with columns ``date`` and ``ticker``.
        version: of yfinance.

    Raises:
        InputError: the folder cannot be written to.
    """
    buffer = io.BytesIO()
    extra("pyarrow")
    table.to_parquet(buffer, index=False)
    about = {
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "source": "Yahoo Finance",
        "tickers": list(request.tickers),
        "start": request.start,
        "end": request.end,
        "first_day": f"{table['date'].min():%Y-%m-%d}",
        "last_day": f"{table['date'].max():%Y-%m-%d}",
        "rows": len(table),
        "downloaded": datetime.now(UTC).isoformat(timespec="seconds"),
        "yfinance": version,
    }
    try:
        request.parquet.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(request.parquet, buffer.getvalue())
        write_atomic(request.sidecar, json.dumps(about, indent=2) + "\n")
    except OSError as error:
        raise InputError(
            f"prices cannot be written to {folder()} ({error}); name a folder that can, as in {FOLDER}=~/nearsym-cache"
        ) from error


def load(request: Request) -> tuple[DataFrame, Mapping[str, Any]]:
    """The table of a request and what is known of it.

    Raises:
        InputError: one of the two files is missing, cannot be read, or is not what was stored.
    """
    try:
        data = request.parquet.read_bytes()
    except OSError as error:
        raise _damaged(request.parquet, f"cannot be read ({error.strerror})", request) from error
    try:
        about = json.loads(request.sidecar.read_text(encoding="utf-8"))
        wanted, asked = about["sha256"], Request(tuple(about["tickers"]), about["start"], about["end"])
        _ = about["downloaded"], about["yfinance"]
    except OSError as error:
        what = f"cannot be read ({error.strerror}), so nothing vouches for {request.parquet.name}"
        raise _damaged(request.sidecar, what, request) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(request.sidecar, f"is damaged ({type(error).__name__}: {error})", request) from error
    got = hashlib.sha256(data).hexdigest()
    if got != wanted:
        what = f"was changed or cut short after the download (sha256 {got[:12]}…, expected {wanted[:12]}…)"
        raise _damaged(request.parquet, what, request)
    if asked != request:
        raise _damaged(request.sidecar, f"belongs to another request ({asked.command})", request)
    return extra("pandas").read_parquet(io.BytesIO(data)), about


def _damaged(path: Path, what: str, request: Request) -> InputError:
    return InputError(f"{path} {what}; download the prices again: {request.command}")
