"""Stopping where an environment does not keep to its own spaces or to gymnasium's interface, or raises."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError, told

STEP = "(observation, reward, terminated, truncated, info)"
OLD = "this is the interface of gym before 0.26; return {} or wrap the environment in shimmy's GymV21CompatibilityV0"


class Guard(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Raises InputError where an environment raises, or where what it returns is not what it said it would be.

    Checked in every step: five values (two at a reset); observations of the space's shape and keys, in a type that fits
    into it; a reward that is one number; observations and rewards that are finite. One NaN in a replay buffer ruins
    every network trained from it, long after its cause has passed.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._step = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Raises:
            InputError: the environment raises, or returns something else than it should.
        """
        self._step = 0
        returned = self._called("reset", lambda: self.env.reset(seed=seed, options=options))
        if not (isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], dict)):
            raise InputError(
                f"reset returns {_kind(returned)}, expected a tuple (observation, info) with a dict for info; "
                f"{OLD.format('observation, {}')}"
            )
        self._check(returned[0], self.env.observation_space, "observation")
        return returned

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step.

        Raises:
            InputError: the environment raises, or returns something else than it should.
        """
        self._step += 1
        returned: Any = self._called("step", lambda: self.env.step(action))
        if not (isinstance(returned, tuple) and len(returned) == 5 and isinstance(returned[4], dict)):
            raise InputError(
                f"step returns {_kind(returned)}, expected a tuple {STEP} with a dict for info; "
                f"{OLD.format(STEP[1:-1])}"
            )
        observation, reward, terminated, truncated, info = returned
        self._check(observation, self.env.observation_space, "observation")
        return observation, self._number(reward), self._flag(terminated, "terminated"), self._flag(truncated), info

    def close(self) -> None:
        """Close the environment; what it raises then is a warning, for its work is done."""
        try:
            super().close()
        except (Exception, SystemExit) as error:  # whatever a user's own environment raises
            warnings.warn(f"the environment's close raises: {told(error)}", stacklevel=2)

    def _called(self, name: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except InputError:
            raise
        except ValueError as error:
            if "to unpack (expected " in str(error):  # a wrapper between this one and the environment met fewer values
                raise InputError(
                    f"{name} of the environment returns too few or too many values ({told(error)}), expected a tuple "
                    f"{STEP if name == 'step' else '(observation, info)'}; {OLD.format('all of them')}"
                ) from error
            raise self._failed(name, error) from error
        except (Exception, SystemExit, GeneratorExit) as error:  # whatever a user's own environment raises
            raise self._failed(name, error) from error

    def _failed(self, name: str, error: BaseException) -> InputError:
        when = f" in step {self._step} of an episode" if name == "step" else ""
        return InputError(f"the environment's {name} raises{when}: {told(error)}")

    def _number(self, reward: Any) -> float:
        if isinstance(reward, float) and math.isfinite(reward):  # most rewards; numpy takes ten times as long
            return float(reward)
        try:
            number = float(np.asarray(reward).reshape(()).astype(np.float64, casting="same_kind"))
        except (TypeError, ValueError) as error:
            raise self._wrong("reward", f"is {_kind(reward)}", "expected one number") from error
        if not np.isfinite(number):
            raise self._not_finite("reward", number)
        return number

    def _flag(self, value: Any, name: str = "truncated") -> bool:
        if value is None or np.size(value) != 1:
            raise self._wrong(name, f"is {_kind(value)}", "expected True or False")
        return bool(value)

    def _check(self, value: Any, space: gymnasium.Space[Any], what: str) -> None:
        if isinstance(space, gymnasium.spaces.Dict):
            if not isinstance(value, Mapping) or set(value) != set(space.spaces):
                found = f"keys {sorted(map(str, value))}" if isinstance(value, Mapping) else _kind(value)
                raise self._wrong(what, f"has {found}", f"its space has the keys {sorted(space.spaces)}")
            for key, part in value.items():
                self._check(part, space.spaces[key], f"{what}[{key!r}]")
            return
        if not isinstance(space, gymnasium.spaces.Box):  # refused by whoever needs a Box
            return
        try:
            array = np.asarray(value)
        except ValueError as error:  # rows of different lengths
            raise self._wrong(what, f"is {_kind(value)} that makes no array", f"its space is {space}") from error
        if array.shape != space.shape:
            raise self._wrong(what, f"has shape {array.shape}", f"its space {space} has shape {space.shape}")
        if array.dtype != space.dtype and not np.can_cast(array.dtype, space.dtype, "same_kind"):
            raise self._wrong(what, f"holds {array.dtype}", f"its space {space} holds {space.dtype}; convert it")
        finite = np.isfinite(array)
        if not finite.all():
            where = tuple(int(i) for i in np.argwhere(~finite)[0])
            name = what + (f"[{', '.join(map(str, where))}]" if where else "")
            raise self._not_finite(name, array[where])

    def _not_finite(self, what: str, value: Any) -> InputError:
        return self._wrong(
            what,
            f"is {value}",
            "expected a finite number; mend the environment (division by zero, missing data, an unstable simulation)",
        )

    def _wrong(self, what: str, found: str, expected: str) -> InputError:
        return InputError(f"{what} {found} at step {self._step} of an episode, {expected}")


def _kind(value: Any) -> str:
    """What something is, in a few words."""
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    return f"a {type(value).__name__}"
