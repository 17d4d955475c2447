"""A trained agent's test period: its books, its report, and how it reads its assets."""

import json
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest
import torch

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_env, build_learner, build_world
from nearsym.agents.runs.data import check_data
from nearsym.agents.runs.evaluation import evaluate_its_own_way, load_learner, policy_of
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.trading.evaluation import AGENT, trade
from nearsym.envs.trading.market import Market
from nearsym.envs.trading.performance import performance
from nearsym.envs.trading.prices import Prices
from nearsym.networks import family
from nearsym.scripts.main import run


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    """A file of four made-up assets over four years of days in a row."""
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    generator = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(0.0003 + 0.01 * generator.standard_normal((1500, 4)), axis=0))
    dates = np.datetime64("2010-01-04") + np.arange(1500)
    rows = [",".join([str(date), *(f"{price:.6f}" for price in row)]) for date, row in zip(dates, close, strict=True)]
    path.write_text("\n".join(["date,AA,BB,CC,DD", *rows]) + "\n")
    return path


def cells(row):
    return row.split(",")


def settings(prices, folder, **kwargs):
    env = {"source": str(prices), "window": 12, "validation_years": 1, "test_years": 1, "episode_days": 60, **kwargs}
    return TrainSettings(
        env=EnvSettings("trading/portfolio", env),
        agent=SACSettings(learning_starts=50, batch_size=16),
        network=family("relaxed", width=16, window_channels=2),
        total_steps=120,
        eval_every=60,
        run_dir=str(folder),
    )


