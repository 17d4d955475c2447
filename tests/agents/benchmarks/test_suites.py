"""Every suite of timings at a small size: numbers are positive, contenders do equal work, JSON has what is printed."""

import json
import math
from collections import Counter

import pytest
import stable_baselines3
import torch

from nearsym.agents.algorithms.drqv2 import DrQv2Learner
from nearsym.agents.algorithms.many_seeds import ManySeeds
from nearsym.agents.algorithms.ppo import PPOLearner
from nearsym.agents.algorithms.sac import SACLearner
from nearsym.agents.benchmarks.contenders import STOCK, contender, sbx
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.suites import SUITES, environments, measure
from nearsym.agents.benchmarks.suites.layers import hidden_features
from nearsym.agents.benchmarks.timing import milliseconds, quartiles, rates, take_turns
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs.errors import InputError
from nearsym.networks import RelaxedLinear, family
from nearsym.scripts.compose import compose
from nearsym.scripts.main import run

SMALL = ["rounds=2", "steps=2", "network.width=16", "agent.batch_size=4", "agent.learning_starts=5", "compile=false"]
FAMILIES = ["plain", "exact", "complement", "constrained", "measured", "projected", "relaxed", "scheduled", "rpp"]
ON_IMAGES = [name for name in FAMILIES if name != "measured"]  # which audits vectors
SUITE_WORDS = {
    "sac": (["env=Pendulum-v1"], [STOCK, *FAMILIES]),
    "layers": (
        ["groups=D1", "widths=[8,128]"],
        ["torch.nn.Linear", "exact", "exact, expanded", *FAMILIES[2:8], "relaxed, expanded", "rpp"],
    ),
    "encoder": (["groups=D1"], ["escnn", *FAMILIES]),
    "render": ([], ["dm_control", "nearsym"]),
    "replay": ([], [STOCK, "nearsym"]),
    "drqv2": (["rounds=1"], ON_IMAGES),
    "seeds": (["env=Pendulum-v1", "widths=[8,16]"], ["one after another", "at once"]),
    "ppo": (["env=Pendulum-v1", "env.count=2"], [STOCK, "plain", "exact", "relaxed", "rpp"]),
    "environments": ([], ["in turn", "in processes", "SyncVectorEnv, ReplayBuffer", "nearsym"]),
}


def test_every_suite_is_tried():
    assert set(SUITE_WORDS) == set(SUITES)


@pytest.mark.parametrize("what", SUITE_WORDS)
def test_numbers_are_positive_and_saved(what, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.SHORTEST", 1e-9)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.sac.WARM", 2)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.drqv2.STORED", 20)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.drqv2.WIDTH", 16)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.environments.COUNTS", (2,))
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.ppo.ROLLOUT", 8)
    simulators = environments.SIMULATORS[:1]
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.environments.SIMULATORS", simulators)
    words, names = SUITE_WORDS[what]
    assert run(["bench", f"what={what}", *SMALL, *words, f"out={tmp_path}/found"]) == 0
    printed = capsys.readouterr().out
    saved = json.loads((tmp_path / "found.json").read_text())
    assert saved["command"].startswith(f"nearsym bench what={what} ")
    assert saved["machine"]["threads"] == 1 and saved["machine"]["cpu"] and saved["machine"]["torch"]
    assert len(saved["tables"]) == {"sac": 2, "layers": 2, "replay": 4, "environments": 3, "seeds": 2}.get(what, 1)
    for table in saved["tables"]:
        assert table["title"] in printed
        rows = {row["name"]: row for row in table["rows"]}
        assert set(rows) <= set(names) and next(iter(rows)) == table["peer"]
        for row in rows.values():
            low, high = row["quartiles"]
            assert 0 < low <= row["median"] <= high < math.inf and 0 < row["ratio"] < math.inf
        assert rows[table["peer"]]["ratio"] == 1
    assert saved["tables"][0]["peer"] == names[0]
    assert {row["name"] for table in saved["tables"] for row in table["rows"]} == set(names)


