"""Typed hyperparameters of every algorithm."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nearsym.envs.errors import InputError


@dataclass(frozen=True)
class AgentSettings:
    """Hyperparameters every algorithm has.

    Attributes:
        name: the algorithm.
        learning_rate: of all optimizers (Adam).
        batch_size: transitions in each gradient step.
        buffer_size: transitions (of images: frames) the replay buffer holds.
        learning_starts: steps of uniformly random actions before the first gradient step.
        discount: γ.
        tau: Polyak step of the target critics.
        train_every: environment steps between updates.
        gradient_steps: gradient steps in each update.

    Raises:
        InputError: a value is out of range.
    """

    name: str
    learning_rate: float
    batch_size: int
    buffer_size: int
    learning_starts: int
    discount: float
    tau: float
    train_every: int
    gradient_steps: int

    def __post_init__(self) -> None:
        check_range("agent", self, 1, ("batch_size", "buffer_size", "train_every", "gradient_steps"))
        check_range("agent", self, 0, ("learning_starts", "learning_rate"))
        for name in ("discount", "tau"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"agent.{name} is {getattr(self, name)}, expected a number from 0 to 1")


@dataclass(frozen=True)
class SACSettings(AgentSettings):
    """Hyperparameters of Soft Actor-Critic.

    Attributes:
        entropy_coefficient: the temperature α, or None to learn it.
        target_entropy: entropy the learned temperature aims at in nats; None is minus the action dimension.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "sac"
    learning_rate: float = 3e-4
    batch_size: int = 256
    buffer_size: int = 1_000_000
    learning_starts: int = 1000
    discount: float = 0.99
    tau: float = 0.005
    train_every: int = 1
    gradient_steps: int = 1
    entropy_coefficient: float | None = None
    target_entropy: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.entropy_coefficient is not None and not self.entropy_coefficient >= 0:
            raise InputError(f"agent.entropy_coefficient is {self.entropy_coefficient}, expected null or >= 0")


@dataclass(frozen=True)
class DrQv2Settings(AgentSettings):
    """Hyperparameters of DrQ-v2.

    Attributes:
        n_steps: n of the n-step returns.
        noise_first: standard deviation of the exploration noise at the start.
        noise_last: the same after `noise_steps` steps.
        noise_steps: steps over which it falls linearly.
        noise_clip: bound on the noise within updates.
        features: length of the vectors between feature map and heads.
        filters: planes of each feature map.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "drqv2"
    learning_rate: float = 1e-4
    batch_size: int = 256
    buffer_size: int = 1_000_000
    learning_starts: int = 2000
    discount: float = 0.99
    tau: float = 0.01
    train_every: int = 2
    gradient_steps: int = 1
    n_steps: int = 3
    noise_first: float = 1.0
    noise_last: float = 0.1
    noise_steps: int = 100_000
    noise_clip: float = 0.3
    features: int = 50
    filters: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("agent", self, 1, ("n_steps", "noise_steps", "features", "filters"))
        check_range("agent", self, 0, ("noise_first", "noise_last", "noise_clip"))


@dataclass(frozen=True)
class DrQSACSettings(AgentSettings):
    """Hyperparameters of SAC from pixels.

    Attributes:
        n_steps: n of the n-step returns.
        entropy_coefficient: the temperature α, or None to learn it.
        target_entropy: entropy the learned temperature aims at in nats; None is minus the action dimension.
        features: length of the vectors between feature map and heads.
        filters: planes of each feature map.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "drqsac"
    learning_rate: float = 1e-4
    batch_size: int = 256
    buffer_size: int = 1_000_000
    learning_starts: int = 1000
    discount: float = 0.99
    tau: float = 0.01
    train_every: int = 2
    gradient_steps: int = 1
    n_steps: int = 1
    entropy_coefficient: float | None = None
    target_entropy: float | None = None
    features: int = 50
    filters: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("agent", self, 1, ("n_steps", "features", "filters"))
        if self.entropy_coefficient is not None and not self.entropy_coefficient >= 0:
            raise InputError(f"agent.entropy_coefficient is {self.entropy_coefficient}, expected null or >= 0")


AGENT_SETTINGS: dict[str, type[AgentSettings]] = {"sac": SACSettings, "drqv2": DrQv2Settings, "drqsac": DrQSACSettings}
"""Settings by the name of the algorithm."""


def agent_settings(name: str) -> type[AgentSettings]:
    """The settings of an algorithm.

    Raises:
        InputError: there is no such algorithm.
    """
    if name not in AGENT_SETTINGS:
        raise InputError(f"agent.name is {name!r}, expected one of {', '.join(AGENT_SETTINGS)}")
    return AGENT_SETTINGS[name]


def check_range(prefix: str, settings: object, low: float, names: tuple[str, ...]) -> None:
    """Check that the named settings are finite numbers of at least `low`.

    Raises:
        InputError: one is not; names it with its prefix.
    """
    for name in names:
        value = getattr(settings, name)
        if not (math.isfinite(value) and value >= low):
            full = f"{prefix}.{name}" if prefix else name
            raise InputError(f"{full} is {value}, expected a number >= {low:g}")
