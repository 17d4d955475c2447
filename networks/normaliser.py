"""Observations of mean 0 and variance 1 as the first layer of networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nearsym.envs.symmetry import OrbitStatistics, Representation, mixed_coordinates
from nearsym.envs.symmetry.statistics import EPSILON, LONGEST


class Normaliser(nn.Module):
    """`OrbitStatistics` as a layer, which commutes with the group and is saved with the networks.

    Example:
        >>> import numpy as np, torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Normaliser
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[-1])
        >>> layer = Normaliser(mirror.observation.rep)
        >>> layer.update(np.array([[3.0, 1.0], [4.0, 3.0]]))
        >>> layer(torch.tensor([[5.0, 3.0], [-5.0, 3.0]])).round(decimals=2)
        tensor([[ 1.4100,  1.0000],
                [-1.4100,  1.0000]])

    Args:
        rep: representation on the vectors.

    Shapes: (batch, rep.dim) to the same.
    """

    count: Tensor
    mean: Tensor
    variance: Tensor
    block: Tensor

    def __init__(self, rep: Representation) -> None:
        super().__init__()
        self._statistics = OrbitStatistics(rep)
        self.register_buffer("count", torch.tensor(0))
        for name in ("mean", "variance"):
            self.register_buffer(name, torch.tensor(getattr(self._statistics, name)))
        blocks = np.eye(int(mixed_coordinates(rep).max()) + 1)[mixed_coordinates(rep)]
        self.register_buffer("block", torch.tensor(blocks, dtype=torch.float32), persistent=False)
        self.register_load_state_dict_post_hook(lambda module, keys: module._read())  # type: ignore[no-untyped-call]
        self._read()

    def update(self, vectors: NDArray[Any]) -> None:
        """Take (rows, dim) more vectors."""
        self._statistics.update(vectors)
        for name, value in self._statistics.state().items():
            buffer = getattr(self, name)
            buffer.copy_(torch.tensor(value, dtype=buffer.dtype))
        self._read()

    def forward(self, x: Tensor) -> Tensor:
        """Every row normalised."""
        scaled = (x - self._shift) * self._scale
        length = (scaled.square() @ self.block / self.block.sum(dim=0)).sqrt()
        return scaled * ((LONGEST / length.clamp(min=LONGEST)) @ self.block.T)

    def _read(self) -> None:
        """Shift and scale from the buffers."""
        names = ("count", "mean", "variance")
        self._statistics.restore({name: getattr(self, name).tolist() for name in names})
        scale = 1 / np.sqrt(self._statistics.shared_variance + EPSILON)
        shift = self._statistics.invariant_mean
        self._shift, self._scale = (
            torch.tensor(value, dtype=torch.float32, device=self.mean.device) for value in (shift, scale)
        )
