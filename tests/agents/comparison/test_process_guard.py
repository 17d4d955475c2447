"""A process that is not to outlive the one that started it."""

import subprocess
import sys

import pytest

from nearsym.agents.runs.lock import take_lock
from nearsym.envs.errors import InputError

HOLD = """
import pathlib, sys, time
from nearsym.agents.comparison.process_guard import guard
guard(pathlib.Path(sys.argv[1]))
print("held", flush=True)
time.sleep(100)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE)
time.sleep(100)
"""


def test_a_process_dies_with_the_one_that_started_it(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=r"^taken$"):
            take_lock(tmp_path / "lock", 0, "taken")
        parent.kill()
        take_lock(tmp_path / "lock", 30, "the child of a killed process still holds its lock").close()
