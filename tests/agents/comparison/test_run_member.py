"""One run of a suite: tried again, named when it fails, stopped when it is to stop."""

import os
from dataclasses import replace

import pytest

from nearsym.agents.comparison import run_member
from nearsym.agents.comparison.run_member import carry_out
from nearsym.agents.comparison.status import FAILED, WAITING, read_status


@pytest.fixture
def order(tmp_path, prepare):
    return prepare(tmp_path / "out")[1][0]


def command(monkeypatch, source):
    """Let a few lines of Python stand for `nearsym`; the words are sys.argv[2:]."""
    monkeypatch.setattr(run_member, "COMMAND", source)


def test_a_failing_run_is_tried_again_and_named(order, monkeypatch):
    command(monkeypatch, "print('starts'); raise RuntimeError('the cart has left the track')")
    assert carry_out(order) == read_status(order.status)
    status = read_status(order.status)
    assert (status.state, status.message) == (FAILED, "RuntimeError: the cart has left the track")
    log = order.log.read_text()
    assert log.count("$ nearsym train") == 2 and log.count("attempt 2 of 2: ") == 1 and "evaluate" not in log
    carry_out(replace(order, retries=0))
    assert order.log.read_text().count("$ nearsym train") == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "nearsym train was ended by SIGKILL"),
        ("raise SystemExit(3)", "nearsym train ended with exit code 3"),
        ("import sys; sys.exit('nearsym: no such thing')", "nearsym: no such thing"),
        ("pass", "its commands ended well and left no finished run; see its log"),
    ],
)
def test_a_failure_says_what_happened(order, monkeypatch, source, message):
    command(monkeypatch, source)
    assert carry_out(replace(order, retries=0)).message == message


def test_threads_are_pinned(order, monkeypatch):
    command(monkeypatch, "import os, sys; sys.exit(os.environ['OMP_NUM_THREADS'] + ' ' + sys.argv[2])")
    assert carry_out(replace(order, retries=0, threads=3)).message == "3 train"


def test_a_stopped_run_waits_and_its_process_is_gone(order, monkeypatch):
    command(monkeypatch, "import os, time; print('pid', os.getpid(), flush=True); time.sleep(100)")
    status = carry_out(order, lambda: order.log.exists() and "pid" in order.log.read_text())
    assert status.state == WAITING
    (pid,) = [int(line.split()[1]) for line in order.log.read_text().splitlines() if line.startswith("pid")]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_folder_without_settings_is_started_afresh(order, monkeypatch):
    """A kill may come between making the folder and writing config.yaml."""
    command(
        monkeypatch, "import sys, pathlib; sys.exit(str([p.name for p in pathlib.Path(sys.argv[-2][8:]).iterdir()]))"
    )
    order.run.folder.mkdir(parents=True)
    (order.run.folder / "about.json").write_text("{}")
    assert carry_out(replace(order, retries=0)).message == "[]"
    (order.run.folder / "notes.txt").write_text("mine")
    assert carry_out(replace(order, retries=0)).message == "['notes.txt']"
