"""Figures of a report: every line style and network is in a legend."""

import dataclasses

import numpy as np
import pytest

from nearsym.agents.report.records import Comparison, Record
from nearsym.agents.report.rendering import figures
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import summarise


@pytest.fixture
def legends(monkeypatch):
    """Draws a summary and gives the legend of every figure, a linestyle for each label, in the order drawn."""
    drawn = []
    draw = figures.svg
    monkeypatch.setattr(figures, "svg", lambda figure: (drawn.append(figure), draw(figure))[1])

    def of(summary):
        drawn.clear()
        names = [drawing.name for drawing in figures.drawings(summary, 0.95)]
        looks = [
            {text.get_text(): line.get_linestyle() for text, line in zip(one.get_texts(), one.get_lines(), strict=True)}
            for one in (figure.legends[0] for figure in drawn if figure.legends)
        ]
        return dict(
            zip([name for name, figure in zip(names, drawn, strict=True) if figure.legends], looks, strict=True)
        )

    return of


def test_line_styles_are_explained(tmp_path, legends):
    steps = np.array([0, 1000, 2000])
    traces = {
        f"{module}_{name}": np.array([0.1, 0.2, 0.3])
        for module in ("actor", "critic", "encoder")
        for name in ("relaxation",)
    }
    traces |= {f"{module}_equivariance_error": np.array([0.1, 0.2, 0.3]) for module in ("actor", "critic")}
    runs = [
        Record(tmp_path, "dmc/x", {}, network, seed, steps, np.array([0.0, 1.0, 2.0 + seed]), traces=traces)
        for network in ("plain", "relaxed")
        for seed in range(3)
    ]
    found = legends(summarise(Comparison("x", runs, []), ReportSettings("x")))
    networks = {"plain": "-", "relaxed": "-"}
    assert found["equivariance"] == networks | {"actor (line style)": "-", "critic (line style)": "--"}
    assert found["relaxation"] == found["equivariance"] | {"encoder (line style)": ":"}
    assert found["learning"] == networks
    bare = [dataclasses.replace(run, traces={}) for run in runs]
    assert "equivariance" not in legends(summarise(Comparison("x", bare, []), ReportSettings("x")))
