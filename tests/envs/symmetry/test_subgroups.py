"""The largest subgroup inside a set of elements, against all subsets."""

import itertools

import numpy as np
import pytest

from nearsym.envs.symmetry import Group, largest_subgroup


def subgroups(group):
    """All of them: subsets with the identity that are closed under products."""
    others = range(1, group.order)
    subsets = ({0, *chosen} for size in range(group.order) for chosen in itertools.combinations(others, size))
    return [one for one in subsets if all(int(group.cayley_table[a, b]) in one for a in one for b in one)]


@pytest.mark.parametrize("group", [Group.cyclic(1), Group.cyclic(6), Group.dihedral(3), Group.dihedral(4)])
def test_the_largest_subgroup_that_holds_is_found(group):
    known, generator = subgroups(group), np.random.default_rng(0)
    for _ in range(40):
        holds, cost = generator.random(group.order) < 0.7, generator.random(group.order)
        kept = largest_subgroup(group, holds, cost)
        found = set(np.flatnonzero(kept))
        may = {0, *np.flatnonzero(holds)}
        fitting = [one for one in known if one <= may]
        assert found in fitting and len(found) == max(map(len, fitting))
        assert sum(cost[list(found)]) == pytest.approx(
            min(sum(cost[list(one)]) for one in fitting if len(one) == len(found))
        )


def test_one_element_that_fails_takes_those_along_that_make_it():
    """r of D4 cannot be kept without r², so that of a square without its half turn a mirror is left."""
    group = Group.dihedral(4)
    holds = np.array([name != "r^2" for name in group.names])
    kept = largest_subgroup(group, holds, np.where(np.array(group.names) == "rs", 0.0, 1.0))
    assert {group.names[g] for g in np.flatnonzero(kept)} == {"e", "rs"}
    assert largest_subgroup(group, np.ones(8, dtype=bool), np.zeros(8)).all()
