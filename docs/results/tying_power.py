"""Which estimator tells from replayed transitions that a symmetry is broken, and cries no wolf, in a table.

python docs/results/tying_power.py runs/tying_power.csv
"""

import argparse
import csv
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs import audit, build, symmetry_of
from nearsym.envs.auditing import Transitions, cost_of_tying
from nearsym.envs.auditing.judgement import NEARLY, SIGMAS
from nearsym.envs.auditing.neighbours import invariant_scale
from nearsym.envs.auditing.standard_error import standard_error
from nearsym.envs.auditing.transitions import EPISODE, flat
from nearsym.envs.auditing.tying import TOLERATED
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.envs.symmetry import Symmetry

Array = NDArray[Any]

RANDOM, COUNTS, SEEDS = 1000, (1000, 3000), range(5)
FEATURES, FOLDS, RIDGE, LENGTH = 300, 4, 1e-5, 1.5

WORLDS: list[tuple[str, dict[str, Any], dict[str, float]]] = [
    ("Pendulum-v1", {}, {}),
    ("Pendulum-v1", {}, {"actuator_reflection": 1.0}),
    ("Pendulum-v1", {}, {"actuator_gain": 0.6}),
    ("dmc/cartpole-swingup", {"action_repeat": 4}, {}),
    ("dmc/cartpole-swingup", {"action_repeat": 4}, {"actuator_reflection": 1.0}),
    ("dmc/cartpole-swingup", {"action_repeat": 4}, {"actuator_gain": 0.6}),
    ("Reacher-v5", {}, {}),
    ("Reacher-v5", {}, {"actuator_reflection": 1.0}),
    ("Reacher-v5", {}, {"actuator_gain": 0.6}),
]


def world(id: str, kwargs: dict[str, Any], perturbation: dict[str, float]) -> Any:
    """The environment."""
    return build(id, kwargs, perturbation=PerturbationSettings(**perturbation))


