"""Parts in the field's words against geometry in space, rotation by rotation, and MuJoCo's own kinematics."""

import itertools

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nearsym.envs import make
from nearsym.envs.dmc.domains import cartpole, point_mass, walker
from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import (
    Angles,
    Each,
    EulerAngles,
    Grid,
    Hinges,
    History,
    Isometry,
    Phases,
    Pseudoscalars,
    Pseudovectors,
    Quaternions,
    Representation,
    Rotations,
    Scalars,
    Slides,
    Symmetry,
    Vectors,
    from_parts,
    mirror,
    turn,
)

MIRRORS = [mirror("x"), mirror("y"), mirror("z")]
TURNS = [turn(90), turn(120), turn(180, axis="x"), turn(72, axis="y")]
ISOMETRIES = MIRRORS + TURNS
LEGS = ("FL", "FR", "RL", "RR")
SAGITTAL = mirror("y", ("FL", "FR"), ("RL", "RR"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def moved(part, element, numbers):
    return part.matrix(element) @ np.ravel(numbers)


@pytest.mark.parametrize("element", ISOMETRIES)
def test_a_pseudovector_is_the_cross_product_of_two_vectors(element, rng):
    a, b = rng.standard_normal((2, 3))
    image = np.cross(moved(Vectors("a"), element, a), moved(Vectors("b"), element, b))
    np.testing.assert_allclose(moved(Pseudovectors("a x b"), element, np.cross(a, b)), image, atol=1e-12)
    wrong = moved(Vectors("a x b"), element, np.cross(a, b))
    assert np.allclose(wrong, image) == (element.sign > 0)  # negative control: a mirror tells them apart


@pytest.mark.parametrize("element", ISOMETRIES)
def test_a_pseudoscalar_is_a_triple_product(element, rng):
    a = rng.standard_normal((3, 3))
    image = np.linalg.det(np.stack([moved(Vectors("a"), element, each) for each in a]))
    np.testing.assert_allclose(moved(Pseudoscalars("volume"), element, np.linalg.det(a)), [image], atol=1e-12)


@pytest.mark.parametrize("element", ISOMETRIES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_rotation_matrices_are_conjugated(element, order, rng):
    body = Rotation.random(random_state=1).as_matrix()
    point = rng.standard_normal(3)
    whole = moved(Rotations("R", order=order), element, body.ravel(order)).reshape(3, 3, order=order)
    # what is at p in the body is at Q p in the mirrored body; in the world it is mirrored too
    np.testing.assert_allclose(whole @ (element.matrix @ point), element.matrix @ (body @ point), atol=1e-12)
    if np.allclose(element.matrix[2, :2], 0):
        six = moved(Rotations("R", columns="xy", order=order), element, body[:, :2].ravel(order))
        np.testing.assert_allclose(six.reshape(3, 2, order=order), whole[:, :2], atol=1e-12)


@pytest.mark.parametrize("element", ISOMETRIES)
@pytest.mark.parametrize("order", ["wxyz", "xyzw"])
def test_quaternions_give_the_conjugated_rotation(element, order):
    body = Rotation.random(random_state=2)
    scalar_first = order == "wxyz"
    q = np.roll(body.as_quat(), 1) if scalar_first else body.as_quat()
    image = moved(Quaternions("q", order=order), element, q)
    found = Rotation.from_quat(np.roll(image, -1) if scalar_first else image).as_matrix()
    np.testing.assert_allclose(found, element.matrix @ body.as_matrix() @ element.matrix.T, atol=1e-12)
    np.testing.assert_allclose(moved(Quaternions("q", order=order), element, -q), -image)


PARTS = [
    Scalars("s"),
    Pseudoscalars("p"),
    Vectors("v"),
    Vectors("v", axes="xy"),
    Pseudovectors("w"),
    Pseudovectors("w", axes="z"),
    Rotations("R"),
    Rotations("R", columns="xy", order="F"),
    Quaternions("q"),
    Hinges({"h": "z"}),
    Slides({"h": "z"}),
    Angles({"h": "z"}, order="sc"),
    Phases("gait"),
    Grid("heights", (4, 4)),
    Grid("camera", (2, 3, 3), rows="-x", columns="-y"),
    History(Vectors("v"), Phases("gait"), steps=3),
    Each(("a",), Pseudovectors, Vectors),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_every_part_is_a_homomorphism(part):
    """ρ(Q₁) ρ(Q₂) = ρ(Q₁ Q₂) and ρ(Q) ρ(Q)ᵀ = 1 on the symmetries of a square, which every part has."""
    square = [mirror("x"), mirror("y"), turn(90), turn(180), turn(270)]
    assert len(part.labels) == part.matrix(square[0]).shape[0] == len(set(part.labels))
    for one, two in itertools.product(square, repeat=2):
        product = part.matrix(Isometry(one.matrix @ two.matrix)).toarray()
        np.testing.assert_allclose(part.matrix(one).toarray() @ part.matrix(two).toarray(), product, atol=1e-12)
        np.testing.assert_allclose(product @ product.T, np.eye(len(product)), atol=1e-12)


def test_a_grid_is_the_world_it_samples():
    """Heights of a surface, sampled about the body, against the same surface mirrored or turned."""

    def surface(points):
        x, y = points
        return np.sin(x) + 0.3 * x * y + y**3

    points = np.stack(np.meshgrid(np.arange(3) - 1.0, np.arange(3) - 1.0, indexing="ij"))
    for element in (mirror("x"), mirror("y"), turn(90)):
        inverse = element.matrix[:2, :2].T
        image = surface(np.einsum("ij,jkl->ikl", inverse, points))
        np.testing.assert_allclose(moved(Grid("h", (3, 3)), element, surface(points)), image.ravel())
    with pytest.raises(SymmetryError, match="not taken to itself"):
        Grid("h", (3, 5)).matrix(turn(90))
    with pytest.raises(SymmetryError, match="not taken to itself"):
        Grid("h", (2, 3)).matrix(turn(90))


def hinges(model):
    """Names and axes of hinges where all joints are at zero, from MuJoCo's kinematics."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return {
        model.joint(i).name: data.xaxis[i].tolist()
        for i in range(model.njnt)
        if model.jnt_type[i] == mujoco.mjtJoint.mjJNT_HINGE
    }


def test_signs_of_hinges_are_those_of_mujocos_kinematics():
    """A body of hinges about oblique axes, mirrored joint by joint, stands where its mirror image stands."""
    legs = "".join(
        f"""<body name="{name}" pos=".3 {side * 0.2} 0"><joint name="{name}_roll" axis="1 {side * 0.2} 0"/>
        <joint name="{name}_pitch" axis="0 {side} 0"/><geom size=".01"/>
        <body name="{name}_foot" pos=".1 {side * 0.1} -.3"><geom size=".01"/></body></body>"""
        for name, side in (("left", 1), ("right", -1))
    )
    xml = f"<mujoco><worldbody><body><geom size='.1'/>{legs}</body></worldbody></mujoco>"
    model = mujoco.MjModel.from_xml_string(xml)
    element = mirror("y", ("left", "right"))
    part = Hinges(hinges(model))
    rng, data = np.random.default_rng(0), mujoco.MjData(model)
    place = {name: model.joint(name).qposadr[0] for name in part.names}
    for _ in range(5):
        angles = rng.uniform(-1, 1, len(part.names))

        def feet(angles):
            data.qpos[:] = 0
            for name, angle in zip(part.names, angles, strict=True):
                data.qpos[place[name]] = angle
            mujoco.mj_kinematics(model, data)
            return {name: data.body(name).xpos.copy() for name in ("left_foot", "right_foot")}

        before, after = feet(angles), feet(moved(part, element, angles))
        np.testing.assert_allclose(after["right_foot"], element.matrix @ before["left_foot"], atol=1e-9)
        np.testing.assert_allclose(after["left_foot"], element.matrix @ before["right_foot"], atol=1e-9)
        wrong = feet(moved(Slides(part.axes), element, angles))  # negative control: signs of slides
        assert not np.allclose(wrong["right_foot"], element.matrix @ before["left_foot"], atol=1e-3)


def test_parts_give_the_declarations_of_the_catalogue():
    pole = from_parts(
        mirror("x"),
        observation=[
            Vectors("cart", axes="x"),
            Angles({"pole": "y"}),
            Vectors("velocity", axes="x"),
            Hinges({"spin": "y"}),
        ],
        action=[Vectors("force", axes="x")],
    )
    assert pole.observation.rep == cartpole.DOMAIN.tasks["swingup"].observation.rep
    swapped = [0, 1, *range(8, 14), *range(2, 8), 14, 15, 16, 17, 21, 22, 23, 18, 19, 20]
    joints = [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11, 15, 16, 17, 12, 13, 14]
    by_hand = Symmetry.reflection(observation=swapped, action=[3, 4, 5, 0, 1, 2], state=joints)
    assert walker.SWAP.observation.rep == by_hand.observation.rep
    assert (walker.SWAP.action, walker.SWAP.state) == (by_hand.action, by_hand.state)
    square = from_parts(
        [turn(90), mirror("y")],
        observation=[Vectors("position", "velocity", axes="xy")],
        action=[Vectors("force", axes="xy")],
    )
    assert square.observation.rep == point_mass.SQUARE.observation.rep and square.group.name == "D4"


def quadruped(element=SAGITTAL):
    joints = Hinges({f"{leg}_{joint}": axis for leg in LEGS for joint, axis in zip("HTC", "xyy", strict=True)})
    return from_parts(
        element,
        observation=[
            Vectors("velocity", "gravity"),
            Pseudovectors("spin"),
            Vectors("command", axes="xy"),
            Pseudovectors("turn", axes="z"),
            History(joints, steps=2),
            Scalars(*(f"{leg} contact" for leg in LEGS)),
            Phases("gait"),
        ],
        action=[joints],
    )


def test_a_quadruped_in_ten_lines():
    symmetry = quadruped()
    assert symmetry.group.name == "C2" and isinstance(symmetry.observation.rep, Representation)
    table = symmetry.table().splitlines()
    assert len(table) == 2 + symmetry.observation.dim + symmetry.action.dim
    row = next(line for line in table if "FL_H @0" in line)
    assert row.split() == ["12", "FL_H", "@0", "->", "-15", "FR_H", "@0"]
    assert quadruped([SAGITTAL, mirror("x", ("FL", "RL"), ("FR", "RR"))]).group.name == "D2"


def test_names_are_exchanged_where_they_stand_alone():
    element = mirror("y", ("left", "right"), ("Left", "Right"), ("FL", "FR"), ("leg1", "leg2"))
    for name, goes in {
        "left_hip": "right_hip",
        "hip_left": "hip_right",
        "leftHip": "rightHip",
        "LeftHip": "RightHip",
        "cleft": "cleft",
        "FL.knee": "FR.knee",
        "FLOOR": "FLOOR",
        "leg1": "leg2",
        "leg10": "leg10",
    }.items():
        assert element.renamed(name) == goes


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: EulerAngles("body"), "jump by 360 degrees"),
        (lambda: Vectors("v", axes="xw"), "different letters of xyz"),
        (lambda: Vectors("v", axes="xz").matrix(turn(90)), "not taken to themselves"),
        (lambda: Hinges({"left": "x", "right": "y"}).matrix(mirror("y", ("left", "right"))), "neither this nor"),
        (lambda: Hinges({"left_hip": "x"}).matrix(mirror("y", ("left", "right"))), "'right_hip', which is not among"),
        (lambda: Hinges({"hip": "w"}), "expected x, y, z"),
        (lambda: Phases("left", "right").matrix(mirror("y", ("left", "right"))), "shifted=False"),
        (lambda: mirror("y", "left"), "names that change places"),
        (lambda: mirror("y", ("left", "right"), ("left", "top")), "two cycles"),
        (lambda: Isometry(np.ones((3, 3))), "orthogonal 3x3"),
        (lambda: Scalars("a", "a"), "different names"),
        (lambda: Scalars(), "one or more"),
        (lambda: Quaternions("q", order="wxzy"), "wxyz or xyzw"),
        (lambda: Rotations("R", columns="x"), "xyz or xy"),
        (lambda: Angles({"h": "x"}, order="tan"), "cs or sc"),
        (lambda: Grid("g", (3,)), "rows, columns"),
        (lambda: Grid("g", (3, 3), columns="-x"), "two axes"),
        (lambda: History(steps=3), "at least one"),
        (lambda: from_parts([np.eye(3)], [Scalars("a")], [Scalars("b")]), "expected mirror"),
    ],
)
def test_what_is_refused(make_it, message):
    with pytest.raises(SymmetryError, match=message):
        make_it()


def test_a_declaration_of_parts_is_audited_exact_and_a_wrong_word_is_not():
    from nearsym import audit

    env = make("dmc/cartpole-swingup", dtype="float64")
    force = [Vectors("force", axes="x")]
    state = [Vectors("x", axes="x"), Hinges({"pole": "y"}), Vectors("v", axes="x"), Hinges({"spin": "y"})]

    def verdict(pole):
        seen = [Vectors("x", axes="x"), pole, Vectors("v", axes="x"), Hinges({"spin": "y"})]
        return audit(env, from_parts(mirror("x"), seen, force, state), samples=20).verdict

    assert verdict(Angles({"pole": "y"})) == "exact"
    assert verdict(Angles({"pole": "y"}, order="sc")) == "broken"
