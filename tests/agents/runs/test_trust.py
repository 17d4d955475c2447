"""Whose code a run folder or a suite may run: a stranger's names nothing outside the current folder without asking."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.trust import UntrustedError, trusted_settings
from nearsym.envs.errors import InputError
from nearsym.scripts import trust as asking
from nearsym.scripts.main import run

SMALL = ["network=plain", "network.width=8", "total_steps=6", "eval_every=6", "eval_episodes=1", "agent.batch_size=4"]

WORLD = """
from pathlib import Path
import gymnasium
import numpy as np
from nearsym import Symmetry

Path("{trap}").touch()  # what importing it does


class Short(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-9, 9, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, render_mode=None):
        pass

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.uniform(-1, 1, 2).astype(np.float32), {{}}

    def step(self, action):
        self.steps += 1
        return np.full(2, float(action[0]), np.float32), 1.0, False, self.steps == 3, {{}}


mirror = Symmetry.reflection(observation=[-1, -1], action=[-1])
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder that holds a module and a trained run; the current folder is another one, and the module forgotten."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "short_world.py").write_text(WORLD.format(trap=tmp_path / "imported"))
    monkeypatch.chdir(mine)
    path = list(sys.path)
    assert run(["train", "env=short_world:Short", "run_dir=run", *SMALL]) == 0
    forget(path)
    (tmp_path / "imported").unlink()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    yield mine
    forget(path)


def forget(path):
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("short_world", "stolen")]:
        del sys.modules[name]
    sys.path_importer_cache.clear()


def test_a_run_is_evaluated_from_any_folder(elsewhere, capsys):
    """Where its module lay is on record; from elsewhere it is imported when told so."""
    trap, folder = elsewhere.parent / "imported", elsewhere / "run"
    assert json.loads((folder / "about.json").read_text())["modules"] == {"short_world": str(elsewhere)}
    capsys.readouterr()
    assert run(["evaluate", str(folder), "episodes=1"]) == 2
    said = capsys.readouterr().err
    file = elsewhere / "short_world.py"
    assert f"imports short_world from {file}, which is not of the current folder" in said and "trust=true" in said
    assert not trap.exists()
    assert run(["evaluate", str(folder), "episodes=1", "trust=true"]) == 0
    assert trap.exists()
    assert json.loads((folder / "evaluation.json").read_text())["levels"][0]["returns"] == [3.0]


def test_in_its_own_folder_it_asks_nothing(elsewhere, monkeypatch):
    monkeypatch.chdir(elsewhere)
    assert run(["evaluate", "run", "episodes=1"]) == 0


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_it_asks(elsewhere, monkeypatch, answer, code):
    asked = []
    monkeypatch.setattr(asking.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(asking.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    assert run(["evaluate", str(elsewhere / "run"), "episodes=1"]) == code
    assert len(asked) == 1 and "short_world.py" in asked[0] and asked[0].endswith("Import it? [y/N] ")
    assert (elsewhere.parent / "imported").exists() == (code == 0)


def crafted(folder, **changes):
    """A stranger's run: a real one, with another config.yaml."""
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({**yaml.safe_load(config.read_text()), **changes}))
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"env": {"id": "os:system", "kwargs": {"command": "touch {trap}"}}},
        {"env": {"id": "subprocess:run", "kwargs": {"args": ["touch", "{trap}"]}}},
        {"env": {"id": "run.stolen:Short", "kwargs": {}}},
        {"env": {"id": "stolen:Short", "kwargs": {}}},
        {"env": {"id": "antigravity:Short-v0", "kwargs": {}}},
        {"symmetry": "os:getcwd"},
        {"symmetry": "run.stolen:mirror"},
        {"env": {"id": "gymnasium.wrappers:RecordVideo", "kwargs": {"video_folder": "{trap}"}}},
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "audit"])
def test_a_strangers_run_runs_nothing(elsewhere, tmp_path, monkeypatch, capsys, changes, command):
    """From the folder above it, from inside it, and from elsewhere."""
    trap = tmp_path / "executed"
    changes = json.loads(json.dumps(changes).replace("{trap}", str(trap)))
    folder = crafted(elsewhere / "run", **changes)
    (folder / "stolen.py").write_text(WORLD.format(trap=trap))
    for place, given in ((elsewhere, "run"), (folder, "."), (tmp_path / "other", str(folder))):
        monkeypatch.chdir(place)
        capsys.readouterr()
        assert run([command, given]) == 2
        said = capsys.readouterr().err
        assert "not of the current folder" in said or "there is no module" in said
    assert not trap.exists() and not (tmp_path / "imported").exists()
    with pytest.raises((UntrustedError, InputError)):
        load_learner(folder)
    assert not trap.exists()


