"""Environments of one's own: ``my_module:MyEnv``, class or function, or ``my_module:MyEnv-v0``, an id it registers."""

from __future__ import annotations

import re
from typing import Any

import dm_env
import gymnasium

from nearsym.envs.errors import InputError, did_you_mean

from .dmc import DmControlEnv, Domain, is_dm_control
from .family import Env, Family, built
from .objects import import_here, load_object, makes
from .wrappers import repeated, with_state


def _make(id: str, kwargs: dict[str, Any]) -> Env:
    module_name, _, name = id.partition(":")
    times = kwargs.pop("action_repeat", 1)
    import_here(module_name, id)
    if name in gymnasium.registry:
        return repeated(with_state(built(id, lambda: gymnasium.make(name, **kwargs))), times)
    if re.search(r"-v\d+$", name):
        raise InputError(
            f"{id!r}: importing {module_name} registers no environment {name!r}{did_you_mean(name, gymnasium.registry)}"
        )
    factory = load_object(id)
    if not (makes(factory, gymnasium.Env) or makes(factory, dm_env.Environment)):
        raise InputError(
            f"{id!r} is a {type(factory).__name__}, expected a subclass of gymnasium.Env, or a function declared to "
            f"make one: def {name}(…) -> gymnasium.Env"
        )
    env: Any = built(id, lambda: factory(**kwargs))
    if is_dm_control(env):
        return DmControlEnv(Domain(name, {name: getattr(env, "symmetry", None)}), name, times, environment=env)
    if not isinstance(env, gymnasium.Env):
        raise InputError(f"{id!r} made a {type(env).__name__}, expected a gymnasium.Env or one of dm_control")
    return built(id, lambda: repeated(with_state(env), times))


OWN = Family("", _make)
