"""`nearsym report` from end to end: what it writes, what a browser makes of it, and what it says to bad input."""

import base64
import csv
import dataclasses
import json
import os
import re
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from nearsym.agents.report.rendering.style import PENS, pens
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.runs.metrics import RUN
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import family
from nearsym.scripts.compose import compose
from nearsym.scripts.main import run

FIGURES = {"aggregate", "learning", "improvement", "profile", "strength", "noise", "equivariance", "relaxation"}

NETWORKS = tuple(
    f"{name}_{quantity}" for quantity in ("equivariance_error", "relaxation") for name in ("actor", "critic")
)


def write_comparison(folder):
    """Two tasks, undisturbed and in wind, where wind breaks exact alone; one run failed."""
    rng = np.random.default_rng(0)
    runs = []
    for env in ("dmc/one", "dmc/two"):
        for wind in (0.0, 1.0):
            for network in ("plain", "exact", "relaxed"):
                for seed in range(5):
                    name = f"{env[4:]}-{wind:g}-{network}-{seed}"
                    final = (400 if network == "exact" and wind else 800) + 20 * rng.normal()
                    write_run(folder / name, env, wind, network, seed, final)
                    failed = name == "two-1-plain-3"
                    runs.append(
                        {
                            "path": name,
                            "task": env,
                            "perturbation": {"wind": wind},
                            "network": network,
                            "seed": seed,
                            "state": "failed" if failed else "finished",
                            "seconds": 60.0,
                            "message": "diverged <badly> | at step 7" if failed else "",
                        }
                    )
    (folder / "suite.json").write_text(json.dumps({"name": "small & mean", "runs": runs}))
    return folder


def write_run(folder, env, wind, network, seed, final):
    folder.mkdir(parents=True)
    settings = TrainSettings(
        env=EnvSettings(env),
        network=family(network),
        perturbation=PerturbationSettings(wind=wind),
        seed=seed,
        total_steps=4000,
    )
    (folder / "config.yaml").write_text(yaml.safe_dump(dataclasses.asdict(settings)))
    with (folder / "metrics.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, (*RUN, *NETWORKS))
        writer.writeheader()
        for k in range(5):
            row = {"step": 1000 * k, "eval_return": final * k / 4}
            if k:
                row |= {"actor_equivariance_error": 1e-3 * k, "critic_equivariance_error": 1e-4 * k}
            if network == "relaxed":
                row |= {"actor_relaxation": 0.1 * k, "critic_relaxation": 0.2 * k}
            writer.writerow(row)
    levels = [{"noise": noise, "returns": [final * (1 - noise)] * 2} for noise in (0.0, 0.1, 0.2)]
    (folder / "evaluation.json").write_text(json.dumps({"levels": levels}))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = write_comparison(tmp_path_factory.mktemp("comparison"))
    out = folder / "out"
    assert run(["report", str(folder), f"out={out}"]) == 0
    return out


def test_it_writes_a_page_figures_markdown_and_numbers(report):
    assert {path.name for path in report.iterdir()} == {
        "report.html",
        "report.md",
        "report.csv",
        "evaluations.csv",
        *(f"{name}.svg" for name in FIGURES),
    }
    for name in FIGURES:
        ElementTree.parse(report / f"{name}.svg")


def test_the_page_needs_nothing_but_itself(report):
    page = (report / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]{,30})', page)
    assert len(sources) == len(FIGURES)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "<script" not in page and "http" not in re.sub(r'src="[^"]*"', "", page)
    for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', page):
        svg = base64.b64decode(data).decode()
        assert not re.findall(r'(?:href|src)="http', svg)


def test_the_table_of_evaluations_makes_the_report_again(report, tmp_path):
    table = shutil.copy(report / "evaluations.csv", tmp_path / "headline.csv")
    assert run(["report", str(table)]) == 0
    again = tmp_path / "headline" / "report"
    assert "diverged &lt;badly&gt;" in (again / "report.html").read_text()
    assert (again / "evaluations.csv").read_text() == (report / "evaluations.csv").read_text()


def test_it_prints_differences_and_leaves_the_rest_to_the_page(report, tmp_path, capsys):
    assert run(["report", str(report / "evaluations.csv"), f"out={tmp_path}"]) == 0
    printed, text = capsys.readouterr().out, (tmp_path / "report.md").read_text()
    assert "Higher final return than exact: relaxed" in printed and "How far to trust this" in printed
    assert "No clear difference from" in text and "No clear difference from" not in printed
    assert "comparisons without a clear difference are in the report" in printed


def test_it_prints_all_where_there_is_no_clear_difference(report, tmp_path, capsys):
    rows = (report / "evaluations.csv").read_text().splitlines(keepends=True)
    (tmp_path / "two.csv").write_text(
        "".join(row for row in rows if not re.search(r"(plain|exact|relaxed),[234],", row))
    )
    assert run(["report", str(tmp_path / "two.csv")]) == 0
    printed = capsys.readouterr().out
    assert "No clear difference from plain in final return (2 seeds, and 5 are needed to claim one): " in printed


