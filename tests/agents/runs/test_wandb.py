"""Weights & Biases, up to its own code: what its module is asked for and given."""

import sys
from types import SimpleNamespace

import pytest

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.metrics import evaluations
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.networks import family


class FakeWandb:
    """Remembers what it was given."""

    def __init__(self):
        self.runs = []
        self.module = SimpleNamespace(init=self.init)

    def init(self, **given):
        run = SimpleNamespace(given=given, logged=[], finished=0)
        run.log = lambda values, step: run.logged.append((step, values))
        run.finish = lambda: setattr(run, "finished", run.finished + 1)
        self.runs.append(run)
        return run


@pytest.fixture
def wandb(monkeypatch):
    fake = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake.module)
    return fake


def settings(tmp_path, **keys):
    agent = SACSettings(batch_size=4, learning_starts=5)
    given = {"total_steps": 20, "eval_every": 10, "eval_episodes": 1, "checkpoint_every": 10, **keys}
    return TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=agent,
        network=family("exact", width=8),
        run_dir=str(tmp_path / "x"),
        **given,
    )


def test_it_gets_what_tensorboard_gets(tmp_path, wandb):
    run = train(settings(tmp_path, wandb="mine"), [])
    (seen,) = wandb.runs
    assert (seen.given["project"], seen.given["name"], seen.given["resume"]) == ("mine", "x", "allow")
    assert seen.given["config"]["network"]["family"] == "exact" and seen.finished == 1
    returns = [(step, values["run/eval_return"]) for step, values in seen.logged if "run/eval_return" in values]
    assert returns == evaluations(run.metrics) and [step for step, _ in returns] == [0, 10, 20]
    assert any("time/steps_per_second" in values for _, values in seen.logged)


def test_a_resumed_run_goes_on_there_and_another_run_does_not(tmp_path, wandb):
    train(settings(tmp_path, wandb="mine"), [])
    train(settings(tmp_path, wandb="mine", resume=True, total_steps=30), [])
    train(settings(tmp_path / "other", wandb="mine"), [])
    ids = [run.given["id"] for run in wandb.runs]
    assert ids[0] == ids[1] != ids[2] and len(ids[0]) == 32
    assert {step for step, _ in wandb.runs[1].logged} == {30}


def test_without_the_key_nothing_is_sent(tmp_path, wandb):
    train(settings(tmp_path), [])
    assert wandb.runs == [] and not (tmp_path / "x" / "wandb.txt").exists()


def test_a_missing_package_and_a_refused_login_are_one_line(tmp_path, wandb, monkeypatch):
    def refused(**given):
        raise RuntimeError("api_key not configured (no-tty)\nsee the manual")

    wandb.module.init = refused
    with pytest.raises(InputError, match=r"wandb=mine cannot be opened \(api_key not configured \(no-tty\)\); log in"):
        train(settings(tmp_path, wandb="mine"), [])
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(InputError, match=r"pip install 'nearsym\[wandb\]'"):
        train(settings(tmp_path / "new", wandb="mine"), [])
    assert not (tmp_path / "new").exists()  # nothing was begun
