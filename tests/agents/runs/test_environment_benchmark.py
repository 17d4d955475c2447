"""The benchmark of environments does what it says it times; figures themselves are nobody's to assert."""

import numpy as np
from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms.replay.transitions import TransitionBuffer
from nearsym.agents.runs import environment_benchmark as benchmark
from nearsym.agents.runs.settings import BenchSettings, EnvSettings
from nearsym.scripts import bench


def test_steps_are_counted_one_by_one(monkeypatch):
    """21 steps of two environments are 10 of both: 20 steps, here in 4 and in 2 seconds."""
    monkeypatch.setattr(benchmark, "_turns", lambda contenders, rounds: [np.full(3, 4.0), np.full(3, 2.0)])
    timed = benchmark.time_stepping(benchmark.SIMULATORS[0], 2, 21, 3)
    assert (timed.in_turn, timed.in_processes, timed.ratio, timed.quartiles) == (5.0, 10.0, 2.0, (2.0, 2.0))


def test_the_loop_is_timed_on_two_buffers():
    assert type(benchmark._replay(ReplayBuffer).buffer) is ReplayBuffer
    assert type(benchmark._replay(None).buffer) is TransitionBuffer
    assert [loop.name for loop in benchmark.time_loop(steps=20, rounds=2)][1] == "nearsym"


def test_an_environment_of_ones_own_is_timed_too():
    assert benchmark.simulators(EnvSettings("Pendulum-v1")) == benchmark.SIMULATORS
    assert benchmark.simulators(EnvSettings("my_file:MyEnv"))[-1].env.id == "my_file:MyEnv"


def test_the_command_prints_a_table_for_each(monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "SIMULATORS", benchmark.SIMULATORS[:1])
    monkeypatch.setattr(bench, "COUNTS", (2,))
    bench._environments(BenchSettings(what="environments", rounds=1, steps=4, env=EnvSettings("Pendulum-v1")))
    printed = capsys.readouterr().out
    assert "Pendulum-v1, steps/s, " in printed and "nearsym" in printed
