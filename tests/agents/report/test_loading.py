"""Folders of runs, read; and what is said of folders that cannot be."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from nearsym.agents import SAC
from nearsym.agents.report.loading import read_comparison
from nearsym.agents.report.run_files import count_parameters
from nearsym.agents.runs.checkpoint import save_checkpoint
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import family, parameter_count

HEADER = "step,episodes,train_return,eval_return,eval_return_std,actor_equivariance_error,actor_relaxation"
ROWS = ("0,0,,10.0,1.0,,0.0", "500,5,12.0,20.0,1.0,0.25,0.1", "1000,10,12.0,30.0,1.0,0.5,0.2")


def write_run(folder, rows=ROWS, **settings):
    """A folder as `nearsym train` leaves it."""
    folder.mkdir(parents=True)
    settings = {"total_steps": 1000, **settings}
    (folder / "config.yaml").write_text(yaml.safe_dump(dataclasses.asdict(TrainSettings(**settings))))
    (folder / "metrics.csv").write_text("\n".join([HEADER, *rows, ""]))
    return folder


def write_stock(folder, timesteps=(500, 1000), results=((1.0, 3.0), (5.0, 7.0))):
    """A folder as stable-baselines3's EvalCallback leaves it."""
    folder.mkdir(parents=True)
    np.savez(folder / "evaluations.npz", timesteps=np.array(timesteps), results=np.array(results))
    return folder


def write_suite(folder, *runs):
    (folder / "suite.json").write_text(json.dumps({"name": "headline", "runs": runs}))


def entry(path, **more):
    given = {"task": "dmc/x", "perturbation": {}, "network": "relaxed", "seed": 0, "state": "finished", "seconds": 12.5}
    return {"path": path, **given, **more}


@pytest.mark.parametrize("coefficient", [None, 0.1])
def test_parameters_are_counted_in_a_checkpoint(tmp_path, coefficient):
    """Those of networks alone, whether or not a temperature is learned beside them."""
    pendulum, small = make("Pendulum-v1"), family("relaxed", width=16)
    agent = SAC(pendulum, small, seed=0, learning_starts=5, batch_size=8, entropy_coefficient=coefficient).learn(8)
    folder = write_run(tmp_path / "run", network=small)
    save_checkpoint(folder / "checkpoints", agent.learner, agent.experience, {}, {})
    (record,) = read_comparison(tmp_path).records
    assert record.parameters == sum(parameter_count(module) for module in agent.learner.networks().values())


def test_parameters_are_counted_in_a_checkpoint_of_version_0_1():
    saved = Path(__file__).parents[1] / "runs" / "data" / "version_0_1" / "sac"
    networks = load_learner(saved)[1].networks().values()
    assert count_parameters(Run(saved)) == sum(parameter_count(module) for module in networks)


def test_a_run_is_read(tmp_path):
    windy = PerturbationSettings(wind=0.5)
    folder = write_run(tmp_path / "a" / "b", network=family("augmented"), perturbation=windy, seed=3)
    (folder / "evaluation.json").write_text(json.dumps({"levels": [{"noise": 0.1, "returns": [1, 3]}]}))
    (record,) = read_comparison(tmp_path).records
    assert record.condition == "dmc/cartpole-swingup, wind 0.5"
    assert (record.network, record.seed, record.total_steps, record.parameters) == ("augmented", 3, 1000, None)
    assert record.steps.tolist() == [0, 500, 1000] and record.returns.tolist() == [10, 20, 30]
    np.testing.assert_array_equal(record.traces["actor_equivariance_error"], [np.nan, 0.25, 0.5])
    assert "critic_relaxation" not in record.traces
    assert record.noise == {0.1: 2.0} and record.seconds is None


def test_tasks_are_told_apart_by_what_differs(tmp_path):
    for repeat in (2, 4):
        write_run(tmp_path / str(repeat), env=EnvSettings("dmc/x", {"action_repeat": repeat, "size": 1}))
    write_run(tmp_path / "other", env=EnvSettings("Pendulum-v1"))
    assert [record.task for record in read_comparison(tmp_path).records] == [
        "Pendulum-v1",
        "dmc/x (action_repeat=2)",
        "dmc/x (action_repeat=4)",
    ]


def test_settings_of_earlier_versions_are_read(tmp_path):
    folder = write_run(tmp_path / "a")
    saved = yaml.safe_load((folder / "config.yaml").read_text())
    del saved["network"]["augment"], saved["perturbation"]["price_noise"], saved["device"]
    (folder / "config.yaml").write_text(yaml.safe_dump(saved))
    assert read_comparison(tmp_path).records[0].network == "relaxed"


def test_a_suite_names_its_runs(tmp_path):
    for name in ("a", "b", "c", "stray"):
        write_run(tmp_path / name)
    write_suite(
        tmp_path,
        entry("a", network="two banks", perturbation={"wind": 1.0, "gravity_tilt": 0.0}),
        entry("b", state="failed", message="training diverged"),
        entry("d", state="waiting", message=None),
        entry("e"),
    )
    comparison = read_comparison(tmp_path)
    (record,) = comparison.records
    assert comparison.name == "headline"
    assert (record.condition, record.network, record.seconds) == ("dmc/x, wind 1", "two banks", 12.5)
    assert [(one.path.name, one.state, one.message) for one in comparison.absent] == [
        ("b", "failed", "training diverged"),
        ("d", "waiting", "no reason is known"),
        ("e", "missing", "its folder holds no config.yaml"),
    ]


