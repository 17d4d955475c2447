"""A cached download is what was downloaded, or one line says what happened to it."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading import cache, load_prices
from nearsym.envs.trading.cache import Request

ASK = ("yfinance", ["MSFT", "AAPL"], "2020-01-01", "2020-01-10")
REQUEST = Request(("MSFT", "AAPL"), *ASK[2:])
AGAIN = (
    "download the prices again: nearsym data yfinance tickers=[AAPL,MSFT] start=2020-01-01 end=2020-01-10 refresh=true"
)


def contents(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_the_second_time_nothing_is_downloaded(yahoo):
    first, second = load_prices(*ASK), load_prices(*ASK)
    other_order = load_prices("yfinance", ["aapl", "msft"], *ASK[2:])
    assert len(yahoo.calls) == 1
    assert first.tickers == second.tickers == ("MSFT", "AAPL") and other_order.tickers == ("AAPL", "MSFT")
    assert (first.close == second.close).all() and (first.close[:, ::-1] == other_order.close).all()
    assert first.source == second.source and first.volume is not None
    load_prices(*ASK[:3], "2020-01-08")
    load_prices("yfinance", ["AAPL"], *ASK[2:])
    assert len(yahoo.calls) == 3  # another request is not answered from this one


def test_the_sidecar_vouches_for_the_parquet(yahoo):
    load_prices(*ASK)
    assert {path.name for path in cache.folder().iterdir()} == {REQUEST.parquet.name, REQUEST.sidecar.name}
    about = json.loads(REQUEST.sidecar.read_text())
    assert about["sha256"] == hashlib.sha256(REQUEST.parquet.read_bytes()).hexdigest()
    assert (about["tickers"], about["rows"], about["source"]) == (["AAPL", "MSFT"], 8, "Yahoo Finance")
    assert (about["start"], about["end"]) == ASK[2:] and (about["first_day"], about["last_day"]) == (
        "2020-01-02",
        "2020-01-07",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", about["downloaded"]) and about["yfinance"]


def test_refresh_replaces_what_was_there(yahoo):
    old = load_prices(*ASK)
    yahoo.change = lambda frame: frame * 2
    assert (load_prices(*ASK).close == old.close).all()
    assert (load_prices(*ASK, refresh=True).close == 2 * old.close).all()
    assert (load_prices(*ASK).close == 2 * old.close).all()


@pytest.mark.parametrize(
    "fail",
    [
        lambda yahoo: yahoo.history.clear(),
        lambda yahoo: yahoo.history.pop("MSFT"),
        lambda yahoo: setattr(yahoo, "change", lambda frame: frame.drop(columns="Open", level=0)),
        lambda yahoo: setattr(yahoo, "change", lambda frame: frame * 0),
        lambda yahoo: setattr(yahoo, "change", lambda frame: frame.iloc[::-1]),
    ],
)
def test_a_failed_download_leaves_the_cache_alone(fail, yahoo):
    load_prices(*ASK)
    before = contents(cache.folder())
    fail(yahoo)
    with pytest.raises(InputError):
        load_prices(*ASK, refresh=True)
    assert contents(cache.folder()) == before and len(before) == 2
    assert load_prices(*ASK).tickers == ("MSFT", "AAPL")


def test_a_failed_first_download_creates_nothing(yahoo, tmp_path):
    yahoo.history.clear()
    with pytest.raises(InputError):
        load_prices(*ASK)
    assert list(tmp_path.iterdir()) == []


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def claim(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "which", "message"),
    [
        (lambda: flip(REQUEST.parquet), "parquet", "was changed or cut short after the download (sha256 "),
        (lambda: REQUEST.parquet.write_bytes(REQUEST.parquet.read_bytes()[:-9]), "parquet", "was changed or cut short"),
        (lambda: REQUEST.parquet.unlink(), "parquet", "cannot be read (No such file or directory)"),
        (
            lambda: REQUEST.sidecar.unlink(),
            "sidecar",
            "(No such file or directory), so nothing vouches for yahoo_",
        ),
        (lambda: REQUEST.sidecar.write_text('{"sha256": '), "sidecar", "is damaged (JSONDecodeError"),
        (lambda: REQUEST.sidecar.write_text("{}"), "sidecar", "is damaged (KeyError: 'sha256')"),
        (lambda: REQUEST.sidecar.write_text("[]"), "sidecar", "is damaged (TypeError"),
        (lambda: claim(REQUEST.sidecar, tickers=["AAPL"]), "sidecar", "belongs to another request"),
    ],
)
def test_damage_is_named_with_the_way_out(damage, which, message, yahoo):
    load_prices(*ASK)
    damage()
    with pytest.raises(InputError) as error:
        load_prices(*ASK)
    text = str(error.value)
    assert text.startswith(str(getattr(REQUEST, which))) and message in text and text.endswith(AGAIN)
    assert len(yahoo.calls) == 1  # never replaced behind one's back
    assert load_prices(*ASK, refresh=True).tickers == ("MSFT", "AAPL")
    assert load_prices(*ASK).tickers == ("MSFT", "AAPL")


@pytest.mark.parametrize("kills", [1, 2])
def test_a_kill_between_two_writes_is_seen(kills, yahoo, monkeypatch):
    """The prices are moved first: killed before the first move nothing changed, before the second `load` refuses."""
    old = load_prices(*ASK)
    yahoo.change = lambda frame: frame * 2
    moves, move = [], Path.replace

    def killed(path, target):
        moves.append(target)
        if len(moves) == kills:
            raise KeyboardInterrupt
        return move(path, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", killed)
        load_prices(*ASK, refresh=True)
    assert [path.suffix for path in moves] == [".parquet", ".json"][:kills]
    assert {path.name for path in cache.folder().iterdir()} == {REQUEST.parquet.name, REQUEST.sidecar.name}
    if kills == 1:
        assert (load_prices(*ASK).close == old.close).all()
    else:
        with pytest.raises(InputError, match="was changed or cut short"):
            load_prices(*ASK)


def test_a_folder_that_cannot_be_written(yahoo, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEARSYM_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"prices cannot be written to .*file/prices .*NEARSYM_CACHE=~/nearsym-cache"):
        load_prices(*ASK)


def test_where_the_cache_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("NEARSYM_CACHE", str(tmp_path))
    assert cache.folder() == tmp_path / "prices"
    monkeypatch.delenv("NEARSYM_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name, appauthor: str(tmp_path / name))
    assert cache.folder() == tmp_path / "nearsym" / "prices"


def test_requests_are_told_apart_and_their_commands_can_be_pasted():
    requests = [REQUEST, Request(("AAPL",), *ASK[2:]), Request(("AAPL", "MSFT"), "2020-01-01", "2020-01-11")]
    assert len({request.parquet for request in requests}) == 3
    assert Request(("AAPL", "MSFT"), *ASK[2:]) == REQUEST
    odd = Request(("^GSPC", "BRK-B"), *ASK[2:])
    assert "\"tickers=['BRK-B','^GSPC']\" start" in odd.command


def test_a_cached_file_is_a_file_of_prices(yahoo):
    cached = load_prices(*ASK)
    as_file = load_prices(str(REQUEST.parquet), ["MSFT", "AAPL"])
    assert (cached.close == as_file.close).all() and (cached.volume == as_file.volume).all()
    assert set(pd.read_parquet(REQUEST.parquet).columns) == {"date", "ticker", "close", "open", "high", "low", "volume"}
