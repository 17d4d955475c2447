"""The folder of a run: settings, command, versions, metrics, checkpoints."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.algorithms.settings import AgentSettings
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import family_from

from .settings import EnvSettings, TrainSettings
from .version_0_1 import agent_settings

RECORDED = ("nearsym", "torch", "numpy", "gymnasium", "stable_baselines3", "dm_control", "mujoco")
"""Packages whose versions a run records."""

MAY_CHANGE = ("resume", "run_dir", "total_steps", "threads", "device", "env.processes")
"""Settings that a resumed run may have different from the saved ones."""


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

    def settings(self) -> TrainSettings:
        """The settings the run was started with.

        Raises:
            InputError: the folder is no run, or its config.yaml cannot be read.
        """
        if not self.config.is_file():
            raise InputError(f"{self.folder} is no run: it has no config.yaml; give the run_dir of a nearsym train")
        try:
            saved = yaml.safe_load(self.config.read_text())
            return settings_from(saved)
        except (yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError) as error:
            first = str(error).splitlines()[0]
            raise InputError(f"{self.config} cannot be read ({first}); restore it or train again") from error


def open_run(settings: TrainSettings, command: list[str]) -> Run:
    """Create the folder of a new run, or check that a saved run is the one to resume.

    Raises:
        InputError: the folder holds a run and `resume` is false, or holds something else, or the saved run
            has other settings.
    """
    run = Run(Path(settings.run_dir))
    if run.folder.exists() and not run.folder.is_dir():
        raise InputError(f"run_dir={run.folder} is a file; choose another run_dir")
    if run.config.exists():
        if not settings.resume:
            raise InputError(
                f"run_dir={run.folder} already holds a run; continue it with resume=true or choose another run_dir"
            )
        _check_same(run, settings)
        return run
    if run.folder.is_dir() and any(run.folder.iterdir()):
        raise InputError(f"run_dir={run.folder} exists and holds no run; choose another run_dir")
    run.folder.mkdir(parents=True, exist_ok=True)
    about = {
        "command": command,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in RECORDED},
        "platform": platform.platform(),
    }
    write_atomic(run.folder / "about.json", json.dumps(about, indent=2) + "\n")
    write_atomic(run.config, yaml.safe_dump(asdict(settings), sort_keys=False))
    return run


def write_atomic(path: Path, text: str) -> None:
    """Write a text file so that a kill at any moment leaves the old file or the new one, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)


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
