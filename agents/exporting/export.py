"""From a run to a folder with its policy and a card."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from nearsym.agents.runs.build import build_env, symmetry_used
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.agents.runs.evaluation_files import plain_files, saved_step
from nearsym.agents.runs.folder import Run
from nearsym.envs import NoiseLevel, audit, symmetry_of
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.capabilities import state_setter
from nearsym.envs.errors import InputError

from .card import Facts, card
from .formats import FORMATS, write
from .parity import check_parity, met
from .policy import ExportedPolicy, example
from .settings import ExportSettings

CARD = "README.md"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        policy: the file.
        card: the card beside it.
        difference: largest difference from the run's policy, in halves of the range of actions.
        compared: on how many observations.
        milliseconds: that one action takes.
        milliseconds_before: that it takes the run's learner.
    """

    policy: Path
    card: Path
    difference: float
    compared: int
    milliseconds: float
    milliseconds_before: float


def export(settings: ExportSettings) -> Exported:
    """Write the policy of a run, once what is read back from the file does the same as the run.

    Raises:
        InputError: the run or its checkpoint is missing or damaged, its policy has a memory, the folder is there
            already, packages are missing, or the file does something else; nothing is written then.
    """
    torch.set_num_threads(settings.threads)
    folder = Path(settings.out or Path(settings.run, f"export-{settings.format}"))
    if folder.exists():
        raise InputError(f"{folder} is there already; move it away, or give another out=")
    trained, learner = load_learner(Path(settings.run), settings.trust, "cpu")
    if learner.has_memory:
        raise InputError("a policy with a memory is no function of one observation, and cannot be exported yet")
    env = build_env(trained)
    observations = met(learner, env, settings.observations, settings.seed)
    before = _milliseconds(lambda: learner.predict(observations[0]))
    verdict = None
    if settings.samples and symmetry_of(env) is not None and state_setter(env) is not None:
        precise = build_env(trained, precise=True)
        used = symmetry_used(trained.network, precise)
        verdict = audit(precise, used, samples=settings.samples, seed=settings.seed, policy=policy_of(learner)).verdict
        precise.close()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as apart:
        place = Path(apart, "export")
        place.mkdir()
        name = FORMATS[settings.format].file
        policy = ExportedPolicy(learner)
        act = write(settings.format, policy, example(learner), place / name)
        difference = check_parity(act, learner, observations)
        steps = saved_step(Path(settings.run)) or 0
        levels = _evaluated(Run(Path(settings.run)), steps)
        facts = Facts(trained, learner, settings.format, steps, verdict, levels, difference, len(observations))
        write_atomic(place / CARD, card(facts))
        after = _milliseconds(lambda: act(observations[:1]))
        place.replace(folder)  # both at once, and only now
    env.close()
    return Exported(folder / name, folder / CARD, difference, len(observations), after, before)


def _evaluated(run: Run, step: int) -> list[NoiseLevel]:
    """Returns of the newest evaluation of a checkpoint; none where there was none."""
    for path in reversed(plain_files(run)):
        try:
            content = json.loads(path.read_text())
            if content["asked"]["step"] == step:
                return [NoiseLevel(float(level["noise"]), list(level["returns"])) for level in content["levels"]]
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return []


def _milliseconds(act: object, times: int = 100) -> float:
    """The fastest of several calls."""
    assert callable(act)
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return 1e3 * min(spent)
