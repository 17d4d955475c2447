"""A few kills of `python tests/fuzz/kills.py`, and that it would notice another curve."""

import subprocess
import sys
from pathlib import Path

import pytest
from kills import Tally, compare

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_curve_is_that_of_a_run_without_a_kill():
    words = [str(Path(__file__).with_name("kills.py")), "train=20", "evaluate=10", "compare=10"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:4]]
    for (name, killed, _, resumed, compared, different), least in zip(rows, (20, 10, 10), strict=True):
        assert int(killed) >= least and int(compared) > 0 and int(different) == 0
        assert name == "evaluate" or int(resumed) > 0


def test_another_curve_is_noticed(tmp_path):
    """Negative control."""
    for name, value in (("whole", 1), ("same", 1), ("other", 2)):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "metrics.csv").write_text(f"step,eval_return\n0,{value}\n")
    tally = Tally()
    compare(tally, tmp_path / "same", tmp_path / "whole")
    assert not tally.differences
    compare(tally, tmp_path / "other", tmp_path / "whole")
    (tmp_path / "same/checkpoints/.step-1.writing").mkdir()
    (tmp_path / "same/evaluation.json").write_text("{}")
    compare(tally, tmp_path / "same", tmp_path / "whole")
    assert [text.split(" of ")[0].split("/")[-1] for text in tally.differences] == [
        "metrics.csv",
        "evaluation.json",
        ".step-1.writing is left",
    ]
