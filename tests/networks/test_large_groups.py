"""Layers between representations of groups that are known by their generators alone."""

import numpy as np
import pytest
import torch

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Group, Representation
from nearsym.networks import RelaxedLinear

pytestmark = pytest.mark.usefixtures("float64")

FIVE = np.array([[1, 0, 2, 3, 4], [1, 2, 3, 4, 0]])
PAIRS = (5 * FIVE[:, :, None] + FIVE[:, None, :]).reshape(2, 25)


def representation(generators):
    return Representation.signed_permutation(Group.generated("S5", ("swap", "cycle"), generators), generators)


def test_a_layer_joins_two_representations_of_one_group():
    """Each built on a group of its own: five assets, and the ordered pairs of them."""
    pairs, five = representation(PAIRS), representation(FIVE)
    layer = RelaxedLinear(pairs, five, 2, 3)
    x = torch.randn(4, 2, 25)

    def outputs(moved):
        return layer(moved.reshape(4, 50)).detach().reshape(4, 3, 5)

    for index, moved in zip(FIVE, PAIRS, strict=True):
        torch.testing.assert_close(outputs(x[..., moved]), outputs(x)[..., index])


def test_a_layer_refuses_another_group_of_the_same_name():
    four = np.array([[1, 0, 2, 3, 4], [1, 2, 3, 0, 4]])  # the last asset stays
    with pytest.raises(SymmetryError, match="different groups"):
        RelaxedLinear(representation(four), representation(FIVE), 1, 1)
