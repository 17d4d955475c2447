"""The folder of a run: settings, command, versions, metrics, checkpoints."""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.algorithms.settings import AgentSettings
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError, first_line
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.typed import check_types
from nearsym.envs.yaml_file import read_yaml
from nearsym.networks import family_from

from .lock import take_lock
from .metrics import last_row
from .modules import imported_folders
from .settings import EnvSettings, TrainSettings
from .symmetry_file import check_symmetry, described
from .version_0_1 import agent_settings

RECORDED = ("nearsym", "torch", "numpy", "gymnasium", "stable_baselines3", "dm_control", "mujoco")
"""Packages whose versions a run records."""

MAY_CHANGE = ("resume", "run_dir", "total_steps", "threads", "device", "env.processes", "wandb")
"""Settings that a resumed run may have different from the saved ones."""

DIGITS = ("threads", "device")
"""Those of them that round otherwise, so that the curve goes on with other digits."""

SAVED = "checkpoint saved"
"""Key of about.json: without it a run whose checkpoints are gone would look like one that has not saved any yet."""

LOCK = ".lock"
PATIENCE = 2.0
"""Seconds to wait for a lock: the former owner may be dying."""

PARTS = (".about.json.", ".symmetry.json.", ".config.yaml.")
"""Beginnings of files that are being written before there is a run."""


@dataclass(frozen=True)
class Run:
    """Paths inside the folder of one run."""

    folder: Path

    @property
    def config(self) -> Path:
        """Settings, YAML."""
        return self.folder / "config.yaml"

    @property
    def metrics(self) -> Path:
        """One row for each evaluation, CSV."""
        return self.folder / "metrics.csv"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.folder / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard events."""
        return self.folder / "tensorboard"

    @property
    def about(self) -> Path:
        """How the run was started, with which versions and modules, and whether it has saved a checkpoint, JSON."""
        return self.folder / "about.json"

    @property
    def symmetry(self) -> Path:
        """The symmetry its networks use, JSON."""
        return self.folder / "symmetry.json"

    def modules(self) -> dict[str, str]:
        """The folder that each module of the user's was imported from, as far as that is recorded."""
        modules = self._record().get("modules")
        return {str(name): str(folder) for name, folder in modules.items()} if isinstance(modules, dict) else {}

    def has_saved(self) -> bool:
        """Whether a checkpoint was ever finished, wherever it is now."""
        saved = self._record().get(SAVED)
        if saved is not None:
            return bool(saved)
        # begun by an earlier version, which left no note of it: what its metrics could not have reached without one
        if self.checkpoints.is_dir():
            return True
        settings = self.settings()
        first = min(settings.checkpoint_every + settings.env.count, settings.total_steps)
        return last_row(self.metrics)[0] >= first

    def mark_saved(self) -> None:
        """Note that there is a checkpoint from now on."""
        record = self._record()
        if not record.get(SAVED):
            write_atomic(self.about, json.dumps({**record, SAVED: True}, indent=2) + "\n")

    def is_blank(self) -> bool:
        """Whether a run was begun and has nothing to lose: no checkpoint, and no evaluation of anything trained."""
        if self._record().get(SAVED) is not False or last_row(self.metrics)[0] > 0:
            return False
        return not (self.checkpoints.is_dir() and any(self.checkpoints.glob("step-*")))

    def _record(self) -> dict[str, Any]:
        try:
            record = json.loads(self.about.read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def settings(self) -> TrainSettings:
        """The settings the run was started with.

        Raises:
            InputError: the folder is no run, or its config.yaml cannot be read.
        """
        if not self.config.is_file():
            raise InputError(f"{self.folder} is no run: it has no config.yaml; give the run_dir of a nearsym train")
        try:
            settings = settings_from(read_yaml(self.config.read_text()))
            check_types(settings)
        except InputError as error:
            raise InputError(f"{self.config}: {error}") from error
        except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError, OverflowError) as error:
            first = first_line(error)
            raise InputError(f"{self.config} cannot be read ({first}); restore it or train again") from error
        return settings


