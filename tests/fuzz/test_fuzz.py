"""Some cases of the fuzzer, the same each time, and that it would notice each kind of fault.

`python tests/fuzz cases=10000` carries out more.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from case import Case
from places import common
from sandbox import carried_out

ROOT = Path(__file__).parents[2]


def fuzzed(*words):
    command = [sys.executable, str(Path(__file__).parent), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_slice_of_the_cases():
    done = fuzzed("cases=48")
    assert done.returncode == 0, done.stdout + done.stderr
    *_, row, slowest = done.stdout.splitlines()
    counts = row.split()
    assert counts[0] == "all" and counts[-1] == "48" and slowest.startswith("slowest")
    finished, one_line = map(int, counts[1:3])
    assert finished > 5 and one_line > 20  # both ways to end are met


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_thousand_cases():
    done = fuzzed("first=10000", "cases=1000")
    assert done.returncode == 0, done.stdout + done.stderr


def prints(line):
    print(line, file=sys.stderr)
    sys.exit(2)


def raises():
    raise KeyError("nothing")


def overwrites():
    Path("notes.txt").write_text("lost")


def deletes():
    Path("notes.txt").unlink()


FAULTS = {
    "traceback": raises,
    "wrong exit": lambda: sys.exit(3),
    "no one line": lambda: prints("something is wrong"),
    "changed": overwrites,
    "hang": lambda: time.sleep(60),
}
FINE = {"finished": lambda: None, "one line": lambda: prints("nearsym: something is wrong")}


# what is forked here runs Python alone, in a process with few threads of its own
@pytest.mark.filterwarnings("ignore:This process")
@pytest.mark.parametrize(("state", "main"), [*FAULTS.items(), *FINE.items(), ("changed", deletes)])
def test_every_fault_is_noticed(state, main, tmp_path):
    outcome = carried_out(Case(("train",), common), tmp_path / "case", main, limit=1.0)
    assert outcome.state == state and outcome.is_fault == (state in FAULTS)
    assert not (tmp_path / "case").exists()


@pytest.mark.filterwarnings("ignore:This process")
def test_what_is_allowed(tmp_path):
    assert carried_out(Case(("train",), common, may_change=("notes.txt",)), tmp_path / "a", deletes).state == "finished"
    assert carried_out(Case(("compare",), common), tmp_path / "b", lambda: sys.exit(1)).state == "finished"
    assert carried_out(Case(("train",), common, disk=4), tmp_path / "c", overfills).state == "finished"


def overfills():
    with pytest.raises(OSError, match="File too large"):
        Path("new.txt").write_text("too long")
