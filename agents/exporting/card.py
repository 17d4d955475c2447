"""A card: what an exported policy is, how good it is, and how to use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np
from scipy import stats

from nearsym.agents.algorithms import Learner
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import NoiseLevel
from nearsym.networks import parameter_count

from .formats import FORMATS

VERSIONS = ("nearsym", "torch", "gymnasium", "dm_control", "mujoco", "onnxruntime")


@dataclass(frozen=True)
class Facts:
    """What a card says.

    Attributes:
        settings: of the run.
        learner: its learner.
        kind: the format.
        steps: steps that it was trained for.
        verdict: of an audit of its environment; None where there was none.
        levels: returns at each level of noise; none where it was not evaluated.
        difference: largest difference from the run's policy, in halves of the range of actions.
        compared: on how many observations.
    """

    settings: TrainSettings
    learner: Learner
    kind: str
    steps: int
    verdict: str | None
    levels: Sequence[NoiseLevel]
    difference: float
    compared: int


def card(facts: Facts) -> str:
    """Markdown, headed as the Hugging Face hub reads it."""
    settings, learner = facts.settings, facts.learner
    problem, form = learner.problem, FORMATS[facts.kind]
    space = problem.observation_space
    dtype = "uint8" if problem.is_image else "float32"
    shape = ", ".join(map(str, space.shape))
    actor = learner.networks()["actor"]
    perturbed = {name: value for name, value in vars(settings.perturbation).items() if value}
    lines = [
        "---",
        "library_name: nearsym",
        "pipeline_tag: reinforcement-learning",
        "tags: [reinforcement-learning, symmetry, equivariance]",
        "---",
        "",
        f"# {settings.env.id}: {settings.agent.name} with {settings.network.label} networks",
        "",
        f"A policy trained by nearsym for {facts.steps:,} steps (seed {settings.seed}), written out as dense layers.",
        "It takes raw observations and gives the environment's own actions; normalisation and scaling are inside.",
        "",
        "```python",
        form.how.format(shape=shape, dtype=dtype),
        "```",
        "",
        f"Needs `pip install {form.needs}`, and nothing else.",
        "",
        "| | |",
        "|---|---|",
        f"| environment | `{settings.env.id}` {_keys(settings.env.kwargs)}|",
        f"| perturbation | {_keys(perturbed) or 'none'} |",
        f"| observation | (batch, {shape}) {dtype} |",
        f"| action | {problem.action_space} |",
        f"| parameters of the actor | {parameter_count(actor):,} trained |",
        f"| compared with the run | on {facts.compared} observations; largest difference {facts.difference:.1e} of half"
        " the range of actions |",
        f"| versions | {', '.join(f'{name} {found}' for name in VERSIONS if (found := _version(name)))} |",
        "",
        "## Returns",
        "",
        *_returns(facts.levels),
        "",
        "## Symmetry",
        "",
        *_symmetry(facts),
    ]
    return "\n".join(lines) + "\n"


def _returns(levels: Sequence[NoiseLevel]) -> list[str]:
    if not levels:
        return ["Not evaluated; `nearsym evaluate` writes what is said here."]
    rows = [
        f"| {level.noise:g} | {level.mean:.1f} {_interval(level.returns)} | {len(level.returns)} |" for level in levels
    ]
    said = "Return of the deterministic policy, with its 95% interval over episodes of this one run."
    return [said, "", "| noise (std) | mean return | episodes |", "|---|---|---|", *rows]


def _interval(returns: Sequence[float]) -> str:
    if len(returns) < 2:
        return ""
    reach = stats.t.ppf(0.975, len(returns) - 1) * np.std(returns, ddof=1) / np.sqrt(len(returns))
    return f"[{np.mean(returns) - reach:.1f}, {np.mean(returns) + reach:.1f}]"


def _symmetry(facts: Facts) -> list[str]:
    symmetry = facts.learner.problem.symmetry
    if symmetry.group.rows < 2:
        return ["None was declared."]
    found = "" if facts.verdict is None else f" An audit in the simulator found it **{facts.verdict}**."
    return [f"{symmetry.group!r}.{found}", "", "```text", symmetry.table(), "```"]


def _keys(values: dict[str, object]) -> str:
    """Numbers; texts may be paths or keys, which are nobody's business."""
    shown = {key: value if isinstance(value, int | float | None) else "…" for key, value in values.items()}
    return "".join(f"`{key}={value}` " for key, value in shown.items())


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
