"""What the machine refuses ends in one line that names it, and changes nothing that was saved."""

import errno
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from nearsym.scripts import main as program
from nearsym.scripts.failures import refused
from nearsym.scripts.main import run

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


def test_a_disk_without_room():
    line = refused("train", OSError(errno.ENOSPC, "No space left on device", "runs/x/metrics.csv"))
    assert line.startswith("train: runs/x/metrics.csv: No space left on device; nothing that was saved before is lost")


def test_too_little_memory():
    with pytest.raises(MemoryError) as of_numpy:
        np.zeros((2**20, 2**36))
    assert "not enough memory (Unable to allocate" in refused("audit", of_numpy.value)
    with pytest.raises(RuntimeError) as of_torch:
        torch.zeros(2**50)
    assert "not enough memory (" in refused("train", of_torch.value)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), KeyError("a"), ValueError("not enough values")])
def test_defects_of_ours_stay_what_they_are(error):
    """Negative control."""
    assert refused("train", error) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train seed=4294967296", "seed is 4294967296, expected a number <= 4,294,967,295"),
        ("train threads=1000000", "threads is 1000000, expected a number <= 256"),
        ("evaluate runs/x threads=18446744073709551616", "threads is 18446744073709551616, expected a number <= 256"),
        ("train env.count=1000000", "env.count is 1000000, expected a number <= 4,096"),
        ("train network.depth=100000", "network.depth is 100000, expected a number <= 1000"),
        ("train network.width=1000000", "network.width=1000000 takes at least"),
        ("train agent.batch_size=100000000000", "agent.batch_size=100000000000 takes at least"),
        ("train total_steps=1000000000000 agent.buffer_size=1000000000000", "a replay of 1000000000000 steps"),
        (f"train perturbation.wind={'9' * 400}", "int too large to convert to float"),
        ("audit env=Pendulum-v1 samples=2 out=/dev/full/x.json", "/dev/full"),
        ("train env=Pendulum-v1 total_steps=2 run_dir=/proc/nowhere/x", "/proc/nowhere"),
    ],
)
def test_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nearsym: ") and message in line
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_full_disk_behind_standard_output():
    code = "from nearsym.scripts.main import main; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code, "envs"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("nearsym: envs: No space left on device") and len(done.stderr.splitlines()) == 1


def test_threads_that_meet_a_full_disk_are_silent(capsys):
    monkeypatched = threading.excepthook
    try:
        threading.excepthook = program._of_thread
        for error in (OSError(errno.ENOSPC, "No space left on device"), KeyError("a defect")):

            def fails(error=error):
                raise error

            thread = threading.Thread(target=fails)
            thread.start()
            thread.join()
    finally:
        threading.excepthook = monkeypatched
    said = capsys.readouterr().err
    assert "a defect" in said and "No space left" not in said
