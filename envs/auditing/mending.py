"""Which coordinates a map of observations and actions gets wrong, and what would mend each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .outcomes import draw, set_state
from .transitions import FloatArray, Transitions

Map = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""(samples, observation_dim) and (samples, action_dim) to what they are in the mirror."""

OFF = 0.02
"""A coordinate is off when its mean error is more than this fraction of its spread."""

MENDED = 0.05
"""A mend counts when it leaves less than this fraction of a coordinate's error."""

PUSH = 0.02
"""Part of an action's range by which it is moved to see what it does."""

STATES = 12
"""States at which actions are tried."""

ALIKE = 0.1
"""What an action does is the same when it differs by less than this fraction, in the median over states."""


@dataclass(frozen=True)
class Fault:
    """A coordinate that a map gets wrong.

    Attributes:
        part: ``observation`` or ``action``.
        index: of the coordinate, in what the map returns.
        name: of the coordinate.
        error: mean error in units of its spread; of an action the error of its row of the matrix.
        mend: what would be right, such as ``-observation[3]``; empty where no one coordinate would be.
        hint: the mend in words.
    """

    part: str
    index: int
    name: str
    error: float
    mend: str
    hint: str

    def __str__(self) -> str:
        """One sentence."""
        end = f"; {self.hint}" if self.hint else "; it is not told which coordinate would be right"
        return f"{self.part} {self.index}, {self.name}: error {self.error:.2g}{end}"


def observation_faults(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    mirror: Callable[[FloatArray], FloatArray],
    state: FloatArray,
    names: list[str],
) -> list[Fault]:
    """Coordinates i in which a map's M(o(s))[i] is not o(Ss)[i], which the simulator is asked for.

    Args:
        env: an environment whose set_state returns the observation.
        transitions: sampled in it.
        mirror: what the map makes of (samples, dim) observations.
        state: (dim, dim) matrix S by which the state moves.
        names: of the coordinates.

    Raises:
        InputError: set_state returns no observation.
    """
    pairs = []
    for k, before in enumerate(transitions.states):
        both = set_state(env, before, k), set_state(env, state @ before, k)
        if both[0] is None or both[1] is None:
            raise InputError(
                "set_state returns no observation, so a map of observations cannot be compared; let it return what is "
                "observed at the state"
            )
        pairs.append(both)
    seen, found = (np.array(each) for each in zip(*pairs, strict=True))
    spread = np.maximum(np.concatenate([seen, found]).std(axis=0), 1e-9)
    moved = mirror(seen)  # not of what was seen in the episodes: forces depend on how a state was reached
    error = np.abs(found - moved).mean(axis=0) / spread
    faults = []
    for i in np.flatnonzero(error > OFF).tolist():
        source, sign = _source(seen, found[:, i], MENDED * error[i] * spread[i])
        was, was_sign = _source(seen, moved[:, i], 1e-6 * spread[i])
        mend, hint = _words("observation", names, (source, sign), (was, was_sign))
        faults.append(Fault("observation", i, names[i], float(error[i]), mend, hint))
    return faults


def action_faults(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    matrix: FloatArray,
    state: FloatArray,
    names: list[str],
) -> list[Fault]:
    """Rows in which the matrix A of a map of actions is not what the simulator says it is.

    With D(s) the columns of what single small actions change of the next state, D(Ss) A = S D(s) if the mirror holds,
    which is solved for A over several states at once.

    Args:
        env: an environment with a state that can be set.
        transitions: sampled in it.
        matrix: (dim, dim) of the map.
        state: (dim, dim) matrix S by which the state moves.
        names: of the coordinates.
    """
    space: Any = env.action_space
    low, high = (np.asarray(bound, dtype=np.float64).ravel() for bound in (space.low, space.high))
    finite = np.isfinite(low) & np.isfinite(high)
    centre, push = np.where(finite, (low + high) / 2, 0), np.where(finite, PUSH * (high - low), PUSH)
    size = len(matrix)

    def effects(at: FloatArray, seed: int) -> FloatArray:
        def after(action: FloatArray) -> FloatArray:
            following: FloatArray = draw(env, at, action.reshape(space.shape), [seed]).states[0]
            return following

        rest = after(centre)
        return np.stack([(after(centre + push * unit) - rest) / push.max() for unit in np.eye(size)], axis=1)

    chosen = np.linspace(0, len(transitions.states) - 1, min(STATES, len(transitions.states))).astype(int)
    pairs = [(effects(state @ each, 0), state @ effects(each, 0)) for each in transitions.states[chosen]]
    there, here = (np.array(each) for each in zip(*pairs, strict=True))
    change = (transitions.next_states - transitions.states).std(axis=0)
    weight = 1 / np.maximum(np.abs(state) @ change, 1e-9)[:, None]
    fitted = _fitted(there * weight, here * weight, matrix)
    faults = []
    error = np.abs(fitted - matrix).sum(axis=1)
    for i in np.flatnonzero(error > 0.5).tolist():
        source = int(np.abs(fitted[i]).argmax())
        target = (source, 1.0 if fitted[i, source] > 0 else -1.0)
        close = np.abs(fitted[i] - target[1] * np.eye(size)[source]).sum() < 0.5
        was = int(np.abs(matrix[i]).argmax())
        before = (was, float(np.sign(matrix[i, was])))
        mend, hint = _words("action", names, target if close else (None, 1.0), before)
        faults.append(Fault("action", i, names[i], float(error[i]), mend, hint))
    return faults