def test_contenders_do_the_same_number_of_updates(monkeypatch):
    """In as many steps of the environment; and in as many updates on one batch."""
    done = Counter()
    stock_train, our_update = stable_baselines3.SAC.train, SACLearner.update

    def train(self, gradient_steps, batch_size):
        done[STOCK] += gradient_steps
        stock_train(self, gradient_steps, batch_size)

    def update(self, batch):
        done["relaxed"] += 1
        assert len(batch.actions) == 4
        return our_update(self, batch)

    monkeypatch.setattr(stable_baselines3.SAC, "train", train)
    monkeypatch.setattr(SACLearner, "update", update)
    settings = compose("bench", TrainSettings, ["env=Pendulum-v1", *SMALL[2:]])
    for name in (STOCK, "relaxed"):
        chosen = contender(name, settings)
        chosen.learn(5)  # learning_starts
        assert done[name] == 0
        chosen.learn(4)
        assert done[name] == 4
        chosen.update(3)
        assert done[name] == 7
        chosen.learn(2)  # from its own replay again
        assert done[name] == 9
        assert chosen.state() == "eager"


def test_all_seeds_are_updated_as_often_as_one_after_the_other(monkeypatch):
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.SHORTEST", 1e-9)
    done = Counter()
    alone, together = SACLearner.update, ManySeeds.update
    monkeypatch.setattr(SACLearner, "update", lambda self, batch: done.update(["alone"]) or alone(self, batch))
    monkeypatch.setattr(
        ManySeeds, "update", lambda self, batches: done.update({"together": len(batches)}) or together(self, batches)
    )
    list(measure(compose("bench", BenchSettings, ["what=seeds", *SMALL, "env=Pendulum-v1", "seeds=[0,1,2]"])))
    assert done["alone"] == done["together"] > 0


def test_ppo_fills_rollouts_and_learns_from_them(monkeypatch):
    """Stock and ours, as many updates of as many steps in every turn."""
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.ppo.ROLLOUT", 4)
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.SHORTEST", 1e-9)
    done = Counter()
    update, stock = PPOLearner.update, stable_baselines3.PPO.train
    monkeypatch.setattr(
        PPOLearner, "update", lambda self, batch: done.update({"ours": len(batch.actions)}) or update(self, batch)
    )
    monkeypatch.setattr(stable_baselines3.PPO, "train", lambda self: done.update(["stock"]) or stock(self))
    words = ["what=ppo", *SMALL, "env=Pendulum-v1", "env.count=2", "env.processes=false"]
    (table,) = measure(compose("bench", BenchSettings, words))
    turns = 4  # two that do not count, and two rounds
    assert done["stock"] == turns
    assert done["ours"] == turns * 4 * 2 * 4 * 10  # families, environments, steps and epochs
    assert len(table.rows) == 1 + 4


def test_whole_updates_are_done(monkeypatch):
    """One for each family in every turn, of full batches."""
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.drqv2.STORED", 20)
    monkeypatch.setattr("nearsym.agents.benchmarks.suites.drqv2.WIDTH", 16)
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.SHORTEST", 1e-9)
    sizes = []
    update = DrQv2Learner.update
    monkeypatch.setattr(
        DrQv2Learner, "update", lambda self, batch: sizes.append(len(batch.actions)) or update(self, batch)
    )
    list(measure(compose("bench", BenchSettings, ["what=drqv2", *SMALL])))
    assert sizes == [4] * len(ON_IMAGES) * 4  # two turns that do not count, and two rounds


def test_what_cannot_be_compiled_is_said_to_be_eager(monkeypatch):
    monkeypatch.setattr("nearsym.agents.algorithms.compiled.compiler", lambda: None)
    words = ["env=Pendulum-v1", *SMALL[2:-1], "compile=true"]
    chosen = contender("plain", compose("bench", TrainSettings, words))
    chosen.learn(7)
    assert chosen.state() == "eager: there is no C++ compiler (g++ or clang++)"


def fake_python(folder, script):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def pendulum():
    return TrainSettings(env=EnvSettings("Pendulum-v1"), network=family("plain", width=16))


def test_sbx_is_told_what_to_do_and_waited_for(tmp_path):
    log = tmp_path / "log"
    python = fake_python(tmp_path, f'echo "$3" > {log}; while read line; do echo "$line" >> {log}; echo done; done')
    chosen = sbx(python, pendulum())
    chosen.learn(20)
    chosen.update(3)
    chosen.close()
    given, *orders = log.read_text().splitlines()
    assert orders == ["ready", "learn 20", "update 3"]
    arguments = json.loads(given)
    assert (arguments["env"], arguments["net_arch"], arguments["threads"]) == ("Pendulum-v1", [16, 16], 1)


