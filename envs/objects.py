"""Finding what ``module:name`` names, in the current folder too."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from nearsym.envs.errors import InputError, did_you_mean, told
from nearsym.envs.symmetry import Symmetry


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
    """The `Symmetry` named by ``my_module:name``, or made by the function of that name.

    Raises:
        InputError: there is no such object, it is neither, or the function raises.
    """
    found = load_object(spec)
    try:
        symmetry = found() if callable(found) else found
    except (Exception, SystemExit) as error:  # whatever a user's own function raises, or it takes arguments
        raise InputError(
            f"symmetry={spec} is a function that raises {told(error)}; expected one without arguments that returns a "
            "nearsym.Symmetry"
        ) from error
    if not isinstance(symmetry, Symmetry):
        raise InputError(
            f"symmetry={spec} is a {type(symmetry).__name__}; expected a nearsym.envs.symmetry.Symmetry or a "
            "function without arguments that returns one"
        )
    return symmetry


def import_here(module_name: str, spec: str) -> Any:
    """Import a module, from the current folder too; `spec` is what the user gave.

    Raises:
        InputError: there is none, or importing it fails.
    """
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
    except (Exception, SystemExit) as error:  # whatever a user's own module raises
        raise InputError(f"{spec!r}: importing {module_name} fails: {told(error)}") from error
