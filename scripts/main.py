"""The `nearsym` command: dispatch, help, and errors in one line."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from contextlib import suppress
from importlib import metadata

from nearsym.envs.errors import InputError, did_you_mean

from .failures import refused

COMMANDS = {
    "train": "train an agent, or continue training it",
    "evaluate": "measure a run's policy, with and without observation noise",
    "audit": "measure how well a declared symmetry holds in the simulator",
    "discover": "find the symmetry of an environment from its simulator",
    "envs": "list the environments whose symmetry comes with nearsym",
    "data": "show, check and download daily prices for trading",
    "trade": "show what a trained trading policy would hold now",
    "export": "write a run's policy for onnxruntime or torch, with a card",
    "push": "send an exported policy to the Hugging Face hub",
    "bench": "compare speed or learning with stable-baselines3 and other peers",
    "compare": "train and evaluate networks over tasks, perturbations and seeds",
    "tune": "search hyperparameters of every network of a suite, with equal budgets",
    "report": "write what a comparison shows, with intervals and a verdict",
    "walk": "take the test periods of a suite that trades together",
    "play": "watch a run's policy beside itself in the mirrored world",
    "doctor": "check versions, threads, devices and rendering",
    "completion": "print a script with which bash or zsh completes commands and keys",
}

USAGE = "usage: nearsym <command> [key=value …]"


def main() -> None:
    """Entry point: exits with 0, 1 (a check failed), 2 (bad input) or 130 (interrupted)."""
    threading.excepthook = _of_thread
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    name, *rest = arguments or ["help"]
    try:
        if name in ("-h", "--help", "help"):
            print(_help(), flush=True)
            return 0
        if name == "--version":
            print(f"nearsym {metadata.version('nearsym')}", flush=True)
            return 0
        if name not in COMMANDS:
            near = did_you_mean(name, COMMANDS)
            raise InputError(f"unknown command {name!r}{near}; choose from {', '.join(COMMANDS)}")
        # imported only now, so that help and listings need not load torch
        module = importlib.import_module(f"nearsym.scripts.{name}")
        if any(argument in ("-h", "--help") for argument in rest):
            print(module.usage())
            return 0
        code: int = module.run(rest)
        sys.stdout.flush()  # a full disk is noticed here, not when Python ends
        return code
    except InputError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # the reader of a pipe has seen enough, as in `nearsym envs | head`
        _print_nowhere()
        return 0
    except (OSError, MemoryError, RuntimeError) as error:
        line = refused(name, error)
        if line is None:
            raise
        with suppress(OSError):
            sys.stdout.flush()
            return _refuse(line)
        _print_nowhere()  # it was printing that failed
        return _refuse(line)
    except KeyboardInterrupt:
        resume = {"train": " resume=true", "compare": "", "tune": ""}  # the last two go on where they stopped
        again = f"; continue with: nearsym {' '.join(arguments)}{resume[name]}" if name in resume else ""
        print(f"\nnearsym: interrupted{again}", file=sys.stderr)
        return 130


def _of_thread(raised: threading.ExceptHookArgs) -> None:
    """A full disk that TensorBoard's thread met is told by the thread that waits for it."""
    if not isinstance(raised.exc_value, OSError):
        threading.__excepthook__(raised)


def _refuse(message: str) -> int:
    print(f"nearsym: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _print_nowhere() -> None:
    """Have what waits to be printed go nowhere, or Python would fail at it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help() -> str:
    lines = [f"  {name:12}{about}" for name, about in COMMANDS.items()]
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
