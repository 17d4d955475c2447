"""Auditing a function that mirrors observations and actions, such as a data_augmentation_func."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError, SymmetryError, told
from nearsym.envs.spaces import checked
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import is_image, symmetry_of, with_state

from .audit import audit, method_for
from .mending import Fault, Map, action_faults, derived_state, observation_faults
from .names import action_names, observation_names
from .report import AuditReport
from .simulator import measure_by_simulator
from .transitions import FloatArray, sample_transitions

LONGEST = 48
"""Times that a map is done before it is taken to have no finite order."""

SAME = 1e-4
"""Differences below this fraction of the usual size are rounding: maps may work in float32."""


@dataclass(frozen=True)
class MapReport:
    """What an audit of a map found.

    Attributes:
        order: times it has to be done to be the identity; None where it never is.
        returns: observation and action coordinates that are not themselves when it is done twice.
        nonlinear: coordinates that are no linear function of the observation, or of the action.
        faults: coordinates that disagree with the simulator.
        report: the audit of the symmetry that it generates; None where it generates none.
        reason: why it generates none.
        notes: what was assumed.
    """

    order: int | None
    returns: tuple[str, ...]
    nonlinear: tuple[str, ...]
    faults: tuple[Fault, ...]
    report: AuditReport | None
    reason: str
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """That of the audit; ``broken`` for what generates no symmetry."""
        return "broken" if self.report is None else self.report.verdict

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        saved = {each.name: getattr(self, each.name) for each in fields(self)}
        faults, report = [asdict(fault) for fault in self.faults], self.report and self.report.to_dict()
        return {**saved, "faults": faults, "report": report, "verdict": self.verdict}


def audit_map(
    env: gymnasium.Env[Any, Any], mirror: Map, symmetry: Symmetry | None = None, samples: int = 200, seed: int = 0
) -> MapReport:
    """Whether a map is an involution, linear, and what the simulator says, coordinate by coordinate.

    Args:
        env: an environment with a state that can be set, whose set_state returns the observation.
        mirror: takes observations (batch, dim) and actions (batch, dim) to theirs.
        symmetry: one whose `state` says how the simulator's state moves; by default the environment's own. Of its
            elements the one that is most like the map is taken. Without one the state moves as the map moves what is
            observed of it.
        samples: pairs of state and action.
        seed: of the sampling.

    Raises:
        InputError: the map raises, changes shapes, is not deterministic or mixes samples, or the state cannot be set.
    """
    env = checked(with_state(env))
    if method_for(env) is not measure_by_simulator or is_image(env.observation_space):
        raise InputError("an audit of a map sets states; give the environment get_state and set_state (docs/audit.md)")
    if not isinstance(env.action_space, gymnasium.spaces.Box):
        raise InputError(f"the environment has actions {env.action_space}; a map is audited on a Box")
    transitions = sample_transitions(env, samples, seed)
    observations, actions = transitions.observations, transitions.actions
    moved = _called(mirror, observations, actions)
    _check_function(mirror, observations, actions, moved)
    seen, taken = observation_names(env), action_names(env)
    matrices = _matrix(mirror, observations, actions)
    names = [[f"observation {i}, {name}" for i, name in enumerate(seen)]]
    names.append([f"action {i}, {name}" for i, name in enumerate(taken)])
    both = (observations, actions)
    nonlinear = tuple(
        name
        for matrix, before, after, called in zip(matrices, both, moved, names, strict=True)
        for name, off in zip(called, _differ(before @ matrix.T, after), strict=True)
        if off
    )
    twice = _called(mirror, *moved)
    returns = tuple(
        name
        for before, after, called in zip(both, twice, names, strict=True)
        for name, off in zip(called, _differ(before, after), strict=True)
        if off
    )
    order, known = _order(mirror, both), symmetry or symmetry_of(env)
    notes: tuple[str, ...]
    if known is not None and known.state is not None:
        known = known.ordered(env.observation_space)
        element = _nearest(known, *matrices)
        state: FloatArray = known.state.matrix[element]  # type: ignore[union-attr]
        notes = (f"the state moves as the declared symmetry's element {known.group.names[element]}",)
    else:
        state, observed = derived_state(transitions, matrices[0])
        notes = ("the state is taken to move as the map moves what is observed of it",)
        if not observed.all():
            notes += (f"{(~observed).sum()} numbers of the state are not observed and taken to stay as they are",)

    def of_observations(these: FloatArray) -> FloatArray:
        return _called(mirror, these, actions)[0]

    faults = observation_faults(env, transitions, of_observations, state, seen)
    faults += action_faults(env, transitions, matrices[1], state, taken)
    report, reason = None, ""
    if nonlinear:
        reason = f"it is not linear in {nonlinear[0]}"
    else:
        try:
            generators = [np.where(np.abs(each - np.rint(each)) < SAME, np.rint(each), each) for each in matrices]
            generated = Symmetry.generated([generators[0]], [generators[1]], [state])
            report = audit(env, generated, samples, seed)
        except SymmetryError as error:
            reason = str(error)
    return MapReport(order, returns, nonlinear, tuple(faults), report, reason, notes)


def faults_of(env: gymnasium.Env[Any, Any], symmetry: Symmetry, samples: int = 50, seed: int = 0) -> list[Fault]:
    """Coordinates of a declared symmetry's observation and action that disagree with its `state` in the simulator.

    Returns:
        Those of its generators; none where the simulator cannot say.
    """
    env = checked(with_state(env))
    unsettable = method_for(env) is not measure_by_simulator or is_image(env.observation_space)
    if unsettable or symmetry.state is None or not isinstance(env.action_space, gymnasium.spaces.Box):
        return []
    try:
        return _of_generators(env, symmetry.ordered(env.observation_space), samples, seed)
    except (
        InputError
    ):  # set_state shows no observation, or the matrices are too large: what cannot be asked is not said
        return []


def _of_generators(env: gymnasium.Env[Any, Any], symmetry: Symmetry, samples: int, seed: int) -> list[Fault]:
    transitions = sample_transitions(env, samples, seed)
    seen, taken = observation_names(env, symmetry), action_names(env, symmetry)
    faults: list[Fault] = []
    for g in symmetry.group.generators:
        state = symmetry.state.matrix[g]  # type: ignore[union-attr]
        moved = partial(symmetry.observation.rep.apply, g)
        found = observation_faults(env, transitions, moved, state, seen)
        found += action_faults(env, transitions, symmetry.action.matrix[g], state, taken)
        called = symmetry.group.names[g]
        faults += [replace(fault, name=f"{fault.name} under {called}") for fault in found]
    return faults


def _called(mirror: Map, observations: FloatArray, actions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The map's answer, as arrays of the shapes that went in."""
    try:
        answer = mirror(observations.copy(), actions.copy())
    except InputError:
        raise
    except Exception as error:  # whatever a user's own function raises
        raise InputError(f"the map raises {told(error)}; expected a function (obs, act) -> (obs, act)") from error
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise InputError(f"the map returns a {type(answer).__name__}; expected a pair (obs, act)")
    found = tuple(np.asarray(each, dtype=np.float64) for each in answer)
    for part, before, after in zip(("observations", "actions"), (observations, actions), found, strict=True):
        if before.shape != after.shape or not np.isfinite(after).all():
            what = "numbers that are not finite" if before.shape == after.shape else f"shape {after.shape}"
            raise InputError(f"the map was given {part} of shape {before.shape} and returns {what}; keep the shape")
    return found[0], found[1]


