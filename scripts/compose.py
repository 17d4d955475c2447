"""From ``key=value`` arguments to validated settings, through Hydra's composition of the YAML groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nearsym.envs import short_name
from nearsym.envs.errors import InputError, did_you_mean, first_line
from nearsym.envs.typed import check_types

from .variants import DEFAULT_AGENT, settings_types, unknown_key

Schema = TypeVar("Schema")

SYMMETRY_FILES = (".yaml", ".yml")
"""Endings of ``symmetry=`` that make it a file."""

FREE = "env.kwargs."
"""Keys below this are the environment's own and are passed on unchecked."""

ANY = "any"
"""The env option for ids that have no YAML file of their own."""

UNREADABLE = (HydraException, OmegaConfBaseException, OverflowError, RecursionError, ValueError, TypeError)
"""What Hydra and OmegaConf raise; numbers of hundreds of digits and deep nesting get through to Python."""


def compose(name: str, schema: type[Schema], arguments: list[str]) -> Schema:
    """Settings of a command.

    Args:
        name: the primary config: that of the command.
        schema: frozen dataclass the result is checked against.
        arguments: overrides ``key=value`` and group choices ``network=exact``.

    Raises:
        InputError: an argument is no override, a key or option is unknown, or a value has the wrong type or range.
    """
    # a family has its YAML's defaults
    arguments = [re.sub(r"^network\.family=", "network=", argument) for argument in arguments]
    with initialize_config_module("nearsym.configs", version_base="1.3"):
        try:
            groups = [argument for argument in arguments if options(argument.partition("=")[0])]
            known = _known(hydra_compose(name, _overrides(groups, {})), schema)  # the keys depend on what is chosen
            config = hydra_compose(name, _overrides(arguments, known))
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(f"{' '.join(arguments)}: {first_line(error)}") from error
    try:
        nameless = "run_dir" in config and config.run_dir is None
        if nameless:
            config.run_dir = ""
        typed = _typed(config, schema)
        _list_lone_values(config, typed)
        checked = OmegaConf.merge(typed, config)
        if nameless:
            checked.run_dir = _run_dir(checked, arguments)
        if "symmetry" in checked and str(checked.symmetry).endswith(
            SYMMETRY_FILES
        ):  # a run is evaluated from other folders too
            checked.symmetry = str(Path(checked.symmetry).resolve())
        settings = cast(Schema, OmegaConf.to_object(checked))
        check_types(settings)  # OmegaConf lets a list pass where a list of names is wanted
        return settings
    except MissingMandatoryValue as error:
        raise InputError(f"{first_line(error)}; give it on the command line") from error
    except InputError:
        raise
    except UNREADABLE as error:
        key = getattr(error, "full_key", None)
        raise InputError(f"{key}: {first_line(error)}" if key else first_line(error)) from error


def with_key(arguments: list[str], key: str, missing: str | None = None) -> list[str]:
    """The arguments of a command whose first one may stand without its key: ``runs/x`` for ``run=runs/x``.

    Args:
        arguments: of the command.
        key: of the first one.
        missing: what to say where it is not given at all; None where it may be left out.

    Raises:
        InputError: it is not given.
    """
    if arguments and "=" not in arguments[0]:
        quoted = arguments[0].replace("'", r"\'")
        return [f"{key}='{quoted}'", *arguments[1:]]
    if missing is not None and not any(argument.startswith(f"{key}=") for argument in arguments):
        raise InputError(missing)
    return arguments


def defaults(name: str, schema: type[Any]) -> dict[str, Any]:
    """Every key of a command with its default, nested ones dotted; None for a required one.

    Args:
        name: the primary config.
        schema: dataclass of the command's settings.
    """
    with initialize_config_module("nearsym.configs", version_base="1.3"):
        return _known(hydra_compose(name), schema)


def options(group: str) -> list[str]:
    """Names of the YAML files of a config group, such as ``dmc/cartpole-swingup`` of ``env``."""
    root = resources.files("nearsym.configs") / group
    return sorted(_yaml_names(root, ""))


