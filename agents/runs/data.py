"""What data a run was trained on, and whether they are still the same."""

from __future__ import annotations

import json
from pathlib import Path

from nearsym.envs import capabilities
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.capabilities import Env
from nearsym.envs.errors import InputError

CHECKSUM, READ_BY = "sha256", "read by"


def record_data(folder: Path, env: Env) -> None:
    """Write data.json into the folder of a run that begins; nothing for an environment without data."""
    found = capabilities.provenance(env)
    if found:
        write_atomic(_path(folder), json.dumps(found, indent=2) + "\n")


def check_data(folder: Path, env: Env) -> None:
    """Check that an environment plays back what a run was trained on; runs of 0.1 recorded nothing, and pass.

    Raises:
        InputError: the data have changed, or what was recorded cannot be read.
    """
    if not _path(folder).is_file():
        return
    try:
        saved = dict(json.loads(_path(folder).read_text()))
        checksum, readers = str(saved[CHECKSUM]), str(saved[READ_BY])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{_path(folder)} cannot be read ({error}); restore it, or train again") from error
    found = capabilities.provenance(env)
    if found.get(CHECKSUM) != checksum:
        same = readers == found.get(READ_BY)
        versions = "" if same else f"; they were read by {readers}, and now by {found.get(READ_BY, 'nothing')}"
        raise InputError(
            f"the prices of {folder} have changed since it was trained: sha256 {checksum[:12]}… of "
            f"{saved.get('days')} then, {found.get(CHECKSUM, 'none')[:12]}… of {found.get('days', 'no days')} "
            f"now{versions}; restore them ({saved.get('source')}), or train again"
        )


def _path(folder: Path) -> Path:
    return folder / "data.json"
