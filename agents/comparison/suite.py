"""A suite: networks × tasks × perturbation strengths × seeds, and the run that each of them is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from nearsym.agents.runs.settings import EvaluateSettings
from nearsym.envs import short_name
from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.perturbations import PerturbationSettings

from .override import override

PERTURBATIONS = tuple(one.name for one in fields(PerturbationSettings))

NONE = "none"
"""Folder of the runs that nothing perturbs."""

OWN = ("env", "env.id", "network", "network.family", "seed", "total_steps", "run_dir", "resume", "threads")
"""Keys of `nearsym train` that a suite sets for every run itself, beside the perturbations."""


@dataclass(frozen=True)
class Task:
    """An environment of a suite.

    Attributes:
        id: what ``env=`` takes.
        total_steps: environment steps (agent decisions) of every run on it.
        kwargs: given to the environment.
        perturbations: strengths by name, one mapping for each world; an empty one is the world as it is.
        name: tells it apart from other tasks of that id; empty where there is none.

    Raises:
        InputError: a perturbation is unknown, no number or there twice, there are too few steps, or the name is no
            name for a folder.
    """

    id: str
    total_steps: int
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    perturbations: tuple[Mapping[str, float], ...] = ({},)
    name: str = ""

    def __post_init__(self) -> None:
        if self.name:
            _folder_name("task", self.name)
        if self.total_steps < 1:
            raise InputError(f"total_steps of {self.label} is {self.total_steps}, expected a number >= 1")
        for perturbation in self.perturbations:
            for name, strength in perturbation.items():
                if name not in PERTURBATIONS:
                    raise InputError(
                        f"{self.label} has an unknown perturbation {name!r}{did_you_mean(name, PERTURBATIONS)}"
                    )
                if isinstance(strength, bool) or not isinstance(strength, int | float) or not math.isfinite(strength):
                    raise InputError(f"{name} of {self.label} is {strength!r}, expected a number such as 0.5")
        _no_repeats(f"perturbations of {self.label}", map(perturbation_name, self.perturbations))

    @property
    def folder(self) -> str:
        """Its name, or its id, as a folder's."""
        return self.name or re.sub(r"[^\w.-]+", "-", short_name(self.id))

    @property
    def label(self) -> str:
        """What reports call it: its id, from which they know the range of its returns, and its name."""
        return f"{self.id} ({self.name})" if self.name else self.id


@dataclass(frozen=True)
class Network:
    """A network of a suite.

    Attributes:
        name: what figures and folders call it.
        family: what ``network=`` takes.
        overrides: further keys of `nearsym train`, such as ``network.banks``, with their values.

    Raises:
        InputError: the name is no name for a folder, or an override is the suite's to set.
    """

    name: str
    family: str
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _folder_name("network", self.name)
        for key in self.overrides:
            _not_own(f"network {self.name}", key)


@dataclass(frozen=True)
class RunSpec:
    """One run of a suite.

    Attributes:
        path: its folder inside the suite's.
        task: label of its task.
        perturbation: strengths by name, without those that are 0.
        network: the network's name in the suite.
        seed: its seed.
        total_steps: steps to train for.
        overrides: of `nearsym train`, which make it.
        evaluation: of the trained run.
    """

    path: str
    task: str
    perturbation: Mapping[str, float]
    network: str
    seed: int
    total_steps: int
    overrides: tuple[str, ...]
    evaluation: EvaluateSettings

    @property
    def evaluation_arguments(self) -> tuple[str, ...]:
        """Of a `nearsym evaluate` command that evaluates the same."""
        given = self.evaluation
        return (
            given.run,
            f"episodes={given.episodes}",
            override("noise", given.noise),
            f"threads={given.threads}",
        )


@dataclass(frozen=True)
class Suite:
    """What is compared.

    Attributes:
        name: of the suite.
        tasks: environments with their perturbations.
        networks: what is compared on each of them.
        seeds: one run for each.
        overrides: ``key=value`` of `nearsym train` that hold for every run.
        episodes: of the evaluation at every level of noise.
        noise: levels of observation noise in the evaluation after training.

    Raises:
        InputError: a value is out of range or there twice, or an override is the suite's to set.
    """

    name: str
    tasks: tuple[Task, ...]
    networks: tuple[Network, ...]
    seeds: tuple[int, ...]
    overrides: tuple[str, ...] = ()
    episodes: int = 10
    noise: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        for name in ("tasks", "networks", "seeds"):
            if not getattr(self, name):
                raise InputError(f"{name} is empty; name at least one")
        if min(self.seeds) < 0:
            raise InputError(f"seeds is {list(self.seeds)}, expected whole numbers >= 0 such as [0, 1, 2]")
        for name, values in (
            ("networks", [network.name for network in self.networks]),
            ("seeds", list(self.seeds)),
        ):
            _no_repeats(name, values)
        _no_repeats("tasks", [task.folder for task in self.tasks], ", or give each a name")
        for given in self.overrides:
            key, equals, _ = given.partition("=")
            if not equals:
                raise InputError(f"overrides has {given!r}, expected key=value such as network.width=128")
            _not_own("overrides", key)
        try:
            EvaluateSettings(run="", episodes=self.episodes, noise=list(self.noise))
        except InputError as error:
            raise InputError(f"evaluate: {error}") from error

    def runs(self, out: str, threads: int = 1) -> list[RunSpec]:
        """Every run, one seed after the other, so that a suite cut short has compared all networks on fewer seeds.

        Args:
            out: the suite's folder.
            threads: torch threads of each run.
        """
        return [
            self._run(out, threads, task, perturbation, network, seed)
            for seed in self.seeds
            for task in self.tasks
            for perturbation in task.perturbations
            for network in self.networks
        ]

    def _run(
        self, out: str, threads: int, task: Task, perturbation: Mapping[str, float], network: Network, seed: int
    ) -> RunSpec:
        strengths = {name: float(strength) for name, strength in perturbation.items() if strength}
        path = f"{task.folder}/{perturbation_name(strengths)}/{network.name}/seed{seed}"
        overrides = (
            f"env={task.id}",
            *(override(f"env.kwargs.{key}", value) for key, value in task.kwargs.items()),
            *(override(f"perturbation.{name}", strength) for name, strength in strengths.items()),
            f"network={network.family}",
            *self.overrides,
            *(override(key, value) for key, value in network.overrides.items()),
            f"seed={seed}",
            f"total_steps={task.total_steps}",
            f"threads={threads}",
            f"run_dir={out}/{path}",
            "resume=true",
        )
        return RunSpec(
            path=path,
            task=task.label,
            perturbation=strengths,
            network=network.name,
            seed=seed,
            total_steps=task.total_steps,
            overrides=overrides,
            evaluation=EvaluateSettings(f"{out}/{path}", self.episodes, list(self.noise), threads=threads),
        )


def perturbation_name(perturbation: Mapping[str, float]) -> str:
    """A perturbation as a folder's name: ``actuator_reflection0.5``, or ``none``."""
    return "-".join(f"{name}{strength:g}" for name, strength in perturbation.items() if strength) or NONE


def _no_repeats(what: str, values: Iterable[Any], unless: str = "") -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise InputError(f"{what} has {value} twice; leave one out{unless}")


def _folder_name(what: str, name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise InputError(f"{what} {name!r} names a folder; expected letters, digits, '.', '-' and '_' alone")


def _not_own(where: str, key: str) -> None:
    if key in OWN or key.startswith("perturbation"):
        raise InputError(f"{where} sets {key}, which the suite itself sets for every run; leave it out")