@contextmanager
def open_run(settings: TrainSettings, command: list[str], symmetry: Symmetry) -> Iterator[Run]:
    """The folder of a new run, made, or of the saved run to resume, checked; for as long as it is open it is locked.

    A run of which nothing is there but its beginning, killed or failed before it had trained anything, begins anew.

    Args:
        settings: of the run.
        command: the command line, for the record.
        symmetry: that its networks use.

    Raises:
        InputError: the folder holds a run and `resume` is false, or holds something else, or another process trains
            in it, or the saved run has other settings or another symmetry.
    """
    run = Run(Path(settings.run_dir))
    if run.folder.exists() and not run.folder.is_dir():
        raise InputError(f"run_dir={run.folder} is a file; choose another run_dir")
    if run.folder.is_dir() and not run.config.exists() and not all(map(_is_leftover, run.folder.iterdir())):
        raise InputError(f"run_dir={run.folder} exists and holds no run; choose another run_dir")
    run.folder.mkdir(parents=True, exist_ok=True)
    taken = f"another process is training in run_dir={run.folder}; wait for it, stop it, or choose another run_dir"
    with closing(take_lock(run.folder / LOCK, PATIENCE, taken)):
        if run.config.exists() and not run.is_blank():
            if not settings.resume:
                raise InputError(
                    f"run_dir={run.folder} already holds a run; continue it with resume=true or choose another run_dir"
                )
            _check_same(run, settings)
            check_symmetry(run.symmetry, symmetry)
        else:
            _begin(run, settings, command, symmetry)
        yield run


def _begin(run: Run, settings: TrainSettings, command: list[str], symmetry: Symmetry) -> None:
    about = {
        "command": command,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in RECORDED},
        "platform": platform.platform(),
        "modules": imported_folders(settings),
        SAVED: False,
    }
    write_atomic(run.about, json.dumps(about, indent=2) + "\n")
    write_atomic(run.symmetry, json.dumps(described(symmetry)) + "\n")
    write_atomic(run.config, yaml.safe_dump(asdict(settings), sort_keys=False))  # last: it makes the folder a run


def _is_leftover(path: Path) -> bool:
    """Whether a file is what a run writes before its config.yaml, or a part of it that a kill has left."""
    return path.name == LOCK or path.name in ("about.json", "symmetry.json") or path.name.startswith(PARTS)


def settings_from(saved: Mapping[str, Any]) -> TrainSettings:
    """Settings from the nested dictionaries they were saved as."""
    rest = {key: value for key, value in saved.items() if key not in ("env", "agent", "network", "perturbation")}
    return TrainSettings(
        env=EnvSettings(**saved["env"]),
        agent=agent_from(saved["agent"]),
        network=family_from(saved["network"]),
        perturbation=PerturbationSettings(**saved["perturbation"]),
        **rest,
    )


def agent_from(saved: Mapping[str, Any]) -> AgentSettings:
    """Hyperparameters from the dictionary they were saved as.

    Raises:
        InputError: there is no such algorithm.
    """
    keys = agent_settings(saved)
    if keys.get("name") not in LEARNERS:
        raise InputError(f"agent.name is {keys.get('name')!r}, expected one of {', '.join(LEARNERS)}")
    return LEARNERS[keys["name"]].settings_type(**keys)


def _check_same(run: Run, settings: TrainSettings) -> None:
    saved, given = _flat(asdict(run.settings())), _flat(asdict(settings))
    other = [f"{key}={given[key]} instead of {saved[key]}" for key in DIGITS if given[key] != saved[key]]
    if other:
        warnings.warn(
            f"the run in {run.folder} goes on with {' and '.join(other)}, which may change the last digits of what it "
            "computes: the curve will not be that of a run without an interruption",
            stacklevel=2,
        )
    for key in sorted(saved.keys() | given.keys()):
        if key not in MAY_CHANGE and saved.get(key) != given.get(key):
            raise InputError(
                f"the run in {run.folder} was started with {key}={saved.get(key)}, not {key}={given.get(key)}; "
                "resume with the same settings or choose another run_dir"
            )


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat.update(_flat(value, f"{prefix}{key}."))
        elif value != {}:
            flat[prefix + key] = value
    return flat
