"""Augmented networks: plain ones, whose data have the symmetry."""

from __future__ import annotations

from dataclasses import dataclass

from nearsym.envs.errors import InputError

from .plain import Plain
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Augmented(Plain):
    """A plain network that learns from transitions moved by random elements of the group; keys are those of `Family`.

    Raises:
        InputError: a value is out of range, or nothing is to be augmented.
    """

    family: str = "augmented"
    augment: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.augment:
            raise InputError(
                f"network.augment is False, which makes network={self.name} a plain one; use network=plain"
            )
