"""`nearsym push`: an exported policy to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.exporting.hub import files_to_send, push
from nearsym.agents.exporting.settings import PushSettings

from .compose import compose, with_key
from .help import command_help


def run(arguments: list[str]) -> int:
    """Send what `nearsym export` has written, or say what would be sent."""
    missing = "which folder? give that of an export first: nearsym push runs/x/export-onnx repo=user/name"
    settings = compose("push", PushSettings, with_key(arguments, "folder", missing))
    for file in files_to_send(Path(settings.folder)):
        print(f"{'would send' if settings.dry_run else 'sends'} {file} ({file.stat().st_size / 1024:,.0f} KB)")
    if not settings.dry_run:
        print(f"sent: {push(settings)}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "push",
        PushSettings,
        "nearsym push: send an exported policy and its card, and nothing else, to the Hugging Face hub",
        "nearsym push runs/x/export-onnx repo=user/name private=true",
    )
