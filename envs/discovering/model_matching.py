"""Which body, joint and actuator of a MuJoCo model goes to which under an isometry of space.

An isometry Q of space takes body b to body b' where Q x_b = x_b', and a joint with axis u at b to the joint of b' whose
axis is ± Q u. A slide then moves by ± q, a hinge by ± det(Q) q, since an axis of rotation is a pseudovector. Of free
and ball joints the quaternion moves linearly too: R' = A R B for rotations becomes q' = a ⊗ q ⊗ b.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from .elements import Element
from .model_differences import differences
from .model_isometry import ModelIsometry
from .simulator import FloatArray

FREE, BALL, SLIDE, HINGE = range(4)
TENDON = 3  # of mjtTrn

NEAR = 0.05
"""Bodies match that are nearer than this fraction of the model's size; what is not equal is reported."""

ALIGNED = 0.99
"""Cosine from which axes are taken to be parallel."""


class Matching:
    """One model under one isometry."""

    def __init__(self, model: Any, data: Any, space: FloatArray, swap: bool) -> None:
        self._model, self._data, self._space, self._swap = model, data, space, swap
        self._handed = float(np.sign(np.linalg.det(space)))
        places = np.concatenate([data.xpos[1:], data.xipos[1:]]) if model.nbody > 1 else np.zeros((1, 3))
        self._size = max(float(np.ptp(places, axis=0).max()), 1e-3)

    def isometry(self, name: str) -> ModelIsometry | None:
        """The match; None where bodies, joints or actuators have no partner."""
        bodies = self._bodies()
        joints = None if bodies is None else self._joints(bodies)
        if bodies is None or joints is None:
            return None
        images, signs = joints
        tendons = self._tendons(images, signs)
        actuators = self._actuators(images, signs, tendons)
        if actuators is None:
            return None
        partners, turned = actuators
        element = self._element(images, signs, partners, turned)
        found = ModelIsometry(name, element, self._space, bodies, images, signs, partners)
        unequal = differences(self._model, self._data, found, turned)
        gravity = np.array(self._model.opt.gravity)
        if np.abs(self._space @ gravity - gravity).max() > 1e-9:
            unequal = (f"gravity is {gravity.tolist()}, which it does not leave alone", *unequal)
        return ModelIsometry(name, element, self._space, bodies, images, signs, partners, unequal)

    def _bodies(self) -> list[int] | None:
        """Parents go to parents, and every body to the nearest child that is free and has joints of the same kinds."""
        model, data = self._model, self._data
        parents = np.asarray(model.body_parentid)
        images, taken = [0] * model.nbody, {0}
        for body in range(1, model.nbody):
            options = [
                other
                for other in range(1, model.nbody)
                if other not in taken
                and parents[other] == images[parents[body]]
                and self._kinds(other) == self._kinds(body)
            ]
            distance = {
                other: float(
                    np.linalg.norm(self._space @ data.xpos[body] - data.xpos[other])
                    + np.linalg.norm(self._space @ data.xipos[body] - data.xipos[other])
                )
                for other in options
            }
            # of bodies in one place the other one where that is asked for, else itself
            best = min(
                options, key=lambda o: (round(distance[o] / self._size, 3), (o == body) == self._swap), default=None
            )
            if best is None or distance[best] > NEAR * self._size:
                return None
            images[body] = best
            taken.add(best)
        return images

    def _kinds(self, body: int) -> list[int]:
        model = self._model
        first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
        return sorted(int(kind) for kind in model.jnt_type[first : first + count])

    def _joints(self, bodies: list[int]) -> tuple[list[int], list[float]] | None:
        model, data = self._model, self._data
        images, signs = [-1] * model.njnt, [1.0] * model.njnt
        for joint in range(model.njnt):
            first = int(model.body_jntadr[bodies[model.jnt_bodyid[joint]]])
            count = int(model.body_jntnum[bodies[model.jnt_bodyid[joint]]])
            kind, best = int(model.jnt_type[joint]), 0.0
            for other in range(first, first + count):
                if int(model.jnt_type[other]) != kind or other in images:
                    continue
                cosine = 1.0
                if kind in (SLIDE, HINGE):
                    cosine = float(data.xaxis[other] @ self._space @ data.xaxis[joint])
                if abs(cosine) > max(best, ALIGNED):
                    best, images[joint] = abs(cosine), other
                    signs[joint] = float(np.sign(cosine)) * (self._handed if kind == HINGE else 1.0)
            if images[joint] < 0:
                return None
        return images, signs

    def _tendons(self, joints: list[int], signs: list[float]) -> dict[int, tuple[int, float]]:
        """Of every fixed tendon the one that pulls the same joints, and the sign with which."""
        model = self._model
        pulls: list[dict[int, float]] = []
        for tendon in range(model.ntendon):
            first, count = int(model.tendon_adr[tendon]), int(model.tendon_num[tendon])
            wraps = range(first, first + count)
            fixed = [w for w in wraps if int(model.wrap_type[w]) == 1 and model.wrap_prm[w] != 0]  # mjWRAP_JOINT
            pulls.append({int(model.wrap_objid[w]): float(model.wrap_prm[w]) for w in fixed})
        found = {}
        for tendon, pull in enumerate(pulls):
            moved = {joints[joint]: signs[joint] * coefficient for joint, coefficient in pull.items()}
            for other, theirs in enumerate(pulls):
                if not pull or moved.keys() != theirs.keys():
                    continue
                ratios = np.array([moved[joint] / theirs[joint] for joint in moved])
                if np.allclose(np.sign(ratios), np.sign(ratios[0])):
                    found[tendon] = (other, float(np.sign(ratios[0])))
        return found

    def _actuators(
        self, joints: list[int], signs: list[float], tendons: dict[int, tuple[int, float]]
    ) -> tuple[list[int], list[float]] | None:
        model = self._model
        images, turned = [-1] * model.nu, [1.0] * model.nu
        for actuator in range(model.nu):
            kind, target = int(model.actuator_trntype[actuator]), int(model.actuator_trnid[actuator, 0])
            if kind == TENDON:
                if target not in tendons:
                    return None
                image, sign = tendons[target]
            else:
                image, sign = joints[target], signs[target]
            for other in range(model.nu):
                same = int(model.actuator_trntype[other]) == kind and int(model.actuator_trnid[other, 0]) == image
                alike = np.array_equal(model.actuator_biastype[other], model.actuator_biastype[actuator])
                if same and alike and other not in images:
                    gears = model.actuator_gear[actuator, 0] * model.actuator_gear[other, 0]
                    images[actuator], turned[actuator] = other, sign * float(np.sign(gears) or 1.0)
                    break
            if images[actuator] < 0:
                return None
        return images, turned

    def _element(
        self, joints: list[int], signs: list[float], actuators: list[int], controls_turned: list[float]
    ) -> Element:
        model = self._model
        position, velocity = np.zeros((model.nq, model.nq)), np.zeros((model.nv, model.nv))
        for joint, image in enumerate(joints):
            at, to = int(model.jnt_qposadr[joint]), int(model.jnt_qposadr[image])
            vat, vto = int(model.jnt_dofadr[joint]), int(model.jnt_dofadr[image])
            kind = int(model.jnt_type[joint])
            if kind in (SLIDE, HINGE):
                position[to, at] = velocity[vto, vat] = signs[joint]
                continue
            before, after = (self._data.xmat[model.jnt_bodyid[j]].reshape(3, 3) for j in (joint, image))
            if kind == FREE:
                position[to : to + 3, at : at + 3] = velocity[vto : vto + 3, vat : vat + 3] = self._space
                ahead, behind = self._space, before.T @ self._space.T @ after
                at, to, vat, vto = at + 3, to + 3, vat + 3, vto + 3
            else:
                behind = before.T @ self._space.T @ after
                ahead = behind.T
            turned = _on_quaternions(self._handed * ahead, self._handed * behind)
            # q and -q are one rotation; of both maps the one that takes the reference pose to itself
            if model.qpos0[to : to + 4] @ turned @ model.qpos0[at : at + 4] < 0:
                turned = -turned
            position[to : to + 4, at : at + 4] = np.where(np.abs(turned) < 1e-12, 0.0, turned)
            velocity[vto : vto + 3, vat : vat + 3] = self._handed * behind.T
        controls = np.zeros((model.nu, model.nu))
        activation = np.zeros((model.na, model.na))
        for actuator, image in enumerate(actuators):
            controls[image, actuator] = controls_turned[actuator]
            at, to = int(model.actuator_actadr[actuator]), int(model.actuator_actadr[image])
            if at >= 0 and to >= 0:
                activation[to, at] = controls_turned[actuator]
        parts, start = (position, velocity, activation), 0
        state = np.zeros((model.nq + model.nv + model.na,) * 2)
        for part in parts:
            state[start : start + len(part), start : start + len(part)] = part
            start += len(part)
        return Element(state, controls)


def _on_quaternions(ahead: FloatArray, behind: FloatArray) -> FloatArray:
    """(4, 4) matrix of q ↦ a ⊗ q ⊗ b for rotation matrices a and b; quaternions are (w, x, y, z)."""
    a, b = (np.roll(Rotation.from_matrix(part).as_quat(), 1) for part in (ahead, behind))
    left = np.array(
        [[a[0], -a[1], -a[2], -a[3]], [a[1], a[0], -a[3], a[2]], [a[2], a[3], a[0], -a[1]], [a[3], -a[2], a[1], a[0]]]
    )
    right = np.array(
        [[b[0], -b[1], -b[2], -b[3]], [b[1], b[0], b[3], -b[2]], [b[2], -b[3], b[0], b[1]], [b[3], b[2], -b[1], b[0]]]
    )
    product: FloatArray = left @ right
    return product
