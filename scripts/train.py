"""`nearsym train`."""

from __future__ import annotations

import re

from nearsym.agents.runs.choice import with_choice
from nearsym.agents.runs.console import train_and_show, train_seeds_and_show
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import family_of
from nearsym.envs.errors import InputError

from . import auto
from .compose import compose
from .help import command_help

SEEDS, QUOTES = "seeds=", "'\""


def run(arguments: list[str]) -> int:
    """Train from overrides: one run, or with ``seeds=`` one for each seed, all in this process."""
    command, given = ["nearsym", "train", *arguments], [each for each in arguments if each.startswith(SEEDS)]
    if given:
        others = [argument for argument in arguments if not argument.startswith(SEEDS)]
        together = [_settings_of(seed, others) for seed in _seeds(given[-1])]
        train_seeds_and_show(_chosen(together, arguments), command)
        return 0
    (settings,) = _chosen([auto.composed(arguments, compose)], arguments)
    finished = train_and_show(settings, command)
    noise = ",".join(f"{level:g}" for level in family_of(settings.env.id).noise)
    print(f"next:     nearsym evaluate {finished.folder} episodes=10 noise=[{noise}]")
    return 0


def _chosen(settings: list[TrainSettings], arguments: list[str]) -> list[TrainSettings]:
    """The settings with a network chosen where that is asked for, which is said."""
    if not auto.asks(arguments):
        return settings
    found = [with_choice(each) for each in settings]
    for line in dict.fromkeys(why for _, why in found):
        print(line)
    return [each for each, _ in found]


def _seeds(argument: str) -> list[int]:
    """``seeds=[0,1,2]`` or ``seeds=[0..2]``."""
    text = argument.removeprefix(SEEDS).replace(" ", "")
    from_to = re.fullmatch(r"\[?(\d+)\.\.(\d+)\]?", text)
    if from_to:
        low, high = map(int, from_to.groups())
        found = list(range(low, high + 1))
    else:
        found = [int(each) for each in text.strip("[]").split(",")] if re.fullmatch(r"\[?\d+(,\d+)*\]?", text) else []
    if not found:
        raise InputError(f"{argument} names no seeds; expected such as seeds=[0,1,2] or seeds=[0..9]")
    return found


def _settings_of(seed: int, arguments: list[str]) -> TrainSettings:
    """One seed's run, in a folder of its own: ``runs/x`` becomes ``runs/x-seed0``."""
    if any(argument.startswith("seed=") for argument in arguments):
        raise InputError("seed= and seeds= were both given; leave one out")
    folders = [argument for argument in arguments if argument.startswith("run_dir=")]
    own = [f"run_dir={folder.removeprefix('run_dir=').strip(QUOTES)}-seed{seed}" for folder in folders[-1:]]
    return auto.composed([*(a for a in arguments if a not in folders), *own, f"seed={seed}"], compose)


def usage() -> str:
    """Help text."""
    return command_help(
        "train",
        TrainSettings,
        "nearsym train: train an agent, or continue training it with resume=true; seeds=[0..9] in place of seed trains "
        "one run for each seed, all in one process",
        "nearsym train env=dmc/cartpole-swingup network=relaxed seed=0 total_steps=20000 run_dir=runs/x",
        ("env", "agent", "network", "perturbation"),
    )
