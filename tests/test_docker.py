"""The Dockerfile copies and installs what is there. Nothing here builds it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "docker"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def kept():
    """What the ignore file lets into an image."""
    lines = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    return {line[1:] for line in lines if line.startswith("!")}


def test_all_that_a_wheel_is_built_from_is_copied():
    folders = {name.split(".")[1] for name in PYPROJECT["tool"]["setuptools"]["packages"] if "." in name}
    files = {path.name for path in ROOT.glob("*.py")}
    needed = folders | files | {"pyproject.toml", "py.typed", "constraints.txt", "README.md", "LICENSE"}
    assert kept() == needed
    assert all((ROOT / name).exists() for name in kept())


def test_it_installs_extras_that_there_are():
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    (extras,) = re.findall(r'"/source\[([\w,]+)\]"', text)
    assert set(extras.split(",")) <= set(PYPROJECT["project"]["optional-dependencies"])
    assert [word for word in re.findall(r"^([A-Z]+) ", text, flags=re.MULTILINE) if word == "FROM"] == ["FROM"]