def test_sbx_that_ends_is_no_timing(tmp_path):
    with pytest.raises(InputError, match=r"stopped, for the reason above; without SBX: .*pip install sbx-rl"):
        sbx(fake_python(tmp_path, "exit 1"), pendulum())


def test_turns_alternate_and_ratios_are_within_rounds(monkeypatch):
    """On a clock of our own that runs twice as slowly in the second half, as on a machine that gets busy."""
    now, called = [0.0], []
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.time.perf_counter", lambda: now[0])

    def taking(name, seconds):
        def call():
            called.append(name)
            now[0] += seconds * (2 if len(called) > 8 else 1)

        return call

    seconds = take_turns({"slow": taking("slow", 4.0), "fast": taking("fast", 2.0)}, rounds=4)
    assert called == ["slow"] * 2 + ["fast"] * 2 + ["slow", "fast"] * 4  # the first two of each do not count
    assert seconds == {"slow": [4, 4, 8, 8], "fast": [2, 2, 4, 4]}
    slow, fast = rates(seconds, 8)
    assert (slow.values, fast.values) == ((2, 2, 1, 1), (4, 4, 2, 2))
    assert (slow.ratios, fast.ratios) == ((1,) * 4, (2,) * 4)
    assert milliseconds(seconds)[1].ratios == (0.5,) * 4
    assert quartiles((1.0, 2.0, 3.0, 4.0, 5.0)) == (2, 3, 4)


def test_what_is_fast_is_repeated(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.time.perf_counter", lambda: now[0])

    def call():
        calls.append(1)
        now[0] += 0.01

    (found,) = take_turns({"it": call}, rounds=1).values()
    assert found == pytest.approx([0.01])
    assert len(calls) == 2 + 5  # SHORTEST is 0.05 s


def test_compiling_does_not_count(monkeypatch):
    """Neither in a turn nor in how often a call is repeated."""
    now, calls = [0.0], []
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.time.perf_counter", lambda: now[0])

    def call():
        calls.append(1)
        now[0] += 0.01 if len(calls) > 1 else 20

    assert take_turns({"it": call}, rounds=2)["it"] == pytest.approx([0.01, 0.01])
    assert len(calls) == 2 + 2 * 5


def test_a_gpu_is_waited_for(monkeypatch):
    """Before the clock is read: by a device that does what it was told only when it is waited for."""
    now, told = [0.0], []
    monkeypatch.setattr("nearsym.agents.benchmarks.timing.time.perf_counter", lambda: now[0])

    def synchronize():
        now[0] += sum(told)
        told.clear()

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.synchronize", synchronize)
    told.append(100.0)  # something else's
    assert take_turns({"it": lambda: told.append(2.0)}, rounds=3)["it"] == [2.0] * 3


def test_a_gpu_is_named(monkeypatch):
    settings = compose("bench", BenchSettings, ["device=cuda", "threads=2"])
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "H100")
    assert settings.machine == "H100, 2 thread(s)"
    assert compose("bench", BenchSettings, []).machine == "1 thread(s)"


def test_encoders_work_in_the_precision_that_is_asked_for():
    words = ["what=encoder", "groups=D1", "agent.precision=bfloat16", *SMALL]
    (table,) = measure(compose("bench", BenchSettings, words))
    assert {row.state for row in table.rows} == {"bfloat16"}


def test_a_device_that_is_not_there_is_refused(capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert run(["bench", *SMALL, "env=Pendulum-v1", "device=cuda"]) == 2
    assert "sees no CUDA device; use device=cpu" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "count"), [("C2", 2), ("C3", 3), ("D3", 6), ("S3", 2), ("S20", 2)])
def test_hidden_features_are_those_of_the_group(name, count):
    """Filter values of a layer: as many as there are elements, and for permutations same or other asset."""
    rep = hidden_features(name)
    assert rep.dim == {"C2": 2, "C3": 3, "D3": 6, "S3": 3, "S20": 20}[name]
    assert RelaxedLinear(rep, rep).sharing.count == count
