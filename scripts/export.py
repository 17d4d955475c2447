"""`nearsym export`: a run's policy as a file that is used without nearsym, and a card."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.exporting.export import export
from nearsym.agents.exporting.settings import ExportSettings

from .compose import compose, with_key
from .help import command_help
from .trust import trusted


def run(arguments: list[str]) -> int:
    """Export the policy of the run named by the first argument."""
    missing = "which run? give its folder first: nearsym export runs/x format=onnx"
    settings = compose("export", ExportSettings, with_key(arguments, "run", missing))
    settings, _ = trusted(settings, Path(settings.run))
    done = export(settings)
    print(
        f"the same as the run on {done.compared} observations, to {done.difference:.1e} of half the range of actions\n"
        f"{done.policy.stat().st_size / 1024:,.0f} KB; one action takes {done.milliseconds:.3f} ms, "
        f"nearsym's own policy {done.milliseconds_before:.3f} ms (the fastest of 100)\n"
        f"written: {done.policy}, {done.card} (how to use it)"
    )
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "export",
        ExportSettings,
        "nearsym export: a run's policy as dense layers, raw observation in, action out, for onnxruntime or torch",
        "nearsym export runs/x format=onnx out=policies/x",
    )
