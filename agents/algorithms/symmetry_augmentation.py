"""Moving replayed transitions by random elements of the symmetry: what a plain network can do with one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import Applied

from .experience import Batch
from .learner import Law

DRAWN = 256
"""Elements drawn beforehand of a group known by its generators alone."""

BURN_IN, BETWEEN = 40, 10
"""Steps of product replacement before the first element, for each of the pool, and between two elements."""


class SymmetryAugmentation:
    """Moves each transition of a batch by an element drawn for it.

        (s, a, r, s') → (gs, ga, r, gs'),   g uniform over the group

    Of a group known by its generators alone, g is one of 256 random elements drawn beforehand.

    Args:
        symmetry: on flat observations, or images.
        device: of the batches.
        seed: of the drawing beforehand; which of them moves a transition follows from torch's generator.
    """

    def __init__(self, symmetry: Symmetry, device: torch.device, seed: int = 0) -> None:
        observation, action = symmetry.observation.rep, symmetry.action
        if symmetry.group.listed:
            self._observation, self._action = _Moves.of(observation, device), _Moves.of(action, device)
        else:
            index, sign = random_elements(observation.direct_sum(action), DRAWN, seed)
            split = observation.dim
            self._observation = _Moves.signed(index[:, :split], sign[:, :split], device)
            self._action = _Moves.signed(index[:, split:] - split, sign[:, split:], device)
        self._count = symmetry.group.rows if symmetry.group.listed else DRAWN

    def __call__(self, batch: Batch) -> Batch:
        """The batch with observations, actions and next observations moved."""
        element = torch.randint(self._count, (len(batch.actions),), device=batch.actions.device)
        return batch._replace(
            observations=self._observation(batch.observations, element),
            actions=self._action(batch.actions, element),
            next_observations=self._observation(batch.next_observations, element),
        )


class Orbit:
    """Moves every row of a batch by every known element, the identity of a listed group among them.

    Args:
        rep: representation on rows.
        device: of the batches.

    Attributes:
        rows: known elements.

    Shapes: (batch, rep.dim), or images, to (rows·batch, …), element after element.
    """

    def __init__(self, rep: Representation, device: torch.device) -> None:
        self.rows = rep.group.rows
        self._moves = _Moves.of(rep, device)

    def __call__(self, x: Tensor) -> Tensor:
        """ρ(g) x, for the first g of all rows first."""
        element = torch.arange(self.rows, device=x.device).repeat_interleave(len(x))
        return self._moves(x.repeat(self.rows, *[1] * (x.dim() - 1)), element)


class LawOnOrbits:
    """A law under the group, to be compared on whole orbits.

    Args:
        name: of the network whose law it is.
        law: function and representations.
        device: of the batches.
    """

    def __init__(self, name: str, law: Law, device: torch.device) -> None:
        self._name, self._law = name, law
        self._moves = Orbit(law.in_rep, device), Orbit(law.out_rep, device)

    def __call__(self, x: Tensor) -> Applied:
        """The function on a batch, (batch, in_rep.dim), or what is flattened to that."""
        return Applied(self._name, self._law.function, x.flatten(1), *self._moves)


class OrbitAugmentation:
    """Moves each transition of a batch by all elements of the group, so that a batch is |G| times as long.

    For losses that are means over batches, no gradient of a mean over the group has less variance.

    Raises:
        InputError: the group is known by its generators alone.
    """

    def __init__(self, symmetry: Symmetry, device: torch.device, seed: int = 0) -> None:
        if not symmetry.group.listed:
            raise InputError(
                f"network=orbits moves every transition by all elements of {symmetry.group!r}, of which only "
                "generators are known; use network=augmented, which draws one for each"
            )
        self._observation, self._action = Orbit(symmetry.observation.rep, device), Orbit(symmetry.action, device)

    def __call__(self, batch: Batch) -> Batch:
        """(|G|·batch) transitions: the whole batch moved by the first element, then by the second, and so on."""
        rows = self._action.rows
        return batch._replace(
            observations=self._observation(batch.observations),
            actions=self._action(batch.actions),
            rewards=batch.rewards.repeat(rows),
            next_observations=self._observation(batch.next_observations),
            discounts=batch.discounts.repeat(rows),
        )


def random_elements(rep: Representation, count: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.int8]]:
    """Index and sign, (count, dim) each, of nearly uniform random elements of a group given by its generators.

    By product replacement (Celler, Leedham-Green, Murray, Niemeyer & O'Brien, "Generating random elements of a finite
    group", 1995): a pool of elements that generate the group, one of which is again and again multiplied by another or
    its inverse.
    """
    generator = np.random.default_rng(seed)
    index, sign = (array.copy() for array in rep.arrays)
    size = max(10, 2 * len(index))
    pool = np.arange(size) % len(index)
    index, sign = index[pool], sign[pool]
    found = []
    for step in range(BURN_IN * size + BETWEEN * count):
        i, j = generator.choice(size, 2, replace=False)
        source, signs = index[j], sign[j]
        if generator.integers(2):
            source = np.argsort(source)
            signs = signs[source]
        # (ρ(a) ρ(g) x)[k] = s_a[k] s_g[π_a(k)] x[π_g(π_a(k))], with a from the left or from the right
        if generator.integers(2):
            index[i], sign[i] = index[i][source], signs * sign[i][source]
        else:
            sign[i] = sign[i] * signs[index[i]]
            index[i] = source[index[i]]
        if step >= BURN_IN * size and (step - BURN_IN * size) % BETWEEN == 0:
            found.append((index[i].copy(), sign[i].copy()))
    drawn_index, drawn_sign = zip(*found, strict=True)
    return np.array(drawn_index), np.array(drawn_sign)


class _Moves:
    """ρ(g) of many elements at once, one for each row of a batch: gathered and signed, or by (elements, dim, dim)."""

    def __init__(self, index: Tensor | None, sign: Tensor | None, matrix: Tensor | None) -> None:
        self._index, self._sign, self._matrix = index, sign, matrix

    @classmethod
    def of(cls, rep: Representation, device: torch.device) -> _Moves:
        if rep.dense is not None:
            return cls(None, None, torch.tensor(rep.dense, dtype=torch.get_default_dtype(), device=device))
        return cls.signed(*rep.arrays, device)

    @classmethod
    def signed(cls, index: NDArray[np.intp], sign: NDArray[np.int8], device: torch.device) -> _Moves:
        signs = torch.tensor(sign, device=device) if (sign < 0).any() else None  # images have none
        return cls(torch.tensor(index, device=device), signs, None)

    def __call__(self, x: Tensor, element: Tensor) -> Tensor:
        """ρ(element[k]) x[k] for every row k; images keep their shape."""
        flat = x.flatten(1)
        if self._matrix is not None:
            return torch.einsum("bij,bj->bi", self._matrix[element].to(x.dtype), flat)
        assert self._index is not None  # a signed permutation
        flat = flat.gather(1, self._index[element])
        if self._sign is not None:
            flat = flat * self._sign[element].to(x.dtype)
        return flat.view_as(x)
