"""From ``key=value`` words to validated settings, through Hydra's composition of the YAML groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from typing import Any, TypeVar, cast

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nearsym.envs import short_name
from nearsym.envs.errors import InputError, did_you_mean

from .variants import chosen, unknown_key

Schema = TypeVar("Schema")

FREE = "env.kwargs."
"""Keys below this are the environment's own and are passed on unchecked."""

ANY = "any"
"""The env option for ids that have no YAML file of their own."""


def compose(name: str, schema: type[Schema], words: list[str]) -> Schema:
    """Settings of a command.

    Args:
        name: the primary config, ``train`` or ``evaluate``.
        schema: frozen dataclass the result is checked against.
        words: overrides ``key=value`` and group choices ``network=exact``.

    Raises:
        InputError: a word is no override, a key or option is unknown, or a value has the wrong type or range.
    """
    words = [re.sub(r"^network\.family=", "network=", word) for word in words]  # a family has its YAML's defaults
    with initialize_config_module("nearsym.configs", version_base="1.3"):
        try:
            groups = [part for word in words if options(word.partition("=")[0]) for part in _override(word, {})]
            known = _known(hydra_compose(name, groups), schema)  # the keys depend on what is chosen
            overrides = [part for word in words for part in _override(word, known)]
            config = hydra_compose(name, overrides)
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(f"{' '.join(words)}: {_first_line(error)}") from error
    if "run_dir" in config and config.run_dir is None:
        stem = re.sub(r"[^\w.-]+", "-", short_name(config.env.id))
        disturbed = "".join(f"-{name}{strength:g}" for name, strength in config.perturbation.items() if strength)
        agents = [word.partition("=")[2] for word in words if word.startswith("agent=")]
        agent = "" if agents[-1:] in ([], ["sac"]) else f"-{agents[-1]}"
        config.run_dir = f"runs/{stem}{disturbed}{agent}-{_label(config.network)}-seed{config.seed}"
    return _checked(config, schema)


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


def _override(word: str, known: dict[str, Any]) -> list[str]:
    """The Hydra overrides one word stands for."""
    match = re.fullmatch(r"([A-Za-z_][\w.]*)=(.*)", word, flags=re.DOTALL)
    if match is None:
        raise InputError(f"expected key=value, got {word!r}; `--help` lists the keys")
    key, value = match.groups()
    choices = options(key)
    if choices:
        if value in choices:
            return [word]
        if key == "env":
            quoted = value.replace("'", r"\'")
            return [f"env={ANY}", f"env.id='{quoted}'"]
        raise InputError(f"there is no {key}={value}{did_you_mean(value, choices)}; choose from {', '.join(choices)}")
    if key.startswith(FREE):
        return [f"++{word}"]
    if key not in known:
        raise InputError(f"{unknown_key(key, known)}; `--help` lists the keys")
    if value and isinstance(known[key], str | None) and not re.match(r"['\"\[{]|null$", value):
        # paths and module:name may hold characters of Hydra's own grammar
        quoted = value.replace("'", r"\'")
        return [f"++{key}='{quoted}'" if re.search(r"[^\w./-]", value) else f"++{word}"]
    return [f"++{word}"]  # YAML files leave many keys to the dataclasses


def _checked(config: DictConfig, schema: type[Schema]) -> Schema:
    try:
        merged = OmegaConf.merge(_typed(config, schema), config)
        return cast(Schema, OmegaConf.to_object(merged))
    except MissingMandatoryValue as error:
        raise InputError(f"{_first_line(error)}; give it on the command line") from error
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None)
        raise InputError(f"{key}: {_first_line(error)}" if key else _first_line(error)) from error


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
    for group, kind in chosen(config).items():
        typed[group] = OmegaConf.structured(kind)
        _thaw(typed)
    return cast(DictConfig, typed)


def _thaw(config: DictConfig) -> None:
    """Frozen dataclasses make read-only configs, which nothing could be merged into."""
    OmegaConf.set_readonly(config, False)
    for key in config:
        if not OmegaConf.is_missing(config, key) and isinstance(config[key], DictConfig):
            _thaw(config[key])


def _flat(config: DictConfig, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key in map(str, config):
        value = None if OmegaConf.is_missing(config, key) else config[key]
        if isinstance(value, DictConfig):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
