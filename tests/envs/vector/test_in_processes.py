"""Environments in processes of their own: the same to the bit, failures in one line, and nobody left behind."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from varied import SPACES, Varied, assert_same, guarded, played

from nearsym.envs.errors import InputError
from nearsym.envs.vector import InProcesses, NoWorker, RemoteEpisodeSeeds, vectorised
from nearsym.envs.wrappers import EpisodeSeeds, seeded

ZERO = np.zeros((2, 2), np.float32)


@pytest.fixture
def opened():
    """Makes environments in processes, and ends these afterwards."""
    made = []

    def start(make, count=2, seed=7, like=None):
        makes = [partial(seeded, make, seed, i, count) for i in range(count)]
        made.append(InProcesses(makes, make() if like is None else like))
        return made[-1]

    yield start
    for envs in made:
        envs.close()


@pytest.mark.parametrize("space", ["image", "parts"])
def test_they_play_what_they_play_in_turn(space, opened):
    make = partial(Varied, SPACES[space])
    in_turn = vectorised(*(EpisodeSeeds(make(), 7, i, 2) for i in range(2)))
    assert_same(played(opened(make)), played(in_turn))


def test_episodes_are_left_and_come_back_to(opened):
    make = partial(Varied, SPACES["numbers"])
    here, there = vectorised(*(EpisodeSeeds(make(), 7, i, 2) for i in range(2))), opened(make)
    here.reset(), there.reset()
    before, following = there.step(ZERO)[0], there.step(ZERO)
    seeds = [RemoteEpisodeSeeds(worker) for worker in there.workers]
    assert [(number, len(actions)) for number, actions in (each.position for each in seeds)] == [(0, 2), (1, 2)]
    for handles in (here.envs, seeds):
        for number, (handle, row) in enumerate(zip(handles, before, strict=True)):
            handle.go_on(number, [ZERO[number]], row)
    for envs in (here, there):
        np.testing.assert_array_equal(envs.reset()[0], before)
        assert_same(envs.step(ZERO), following)


def second_step(envs):
    envs.reset()
    envs.step(ZERO)
    return envs.step(ZERO)


def test_a_failure_is_one_line_with_the_users_file_and_line(opened):
    source = Path(sys.modules["varied"].__file__)
    line = next(i for i, text in enumerate(source.read_text().splitlines(), 1) if "1 / 0" in text)
    with pytest.raises(InputError) as caught:
        second_step(opened(partial(guarded, "divide")))
    said = str(caught.value)
    assert said.startswith("environment 1 of 2: the environment's step raises in step 2 of an episode: ZeroDivision")
    assert said.endswith(f"{source.name}:{line})")
    assert "Traceback" in str(caught.value.__cause__) and "1 / 0" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("lose", r"^environment 1 of 2: observation\[1\] is nan at step 2 of an episode, expected a finite number"),
        (
            "tell",
            r"^environment 1 of 2: what it returns cannot be sent to another process \(.*lambda",
        ),
        (
            "leave",
            r"^environment 1 of 2: its process ended with exit code 3 while it was asked to step",
        ),
    ],
)
def test_what_ends_a_step_is_told_in_one_line(how, message, opened):
    with pytest.raises(InputError, match=message):
        second_step(opened(partial(guarded, how)))


def test_a_killed_process_is_noticed(opened):
    envs = opened(partial(guarded, "hang"))
    envs.reset(), envs.step(ZERO)
    envs.workers[1].send("step", ZERO[1])
    os.kill(envs.workers[1].pid, signal.SIGKILL)
    with pytest.raises(InputError, match=r"^environment 2 of 2: its process was killed by SIGKILL while"):
        envs.workers[1].receive()
    with pytest.raises(InputError, match=r"^environment 2 of 2: its process was killed by SIGKILL while .* to reset"):
        envs.reset()


def test_warnings_are_given_here(opened):
    envs = opened(partial(guarded, "warn"))
    with pytest.warns(UserWarning, match="^slippery$") as caught:
        second_step(envs)
    assert {Path(warning.filename).name for warning in caught} == {"varied.py"}


def test_what_cannot_be_made_elsewhere_is_said(opened):
    with pytest.raises(NoWorker, match=r"^it cannot be pickled: .*lambda"):
        opened(lambda: Varied(SPACES["numbers"]))
    with pytest.raises(NoWorker, match=r"^environment 1 of 2: TypeError: .* missing 1 required positional argument"):
        opened(Varied, like=Varied(SPACES["numbers"]))
    with pytest.raises(NoWorker, match=r"^it has other spaces there: "):
        opened(partial(Varied, SPACES["numbers"]), like=Varied(SPACES["image"]))


# no `if __name__ == "__main__"`: the main module must not run again in the workers
SCRIPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
sys.path.insert(0, sys.argv[1])
from functools import partial
import numpy as np
from varied import Misbehaves
from nearsym.envs.vector import InProcesses

print("main", flush=True)
envs = InProcesses([partial(Misbehaves, "hang")] * 2, Misbehaves("hang"))
envs.reset()
for _ in range(int(sys.argv[2])):
    envs.step(np.zeros((2, 2), np.float32))
envs.close()
"""


def script(tmp_path, steps):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    command = [sys.executable, str(path), str(Path(__file__).parent), str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_a_script_needs_no_guard_and_environments_are_closed(tmp_path):
    with script(tmp_path, 1) as process:
        out, err = process.communicate(timeout=100)
    assert (sorted(out.split()), err, process.returncode) == (["closed", "closed", "main"], "", 0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nobody_outlives_the_parent(how, tmp_path):
    with script(tmp_path, 2) as process:  # the workers hold its standard output open as long as they live
        said = [process.stdout.readline() for _ in range(3)]
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # as Ctrl-C in a terminal
        else:
            process.send_signal(how)
        out, err = process.communicate(timeout=100)
    assert said == ["main\n", "hanging\n", "hanging\n"]
    assert out == "" and err.count("Traceback") == (how == signal.SIGINT)