@pytest.fixture(scope="module")
def trained(prices, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "trader"
    train(settings(prices, folder), ["test"])
    return folder


def traded(saved, agent, split):
    env = build_env(saved, split)
    return trade(policy_of(agent), env, env.unwrapped)


def test_training_validates_on_the_period_after_training(prices, trained):
    """eval_return is the growth over the whole validation period, in percent."""
    saved, agent = load_learner(trained)
    curve = traded(saved, agent, "validation")
    env = make("trading/portfolio", **saved.env.kwargs)
    assert curve.dates[0] == env.prices.dates[env.split.validation[0]]
    rows = (trained / "metrics.csv").read_text().splitlines()
    last = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    assert float(last["eval_return"]) == pytest.approx(100 * np.log(curve.value[-1] / curve.value[0]), abs=1e-3)
    test = traded(saved, agent, "test")
    assert test.dates[0] > curve.dates[-1] and len(test.value) == 365


def test_the_report_is_of_the_test_period(trained):
    report = evaluate_its_own_way(EvaluateSettings(str(trained), episodes=2, noise=[0.0, 0.05]))
    assert next(iter(report.curves)) == AGENT and len(report.curves) == 7  # a file has no index
    dates = {tuple(curve.dates) for curve in report.curves.values()}
    assert len(dates) == 1 and len(next(iter(dates))) == 365
    clear, noisy = report.levels
    assert clear.returns == [pytest.approx(100 * report.performances[AGENT].annual_return)]
    assert len(set(noisy.returns)) == 2 and clear.returns[0] not in noisy.returns
    again, other = (
        evaluate_its_own_way(EvaluateSettings(str(trained), episodes=2, noise=[0.0, 0.05], seed=seed)).levels[1]
        for seed in (1, 2)
    )
    assert again.returns == noisy.returns != other.returns  # noise follows from the seed
    curve = report.curves[AGENT]
    assert report.performances[AGENT] == performance(curve)
    assert curve.value[0] == 1e6 and curve.paid.sum() > 0
    assert curve.paid == pytest.approx(0.001 * curve.traded)


def test_the_training_period_is_traded_whole_and_in_order(trained):
    """An episode of training is 60 days from a random day on; what is judged is all of it."""
    saved, agent = load_learner(trained)
    report = evaluate_its_own_way(EvaluateSettings(str(trained), split="train"))
    market = make("trading/portfolio", **saved.env.kwargs)
    start, stop = market.split.train
    assert report.left_out == ("minimum variance", "mean-variance", "risk parity") and len(report.curves) == 4
    assert {len(curve.value) for curve in report.curves.values()} == {stop - start}
    assert report.gate == {name: report.paired[name] for name in ("untrained", "equal weight")}  # in sample, both
    np.testing.assert_array_equal(report.curves[AGENT].dates, market.prices.dates[start:stop])
    env = build_env(saved)
    one = trade(policy_of(agent), env, env.unwrapped)
    # an episode of training is stamped with the days it was traded on
    assert len(one.value) == 60 and one.dates[0] == market.prices.dates[env.unwrapped.period[0]]
    growth = market.prices.close[env.unwrapped.day] / market.prices.close[env.unwrapped.day - 1]
    assert one.returns[-1] == pytest.approx(one.weights[-2] @ (growth - 1) - one.paid[-1] / one.value[-2])


def test_prices_that_have_changed_are_refused(prices, tmp_path, capsys):
    """Tripled closes go unnoticed by nothing that reads the run; the same prices in another file are the same."""
    own, folder = tmp_path / "my.csv", tmp_path / "run"
    own.write_text(prices.read_text())
    train(settings(own, folder), ["test"])
    saved = json.loads((folder / "data.json").read_text())
    market = make("trading/portfolio", **settings(own, folder).env.kwargs)
    assert saved["sha256"] == market.prices.checksum and saved["days"] == "2010-01-04 to 2014-02-11"
    assert f"pandas {metadata.version('pandas')}" in saved["read by"]
    own.write_text(prices.read_text() + "\n")  # an empty line is no price
    assert run(["evaluate", str(folder)]) == 0
    header, *rows = prices.read_text().splitlines()
    tripled = [",".join([date, *(f"{3 * float(price):.6f}" for price in row)]) for date, *row in map(cells, rows)]
    own.write_text("\n".join([header, *tripled]) + "\n")
    capsys.readouterr()
    for command in (["evaluate", str(folder)], ["audit", str(folder), "samples=20"]):
        assert run(command) == 2
        error = capsys.readouterr().err
        assert "have changed since it was trained" in error and error.count("\n") == 1
    with pytest.raises(InputError, match="have changed since it was trained"):
        train(replace(settings(own, folder), total_steps=200, resume=True), ["test"])
    own.write_text(prices.read_text())
    assert train(replace(settings(own, folder), total_steps=200, resume=True), ["test"])
    assert json.loads((folder / "data.json").read_text()) == saved
    (folder / "data.json").write_text("{")
    with pytest.raises(InputError, match=r"data.json cannot be read"):
        load_learner(folder)
    (folder / "data.json").unlink()  # a run of version 0.1
    load_learner(folder)


def test_other_readers_are_named(trained, monkeypatch):
    about = json.loads((trained / "data.json").read_text())
    env = build_env(load_learner(trained)[0])
    monkeypatch.setattr(Prices, "checksum", "0" * 64)
    with pytest.raises(InputError) as error:
        check_data(trained, env)
    assert "they were read by" not in str(error.value)
    monkeypatch.setattr(Market, "provenance", {**about, "read by": "pandas 0.1", "sha256": "0" * 64})
    with pytest.raises(InputError, match=r"read by numpy .*, and now by pandas 0\.1"):
        check_data(trained, env)


def test_more_trials_make_a_sharpe_ratio_say_less(trained):
    tried = [evaluate_its_own_way(EvaluateSettings(str(trained), trials=n)).deflated for n in (1, 5, 50)]
    assert tried[0] > tried[1] > tried[2]


def test_the_command_writes_all_of_it(trained, capsys):
    assert run(["evaluate", str(trained), "episodes=2", "noise=[0,0.02]", "split=validation"]) == 0
    printed = capsys.readouterr().out
    assert "deflated Sharpe ratio 0." in printed and "minimum" in printed
    report = json.loads((trained / "evaluation-validation.json").read_text())
    assert report["split"] == "validation" and set(report["performance"]) >= {"agent", "risk parity"}
    assert set(report["gate"]) == {"untrained", "equal weight"} and report["learned"] is False
    assert "the gate, reward a year on the days it was trained on" in printed and "not passed" in printed
    assert report["paired"]["risk parity"]["low"] < report["paired"]["risk parity"]["difference"]
    low, high = report["performance"]["agent"]["intervals"]["sharpe"]
    assert low < report["performance"]["agent"]["sharpe"] < high
    assert (trained / "evaluation-validation.csv").read_text().startswith("date,agent,equal weight,buy and hold")
    for name in ("evaluation-validation.png", "noise-validation.png"):
        assert (trained / name).read_bytes().startswith(b"\x89PNG")
    kept = {path.name: path.read_bytes() for path in trained.glob("*-validation.*")}
    assert {name.partition("-")[0] for name in kept} == {"evaluation", "noise", "trades"} and len(kept) == 5
    assert run(["evaluate", str(trained)]) == 0  # of the test period, beside it
    assert json.loads((trained / "evaluation.json").read_text())["split"] == "test"
    assert {name: (trained / name).read_bytes() for name in kept} == kept
    assert (trained / "evaluation.csv").read_bytes() != kept["evaluation-validation.csv"]


def test_an_audit_names_the_assets_treated_apart(trained, capsys):
    saved, agent = load_learner(trained)
    env = build_env(saved)
    with torch.no_grad():
        for module in agent.networks().values():
            for layer in module.modules():
                if hasattr(layer, "hidden_rep"):
                    layer.relaxed_weights.theta.zero_()
                    layer.relaxed_weights.theta[..., 2] = 0.5
    departures = inspect_learner(agent, env, 50, 0).assets
    assert np.argmax(departures) == 2 and departures[2] == pytest.approx(0.375)
    assert departures[0] == pytest.approx(0.125)
    assert run(["audit", str(trained), "samples=60"]) == 0
    printed = capsys.readouterr().out
    assert "assets:  treated most apart are" in printed and "AA<->BB" in printed


def test_a_flip_has_two_coordinates_for_each_asset(prices, tmp_path):
    short = settings(prices, tmp_path / "short", short=True)
    world = build_world(short, 0)
    assert len(inspect_learner(build_learner(short, world), world.env, 50, 0).assets) == 4


def test_shares_are_traded_from_the_command_line_too(prices, tmp_path, capsys):
    words = [f"env.kwargs.source={prices}", "env.kwargs.start=null", "env.kwargs.validation_years=1"]
    words += ["env.kwargs.test_years=1", "env.kwargs.max_shares=2000", "network.width=16", "agent.batch_size=16"]
    words += ["agent.learning_starts=50", "total_steps=100", "eval_every=100", f"run_dir={tmp_path}/shares"]
    assert run(["train", "env=trading/shares", "network=exact", *words]) == 0
    assert "evaluate" in capsys.readouterr().out
    assert run(["evaluate", f"{tmp_path}/shares"]) == 0
    assert "risk" in capsys.readouterr().out


def test_what_makes_no_sense_for_a_market_is_refused(trained, capsys):
    for word, message in (
        ("noise_kind=salt_and_pepper", "prices take gaussian noise alone"),
        ("video=true", "trading/portfolio draws nothing"),
        ("split=live", "expected one of train, validation, test"),
        ("part=train", "part is called split"),
        ("trials=0", "trials is 0"),
    ):
        assert run(["evaluate", str(trained), word]) == 2
        assert message in capsys.readouterr().err
