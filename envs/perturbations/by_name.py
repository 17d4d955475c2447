"""Perturbations by the name settings give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import gymnasium

from .actuators import ActuatorBias, ActuatorGain, ActuatorReflection, ActuatorRepeat
from .frame import FrameRotation
from .noise import ObservationNoise, PriceNoise, SaltAndPepper
from .physics import CameraRoll, CameraTilt, GravityTilt, Wind
from .reward import RewardAsymmetry
from .sensor import SensorOffset
from .settings import PerturbationSettings

Wrapper = Callable[[gymnasium.Env[Any, Any], float], gymnasium.Env[Any, Any]]

# in the order they are put around an environment: the world, what drives it, what it pays, what is seen of it
WRAPPERS: dict[str, Wrapper] = {
    "gravity_tilt": GravityTilt,
    "wind": Wind,
    "actuator_gain": ActuatorGain,
    "actuator_bias": ActuatorBias,
    "actuator_reflection": ActuatorReflection,
    "actuator_repeat": ActuatorRepeat,
    "reward_asymmetry": RewardAsymmetry,
    "camera_roll": CameraRoll,
    "camera_tilt": CameraTilt,
    "frame_rotation": FrameRotation,
    "sensor_offset": SensorOffset,
    "observation_noise": ObservationNoise,
    "salt_and_pepper": SaltAndPepper,
    "price_noise": PriceNoise,
}


def perturb(env: gymnasium.Env[Any, Any], settings: PerturbationSettings) -> gymnasium.Env[Any, Any]:
    """`env` wrapped in every perturbation whose strength is not 0.

    Raises:
        InputError: a strength is out of range, or the environment has no such thing to perturb.
    """
    for field in fields(settings):
        strength = getattr(settings, field.name)
        if strength != 0:
            env = WRAPPERS[field.name](env, strength)
    return env
