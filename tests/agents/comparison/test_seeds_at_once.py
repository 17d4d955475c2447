"""The seeds of a network on a task in one process: trained by whichever job comes first, as each would be alone."""

import csv
import re
from dataclasses import replace

import pytest

from nearsym.agents.comparison import display
from nearsym.agents.comparison import jobs as jobs_module
from nearsym.agents.comparison import launch as launch_module
from nearsym.agents.comparison.jobs import carry_out
from nearsym.agents.comparison.launch import launch
from nearsym.agents.comparison.launch_local import LocalPool
from nearsym.agents.comparison.status import FAILED, FINISHED, RUNNING, Status
from nearsym.agents.comparison.suite import Task
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError


class Unwatched:
    """Needs to know nothing."""

    def show(self, states):
        pass

    def ended(self, path, status):
        pass


def returns(folder):
    with (folder / "metrics.csv").open() as file:
        return [float(row["eval_return"]) for row in csv.DictReader(file) if row["eval_return"]]


def test_a_process_trains_all_seeds_as_if_each_were_alone(tmp_path, tiny, prepare):
    relaxed = replace(tiny, networks=tiny.networks[:1], tasks=(replace(tiny.tasks[0], total_steps=60),))
    folder, jobs, states = prepare(tmp_path / "out", relaxed, seeds_at_once=True)
    folder.open()
    ends = launch(jobs, states, folder, LocalPool(2), 2, Unwatched())
    folder.close()
    assert {status.state for status in ends.values()} == {FINISHED}
    assert [job.log.is_file() for job in jobs] == [True, False]  # what the first prints is of both
    assert jobs[0].log.read_text().count("evaluation.json") == 2 and all(job.evaluated() for job in jobs)
    first, second = (ends[job.spec.path].seconds for job in jobs)  # each its share
    assert first == pytest.approx(second, rel=0.1) and first > 0.5
    for job in jobs:
        alone = train(replace(job.training, run_dir=str(tmp_path / f"alone{job.spec.seed}")), ["test"])
        assert len(returns(alone.folder)) == 3  # at steps 0, 40 and 60
        assert returns(job.run.folder) == pytest.approx(returns(alone.folder), rel=1e-3)


def test_seeds_of_one_group_are_not_carried_out_at_the_same_time(tmp_path, prepare):
    groups, most = [], []

    class Pool:
        """Ends every run at the second question."""

        def submit(self, jobs):
            groups.extend(jobs)
            most.append(len(groups))

        def ended(self):
            assert len({job.group for job in groups}) == len(groups)
            done = [job.spec.path for job in groups]
            groups.clear()
            return dict.fromkeys(done, Status(FINISHED, 1.0))

        def stop(self):
            pass

    folder, jobs, states = prepare(tmp_path / "out", seeds_at_once=True)
    folder.open()
    launch(jobs, states, folder, Pool(), None, Unwatched())
    folder.close()
    assert most == [2, 2]  # of four, two networks with two seeds each
    assert len({job.group for job in prepare(tmp_path / "other")[1]}) == 4  # alone, all go together


def test_what_a_process_finished_with_its_own_ends_with_it(tmp_path, prepare, monkeypatch):
    """And is neither started nor left to wait for its turn behind other networks."""
    monkeypatch.setattr(launch_module.Job, "finished", lambda self: self.spec.path in finished)
    finished, submitted, ended = set(), [], []

    class Pool:
        def submit(self, jobs):
            submitted.extend(job.spec.path for job in jobs)
            finished.update(spec.path for job in jobs for spec in (job.spec, *(spec for spec, _ in job.companions)))

        def ended(self):
            return {path: Status(FINISHED, 1.0) for path in submitted[len(ended) // 2 :]}

        def stop(self):
            pass

    class Watcher(Unwatched):
        def ended(self, path, status):
            ended.append((path, status.state))

    folder, jobs, states = prepare(tmp_path / "out", seeds_at_once=True)
    folder.open()
    states = launch(jobs, states, folder, Pool(), 1, Watcher())
    folder.close()
    first, second = jobs[0].group, jobs[1].group
    assert [path.rpartition("/")[0] for path, _ in ended] == [first, first, second, second]
    assert len(submitted) == 2 and {status.state for status in states.values()} == {FINISHED}


def test_a_failure_of_all_is_followed_by_an_attempt_alone(tmp_path, prepare, monkeypatch):
    """So that a damaged run costs no other of its group."""
    count = "import sys, yaml; sys.exit(f\"{len(yaml.safe_load(open(sys.argv[1]))['train'])} at once\")"
    monkeypatch.setattr(jobs_module, "WORKER", ("-c", count))
    _, (job, *_), _ = prepare(tmp_path / "out", seeds_at_once=True, retries=2)
    status = carry_out(job)
    assert (status.state, status.message) == (FAILED, "1 at once")
    assert re.findall(r"\d at once", job.log.read_text()) == ["2 at once", "1 at once", "1 at once"]


def test_a_companions_failure_is_not_ones_own(tmp_path, prepare, monkeypatch):
    """The first ends well and the second's training fails in its process: the first has finished all the same."""
    _, (job, *_), _ = prepare(tmp_path / "out", seeds_at_once=True, retries=0)
    monkeypatch.setattr(jobs_module, "WORKER", ("-c", "raise SystemExit('the second failed')"))
    assert carry_out(job).state == FAILED
    done = iter([False])  # when asked first
    monkeypatch.setattr(jobs_module.Job, "trained", lambda self: next(done, True))
    monkeypatch.setattr(jobs_module.Job, "evaluated", lambda self: True)
    assert carry_out(job).state == FINISHED


def test_what_is_trained_already_is_left_alone(tmp_path, prepare):
    _, (job, _, companion, _), _ = prepare(tmp_path / "out", seeds_at_once=True)
    assert job.untrained() == [(companion.spec, companion.training)]
    companion.run.folder.mkdir(parents=True)
    companion.run.metrics.write_text("step,eval_return\n200,-1.0\n")
    assert job.untrained() == []


def test_the_seed_that_is_being_trained_is_the_one_shown(tmp_path, prepare, capsys, monkeypatch):
    monkeypatch.setattr(display, "EVERY", 0.0)
    _, jobs, states = prepare(tmp_path / "out", seeds_at_once=True)
    job, companion = jobs[0], next(one for one in jobs[1:] if one.group == jobs[0].group)
    lines = []
    for one, step in ((job, 100), (job, 200), (companion, 120), (companion, 200)):
        one.run.folder.mkdir(parents=True, exist_ok=True)
        one.run.metrics.write_text(f"step,eval_return\n{step},-1.0\n")
        display.Display(jobs, states, 1).show({job.spec.path: Status(RUNNING, 60.0)})
        lines.append(capsys.readouterr().out.partition(",")[0])
    assert lines == [
        f"{job.spec.path}  step 100 of 200",
        f"{companion.spec.path}  step 0 of 200",
        f"{companion.spec.path}  step 120 of 200",
        f"{job.spec.path}  step 200 of 200",  # is evaluated
    ]


def test_what_cannot_be_trained_together_is_refused_before_anything_starts(tmp_path, tiny, prepare):
    several = replace(tiny, overrides=(*tiny.overrides, "env.count=2"), tasks=(Task("Pendulum-v1", 200),))
    with pytest.raises(InputError, match=r"env\.count is 2; several seeds at once have one environment each"):
        prepare(tmp_path / "out", several, seeds_at_once=True)
