"""Every suite of timings at a small size: numbers are positive, and saved as they are printed."""

import json
import math
import subprocess
import sys

import pytest
import torch

from nearsym.agents.benchmarks import contenders
from nearsym.agents.benchmarks.contenders import contender
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.suites import SUITES, measure
from nearsym.agents.benchmarks.suites.layers import _contenders, hidden_features
from nearsym.agents.benchmarks.timing import milliseconds, quartiles, rates, take_turns
from nearsym.scripts.compose import compose
from nearsym.scripts.main import run

SMALL = ["rounds=2", "steps=2", "network.width=16", "agent.batch_size=4", "agent.learning_starts=5", "compile=false"]
WORDS = {
    "sac": ["env=Pendulum-v1"],
    "layers": ["groups=[D1,S3]", "widths=[8,12]"],
    "encoder": ["groups=D1"],
    "render": [],
    "replay": [],
    "drqv2": ["rounds=1"],
}
ROWS = {
    "sac": ["stable-baselines3", "plain", "exact", "relaxed", "rpp"],
    "encoder": ["escnn", "plain", "exact", "relaxed", "rpp"],
    "replay": ["stable-baselines3", "nearsym"],
    "render": ["dm_control", "nearsym"],
}
PIXELS = pytest.mark.pixels if hasattr(pytest.mark, "never") else ()


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.SHORTEST", 1e-6)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.sac.WARM", 2)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.drqv2.STORED", 20)


def test_every_suite_is_tried():
    assert set(WORDS) == set(SUITES)