def _fitted(there: FloatArray, here: FloatArray, matrix: FloatArray) -> FloatArray:
    """A with there A = here for (states, state_dim, dim) effects, column by column.

    A column of the map is kept where it is right in the median over states: a push that makes a contact, or lifts one,
    says nothing. Else it is the one coordinate with the sign that is right, and where none is, the least squares.
    """
    fitted = matrix.copy()
    squares = np.linalg.lstsq(np.concatenate(there), np.concatenate(here), rcond=1e-6)[0]
    size = np.abs(there).sum(axis=1)
    for i in range(len(matrix)):
        wanted = here[:, :, i]
        total = size + np.abs(wanted).sum(axis=1)[:, None] + 1e-12
        gaps = np.stack(
            [np.abs(wanted[:, :, None] - sign * there).sum(axis=1) / total for sign in (1.0, -1.0)]
        )  # (2, states, dim)
        median = np.median(gaps, axis=1)
        made = there @ matrix[:, i]
        own = np.median(np.abs(wanted - made).sum(axis=1) / (np.abs(wanted) + np.abs(made) + 1e-12).sum(axis=1))
        if own <= ALIKE:
            continue
        sign, j = np.unravel_index(int(median.argmin()), median.shape)
        single = (-1.0 if sign else 1.0) * np.eye(len(matrix))[j]
        fitted[:, i] = single if median[sign, j] <= ALIKE else squares[:, i]
    return fitted


def _source(seen: FloatArray, wanted: FloatArray, least: float) -> tuple[int | None, float]:
    """The coordinate and sign that give what is wanted in all samples; None where none does, or another as well."""
    errors = np.stack([np.abs(wanted[:, None] - sign * seen).mean(axis=0) for sign in (1.0, -1.0)])
    sign, j = np.unravel_index(int(errors.argmin()), errors.shape)
    best, others = errors[sign, j], np.delete(errors, j, axis=1)
    if best > least or (others <= 2 * best + 1e-3 * least).any():
        return None, 1.0
    return int(j), -1.0 if sign else 1.0


def _words(
    part: str, names: list[str], right: tuple[int | None, float], was: tuple[int | None, float]
) -> tuple[str, str]:
    """The mend, and in words."""
    source, sign = right
    if source is None:
        return "", ""
    mend = f"{'-' if sign < 0 else ''}{part}[{source}]"
    if was[0] == source and was[1] == -sign:
        return mend, f"none with the other sign ({mend})"
    return mend, f"none when it is {mend}, {names[source]}"


def derived_state(transitions: Transitions, observation: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """How the state moves as a matrix of the observation says, and which of its coordinates are observed.

    Each coordinate of the state that is also one of the observation moves as that does; others stay.

    Raises:
        InputError: nothing observed is a coordinate of the state, or one moves to what is none.
    """
    seen, states = transitions.observations, transitions.states
    size = states.shape[1]
    copies: dict[int, int] = {}  # of state coordinates, in the observation
    for j in range(size):
        gap = np.abs(seen - states[:, j, None]).max(axis=0)
        if states[:, j].std() > 1e-9 and gap.min() < 1e-5:
            copies[j] = int(gap.argmin())
    if not copies:
        raise InputError(
            "no coordinate of the state is observed as it is, so nothing says how the state moves with the map; give "
            "symmetry=my_file:name, a Symmetry with state="
        )
    back = {i: j for j, i in copies.items()}
    matrix = np.eye(size)
    for j, i in copies.items():
        matrix[j] = 0
        for k in np.flatnonzero(np.abs(observation[i]) > 1e-9).tolist():
            if k not in back:
                raise InputError(
                    f"the map makes observation {i} of observation {k}, which is no coordinate of the state; give "
                    "symmetry=my_file:name, a Symmetry with state="
                )
            matrix[j, back[k]] = observation[i, k]
    return matrix, np.isin(np.arange(size), list(copies))
