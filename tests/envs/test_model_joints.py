"""Declarations from the names and axes of a model against those that are written out."""

import numpy as np
import pytest

from nearsym.envs import make
from nearsym.envs.auditing.names import action_names, observation_names
from nearsym.envs.dmc.domains import humanoid
from nearsym.envs.errors import InputError
from nearsym.envs.known.mujoco import TASKS
from nearsym.envs.model_joints import actuator_axes, hinge_axes
from nearsym.envs.symmetry import Each, Hinges, Pseudovectors, Quaternions, Vectors, from_parts, mirror

ANT_BODIES = ["torso"] + [f"{part} {leg}" for leg in "1234" for part in ("leg", "aux", "foot")]


def ant(axes, drives, pairs=(("1", "4"), ("2", "3"))):
    joints = Hinges(axes)
    moving = [Vectors("velocity"), Pseudovectors("spin"), joints]
    return from_parts(
        mirror("y", *pairs),
        observation=[
            Vectors("height", axes="z"),
            Quaternions("torso"),
            joints,
            *moving,
            Each(ANT_BODIES, Pseudovectors, Vectors),
        ],
        action=[Hinges(drives)],
        state=[Vectors("place"), Quaternions("torso"), joints, *moving],
    )


def test_an_ant_from_its_model_is_the_one_of_the_catalogue():
    env = make("Ant-v5")
    found, known = ant(hinge_axes(env), actuator_axes(env)), TASKS["Ant-v5"].symmetry
    assert found.observation.rep == known.observation.rep
    assert (found.action, found.state) == (known.action, known.state)
    other = ant(hinge_axes(env), actuator_axes(env), pairs=(("1", "2"), ("3", "4")))
    assert other.action != known.action  # negative control: front and back


def test_a_humanoid_from_its_model_is_the_one_of_the_catalogue():
    env = make("dmc/humanoid-stand")
    element = mirror("y", ("left", "right"))
    joints = Hinges(hinge_axes(env))
    limbs = [f"{side} {limb}" for side in ("left", "right") for limb in ("hand", "foot")]
    found = from_parts(
        element,
        observation=[
            joints,
            Vectors("head", axes="z"),
            Vectors(*limbs, "vertical", "mass velocity", "velocity"),
            Pseudovectors("spin"),
            joints,
        ],
        action=[Hinges(actuator_axes(env))],
    )
    assert found.observation.rep == humanoid.SAGITTAL.observation.rep
    assert found.action == humanoid.SAGITTAL.action


def test_coordinates_have_the_environments_names():
    env = make("Ant-v5")
    names = observation_names(env)
    assert len(names) == env.observation_space.shape[0]
    assert names[5] == "qpos hip_1" and names[26] == "qvel ankle_4" and names[27] == "cfrc_ext[0]"
    suite = make("dmc/humanoid-stand")
    assert observation_names(suite)[21] == "head_height" and action_names(suite)[3] == "right_hip_x"
    assert observation_names(make("Pendulum-v1")) == [f"observation[{i}]" for i in range(3)]


def test_a_gear_that_is_negative_turns_the_axis_round():
    env = make("Ant-v5")
    before = actuator_axes(env)
    env.unwrapped.model.actuator_gear[0, 0] *= -1
    first = next(iter(before))
    np.testing.assert_allclose(actuator_axes(env)[first], -np.array(before[first]))


def test_what_has_no_model_is_refused():
    with pytest.raises(InputError, match="does not run on MuJoCo"):
        hinge_axes(make("Pendulum-v1"))
