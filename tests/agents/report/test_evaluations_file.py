"""A comparison as one table: what is written is what was read, and what cannot be read is said."""

import dataclasses

import numpy as np
import pytest

from nearsym.agents.report.evaluations_file import read_evaluations_csv, write_evaluations
from nearsym.agents.report.loading import read_comparison
from nearsym.agents.report.records import Absent, Comparison, Record
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import summarise
from nearsym.envs.errors import InputError


def comparison(tmp_path):
    """Two networks with and without wind, one run with everything that can be known and one that failed."""
    rng = np.random.default_rng(0)
    steps = np.array([0, 500, 1000])
    records = [
        Record(tmp_path, "dmc/one", wind, network, seed, steps, rng.normal(size=3), noise={0.0: 1.5, 0.1: 1.25})
        for wind in ({}, {"gravity_tilt": 2.0, "wind": 0.1})
        for network in ("plain", "relaxed")
        for seed in range(4)
    ]
    trace = {"actor_relaxation": np.array([np.nan, 0.25, 1 / 3])}
    more = {"learning_starts": 100, "total_steps": 1000, "seconds": 12.5, "parameters": 4321}
    records[0] = dataclasses.replace(records[0], traces=trace, **more)
    return Comparison("mine", records, [Absent(tmp_path, "dmc/one, wind 0.1", "rpp", 3, "failed", "diverged, at 7")])


def test_what_is_written_is_read(tmp_path):
    before = comparison(tmp_path)
    path = tmp_path / "mine.csv"
    path.write_text(write_evaluations(before))
    after = read_comparison(path)
    assert after.name == "mine" and len(after.records) == len(before.records)
    for one, other in zip(before.records, after.records, strict=True):
        for name in ("task", "perturbation", "network", "seed", "noise", "learning_starts", "total_steps", "seconds"):
            assert getattr(one, name) == getattr(other, name), name
        assert one.parameters == other.parameters and one.condition == other.condition
        np.testing.assert_array_equal(one.steps, other.steps)
        np.testing.assert_allclose(other.returns, one.returns, rtol=1e-6)
        assert one.traces.keys() == other.traces.keys()
        for name in one.traces:
            np.testing.assert_allclose(other.traces[name], one.traces[name], rtol=1e-6)
    (absent,) = after.absent
    assert (absent.task, absent.network, absent.seed) == ("dmc/one, wind 0.1", "rpp", 3)
    assert (absent.state, absent.message) == ("failed", "diverged, at 7")
    assert write_evaluations(after) == path.read_text()


def test_a_report_of_the_table_is_that_of_the_runs(tmp_path):
    before = comparison(tmp_path)
    path = tmp_path / "mine.csv"
    path.write_text(write_evaluations(before))
    settings = ReportSettings("")
    runs, table = (summarise(each, settings).estimates for each in (before, read_comparison(path)))
    ends = [
        np.array([(one.value, one.low, one.high) for one in estimates if one.quantity == "final return"])
        for estimates in (runs, table)
    ]
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-5)
    assert len(ends[0]) == 4


def test_another_programs_table_needs_no_perturbation(tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text("task,network,seed,quantity,x,value\nlift,ppo,0,return,0,1\nlift,ppo,0,return,10,2.5\n")
    (record,) = read_evaluations_csv(path).records
    assert (record.condition, record.returns.tolist(), record.total_steps) == ("lift", [1, 2.5], None)


ROW = "lift,,ppo,0,return,0,1\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("task,seed\n", "has no column network, quantity, x, value; expected task, perturbation"),
        (f"{ROW}lift,,ppo,x,return,10,2\n", "line 3 of .*mine.csv does not fit the columns .*: .*'x'"),
        (f"{ROW}lift,,ppo,0,return,10,much\n", "line 3 of .* does not fit the columns .*: .*'much'"),
        (f"{ROW}lift,,ppo,0,return,10\n", "line 3 of .* does not fit the columns .*"),
        (f"{ROW}lift,,ppo,0,return,10,nan\n", "ppo, seed 0, on lift has no returns, returns that are not finite"),
        (f"{ROW}lift,,ppo,0,return,0,2\n", "or steps that do not rise"),
        ("lift,,ppo,0,seconds,,2\n", "ppo, seed 0, on lift has no returns"),
        (f"{ROW}lift,,ppo,0,actor_relaxation,5,2\n", "actor_relaxation of ppo.* has a value at 5, where there is no"),
        ("lift,wind,ppo,0,return,0,1\n", "has the perturbation 'wind', expected name=strength such as wind=0.2"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / "mine.csv"
    head = "" if content.startswith("task") else "task,perturbation,network,seed,quantity,x,value\n"
    path.write_text(head + content)
    with pytest.raises(InputError, match=message):
        read_evaluations_csv(path)


def test_a_table_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"mine.csv cannot be read"):
        read_evaluations_csv(path)
