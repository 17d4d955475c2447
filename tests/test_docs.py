"""README and docs/ say what is so: their commands compose, their Python runs, and what they name is there."""

import ast
import importlib
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.comparison.suite_file import read_suite
from nearsym.agents.runs.settings import EnvSettings
from nearsym.agents.tuning.plan import read_plan
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import FAMILIES
from nearsym.scripts.compose import options

ROOT = Path(__file__).parents[1]
OTHERS = ("architecture.md",)  # of files that are yet to be written; has tests of its own
PAGES = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in OTHERS]
PAGES += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SCRIPTS = sorted(path for folder in ("examples", "results") for path in (ROOT / "docs" / folder).glob("*.py"))
COMPOSED = (
    "train",
    "evaluate",
    "audit",
    "discover",
    "envs",
    "data",
    "bench",
    "compare",
    "tune",
    "play",
    "report",
    "walk",
)

OF_A_RUN = ("runs/", "seed=", "run_dir=", "env.kwargs.fold=")
"""Words in which the runs of a loop differ; two commands that differ in nothing else are checked as one."""

SHELL = """
nearsym() { printf '%s\\n' "$@"; printf '=\\n'; }  # = alone ends a command
cd() { :; }
"""

KEYS = {
    "agent": {field.name for kind in LEARNERS.values() for field in fields(kind.settings_type)},
    "network": {field.name for kind in FAMILIES.values() for field in fields(kind)},
    "perturbation": {field.name for field in fields(PerturbationSettings)},
    "env": {field.name for field in fields(EnvSettings)},
}


def blocks(page, *languages):
    """Fenced blocks of a page."""
    return re.findall(rf"```(?:{'|'.join(languages)})\n(.*?)```", page, flags=re.DOTALL)


