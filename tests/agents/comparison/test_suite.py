"""Suites: what their runs are, and one clear sentence for whatever does not fit."""

import copy
import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
import yaml

from nearsym.agents.comparison.check import check_runs, settings_of
from nearsym.agents.comparison.override import override
from nearsym.agents.comparison.suite import Network, Suite, Task
from nearsym.agents.comparison.suite_file import content_of, read_suite, suite_from
from nearsym.agents.runs.settings import EvaluateSettings, TrainSettings
from nearsym.envs.errors import InputError
from nearsym.scripts.compose import compose

FAMILIES = ["augmented", "exact", "plain", "relaxed", "rpp"]
SHIPPED = Path(__file__).parents[3] / "configs" / "suite"

CONTENT = {
    "name": "mine",
    "tasks": [
        {
            "id": "dmc/cartpole-swingup",
            "kwargs": {"action_repeat": 8},
            "total_steps": 500,
            "perturbations": [{}, {"actuator_reflection": 0.5, "wind": 0}],
        },
        {"id": "Pendulum-v1", "total_steps": 300},
    ],
    "networks": ["exact", {"two-banks": {"family": "relaxed", "banks": 2, "agent.learning_rate": 0.001}}],
    "seeds": [3, 4],
    "overrides": ["network.width=16", "eval_every=100"],
    "evaluate": {"episodes": 2, "noise": [0, 0.1]},
}


def from_words(overrides):
    return compose("train", TrainSettings, list(overrides))


def check(runs):
    check_runs(runs, settings_of(runs, from_words))


def test_tasks_of_one_id_are_told_apart_by_their_names():
    tasks = [{"name": f"length{length}", "id": "dmc/cartpole-swingup", "total_steps": 500} for length in (1, 2)]
    for task, length in zip(tasks, (100, 200), strict=True):
        task["kwargs"] = {"max_episode_steps": length}
    suite = suite_from(changed(tasks=tasks), FAMILIES)
    assert suite_from(content_of(suite), FAMILIES) == suite
    runs = suite.runs("runs/mine")
    assert runs[0].path == "length1/none/exact/seed3"
    assert {spec.task for spec in runs} == {f"dmc/cartpole-swingup (length{length})" for length in (1, 2)}
    of_task = settings_of(runs, from_words)
    assert {run.env.kwargs["max_episode_steps"] for path, run in of_task.items() if path.startswith("length2")} == {200}


def changed(**changes):
    return {**copy.deepcopy(CONTENT), **changes}


def test_a_suite_is_every_network_in_every_world_for_every_seed():
    runs = suite_from(CONTENT, FAMILIES).runs("runs/mine", threads=2)
    worlds = ["cartpole-swingup/none", "cartpole-swingup/actuator_reflection0.5", "Pendulum-v1/none"]
    assert [spec.path for spec in runs] == [
        f"{world}/{network}/seed{seed}" for seed in (3, 4) for world in worlds for network in ("exact", "two-banks")
    ]
    spec = runs[3]
    assert (spec.task, spec.network, spec.seed) == ("dmc/cartpole-swingup", "two-banks", 3)
    assert (spec.perturbation, spec.total_steps) == ({"actuator_reflection": 0.5}, 500)
    run = "runs/mine/cartpole-swingup/actuator_reflection0.5/two-banks/seed3"
    assert " ".join(spec.overrides) == (
        "env=dmc/cartpole-swingup env.kwargs.action_repeat=8 perturbation.actuator_reflection=0.5 network=relaxed "
        "network.width=16 eval_every=100 network.banks=2 agent.learning_rate=0.001 seed=3 total_steps=500 threads=2 "
        f"run_dir={run} resume=true"
    )
    assert spec.evaluation == EvaluateSettings(run, 2, [0, 0.1], threads=2)
    assert spec.evaluation_arguments == (run, "episodes=2", "noise=[0,0.1]", "threads=2")
    assert compose("evaluate", EvaluateSettings, [f"run={run}", *spec.evaluation_arguments[1:]]) == spec.evaluation


