"""Families of networks: one file and one YAML each, keys of their own, and what version 0.1 saved."""

import dataclasses
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import yaml

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import (
    FAMILIES,
    RATE,
    RENAMED,
    Actor,
    Augmented,
    Exact,
    Plain,
    Relaxed,
    architectures,
    family,
    family_from,
    family_of_critics,
    keys_of,
    relaxed_weights,
)

ROOT = Path(__file__).parents[2]
COMMON = {"family", "width", "depth", "block", "window_channels", "augment", "critic", "elements", "match_parameters"}
OWN = {
    "plain": set(),
    "augmented": set(),
    "orbits": set(),
    "mirror": {"mirror_weight", "value_weight"},
    "adaptive": {"symmetry_weight", "fit_lr_multiplier"},
    "gated": {"gate_threshold", "gate_expectile"},
    "exact": set(),
    "relaxed": {"banks", "relax_positions", "relax_biases", "relaxation_penalty", "relaxed_lr_multiplier"},
    "rpp": {"prior_equivariant", "prior_residual"},
    "complement": {"complement_penalty"},
    "projected": {"projection_penalty"},
    "constrained": {"slack"},
    "scheduled": {"relaxed_updates"},
    "measured": {"audit_every", "audit_transitions", "tolerated"},
}
PLAIN = {"augmented", "orbits", "mirror", "adaptive"}
"""Of plain layers."""
SAVED = {
    "width": 32,
    "depth": 2,
    "banks": 1,
    "series_channels": 4,
    "relax_positions": False,
    "relax_biases": False,
    "augment": False,
    "match_parameters": False,
    "relaxation_penalty": 0.0,
    "relaxation_rate": 1.0,
    "prior_equivariant": 0.0,
    "prior_residual": 0.0,
}
"""As 0.1 wrote it into every config.yaml, whatever the network."""


def actor(settings):
    symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
    return Actor(symmetry.observation.rep, symmetry.action, settings)


def test_every_family_has_its_own_keys_and_no_others():
    assert {name: set(keys_of(kind)) for name, kind in FAMILIES.items()} == {
        name: COMMON | own for name, own in OWN.items()
    }
    assert next(iter(FAMILIES)) == "plain" and set(architectures()) == OWN.keys() - PLAIN - {"gated"}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_name_means_the_same_in_python_and_on_the_command_line(name):
    text = (resources.files("nearsym.configs") / "network" / f"{name}.yaml").read_text()
    assert yaml.safe_load(text) == {"family": name}
    settings = family(name)
    assert type(settings) is FAMILIES[name] and settings.name == settings.label == name
    assert family_from(dataclasses.asdict(settings)) == settings
    files = {each.name.removesuffix(".yaml") for each in (resources.files("nearsym.configs") / "network").iterdir()}
    assert files == set(FAMILIES)


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("relxed", {}, "there is no network 'relxed' (did you mean 'relaxed'?); choose from plain, augmented, exact"),
        ("plain", {"width": 0}, "network.width is 0, expected a whole number from 1 to 1,000,000"),
        ("relaxed", {"banks": 0}, "network.banks is 0, expected a whole number from 1 to 1,000,000"),
        (
            "relaxed",
            {"relaxation_penalty": float("nan")},
            "network.relaxation_penalty is nan, expected a number from 0 to 1e+30",
        ),
        ("relaxed", {"relaxed_lr_multiplier": 0}, "network.relaxed_lr_multiplier is 0, expected a number > 0"),
        ("relaxed", {"relaxed_lr_multiplier": 1e308}, "is 1e+308, expected a number > 0, up to 1e+30"),
        ("mirror", {"mirror_weight": 1e308}, "network.mirror_weight is 1e+308, expected a number from 0 to 1e+30"),
        ("rpp", {"prior_residual": -1}, "network.prior_residual is -1, expected a number from 0 to 1e+30"),
        ("exact", {"banks": 4}, "unknown key 'network.banks' of network=exact; it is a key of network=relaxed"),
        ("plain", {"widht": 4}, "unknown key 'network.widht' (did you mean 'network.width'?)"),
        ("relaxed", {"relaxation_rate": 1}, "network.relaxation_rate is called network.relaxed_lr_multiplier"),
        ("plain", {"series_channels": 1}, "network.series_channels is called network.window_channels"),
        (
            "complement",
            {"complement_penalty": -1},
            "network.complement_penalty is -1, expected a number from 0 to 1e+30",
        ),
        (
            "projected",
            {"projection_penalty": -1},
            "network.projection_penalty is -1, expected a number from 0 to 1e+30",
        ),
        ("constrained", {"slack": 0}, "network.slack is 0, expected a number > 0"),
        ("mirror", {"value_weight": -1}, "network.value_weight is -1, expected a number from 0 to 1e+30"),
        ("adaptive", {"fit_lr_multiplier": 0}, "network.fit_lr_multiplier is 0, expected a number > 0"),
        ("gated", {"gate_expectile": 1}, "network.gate_expectile is 1, expected a number from 0.5 to below 1"),
        ("gated", {"match_parameters": True}, "network.match_parameters=true cannot hold for network=gated"),
        ("measured", {"audit_every": 0}, "network.audit_every is 0, expected a whole number from 1 to 1,000,000"),
        ("measured", {"tolerated": -1}, "network.tolerated is -1, expected a number from 0 to 1e+30"),
        ("augmented", {"augment": False}, "makes network=augmented a plain one; use network=plain"),
    ],
)
def test_settings_are_checked(name, keys, message):
    with pytest.raises(InputError) as error:
        family(name, **keys)
    assert message in str(error.value)


