"""The command line from end to end, and what it says to bad input."""

import ast
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.runs.settings import AuditSettings, EvaluateSettings, TrainSettings
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import WRAPPERS
from nearsym.networks import FAMILIES, family, keys_of
from nearsym.scripts.compose import compose, defaults, options
from nearsym.scripts.data import DataSettings
from nearsym.scripts.discover import DiscoverSettings
from nearsym.scripts.envs import EnvsSettings
from nearsym.scripts.help import keys
from nearsym.scripts.main import COMMANDS, run
from nearsym.scripts.walk import WalkSettings

ROOT = Path(__file__).parents[2]
SMALL = ["network.width=16", "agent.batch_size=16", "agent.learning_starts=100", "eval_every=200", "eval_episodes=1"]


def nearsym(*words, folder):
    """Run the command in a process of its own, from `folder`."""
    return subprocess.run(
        [sys.executable, "-c", "from nearsym.scripts.main import main; main()", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )


def readme_example():
    """The complete environment file that README shows."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    (example,) = [block for block in blocks if "my_file.py" in block]
    return example


def test_ones_own_environment_from_ones_own_folder(tmp_path):
    (tmp_path / "my_file.py").write_text(readme_example())
    words = ["env=my_file:MyEnv", "symmetry=my_file:symmetry", "network=exact", "total_steps=300", *SMALL]
    trained = nearsym("train", *words, "run_dir=runs/mine", folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "group C2" in trained.stdout and "finished: runs/mine" in trained.stdout
    found = {path.name for path in (tmp_path / "runs" / "mine").iterdir()}
    files = {".lock", "about.json", "config.yaml", "metrics.csv", "symmetry.json"}
    assert found == files | {"checkpoints", "tensorboard"}
    evaluated = nearsym("evaluate", "runs/mine", "episodes=3", "noise=[0,0.5]", folder=tmp_path)
    assert evaluated.returncode == 0, evaluated.stderr
    report = json.loads((tmp_path / "runs" / "mine" / "evaluation.json").read_text())
    assert [level["noise"] for level in report["levels"]] == [0, 0.5]
    assert all(len(level["returns"]) == 3 for level in report["levels"])
    assert (tmp_path / "runs" / "mine" / "evaluation.png").read_bytes().startswith(b"\x89PNG")


def test_auditing_a_run_reads_its_networks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["env=dmc/point_mass-easy", "perturbation.gravity_tilt=5", "total_steps=300", "run_dir=runs/tilted", *SMALL]
    words.append("network.relaxation_penalty=3e-4")  # so that a few steps leave the symmetry
    assert run(["train", *words]) == 0
    capsys.readouterr()
    assert run(["audit", "runs/tilted", "samples=20", "out=audit.json"]) == 0
    printed = capsys.readouterr().out
    for expected in (
        "images visited",
        "policy's error",
        "actor.layers.0",
        "world: ε_P",
        "the critic's largest slope",
    ):
        assert expected in printed
    assert "policy:  no longer equivariant under r (" in printed
    assert "…" not in printed  # a pipe has no width to cut numbers to
    report = json.loads((tmp_path / "audit.json").read_text())
    assert (tmp_path / "audit.png").read_bytes().startswith(b"\x89PNG")
    assert report["verdict"] == "broken" and set(report["agent"]["departures"]) >= {"actor.layers.0", "critic.heads.0"}
    assert run(["audit", "runs/tilted", "env=Pendulum-v1"]) == 2
    assert "an audit of a run takes all of that from it" in capsys.readouterr().err


def test_a_wrong_map_is_told_coordinate_by_coordinate(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    body = "def mirror(obs, act):\n    return obs * [-1, 1, {sign}, -1, -1], -act\n"
    (tmp_path / "right_mirror.py").write_text(body.format(sign=-1))
    (tmp_path / "wrong_mirror.py").write_text(body.format(sign=1))
    words = ["env=dmc/cartpole-swingup", "samples=20"]
    assert run(["audit", "map=right_mirror:mirror", *words]) == 0
    assert "every coordinate agrees with the simulator" in capsys.readouterr().out
    assert run(["audit", "map=wrong_mirror:mirror", *words, "out=map.json"]) == 1
    printed = capsys.readouterr().out
    assert "position[2]" in printed and "none with the other sign (-observation[2])" in printed
    saved = json.loads((tmp_path / "map.json").read_text())
    assert [fault["mend"] for fault in saved["images"][0]["faults"]] == ["-observation[2]"]
    declared = "from nearsym import Symmetry\n\nwrong = Symmetry.reflection([-1, 1, 1, -1, -1], [-1], [-1] * 4)\n"
    (tmp_path / "wrong_symmetry.py").write_text(declared)
    assert run(["audit", "symmetry=wrong_symmetry:wrong", *words]) == 0
    assert "mend:    observation 2, position[2] under s: error" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("audit map=nowhere:mirror", "there is no module 'nowhere'"),
        ("audit map=math:pi", "the map is a float, expected a function"),
        ("audit map=os:listdir", "the map raises TypeError"),
        ("train seeed=1", "unknown key 'seeed' (did you mean 'seed'?)"),
        ("train agent.learning_rat=1", "(did you mean 'agent.learning_rate'?)"),
        ("train learning_rate=1", "(did you mean 'agent.learning_rate'?)"),
        ("train network=relxed", "there is no network=relxed (did you mean 'relaxed'?)"),
        ("train env=dmc/cartpole-swigup", "did you mean 'dmc/cartpole-swingup'?"),
        ("train seed=abc", "seed: Value 'abc' of type 'str' could not be converted to Integer"),
        ("train seed", "expected key=value, got 'seed'"),
        ("train total_steps=-1", "total_steps is -1, expected a number >= 1"),
        ("train device=gpu", "device is 'gpu', expected cpu, cuda, mps or auto"),
        ("train network.width=0", "network.width is 0"),
        ("train network.width=abc", "network.width: Value 'abc' of type 'str' could not be converted to Integer"),
        ("train network.widht=1", "did you mean 'network.width'?"),
        ("train network=exact network.banks=4", "'network.banks' of network=exact; it is a key of network=relaxed"),
        ("train network.family=exact network.banks=4", "'network.banks' of network=exact; it is a key of"),
        ("train network.relaxation_rate=1", "network.relaxation_rate is called network.relaxed_lr_multiplier"),
        ("train network.series_channels=1", "network.series_channels is called network.window_channels"),
        ("train network.choice=exact", "network.choice is called network.family"),
        ("train env=CartPole-v1 network=plain", "has actions Discrete(2), and agent=sac acts in a Box"),
        ("train env=MountainCarContinuous-v0", "network=relaxed needs a symmetry and the environment declares none"),
        ("train env=Pendulum-v1 symmetry=nowhere:symmetry", "there is no module 'nowhere'"),
        ("train env=Pendulum-v1 symmetry=math:pi", "symmetry=math:pi is a float; expected"),
        ("train env.kwargs.action_repeat=0", "action_repeat is 0"),
        ("train env.kwargs.wheels=3", "cannot be built: TypeError"),
        ("trian", "unknown command 'trian' (did you mean 'train'?)"),
        ("evaluate", "which run?"),
        ("evaluate runs/none", "runs/none is no run: it has no config.yaml"),
        ("evaluate runs/none noise=[-1]", "noise is [-1.0], expected levels >= 0"),
        ("evaluate runs/none noise=[0,x]", "noise"),
        ("train perturbation.wind=abc", "perturbation.wind: Value 'abc' of type 'str' could not be converted to Float"),
        ("train perturbation.winds=1", "did you mean 'perturbation.wind'?"),
        ("train env=Pendulum-v1 perturbation.wind=1", "Wind changes a dm_control simulator"),
        ("train perturbation.actuator_reflection=2", "expected a number from 0 to 1"),
        ("train env=MountainCarContinuous-v0 network=plain perturbation.actuator_gain=1", "needs a declared symmetry"),
        ("audit env=MountainCarContinuous-v0", "no symmetry is declared"),
        ("audit discount=1", "discount is 1.0, expected 0 <= discount < 1"),
        ("train agent=drqv2", "DrQ-v2 learns from images, this environment observes"),
        ("train agent.noise_first=1", "unknown key 'agent.noise_first' of agent=sac; it is a key of agent=drqv2"),
        ("train env.count=0", "env.count is 0, expected a number >= 1"),
        (
            "train env=Pendulum-v1 pixels=true agent=drqv2",
            "draws dm_control tasks (dmc/…), not Pendulum-v1",
        ),
        ("train env.kwargs.size=84 pixels=true agent=drqv2", "the next good size is 85"),
        ("train agent=a2c", "there is no agent=a2c"),
        ("envs all", "expected key=value, got 'all'"),
        ("envs samples=-1", "samples is -1"),
        (
            "train network=relaxed network.banks=99999999999",
            "network.banks is 99999999999, expected a whole number from",
        ),
        ("train run_dir=${nothing}", "nothing"),
        ("train agent.n_steps=100000000", "agent.n_steps is 100000000, expected a number <= 10,000"),
        ("train agent.entropy_coefficient=1e308", "agent.entropy_coefficient is 1e+308, expected a number up to 1e+30"),
        (
            "bench what=size",
            "expected drqv2, encoder, environments, layers, ppo, render, replay, sac, seeds or learning",
        ),
        ("bench what=layer", "what is 'layer' (did you mean 'layers'?), expected"),
        ("bench what=speed", "what=speed is called what=sac"),
        ("bench what=pixels", "what=pixels is called what=encoder, what=drqv2, what=render and what=replay"),
        ("bench what=layers groups=[C2,E8]", "groups has 'E8', expected C, D or S and a number"),
        ("bench what=encoder groups=C2", "groups has 'C2', expected D1, C4 or D4"),
        ("bench widths=[0]", "widths is [0], expected whole numbers >= 1"),
        ("bench sbx=python", "sbx= trains in gymnasium's own environments, not in dmc/cartpole-swingup"),
        ("bench env=Pendulum-v1 sbx=none/python", "sbx=none/python cannot be run (No such file or directory)"),
        ("bench round=3", "did you mean 'rounds'?"),
    ],
)
def test_bad_input_is_one_clear_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("nearsym: ") and err.count("\n") == 1 and out == ""
    assert list(tmp_path.iterdir()) == []


def test_help_lists_every_key(capsys):
    assert run(["--help"]) == 0
    overview = capsys.readouterr().out
    assert all(f"  {command} " in overview for command in COMMANDS)
    for command in COMMANDS:
        assert run([command, "--help"]) == 0
        assert f"nearsym {command}" in capsys.readouterr().out


def test_listing_and_doctor(capsys):
    assert run(["envs"]) == 0
    assert "dmc/point_mass-easy" in capsys.readouterr().out
    assert run(["doctor"]) == 0
    assert "ready to train on states" in capsys.readouterr().out


def test_listing_environments_loads_no_torch(tmp_path):
    code = "import sys; from nearsym.scripts.main import run; run(['envs']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True).returncode == 0


def test_an_agent_brings_defaults_of_its_own():
    """The command of the pixel documentation, without further words, is the published DrQ-v2."""
    words = ["env=dmc/cartpole-swingup", "pixels=true", "agent=drqv2", "network=exact"]
    settings = compose("train", TrainSettings, words)
    assert (settings.agent.name, settings.agent.n_steps, settings.network.width) == ("drqv2", 3, 1024)
    assert settings.pixels and settings.env.kwargs == {"action_repeat": 2}
    assert settings.run_dir == "runs/cartpole-swingup-drqv2-exact-seed0"
    more = ["network.width=64", "env.kwargs.action_repeat=8", "agent.n_steps=1"]
    other = compose("train", TrainSettings, [*words, *more])
    assert (other.agent.n_steps, other.network.width, other.env.kwargs) == (1, 64, {"action_repeat": 8})
    assert compose("train", TrainSettings, ["agent=drqsac"]).run_dir == "runs/cartpole-swingup-drqsac-relaxed-seed0"


def test_a_run_directory_is_named_after_the_run():
    settings = compose("train", TrainSettings, ["env=my_file:My-Env", "network=exact", "seed=3"])
    assert settings.run_dir == "runs/my_file-My-Env-exact-seed3"
    assert settings.env.id == "my_file:My-Env"
    windy = compose("train", TrainSettings, ["perturbation.wind=0.5", "perturbation.gravity_tilt=1"])
    assert windy.run_dir == "runs/cartpole-swingup-gravity_tilt1-wind0.5-relaxed-seed0"
    spaced = compose("train", TrainSettings, ["run_dir=runs/a b (c)", "env=Pendulum-v1"])
    assert spaced.run_dir == "runs/a b (c)"


SCHEMAS = {
    "audit": AuditSettings,
    "compare": CompareSettings,
    "data": DataSettings,
    "discover": DiscoverSettings,
    "envs": EnvsSettings,
    "train": TrainSettings,
    "evaluate": EvaluateSettings,
    "bench": BenchSettings,
    "report": ReportSettings,
    "walk": WalkSettings,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_configs_and_dataclasses_have_the_same_keys(name):
    free = {"env.kwargs"}  # holds the environment's own keys
    given = {re.sub(r"^(env\.kwargs).*", r"\1", key) for key in defaults(name, SCHEMAS[name])}
    own = {f"network.{key}" for kind in FAMILIES.values() for key in keys_of(kind)}  # beside what families share
    assert given | free >= {key for key, _ in keys(SCHEMAS[name])} >= given - own
    assert all(meaning for _, meaning in keys(SCHEMAS[name]))


@pytest.mark.parametrize("command", ["train", "bench"])
def test_help_lists_the_keys_of_every_network(command, capsys):
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    for name, kind in FAMILIES.items():
        for key in keys_of(kind):
            assert len(re.findall(rf"^  network\.{key} = ", text, flags=re.MULTILINE)) == 1, (name, key)
    assert "  network.banks = 1 (network=relaxed)\n      filter banks L of a relaxed layer" in text


@pytest.mark.parametrize("group", ["env", "agent", "network", "perturbation"])
def test_every_option_composes(group):
    for option in options(group):
        if option == "any":
            continue
        settings = compose("train", TrainSettings, [f"{group}={option}"])
        text = (ROOT / "configs" / group / f"{option}.yaml").read_text()
        saved = yaml.safe_load(text)
        saved = saved[group] if "_global_" in text else saved  # an agent may set defaults of other groups
        found = dataclasses.asdict(getattr(settings, group))
        if group == "network":
            assert (found, saved) == (dataclasses.asdict(family(option)), {"family": option})
        elif group == "agent":  # what is not written is the dataclass's
            assert found == {**dataclasses.asdict(LEARNERS[saved["name"]].settings_type()), **saved}
        else:  # strengths are 0
            assert found == (
                {"count": 1, "processes": "auto", **saved} if group == "env" else dict.fromkeys(WRAPPERS, 0.0) | saved
            )


def fields_never_read(sources, schemas):
    """Fields of settings that no line of code reads as an attribute; strengths name the wrapper that reads them."""
    read = {
        node.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    return {
        f"{schema.__name__}.{field.name}"
        for schema in schemas
        for field in dataclasses.fields(schema)
        if field.name not in read and "wrapper" not in field.metadata
    }


def test_every_setting_is_read_somewhere():
    sources = [
        path.read_text()
        for folder in ("agents", "envs", "networks", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if not path.name.endswith("settings.py")
    ]
    schemas = (*SCHEMAS.values(), *(learner.settings_type for learner in LEARNERS.values()), *FAMILIES.values())
    settings = {kind for schema in schemas for kind in nested(schema)}
    assert fields_never_read(sources, settings) == set()
    Unread = dataclasses.make_dataclass("Unread", ["colour_of_the_bicycle"])
    assert fields_never_read(sources, {Unread}) == {"Unread.colour_of_the_bicycle"}


def nested(schema):
    from typing import get_type_hints

    yield schema
    for kind in get_type_hints(schema).values():
        if dataclasses.is_dataclass(kind):
            yield from nested(kind)


def test_a_lone_value_is_a_list_of_one():
    assert compose("evaluate", EvaluateSettings, ["run=x", "noise=0.1"]).noise == [0.1]
    assert compose("report", ReportSettings, ["folder=x", "against=plain"]).against == ["plain"]
    assert compose("report", ReportSettings, ["folder=x", "against=null"]).against is None
    with pytest.raises(InputError, match=r"noise\[0\]: Value 'much'"):
        compose("evaluate", EvaluateSettings, ["run=x", "noise=much"])
    with pytest.raises(InputError, match="episodes: "):  # the control: where no list is wanted
        compose("evaluate", EvaluateSettings, ["run=x", "episodes=[1]"])
