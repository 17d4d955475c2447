"""evaluations.npz, as stock stable-baselines3's EvalCallback writes it, in folders that say whose it is.

Two layouts are understood, below the comparison's folder:

    <task>/<algorithm>/<run>/evaluations.npz     the task may itself be several folders, such as dmc/cartpole-swingup
    <algorithm>/<env>_<n>/evaluations.npz        rl-baselines3-zoo's: n counts the runs, a uuid may follow it

A folder of the second kind is also recognised deeper inside (``logs/sac/Pendulum-v1_1``) by the folder of settings that
rl-baselines3-zoo puts in it under the environment's own name.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError, first_line

from .records import Floats, Record

NAME = "evaluations.npz"

LAYOUTS = f"<task>/<algorithm>/<run>/{NAME} or rl-baselines3-zoo's <algorithm>/<env>_<n>/{NAME}"


def read_stock(folder: Path) -> list[Record]:
    """Every evaluations.npz below `folder`.

    Raises:
        InputError: a file is corrupt or lies where its task and algorithm cannot be told.
    """
    records: list[Record] = []
    for path in sorted(folder.rglob(NAME)):
        task, algorithm = _owner(path.parent, folder)
        seed = sum(record.task == task and record.network == algorithm for record in records)
        steps, returns = read_evaluations(path)
        records.append(Record(path.parent, task, {}, algorithm, seed, steps, returns))
    return records


def read_evaluations(path: Path) -> tuple[NDArray[np.int64], Floats]:
    """Steps and mean returns over episodes of one evaluations.npz, (K,) each.

    Raises:
        InputError: it is corrupt, or holds other arrays than `timesteps` (K,) and `results` (K, episodes).
    """
    remedy = "write it again, or move it out of the comparison"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            steps = np.asarray(arrays["timesteps"], dtype=np.int64)
            results = np.asarray(arrays["results"], dtype=np.float64)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        detail = first_line(error)
        raise InputError(f"{path} cannot be read ({detail}); {remedy}") from error
    if steps.ndim != 1 or results.ndim != 2 or len(steps) != len(results) or not results.size:
        raise InputError(
            f"{path} has timesteps {steps.shape} and results {results.shape}, expected (K,) and (K, episodes) with "
            f"at least one evaluation; {remedy}"
        )
    if (np.diff(steps) <= 0).any() or not np.isfinite(results).all():
        raise InputError(f"{path} has steps that do not rise or returns that are not finite; {remedy}")
    return steps, results.mean(axis=1)


def _owner(run: Path, root: Path) -> tuple[str, str]:
    """Task and algorithm of the folder of an evaluations.npz."""
    parts = run.relative_to(root).parts
    numbered = re.fullmatch(r"(.+?)_\d+(_[0-9a-f-]{36})?", run.name)
    if numbered and len(parts) >= 2 and (len(parts) == 2 or (run / numbered[1]).is_dir()):
        return numbered[1], parts[-2]
    if len(parts) >= 3:
        return "/".join(parts[:-2]), parts[-2]
    raise InputError(f"whose is {run / NAME}? expected {LAYOUTS} below {root}; move it, or report a folder above")