def test_the_words_are_those_of_train():
    """What a suite says arrives in the settings of the run."""
    spec = suite_from(CONTENT, FAMILIES).runs("runs/mine")[3]
    settings = compose("train", TrainSettings, list(spec.overrides))
    assert (settings.env.id, settings.env.kwargs) == ("dmc/cartpole-swingup", {"action_repeat": 8})
    assert (settings.network.family, settings.network.banks, settings.network.width) == ("relaxed", 2, 16)
    assert settings.perturbation.actuator_reflection == 0.5 and settings.agent.learning_rate == 0.001
    assert (settings.seed, settings.total_steps, settings.eval_every, settings.resume) == (3, 500, 100, True)


def test_runs_have_the_settings_of_their_commands():
    """Composed once for all seeds, and equal to what each command gives."""
    runs = suite_from(CONTENT, FAMILIES).runs("runs/mine", threads=2)
    composed = []
    found = settings_of(runs, lambda overrides: composed.append(overrides) or from_words(overrides))
    assert len(composed) == 6 and len(runs) == 12
    assert found == {spec.path: from_words(spec.overrides) for spec in runs}


VALUES = [
    1,
    -2.5,
    1e-7,
    True,
    None,
    "plain",
    "two words",
    "it's",
    "12",
    "null",
    "c:\\",
    "a\\b",
    "a\\'b",
    [1, "x y"],
    {"a": [0.5]},
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_survives_the_command_line(value):
    settings = compose("train", TrainSettings, [override("env.kwargs.given", value)])
    assert settings.env.kwargs["given"] == value and type(settings.env.kwargs["given"]) is type(value)


def test_a_suite_is_written_and_read_as_it_was(tmp_path):
    suite = suite_from(CONTENT, FAMILIES)
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(content_of(suite)))
    assert read_suite(tmp_path / "suite.yaml", FAMILIES) == suite
    with pytest.raises(FrozenInstanceError):
        suite.name = "yours"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_suite_that_comes_with_nearsym_fits(path):
    suite = read_suite(path, [one.stem for one in (SHIPPED.parent / "network").glob("*.yaml")])
    assert suite.name == path.stem
    runs = suite.runs("runs/x")
    # every task with one network and every network on one task, in its last world: all pairs take long
    last = {task.id: dict(task.perturbations[-1]) for task in suite.tasks}
    one = [spec for spec in runs if spec.perturbation == last[spec.task]]
    some = [m for m in one if m.network == runs[0].network or m.task == runs[0].task]
    assert {m.task for m in some} == set(last) and {m.network for m in some} == {n.name for n in suite.networks}
    check(some)


