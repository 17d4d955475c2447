"""From settings to an environment as agents, audits and films all see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError

from .capabilities import set_split, stacked_frames
from .family import Env
from .objects import load_symmetry
from .perturbations import PerturbationSettings, perturb
from .registry import family_of, make
from .spaces import checked
from .wrappers import FrameStack, declare, is_image, symmetry_of


def build(
    id: str,
    kwargs: Mapping[str, Any] | None = None,
    *,
    pixels: bool = False,
    symmetry: str | None = None,
    perturbation: PerturbationSettings | None = None,
    split: str = "train",
    precise: bool = False,
    film: bool = False,
) -> Env:
    """Make an environment and all that belongs around it.

    From the inside: the environment of `make`; a guard that stops at the first step that is not as it should be
    (`Guard`); its symmetry; a Dict observation flattened, or three frames of an image stacked; perturbations.

    Args:
        id: what `make` takes.
        kwargs: of its constructor.
        pixels: observe a camera instead of numbers, where it has one.
        symmetry: ``my_module:name`` or ``my_file.yaml``, see `load_symmetry`; None takes the environment's own.
        perturbation: what disturbs it.
        split: ``train``, ``validation`` or ``test``, for an environment whose data are divided so.
        precise: observe in float64 where it offers a choice.
        film: draw frames for people to look at.

    Raises:
        InputError: the environment or the symmetry cannot be found, do not fit, cannot do what is asked, or its spaces
            are none that agents can act and observe in (`nearsym.envs.spaces`).
    """
    env = make(id, **{**_asked(id, pixels, precise, film), **(kwargs or {})})
    env = checked(env, id)
    if symmetry is not None:
        env = declare(env, load_symmetry(symmetry))
    env = flattened(env)
    set_split(env, split)
    return env if perturbation is None else perturb(env, perturbation)


def _asked(id: str, pixels: bool, precise: bool, film: bool) -> dict[str, Any]:
    """Arguments of the constructor."""
    family = family_of(id)
    asked = dict(family.precise) if precise else {}
    if pixels:
        if family.camera is None:
            raise InputError(f"pixels=true draws dm_control tasks (dmc/…), not {id}; its own images need no flag")
        asked.update(family.camera)
    if film:
        if family.film is None:
            raise InputError(f"{id} draws no frames, so there is nothing to film")
        asked.update(family.film)
    return asked


def flattened(env: Env) -> Env:
    """Observations as one vector, or a stack of frames, each with the symmetry there."""
    space = env.observation_space
    if isinstance(space, gymnasium.spaces.Dict) or not (is_image(space) or len(space.shape or ()) == 1):
        symmetry = symmetry_of(env)
        flat: Env = gymnasium.wrappers.FlattenObservation(env)
        return flat if symmetry is None else declare(flat, symmetry.ordered(space))
    if is_image(space) and stacked_frames(env) is None:
        return FrameStack(env)
    return env
