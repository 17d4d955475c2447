"""Parameters of networks in one tensor, so that what is done to all of them is one operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


class Flat(nn.Module):
    """Parameters copied into one tensor, of which they become views.

    What is written to the tensor is written to them, and the other way round. Whoever gives a parameter other memory,
    as `Module.double` and ``parameter.data = …`` do, is followed by `gather`.

    Args:
        parameters: of one device and type.

    Attributes:
        parameters_in_order: as they lie in the tensor.
        tensor: (n,) all of them.
    """

    tensor: Tensor

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__()
        self.parameters_in_order: Sequence[nn.Parameter] = tuple(parameters)
        self._sizes = [parameter.numel() for parameter in self.parameters_in_order]
        self._with_sizes = list(zip(self.parameters_in_order, self._sizes, strict=True))
        self._shapes = [parameter.shape for parameter in self.parameters_in_order]
        self.register_buffer("tensor", torch.empty(0), persistent=False)
        self.gather()

    def gather(self) -> bool:
        """Make all parameters views of one tensor again, where they are not; whether there was anything to do."""
        offset, width = self.tensor.data_ptr(), self.tensor.element_size()
        for parameter, size in self._with_sizes:
            if parameter.data_ptr() != offset and size:
                break
            offset += size * width
        else:
            if offset == self.tensor.data_ptr() + self.tensor.numel() * width:
                return False
        self.adopt(self.concatenated())
        return True

    def adopt(self, tensor: Tensor) -> None:
        """Make a tensor of the same values the one that parameters are views of."""
        self.tensor = tensor
        with torch.no_grad():
            for parameter, view in zip(self.parameters_in_order, self.views(self.tensor), strict=True):
                parameter.data = view

    def concatenated(self) -> Tensor:
        """(n,) a copy of all parameters, without gradient."""
        return torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters_in_order])

    def views(self, tensor: Tensor) -> list[Tensor]:
        """The parts of another such tensor, in the shapes of the parameters."""
        parts = torch.split(tensor, self._sizes)
        return [part.view(shape) for part, shape in zip(parts, self._shapes, strict=True)]