def task(**changes):
    return [{**CONTENT["tasks"][1], **changes}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the suite is None, expected a mapping with name, tasks, networks, seeds, overrides, evaluate"),
        (
            changed(sedes=[1]),
            "the suite has an unknown key 'sedes' (did you mean 'seeds'?); it takes name, tasks, networks, seeds, "
            "overrides, evaluate",
        ),
        ({"name": "mine"}, "the suite has no tasks; it needs name, tasks, networks, seeds"),
        (changed(name=3), "name is 3, expected text"),
        (changed(tasks=[]), "tasks is empty; name at least one"),
        (changed(tasks="all"), "tasks is 'all', expected a list"),
        (changed(tasks=["x"]), "tasks[0] is 'x', expected a mapping with id, total_steps, name, kwargs, perturbations"),
        (changed(tasks=[{"id": "x"}]), "tasks[0] has no total_steps; it needs id, total_steps"),
        (changed(tasks=task(total_steps=0)), "total_steps of Pendulum-v1 is 0, expected a number >= 1"),
        (changed(tasks=task(total_steps="1e4")), "tasks[0].total_steps is '1e4', expected a whole number"),
        (changed(tasks=task() * 2), "tasks has Pendulum-v1 twice; leave one out, or give each a name"),
        (changed(tasks=task(name="a") * 2), "tasks has a twice; leave one out, or give each a name"),
        (
            changed(tasks=task(name="a/b")),
            "task 'a/b' names a folder; expected letters, digits, '.', '-' and '_' alone",
        ),
        (changed(tasks=task(name=1)), "tasks[0].name is 1, expected text"),
        (changed(tasks=task(perturbations={})), "tasks[0].perturbations is {}, expected a list"),
        (
            changed(tasks=task(perturbations=[])),
            "tasks[0].perturbations is empty; give at least [{}], the world as it is",
        ),
        (
            changed(tasks=task(perturbations=[{"winds": 1}])),
            "Pendulum-v1 has an unknown perturbation 'winds' (did you mean 'wind'?)",
        ),
        (
            changed(tasks=task(perturbations=[{"wind": "strong"}])),
            "wind of Pendulum-v1 is 'strong', expected a number such as 0.5",
        ),
        (
            changed(tasks=task(perturbations=[{}, {"wind": 0.0}])),
            "perturbations of Pendulum-v1 has none twice; leave one out",
        ),
        (
            changed(networks=["relaxd"]),
            "there is no network 'relaxd' (did you mean 'relaxed'?); choose from augmented, exact, plain, relaxed, rpp",
        ),
        (
            changed(networks=[{"mine": {"banks": 2}}]),
            "there is no network 'mine'; choose from augmented, exact, plain, relaxed, rpp",
        ),
        (
            changed(networks=[{"relaxed": {"bank": 2}}]),
            "network relaxed has an unknown key 'bank' (did you mean 'banks'?)",
        ),
        (
            changed(networks=[{"a": {"choice": "relaxed"}}]),
            "network a has choice, which is called family",
        ),
        (
            changed(networks=[{"relaxed": {"network.relaxation_rate": 2}}]),
            "network relaxed has network.relaxation_rate, which is called relaxed_lr_multiplier",
        ),
        (
            changed(networks=[{"a": {}, "b": {}}]),
            "networks has {'a': {}, 'b': {}}, expected a name or name: {family: relaxed, banks: 2}",
        ),
        (
            changed(networks=[{"a/b": {"family": "plain"}}]),
            "network 'a/b' names a folder; expected letters, digits, '.', '-' and '_' alone",
        ),
        (
            changed(networks=[{"plain": {"env.id": "x"}}]),
            "network plain sets env.id, which the suite itself sets for every run; leave it out",
        ),
        (changed(networks=["plain", "plain"]), "networks has plain twice; leave one out"),
        (changed(seeds=[]), "seeds is empty; name at least one"),
        (changed(seeds=[0, -1]), "seeds is [0, -1], expected whole numbers >= 0 such as [0, 1, 2]"),
        (changed(seeds=[True]), "seeds is True, expected a whole number"),
        (changed(seeds=[1, 1]), "seeds has 1 twice; leave one out"),
        (changed(overrides=["width"]), "overrides has 'width', expected key=value such as network.width=128"),
        (
            changed(overrides=["seed=1"]),
            "overrides sets seed, which the suite itself sets for every run; leave it out",
        ),
        (
            changed(overrides=["perturbation.wind=1"]),
            "overrides sets perturbation.wind, which the suite itself sets for every run; leave it out",
        ),
        (
            changed(evaluate={"episode": 1}),
            "evaluate has an unknown key 'episode' (did you mean 'episodes'?); it takes episodes, noise",
        ),
        (changed(evaluate={"episodes": 0}), "evaluate: episodes is 0, expected a number >= 1"),
        (changed(evaluate={"noise": ["x"]}), "evaluate.noise has 'x', expected numbers such as [0, 0.1, 0.2]"),
        (
            changed(evaluate={"noise": [-1]}),
            "evaluate: noise is [-1.0], expected levels >= 0 such as [0,0.1,0.2]",
        ),
    ],
)
def test_what_does_not_fit_is_named(content, message, tmp_path):
    with pytest.raises(InputError) as caught:
        suite_from(content, FAMILIES)
    assert str(caught.value) == message
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as caught:
        read_suite(path, FAMILIES)
    assert re.sub(r"(mine\.yaml), line \d+", r"\1", str(caught.value)) == f"suite {path}: {message}"


