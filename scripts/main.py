"""The `nearsym` command: dispatch, help, and errors in one line."""

from __future__ import annotations

import importlib
import os
import sys
from importlib import metadata

from nearsym.envs.errors import InputError, did_you_mean

COMMANDS = {
    "train": "train an agent, or continue training it",
    "evaluate": "measure a run's policy, with and without observation noise",
    "audit": "measure how well a declared symmetry holds in the simulator",
    "discover": "find the symmetry of an environment from its simulator",
    "envs": "list the environments whose symmetry comes with nearsym",
    "data": "show, check and download daily prices for trading",
    "trade": "show what a trained trading policy would hold now",
    "bench": "compare speed or learning with stable-baselines3 and other peers",
    "compare": "train and evaluate networks over tasks, perturbations and seeds",
    "report": "write what a comparison shows, with intervals and a verdict",
    "doctor": "check versions, threads, devices and rendering",
}

USAGE = "usage: nearsym <command> [key=value …]"


def main() -> None:
    """Entry point: exits with 0, 1 (a check failed), 2 (bad input) or 130 (interrupted)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if arguments[0] == "--version":
        print(f"nearsym {metadata.version('nearsym')}")
        return 0
    name, *rest = arguments
    try:
        if name not in COMMANDS:
            near = did_you_mean(name, COMMANDS)
            raise InputError(f"unknown command {name!r}{near}; choose from {', '.join(COMMANDS)}")
        # imported only now, so that help and listings need not load torch
        module = importlib.import_module(f"nearsym.scripts.{name}")
        if any(argument in ("-h", "--help") for argument in rest):
            print(module.usage())
            return 0
        code: int = module.run(rest)
        return code
    except InputError as error:
        print(f"nearsym: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has seen enough, as in `nearsym envs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        resume = {"train": " resume=true", "compare": ""}  # a comparison always goes on where it stopped
        again = f"; continue with: nearsym {' '.join(arguments)}{resume[name]}" if name in resume else ""
        print(f"\nnearsym: interrupted{again}", file=sys.stderr)
        return 130


def _help() -> str:
    lines = [f"  {name:10}{about}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "nearsym: reinforcement learning for worlds that are nearly symmetric",
            "",
            USAGE,
            "",
            *lines,
            "",
            "nearsym <command> --help describes every key of a command.",
        ]
    )
