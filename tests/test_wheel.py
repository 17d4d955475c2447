"""A wheel in a clean virtual environment does, far from this repository, what the README says."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = "dev,docs,escnn,export,hub,minari,pixels,trading,tune"  # all that `make setup` installs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


def run(*words, cwd):
    """What a command prints; it finds nothing of this repository by chance."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(list(map(str, words)), cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder of the commands of an environment with the wheel and every extra."""
    folder = tmp_path_factory.mktemp("clean")
    source = folder / "source"  # building leaves files beside what it builds
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", source, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    install = (binaries / "python", "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt")
    torch = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
    run(*install, torch, cwd=folder)
    run(*install, f"{wheel}[{EXTRAS}]", cwd=folder)
    run(*install, "--no-deps", "escnn", cwd=folder)
    return binaries


def test_it_is_the_installed_package(installed, tmp_path):
    where = run(installed / "python", "-c", "import nearsym; print(nearsym.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    help = run(installed / "nearsym", "--help", cwd=tmp_path)
    assert run(installed / "python", "-m", "nearsym", "--help", cwd=tmp_path) == help


def test_the_doctor_finds_every_extra(installed, tmp_path):
    printed = run(installed / "nearsym", "doctor", cwd=tmp_path)
    assert "ready to train on states" in printed and "PROBLEM" not in printed
    for name in ("lie_learn", "mkdocs-material", "onnxruntime", "optuna", "skfolio"):
        assert name in printed


def test_escnn_works_without_the_package_that_needs_fortran(installed, tmp_path):
    code = "import escnn.group; print(escnn.group.dihedral_group(4).order())"
    assert run(installed / "python", "-W", "ignore", "-c", code, cwd=tmp_path).strip() == "8"


def test_it_audits_trains_and_evaluates(installed, tmp_path):
    assert "exact" in run(installed / "nearsym", "audit", "env=dmc/cartpole-swingup", "samples=10", cwd=tmp_path)
    words = ("env=Pendulum-v1", "network=relaxed", "total_steps=1200", "eval_every=600", "run_dir=run", "compile=false")
    run(installed / "python", "-m", "nearsym", "train", *words, cwd=tmp_path)
    assert "mean return" in run(installed / "nearsym", "evaluate", "run", "episodes=1", cwd=tmp_path)
