"""Tab completion: what bash itself offers with the script that is printed."""

import shutil
import subprocess

import pytest

from nearsym.networks import FAMILIES
from nearsym.scripts import completion, main


@pytest.fixture(scope="module")
def scripts():
    return {shell: completion.script(shell) for shell in completion.SHELLS}


def offered(script, line, breaks=" \t\n\"'><=;|&(:"):
    """What bash offers for a line at whose end Tab is pressed."""
    call = f"COMP_WORDBREAKS=$'{breaks.encode('unicode_escape').decode()}'" if "'" not in breaks else ""
    code = f"{script}\n{call}\nCOMP_LINE=$1; COMP_POINT=${{#1}}; _nearsym\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", code, "bash", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "found", "absent"),
    [
        ("nearsym ", set(main.COMMANDS), {"network="}),
        ("nearsym tr", {"train", "trade"}, {"tune"}),
        ("nearsym train ", {"network=", "network.width=", "seed=", "agent.learning_rate="}, {"episodes="}),
        ("nearsym  train total_steps=10 netw", {"network=", "network.block=", "network.banks="}, {"seed="}),
        ("nearsym train network=", set(FAMILIES), {"sac"}),
        ("nearsym train seed=1 agent=dr", {"drqv2", "drqsac"}, {"sac"}),
        ("nearsym train env=dmc/cart", {"dmc/cartpole-swingup"}, {"Pendulum-v1"}),
        ("nearsym train resume=", {"true", "false"}, set()),
        ("nearsym evaluate runs/x vi", {"video="}, {"network="}),
        ("nearsym compare suite=", {"quick", "headline"}, {"or"}),
        ("nearsym tune suite=x.yaml jo", {"jobs="}, set()),
        ("nearsym completion ", {"bash", "zsh"}, set()),
    ],
)
def test_bash_offers(scripts, line, found, absent):
    words = offered(scripts["bash"], line)
    assert found <= words and not absent & words
    last = line.split(" ")[-1].rpartition("=")[2]
    assert all(word.startswith(last) for word in words)


def test_bash_offers_nothing_where_there_is_nothing(scripts):
    """Then it falls back on names of files."""
    assert offered(scripts["bash"], "nearsym evaluate runs/") == set()
    assert offered(scripts["bash"], "nearsym train total_steps=") == set()
    assert "-o default" in scripts["bash"]


def test_whole_words_are_offered_where_equals_breaks_none(scripts):
    assert offered(scripts["bash"], "nearsym train network=pl", breaks=" ") == {"network=plain"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh")
def test_zsh_reads_its_script(scripts):
    code = f"compdef() {{ }}\n{scripts['zsh']}\n_nearsym_words train network"
    done = subprocess.run(["zsh", "-f", "-c", code], capture_output=True, text=True, check=True)
    assert set(FAMILIES) <= set(done.stdout.split()) and done.stderr == ""


def test_both_have_the_same_words(scripts):
    tables = [script.partition("_nearsym_words()")[2].partition("\n}")[0] for script in scripts.values()]
    assert tables[0] == tables[1] != ""


def test_the_command_prints_it(scripts, capsys):
    assert main.run(["completion", "bash"]) == 0
    assert capsys.readouterr().out.strip() == scripts["bash"]
    assert main.run(["completion", "fish"]) == 2
    assert "which shell? nearsym completion takes bash or zsh, got 'fish'" in capsys.readouterr().err
