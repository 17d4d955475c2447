"""The figure of an evaluation says what each of its marks is, and every dot is inside, and whole."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from nearsym.agents.runs.noise_figure import draw_noise
from nearsym.envs import NoiseLevel


def test_every_mark_is_in_the_legend(tmp_path, monkeypatch):
    drawn = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *given, **more: (drawn.append(self), save(self, *given, **more))
    )
    levels = [NoiseLevel(noise, [float(x) for x in range(9)]) for noise in (0.0, 0.1)]
    draw_noise(levels, "title", tmp_path / "evaluation.png", "noise")
    (axes,) = drawn[0].axes
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(said) == ["episode", "interquartile mean", "interquartile range of episodes"]
    band = next(one for one in axes.collections if one.get_label().startswith("interquartile range"))
    assert np.unique(band.get_paths()[0].vertices[:, 1]).tolist() == [2, 6]  # quartiles of 0 to 8
    assert (tmp_path / "evaluation.png").stat().st_size > 1000


@pytest.mark.parametrize(
    "returns", [([22.4], [22.1, 22.6]), ([-5.0], [-6.0, -9.0]), ([0.1], [-0.2, 0.3]), ([0.0], [0.0])]
)
def test_every_dot_is_inside(returns, tmp_path, monkeypatch):
    limits = []
    save = Figure.savefig

    def saved(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        limits.append(figure.axes[0].get_ylim())

    monkeypatch.setattr(Figure, "savefig", saved)
    levels = [NoiseLevel(level, values) for level, values in zip((0.0, 0.01), returns, strict=True)]
    draw_noise(levels, "Test", tmp_path / "noise.png", "noise")
    ((low, high),) = limits
    every = [0.0, *returns[0], *returns[1]]
    room = 0.03 * (high - low)  # for half a dot
    assert high - max(every) > room
    assert min(every) - low > room or low == min(every) == 0