def experience(env: Any, count: int, seed: int) -> Transitions:
    """Random actions, and after a thousand steps those of a random feedback that knows no symmetry, with noise."""
    generator, symmetry = np.random.default_rng(seed), declared(env)
    low, high = env.action_space.low, env.action_space.high
    env.action_space.seed(seed)
    gain = generator.standard_normal((symmetry.action.dim, symmetry.observation.rep.dim))
    push = generator.standard_normal(symmetry.action.dim) / 2
    rows: list[tuple[Any, ...]] = []
    for episode in itertools.count():
        observed, _ = env.reset(seed=1000 * seed + episode)
        before, ended, steps = flat(env, observed), False, 0
        while not ended:
            action = np.asarray(env.action_space.sample())
            if len(rows) >= RANDOM:
                size = np.array([row[0] for row in rows[:RANDOM]]).std(axis=0) + 1e-6
                wanted = np.tanh(1.5 / np.sqrt(len(before)) * gain @ (before / size) + push)
                noisy = np.clip(wanted + 0.3 * generator.standard_normal(len(push)), -1, 1)
                action = (low + (noisy + 1) / 2 * (high - low)).astype(action.dtype)
            observed, reward, terminated, truncated, _ = env.step(action)
            after = flat(env, observed)
            rows.append((before, action.astype(float), float(reward), after, terminated, len(rows) // EPISODE))
            before, steps = after, steps + 1
            ended = terminated or truncated or steps == RANDOM
            if len(rows) == count:
                o, a, r, n, t, e = (np.array(column) for column in zip(*rows, strict=True))
                return Transitions(o, a, r, n, t, o, n, e)
    raise AssertionError


def declared(env: Any) -> Symmetry:
    """The symmetry, laid out as flat observations are."""
    symmetry = symmetry_of(env)
    assert symmetry is not None
    return symmetry.ordered(env.observation_space)


def by_tying(env: Any, transitions: Transitions, seed: int) -> Array:
    """Whether each element is called broken, by `cost_of_tying`."""
    found = cost_of_tying(declared(env), transitions, np.random.default_rng(seed))
    assert found is not None
    return ~found.holds()[1:]


def by_neighbours(env: Any, transitions: Transitions, seed: int) -> Array:
    """By the audit from transitions alone: predictions of images from their nearest neighbours."""
    try:
        return np.array([each.verdict == "broken" for each in audit(env, transitions=transitions).elements])
    except InputError:  # too few images where anything was seen
        return np.zeros(declared(env).group.rows - 1, dtype=bool)


def by_features(moved: bool) -> Callable[[Any, Transitions, int], Array]:
    """By a ridge regression on random Fourier features, of other episodes.

    Args:
        moved: hold its errors at images against its errors at the transitions; otherwise, fit it to the images too and
            hold its errors at the transitions against those without.
    """

    def broken(env: Any, transitions: Transitions, seed: int) -> Array:
        generator, symmetry = np.random.default_rng(seed), declared(env)
        rep, joint = symmetry.observation.rep, symmetry.observation.rep.direct_sum(symmetry.action)
        points = np.concatenate([transitions.observations, transitions.actions], axis=1)
        scale, change = invariant_scale(joint, points), transitions.next_observations - transitions.observations
        usual = np.sqrt(np.mean([rep.apply(g, change) ** 2 for g in range(rep.group.rows)], axis=(0, 1)))
        waves = generator.standard_normal((joint.dim, FEATURES)) / LENGTH / np.sqrt(joint.dim)
        phases = generator.uniform(0, 2 * np.pi, FEATURES)

        def features(z: Array) -> Array:
            return np.column_stack([np.ones(len(z)), z, np.sqrt(2 / FEATURES) * np.cos(z @ waves + phases)])

        def targets(g: int) -> Array:
            moves = rep.apply(g, change) / np.where(usual > 0, usual, 1.0)
            return np.column_stack([transitions.rewards / (transitions.rewards.std() or 1.0), moves])

        x = [features(joint.apply(g, points) / scale) for g in range(rep.group.rows)]
        y = [targets(g) for g in range(rep.group.rows)]
        numbers = transitions.episodes
        fold = generator.permutation(numbers.max() + 1)[numbers] % FOLDS
        penalty = RIDGE * len(points) * np.diag([1e-6, *np.ones(x[0].shape[1] - 1)])
        own, other = np.zeros_like(y[0]), np.zeros((rep.group.rows, *y[0].shape))
        for k in range(FOLDS):
            kept, left = fold != k, fold == k
            gram, moment = x[0][kept].T @ x[0][kept] + penalty, x[0][kept].T @ y[0][kept]
            alone = np.linalg.solve(gram, moment)
            own[left] = np.abs(x[0][left] @ alone - y[0][left])
            for g in range(1, rep.group.rows):
                if moved:
                    other[g][left] = np.abs(x[g][left] @ alone - y[g][left])
                else:
                    both = np.linalg.solve(gram + x[g][kept].T @ x[g][kept], moment + x[g][kept].T @ y[g][kept])
                    other[g][left] = np.abs(x[0][left] @ both - y[0][left])
        line = NEARLY if moved else TOLERATED
        found = []
        for g in range(1, rep.group.rows):
            excess = other[g] - own
            mean, error = excess.mean(axis=0), standard_error(excess, numbers)
            found.append(((mean > line) & (mean > SIGMAS * error)).any())
        return np.array(found)

    return broken


ESTIMATORS = {
    "tying, neighbours": by_tying,
    "tying, features": by_features(moved=False),
    "images, neighbours": by_neighbours,
    "images, features": by_features(moved=True),
}


def measure() -> list[dict[str, Any]]:
    """For each world, number of transitions and estimator: elements called broken that hold, and that do not."""
    rows = []
    for id, kwargs, perturbation in WORLDS:
        env = world(id, kwargs, perturbation)
        truth = audit(env, samples=500)  # in the simulator
        holds = np.array([each.verdict == "exact" for each in truth.elements])
        for count in COUNTS:
            recorded = [experience(env, count, seed) for seed in SEEDS]
            for name, estimator in ESTIMATORS.items():
                started = time.process_time()
                found = np.array([estimator(env, each, seed) for seed, each in zip(SEEDS, recorded, strict=True)])
                seconds = (time.process_time() - started) / len(SEEDS)
                rows.append(
                    {
                        "world": id,
                        "perturbation": " ".join(f"{key}={value:g}" for key, value in perturbation.items()) or "none",
                        "transitions": count,
                        "estimator": name,
                        "elements that hold": int(holds.sum() * len(SEEDS)),
                        "false alarms": int(found[:, holds].sum()),
                        "broken elements": int((~holds).sum() * len(SEEDS)),
                        "found": int(found[:, ~holds].sum()),
                        "seconds": round(seconds, 2),
                    }
                )
                print(*rows[-1].values(), sep=", ", flush=True)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    path = parser.parse_args().table
    table = measure()
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
