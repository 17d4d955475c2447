"""Which representation hidden layers carry."""

from __future__ import annotations

import numpy as np

from nearsym.envs.symmetry import Representation, cover_orbits, direct_sum


def hidden_representation(in_rep: Representation) -> Representation:
    """The permutation representation of one hidden channel.

    For a listed group the regular representation, on which any equivariant function can be computed. For a
    group given by its generators, the permutation by which it moves the coordinates of the input (their
    signed double cover, so that signs become permutations too): the assets themselves for permutations of
    assets, as in DeepSets (Zaheer et al., arXiv 1703.06114). Always unsigned, so that any pointwise
    nonlinearity commutes with it.
    """
    if in_rep.group.listed:
        return Representation.regular(in_rep.group)
    orbits = [np.asarray(orbit) for orbit in cover_orbits(in_rep)]
    return direct_sum([Representation.signed_permutation(in_rep.group, orbit) for orbit in orbits])
