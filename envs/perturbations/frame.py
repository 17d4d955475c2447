"""An observation whose axes are turned against those of the actions."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.capabilities import attribute
from nearsym.envs.errors import InputError


class FrameRotation(gymnasium.ObservationWrapper[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Turns every planar vector of an observation by `strength` degrees: a sensor that is mounted askew.

        (o'[i], o'[j]) = R(strength) (o[i], o[j])        for every pair (i, j) of the environment's `vectors`

    Actions and whatever else is observed stay as they are. Mirrors are lost; rotations of the same plane, which commute
    with R, are kept.

    Args:
        env: an environment with flat observations and ``vectors``, index pairs of its observation's planar vectors;
            dm_control domains declare theirs, your own sets an attribute of that name.
        strength: degrees, counter-clockwise from axis i to axis j.

    Raises:
        InputError: the strength is not finite, or no vectors are declared.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not np.isfinite(strength):
            raise InputError(f"FrameRotation has strength {strength}, expected a finite number of degrees")
        vectors = attribute(env, "vectors")
        if vectors is None or not len(vectors):
            raise InputError(
                f"FrameRotation turns planar vectors of an observation, and {env} declares none; give it an attribute "
                "vectors = ((i, j), …) of index pairs"
            )
        self.strength = strength
        self._first, self._second = np.array(vectors).T
        self._cos, self._sin = np.cos(np.radians(strength)), np.sin(np.radians(strength))

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The observation with its vectors turned."""
        if self.strength == 0:
            return observation
        x, y = observation[self._first], observation[self._second]
        turned = np.array(observation)
        turned[self._first] = self._cos * x - self._sin * y
        turned[self._second] = self._sin * x + self._cos * y
        return turned
