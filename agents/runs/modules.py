"""The modules that the settings of a run name."""

from __future__ import annotations

import sys
from pathlib import Path

from .settings import TrainSettings


def modules_of(settings: TrainSettings) -> dict[str, str]:
    """The modules that settings name, each with the ``module:name`` it is named in."""
    specs = (spec for spec in (settings.env.id, settings.symmetry) if spec is not None and ":" in spec)
    return {spec.partition(":")[0]: spec for spec in specs}


def imported_folders(settings: TrainSettings) -> dict[str, str]:
    """The folder that each module that settings name was imported from, for the record."""
    found = {}
    for name in modules_of(settings):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            path = Path(file).resolve()
            depth = name.count(".") + (path.name == "__init__.py")
            found[name] = str(path.parents[depth])
    return found
