"""Finding what ``module:name`` names, in the current folder too, and whether it is what it should be."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from typing import Any, ForwardRef, get_origin, get_type_hints

from nearsym.envs.errors import InputError, did_you_mean, told
from nearsym.envs.symmetry import Symmetry, read_symmetry

LOADERS: tuple[tuple[Any, list[str]], ...] = (
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (SourceFileLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)
"""What Python imports from a folder, in its own order."""


def load_object(spec: str) -> Any:
    """The object named by ``module:attribute``; the module may lie in the current folder.

    Raises:
        InputError: the spec has another form, or there is no such module or attribute.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (colon and module_name and attribute):
        raise InputError(f"expected module:name, such as my_file:symmetry, got {spec!r}")
    module = import_here(module_name, spec)
    if not hasattr(module, attribute):
        raise InputError(
            f"{spec!r}: module {module_name} ({getattr(module, '__file__', 'built in')}) has no "
            f"{attribute!r}{did_you_mean(attribute, vars(module))}"
        )
    return getattr(module, attribute)


def load_symmetry(spec: str) -> Symmetry:
    """The `Symmetry` named by ``my_module:name``, or made by the function of that name, or of a file ``my_file.yaml``.

    Raises:
        InputError: there is no such object, it is neither, or the function raises; nothing is called that is not
            declared to make one.
    """
    if spec.endswith((".yaml", ".yml")):
        return read_symmetry(Path(spec))
    found = load_object(spec)
    try:
        symmetry = found() if makes(found, Symmetry) else found
    except (Exception, SystemExit) as error:  # whatever a user's own function raises, or it takes arguments
        raise InputError(
            f"symmetry={spec} is a function that raises {told(error)}; expected one without arguments that returns a "
            "nearsym.Symmetry"
        ) from error
    if not isinstance(symmetry, Symmetry):
        name = spec.rpartition(":")[2]
        raise InputError(
            f"symmetry={spec} is a {type(symmetry).__name__}; expected a nearsym.envs.symmetry.Symmetry or a "
            f"function without arguments that is declared to return one: def {name}() -> Symmetry"
        )
    return symmetry


def makes(found: Any, kind: type[Any]) -> bool:
    """Whether something is a subclass of `kind`, or a function whose annotation says that it returns one.

    Asked before a name that a file or a command line gives is called with anything: ``os:system`` is neither.
    """
    if isinstance(found, functools.partial):
        return makes(found.func, kind)
    if isinstance(found, type):
        return issubclass(found, kind)
    return inspect.isfunction(found) and _is_subclass(_returned(found), kind)


def located(module_name: str, folder: Path) -> list[Path] | None:
    """The files that importing a module from a folder would run, its packages' first; nothing is imported.

    Returns:
        None where the folder holds no such module.
    """
    files: list[Path] = []
    place: Path | None = folder
    for part in module_name.split("."):
        spec = None if place is None else FileFinder(str(place), *LOADERS).find_spec(part)
        if spec is None:
            return None
        inside = spec.submodule_search_locations
        place = Path(inside[0]) if inside else None
        if spec.loader is not None and spec.origin is not None:
            files.append(Path(spec.origin).resolve())
    return files


def import_here(module_name: str, spec: str) -> Any:
    """Import a module, from the current folder too; `spec` is what the user gave.

    Raises:
        InputError: there is none, or importing it fails.
    """
    return import_from(Path.cwd(), module_name, spec)


def import_from(folder: Path, module_name: str, spec: str) -> Any:
    """Import a module as from a folder; `spec` is what the user gave.

    Raises:
        InputError: there is none, or importing it fails.
    """
    if sys.path[:1] != [str(folder)]:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise InputError(
                f"{spec!r}: there is no module {error.name!r}; run from the folder that holds {error.name}.py, or "
                "install its package"
            ) from error
        raise InputError(f"{spec!r}: importing {module_name} fails: {error}") from error
    except (Exception, SystemExit) as error:  # whatever a user's own module raises
        raise InputError(f"{spec!r}: importing {module_name} fails: {told(error)}") from error


def _returned(function: Any) -> Any:
    """What a function's annotation says it returns; None where it says nothing that can be read."""
    annotations = getattr(function, "__annotations__", {})
    if "return" not in annotations:
        return None
    written = annotations["return"]

    def alone() -> None: ...

    alone.__annotations__ = {"return": ForwardRef(written) if isinstance(written, str) else written}
    try:
        return get_type_hints(alone, function.__globals__)["return"]
    except Exception:  # a name that is imported for type checkers alone, or nonsense
        return None


def _is_subclass(returned: Any, kind: type[Any]) -> bool:
    origin = get_origin(returned) or returned
    return isinstance(origin, type) and issubclass(origin, kind)
