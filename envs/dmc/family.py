"""Ids of dm_control tasks: ``dmc/<domain>-<task>``."""

from __future__ import annotations

from typing import Any

from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.family import Entry, Env, Family, built
from nearsym.envs.wrappers import FrameStack

from . import DOMAINS, DmControlEnv, Domain, Pixels, import_suite

PREFIX = "dmc/"
LOOK = ("size", "floor", "stars", "shadows")  # arguments of Pixels


def _make(id: str, kwargs: dict[str, Any]) -> Env:
    """A task takes ``action_repeat`` and ``dtype``, and with ``pixels=True`` ``frames`` and what `Pixels` takes."""
    name, _, task = id.removeprefix(PREFIX).partition("-")
    domain = DOMAINS.get(name)
    if domain is None or task not in domain.tasks:
        tasks = import_suite().ALL_TASKS
        if (name, task) not in tasks:
            known = [entry.id for entry in _entries()] + [f"{PREFIX}{one}-{other}" for one, other in tasks]
            raise InputError(f"no dm_control task has the id {id!r}{did_you_mean(id, known)}; see `nearsym envs`")
        domain = Domain(name, {task: None})
    if not kwargs.pop("pixels", False):
        return built(id, lambda: DmControlEnv(domain, task, **kwargs))
    frames = kwargs.pop("frames", 3)
    look = {key: kwargs.pop(key) for key in LOOK if key in kwargs}
    return built(id, lambda: FrameStack(Pixels(DmControlEnv(domain, task, **kwargs), **look), frames))


def _entries() -> list[Entry]:
    return [
        Entry(f"{PREFIX}{domain.name}-{task}", symmetry, domain.about, domain.exact)
        for domain in DOMAINS.values()
        for task, symmetry in domain.tasks.items()
        if symmetry is not None
    ]


DMC = Family(
    PREFIX,
    _make,
    _entries,
    camera={"pixels": True},
    precise={"dtype": "float64"},
    film={},
    # undiscounted returns of every task (arXiv 1801.00690)
    returns=(0.0, 1000.0, "0 and 1000, the range of returns in the DeepMind Control Suite"),
    named=False,
)
