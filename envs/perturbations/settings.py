"""How strongly an environment is perturbed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PerturbationSettings:
    """Strength of every perturbation; 0 leaves the environment as it is, to the bit.

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

    gravity_tilt: float = 0.0
    wind: float = 0.0
    actuator_gain: float = 0.0
    actuator_bias: float = 0.0
    actuator_reflection: float = 0.0
    actuator_repeat: float = 0.0
    reward_asymmetry: float = 0.0
    camera_roll: float = 0.0
    camera_tilt: float = 0.0
    frame_rotation: float = 0.0
    sensor_offset: float = 0.0
    observation_noise: float = 0.0
    salt_and_pepper: float = 0.0
    price_noise: float = 0.0
