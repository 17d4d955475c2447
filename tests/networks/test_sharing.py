"""Which numbers of a matrix share a weight, found by blocks and by the whole."""

import pytest
import torch

from nearsym.envs.symmetry import Group, Representation
from nearsym.networks.sharing import GatherSharing, StackedSharing, weight_sharing

pytestmark = pytest.mark.usefixtures("float64")


def asset_features(blocks):
    """Three assets in any order, seen through so many numbers of each and two that nothing moves."""
    order = [[1, 0, 2], [0, 2, 1]]
    group = Group.generated("S3", ("swap 01", "swap 12"), order)
    asset = Representation.signed_permutation(group, order)
    return asset, asset.copies(blocks).direct_sum(Representation.trivial(group, 2))


def spanned(sharing, shape):
    """(count, entries) the matrix that each filter value alone expands to."""
    filters = torch.eye(sharing.count).view(sharing.count, 1, sharing.count, 1, 1)
    return sharing(filters, torch.ones(sharing.count, 1, shape[0], 1)).reshape(sharing.count, -1)


def test_stacked_blocks_share_as_the_whole_does(monkeypatch):
    """The same space of matrices, from as many numbers, by the blocks and by the orbits of the whole."""
    asset, features = asset_features(4)
    shape = asset.dim, features.dim
    whole = spanned(weight_sharing(asset, features), shape)
    monkeypatch.setattr("nearsym.networks.sharing.MAX_BASIS", 100)
    stacked = weight_sharing(asset, features, stack=True)
    assert isinstance(stacked, StackedSharing) and len(stacked.sharings) == 2
    both = torch.cat([whole, spanned(stacked, shape)])
    assert len(whole) == stacked.count == torch.linalg.matrix_rank(both) == 4 * 2 + 2
    everything = weight_sharing(asset, features).fan_in
    assert stacked.fan_in.inputs == everything.inputs == features.dim
    assert stacked.fan_in.filters == everything.filters
    assert sorted(stacked.fan_in.reach) == sorted(everything.reach)
    _, other = asset_features(3)
    assert torch.linalg.matrix_rank(spanned(weight_sharing(asset, other), (3, 11))) != stacked.count


def test_interlaced_blocks_are_not_stacked(monkeypatch):
    """Asset by asset instead of number by number: orbits interlace, and the whole is shared at once."""
    asset, _ = asset_features(1)
    interlaced = asset.tensor_product(Representation.trivial(asset.group, 9))
    monkeypatch.setattr("nearsym.networks.sharing.MAX_BASIS", 100)
    assert isinstance(weight_sharing(asset, interlaced, stack=True), GatherSharing)
