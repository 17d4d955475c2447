"""Isometries of MuJoCo models, against the simulator."""

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nearsym.envs import make
from nearsym.envs.discovering import discover
from nearsym.envs.discovering.elements import Trial
from nearsym.envs.discovering.model import isometries, model_of
from nearsym.envs.discovering.model_env import ModelEnv
from nearsym.envs.discovering.model_isometry import for_state, pairs
from nearsym.envs.discovering.simulator import Simulator
from nearsym.envs.errors import InputError

BIPED = """
<mujoco>
  <option timestep="0.005"/>
  <worldbody>
    <geom type="plane" size="10 10 .1"/>
    <body name="torso" pos="0 0 1.2" {turned}>
      <freejoint/>
      <geom type="box" size=".1 .15 .2"/>
      <geom type="sphere" size=".1" pos=".3 0 .2"/>
      <site name="imu"/>
      <body name="right_leg" pos="0 -.1 -.2">
        <joint name="right_hip" axis="0 1 0" range="-110 30" limited="true"/>
        <joint name="right_roll" axis="1 0 0"/>
        <geom type="capsule" size=".05" fromto="0 0 0 0 0 -.4" mass="{mass}"/>
      </body>
      <body name="left_leg" pos="0 .1 -.2">
        <joint name="left_hip" axis="0 1 0" range="{limit} 30" limited="true"/>
        <joint name="left_roll" axis="-1 0 0"/>
        <geom type="capsule" size=".05" fromto="0 0 0 0 0 -.4" mass="1"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="a" joint="left_roll" ctrlrange="-1 1" ctrllimited="true"/>
    <motor name="b" joint="right_hip" ctrlrange="-1 1" ctrllimited="true"/>
    <motor name="c" joint="right_roll" ctrlrange="-1 1" ctrllimited="true"/>
    <motor name="d" joint="left_hip" gear="-1" ctrlrange="-1 1" ctrllimited="true"/>
  </actuator>
  <sensor><gyro site="imu"/></sensor>
</mujoco>
"""


def biped(mass=1, limit=-110, turned=""):
    return BIPED.format(mass=mass, limit=limit, turned=turned)


def named(model, beginning):
    (found,) = [isometry for isometry in isometries(model) if isometry.name.startswith(beginning)]
    return found


def test_names_signs_and_numbers_of_a_mirror():
    found = named(mujoco.MjModel.from_xml_string(biped()), "mirror, y to -y")
    model = mujoco.MjModel.from_xml_string(biped())
    assert pairs(found, model) == "right_hip ↔ left_hip, right_roll ↔ left_roll"
    assert found.unequal == ()
    # a ↔ c; b ↔ -d, whose gear is turned round
    assert found.element.action.tolist() == [[0, 0, 1, 0], [0, 0, 0, -1], [1, 0, 0, 0], [0, -1, 0, 0]]
    # position, quaternion; velocity, rotation about the torso's own axes
    assert np.diag(found.element.state)[:7].tolist() == [1, -1, 1, 1, -1, 1, -1]
    assert np.diag(found.element.state)[11:17].tolist() == [1, -1, 1, -1, 1, -1]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"limit": -120}, "right_hip bends to -110 degrees, left_hip to -120"),
        ({"mass": 1.1}, "the mass of right_leg is 1.1 kg, of left_leg 1 kg"),
    ],
)
def test_what_nearly_matches_is_named_with_its_numbers(broken, said):
    assert said in named(mujoco.MjModel.from_xml_string(biped(**broken)), "mirror, y to -y").unequal


def test_a_changed_mass_is_near_and_not_exact(tmp_path):
    same, changed = tmp_path / "same.xml", tmp_path / "changed.xml"
    same.write_text(biped())
    changed.write_text(biped(mass=1.02))
    found = discover(ModelEnv(same), samples=40)
    assert found.exact.symmetry.group.name == "C2"
    found = discover(ModelEnv(changed), samples=40)
    assert found.exact is None
    assert "    but the mass of right_leg is 1.02 kg, of left_leg 1 kg" in found.model


def kept(env, beginning):
    """Whether the simulator keeps an isometry in states of random actions, rewards left out."""
    simulator = Simulator(env)
    model = model_of(env)
    element = for_state(named(model, beginning), model, simulator.state_dim)
    return Trial(simulator, 1e-6).passes(element, rewards=False)


@pytest.mark.parametrize(
    ("id", "beginning"),
    [
        ("Ant-v5", "mirror, x to -x"),
        ("Ant-v5", "mirror, in the plane across 45"),
        ("Ant-v5", "rotation about z by 1/4"),
        ("dmc/fish-swim", "mirror, x to -x"),
        ("dmc/humanoid-walk", "mirror, y to -y"),
        ("dmc/walker-walk", "mirror, y to -y"),
        ("dmc/ball_in_cup-catch", "mirror, x to -x"),
        ("Walker2d-v5", "exchange of what lies in one place"),
    ],
)
def test_the_simulator_keeps_what_the_geometry_says(id, beginning):
    assert kept(make(id), beginning)


def test_the_simulator_does_not_keep_what_the_geometry_denies(tmp_path):
    path = tmp_path / "biped.xml"
    path.write_text(biped(mass=1.5))
    assert not kept(ModelEnv(path), "mirror, y to -y")


def test_a_body_that_stands_turned_in_the_reference_pose(tmp_path):
    """The quaternion's matrix is that of R' = Q R Q-1-at-the-reference, worked out on rotation matrices here."""
    model = mujoco.MjModel.from_xml_string(biped(turned='euler="0 0 180"'))
    found = named(model, "mirror, y to -y")
    at_rest = Rotation.from_euler("z", 180, degrees=True).as_matrix()
    mirror = np.diag([1.0, -1.0, 1.0])
    for rotation in Rotation.random(10, random_state=0):
        image = found.element.state[3:7, 3:7] @ np.roll(rotation.as_quat(), 1)
        expected = mirror @ rotation.as_matrix() @ at_rest.T @ mirror @ at_rest
        assert np.abs(Rotation.from_quat(np.roll(image, -1)).as_matrix() - expected).max() < 1e-9
    path = tmp_path / "turned.xml"
    path.write_text(biped(turned='euler="0 0 180"'))
    assert kept(ModelEnv(path), "mirror, y to -y")


def test_catalogue_models_that_hold_nearly():
    humanoid, standing, pole = (
        named(model_of(make(id)), beginning).unequal
        for id, beginning in (
            ("dmc/humanoid-stand", "mirror, y"),
            ("Humanoid-v5", "mirror, y"),
            ("InvertedPendulum-v5", "mirror, x"),
        )
    )
    assert humanoid == ("right_hip_y bends to -110 degrees, left_hip_y to -120",)
    assert "the armature of right_hip_y is 0.008, of left_hip_y 0.01" in standing
    assert "the stiffness of right_knee is 0, of left_knee 1" in standing
    assert pole == ("the image of pole is 0.001 away from itself",)


def test_a_model_that_does_not_load(tmp_path):
    def refusal(path):
        with pytest.raises(InputError) as raised:
            ModelEnv(path)
        return str(raised.value)

    assert refusal(tmp_path / "none.xml").startswith("there is no model ")
    (tmp_path / "bad.xml").write_text("<mujoco><wheel/></mujoco>")
    assert "MuJoCo does not load" in refusal(tmp_path / "bad.xml")
    assert "\n" not in refusal(tmp_path / "bad.xml")
    (tmp_path / "still.xml").write_text("<mujoco/>")
    assert "has 0 joints and 0 actuators; expected at least one of each" in refusal(tmp_path / "still.xml")
