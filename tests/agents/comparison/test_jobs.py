"""One run of a suite: tried again, named when it fails, stopped when it is to stop."""

import os
import pickle
from dataclasses import replace

import pytest

from nearsym.agents.comparison import jobs
from nearsym.agents.comparison.jobs import carry_out
from nearsym.agents.comparison.status import FAILED, WAITING, read_status


@pytest.fixture
def job(tmp_path, prepare):
    return prepare(tmp_path / "out")[1][0]


def worker(monkeypatch, source):
    """Let a few lines of Python stand for a worker; the settings file and the step are sys.argv[1:]."""
    monkeypatch.setattr(jobs, "WORKER", ("-c", source))


def test_a_failing_run_is_tried_again_and_named(job, monkeypatch):
    worker(monkeypatch, "print('starts'); raise RuntimeError('the cart has left the track')")
    assert carry_out(job) == read_status(job.status)
    status = read_status(job.status)
    assert (status.state, status.message) == (FAILED, "RuntimeError: the cart has left the track")
    log = job.log.read_text()
    assert log.count("$ nearsym train") == 2 and log.count("attempt 2 of 2: ") == 1 and "evaluate" not in log
    carry_out(replace(job, retries=0))
    assert job.log.read_text().count("$ nearsym train") == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "nearsym train was ended by SIGKILL"),
        ("raise SystemExit(3)", "nearsym train ended with exit code 3"),
        ("import sys; sys.exit('nearsym: no such thing')", "nearsym: no such thing"),
        ("pass", "its commands ended well and left no finished run; see its log"),
    ],
)
def test_a_failure_says_what_happened(job, monkeypatch, source, message):
    worker(monkeypatch, source)
    assert carry_out(replace(job, retries=0)).message == message


def test_threads_are_pinned(job, monkeypatch):
    worker(monkeypatch, "import os, sys; sys.exit(os.environ['OMP_NUM_THREADS'] + ' ' + sys.argv[2])")
    assert carry_out(replace(job, retries=0, training=replace(job.training, threads=3))).message == "3 train"


def test_a_stopped_run_waits_and_its_process_is_gone(job, monkeypatch):
    worker(monkeypatch, "import os, time; print('pid', os.getpid(), flush=True); time.sleep(100)")
    status = carry_out(job, lambda: job.log.exists() and "pid" in job.log.read_text())
    assert status.state == WAITING
    (pid,) = [int(line.split()[1]) for line in job.log.read_text().splitlines() if line.startswith("pid")]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_job_survives_the_way_to_another_machine(job):
    """Ray and submitit send it pickled."""
    assert pickle.loads(pickle.dumps(job)) == job
