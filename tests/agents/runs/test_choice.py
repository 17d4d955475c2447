"""Which network is chosen before training, and why."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest
import yaml

from nearsym.agents.runs.choice import RECOMMENDED, choose_network, with_choice
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs import build, declare, make
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Exact, family
from nearsym.scripts.main import run

SMALL = ["network.width=8", "agent.batch_size=8", "total_steps=20", "eval_every=20", "eval_episodes=1"]


@pytest.mark.parametrize(
    ("strengths", "network", "why"),
    [
        ({}, "exact", "network=exact: the audit finds all of C2 exact"),
        ({"actuator_gain": 0.6}, RECOMMENDED, f"network={RECOMMENDED}: C2 nearly holds; s is off by 0.17 of its scale"),
        ({"actuator_reflection": 1.0}, "plain", "network=plain: every element of C2 is wrong by at least 0.57 of its"),
    ],
)
def test_the_audit_of_a_pendulum_chooses(strengths, network, why):
    choice = choose_network(build("Pendulum-v1", perturbation=PerturbationSettings(**strengths), precise=True))
    assert choice.network == network and choice.why.startswith(why)


def test_a_world_that_keeps_one_of_its_mirrors_nearly_holds_however_wrong_the_others_are():
    tilted = build("dmc/point_mass-easy", perturbation=PerturbationSettings(gravity_tilt=2.0), precise=True)
    choice = choose_network(tilted)
    assert choice.network == RECOMMENDED and choice.why.endswith("of its scale, and s least, by 0")


def test_of_a_part_of_a_group_that_part_is_measured(tmp_path, capsys, monkeypatch):
    tilted = build("dmc/point_mass-easy", perturbation=PerturbationSettings(gravity_tilt=2.0), precise=True)
    assert choose_network(tilted, ["s"]).why == "network=exact: the audit finds all of s of D4 exact"
    assert choose_network(tilted, ["r^2"]).network == "plain"  # negative control
    monkeypatch.chdir(tmp_path)
    words = ["train", "env=dmc/point_mass-easy", "network=auto", "network.elements=[s]", *SMALL]
    assert run([*words, "perturbation.gravity_tilt=2.0", "run_dir=mine"]) == 0
    network = yaml.safe_load(Path("mine/config.yaml").read_text())["network"]
    assert (network["family"], network["elements"]) == ("exact", ["s"])
    assert "group s of D4" in capsys.readouterr().out
    assert run(["audit", "mine", "samples=20"]) == 0  # what the network uses holds
    assert "exact: " in capsys.readouterr().out


def test_what_a_solver_leaves_is_as_good_as_exact():
    whole = build("InvertedDoublePendulum-v5", precise=True)
    choice = choose_network(whole)
    assert choice.network == "exact" and choice.why.startswith("network=exact: C2 is as good as exact; s is off by 8")
    slightly = build("Pendulum-v1", perturbation=PerturbationSettings(sensor_offset=0.001), precise=True)
    assert choose_network(slightly).network == RECOMMENDED  # negative control: an offset of 0.001 is not


def test_a_noisy_whole_world_is_exact():
    noisy = build("Pendulum-v1", perturbation=PerturbationSettings(observation_noise=0.05), precise=True)
    assert choose_network(noisy).why == "network=exact: the audit finds no error in C2 beyond chance"


EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.mark.parametrize("broken", ["draught", "misread"])
def test_products_of_broken_generators_may_hold(broken, monkeypatch):
    """The first of five rooms is another, and both generators move it; four others may still change places."""
    monkeypatch.chdir(EXAMPLES)
    choice = choose_network(build("rooms:Rooms", {broken: 0.5}, precise=True))
    assert choice.network == RECOMMENDED and "and b⁻¹ a b least, by" in choice.why
    choice = choose_network(build("rooms:Rooms", precise=True))
    assert choice.network == "exact" and choice.why.endswith("exact")


class Hidden(gymnasium.Wrapper):
    """An environment whose state can be neither read nor set."""

    def has_wrapper_attr(self, name):
        return name not in ("get_state", "set_state") and super().has_wrapper_attr(name)


def test_what_cannot_be_measured_is_assumed_and_said():
    choice = choose_network(Hidden(make("dmc/pendulum-swingup")))
    assert choice.network == RECOMMENDED and choice.why == (
        f"network={RECOMMENDED}: assumed that the symmetry nearly holds, for its state cannot be set, so that its "
        "symmetry cannot be measured before training"
    )


def test_without_a_symmetry_it_is_plain():
    choice = choose_network(gymnasium.make("MountainCarContinuous-v0"))
    assert choice.network == "plain" and choice.why == "network=plain: no symmetry is declared"
    wrong = declare(gymnasium.make("Pendulum-v1"), Symmetry.reflection(observation=[-1, 1, 1], action=[1]))
    assert choose_network(wrong).network != "exact"  # negative control: some symmetry is declared


def test_sizes_are_kept():
    settings = TrainSettings(env=EnvSettings("Pendulum-v1"), network=Exact(width=24, depth=3, critic="plain"))
    chosen, _ = with_choice(settings)
    assert chosen.network == family("exact", width=24, depth=3, critic="plain")
    assert chosen == settings  # and nothing else is changed


def test_a_run_records_its_choice_and_a_resume_does_not_choose_again(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["train", "env=Pendulum-v1", "network=auto", "perturbation.actuator_gain=0.6", *SMALL]
    assert run(words) == 0
    folder = tmp_path / "runs" / "Pendulum-v1-actuator_gain0.6-auto-seed0"
    assert capsys.readouterr().out.startswith(f"network={RECOMMENDED}: C2 nearly holds")
    assert yaml.safe_load((folder / "config.yaml").read_text())["network"]["family"] == RECOMMENDED
    monkeypatch.setattr("nearsym.agents.runs.choice.choose_network", lambda env, elements: pytest.fail("chosen again"))
    assert run([*words[:-3], "total_steps=30", "eval_every=20", "eval_episodes=1", "resume=true"]) == 0
    begun = f"network={RECOMMENDED}: chosen when {folder.relative_to(tmp_path)} began"
    assert capsys.readouterr().out.startswith(begun)


def test_keys_of_one_family_are_refused_before_one_is_chosen(capsys):
    assert run(["train", "env=Pendulum-v1", "network=auto", "network.banks=2"]) == 2
    assert "unknown key 'network.banks' of network=exact" in capsys.readouterr().err


def test_a_suite_chooses_once_for_each_world(tmp_path, capsys):
    content = {
        "name": "mine",
        "tasks": [{"id": "Pendulum-v1", "total_steps": 20, "perturbations": [{}, {"actuator_reflection": 1.0}]}],
        "networks": ["auto", "plain"],
        "seeds": [0, 1],
        "overrides": ["network.width=8"],
    }
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(content))
    assert run(["compare", f"suite={tmp_path / 'suite.yaml'}", f"out={tmp_path / 'out'}", "dry_run=true"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if ": network=" in line]
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == ["network=exact", "network=plain"]
    assert all("/auto: network=" in line for line in lines)


def test_sampling_of_the_audit_is_seeded():
    env = build("Pendulum-v1", perturbation=PerturbationSettings(actuator_gain=0.6), precise=True)
    assert choose_network(env) == choose_network(env)
    assert np.isfinite(float(choose_network(env).why.split("off by ")[1].split()[0]))
