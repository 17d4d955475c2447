"""The figure of trading: it is written, it can be read, and the agent stands out."""

import matplotlib.image
import numpy as np
from matplotlib.colors import to_rgb

from nearsym.envs.trading.backtest import Curve
from nearsym.envs.trading.figure import AGENT, REFERENCES, draw_trading


def curve(seed, days=300, ruined=False):
    value = 1e6 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0005, 0.01, days)))
    if ruined:
        value[days // 2 :] = -1.0
    nothing = np.zeros(days)
    return Curve(np.datetime64("2019-01-01") + np.arange(days), value, np.zeros((days, 1)), nothing, nothing)


def shares(path):
    """Fraction of the pixels in the agent's colour and in the first reference's."""
    picture = matplotlib.image.imread(path)[..., :3]
    return [float((np.abs(picture - to_rgb(colour)).max(axis=-1) < 0.02).mean()) for colour in (AGENT, REFERENCES[0])]


def test_the_agent_is_drawn_bold_and_a_reference_thin(tmp_path):
    path = tmp_path / "trading.png"
    draw_trading({"agent": curve(0), "equal weight": curve(1)}, "Test", path)
    assert matplotlib.image.imread(path).shape[:2] == (840, 1200)
    agent, reference = shares(path)
    assert agent > 1.5 * reference > 0
    draw_trading({"equal weight": curve(1), "agent": curve(0)}, "Test", path)  # control: the other one in front
    other_agent, other_reference = shares(path)
    assert other_agent > 1.5 * other_reference > 0


def test_a_curve_that_is_not_given_is_not_drawn(tmp_path):
    path = tmp_path / "trading.png"
    draw_trading({"agent": curve(0)}, "Test", path)
    agent, reference = shares(path)
    assert agent > 0
    assert reference == 0


def test_ruin_and_more_curves_than_colours_are_drawn(tmp_path):
    path = tmp_path / "trading.png"
    curves = {f"strategy {seed}": curve(seed, ruined=seed % 2 == 0) for seed in range(9)}
    draw_trading(curves, "Test", path)
    ruined, _ = shares(path)
    draw_trading({**curves, "strategy 0": curve(0)}, "Test", path)
    alive, _ = shares(path)
    assert 0 < ruined < alive  # a ruined account's curve ends, half-way here
