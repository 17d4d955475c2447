"""A frame of s and of g·s for every generator."""

import matplotlib.image
import numpy as np
import pytest

from nearsym import Symmetry
from nearsym.envs.discovering.picture import draw_elements
from nearsym.envs.errors import InputError

from .worlds import plane

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SQUARE = Symmetry.generated(
    observation=[np.kron(np.eye(2), g) for g in (QUARTER, MIRROR)],
    action=[QUARTER, MIRROR],
    state=[np.kron(np.eye(2), g) for g in (QUARTER, MIRROR)],
)


def test_the_frames_are_of_s_and_of_its_images(tmp_path):
    world, drawn = plane(), []

    def render():
        drawn.append(world.state.copy())
        return np.full((8, 8, 3), 100, dtype=np.uint8)

    world.render = render
    draw_elements(world, SQUARE, tmp_path / "square.png")
    (one, turned), (other, mirrored) = drawn[:2], drawn[2:]
    assert np.allclose(turned, SQUARE.state.matrix[1] @ one)
    assert np.allclose(mirrored, SQUARE.state.matrix[2] @ other)
    assert np.abs(turned - one).max() > 1e-3
    assert np.abs(matplotlib.image.imread(tmp_path / "square.png")[..., :3] - 100 / 255).min() < 0.01


def test_an_environment_that_draws_nothing(tmp_path):
    world = plane()
    world.render = lambda: None
    with pytest.raises(InputError, match="the environment draws no frames; render"):
        draw_elements(world, SQUARE, tmp_path / "square.png")
    assert not (tmp_path / "square.png").exists()
