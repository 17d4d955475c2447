"""Linear layers for several networks at once: one interface, and what layers with a matrix share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation


class Linear(nn.Module, ABC):
    """A layer of `members` independent networks, applied to an input, which it may look at.

    Shapes: x is (batch, in_features), shared by all members, or (members, batch, in_features); y is
    (members, batch, out_features).
    """

    def __init__(self, in_features: int, out_features: int, members: int = 1) -> None:
        super().__init__()
        self.in_features, self.out_features, self.members = in_features, out_features, members

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """(members, batch, out_features) from (batch, in_features) or (members, batch, in_features)."""

    def extra_repr(self) -> str:
        """Sizes, for ``print(module)``."""
        return f"{self.in_features} -> {self.out_features}, members={self.members}"


class ExpandedLinear(Linear):
    """y = W x + b with W and b expanded from parameters, whatever x is.

    Convolutions slide such a W over their input as a kernel; other layers they apply to every patch.

    Attributes:
        reps: representations on one channel of the input, positions included, and on one of the output; None for a
            layer that was built without.
    """

    reps: tuple[Representation, Representation] | None = None

    def __init__(self, in_features: int, out_features: int, members: int = 1) -> None:
        super().__init__(in_features, out_features, members)
        self._cache: tuple[list[Tensor], tuple[Tensor, Tensor]] | None = None

    @abstractmethod
    def expand(self) -> tuple[Tensor, Tensor]:
        """W of shape (members, out_features, in_features) and b of shape (members, out_features)."""

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """`expand`, remembered between calls that need no gradient for as long as the parameters stay the same.

        The parameters are compared by value: an in-place write through ``.data``, as in stable-baselines3's
        Polyak update, leaves ``Tensor._version`` untouched, so a cache keyed on versions would go stale and
        freeze the target network. The comparison costs a fraction of an expansion and cannot be fooled.
        """
        parameters = list(self.parameters())
        swapped = any(not isinstance(p, nn.Parameter) for p in parameters)  # by `torch.func.functional_call`
        if swapped or (torch.is_grad_enabled() and any(p.requires_grad for p in parameters)):
            return self.expand()
        if self._cache is not None:
            seen, expanded = self._cache
            if all(_identical(a, b) for a, b in zip(seen, parameters, strict=True)):
                return expanded
        expanded = self.expand()
        self._cache = [p.detach().clone() for p in parameters], expanded
        return expanded

    def __getstate__(self) -> dict[str, object]:
        """The cache is neither copied nor saved."""
        return {**self.__dict__, "_cache": None}

    def forward(self, x: Tensor) -> Tensor:
        """(members, batch, out_features) from (batch, in_features) or (members, batch, in_features)."""
        weight, bias = self.weight_and_bias()
        if self.members == 1:
            return nn.functional.linear(x.reshape(-1, self.in_features), weight[0], bias[0]).unsqueeze(0)
        return torch.baddbmm(bias.unsqueeze(1), x.expand(self.members, -1, -1), weight.transpose(1, 2))


def _identical(a: Tensor, b: Tensor) -> bool:
    return a.device == b.device and a.dtype == b.dtype and torch.equal(a, b)
