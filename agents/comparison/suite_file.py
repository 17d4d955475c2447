"""Reading a suite from YAML: every key and value is checked, and named when it does not fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from nearsym.envs.errors import InputError, did_you_mean, first_line
from nearsym.envs.yaml_file import read_yaml
from nearsym.networks import FAMILIES, RENAMED, keys_of

from .suite import Network, Suite, Task
from .suite_place import place_of
from .version_0_1 import translated

NETWORK_KEYS = tuple(dict.fromkeys(key for kind in FAMILIES.values() for key in keys_of(kind)))

Read = TypeVar("Read")

WHOLE, TEXT, LIST, MAPPING = (
    ("a whole number", int),
    ("text", str),
    ("a list", list),
    ("a mapping", dict),
)


def read_suite(path: Path, families: Collection[str], saved: bool = False) -> Suite:
    """The suite of a YAML file.

    Args:
        path: the file.
        families: what ``network=`` takes.
        saved: whether it is the suite.yaml of a suite's folder, which an earlier version may have written.

    Raises:
        InputError: the file cannot be read, or something in it does not fit; names the file and the place.
    """
    return read_file(path, lambda content: suite_from(translated(content) if saved else content, families), families)


def read_file(path: Path, read: Callable[[Any], Read], families: Collection[str]) -> Read:
    """What `read` makes of the content of a suite's YAML file.

    Args:
        path: the file.
        read: from the content.
        families: what ``network=`` takes.

    Raises:
        InputError: the file cannot be read, or something in it does not fit; names the file and the place.
    """
    try:
        text = path.read_text()
        content = read_yaml(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        doing = f" {error.context}:" if error.context else ""
        raise InputError(f"suite {path}{place} cannot be read:{doing} {error.problem}") from error
    except (OSError, ValueError, OverflowError, RecursionError, TypeError, yaml.YAMLError) as error:
        first = first_line(error)
        raise InputError(f"suite {path} cannot be read: {first}") from error
    try:
        return read(content)
    except InputError as error:
        entries = {"tasks": lambda one: _task("task", one), "networks": lambda one: _network(one, families)}
        raise InputError(f"suite {path}{place_of(text, str(error), entries)}: {error}") from error


def suite_from(content: Any, families: Collection[str]) -> Suite:
    """The suite that YAML content describes.

    Raises:
        InputError: a key is missing or unknown, or a value has the wrong type or range.
    """
    check_keys("the suite", content, ("name", "tasks", "networks", "seeds"), ("overrides", "evaluate"))
    evaluate = content.get("evaluate") or {}
    check_keys("evaluate", evaluate, (), ("episodes", "noise"))
    overrides = typed("overrides", content.get("overrides") or [], LIST)
    return Suite(
        name=typed("name", content["name"], TEXT),
        tasks=tuple(_task(f"tasks[{i}]", one) for i, one in enumerate(typed("tasks", content["tasks"], LIST))),
        networks=tuple(_network(one, families) for one in typed("networks", content["networks"], LIST)),
        seeds=tuple(typed("seeds", one, WHOLE) for one in typed("seeds", content["seeds"], LIST)),
        overrides=tuple(typed("overrides", one, TEXT) for one in overrides),
        episodes=typed("evaluate.episodes", evaluate.get("episodes", 10), WHOLE),
        noise=tuple(_number(one) for one in typed("evaluate.noise", evaluate.get("noise", [0.0]), LIST)),
    )


def content_of(suite: Suite) -> dict[str, Any]:
    """What `suite_from` makes the same suite of."""
    return {
        "name": suite.name,
        "tasks": [
            {
                **({"name": task.name} if task.name else {}),
                "id": task.id,
                "kwargs": dict(task.kwargs),
                "total_steps": task.total_steps,
                "perturbations": [dict(one) for one in task.perturbations],
            }
            for task in suite.tasks
        ],
        "networks": [{one.name: {"family": one.family, **one.overrides}} for one in suite.networks],
        "seeds": list(suite.seeds),
        "overrides": list(suite.overrides),
        "evaluate": {"episodes": suite.episodes, "noise": list(suite.noise)},
    }


def _task(where: str, content: Any) -> Task:
    check_keys(where, content, ("id", "total_steps"), ("name", "kwargs", "perturbations"))
    worlds = typed(f"{where}.perturbations", content.get("perturbations", [{}]), LIST)
    if not worlds:
        raise InputError(f"{where}.perturbations is empty; give at least [{{}}], the world as it is")
    return Task(
        id=typed(f"{where}.id", content["id"], TEXT),
        total_steps=typed(f"{where}.total_steps", content["total_steps"], WHOLE),
        kwargs=typed(f"{where}.kwargs", content.get("kwargs") or {}, MAPPING),
        perturbations=tuple(typed(f"{where}.perturbations", one, MAPPING) for one in worlds),
        name=typed(f"{where}.name", content.get("name", ""), TEXT),
    )


def _network(content: Any, families: Collection[str]) -> Network:
    """A network's name alone, or ``{name: {family: …, key: value}}``."""
    if isinstance(content, str):
        content = {content: {}}
    if not (isinstance(content, dict) and len(content) == 1):
        raise InputError(f"networks has {content!r}, expected a name or name: {{family: relaxed, banks: 2}}")
    ((name, given),) = content.items()
    name, given = str(name), dict(typed(f"network {name}", given or {}, MAPPING))
    for key in given:
        if (old := str(key).removeprefix("network.")) in RENAMED:
            raise InputError(f"network {name} has {key}, which is called {RENAMED[old]}")
    family = given.pop("family", name)
    if family not in families:
        listed = ", ".join(sorted(families))
        raise InputError(f"there is no network {family!r}{did_you_mean(family, families)}; choose from {listed}")
    for key in given:
        if "." not in str(key) and key not in NETWORK_KEYS:  # dotted keys are any of nearsym train's
            raise InputError(f"network {name} has an unknown key {key!r}{did_you_mean(key, NETWORK_KEYS)}")
    return Network(
        name, family, {str(key) if "." in str(key) else f"network.{key}": value for key, value in given.items()}
    )


def check_keys(where: str, content: Any, needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
    """Check that `content` is a mapping with all needed keys and no unknown ones.

    Raises:
        InputError: it is not.
    """
    known = (*needed, *optional)
    if not isinstance(content, Mapping):
        raise InputError(f"{where} is {shown(content)}, expected a mapping with {', '.join(known)}")
    for key in content:
        if key not in known:
            raise InputError(
                f"{where} has an unknown key {key!r}{did_you_mean(key, known)}; it takes {', '.join(known)}"
            )
    for key in needed:
        if key not in content:
            raise InputError(f"{where} has no {key}; it needs {', '.join(needed)}")


def typed(where: str, value: Any, wanted: tuple[str, type]) -> Any:
    """A value of the wanted type.

    Raises:
        InputError: it is of another.
    """
    description, kind = wanted
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{where} is {shown(value)}, expected {description}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"evaluate.noise has {shown(value)}, expected numbers such as [0, 0.1, 0.2]")
    return float(value)


def shown(value: Any) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
