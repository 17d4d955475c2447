"""Which modules a saved run or a suite imports, and whether it may.

Settings are data; the modules that ``env.id=my_file:MyEnv`` and ``symmetry=my_file:symmetry`` name are code, which runs
when they are imported. On a command line their user wrote them. A run's config.yaml or a suite may be a stranger's, so
what these name is imported where it lies in the current folder (and not in the run's own), and elsewhere only when told
so. See docs/security.md.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from nearsym.envs.errors import InputError
from nearsym.envs.objects import import_from, located

from .folder import Run
from .modules import modules_of
from .settings import TrainSettings


class UntrustedError(InputError):
    """A module lies outside the current folder, and nobody said that it may be imported.

    Attributes:
        question: what to ask.
    """

    def __init__(self, question: str) -> None:
        super().__init__(
            f"{question}; importing it runs its code: if you trust it add trust=true (in Python trust=True)"
        )
        self.question = question


def trusted_settings(folder: Path, trust: bool = False) -> TrainSettings:
    """The settings of a run, once every module that they name may be imported.

    A module that the current folder does not hold is imported from where it lay when the run was trained.

    Args:
        folder: of the run.
        trust: import modules from anywhere.

    Raises:
        InputError: the folder is no run, or there is no such module.
        UntrustedError: a module lies outside the current folder, or inside the run's, and `trust` is false.
    """
    run = Run(folder)
    settings = run.settings()
    check_modules(settings, f"the run {folder}", folder, trust, run.modules())
    return settings


def check_modules(
    settings: TrainSettings,
    who: str,
    apart: Path,
    trust: bool,
    recorded: Mapping[str, str] | None = None,
) -> None:
    """Check that the modules that settings name may be imported.

    Args:
        settings: a run's or a suite's.
        who: names them, for the message.
        apart: a folder that is not trusted though it lies in the current one.
        trust: import modules from anywhere.
        recorded: where they lay before, a file each; used for those that the current folder does not hold.

    Raises:
        InputError: there is no such module.
        UntrustedError: one lies outside the current folder, or in `apart`, and `trust` is false.
    """
    for name, spec in modules_of(settings).items():
        files, root = _files(name), None
        if files is None and recorded and name in recorded:
            root = Path(recorded[name])
            files = located(name, root)
        if files is not None and root is None and not any(file.is_relative_to(apart.resolve()) for file in files):
            continue
        where = f"from {files[-1]}" if files else _elsewhere(name, spec)
        if not trust:
            raise UntrustedError(f"{who} imports {name} {where}, which is not of the current folder")
        if root is not None and files:
            _import(root, name, spec, files[-1])


def _import(root: Path, name: str, spec: str, file: Path) -> None:
    found = getattr(import_from(root, name, spec), "__file__", None)
    if found is None or Path(found).resolve() != file:
        raise InputError(
            f"{spec!r} is of {file}, and another module called {name} is loaded already ({found}); load the run in a "
            "process of its own"
        )


def _files(name: str) -> list[Path] | None:
    """The files that importing a module runs, where the current folder holds it."""
    files = located(name, Path.cwd())
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if files and loaded is not None and Path(loaded).resolve() != files[-1]:
        return None  # this name is another module's by now
    return files or None


def _elsewhere(name: str, spec: str) -> str:
    """Where a module comes from that no folder of ours holds."""
    top = name.partition(".")[0]
    try:
        found = importlib.util.find_spec(top)  # of a module without dots: nothing is imported
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise InputError(
            f"{spec!r}: there is no module {top!r}; run from the folder that holds {top}.py, or install its package"
        )
    return f"from {found.origin}" if found.origin and found.has_location else "from Python itself"
