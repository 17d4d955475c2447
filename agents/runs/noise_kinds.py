"""Kinds of noise under which a policy is evaluated, by the name that ``noise_kind=`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from nearsym.envs.perturbations import ObservationNoise, SaltAndPepper


@dataclass(frozen=True)
class NoiseKind:
    """Noise on observations.

    Attributes:
        wrapper: puts noise of a level on what an environment observes.
        label: what its levels are, for the axis of a figure.
        heading: the same in a few characters, for a column.
    """

    wrapper: type[ObservationNoise] | type[SaltAndPepper]
    label: str
    heading: str


NOISE_KINDS = {
    "gaussian": NoiseKind(ObservationNoise, "observation noise (standard deviation, observation units)", "noise (std)"),
    "salt_and_pepper": NoiseKind(SaltAndPepper, "fraction of pixels made black or white", "spoiled pixels"),
}
