"""The search for signed permutations, against trying all of them."""

import itertools

import numpy as np
import pytest

from nearsym.envs.discovering.automorphisms import Relation, Search, group_values


def as_points(index, sign):
    """The permutation of points of x ↦ (i goes to index[i] with sign[i])."""
    images = np.empty(2 * len(index), dtype=int)
    for i, (j, s) in enumerate(zip(index, sign, strict=True)):
        images[2 * i], images[2 * i + 1] = 2 * j + (s < 0), 2 * j + (s > 0)
    return images


def every(dim):
    for index in itertools.permutations(range(dim)):
        for sign in itertools.product([1, -1], repeat=dim):
            yield as_points(index, sign)


def closure(generators, points):
    elements = {tuple(range(points))}
    reached = list(elements)
    for element in reached:
        for generator in generators:
            product = tuple(int(generator[i]) for i in element)
            if product not in elements:
                elements.add(product)
                reached.append(product)
    return elements


def relation(matrix, vector):
    """Labels of a linear map and colours of a vector, on points."""
    signs = np.array([1.0, -1.0])
    return Relation(
        group_values(np.kron(matrix, np.outer(signs, signs)), 1e-9), group_values(np.kron(vector, signs), 1e-9)
    )


def planted(seed):
    """A matrix of which some random signed permutations are automorphisms."""
    draw = np.random.default_rng(seed)
    dim = int(draw.integers(2, 5))
    generators = [as_points(draw.permutation(dim), draw.choice([1, -1], dim)) for _ in range(draw.integers(0, 3))]
    group = [np.array(element) for element in closure(generators, 2 * dim)]
    matrix, vector = draw.integers(-2, 3, (dim, dim)).astype(float), draw.integers(0, 2, dim).astype(float)
    dense = [signed(images, dim) for images in group]
    return sum(g @ matrix @ g.T for g in dense), sum(g @ vector for g in dense), len(group)


def signed(images, dim):
    matrix = np.zeros((dim, dim))
    for i in range(dim):
        matrix[images[2 * i] // 2, i] = 1 - 2 * (images[2 * i] % 2)
    return matrix


@pytest.mark.parametrize("seed", range(40))
def test_the_group_is_that_of_brute_force(seed):
    matrix, vector, least = planted(seed)
    dim = len(vector)
    kept = {
        tuple(images.tolist())
        for images in every(dim)
        if np.allclose(signed(images, dim) @ matrix, matrix @ signed(images, dim))
        and np.allclose(signed(images, dim) @ vector, vector)
    }
    found = closure(Search(relation(matrix, vector), lambda images: True).generators(), 2 * dim)
    assert found == kept
    assert len(found) >= least


def test_what_does_not_pass_is_not_in_it():
    """All 48 signed permutations of three coordinates keep the identity, 24 of them with determinant 1."""
    search = Search(relation(np.eye(3), np.zeros(3)), lambda images: np.linalg.det(signed(images, 3)) > 0)
    assert len(closure(search.generators(), 6)) == 24
    assert not search.exhausted


def test_a_search_that_stops_says_so(monkeypatch):
    monkeypatch.setattr("nearsym.envs.discovering.automorphisms.NODES", 3)
    search = Search(relation(np.eye(4), np.zeros(4)), lambda images: False)
    assert search.generators() == []
    assert search.exhausted


def test_large_groups_are_found_by_few_generators():
    """The 20! · 2²⁰ signed permutations of twenty coordinates, of which none is listed."""
    generators = Search(relation(np.eye(20), np.zeros(20)), lambda images: True).generators()
    assert 2 <= len(generators) < 60
    assert {int(g[0]) for g in generators} | {0} != {0}


def test_values_without_a_gap_are_one():
    assert group_values(np.array([0.0, 0.9, 5.0, 1.8]), 1.0).tolist() == [0, 0, 1, 0]
