"""The suite of environments does what it says it times."""

from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms.replay.transitions import TransitionBuffer
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.suites import environments, measure
from nearsym.agents.runs.settings import EnvSettings


def test_steps_are_counted_one_by_one(monkeypatch):
    """21 steps of two environments are 10 of both: 20 steps, here in 4 and in 2 seconds."""
    monkeypatch.setattr(environments, "take_turns", lambda calls, rounds: dict(zip(calls, ([4.0], [2.0]), strict=True)))
    monkeypatch.setattr(environments, "SIMULATORS", environments.SIMULATORS[:1])
    monkeypatch.setattr(environments, "COUNTS", (2,))
    settings = BenchSettings(what="environments", rounds=1, steps=21, env=EnvSettings("Pendulum-v1"))
    stepping, loop = measure(settings)
    assert {row.name: row.values for row in stepping.rows} == {"in turn": (5.0,), "in processes": (10.0,)}
    assert stepping.conditions == {"env": "Pendulum-v1", "count": 2} and stepping.rows[1].ratios == (2.0,)
    assert [row.name for row in loop.rows] == ["SyncVectorEnv, ReplayBuffer", "nearsym"]


def test_the_loop_is_timed_on_two_buffers():
    assert type(environments._replay(ReplayBuffer).buffer) is ReplayBuffer
    assert type(environments._replay(None).buffer) is TransitionBuffer


def test_an_environment_of_ones_own_is_timed_too():
    assert environments.simulators(EnvSettings("Pendulum-v1")) == environments.SIMULATORS
    assert environments.simulators(EnvSettings("my_file:MyEnv"))[-1].env.id == "my_file:MyEnv"
