"""Runs of several seeds in one process, against each of them alone."""

import csv
from dataclasses import replace

import pytest
from torch.fx.experimental.proxy_tensor import make_fx

from nearsym.agents.algorithms import acting, update_rule
from nearsym.agents.algorithms.compiled import CannotCompileError
from nearsym.agents.runs.many_seeds import train_seeds
from nearsym.agents.runs.reporter import Silent
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.networks import family
from nearsym.scripts.main import run as command


def settings(folder, seed, **changes):
    chosen = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        network=family("relaxed", width=16),
        total_steps=220,
        eval_every=100,
        eval_episodes=1,
        checkpoint_every=120,
        seed=seed,
        run_dir=str(folder / f"seed{seed}"),
    )
    agent = replace(chosen.agent, batch_size=16, learning_starts=50)
    return replace(chosen, agent=agent, **changes)


def rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return [{name: float(value or "nan") for name, value in row.items()} for row in csv.DictReader(file)]


def together(folder, seeds=(0, 1), **changes):
    train_seeds([settings(folder, seed, **changes) for seed in seeds], [], [Silent() for _ in seeds])


def agree(one, other):
    return [pytest.approx(row, rel=1e-3, abs=1e-5, nan_ok=True) for row in one] == other


def test_every_run_is_what_it_is_alone_and_can_be_resumed(tmp_path):
    alone = tmp_path / "alone"
    for seed in (0, 1):
        train(settings(alone, seed), [])
    together(tmp_path / "many")
    together(tmp_path / "stopped", total_steps=130)
    together(tmp_path / "stopped", resume=True)
    for seed in ("seed0", "seed1"):
        expected = rows(alone / seed)
        assert len(expected) == 4 and agree(expected, rows(tmp_path / "many" / seed))
        # byte for byte
        stopped = [row for row in rows(tmp_path / "stopped" / seed) if row["step"] != 130]
        assert [row["eval_return"] for row in stopped] == [row["eval_return"] for row in rows(tmp_path / "many" / seed)]
    assert not agree(rows(alone / "seed0"), rows(alone / "seed1"))


@pytest.fixture
def traced(monkeypatch):
    """Functions that were compiled: traced as by the compiler, and not made machine code of."""
    found = []

    def compile_function(function, arguments, lasting=0):
        found.append(make_fx(lambda *given: list(function(*given)))(*(one.clone() for one in arguments)))
        return found[-1]

    for module in (acting, update_rule):
        monkeypatch.setattr(module, "compile_function", compile_function)
    return found


WIDE = {"network": family("relaxed", width=72), "compile": "true"}


def test_wide_ones_are_trained_in_turn_by_the_code_of_the_first(tmp_path, traced):
    """Bit for bit what each is alone, also after a stop; narrow ones are trained together."""
    for seed in (0, 1):
        train(settings(tmp_path / "alone", seed, **WIDE), [])
    assert len(traced) == 4  # an update and an action of each
    together(tmp_path / "many", **WIDE)
    assert len(traced) == 6
    together(tmp_path / "stopped", total_steps=130, **WIDE)
    train(settings(tmp_path / "stopped", 0, resume=True, **WIDE), [])
    together(tmp_path / "stopped", resume=True, **WIDE)  # of the first nothing is left to train
    for seed in ("seed0", "seed1"):
        alone = (tmp_path / "alone" / seed / "metrics.csv").read_bytes()
        assert (tmp_path / "many" / seed / "metrics.csv").read_bytes() == alone
        rows_alone, rows_stopped = (rows(tmp_path / place / seed) for place in ("alone", "stopped"))
        assert [row["eval_return"] for row in rows_stopped if row["step"] != 130] == [
            row["eval_return"] for row in rows_alone
        ]
    assert rows(tmp_path / "many" / "seed0")[-1] != rows(tmp_path / "many" / "seed1")[-1]


def test_code_that_cannot_be_compiled_is_not_shared(tmp_path, monkeypatch):
    def compile_function(function, arguments, lasting=0):
        raise CannotCompileError("there is no compiler")

    for module in (acting, update_rule):
        monkeypatch.setattr(module, "compile_function", compile_function)
    together(tmp_path / "many", **WIDE)
    for seed in (0, 1):
        train(settings(tmp_path / "alone", seed, network=WIDE["network"], compile="false"), [])
        alone, many = (rows(tmp_path / place / f"seed{seed}") for place in ("alone", "many"))
        assert agree(alone, many)


def test_runs_that_stopped_at_different_steps_both_reach_the_end(tmp_path):
    together(tmp_path, total_steps=130)
    train(settings(tmp_path, 1, total_steps=200, resume=True), [])
    together(tmp_path, resume=True)
    assert [rows(tmp_path / f"seed{seed}")[-1]["step"] for seed in (0, 1)] == [220, 220]


def test_what_cannot_be_trained_together_is_refused(tmp_path):
    with pytest.raises(InputError, match="seeds repeat: 1; give each once"):
        together(tmp_path, (1, 1))
    with pytest.raises(InputError, match="must not differ in anything but seed and run_dir"):
        train_seeds([settings(tmp_path, 0), settings(tmp_path, 1, total_steps=99)], [], [Silent()] * 2)
    with pytest.raises(InputError, match=r"env.count is 2; several seeds at once have one environment each"):
        together(tmp_path, env=EnvSettings("Pendulum-v1", count=2))
    with pytest.raises(InputError, match="several seeds would write to one folder"):
        together(tmp_path, run_dir=str(tmp_path / "x"))
    assert not list(tmp_path.iterdir())


def test_on_the_command_line(tmp_path, capsys):
    some = ["env=Pendulum-v1", "network=exact", "network.width=16", "total_steps=60", f"run_dir='{tmp_path / 'x'}'"]
    assert command(["train", *some, "seeds=[2..3]"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x-seed2", "x-seed3"]
    printed = capsys.readouterr().out
    assert "seed 3: starts" in printed and "finished:" in printed
    for wrong, message in (
        ("seeds=[]", "names no seeds"),
        ("seeds=[1,1]", "seeds repeat: 1"),
        ("seeds=[3..1]", "names no seeds"),
    ):
        assert command(["train", *some, wrong]) == 2
        assert message in capsys.readouterr().err
    assert command(["train", *some, "seeds=[1]", "seed=2"]) == 2
    assert "seed= and seeds= were both given" in capsys.readouterr().err