def test_trusted_it_still_has_to_be_an_environment(elsewhere, tmp_path, capsys):
    trap = tmp_path / "executed"
    folder = crafted(elsewhere / "run", env={"id": "os:system", "kwargs": {"command": f"touch {trap}"}})
    assert run(["evaluate", str(folder), "trust=true"]) == 2
    assert "expected a subclass of gymnasium.Env" in capsys.readouterr().err
    assert not trap.exists()


def test_what_a_crafted_module_does_is_seen(elsewhere, tmp_path, monkeypatch):
    """Negative control: trusted, the same folder's module is imported."""
    trap = tmp_path / "executed"
    folder = crafted(elsewhere / "run", env={"id": "run.stolen:Short", "kwargs": {}})
    (folder / "stolen.py").write_text(WORLD.format(trap=trap))
    monkeypatch.chdir(elsewhere)
    assert run(["evaluate", "run", "episodes=1", "trust=true"]) == 0
    assert trap.exists()
    for name in [name for name in sys.modules if name.startswith("run.") or name == "run"]:
        del sys.modules[name]


def test_another_module_of_the_same_name_is_not_taken_for_it(elsewhere, tmp_path, monkeypatch):
    (tmp_path / "other" / "short_world.py").write_text("Short = None\n")
    monkeypatch.chdir(elsewhere)
    trusted_settings(Path("run"))
    load_learner(Path("run"))
    shutil.move(elsewhere / "short_world.py", tmp_path / "short_world.py")
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(InputError, match="short_world"):  # the loaded one is of neither folder
        trusted_settings(elsewhere / "run")


SUITE = """
name: strange
tasks:
- {{id: "{id}", total_steps: 6}}
networks: [plain]
seeds: [0]
overrides: [network.width=8, eval_every=6, eval_episodes=1, agent.batch_size=4{more}]
evaluate: {{episodes: 1}}
"""


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(
    ("id", "more", "refused"),
    [
        ("os:system", "", "which is not of the current folder"),
        ("Pendulum-v1", ", symmetry=stolen:mirror", "there is no module 'stolen'"),
        ("out.stolen:Short", "", "which is not of the current folder"),
        ("short_world:Short", "", None),
    ],
)
def test_a_suite_imports_of_the_current_folder_alone(elsewhere, tmp_path, monkeypatch, capsys, dry, id, more, refused):
    trap = tmp_path / "executed"
    (elsewhere / "suite.yaml").write_text(SUITE.format(id=id, more=more))
    (elsewhere / "out").mkdir()
    (elsewhere / "out" / "stolen.py").write_text(WORLD.format(trap=trap))
    monkeypatch.chdir(elsewhere)
    out = "out" if refused else "results"
    if refused:
        (elsewhere / "out" / "suite.yaml").write_text((elsewhere / "suite.yaml").read_text())
    capsys.readouterr()
    code = run(["compare", "suite=suite.yaml", f"out={out}", "jobs=1", f"dry_run={str(dry).lower()}"])
    printed = capsys.readouterr()
    if refused:
        assert code == 2 and refused in printed.err
        assert not (tmp_path / "imported").exists()
    else:
        assert code == 0, printed
        assert (elsewhere / "results" / "short_world-Short").exists() != dry
    assert not trap.exists()
