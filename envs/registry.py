"""Finding environments by id."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.symmetry import Symmetry

from .dmc import DOMAINS, DmControlEnv, Pixels
from .known import TASKS
from .wrappers import ActionRepeat, FrameStack, declare

DMC = "dmc/"
TRADING = "trading/"
LOOK = ("size", "floor", "stars", "shadows")  # arguments of Pixels


@dataclass(frozen=True)
class Entry:
    """An environment whose symmetry comes with nearsym.

    Attributes:
        id: what `make` takes.
        symmetry: the declared symmetry.
        about: what the group does.
        exact: whether the simulator's model has the symmetry, or only nearly.
    """

    id: str
    symmetry: Symmetry
    about: str
    exact: bool


def catalogue() -> list[Entry]:
    """Every environment that comes with a symmetry, in order of id."""
    entries = [
        Entry(f"{DMC}{domain.name}-{task}", symmetry, domain.about, domain.exact)
        for domain in DOMAINS.values()
        for task, symmetry in domain.tasks.items()
    ]
    entries += [Entry(name, task.symmetry, task.about, task.exact) for name, task in TASKS.items()]
    return sorted(entries, key=lambda entry: entry.id)


def make(id: str, **kwargs: Any) -> gymnasium.Env[Any, Any]:
    """Make an environment.

    Args:
        id: ``dmc/<domain>-<task>``; ``trading/portfolio`` or ``trading/shares``; a gymnasium id such as
            ``Pendulum-v1``; ``my_module:MyEnv-v0``, an id that importing my_module registers; or ``my_module:MyEnv``,
            a class or factory. Modules are looked for in the current folder too.
        **kwargs: passed to the environment, but for ``action_repeat``, which works for all. A dm_control task also
            takes ``dtype``, and with ``pixels=True`` ``frames`` and what `Pixels` takes.

    Returns:
        The environment, with its symmetry where the catalogue has one (`symmetry_of`).

    Raises:
        InputError: nothing has that id, or the environment cannot be built from these arguments.
    """
    kwargs = dict(kwargs)
    if id.startswith(DMC):
        return _make_dmc(id, kwargs)
    if id.startswith(TRADING):
        return _make_trading(id, kwargs)
    if ":" in id:
        return _make_own(id, kwargs)
    if id not in gymnasium.registry:
        known = [entry.id for entry in catalogue()] + list(gymnasium.registry)
        raise InputError(
            f"no environment has the id {id!r}{did_you_mean(id, known)}; `nearsym envs` lists those with a symmetry, "
            "and your own is my_module:MyEnv"
        )
    times = kwargs.pop("action_repeat", 1)
    env = _build(id, lambda: gymnasium.make(id, **kwargs))
    task = TASKS.get(id)
    if task is not None:
        env = declare(task.settable(env), task.symmetry)
    return _repeated(env, times)


def _repeated(env: gymnasium.Env[Any, Any], times: int) -> gymnasium.Env[Any, Any]:
    return env if times == 1 else ActionRepeat(env, times)


def load_object(spec: str) -> Any:
    """The object named by ``module:attribute``; the module may lie in the current folder.

    Raises:
        InputError: the spec has another form, or there is no such module or attribute.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (colon and module_name and attribute):
        raise InputError(f"expected module:name, such as my_file:symmetry, got {spec!r}")
    module = _import(module_name, spec)
    if not hasattr(module, attribute):
        raise InputError(
            f"{spec!r}: module {module_name} ({getattr(module, '__file__', 'built in')}) has no "
            f"{attribute!r}{did_you_mean(attribute, vars(module))}"
        )
    return getattr(module, attribute)


def _make_dmc(id: str, kwargs: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    domain_name, _, task = id.removeprefix(DMC).partition("-")
    domain = DOMAINS.get(domain_name)
    if domain is None or task not in domain.tasks:
        known = [entry.id for entry in catalogue() if entry.id.startswith(DMC)]
        raise InputError(f"no dm_control task has the id {id!r}{did_you_mean(id, known)}; see `nearsym envs`")
    if not kwargs.pop("pixels", False):
        return _build(id, lambda: DmControlEnv(domain, task, **kwargs))
    frames = kwargs.pop("frames", 3)
    seen = {key: kwargs.pop(key) for key in LOOK if key in kwargs}
    return _build(id, lambda: FrameStack(Pixels(DmControlEnv(domain, task, **kwargs), **seen), frames))


def _make_trading(id: str, kwargs: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    from . import trading  # only now: pandas is an optional dependency

    factories = {f"{TRADING}portfolio": trading.Portfolio, f"{TRADING}shares": trading.Shares}
    if id not in factories:
        raise InputError(f"no trading environment has the id {id!r}{did_you_mean(id, factories)}")
    return _build(id, lambda: factories[id](**kwargs))


def _make_own(id: str, kwargs: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    module_name, _, name = id.partition(":")
    times = kwargs.pop("action_repeat", 1)
    _import(module_name, id)
    if name in gymnasium.registry:
        return _repeated(_build(id, lambda: gymnasium.make(name, **kwargs)), times)
    if re.search(r"-v\d+$", name):
        raise InputError(
            f"{id!r}: importing {module_name} registers no environment {name!r}{did_you_mean(name, gymnasium.registry)}"
        )
    factory = load_object(id)
    if not callable(factory):
        raise InputError(f"{id!r} is a {type(factory).__name__}, expected an environment class or a factory")
    env = _build(id, lambda: factory(**kwargs))
    if not isinstance(env, gymnasium.Env):
        raise InputError(f"{id!r} made a {type(env).__name__}, expected a gymnasium.Env")
    return _repeated(env, times)


def _build(id: str, factory: Any) -> gymnasium.Env[Any, Any]:
    try:
        env: gymnasium.Env[Any, Any] = factory()
    except InputError:
        raise
    except Exception as error:  # whatever a user's own constructor raises
        raise InputError(f"environment {id!r} cannot be built: {type(error).__name__}: {error}") from error
    return env


def _import(module_name: str, spec: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise InputError(
                f"{spec!r}: there is no module {error.name!r}; run from the folder that holds {error.name}.py, or "
                "install its package"
            ) from error
        raise InputError(f"{spec!r}: importing {module_name} fails: {error}") from error
    except Exception as error:  # whatever a user's own module raises
        raise InputError(f"{spec!r}: importing {module_name} fails: {type(error).__name__}: {error}") from error
