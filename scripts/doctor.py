"""`nearsym doctor`: what is installed, what works, and the exact line that repairs what does not."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata

from rich.console import Console
from rich.table import Table

from nearsym.envs.errors import InputError

PROBE = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><light pos='0 0 2'/><geom size='.1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer = mujoco.Renderer(model, 32, 32)
renderer.update_scene(data)
assert renderer.render().any()
"""

GL_REPAIR = "apt-get install -y libegl1 libgl1-mesa-dri"
PROBE_SECONDS = 60


def run(arguments: list[str]) -> int:
    """Print the report; 0 when training on states works, 1 otherwise."""
    if arguments:
        raise InputError(f"nearsym doctor takes no arguments, got {' '.join(arguments)}")
    rows = [_python(), *_packages(), *_compute(), *_rendering()]
    table = Table(title="nearsym doctor", title_justify="left")
    for column in ("check", "found", "state"):
        table.add_column(column, overflow="fold")
    for name, found, repair, needed in rows:
        table.add_row(name, found, "ok" if repair is None else "PROBLEM" if needed else "note")
    Console(highlight=False).print(table)
    for name, _, repair, needed in rows:
        if repair is not None:
            print(f"{'repair' if needed else 'optional'} {name}: {repair}")
    broken = [name for name, _, repair, needed in rows if repair is not None and needed]
    print(f"{len(broken)} problems" if broken else "ready to train on states")
    return 1 if broken else 0


def usage() -> str:
    """Help text."""
    return "nearsym doctor: check versions, threads, devices and rendering; takes no keys"


# a row is (check, what was found, how to repair it or None, whether training on states needs it)
Row = tuple[str, str, str | None, bool]


def _python() -> Row:
    fine = sys.version_info >= (3, 11)
    return "python", platform.python_version(), None if fine else "install Python 3.11 or newer", True


def _packages() -> list[Row]:
    from packaging.requirements import Requirement

    rows: list[Row] = []
    for text in metadata.requires("nearsym") or []:
        requirement = Requirement(text)
        needed = requirement.marker is None
        if not needed and "extra" in str(requirement.marker) and not _installed(requirement.name):
            continue  # an extra nobody asked for
        found = _installed(requirement.name)
        wanted = f"{requirement.name}{requirement.specifier}"
        fine = found is not None and requirement.specifier.contains(found, prereleases=True)
        repair = None if fine else f"pip install -c constraints.txt '{wanted}'"
        rows.append((requirement.name, f"{found or 'missing'} (wants {requirement.specifier})", repair, needed))
    return rows


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compute() -> list[Row]:
    try:
        import torch
    except ImportError as error:
        return [("torch import", str(error), "pip install -c constraints.txt torch", True)]
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda":
        device += f" ({torch.cuda.get_device_name(0)})"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = f"{torch.get_num_threads()} by default, {cores} cores; a run takes its own from threads="
    return [("device", device, None, False), ("torch threads", threads, None, False)]


def _rendering() -> list[Row]:
    """Render one frame with each backend in a process of its own, for a failing GL library can kill it."""
    asked = os.environ.get("MUJOCO_GL")
    backends = [asked] if asked else ["egl", "osmesa", *(["glfw"] if os.environ.get("DISPLAY") else [])]
    failures = []
    for backend in backends:
        try:
            result = subprocess.run(
                [sys.executable, "-c", PROBE],
                env={**os.environ, "MUJOCO_GL": backend},
                capture_output=True,
                text=True,
                timeout=PROBE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            failures.append(f"{backend}: no answer in {PROBE_SECONDS} s")
            continue
        if result.returncode == 0:
            note = None if asked or backend == "egl" else f"export MUJOCO_GL={backend}"
            return [("rendering", f"{backend} works", note, False)]
        lines = re.findall(r"\S.*", result.stderr) or [f"exit code {result.returncode}"]
        failures.append(f"{backend}: {lines[-1][:80]}")
    return [("rendering", "; ".join(failures), f"{GL_REPAIR} (pixels only)", False)]
