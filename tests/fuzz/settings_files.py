"""Suites and runs' config.yaml with keys missing, doubled and unknown, values of any kind, and text that is no YAML."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import yaml
from case import Case, Prepare, draw_for
from places import SMALL, SUITE, common, with_runs
from values import is_long, value

ODD: tuple[Any, ...] = (None, True, -1, 0, 1.5, float("nan"), float("inf"), 2**32, 2**63, 10**30, "", "abc", "../x")
ODD += ([], {}, [None], [[]], {"a": 1}, {1: 2}, "mine:Fine", "os:system", "x" * 300, "a/b", "/", "\n", [1, "a"], [0, 0])
STATES = {
    "name": "small",
    "runs": [
        {"path": "a", "task": "mine:Fine", "perturbation": {}, "network": "relaxed", "seed": 0, "state": "finished",
         "seconds": 1.0, "message": ""},
        {"path": "b", "task": "mine:Fine", "perturbation": {}, "network": "plain", "seed": 0, "state": "failed",
         "seconds": 1.0, "message": "it failed"},
    ],
}  # fmt: skip
"""A suite.json, of a run that is there and one that is not."""

SPLICES = (
    "\t",
    "{",
    "]",
    ":",
    "- ",
    "!!python/object/apply:os.system [ls]",
    "&a *a",
    "\x00",
    "\ufeff",
    "%",
    "'",
    '"',
    "? ",
)


def case(number: int, made: Path) -> Case:
    """A suite, or the settings of a run."""
    draw = draw_for("settings", number)
    if draw.random() < 0.1:
        text = _damaged(draw, json.dumps(STATES))
        prepare = _writes("runs/suite.json", text, lambda folder: with_runs(made, folder))
        return Case(("report", "runs", "out=new"), prepare, "a suite.json", ("new",))
    if draw.random() < 0.5:
        text = _damaged(draw, SUITE)
        words = ("compare", "suite=suite.yaml", "out=out", "dry_run=true")
        return Case(words, _writes("suite.yaml", text, common), "a suite", ("out",))
    words = draw.choice(
        (
            ("evaluate", "runs/a", "episodes=2"),
            ("audit", "runs/a", "samples=5"),
            ("report", "runs", "out=new"),
            ("train", *SMALL, "run_dir=runs/a", "total_steps=24", "resume=true"),
        )
    )
    path = draw.choice(("runs/a/config.yaml",) * 3 + ("runs/a/about.json", "runs/a/symmetry.json"))
    text = _damaged(draw, (made / path).read_text())
    long = any(is_long(key, str(each)) for key, each in _leaves(_loaded(text)))
    goes_on = "runs/a" if words[0] == "train" else None
    prepare = _writes(path, text, lambda folder: with_runs(made, folder))
    own = ("runs/a/evaluation",) if words[0] == "evaluate" else ()
    return Case(words, prepare, f"{path} of a run", own, goes_on, long)


def _writes(path: str, text: str, before: Prepare) -> Prepare:
    def prepare(folder: Path) -> None:
        before(folder)
        (folder / path).write_text(text, errors="surrogateescape")

    return prepare


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except Exception:  # it is meant to be damaged
        return None


def _leaves(content: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(content, dict):
        return [leaf for name, each in content.items() for leaf in _leaves(each, str(name))]
    if isinstance(content, list):
        return [leaf for each in content for leaf in _leaves(each, key)]
    return [(key, content)]


def _damaged(draw: random.Random, text: str) -> str:
    """The text after one damage or a few."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = copy.deepcopy(_loaded(text))
        if isinstance(content, dict) and content and draw.random() < 0.75:
            _change(draw, content)
            text = yaml.safe_dump(content, sort_keys=False)
            continue
        at = draw.randrange(len(text) + 1)
        text = draw.choice(
            (
                text[:at],
                text[:at] + draw.choice(SPLICES) + text[at:],
                text + text[: at // 2],
                text[at:],
                "",
                draw.choice(("[]", "3", "null", "text", "- a", "{}", "--- a\n--- b\n", "a: b: c", "x" * 10000)),
            )
        )
    return text


def _change(draw: random.Random, content: Any) -> None:
    """Change something at a random place inside."""
    while True:
        inside = list(content.values() if isinstance(content, dict) else content)
        deeper = [each for each in inside if isinstance(each, dict | list) and each]
        if not deeper or draw.random() < 0.4:
            break
        content = draw.choice(deeper)
    if isinstance(content, list):
        if content and draw.random() < 0.8:
            content[draw.randrange(len(content))] = draw.choice(ODD)
        else:
            content.append(draw.choice((*ODD, *content)))
        return
    key, what = draw.choice(list(content)), draw.random()
    if what < 0.15:
        del content[key]
    elif what < 0.3:
        content[draw.choice((f"{key}x", "unknown", 3, None, True, "env.kwargs.a", "seed"))] = draw.choice(ODD)
    elif what < 0.6:
        content[key] = value(draw, str(key))
    else:
        content[key] = draw.choice(ODD)
