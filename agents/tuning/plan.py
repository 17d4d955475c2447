"""What is tuned: a suite, the keys to search, how many trials every network has, and seeds for the comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nearsym.agents.comparison.suite import Network, Suite
from nearsym.agents.comparison.suite_file import (
    LIST,
    MAPPING,
    WHOLE,
    check_keys,
    content_of,
    read_file,
    suite_from,
    typed,
)
from nearsym.envs.errors import InputError, did_you_mean

from .space import Choices, Range, Value, space_from

PRUNERS = ("median", "halving", "none")


@dataclass(frozen=True)
class Plan:
    """A suite and what to search on it.

    Attributes:
        suite: tasks, networks and seeds of the trials.
        keys: of `nearsym train`, with where each is searched.
        trials: of every network, those included that are pruned or fail.
        held_out: seeds of the suite that comes of it, on which nothing is tuned.
        pruner: what stops trials that go badly: ``median``, ``halving`` or ``none``.

    Raises:
        InputError: a value is out of range, a seed would be both tuned and compared on, or a key is set elsewhere too.
    """

    suite: Suite
    keys: Mapping[str, Range | Choices]
    trials: int
    held_out: tuple[int, ...]
    pruner: str = "median"

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise InputError(f"tune.trials is {self.trials}, expected a number >= 1")
        if not self.keys:
            raise InputError("tune.keys is empty; name at least one key of nearsym train")
        if self.pruner not in PRUNERS:
            expected = f"expected one of {', '.join(PRUNERS)}"
            raise InputError(f"tune.pruner is {self.pruner!r}, {expected}{did_you_mean(self.pruner, PRUNERS)}")
        both = sorted(set(self.held_out) & set(self.suite.seeds))
        if both:
            raise InputError(
                f"seeds and tune.held_out both have {', '.join(map(str, both))}: what is tuned on a seed cannot be "
                "compared on it; choose others"
            )
        set_already = {given.partition("=")[0] for given in self.suite.overrides}
        for network in self.suite.networks:
            for key in self.keys:
                if key in set_already or key in network.overrides:
                    where = "overrides" if key in set_already else f"network {network.name}"
                    raise InputError(f"tune.keys has {key}, which {where} sets; leave it out of one of them")
        self.result({network.name: {} for network in self.suite.networks})  # its seeds fit too

    def trial(self, network: Network, number: int, values: Mapping[str, Value]) -> Suite:
        """The runs of a trial, evaluated as they learn and hardly after."""
        name = f"{self.suite.name}-{network.name}-{number}"
        return replace(self.suite, name=name, networks=(tuned(network, values),), episodes=1, noise=(0.0,))

    def result(self, best: Mapping[str, Mapping[str, Value]]) -> Suite:
        """The suite to compare: every network with its best values, on seeds that were held out."""
        networks = tuple(tuned(network, best[network.name]) for network in self.suite.networks if network.name in best)
        return replace(self.suite, name=f"{self.suite.name}-tuned", networks=networks, seeds=self.held_out)


def tuned(network: Network, values: Mapping[str, Value]) -> Network:
    """A network with further keys."""
    return replace(network, overrides={**network.overrides, **values})


def read_plan(path: Path, families: Collection[str]) -> Plan:
    """The plan of a YAML file.

    Args:
        path: the file.
        families: what ``network=`` takes.

    Raises:
        InputError: the file cannot be read, or something in it does not fit; names the file and the place.
    """
    return read_file(path, lambda content: plan_from(content, families), families)


def plan_from(content: Any, families: Collection[str]) -> Plan:
    """The plan that YAML content describes.

    Raises:
        InputError: a key is missing or unknown, or a value has the wrong type or range.
    """
    if not isinstance(content, Mapping) or "tune" not in content:
        raise InputError(
            "the suite has no tune; it needs one such as tune: {trials: 20, held_out: [0, 1, 2, 3, 4], keys: "
            "{agent.learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}}}"
        )
    tune = content["tune"]
    check_keys("tune", tune, ("trials", "held_out", "keys"), ("pruner",))
    keys = typed("tune.keys", tune["keys"], MAPPING)
    return Plan(
        suite=suite_from({key: value for key, value in content.items() if key != "tune"}, families),
        keys={str(key): space_from(str(key), where) for key, where in keys.items()},
        trials=typed("tune.trials", tune["trials"], WHOLE),
        held_out=tuple(typed("tune.held_out", one, WHOLE) for one in typed("tune.held_out", tune["held_out"], LIST)),
        pruner=str(tune.get("pruner", "median")),
    )


def described(plan: Plan) -> dict[str, Any]:
    """What `plan_from` makes the same plan of."""
    keys = {
        key: list(space.values)
        if isinstance(space, Choices)
        else {"low": space.low, "high": space.high, "log": space.log}
        for key, space in plan.keys.items()
    }
    tune = {"trials": plan.trials, "held_out": list(plan.held_out), "pruner": plan.pruner, "keys": keys}
    return {**content_of(plan.suite), "tune": tune}
