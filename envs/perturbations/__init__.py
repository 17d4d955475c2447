"""Wrappers that disturb an environment by a strength; strength 0 is the identity."""

from .actuators import ActuatorBias, ActuatorGain, ActuatorReflection, ActuatorRepeat
from .frame import FrameRotation
from .noise import ObservationNoise, PriceNoise, SaltAndPepper
from .physics import CameraRoll, CameraTilt, GravityTilt, Wind
from .reward import RewardAsymmetry
from .sensor import SensorOffset
from .settings import WRAPPERS, PerturbationSettings, perturb

__all__ = [
    "WRAPPERS",
    "ActuatorBias",
    "ActuatorGain",
    "ActuatorReflection",
    "ActuatorRepeat",
    "CameraRoll",
    "CameraTilt",
    "FrameRotation",
    "GravityTilt",
    "ObservationNoise",
    "PerturbationSettings",
    "PriceNoise",
    "RewardAsymmetry",
    "SaltAndPepper",
    "SensorOffset",
    "Wind",
    "perturb",
]