def test_the_page_warns_first_then_judges(report):
    page, text = (report / "report.html").read_text(), (report / "report.md").read_text()
    order = ["Runs that are not counted", 'class="headline"', ">Results<", ">Comparisons<", ">Verdict<", "<img"]
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)
    assert text.index("**perturbed tasks: ") < text.index("## Results") < text.index("## Verdict")
    assert "small &amp; mean" in page and "diverged &lt;badly&gt;" in page
    assert r"diverged <badly> \| at step 7" in text and "| two-1-plain-3 |" in text
    assert "<b>Lower final return than plain: </b>exact" not in page  # only four seeds of plain are left
    assert "<b>Higher final return than exact: </b>relaxed" in page
    assert "- **Higher final return than exact:** relaxed" in text
    assert "![Learning curves](learning.svg)" in text
    assert "dmc/one: scores of 0 and 1 are returns of 0 and 1000, the range" in text


def test_every_number_comes_with_its_interval(report):
    with (report / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    head = ["quantity", "where", "network", "value", "low", "high", "runs", "against", "x", "p_value"]
    assert list(rows[0]) == head
    final = next(
        r for r in rows if (r["quantity"], r["where"], r["network"]) == ("final return", "dmc/one, wind 1", "exact")
    )
    assert float(final["low"]) <= float(final["value"]) <= float(final["high"]) and final["runs"] == "5"
    quantities = {row["quantity"] for row in rows}
    assert quantities >= {
        "return",
        "score",
        "area under the curve",
        "area under the curve, ratio",
        "final return, probability of improvement",
        "steps to threshold, ratio",
        "share of runs above the score",
        "mean return under noise, ratio",
        "final return against wind",
        "fall of the final score with wind",
        "actor_equivariance_error",
        "critic_relaxation",
        "seconds",
    }


def write_stock(folder):
    for algorithm in ("sac", "td3"):
        for seed in range(2):
            run_folder = folder / "Pendulum-v1" / algorithm / str(seed)
            run_folder.mkdir(parents=True)
            results = np.array([[-9.0], [-5.0 - seed]])
            np.savez(run_folder / "evaluations.npz", timesteps=np.array([10, 20]), results=results)


def test_the_same_runs_give_the_same_report(tmp_path):
    write_stock(tmp_path / "runs")
    for name in ("first", "second"):
        assert run(["report", str(tmp_path / "runs"), f"out={tmp_path / name}"]) == 0
    for path in (tmp_path / "first").iterdir():
        assert (tmp_path / "second" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_page_opens_in_a_browser_with_its_figures_drawn(report, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail(
                "chromium is not here, and continuous integration opens reports in it: apt-get install chromium"
            )
        pytest.skip("chromium is not installed")
    # what the browser measured is written into the page that it prints
    measure = (
        "<script>addEventListener('load', () => { document.title = 'sizes '"
        " + [...document.images].map(i => i.naturalWidth + 'x' + i.width).join(' '); })</script>"
    )
    page = tmp_path / "measured.html"
    page.write_text((report / "report.html").read_text().replace("</body>", f"{measure}</body>"))
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    words += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,900", "--dump-dom", page.as_uri()]
    done = subprocess.run([chromium, *words], capture_output=True, text=True, timeout=120, check=True)
    sizes = re.search(r"<title>sizes ([\dx ]+)</title>", done.stdout)
    assert sizes is not None, done.stderr
    widths = [[int(size) for size in pair.split("x")] for pair in sizes[1].split()]
    assert len(widths) == len(FIGURES)
    # letters of 10 points are at least 12 pixels high where a figure is not made smaller
    assert all(natural > 300 and shown == natural for natural, shown in widths)


def test_only_figures_with_data_are_drawn(tmp_path):
    write_stock(tmp_path)
    shutil.rmtree(tmp_path / "Pendulum-v1" / "td3")
    assert run(["report", str(tmp_path)]) == 0
    assert {path.stem for path in (tmp_path / "report").glob("*.svg")} == {"aggregate", "learning", "profile"}
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Runs that are not counted" not in page
    assert "all others are compared with sac" in page and "there is nothing to compare" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("report", "which comparison? give the folder that holds its runs first"),
        ("report nowhere", "there is no nowhere; give a folder"),
        ("report .", "holds no run; expected folders of nearsym train"),
        ("report . levels=0.9", "did you mean 'level'?"),
        ("report . level=2", "level is 2.0, expected a number between 0 and 1"),
        ("report runs against=[sca]", "against has 'sca' (did you mean 'sac'?), which no run is of; choose"),
        ("report . out=taken", "out=taken is a file; give a folder"),
    ],
)
def test_bad_input_is_one_clear_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    if "runs" in words:
        write_stock(tmp_path / "runs")
    assert run(words.split()) == 2
    err = capsys.readouterr().err
    assert message in err and err.startswith("nearsym: ") and err.count("\n") == 1


def test_the_defaults_are_the_dataclasses():
    assert compose("report", ReportSettings, ["folder=x"]) == ReportSettings("x")


def test_every_network_has_a_pen_of_its_own():
    looks = pens(["relaxed", "plain", "sac", "td3", "tqc", "ppo", *PENS])
    assert (looks["relaxed"].colour, looks["plain"].colour) == ("#0072B2", "#000000")
    assert len({(pen.colour, pen.line) for pen in looks.values()}) == len(looks)
    assert pens(["relaxed"])["relaxed"] == looks["relaxed"]  # the same in every report