def _yaml_names(folder: Any, prefix: str) -> Iterable[str]:
    if not folder.is_dir():
        return
    for item in folder.iterdir():
        if item.is_dir():
            yield from _yaml_names(item, f"{prefix}{item.name}/")
        elif item.name.endswith(".yaml"):
            yield prefix + item.name.removesuffix(".yaml")


def _run_dir(config: Any, arguments: list[str]) -> str:
    """The folder of a run that is given none, named after what sets it apart."""
    stem = re.sub(r"[^\w.-]+", "-", short_name(config.env.id))
    perturbations = "".join(f"-{name}{strength:g}" for name, strength in config.perturbation.items() if strength)
    given = [argument.removeprefix("agent=") for argument in arguments if argument.startswith("agent=")]
    agent = f"-{given[-1]}" if given and given[-1] != DEFAULT_AGENT else ""
    return f"runs/{stem}{perturbations}{agent}-{_label(config.network)}-seed{config.seed}"


def _overrides(arguments: list[str], known: dict[str, Any]) -> list[str]:
    return [override for argument in arguments for override in _override(argument, known)]


def _override(argument: str, known: dict[str, Any]) -> list[str]:
    """The Hydra overrides one argument stands for."""
    match = re.fullmatch(r"([A-Za-z_][\w.]*)=(.*)", argument, flags=re.DOTALL)
    if match is None:
        raise InputError(f"expected key=value, got {argument!r}; `--help` lists the keys")
    key, value = match.groups()
    offered = options(key)
    if offered:
        if value in offered:
            return [argument]
        if key == "env":
            quoted = value.replace("'", r"\'")
            return [f"env={ANY}", f"env.id='{quoted}'"]
        raise InputError(f"there is no {key}={value}{did_you_mean(value, offered)}; choose from {', '.join(offered)}")
    if key.startswith(FREE):
        return [f"++{argument}"]
    if key not in known:
        raise InputError(f"{unknown_key(key, known)}; `--help` lists the keys")
    if value and isinstance(known[key], str | None) and not re.match(r"['\"\[{]|null$", value):
        # paths and module:name may hold characters of Hydra's own grammar
        quoted = value.replace("'", r"\'")
        return [f"++{key}='{quoted}'" if re.search(r"[^\w./-]", value) else f"++{argument}"]
    return [f"++{argument}"]  # YAML files leave many keys to the dataclasses


def _label(network: DictConfig) -> str:
    from nearsym.networks import family, family_class  # only now: it imports torch

    return family(network.family, augment=network.get("augment", family_class(network.family).augment)).label


def _known(config: DictConfig, schema: type[Any]) -> dict[str, Any]:
    """Every key with its value, nested ones dotted; also those that YAML files leave as the dataclasses have them."""
    return {**_flat(_typed(config, schema)), **_flat(config)}


def _typed(config: DictConfig, schema: type[Any]) -> DictConfig:
    """The schema with the dataclasses that were chosen, and their defaults."""
    typed = OmegaConf.structured(schema)
    _thaw(typed)
    for group, settings_type in settings_types(config).items():
        typed[group] = OmegaConf.structured(settings_type)
        _thaw(typed)
    return cast(DictConfig, typed)


def _thaw(config: DictConfig) -> None:
    """Frozen dataclasses make read-only configs, which nothing could be merged into."""
    OmegaConf.set_readonly(config, False)
    for key in config:
        if not OmegaConf.is_missing(config, key) and isinstance(config[key], DictConfig):
            _thaw(config[key])


def _list_lone_values(config: DictConfig, typed: DictConfig) -> None:
    """Make lists of one of single values where lists are wanted: ``noise=0.1`` is ``noise=[0.1]``."""
    for key in map(str, config):
        if key not in typed or OmegaConf.is_missing(config, key):
            continue
        value, wanted = config[key], typed._get_node(key)
        if isinstance(value, DictConfig) and isinstance(wanted, DictConfig):
            _list_lone_values(value, wanted)
        elif isinstance(wanted, ListConfig) and value is not None and not isinstance(value, ListConfig):
            config[key] = [value]


def _flat(config: DictConfig, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key in map(str, config):
        value = None if OmegaConf.is_missing(config, key) else config[key]
        if isinstance(value, DictConfig):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
