"""Symmetries as rsl_rl and Isaac Lab ask for them, and such functions, or others, as maps that can be audited."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs.auditing import Map
from nearsym.envs.errors import InputError, told
from nearsym.envs.symmetry import Parts, Representation, Symmetry

FloatArray = NDArray[np.float64]

PROBED = 2
"""Rows of the batch that tells how many images a data_augmentation_func makes."""

GROUP = "policy"
"""Group of observations that a symmetry on one vector is for."""


def rsl_rl(symmetry: Symmetry) -> Callable[..., tuple[Any, Tensor | None]]:
    """The ``data_augmentation_func`` of rsl_rl's ``symmetry_cfg`` and Isaac Lab's ``RslRlSymmetryCfg``.

    It takes ``env``, ``obs`` and ``actions``, the last two of which may be None, and returns these two with every image
    under the group stacked along the batch, the original first: (n, dim) → (|G| n, dim). Observations are a tensor, or
    a TensorDict or dict of groups. A symmetry on one vector moves the group ``policy``; one declared on a mapping, such
    as ``observation={"policy": …, "critic": …}``, moves each group as it says. ``obs_type`` of earlier versions names
    the group of a tensor. Gradients pass.

    Args:
        symmetry: with a listed group.

    Raises:
        InputError: the group is not listed; from the function: a group of observations is not declared, or sizes
            differ.
    """
    if not symmetry.group.listed:
        raise InputError(
            f"the group {symmetry.group.name} has too many elements to stack a batch for each; declare a subgroup"
        )
    observed = symmetry.observation
    reps = (
        {str(key): part.rep for key, part in observed.named.items()}
        if isinstance(observed, Parts)
        else {GROUP: observed.rep}
    )
    count = symmetry.group.rows

    def moved(part: str, rep: Representation, x: Tensor) -> Tensor:
        if x.shape[-1] != rep.dim:
            raise InputError(f"{part} has {x.shape[-1]} numbers, the symmetry moves {rep.dim}; declare it on these")
        return torch.cat([_apply(rep, element, x) for element in range(count)])

    def group(key: str) -> Representation:
        if key not in reps:
            raise InputError(
                f"the symmetry does not say how the observations {key!r} move, only {', '.join(reps)}; declare it with "
                f"observation={{{key!r}: …}}"
            )
        return reps[key]

    def data_augmentation_func(
        env: Any = None, obs: Any = None, actions: Tensor | None = None, obs_type: str = GROUP
    ) -> tuple[Any, Tensor | None]:
        """Observations and actions with their images; either may be None."""
        images: Any = None
        if isinstance(obs, Tensor):
            images = moved(f"obs ({obs_type})", group(obs_type), obs)
        elif obs is not None:
            images = {} if isinstance(obs, dict) else torch.cat([obs] * count)
            for key in obs.keys():  # a TensorDict itself iterates over its batch
                images[key] = moved(f"obs[{key!r}]", group(key), obs[key])
        return images, None if actions is None else moved("actions", symmetry.action, actions)

    return data_augmentation_func


def maps_of(function: Callable[..., Any], env: Any) -> list[Map]:
    """A user's function as maps of numpy arrays, one for each element that is not the identity.

    Args:
        function: ``(obs, act) -> (obs, act)`` of numpy arrays or tensors, batched; or a ``data_augmentation_func`` with
            arguments named obs and actions, which returns the batch with its images behind it.
        env: given to it where it takes one, and asked for the sizes.

    Raises:
        InputError: it cannot be called so.
    """
    if not callable(function):
        raise InputError(f"the map is a {type(function).__name__}, expected a function (obs, act) -> (obs, act)")
    if not {"obs", "actions"} <= set(inspect.signature(function).parameters):
        return [lambda observations, actions: _either(function, observations, actions)]
    probe = [np.ones((PROBED, size)) for size in (env.observation_space.shape[0], env.action_space.shape[0])]
    try:
        found = _stacked(function, env, *probe)
    except InputError:
        raise
    except Exception as error:  # whatever a user's own function raises
        raise InputError(f"the map raises {told(error)}; expected (env, obs, actions) -> (obs, actions)") from error
    count = len(found[0]) // PROBED
    if count < 2 or any(len(each) != count * PROBED for each in found):
        raise InputError(
            f"the map makes {len(found[0])} observations and {len(found[1])} actions of {PROBED}; expected the batch "
            "and then its images, as many of both"
        )

    def image(element: int) -> Map:
        def one(observations: FloatArray, actions: FloatArray) -> tuple[FloatArray, FloatArray]:
            rows = slice(element * len(observations), (element + 1) * len(observations))
            seen, taken = _stacked(function, env, observations, actions)
            return seen[rows], taken[rows]

        return one

    return [image(element) for element in range(1, count)]


def _apply(rep: Representation, element: int, x: Tensor) -> Tensor:
    """ρ(g) x."""
    if rep.is_signed_permutation:
        index, sign = (np.array(array[element]) for array in rep.arrays)
        return x[..., torch.as_tensor(index, device=x.device)] * torch.as_tensor(sign, dtype=x.dtype, device=x.device)
    return x @ torch.as_tensor(np.array(rep.matrix[element]), dtype=x.dtype, device=x.device).T


def _stacked(
    function: Callable[..., Any], env: Any, observations: FloatArray, actions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What a data_augmentation_func makes of arrays: the batch, then its images."""
    arguments: dict[str, Any] = {"env": env} if "env" in inspect.signature(function).parameters else {}
    seen, taken = (torch.as_tensor(each, dtype=torch.float32) for each in (observations, actions))
    try:
        answer = function(obs=seen, actions=taken, **arguments)
    except Exception as error:  # does it ask for groups, rather than for a tensor?
        try:
            answer = function(obs=_grouped(seen), actions=taken, **arguments)
        except Exception:
            raise error from None
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise InputError(f"the map returns a {type(answer).__name__}; expected a pair (obs, actions)")
    images = answer[0] if isinstance(answer[0], Tensor | np.ndarray) else answer[0][GROUP]
    return _array(images), _array(answer[1])


def _either(function: Callable[..., Any], observations: FloatArray, actions: FloatArray) -> Any:
    """What a function of numpy arrays, or of tensors, makes of arrays."""
    try:
        answer = function(observations, actions)
    except Exception as error:  # of numpy arrays it may raise anything; is it one of tensors?
        try:
            answer = function(*(torch.as_tensor(each, dtype=torch.float32) for each in (observations, actions)))
        except Exception:
            raise error from None
    if not isinstance(answer, tuple | list):
        return answer
    return tuple(_array(each) for each in answer)


def _array(values: Any) -> FloatArray:
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    array: FloatArray = np.asarray(values, dtype=np.float64)
    return array


def _grouped(observations: Tensor) -> Any:
    """Observations as a group of that name, in a TensorDict where the package is installed."""
    groups: Mapping[str, Tensor] = {GROUP: observations}
    try:
        from tensordict import TensorDict
    except ImportError:
        return groups
    return TensorDict(groups, batch_size=[len(observations)])