@pytest.mark.parametrize(
    ("line", "text", "found"),
    [
        (6, "  -", 6),
        (1, "name: [mine]", 1),
        (3, "  - id: Hopper-v5\n    total_steps: many", 4),
        (4, "  - {id: Pendulum-v1, total_steps: 0}", 4),
        (4, "  - {id: Acrobot-v1}", 4),
        (6, "  - relaxd", 6),
        (7, "  - {two: {family: relaxed, bank: 3}}", 7),
        (8, "seeds: [0, 0]", 8),
        (9, "evaluate: {episode: 3}", 9),
        (9, "evalate: {}", 9),
        (8, "overrides: []", ""),  # seeds are missing, and that is nowhere
    ],
)
def test_the_line_of_what_does_not_fit_is_told(line, text, found, tmp_path):
    lines = ["name: mine", "tasks:", "  - {id: Hopper-v5, total_steps: 4}", "  - {id: Pendulum-v1, total_steps: 3}"]
    lines += ["networks:", "  - plain", "  - {two: {family: relaxed, banks: 3}}", "seeds: [0, 1]", "evaluate: {}"]
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(lines))
    read_suite(path, FAMILIES)  # as it is, it fits
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        read_suite(path, FAMILIES)
    place = f", line {found}" if found else ""
    assert str(caught.value).startswith(f"suite {path}{place}: ")


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\ntasks: [")
    with pytest.raises(InputError, match=r"suite .*mine\.yaml, line 2, column 9 cannot be read: while parsing a flow"):
        read_suite(tmp_path / "mine.yaml", FAMILIES)
    (tmp_path / "mine.yaml").write_text("name: mine\ntasks:\n  - id: a\n   total_steps: 3\n")
    with pytest.raises(InputError, match=r"suite .*mine\.yaml, line 4, column 4 cannot be read: "):
        read_suite(tmp_path / "mine.yaml", FAMILIES)
    with pytest.raises(InputError, match=r"suite .*none\.yaml cannot be read: .*No such file"):
        read_suite(tmp_path / "none.yaml", FAMILIES)


@pytest.mark.parametrize(
    ("suite", "message"),
    [
        (
            {"tasks": (Task("dmc/cartpole-swigup", 10),)},
            "cartpole-swigup/none/plain/seed0: no dm_control task has the id 'dmc/cartpole-swigup' (did you mean "
            "'dmc/cartpole-swingup'?); see `nearsym envs`",
        ),
        (
            {"overrides": ("network.widht=3",)},
            "Pendulum-v1/none/plain/seed0: unknown key 'network.widht' (did you mean 'network.width'?); `--help` lists "
            "the keys",
        ),
        (
            {"tasks": (Task("Pendulum-v1", 10, perturbations=({}, {"actuator_reflection": 2.0})),)},
            "Pendulum-v1/actuator_reflection2/plain/seed0: ",
        ),
        (
            {
                "tasks": (Task("MountainCarContinuous-v0", 10),),
                "networks": (Network("plain", "plain"), Network("e", "exact")),
            },
            "MountainCarContinuous-v0/none/e/seed0: network=exact needs a symmetry",
        ),
    ],
)
def test_a_run_that_cannot_start_is_found_before_any_does(suite, message):
    given = {"tasks": (Task("Pendulum-v1", 10),), "networks": (Network("plain", "plain"),), **suite}
    runs = Suite(name="mine", seeds=(0,), **given).runs("runs/x")
    with pytest.raises(InputError) as caught:
        check(runs)
    assert str(caught.value).startswith(message)


def test_what_can_start_passes_the_check():
    runs = Suite("mine", (Task("Pendulum-v1", 10),), (Network("plain", "plain"),), (0,)).runs("runs/x")
    check(runs)
