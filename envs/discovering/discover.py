"""Discovering the symmetry of an environment whose state can be set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.auditing import AuditReport, audit
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry

from .closing import closed, holds, order, without_idle
from .elements import TRIED, Element, Trial
from .infinitesimal import Rotations, rotations, turns
from .model import isometries, model_of
from .model_isometry import ModelIsometry, for_state, pairs
from .observing import observed_elements
from .signed import Pushes
from .simulator import SAMPLES, FloatArray, Simulator

EXACT, NEARLY = 1e-5, 0.1
"""Mean errors in units of what a step changes, of candidates for exact and for approximate elements."""

LABELS = (1e-5, 0.05)
"""Responses that differ by less, relative to the largest, count as one, when approximate elements are looked for."""

QUARTERS = 4
"""Order of the finest turn that is kept."""

FIRST = 40
"""Samples of the first audit of an element, by itself."""

STAGES = 6
"""Of one discovery."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Found:
    """A group that was found, and its audit.

    Attributes:
        symmetry: the group with its actions.
        report: of the audit; every element is at least approximate.
        residual: largest mean residual of the observation's regression, relative to a coordinate's spread.
    """

    symmetry: Symmetry
    report: AuditReport
    residual: float


@dataclass(frozen=True)
class Discovery:
    """What was found in an environment.

    Attributes:
        exact: the largest group found all of whose elements the audit calls exact; None for none.
        nearly: a larger one that also has approximate elements; None for none.
        singular: singular values of continuous generators, the smallest first; see `rotations`.
        continuous: how many generators of continuous groups were found that hold for every angle.
        model: what the isometries of a MuJoCo model do, where it does not quite match, and what becomes of them.
        notes: what else is to be said, in sentences.
    """

    exact: Found | None
    nearly: Found | None
    singular: FloatArray
    continuous: int
    model: tuple[str, ...]
    notes: tuple[str, ...]


def discover(
    env: gymnasium.Env[Any, Any],
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Progress = lambda stage, done: None,
) -> Discovery:
    """Find the signed permutations and rotations under which an environment stays the same, from its simulator.

    A declared symmetry is not looked at. Signed permutations come from `Pushes`, turns from `rotations`, and
    where there is a MuJoCo model its `isometries` are candidates as well; the observation's representation from
    regression of o(g·s) on o(s); what is kept from `audit`.

    Args:
        env: with ``get_state`` and ``set_state``, or on MuJoCo.
        samples: pairs of state and action in every audit, at least as many as state and action have numbers (of more
            than `SAMPLES` that many do).
        seed: of all sampling.
        progress: called with what is done next, and the fraction that is done.

    Raises:
        InputError: the state cannot be set, outcomes are random, actions are no Box, observations are images, or there
            are too few samples.
    """
    progress("samples transitions", 0 / STAGES)
    simulator = Simulator(env, seed)
    numbers = simulator.state_dim + simulator.action_dim
    if samples < min(numbers, SAMPLES):
        raise InputError(
            f"samples={samples} are too few to confirm anything of {simulator.state_dim} numbers of state and "
            f"{simulator.action_dim} of action; give at least {min(numbers, SAMPLES)}"
        )
    notes = [line for line in (simulator.chaos(),) if line]
    if simulator.samples.rewards.std() <= 1e-3 * np.abs(simulator.samples.rewards).max(initial=1.0):
        notes.append(
            "rewards hardly vary over the samples, so that what holds for them is known near the resting states alone"
        )

    progress("searches signed permutations", 1 / STAGES)
    trial, near_trial = Trial(simulator, EXACT), Trial(simulator, NEARLY)
    model = _isometries(simulator, notes)
    images = _candidates(simulator, model)
    candidates = [element for element in images if element is not None]
    pushes = Pushes(simulator)
    elements, stopped = pushes.elements(EXACT, trial)
    progress("differentiates", 2 / STAGES)
    turned = rotations(simulator)
    if not len(turned.singular):
        notes.append(
            f"no continuous symmetries were looked for: the state's {simulator.state_dim} numbers are too many"
        )
    elements += [element for element in candidates if trial.passes(element)]
    turning, continuous = _turned(simulator, turned, trial)
    elements += turning
    progress("audits", 3 / STAGES)
    exact, known = _audited(simulator, elements, [], trial, ("exact",), samples, seed)
    if exact is None and any(element.moves for element in elements):
        notes.append("candidates for exact elements were found, and the audit calls none of them exact")

    progress("searches approximate ones", 4 / STAGES)
    near = _turned(simulator, turned, near_trial)[0]
    for tolerance in LABELS:
        more, early = pushes.elements(tolerance, near_trial)
        near, stopped = near + more, stopped or early
    near += [element for element in candidates if near_trial.passes(element)]
    progress("audits", 5 / STAGES)
    allowed = ("exact", "consistent", "approximate")
    nearly, _ = _audited(simulator, [*elements, *near], known, near_trial, allowed, samples, seed)
    if stopped:
        notes.append("the search stopped before it had looked everywhere, so there may be more")
    if nearly is not None and exact is not None and not _larger(nearly.symmetry, exact.symmetry):
        nearly = None
    if nearly is not None and nearly.report.verdict == "exact":  # found by the second search, and exact all the same
        exact, nearly = nearly, None
    best = nearly or exact
    constant = int((np.ptp(simulator.samples.observations, axis=0) == 0).sum())
    if constant and best is not None:
        notes.append(
            f"{constant} of the {simulator.samples.observations.shape[1]} numbers observed never vary in the samples: "
            "which of them are exchanged is not known"
        )
    words = _told(simulator, model, images, None if best is None else best.symmetry)
    progress("done", 1.0)
    return Discovery(exact, nearly, turned.singular, continuous, tuple(words), tuple(notes))


