"""Errors that no state makes a difference to are drawn by element; others over the states."""

import matplotlib.figure
import numpy as np
import pytest

from nearsym.agents.report.rendering.audit_figure import draw_errors
from nearsym.envs import audit, make
from nearsym.envs.perturbations import PerturbationSettings, perturb
from nearsym.envs.trading import Prices


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Axes of the figure of a report."""
    figures = []
    save = matplotlib.figure.Figure.savefig

    def saved(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        figures.append(figure)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", saved)

    def draw(report):
        draw_errors(report, "Test", tmp_path / "audit.png")
        return figures[-1].axes

    return draw


def test_laws_of_a_market_are_bars(drawn):
    steps = np.random.default_rng(0).standard_normal((900, 4)) * [0.01, 0.01, 0.03, 0.01]
    dates = np.datetime64("2010-01-04") + np.arange(900)
    prices = Prices(dates, tuple("ABCD"), 100 * np.exp(np.cumsum(steps, axis=0)))
    report = audit(make("trading/portfolio", prices=prices, validation_years=1, test_years=1, window=8), samples=30)
    reward, transition = drawn(report)
    for axes, kind in ((reward, "reward"), (transition, "transition")):
        expected = [getattr(element, kind).mean for element in report.elements]
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected)
        (line,) = axes.lines
        np.testing.assert_allclose(line.get_xdata(), [getattr(e.resolution, kind) for e in report.elements])
    assert [text.get_text() for text in reward.get_yticklabels()] == ["A<->B", "B<->C", "C<->D"]


def test_errors_of_a_simulator_are_dots_over_its_states(drawn):
    env = perturb(make("dmc/cartpole-swingup", dtype=np.float64), PerturbationSettings(wind=0.2))
    panels = drawn(audit(env, samples=30))
    assert len(panels) == 4 and not any(axes.patches for axes in panels)
    assert all(axes.collections for axes in panels)
