"""What a learner has to know of an environment."""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium
import numpy as np

from nearsym.envs import is_image
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.spaces import check_bounded
from nearsym.envs.symmetry import Group, Image, Observation, Representation, Symmetry, Vector, restricted
from nearsym.networks import Family, family_of_critics


@dataclass(frozen=True)
class Problem:
    """Spaces of an environment, and the symmetry its networks may use.

    Attributes:
        observation_space: one vector, or an image of stacked frames.
        action_space: of one environment.
        symmetry: of the trivial group where none was declared.
        frames: frames stacked in an image.
        environments: how many are stepped at once.
    """

    observation_space: gymnasium.spaces.Box
    action_space: gymnasium.Space[object]
    symmetry: Symmetry
    frames: int = 1
    environments: int = 1

    @property
    def observation(self) -> Observation:
        """What is observed, and how the group moves it."""
        return self.symmetry.observation

    @property
    def is_image(self) -> bool:
        """Whether observations are images."""
        return isinstance(self.observation, Image)


def symmetry_for(
    network: Family,
    symmetry: Symmetry | None,
    observation_space: gymnasium.Space[object],
    action_space: gymnasium.Space[object],
) -> Symmetry:
    """The declared symmetry checked against the spaces, or that of the trivial group for a network that needs none.

    Of a network that uses some elements alone it is that of the subgroup they generate.

    Raises:
        InputError: the network needs a symmetry and there is none.
        SymmetryError: the symmetry does not fit the spaces, or lacks an element.
    """
    images = is_image(observation_space)
    if symmetry is not None:
        if images and not isinstance(symmetry.observation, Image):
            raise SymmetryError(
                "the symmetry is declared on vectors and the environment observes images; build it with Symmetry.image"
            )
        symmetry.check_spaces(observation_space, action_space)
        return restricted(symmetry.ordered(observation_space), network.elements)
    if network.needs_symmetry or family_of_critics(network).needs_symmetry or network.elements:
        where, how = (" on its images", "Symmetry.image") if images else ("", "Symmetry.reflection or .generated")
        raise InputError(
            f"network={network.label} needs a symmetry and the environment declares none{where}; pass symmetry=… "
            f"({how}), wrap the environment in nearsym.envs.declare, or use network=plain"
        )
    group = Group.trivial()
    actions = Representation.trivial(group, gymnasium.spaces.flatdim(action_space))
    if images:
        shape: tuple[int, int, int] = observation_space.shape  # type: ignore[assignment]
        return Symmetry(group, Image(Representation.trivial(group, 2), shape), actions)
    return Symmetry(group, Vector(Representation.trivial(group, gymnasium.spaces.flatdim(observation_space))), actions)


class ActionBox:
    """Between actions in [-1, 1], which networks and replay buffers hold, and an environment's own.

    Args:
        space: a bounded Box.

    Raises:
        InputError: actions are no bounded Box.
    """

    def __init__(self, space: gymnasium.Space[object]) -> None:
        if not isinstance(space, gymnasium.spaces.Box):
            raise InputError(f"the environment has actions {space}; expected a Box of continuous actions")
        check_bounded(space)
        self._low, self._high = space.low, space.high

    def to_env(self, scaled: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """(N, …) from [-1, 1] to the box."""
        return self._low + (0.5 * (scaled + 1.0) * (self._high - self._low))

    def from_env(self, actions: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """(N, …) from the box to [-1, 1]."""
        return 2.0 * ((actions - self._low) / (self._high - self._low)) - 1.0


class ActionNumbers:
    """Between numbers from 0, which replay buffers hold, and those of an environment's discrete actions."""

    def __init__(self, space: gymnasium.spaces.Discrete) -> None:
        self._first = int(space.start)

    def from_env(self, actions: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """(N,) from 0."""
        return actions - self._first


def stored_actions(space: gymnasium.Space[object]) -> ActionBox | ActionNumbers:
    """How the actions of a space are stored.

    Raises:
        InputError: they are neither a bounded Box nor Discrete.
    """
    return ActionNumbers(space) if isinstance(space, gymnasium.spaces.Discrete) else ActionBox(space)