def test_the_name_of_another_family_is_refused():
    with pytest.raises(InputError, match=r"network.family is 'plain', expected 'exact'"):
        Exact(family="plain")


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        (Plain(augment=True), "plain-augmented"),
        (Relaxed(augment=True), "relaxed-augmented"),
        (Augmented(), "augmented"),
        (Relaxed(critic="relaxed"), "relaxed"),
        (Relaxed(critic="plain"), "relaxed-critic-plain"),
        (Exact(critic="rpp", augment=True), "exact-augmented-critic-rpp"),
    ],
)
def test_labels_say_what_names_do_not(settings, label):
    assert settings.label == label and settings.needs_symmetry
    assert not Plain().needs_symmetry and Exact().needs_symmetry


def test_critics_may_be_of_another_family_of_the_same_sizes():
    actors = Relaxed(width=40, depth=3, banks=2, critic="complement")
    assert family_of_critics(actors) == family("complement", width=40, depth=3)
    assert family_of_critics(Relaxed(banks=2)) == Relaxed(banks=2)
    with pytest.raises(InputError, match=r"there is no network 'complment' \(did you mean 'complement'\?\)"):
        family_of_critics(Relaxed(critic="complment"))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_the_layers_of_an_architecture(name):
    found = {made for made, kind in architectures().items() if family(name).architecture == made}
    assert found == {"plain" if name in PLAIN else "exact" if name == "gated" else name}


def test_sizes_carry_over_to_another_family():
    given = Relaxed(width=40, depth=3, window_channels=5, banks=7, elements=("s",), match_parameters=True)
    assert Exact.like(given) == Exact(width=40, depth=3, window_channels=5, elements=("s",), match_parameters=True)
    assert Relaxed.like(given) is given
    assert Plain.like(Augmented(width=9)) == Plain(width=9)


@pytest.mark.parametrize(
    ("saved", "meant"),
    [
        ({"choice": "plain"}, family("plain", width=32, window_channels=4)),
        ({"choice": "plain", "augment": True}, family("augmented", width=32, window_channels=4)),
        ({"choice": "exact"}, family("exact", width=32, window_channels=4)),
        (
            {"choice": "relaxed", "banks": 2, "relax_biases": True, "relaxation_rate": 10.0},
            family("relaxed", width=32, window_channels=4, banks=2, relaxation_penalty=0.0),
        ),
        (
            {"choice": "rpp", "prior_equivariant": 1e-6, "augment": True},
            family("rpp", width=32, window_channels=4, augment=True, prior_residual=0.0),
        ),
        # 0.1 ignored the keys of other networks, and documented commands that gave all networks one set of them
        ({"choice": "plain", "relaxation_penalty": 3e-3}, family("plain", width=32, window_channels=4)),
    ],
)
def test_settings_of_version_0_1_are_understood(saved, meant):
    assert family_from({**SAVED, **saved}) == meant


