"""What a stochastic policy draws from: a Gaussian for continuous actions, a categorical for discrete ones."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation
from nearsym.networks import Family, LogStd

from .problem import ActionBox

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Gaussian(nn.Module):
    """N(μ(s), diag σ²) in the units of [-1, 1], clipped to the box when it is acted upon.

    Args:
        space: a bounded Box.
        action: representation on it.
        family: which network.
        log_std: what log σ starts from.

    Attributes:
        shape: of one action as it is drawn.
        dtype: of the same.
    """

    dtype = np.float32

    def __init__(self, space: gymnasium.Space[Any], action: Representation, family: Family, log_std: float) -> None:
        super().__init__()
        self.shape: tuple[int, ...] = (action.dim,)
        self._box = ActionBox(space)
        self.log_std = LogStd(action, family, log_std)

    def sample(self, mean: Tensor) -> Tensor:
        """(batch, dim) actions."""
        return mean + self.log_std().exp() * torch.randn_like(mean)

    def best(self, mean: Tensor) -> Tensor:
        """The most likely actions."""
        return mean

    def to_env(self, drawn: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """Actions of the environment."""
        return self._box.to_env(np.clip(drawn, -1, 1))

    def log_prob(self, mean: Tensor, actions: Tensor) -> Tensor:
        """(batch,) log-densities, of actions as they were drawn."""
        log_std = self.log_std()
        scaled = (actions - mean) * (-log_std).exp()
        return (-0.5 * scaled.square() - log_std - HALF_LOG_2PI).sum(dim=-1)

    def entropy(self, mean: Tensor) -> Tensor:
        """(batch,) nats."""
        return (self.log_std() + 0.5 + HALF_LOG_2PI).sum().expand(len(mean))

    def compared(self, mean: Tensor) -> Tensor:
        """What a mirror loss compares: the mean."""
        return mean

    def moved(self, orbit: Any, actions: Tensor) -> Tensor:
        """Actions moved by every element."""
        moved: Tensor = orbit(actions)
        return moved


class Categorical(nn.Module):
    """Discrete actions by their logits.

    Args:
        space: how many there are.
    """

    dtype = np.int64
    shape: tuple[int, ...] = ()

    def __init__(self, space: gymnasium.spaces.Discrete) -> None:
        super().__init__()
        self._count, self._first = int(space.n), int(space.start)

    def sample(self, logits: Tensor) -> Tensor:
        """(batch,) numbers."""
        return torch.multinomial(logits.softmax(-1), 1).squeeze(-1)

    def best(self, logits: Tensor) -> Tensor:
        """The most likely actions."""
        return logits.argmax(-1)

    def to_env(self, drawn: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """Actions of the environment."""
        return drawn + self._first

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """(batch,) logarithms of probabilities."""
        return logits.log_softmax(-1).gather(-1, actions.unsqueeze(-1)).squeeze(-1)

    def entropy(self, logits: Tensor) -> Tensor:
        """(batch,) nats."""
        logs = logits.log_softmax(-1)
        return -(logs.exp() * logs).sum(-1)

    def compared(self, logits: Tensor) -> Tensor:
        """What a mirror loss compares: probabilities."""
        return logits.softmax(-1)

    def moved(self, orbit: Any, actions: Tensor) -> Tensor:
        """Actions moved by every element."""
        moved: Tensor = orbit(nn.functional.one_hot(actions, self._count).float()).argmax(-1)
        return moved
