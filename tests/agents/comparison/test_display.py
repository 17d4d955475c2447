"""What a comparison prints where there is no terminal: how far it is, and about how long the rest will take."""

from types import SimpleNamespace

import pytest

from nearsym.agents.comparison.display import Display
from nearsym.agents.comparison.status import FAILED, FINISHED, WAITING, Status


def display(together, finished=(), runs=10):
    """Of runs called 0, 1, …; the first ones finished before, after so many seconds."""
    jobs = [SimpleNamespace(spec=SimpleNamespace(path=str(k))) for k in range(runs)]
    states = {str(k): Status(WAITING) for k in range(runs)}
    states.update({str(k): Status(FINISHED, seconds) for k, seconds in enumerate(finished)})
    return Display(jobs, states, together)


@pytest.mark.parametrize(
    ("together", "about"),
    [(2, "about 18 min left for 9 runs"), (100, "about 4 min left for 9 runs"), (1, "about 36 min left for 9 runs")],
)
def test_what_is_left_takes_what_others_took(together, about, capsys):
    with display(together) as shown:
        shown.ended("0", Status(FINISHED, 240.0))
    assert capsys.readouterr().out == f"[1/10] finished  0  4.0 min; {about}\n"


def test_a_comparison_that_goes_on_knows_at_once(capsys):
    with display(1, finished=(1200.0, 3600.0)):
        pass
    assert capsys.readouterr().out == "about 5.3 hours left for 8 runs\n"


def test_nothing_is_estimated_that_is_not_known(capsys):
    """Before a run has finished, on a cluster that decides itself, and when all is done."""
    with display(2) as shown:
        shown.ended("0", Status(FAILED, 9.0, "diverged"))
    with display(None) as shown:
        shown.ended("0", Status(FINISHED, 60.0))
    with display(1, finished=(60.0,), runs=2) as shown:
        shown.ended("1", Status(FINISHED, 60.0))
    assert capsys.readouterr().out.splitlines() == [
        "[1/10] failed  0  0.1 min: diverged",
        "[1/10] finished  0  1.0 min",
        "about 1 min left for 1 run",
        "[2/2] finished  1  1.0 min",
    ]
