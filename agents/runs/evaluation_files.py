"""What evaluations write into the folder of a run: files of their own for each, and readers of them.

The first is evaluation.json, with figures beside it. A period of data or a kind of noise other than the default is part
of the name: evaluation-validation.json, evaluation-salt_and_pepper.json. A further evaluation of the same name, with
other levels, episodes or seeds or of a later checkpoint, is numbered: evaluation-2.json. One that was done before is
written where it was.
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nearsym.envs import NoiseLevel
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.capabilities import Findings

from .checkpoint import MANIFEST, latest_checkpoint, step_of
from .folder import Run
from .noise_figure import draw_noise
from .noise_kinds import NOISE_KINDS
from .settings import EvaluateSettings

NAME = "evaluation"

PLAIN = re.compile(rf"{NAME}(?:-(\d+))?\.json")

WHAT = ("episodes", "noise", "noise_kind", "split", "trials", "seed")
"""Settings that say what is evaluated; the others say how."""


def asked_of(settings: EvaluateSettings, step: int | None) -> dict[str, Any]:
    """What is evaluated, for JSON: the settings that decide it, and the step of the checkpoint."""
    given = asdict(settings)
    return {**{name: given[name] for name in WHAT}, "step": step}


def saved_step(folder: Path) -> int | None:
    """The step of a run's newest checkpoint."""
    latest = latest_checkpoint(Run(folder).checkpoints)
    return None if latest is None else step_of(latest)


def plain_files(run: Run) -> list[Path]:
    """The JSON files of evaluations with neither period nor kind of noise in their name, oldest first."""
    found = [(match, path) for path in run.folder.glob(f"{NAME}*.json") if (match := PLAIN.fullmatch(path.name))]
    return [path for _, path in sorted(found, key=lambda pair: int(pair[0][1] or 1))]


def is_done(run: Run, wanted: EvaluateSettings) -> bool:
    """Whether a run's last checkpoint was evaluated at these levels of noise, in as many episodes."""
    return any(_is_of(path, wanted, run) for path in plain_files(run))


def write_evaluation(
    levels: Sequence[NoiseLevel], settings: EvaluateSettings, env: str, asked: Mapping[str, Any]
) -> list[Path]:
    """Write the returns at every level of noise, and draw them.

    Args:
        levels: from `evaluate_run`.
        settings: of the evaluation.
        env: id of the environment.
        asked: from `asked_of`.

    Returns:
        The files.
    """
    folder, name = Path(settings.run), _own_name(settings, asked)
    content = {
        "run": folder.name,
        "env": env,
        "episodes": settings.episodes,
        "seed": settings.seed,
        "noise_kind": settings.noise_kind,
        "asked": asked,
        "levels": [
            {
                "noise": level.noise,
                "mean": level.mean,
                "std": level.std,
                "iqm": level.iqm,
                "returns": level.returns,
            }
            for level in levels
        ],
    }
    written = [folder / f"{name}.json", folder / f"{name}.png"]
    draw_noise(levels, f"{env}: {folder.name}", written[1], NOISE_KINDS[settings.noise_kind].label)
    write_atomic(written[0], json.dumps(content, indent=2) + "\n")  # last: it says that the evaluation is done
    return written


def write_findings(findings: Findings, settings: EvaluateSettings, title: str, asked: Mapping[str, Any]) -> list[Path]:
    """Write what an environment's own evaluation found: JSON, its own files, and returns against noise.

    Its own files are called as it calls them, with what follows ``evaluation`` in the name of the JSON.

    Returns:
        The files.
    """
    folder, name = Path(settings.run), _own_name(settings, asked)
    ending = name.removeprefix(NAME)
    written = [folder / f"{name}.json"]
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as apart:
        files = findings.write(Path(apart), title)
        if len(findings.levels) > 1:
            files = [*files, Path(apart) / "noise.png"]
            draw_noise(findings.levels, title, files[-1], findings.noise, findings.unit)
        for file in files:
            written.append(folder / f"{file.stem}{ending}{file.suffix}")
            file.replace(written[-1])
    content = {"run": folder.name, "asked": asked, **findings.content()}
    write_atomic(written[0], json.dumps(content, indent=2) + "\n")
    return written


def _own_name(settings: EvaluateSettings, asked: Mapping[str, Any]) -> str:
    """What the files of an evaluation are called, without ending.

    The first name that is free, or that of the same evaluation, which writes the same again.
    """
    kind = None if settings.noise_kind == EvaluateSettings.noise_kind else settings.noise_kind
    base = "-".join([NAME, *(part for part in (settings.split, kind) if part)])
    for number in itertools.count(1):
        name = base if number == 1 else f"{base}-{number}"
        path = Path(settings.run, f"{name}.json")
        if not path.exists() or _read(path).get("asked") == asked:
            break
    return name


def _is_of(path: Path, wanted: EvaluateSettings, run: Run) -> bool:
    content, saved = _read(path), latest_checkpoint(run.checkpoints)
    try:
        asked = content.get("asked")
        if asked is not None and "levels" not in content:  # an environment's own evaluation
            done = [asked[name] for name in ("noise", "episodes")] == [wanted.noise, wanted.episodes]
            return done and (saved is None or bool(asked["step"] == step_of(saved)))
        levels = [float(level["noise"]) for level in content["levels"]]
        if levels != wanted.noise or ("episodes" in content and content["episodes"] != wanted.episodes):
            return False
        if saved is None:  # published results come without checkpoints
            return True
        if "asked" in content:
            return bool(content["asked"]["step"] == step_of(saved))
        # of version 0.1, which did not say of which checkpoint
        return path.stat().st_mtime_ns >= (saved / MANIFEST).stat().st_mtime_ns
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