def test_unfinished_runs_count_only_when_asked(tmp_path):
    write_run(tmp_path / "whole")
    write_run(tmp_path / "part", seed=1, rows=ROWS[:2])
    comparison = read_comparison(tmp_path)
    assert [record.seed for record in comparison.records] == [0]
    assert comparison.absent[0].message == "stopped at step 500 of 1,000"
    assert len(read_comparison(tmp_path, unfinished=True).records) == 2
    write_suite(tmp_path, entry("whole"), entry("part", seed=1, state="failed", message="killed"))
    assert [len(read_comparison(tmp_path, unfinished=both).records) for both in (False, True)] == [1, 2]


def test_stock_evaluations_are_read_in_both_layouts(tmp_path):
    write_stock(tmp_path / "mine" / "dmc" / "walker" / "td3" / "seed_0")
    write_stock(tmp_path / "mine" / "dmc" / "walker" / "td3" / "seed_1")
    records = read_comparison(tmp_path / "mine").records
    assert [(r.task, r.network, r.seed) for r in records] == [("dmc/walker", "td3", 0), ("dmc/walker", "td3", 1)]
    assert records[0].returns.tolist() == [2, 6] and records[0].steps.tolist() == [500, 1000]
    uuid = "01234567-89ab-cdef-0123-456789abcdef"
    write_stock(tmp_path / "zoo" / "sac" / "Pendulum-v1_1")
    write_stock(tmp_path / "zoo" / "sac" / f"Pendulum-v1_2_{uuid}")
    (tmp_path / "zoo" / "sac" / "Pendulum-v1_1" / "Pendulum-v1").mkdir()
    zoo = read_comparison(tmp_path / "zoo").records
    assert [(r.task, r.network, r.seed) for r in zoo] == [("Pendulum-v1", "sac", 0), ("Pendulum-v1", "sac", 1)]
    # from the folder above, the zoo's folder of settings tells its layout
    (tmp_path / "zoo" / "sac" / f"Pendulum-v1_2_{uuid}" / "Pendulum-v1").mkdir()
    assert {record.task for record in read_comparison(tmp_path).records} == {"mine/dmc/walker", "Pendulum-v1"}


def test_stock_and_own_runs_meet_on_one_task(tmp_path):
    write_run(tmp_path / "own", env=EnvSettings("Pendulum-v1"))
    write_stock(tmp_path / "sac" / "Pendulum-v1_1")
    records = read_comparison(tmp_path).records
    assert {record.condition for record in records} == {"Pendulum-v1"}
    assert [record.network for record in records] == ["relaxed", "sac"]


def corrupt(name, content):
    def damage(folder):
        write_run(folder / "run")
        (folder / "run" / name).write_bytes(content)

    return damage


def stock(**arrays):
    return lambda folder: write_stock(folder / "x-v1" / "sac" / "0", **arrays)


def truncated(folder):
    path = write_stock(folder / "x-v1" / "sac" / "0") / "evaluations.npz"
    path.write_bytes(path.read_bytes()[:100])


def pickled(folder):
    path = write_stock(folder / "x-v1" / "sac" / "0") / "evaluations.npz"
    np.savez(path, timesteps=np.array([1, 2]), results=np.array([[1], [2, 3]], dtype=object))


def twins(folder):
    write_run(folder / "a")
    write_run(folder / "b")


def no_metrics(folder):
    (write_run(folder / "run") / "metrics.csv").unlink()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "holds no run; expected folders of nearsym train"),
        (no_metrics, "none of the 1 runs in .* has finished .*it has no metrics.csv yet"),
        (lambda folder: write_run(folder / "run", rows=()), "metrics.csv holds no evaluation; continue the run"),
        (lambda folder: write_run(folder / "run", rows=("0,0,,x,,,",)), "metrics.csv cannot be read .*convert"),
        (lambda folder: write_run(folder / "run", rows=("0,0,,nan,,,",)), "eval_return that is no finite number"),
        (lambda folder: write_run(folder / "run", rows=(ROWS[1], ROWS[0])), "metrics.csv do not rise from row to row"),
        (lambda folder: write_run(folder / "run", rows=("5",)), "metrics.csv cannot be read"),
        (corrupt("metrics.csv", b"\xff\xfe\x00"), "metrics.csv cannot be read"),
        (corrupt("metrics.csv", b"a,b\n1,2\n"), r"metrics.csv cannot be read \('step'\); restore it"),
        (corrupt("config.yaml", b"a: [b"), "config.yaml is not what nearsym train writes"),
        (corrupt("config.yaml", b"env: Pendulum-v1"), "config.yaml is not what nearsym train writes"),
        (corrupt("evaluation.json", b"{"), "evaluation.json cannot be read .*write it again with nearsym evaluate"),
        (twins, "a and .*b are both relaxed, seed 0, on dmc/cartpole-swingup; report them apart"),
        (lambda folder: (folder / "suite.json").write_text("{}"), "suite.json is not what nearsym .*name"),
        (lambda folder: (folder / "suite.json").write_text("{"), "suite.json is not what nearsym compare writes"),
        (lambda folder: write_suite(folder, {"path": "a"}), "suite.json is not what nearsym compare writes .*task"),
        (truncated, "evaluations.npz cannot be read"),
        (pickled, "evaluations.npz cannot be read .*allow_pickle"),
        (stock(timesteps=[5, 1]), "steps that do not rise"),
        (stock(results=[[np.nan], [1.0]]), "returns that are not finite"),
        (stock(results=[1.0, 2.0]), r"timesteps \(2,\) and results \(2,\), expected \(K,\) and \(K, episodes\)"),
        (lambda folder: write_stock(folder / "sac"), "whose is .*evaluations.npz. expected <task>/<algorithm>/<run>"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(InputError, match=message):
        read_comparison(tmp_path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"there is no .*nowhere; give a folder that holds runs"):
        read_comparison(tmp_path / "nowhere")
