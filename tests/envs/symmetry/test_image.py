"""Mirrors and quarter turns of images, by hand."""

import numpy as np
import pytest

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Representation, Symmetry, image_representation


def test_pixels_by_hand():
    """A quarter turn counter-clockwise takes the right edge to the top; a mirror x to -x flips columns."""
    turn = [[0, -1], [1, 0]]
    symmetry = Symmetry.image(plane=[turn, [-1, 1]], action=[turn, [-1, 1]], shape=(2, 5, 5))
    image = np.arange(50).reshape(2, 5, 5)
    a, b = symmetry.group.generators
    turned, flipped = (symmetry.observation.rep.apply(g, image.ravel()).reshape(2, 5, 5) for g in (a, b))
    np.testing.assert_array_equal(turned, np.rot90(image, axes=(1, 2)))
    np.testing.assert_array_equal(flipped, image[:, :, ::-1])


def test_an_even_size_turns_too():
    rep = image_representation(Symmetry.generated([[[0, -1], [1, 0]]], [[[0, -1], [1, 0]]]).action, (1, 4, 4))
    image = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(rep.apply(1, image.ravel()).reshape(4, 4), np.rot90(image))


def test_planes_that_do_not_fit_are_refused():
    turn = Symmetry.generated([[[0, -1], [1, 0]]], [[[0, -1], [1, 0]]]).action
    with pytest.raises(SymmetryError, match="quarter turns need a square image, got 4x5"):
        image_representation(turn, (1, 4, 5))
    angle = np.pi / 4
    eighth = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    with pytest.raises(SymmetryError, match="take pixels between pixels"):
        image_representation(Symmetry.generated([eighth], [eighth]).action, (1, 5, 5))
    with pytest.raises(SymmetryError, match="2 coordinates, the representation acts on 3"):
        image_representation(Representation.trivial(turn.group, 3), (1, 5, 5))
    with pytest.raises(SymmetryError, match="declared on vectors, not on images"):
        Symmetry.reflection([-1], [-1]).resized((3, 5, 5))
