"""`nearsym discover`: the symmetry of an environment that nobody has declared yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import gymnasium
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from nearsym.agents.algorithms.settings import check_range
from nearsym.agents.runs.console import show
from nearsym.agents.runs.settings import EnvSettings
from nearsym.envs import build
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.discovering import Found, discover
from nearsym.envs.discovering.from_transitions import discover_from_transitions
from nearsym.envs.discovering.model_env import ModelEnv
from nearsym.envs.discovering.picture import draw_elements
from nearsym.envs.discovering.recorded import read_transitions
from nearsym.envs.discovering.tables import tables
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings, perturb
from nearsym.envs.symmetry import symmetry_yaml

from .compose import compose
from .help import command_help


@dataclass(frozen=True)
class DiscoverSettings:
    """Finding a symmetry.

    Attributes:
        env: the environment, with a state that can be set; a symmetry that it declares is not looked at.
        model: path of a MuJoCo model to look at in place of an environment, such as ``robot.xml``: its state and
            controls, without a task.
        transitions: ``.npz`` file of recorded transitions, or id of a Minari dataset, to look at in place of an
            environment: observations, actions, rewards, next_observations and terminated.
        perturbation: what disturbs it.
        samples: pairs of state and action in each audit.
        seed: of the sampling.
        out: YAML file for what was found, which ``symmetry=`` takes; pictures are drawn beside it, and approximate
            or merely consistent elements go to a file of their own. None prints alone.

    Raises:
        InputError: a value is out of range.
    """

    env: EnvSettings = field(default_factory=EnvSettings)
    model: str | None = None
    transitions: str | None = None
    perturbation: PerturbationSettings = field(default_factory=PerturbationSettings)
    samples: int = 200
    seed: int = 0
    out: str | None = None

    def __post_init__(self) -> None:
        check_range("", self, 1, ("samples",))
        check_range("", self, 0, ("seed",))
        if self.out is not None and not self.out.endswith((".yaml", ".yml")):
            raise InputError(f"out is {self.out}, expected a name that ends in .yaml")


def run(arguments: list[str]) -> int:
    """Discover, print, and write."""
    settings = compose("discover", DiscoverSettings, arguments)
    given = [key for key in ("model", "transitions", "env") if any(a.startswith(key) for a in arguments)]
    if len(given) > 1:
        raise InputError(f"{'= and '.join(given)}= were both given; leave one out")
    with _Bar() as bar:
        if settings.transitions is not None:
            found = discover_from_transitions(read_transitions(settings.transitions), settings.seed, bar.at)
        else:
            found = discover(_env(settings), settings.samples, settings.seed, progress=bar.at)
    show(tables(found, settings.transitions or settings.model or settings.env.id))
    if settings.out is not None:
        command = f"nearsym discover {' '.join(arguments)}"
        for group, path in ((found.exact, Path(settings.out)), (found.nearly, _nearly(Path(settings.out)))):
            if group is not None:
                _write(group, path, command, settings)
    return 0


def _env(settings: DiscoverSettings, film: bool = False) -> gymnasium.Env[Any, Any]:
    """The environment, or the model as one."""
    if settings.model is not None:
        return perturb(ModelEnv(settings.model), settings.perturbation)
    id, kwargs = settings.env.id, settings.env.kwargs
    return build(id, kwargs, perturbation=settings.perturbation, precise=not film, film=film)


def _nearly(path: Path) -> Path:
    return path.with_name(f"{path.stem}-nearly{path.suffix}")


def _write(found: Found, path: Path, command: str, settings: DiscoverSettings) -> None:
    """The YAML and, where frames can be drawn, the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    verdict, count = found.report.verdict, found.report.samples
    write_atomic(path, symmetry_yaml(found.symmetry, f"{command}\n{verdict} in an audit of {count} samples"))
    print(f"written: {path}")
    if settings.transitions is not None:
        return
    picture = path.with_suffix(".png")
    try:
        draw_elements(_env(settings, film=True), found.symmetry, picture, settings.seed)
    except InputError as error:
        print(f"no picture: {error}")
    else:
        print(f"written: {picture}")


class _Bar:
    """A progress bar on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=1.0)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._progress.stop()

    def at(self, stage: str, done: float) -> None:
        """Show what is done next, and how much is done."""
        self._progress.update(self._task, completed=done, description=stage)


def usage() -> str:
    """Help text."""
    return command_help(
        "discover",
        DiscoverSettings,
        "nearsym discover: find the symmetry of an environment from its simulator, measured by an audit",
        "nearsym discover env=dmc/point_mass-easy out=square.yaml",
        ("env", "perturbation"),
    )