def _isometries(simulator: Simulator, notes: list[str]) -> list[ModelIsometry]:
    model = model_of(simulator.env)
    try:
        return [] if model is None else isometries(model)
    except InputError as error:
        notes.append(str(error))
        return []


def _candidates(simulator: Simulator, found: list[ModelIsometry]) -> list[Element | None]:
    """Of every isometry of the model its element on this state and action, None where it has none."""
    model = model_of(simulator.env)
    elements = [for_state(isometry, model, simulator.state_dim) for isometry in found]
    return [each if each is not None and len(each.action) == simulator.action_dim else None for each in elements]


def _told(
    simulator: Simulator, found: list[ModelIsometry], elements: list[Element | None], best: Symmetry | None
) -> list[str]:
    """What isometries of the model do, where the model does not quite match, and what the simulator says of them."""
    model, words, exact, near = model_of(simulator.env), [], Trial(simulator, EXACT), Trial(simulator, NEARLY)
    if model is not None and not found:
        return ["no mirror and no rotation takes bodies, joints and actuators to each other"]
    for isometry, element in zip(found, elements, strict=True):
        words.append(f"{isometry.name}: {pairs(isometry, model) or 'no joint moves otherwise'}")
        words += [f"    but {each}" for each in isometry.unequal]
        if element is None:
            words.append("    the state of this environment is not the model's, so it was not tried")
        elif not near.passes(element):
            if exact.passes(element, rewards=False):
                words.append("    not declared: the dynamics keep it, reward or observation do not")
            else:
                words.append(f"    not declared: the simulator breaks it in {exact.broken(element)} of {TRIED} samples")
        elif not any(holds(best, each) for each in observed_elements(simulator, [element], SAMPLES, np.inf)):
            words.append("    not declared: the audit calls it broken")
        elif isometry.unequal and exact.passes(element):
            words.append("    declared as exact: what differs makes no difference in the samples")
    return words


def _turned(simulator: Simulator, found: Rotations, trial: Trial) -> tuple[list[Element], int]:
    """Turns of every generator by an angle that networks like, and how many generators hold for any angle."""
    elements, continuous = [], 0
    for generator in found.generators:
        passing = []
        for angle in turns(generator):
            element = generator.turned(angle)
            if _fits(simulator, element) and trial.passes(element):
                passing += observed_elements(simulator, [element], SAMPLES, trial.tolerance)
        continuous += bool(passing) and trial.passes(generator.turned(0.7))
        # finer turns hold as well, but they are dense matrices, and no box of actions bears them
        elements += [element for element in passing if 0 < order(element) <= QUARTERS]
    return elements, continuous


def _fits(simulator: Simulator, element: Element) -> bool:
    """Whether it takes the box of actions to itself."""
    low, high = simulator.low, simulator.high
    one = np.abs(element.action).max(axis=1, initial=0)
    if (np.abs(one - 1) > 1e-6).any() and np.isfinite(low).any():
        return False
    middle, reach = simulator.rest, simulator.reach
    return bool(
        np.allclose(element.action @ middle, middle) and np.allclose(np.abs(element.action) @ reach, reach)
    ) and (len(low) == len(high))


def _audited(
    simulator: Simulator,
    elements: list[Element],
    known: list[Element],
    trial: Trial,
    verdicts: tuple[str, ...],
    samples: int,
    seed: int,
) -> tuple[Found | None, list[Element]]:
    """The group of known elements and of those of which the audit says no worse, and its generators.

    Every element is audited by itself first, so that one that the audit does not like does not spoil the others.
    """
    space = simulator.env.observation_space
    keys = tuple(space.spaces) if isinstance(space, gymnasium.spaces.Dict) else ()
    seen = without_idle(observed_elements(simulator, elements, SAMPLES, trial.tolerance), trial.passes)
    good, group = list(known), closed(known, keys)[0]
    for element in seen:
        if holds(group, element):
            continue
        symmetry, _ = closed([element], keys)
        if symmetry is None:
            continue
        if audit(simulator.env, symmetry, min(samples, FIRST), seed).verdict in verdicts:
            good.append(element)
            group = closed(good, keys)[0]
    while good:
        symmetry, kept = closed(good, keys)
        if symmetry is None:
            break
        report = audit(simulator.env, symmetry, samples, seed)
        if report.verdict in verdicts:
            return Found(symmetry, report, max(element.residual for element in good)), kept
        names = {each.element for each in report.elements if each.verdict not in verdicts}
        rows = [symmetry.group.names[g] for g in symmetry.group.generators]
        bad = [element for element, row in zip(kept, rows, strict=True) if row in names] or kept[-1:]
        good = [element for element in good if not any(element is other for other in bad)]
    return None, []


def _larger(one: Symmetry, other: Symmetry) -> bool:
    """Whether one group has more elements than another; an unlisted one has more than a listed one."""
    if one.group.order is None or other.group.order is None:
        return one.group.order is None and (other.group.order is not None or one.group.rows > other.group.rows)
    return one.group.order > other.group.order
