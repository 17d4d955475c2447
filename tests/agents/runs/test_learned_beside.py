"""Runs of families that learn more than layers: stopped and continued."""

from dataclasses import replace

import pytest

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.networks import family


@pytest.mark.parametrize("name", ["gated", "adaptive", "mirror"])
def test_a_run_goes_on_as_if_it_had_never_stopped(name, tmp_path):
    run = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=SACSettings(batch_size=8, learning_starts=8),
        network=family(name, width=16),
        total_steps=40,
        eval_every=20,
        eval_episodes=1,
        checkpoint_every=7,
        run_dir=str(tmp_path / "whole"),
    )
    whole = train(run, []).metrics.read_bytes().splitlines()
    halves = replace(run, run_dir=str(tmp_path / "halves"))
    train(replace(halves, total_steps=20), [])
    continued = train(replace(halves, resume=True), []).metrics.read_bytes().splitlines()
    assert continued[-1] == whole[-1] and len(whole) == 4
    other = train(replace(run, seed=1, run_dir=str(tmp_path / "other")), []).metrics.read_bytes().splitlines()
    assert other[-1] != whole[-1]
