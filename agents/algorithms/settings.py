"""Hyperparameters that algorithms share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nearsym.envs.errors import InputError
from nearsym.networks.encoders.encoder import FEATURES, FILTERS
from nearsym.networks.families.base import LARGEST

from .precision import PRECISIONS


@dataclass(frozen=True)
class AgentSettings:
    """Hyperparameters of every algorithm.

    Attributes:
        name: the algorithm.
        learning_rate: of all optimizers (Adam).
        batch_size: transitions in each gradient step.
        discount: γ.

    Raises:
        InputError: a value is out of range.
    """

    name: str = ""
    learning_rate: float = 3e-4
    batch_size: int = 256
    discount: float = 0.99

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, float) and not abs(value) <= LARGEST:
                raise InputError(f"agent.{name} is {value}, expected a number up to {LARGEST:g}")
        check_range("agent", self, 1, ("batch_size",))
        check_range("agent", self, 0, ("learning_rate",))
        if not 0 <= self.discount <= 1:
            raise InputError(f"agent.discount is {self.discount}, expected a number from 0 to 1")


@dataclass(frozen=True)
class OffPolicySettings(AgentSettings):
    """Hyperparameters of algorithms that learn from replayed transitions.

    Attributes:
        buffer_size: transitions (of images: frames) the replay buffer holds.
        learning_starts: steps of uniformly random actions before the first gradient step.
        tau: Polyak step of the target critics.
        train_every: environment steps between updates.
        gradient_steps: gradient steps in each update.
        n_steps: n of the n-step returns.
        features: length of the vectors between an image's feature map and the heads.
        filters: planes of each feature map of an image.
        normalise: vectors that are observed, by their running mean and variance, averaged over orbits.
        precision: of an image encoder's products: ``float32``, ``bfloat16`` (parameters, heads and losses stay
            float32), or ``auto``: bfloat16 on GPUs that have it, float32 elsewhere.

    Raises:
        InputError: a value is out of range.
    """

    buffer_size: int = 1_000_000
    learning_starts: int = 1000
    tau: float = 0.005
    train_every: int = 1
    gradient_steps: int = 1
    n_steps: int = 1
    features: int = FEATURES
    filters: int = FILTERS
    normalise: bool = False
    precision: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision not in PRECISIONS:
            raise InputError(f"agent.precision is {self.precision!r}, expected auto, float32 or bfloat16")
        positive = ("buffer_size", "train_every", "gradient_steps", "features", "filters")
        check_range("agent", self, 1, positive)
        check_range("agent", self, 1, ("n_steps",), MOST_STEPS)
        check_range("agent", self, 0, ("learning_starts",))
        if not 0 <= self.tau <= 1:
            raise InputError(f"agent.tau is {self.tau}, expected a number from 0 to 1")


MOST_STEPS = 10_000
"""Of one return: more than an episode has, and each is a step of a loop."""

LARGEST_LOG = 80.0
"""Of a standard deviation, either way: its exponential is still a number in single precision."""


def check_range(prefix: str, settings: object, low: float, names: tuple[str, ...], high: float = math.inf) -> None:
    """Check that the named settings are finite numbers from `low` to `high`.

    Raises:
        InputError: one is not; names it with its prefix.
    """
    for name in names:
        value, full = getattr(settings, name), f"{prefix}.{name}" if prefix else name
        if not (math.isfinite(value) and value >= low):
            raise InputError(f"{full} is {value}, expected a number >= {low:g}")
        if value > high:
            raise InputError(f"{full} is {value}, expected a number <= {high:,.0f}")
