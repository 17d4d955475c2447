"""What an environment says it can, whatever it is wrapped in: attributes that any environment may have.

| attribute | what it says |
|---|---|
| ``get_state() -> ndarray`` | what its simulator's state is |
| ``set_state(ndarray) -> observation or None`` | that it can be put there |
| ``symmetry_errors(…)`` | that it measures its symmetry better than an audit could |
| ``splits``, ``set_split(name, whole=None)`` | that its data are divided in time |
| ``tickers`` | which assets its actions are about |
| ``data`` | what data it plays back, so that a run can tell when they have changed |
| ``past_returns`` | that what a portfolio earns there can be differentiated |
| ``set_price_noise(strength)`` | that noise belongs on its prices, not on what is observed of them |
| ``evaluation(…)`` | that returns say too little, and it has an evaluation of its own |
| ``vectors`` | which coordinates of its observation are vectors of the plane |
| ``camera``, ``physics`` | what perturbations of a MuJoCo simulator move |
| ``frames`` | how many frames one observation stacks |

What may be asked before an environment is made (a camera, float64, frames of a film) its `Family` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError, told

from .noise_level import NoiseLevel
from .past_returns import PastReturns
from .rollout import Policy, Remembering

Env = gymnasium.Env[Any, Any]
FloatArray = NDArray[np.float64]


def attribute(env: Env, name: str) -> Any:
    """What the environment or the outermost wrapper that has it says of `name`; None where none does.

    Raises:
        InputError: asking raises anything.
    """
    try:
        return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None
    except InputError:
        raise
    except Exception as error:  # whatever a property of a user's own environment raises
        raise InputError(f"the environment's {name} raises: {told(error)}") from error


def state_getter(env: Env) -> Callable[[], FloatArray] | None:
    """Tells the simulator's state, one vector in float64; InputError where get_state gives anything else."""
    get = attribute(env, "get_state")

    def told_state() -> FloatArray:
        try:
            state = get()
        except InputError:
            raise
        except (Exception, SystemExit) as error:  # whatever a user's own environment raises
            raise InputError(f"the environment's get_state raises: {told(error)}") from error
        return _vector(state)

    return None if get is None else told_state


def state_setter(env: Env) -> Callable[[FloatArray], Any] | None:
    """Puts the simulator into a state that `state_getter` tells; gives the observation there, or None."""
    return attribute(env, "set_state") if env.has_wrapper_attr("get_state") else None


def splits(env: Env) -> tuple[str, ...]:
    """Names of the periods its data are divided into, the last ones one fixed episode each; empty for none."""
    return _names(env, "splits")


def set_split(env: Env, split: str, whole: bool | None = None) -> None:
    """From the next episode on, stay in one period; an environment whose data are not divided is left as it is.

    Args:
        env: the environment.
        split: one of its `splits`.
        whole: whether an episode is the whole period; by default in all but the training period.

    Raises:
        InputError: there is no such period.
    """
    offered = splits(env)
    if not offered:
        return
    if split not in offered:
        raise InputError(f"split is {split!r}, expected one of {', '.join(offered)}")
    env.get_wrapper_attr("set_split")(split, whole)


def stacked_frames(env: Env) -> int | None:
    """How many frames one observation stacks; None where it is no stack of images.

    Raises:
        InputError: it says anything but a whole number.
    """
    if len(env.observation_space.shape or ()) != 3:  # of vectors, ``frames`` may be whatever its author likes
        return None
    found = attribute(env, "frames")
    if found is not None and not (isinstance(found, int) and found >= 1):
        raise InputError(f"the environment's frames is {found!r}, expected how many frames an observation stacks")
    return found


def tickers(env: Env) -> tuple[str, ...]:
    """Names of the assets that actions are about, in order; empty for an environment without."""
    return _names(env, "tickers")


def _names(env: Env, name: str) -> tuple[str, ...]:
    found = attribute(env, name)
    if found is None:
        return ()
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise InputError(f"the environment's {name} is {found!r}, expected a tuple of names; call it otherwise")
    return tuple(map(str, found))


def provenance(env: Env) -> dict[str, str]:
    """What data it plays back, in words, ``sha256`` among them; empty for an environment that plays back none."""
    return dict(attribute(env, "provenance") or {})  # not `data`, which MuJoCo's environments have


def past_returns(env: Env) -> PastReturns | None:
    """What decides what a portfolio earns, as arrays; None for an environment that is no such thing."""
    found: PastReturns | None = attribute(env, "past_returns")
    return found


def price_noise(env: Env) -> Callable[[float], None] | None:
    """Sets the noise on the prices it shows; None where noise belongs on observations."""
    return attribute(env, "set_price_noise")


class Findings(Protocol):
    """What an environment's own evaluation found."""

    @property
    def levels(self) -> list[NoiseLevel]:
        """What its `unit` measures at each level of noise, once for each drawing of it."""

    @property
    def unit(self) -> str:
        """Of what is measured."""

    @property
    def noise(self) -> str:
        """What the levels of noise are."""

    def content(self) -> dict[str, Any]:
        """All of it, for JSON."""

    def tables(self, title: str) -> list[Any]:
        """What to print: tables of rich, and lines of text."""

    def write(self, folder: Path, title: str) -> list[Path]:
        """Write further files into a folder, and tell which."""


class OwnEvaluation(Protocol):
    """An environment's own evaluation of a policy."""

    def __call__(
        self,
        env: Env,
        policy: Policy | Remembering,
        noise: Sequence[float],
        noise_kind: str,
        drawings: int,
        trials: int,
        untrained: Policy | Remembering | None = None,
    ) -> Findings:
        """Let a policy act in an environment.

        Args:
            env: the environment with all its wrappers.
            policy: deterministic, from an observation to an action, or one with memory; `nearsym.envs.rollout.acting`
                makes of either what a rollout takes.
            noise: levels of noise.
            noise_kind: ``gaussian`` or ``salt_and_pepper``.
            drawings: of the noise, at each level above 0.
            trials: how many policies were tried before this one was chosen, itself included.
            untrained: the same policy as it was before it learned anything.

        Raises:
            InputError: it knows no such noise.
        """


def own_evaluation(env: Env) -> OwnEvaluation | None:
    """Its own evaluation; None where returns say what there is to say."""
    return attribute(env, "evaluation")


def _vector(state: Any) -> FloatArray:
    try:
        vector = np.array(state).astype(np.float64, casting="same_kind")
    except (TypeError, ValueError) as error:
        raise _no_vector(f"a {type(state).__name__}") from error
    if vector.ndim != 1:
        raise _no_vector(f"an array of shape {vector.shape}")
    if not np.isfinite(vector).all():
        raise InputError(f"get_state returns {vector.tolist()}, expected finite numbers")
    return vector


def _no_vector(found: str) -> InputError:
    return InputError(
        f"get_state returns {found}, expected one vector, such as np.concatenate([position, velocity]), that set_state "
        "takes again"
    )
