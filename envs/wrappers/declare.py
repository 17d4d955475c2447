"""Attaching a symmetry to an environment, and finding it again."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.capabilities import attribute
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry


class Declared(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment with a declared symmetry; changes nothing else."""

    def __init__(self, env: gymnasium.Env[Any, Any], symmetry: Symmetry) -> None:
        super().__init__(env)
        self.symmetry = symmetry


def declare(env: gymnasium.Env[Any, Any], symmetry: Symmetry) -> gymnasium.Env[Any, Any]:
    """Attach `symmetry` to `env`; it replaces one declared before.

    Raises:
        SymmetryError: it does not fit the environment's spaces.
        InputError: `symmetry` is no Symmetry.
    """
    if not isinstance(symmetry, Symmetry):
        raise InputError(f"expected a nearsym.envs.symmetry.Symmetry, got a {type(symmetry).__name__}")
    symmetry.check_spaces(env.observation_space, env.action_space)
    return Declared(env, symmetry)


def symmetry_of(env: gymnasium.Env[Any, Any]) -> Symmetry | None:
    """The symmetry declared last on `env`, or None."""
    _warn_of_normalisation(env)
    found = attribute(env, "symmetry")
    return found if isinstance(found, Symmetry) else None


def _warn_of_normalisation(env: gymnasium.Env[Any, Any]) -> None:
    """Say what normalising every coordinate by itself breaks, where that is done around a declared symmetry."""
    while isinstance(env, gymnasium.Wrapper):
        if isinstance(env, Declared):
            return
        if isinstance(env, gymnasium.wrappers.NormalizeObservation):
            inner = symmetry_of(env.env)
            if inner is not None:
                warn_if_broken(inner, "NormalizeObservation", env.obs_rms.mean, env.obs_rms.var)
            return
        env = env.env


def warn_if_broken(symmetry: Symmetry, what: str, mean: Any, variance: Any) -> None:
    """Warn of a normalisation (x - mean) / sqrt(variance), with how far it is from commuting with the group now."""
    shift, scale = np.ravel(mean), 1 / np.sqrt(np.ravel(variance) + 1e-8)
    rep, broken = symmetry.observation.rep, 0.0
    for element in range(rep.group.rows):
        # n(ρx) - ρn(x) = (Sρ - ρS) x - (S m - ρ S m), S the scales
        moved = rep.apply(element, (scale * shift)[None])[0]
        offset = np.abs(scale * shift - moved).max()
        permuted = np.abs(rep.apply(element, scale[None])[0])
        skew = np.abs(permuted / scale - 1).max() if rep.is_signed_permutation else np.ptp(scale) / scale.mean()
        broken = max(broken, float(offset), float(skew))
    warnings.warn(
        f"{what} normalises every coordinate by itself, which does not commute with the symmetry: its mean and scales "
        f"are now up to {broken:.2g} standard deviations from invariant ones, and that changes as it learns; use "
        "nearsym.envs.wrappers.SymmetricNormalise",
        stacklevel=4,
    )