def spans(page):
    """Code within a paragraph or a table."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def typed(page):
    """What one would type into a shell: blocks, and commands within the text."""
    yield from blocks(page, "sh")
    for block in blocks(page, "console"):  # the lines that begin with a prompt, and those that go on from them
        yield "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)", block, flags=re.MULTILINE))
    for span in spans(page):
        if re.fullmatch(r"nearsym \w+ [^…<]+", span):  # with words of its own, and none left out
            yield span


def commands(page):
    """Words of every distinct nearsym command of a page, loops and line continuations carried out by the shell."""
    script = SHELL + "\n".join(typed(page))
    shell = subprocess.run(
        [shutil.which("bash"), "--norc", "-c", script], env={"PATH": ""}, cwd="/", capture_output=True, text=True
    )
    every = [command.strip("\n").split("\n") for command in re.split(r"^=\n", shell.stdout, flags=re.MULTILINE)]
    distinct = {tuple(w for w in words if not w.startswith(OF_A_RUN)): words for words in every if words[0]}
    return list(distinct.values())


class Composed(Exception):
    """Stops a command where it would begin."""


def refusal(words, patch):
    """What a command says to its words, without running it; None where it takes them."""
    name, *rest = words
    if name not in COMPOSED:
        return None
    module = importlib.import_module(f"nearsym.scripts.{name}")
    compose = module.compose

    def stop(*arguments):
        raise Composed(compose(*arguments))

    with patch.context() as patched:
        patched.setattr(module, "compose", stop)
        try:
            module.run(list(rest))
        except Composed:
            return None
        except InputError as error:
            return str(error)
    raise AssertionError(f"{words}: nothing was composed")


def missing_names(page):
    """Dotted names of nearsym that do not exist, keys that no setting has, and files that are not there."""
    for name in re.findall(r"\bnearsym(?:\.[A-Za-z_]\w*)+", page):
        if not exists(name):
            yield name
    for span in spans(page) + [word for block in blocks(page, "sh", "console") for word in block.split()]:
        match = re.match(r"(agent|network|perturbation|env)\.([a-z_0-9]+)(?=[=.]|$)", span)
        if match and match[2] not in KEYS[match[1]]:
            yield match[0]
    for path in re.findall(r"`((?:envs|networks|agents|scripts|configs|tests|docs)/[\w/.]*)`", page):
        if not (ROOT / path).exists():
            yield path


def exists(name):
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def anchors(page):
    """What links to a heading of a page may end with, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page, folder):
    """Links of a page in `folder` that lead nowhere in this repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        path, _, anchor = target.partition("#")
        if path.startswith("https:"):
            continue
        if not (folder / path).exists():
            yield target
        elif anchor and anchor not in anchors((folder / path).read_text(encoding="utf-8") if path else page):
            yield target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_is_one(path, monkeypatch):
    found = commands(path.read_text(encoding="utf-8"))
    said = {" ".join(words): refusal(words, monkeypatch) for words in found}
    assert {words: message for words, message in said.items() if message is not None} == {}
    assert len(found) > 0 or path.stem in ("CONTRIBUTING", "reliability", "symmetry")


def test_every_suite_named_is_there():
    named = {
        word.removeprefix("suite=")
        for path in PAGES
        for words in commands(path.read_text(encoding="utf-8"))
        for word in words
        if word.startswith("suite=")
    }
    assert {"quick", "headline", "crane.yaml"} <= named
    for name in named:
        if name.startswith("runs/"):  # what another command writes
            continue
        folder = ROOT / "docs" / "examples" if name.endswith(".yaml") else ROOT / "configs" / "suite"
        path = folder / name if name.endswith(".yaml") else folder / f"{name}.yaml"
        (read_plan if "\ntune:" in path.read_text() else read_suite)(path, options("network"))


LOOP = """
```sh
for network in plain exact; do for seed in 0 1; do
    nearsym train network=$network seed=$seed \\
        total_steps=10
done; done
```
and `nearsym train network.relaxation_rate=1`, never `nearsym audit …`:
```console
$ nearsym train network=relxed
nearsym train is what it printed
$ nearsym evaluate runs/x part=test
```
"""


def test_a_command_that_is_none_is_seen(monkeypatch):
    found = {" ".join(words): refusal(words, monkeypatch) for words in commands(LOOP)}
    assert list(found) == [
        "train network=plain seed=1 total_steps=10",
        "train network=exact seed=1 total_steps=10",
        "train network=relxed",
        "evaluate runs/x part=test",
        "train network.relaxation_rate=1",
    ]
    plain, exact, misspelt, old_key, renamed = found.values()
    assert plain is None and exact is None
    assert "did you mean 'relaxed'" in misspelt
    assert "part is called split" in old_key and "relaxed_lr_multiplier" in renamed


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_a_page_names_is_there(path):
    page = path.read_text(encoding="utf-8")
    assert list(missing_names(page)) == []
    assert list(dead_links(page, path.parent)) == []


def test_what_is_not_there_is_seen():
    there = ("nearsym.make", "agent.tau", "envs/own.py")
    names = ("nearsym.agents.DrQSAC", "network.choice=exact", "envs/none.py", *there)
    page = ", ".join(f"`{name}`" for name in names)
    assert list(missing_names(page)) == ["nearsym.agents.DrQSAC", "network.choice", "envs/none.py"]
    links = "[a](docs/audit.md#images) [b](docs/audit.md#nothing) [c](docs/none.md) [d](https://arxiv.org) [e](#f)"
    assert list(dead_links(links, ROOT)) == ["docs/audit.md#nothing", "docs/none.md", "#f"]
    assert list(dead_links(f"# F\n{links}", ROOT)) == ["docs/audit.md#nothing", "docs/none.md"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_python_of_the_readme_runs(monkeypatch):
    """One block after the other, with as few steps as reach the first updates."""
    found = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "python")
    names = {}
    for block in found:
        exec(re.sub(r"learn\(([\d_]+)\)", "learn(1_010)" if "nearsym.SAC" in block else "learn(110)", block), names)
    assert "".join(found).count("learn(") == 2
    assert names["agent"].learner.updates == 10


def test_python_of_the_readme_that_does_not_run_is_seen():
    with pytest.raises(AttributeError, match="DrQSAC"):
        exec("import nearsym.agents\nnearsym.agents.DrQSAC", {})


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_of_the_docs_import_what_is_there(path):
    """They draw tables of results that take hours to make, and are not run here."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("nearsym"):
            for alias in node.names:
                assert exists(f"{node.module}.{alias.name}"), f"{path}: {node.module}.{alias.name}"