def _check_function(
    mirror: Map, observations: FloatArray, actions: FloatArray, moved: tuple[FloatArray, FloatArray]
) -> None:
    again = _called(mirror, observations, actions)
    if any(_differ(one, other).any() for one, other in zip(moved, again, strict=True)):
        raise InputError("the map gives something else when it is called again; a symmetry draws nothing")
    alone = _called(mirror, observations[:1], actions[:1])
    if any(
        (np.abs(one[0] - other[0]) > SAME * (1 + np.abs(one[0]))).any() for one, other in zip(moved, alone, strict=True)
    ):
        raise InputError("the map moves the first sample otherwise when it is alone; each row must be moved by itself")


def _matrix(mirror: Map, observations: FloatArray, actions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Matrices of the map, from units of the size of what is observed."""
    sizes = [np.maximum(np.sqrt((each**2).mean(axis=0)), 1e-3) for each in (observations, actions)]
    rows = max(map(len, sizes))
    units = [np.eye(rows, len(size)) * size for size in sizes]
    answers = _called(mirror, *units)
    first, second = ((after[: len(size)] / size[:, None]).T for after, size in zip(answers, sizes, strict=True))
    return first, second


def _differ(one: FloatArray, other: FloatArray) -> Any:
    """(dim,) whether a coordinate differs by more than rounding in any sample."""
    size = np.sqrt((one**2).mean(axis=0)) + np.sqrt((one**2).mean()) * 1e-3
    return (np.abs(one - other) > SAME * np.maximum(size, np.abs(one)) + 1e-9).any(axis=0)


def _order(mirror: Map, both: tuple[FloatArray, FloatArray]) -> int | None:
    now = both
    for times in range(1, LONGEST + 1):
        try:
            now = _called(mirror, *now)
        except InputError:  # it grows beyond all bounds
            return None
        if not any(_differ(before, after).any() for before, after in zip(both, now, strict=True)):
            return times
    return None


def _nearest(symmetry: Symmetry, observation: FloatArray, action: FloatArray) -> int:
    """The element of a group whose matrices are most like these; never the identity."""
    reps = ((symmetry.observation.rep, observation), (symmetry.action, action))
    for rep, matrix in reps:
        if matrix.shape[0] != rep.dim:
            raise InputError(f"the symmetry acts on {rep.dim} numbers where the map acts on {len(matrix)}")
    rows = range(1 if symmetry.group.listed else 0, symmetry.group.rows)
    return min(rows, key=lambda g: sum(float((np.abs(rep.matrix[g] - one) > 0.1).sum()) for rep, one in reps))
