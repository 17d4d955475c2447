"""pyproject.toml, constraints.txt and the folders tell the same story."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, SETUPTOOLS = PYPROJECT["project"], PYPROJECT["tool"]["setuptools"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

FOLDERS = ("agents", "configs", "envs", "networks", "scripts")

PINS = [line for line in CONSTRAINTS if line and not line.startswith("#")]
REQUIREMENTS = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]


def pinned(lines: list[str]) -> dict[str, Version]:
    """Version of each `name==version` line, by normalised name."""
    split = [line.split("==") for line in lines]
    return {canonicalize_name(name): Version(version) for name, version in split}


def mismatch(requirement: str, pins: dict[str, Version]) -> str | None:
    """Why the exact version of a requirement is not one that its range admits; None when it is."""
    wanted = Requirement(requirement)
    version = pins.get(canonicalize_name(wanted.name))
    if version is None:
        return f"{wanted.name} has no exact version"
    if version not in wanted.specifier:
        return f"{requirement} does not admit {version}"
    return None


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_ranges_admit_the_exact_versions(requirement: str) -> None:
    assert mismatch(requirement, pinned(PINS)) is None


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("mujoco>=3.2,<4", "mujoco>=3.2,<4 does not admit 4.0.0"),
        ("Stable-Baselines3[extra]>=2", "Stable-Baselines3 has no exact version"),
    ],
)
def test_a_range_beside_the_exact_version_is_caught(requirement: str, reason: str) -> None:
    assert mismatch(requirement, pinned(["mujoco==4.0.0", "numpy==1.26.4"])) == reason


def test_constraints_are_sorted_and_name_nothing_twice() -> None:
    assert sorted(PINS, key=str.lower) == PINS
    assert len(pinned(PINS)) == len(PINS)


def test_every_python_folder_is_a_listed_package() -> None:
    """An unlisted sub-package works in an editable installation and is missing from a wheel."""
    found = {
        ".".join(["nearsym", *path.parent.relative_to(ROOT).parts])
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    assert ["nearsym", *sorted(found)] == SETUPTOOLS["packages"]
    for name in SETUPTOOLS["packages"]:
        _, *inside = name.split(".")
        assert ROOT.joinpath(*inside, "__init__.py").is_file(), f"{name} has no __init__.py"


def test_the_package_says_it_is_typed() -> None:
    """PEP 561: in the top-level package, for all that lies below it."""
    assert (ROOT / "py.typed").is_file()
    assert SETUPTOOLS["package-data"]["nearsym"] == ["py.typed"]


def test_files_named_in_the_metadata_exist() -> None:
    for name in [PROJECT["readme"], *PROJECT["license-files"]]:
        assert (ROOT / name).is_file(), f"{name} is missing"


def test_one_import_has_what_one_starts_with():
    import nearsym
    from nearsym import agents, envs

    assert (nearsym.make, nearsym.declare, nearsym.audit) == (envs.make, envs.declare, envs.audit)
    assert nearsym.Symmetry is envs.Symmetry is envs.symmetry.Symmetry
    assert nearsym.SAC is agents.SAC
    assert Version(nearsym.__version__) == Version(PROJECT["version"])
    with pytest.raises(AttributeError, match="no attribute 'TD3'; it has DQN, PPO, SAC, Symmetry"):
        _ = nearsym.TD3
