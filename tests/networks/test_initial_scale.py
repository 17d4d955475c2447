"""Where layers start: outputs at the scale of torch.nn.Linear, however many inputs share a filter."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Group, Representation
from nearsym.networks import RelaxedLinear

pytestmark = pytest.mark.usefixtures("float64")


def assets(count):
    """One number of each of so many assets in any order."""
    order = [1, 0, *range(2, count)], [*range(1, count), 0]
    return Representation.signed_permutation(Group.generated(f"S{count}", ("swap", "cycle"), order), order)


@pytest.mark.parametrize("banks", [1, 4])
def test_outputs_start_at_the_scale_of_torch(banks):
    """The standard deviation of each weight is torch's, 1/sqrt(3 fan_in), for any number of banks."""
    hidden = Representation.regular(Group.dihedral(4))
    layer = RelaxedLinear(hidden, hidden, 32, 32, banks=banks)
    expected = 1 / np.sqrt(3 * 256)
    assert abs(layer.expand()[0].std().item() / expected - 1) < 0.05


@pytest.mark.parametrize("banks", [1, 4])
@pytest.mark.parametrize("kind", ["group", "projection", "assets", "pool", "stacked", "flips"])
def test_inputs_that_move_together_start_at_the_scale_of_torch(kind, banks):
    """1/sqrt(3) for inputs that are all 1, however many share a filter; signs that cancel are no such inputs."""
    hidden, two = Representation.regular(Group.dihedral(4)), Representation.regular(Group.cyclic(2))
    odd = Representation.matrices(two.group, [[[1]], [[-1]]])
    asset = assets(20)
    features = asset.copies(20).direct_sum(Representation.trivial(asset.group, 2))
    pairs = {
        "group": (hidden, hidden),
        "projection": (hidden, Representation.trivial(hidden.group)),
        "assets": (asset, asset),
        "pool": (asset, Representation.trivial(asset.group)),
        "stacked": (features, asset),
        "flips": (two, odd),
    }
    torch.manual_seed(0)
    layer = RelaxedLinear(*pairs[kind], 30, 500, banks=banks, relax="output" if kind == "stacked" else "input")
    weight = layer.expand()[0][0].detach()
    together, apart = (weight @ x for x in (torch.ones(weight.shape[1]), torch.randn(weight.shape[1])))
    if kind == "flips":
        assert together.std() < 1e-5
        assert apart.std() * 3**0.5 == pytest.approx(1, abs=0.25)
    else:
        assert together.std() * 3**0.5 == pytest.approx(1, abs=0.1)
        assert apart.std() * 3**0.5 < 1.3
