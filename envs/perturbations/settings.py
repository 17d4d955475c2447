"""Every perturbation with its strength, in the order they are put around an environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError

from .actuators import ActuatorBias, ActuatorGain, ActuatorReflection, ActuatorRepeat
from .frame import FrameRotation
from .noise import ObservationNoise, PriceNoise, SaltAndPepper
from .physics import CameraRoll, CameraTilt, GravityTilt, Wind
from .reward import RewardAsymmetry
from .sensor import SensorOffset

Wrapper = Callable[[gymnasium.Env[Any, Any], float], gymnasium.Env[Any, Any]]


def strength_of(wrapper: Wrapper) -> Any:
    """A field that holds the strength of a perturbation."""
    return field(default=0.0, metadata={"wrapper": wrapper})


@dataclass(frozen=True)
class PerturbationSettings:
    """Strength of every perturbation; 0 leaves the environment as it is, to the bit.

    A perturbation is a wrapper with a strength, and a field here: its place says where it is put around an environment,
    after the world, what drives it, what it pays, and what is seen of it.

    Attributes:
        gravity_tilt: degrees by which gravity is turned towards +x (dm_control).
        wind: newtons along +x on every body (dm_control).
        actuator_gain: fraction of actuator strength lost on one side of the state space.
        actuator_bias: push on one side, as a fraction of the largest action.
        actuator_reflection: reversal of actuators on one side, from 0 to 1.
        actuator_repeat: extra repeats of each action on one side.
        reward_asymmetry: fraction of the reward lost on one side.
        camera_roll: degrees by which the camera is turned about its line of sight (pixels).
        camera_tilt: degrees by which the camera is raised about what it looks at (pixels).
        frame_rotation: degrees by which the planar vectors of an observation are turned against the action axes.
        sensor_offset: shift of the coordinate that tells the sides apart, in its own units.
        observation_noise: standard deviation of Gaussian noise on every coordinate (of images, of full scale).
        salt_and_pepper: fraction of an image's pixels that are black or white.
        price_noise: standard deviation of Gaussian noise on every observed log price (trading).
    """

    gravity_tilt: float = strength_of(GravityTilt)
    wind: float = strength_of(Wind)
    actuator_gain: float = strength_of(ActuatorGain)
    actuator_bias: float = strength_of(ActuatorBias)
    actuator_reflection: float = strength_of(ActuatorReflection)
    actuator_repeat: float = strength_of(ActuatorRepeat)
    reward_asymmetry: float = strength_of(RewardAsymmetry)
    camera_roll: float = strength_of(CameraRoll)
    camera_tilt: float = strength_of(CameraTilt)
    frame_rotation: float = strength_of(FrameRotation)
    sensor_offset: float = strength_of(SensorOffset)
    observation_noise: float = strength_of(ObservationNoise)
    salt_and_pepper: float = strength_of(SaltAndPepper)
    price_noise: float = strength_of(PriceNoise)


STRONGEST = 1e12
"""More than anybody can mean, in any unit."""

WRAPPERS: dict[str, Wrapper] = {one.name: one.metadata["wrapper"] for one in fields(PerturbationSettings)}
"""The wrapper of every perturbation, by its name."""


def perturb(env: gymnasium.Env[Any, Any], settings: PerturbationSettings) -> gymnasium.Env[Any, Any]:
    """`env` wrapped in every perturbation whose strength is not 0.

    Raises:
        InputError: a strength is out of range, or the environment has no such thing to perturb.
    """
    for name, wrapper in WRAPPERS.items():
        strength = getattr(settings, name)
        if not abs(strength) <= STRONGEST:
            raise InputError(f"perturbation.{name} is {str(strength)[:40]}, expected a number up to {STRONGEST:g}")
        if strength != 0:
            env = wrapper(env, strength)
    return env
