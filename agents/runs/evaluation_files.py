"""What an evaluation writes into the folder of a run: evaluation.json, and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nearsym.envs import NoiseLevel
from nearsym.envs.capabilities import Findings

from .folder import write_atomic
from .noise_figure import draw_noise
from .noise_kinds import NOISE_KINDS
from .settings import EvaluateSettings


def write_evaluation(levels: Sequence[NoiseLevel], settings: EvaluateSettings, env: str) -> list[Path]:
    """Write the returns at every level of noise, and draw them.

    Args:
        levels: from `evaluate_run`.
        settings: of the evaluation.
        env: id of the environment.

    Returns:
        The files.
    """
    folder = Path(settings.run)
    content = {
        "run": folder.name,
        "env": env,
        "episodes": settings.episodes,
        "seed": settings.seed,
        "noise_kind": settings.noise_kind,
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
    written = [folder / "evaluation.json", folder / "evaluation.png"]
    write_atomic(written[0], json.dumps(content, indent=2) + "\n")
    draw_noise(levels, f"{env}: {folder.name}", written[1], NOISE_KINDS[settings.noise_kind].label)
    return written


def write_findings(findings: Findings, folder: Path, title: str) -> list[Path]:
    """Write what an environment's own evaluation found: evaluation.json, its own files, and returns against noise.

    Returns:
        The files.
    """
    written = [folder / "evaluation.json"]
    write_atomic(written[0], json.dumps({"run": folder.name, **findings.content()}, indent=2) + "\n")
    written += findings.write(folder, title)
    if len(findings.levels) > 1:
        written.append(folder / "noise.png")
        draw_noise(findings.levels, title, written[-1], findings.noise, findings.unit)
    return written
