"""Imports run one way: scripts → agents → networks → envs.symmetry, envs and configs → nothing of ours."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "configs": [],
    "envs": ["nearsym.envs"],
    "networks": ["nearsym.envs.errors", "nearsym.envs.symmetry", "nearsym.networks"],
    "agents": ["nearsym.envs", "nearsym.networks", "nearsym.agents"],
    "scripts": ["nearsym.envs", "nearsym.networks", "nearsym.agents", "nearsym.configs", "nearsym.scripts"],
}
"""What the files of each folder may import of nearsym: these modules and whatever lies inside them."""

APART = [
    ("nearsym.agents.comparison", "nearsym.agents.report"),  # launching and statistics share the files of a run alone
    ("nearsym.agents.report", "nearsym.agents.comparison"),
    ("nearsym.agents.comparison", "nearsym.agents.tuning"),
    ("nearsym.agents", "nearsym.envs.trading"),  # agents know environments by what these can
    ("nearsym.agents", "nearsym.envs.dmc"),
]
"""(package, what it imports nothing of)."""

LEARNING = ("torch", "stable_baselines3")
"""What envs never imports, not even inside a function."""

FILES = sorted(path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py"))


def imported(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a module imports, inside functions and under `if` too.

    `from a import b` gives `a.b`: b may be a module. A name handed to `import_module` counts when written out.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                parents = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                origin = ".".join([*parents, *([module] if module else [])])
                yield from ((node.lineno, f"{origin}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def inside(name: str, package: str) -> bool:
    """Whether a module or a name in it is a package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def violations(source: str, package: str) -> list[str]:
    """The imports in a module of `package` (nearsym.agents, nearsym.envs.dmc, …) that run the wrong way."""
    folder = package.split(".")[1]
    wrong = []
    for line, name in imported(source, package):
        top = name.split(".")[0]
        if top == "nearsym":
            kept_off = [other for mine, other in APART if inside(package, mine)]
            good = any(inside(name, allowed) for allowed in MAY_IMPORT[folder])
            good = good and not any(inside(name, other) for other in kept_off)
        elif folder == "envs" and top in LEARNING:
            good = False
        else:
            good = top not in MAY_IMPORT  # a folder under its bare name: works only from the repository's root
        if not good:
            wrong.append(f"line {line}: {package} imports {name}")
    return wrong


def package_of(path: Path) -> str:
    return ".".join(["nearsym", *path.relative_to(ROOT).parent.parts])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8"), package_of(path)) == []


def test_every_folder_is_walked() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("package", "source", "name"),
    [
        ("nearsym.networks", "import nearsym.agents.sac", "nearsym.agents.sac"),
        ("nearsym.networks", "from nearsym.envs import make", "nearsym.envs.make"),
        ("nearsym.networks", "from nearsym import agents", "nearsym.agents"),
        ("nearsym.networks", "from ..agents import sac", "nearsym.agents.sac"),
        ("nearsym.networks", "from .. import scripts", "nearsym.scripts"),
        ("nearsym.networks", "import nearsym.envs.symmetry_of_another", "nearsym.envs.symmetry_of_another"),
        ("nearsym.envs.dmc", "from ...networks.actor import Actor", "nearsym.networks.actor.Actor"),
        ("nearsym.envs.dmc", "def f():\n    from nearsym.agents import SAC", "nearsym.agents.SAC"),
        ("nearsym.envs", "import importlib\nimportlib.import_module('nearsym.networks')", "nearsym.networks"),
        ("nearsym.envs", "def f():\n    import torch.nn", "torch.nn"),
        ("nearsym.envs", "if True:\n    from stable_baselines3 import SAC", "stable_baselines3.SAC"),
        ("nearsym.agents", "from ..scripts.main import main", "nearsym.scripts.main.main"),
        ("nearsym.agents", "from envs.registry import make", "envs.registry.make"),
        ("nearsym.configs", "from nearsym.agents import settings", "nearsym.agents.settings"),
        ("nearsym.agents.runs", "from nearsym.envs.trading import Prices", "nearsym.envs.trading.Prices"),
        ("nearsym.agents", "from ..envs.dmc.adapter import DmControlEnv", "nearsym.envs.dmc.adapter.DmControlEnv"),
        ("nearsym.agents.report.rendering", "from ...comparison import suite", "nearsym.agents.comparison.suite"),
        ("nearsym.agents.comparison", "from ..report.records import Record", "nearsym.agents.report.records.Record"),
    ],
)
def test_an_import_the_wrong_way_is_caught(package: str, source: str, name: str) -> None:
    line = len(source.splitlines())
    assert violations(source, package) == [f"line {line}: {package} imports {name}"]


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("nearsym.networks", "from nearsym.envs.symmetry import Group"),
        ("nearsym.networks", "from ..envs.symmetry.group import Group"),
        ("nearsym.networks", "from . import actor\nfrom .critic import Critic\nimport torch"),
        ("nearsym.envs.dmc", "from ..symmetry import Symmetry\nfrom .domain import Domain\nimport dm_control"),
        ("nearsym.agents", "from nearsym.networks import Actor\nfrom nearsym.envs import make"),
        ("nearsym.agents.report.rendering", "from ..records import Record\nfrom nearsym.agents.runs.folder import Run"),
        ("nearsym.agents.comparison", "from ..reporting import x\nfrom .suite import Suite"),
        ("nearsym.scripts", "from nearsym import agents, configs\nfrom .compose import compose"),
    ],
)
def test_an_import_the_right_way_passes(package: str, source: str) -> None:
    assert violations(source, package) == []


HEAVY = ("torch", "stable_baselines3", "dm_control", "mujoco", "OpenGL")


def loaded_after(statement: str) -> set[str]:
    """Which of HEAVY a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["nearsym", "nearsym.envs", "nearsym.envs.symmetry"])
def test_environments_load_neither_learning_nor_simulators(module: str) -> None:
    assert loaded_after(f"import {module}") == set()


def test_what_is_loaded_is_seen() -> None:
    assert loaded_after("import torch") == {"torch"}


ASKED_BY_PREFIX = re.compile(r"""(startswith|removeprefix)\(["'](dmc|trading)/|== ["'](dmc|trading)/""")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_environment_is_told_by_its_prefix(path: Path) -> None:
    """Capabilities and families say what an environment can (nearsym.envs.capabilities, nearsym.envs.family)."""
    assert ASKED_BY_PREFIX.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("source", ['if id.startswith("dmc/"):', "id.removeprefix('dmc/')", 'id == "trading/shares"'])
def test_a_prefix_is_seen(source: str) -> None:
    assert ASKED_BY_PREFIX.search(source)