def test_older_settings_of_version_0_1_hold_fewer_keys():
    assert family_from({"choice": "relaxed"}) == Relaxed(
        relax_biases=False, relaxation_penalty=0.0, relaxed_lr_multiplier=1.0
    )


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({**SAVED, "choice": "hated"}, "there is no network 'hated'"),
        ({**SAVED, "choice": "exact", "colour": 3}, "unknown key 'network.colour'"),
        ({"width": 3}, "network settings {'width': 3} name no family; expected family: relaxed or another"),
        ({"family": "exact", "banks": 1}, "it is a key of network=relaxed"),
    ],
)
def test_settings_of_no_version_are_refused(saved, message):
    with pytest.raises(InputError) as error:
        family_from(saved)
    assert message in str(error.value)


def test_renamed_keys_lead_to_keys_that_are_there():
    every = {key for kind in FAMILIES.values() for key in keys_of(kind)}
    assert set(RENAMED.values()) <= every and not set(RENAMED) & every


def test_relaxed_weights_learn_at_a_rate_of_their_own():
    settings = Relaxed(width=8)
    network = actor(settings)
    others, apart = settings.parameter_groups([network])
    assert apart[RATE] == 10.0 and RATE not in others
    assert {id(p) for p in apart["params"]} == {id(p) for p in relaxed_weights(network)}
    trained = [p for p in network.parameters() if p.requires_grad]
    assert {id(p) for p in (*others["params"], *apart["params"])} == {id(p) for p in trained}
    assert len(Relaxed(relaxed_lr_multiplier=1.0).parameter_groups([network])) == 1


@pytest.mark.parametrize("name", ["plain", "exact", "rpp"])
def test_other_families_learn_at_one_rate_and_report_no_relaxation(name):
    settings = family(name, width=8)
    network = actor(settings)
    (group,) = settings.parameter_groups([network])
    assert len(group["params"]) == len([p for p in network.parameters() if p.requires_grad])
    assert settings.relaxation(network) is None
    assert settings.relaxed_weights(network) == settings.readings(network) == {}
    assert (settings.departures(network) == {}) == (name != "rpp")
    assert settings.coordinate_departures(network) == {}


NEW = '''
from dataclasses import dataclass

from .exact import Exact
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Halved(Exact):
    """Exact layers, by halves.

    Attributes:
        halves: how many.
    """

    family: str = "halved"
    halves: int = 2
'''


def tree_with(folder, additions):
    """A copy of the package under `folder`, of links, with some files added."""
    root = folder / "nearsym"
    for path in additions:
        for parent in reversed((root / path).parents):
            if parent.is_relative_to(root) and not parent.exists():
                parent.mkdir()
    for path, text in additions.items():
        (root / path).write_text(text)
    for made in [one for one in root.rglob("*") if one.is_dir()] + [root]:
        for original in (ROOT / made.relative_to(root)).iterdir():
            if not (made / original.name).exists():
                (made / original.name).symlink_to(original)
    return folder


def test_one_file_and_one_yaml_are_a_family(tmp_path):
    added = {"networks/families/halved.py": NEW, "configs/network/halved.yaml": "family: halved\n"}
    run = "import sys; from nearsym.scripts.main import main; main()"
    words = ["train", "env=Pendulum-v1", "network=halved", "network.width=16", "agent.learning_starts=5"]
    steps = ["total_steps=10", "eval_every=10", "eval_episodes=1"]
    found = subprocess.run(
        [sys.executable, "-c", run, *words, *steps, "network.halves=3", "run_dir=run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tree_with(tmp_path, added))},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert found.returncode == 0, found.stderr
    assert "halved" in found.stdout and "(this run)" in found.stdout
    saved = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["network"]
    assert (saved["family"], saved["width"], saved["halves"]) == ("halved", 16, 3)
