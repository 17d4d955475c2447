"""What audits of runs show of multipliers, schedules, and of what was freed while learning."""

import numpy as np
import pytest
import torch
from rich.console import Console

from nearsym.agents import SAC
from nearsym.agents.algorithms.watching import Watched
from nearsym.agents.report.rendering.experience_figure import draw_audits
from nearsym.agents.report.rendering.inspection_tables import inspection_tables
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.envs import audit, make
from nearsym.networks import family

ENV = "Pendulum-v1"


def learner(name, **keys):
    return SAC(make(ENV), family(name, width=8, **keys), seed=0).learner


def printed(found):
    inspection = inspect_learner(found, make(ENV), samples=20, seed=0)
    console = Console(width=200, record=True)
    for item in inspection_tables(inspection, audit(make(ENV), samples=20), []):
        console.print(item)
    return inspection, console.export_text()


def test_multipliers_are_read_layer_by_layer():
    constrained = learner("constrained")
    with torch.no_grad():
        constrained.critic.mlp.layers[1].multiplier.fill_(0.25)
        constrained.critic.mlp.layers[1].gamma.copy_(torch.tensor([0.5, -0.1]))
    inspection, text = printed(constrained)
    assert inspection.readings["multiplier"]["critic.layers.1"] == 0.25
    assert inspection.readings["gamma"]["critic.layers.1"] == pytest.approx(0.2)
    assert inspection.readings["gamma"]["actor.heads.0"] == 0
    (row,) = [line for line in text.splitlines() if "critic.layers.1" in line and "0.25" in line]
    assert "0.2 " in row


def test_a_schedule_is_read():
    scheduled = learner("scheduled", relaxed_updates=8)
    for clock in scheduled.network.clocks(scheduled.actor):
        clock.data.fill_(2)
    inspection, text = printed(scheduled)
    assert inspection.readings == {"freedom": {"actor": 0.5, "critic": 0.0}} and "freedom" in text


def test_networks_that_say_nothing_more_have_no_table():
    inspection, text = printed(learner("relaxed"))
    assert inspection.readings == {} and inspection.audits == [] and "readings" not in text and "freed" not in text


def watched(cost, kept):
    return Watched(np.array([0.0, cost]), np.array([0.0, 0.01]), np.array([0, 4]), np.array([True, kept]))


def test_it_is_said_when_what_was_freed_and_drawn(tmp_path):
    measured = learner("measured")
    measured.watching.found = [(1000, watched(0.01, True)), (2000, watched(0.3, False))]
    inspection, text = printed(measured)
    assert "freed:   after step 2,000: s (0.30, observation[2])" in text and "0.300 ± 0.010" in text
    assert [each.step for each in inspection.audits] == [1000, 2000]
    draw_audits(inspection, 0.05, "title", tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000
    measured.watching.found = [(1000, watched(0.01, True))]
    assert "freed:   nothing in 1 audits, the last after step 1,000" in printed(measured)[1]


def test_what_was_found_is_in_the_state_of_a_learner():
    one, other = learner("measured"), learner("measured")
    one.watching.found = [(1000, watched(0.3, False))]
    other.load_networks(one.state_dict())
    ((step, found),) = other.watching.found
    assert step == 1000 and all(np.array_equal(a, b) for a, b in zip(found, one.watching.found[0][1], strict=True))
