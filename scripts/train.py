"""`nearsym train`."""

from __future__ import annotations

from nearsym.agents.runs.console import train_and_show
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import family_of

from .compose import compose
from .help import command_help


def run(arguments: list[str]) -> int:
    """Train from overrides."""
    settings = compose("train", TrainSettings, arguments)
    finished = train_and_show(settings, ["nearsym", "train", *arguments])
    noise = ",".join(f"{level:g}" for level in family_of(settings.env.id).noise)
    print(f"next:     nearsym evaluate {finished.folder} episodes=10 noise=[{noise}]")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "train",
        TrainSettings,
        "nearsym train: train an agent, or continue training it with resume=true",
        "nearsym train env=dmc/cartpole-swingup network=relaxed seed=0 total_steps=20000 run_dir=runs/x",
        ("env", "agent", "network", "perturbation"),
    )
