"""Ids that gymnasium knows, such as ``Pendulum-v1``; for some of them a symmetry comes with nearsym."""

from __future__ import annotations

from typing import Any

import gymnasium

from nearsym.envs.family import Entry, Env, Family, built
from nearsym.envs.wrappers import declare, repeated, with_state

from . import TASKS


def _make(id: str, kwargs: dict[str, Any]) -> Env:
    times = kwargs.pop("action_repeat", 1)
    env = built(id, lambda: gymnasium.make(id, **kwargs))
    task = TASKS.get(id)
    return repeated(with_state(env) if task is None else declare(task.settable(env), task.symmetry), times)


def _entries() -> list[Entry]:
    return [Entry(name, task.symmetry, task.about, task.exact) for name, task in TASKS.items()]


GYMNASIUM = Family("", _make, _entries)
