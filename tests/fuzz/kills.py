"""Killed at random moments, again and again: every curve and every evaluation is that of a run without a kill.

    python tests/fuzz/kills.py train=50 evaluate=20 compare=30

Counts processes that were killed while they were at work. Of a comparison that is itself or one of the runs it has
started; of training with environments in processes of their own, itself or one of those. After each kill the same
command is given again; once it has ended, metrics.csv, evaluations and the state of every run are held against those of
a run that nobody has killed, byte for byte.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from places import MINE

from nearsym.scripts.main import COMMANDS, main

RUN = (
    "env=mine:Fine",
    "network=relaxed",
    "network.width=8",
    "agent.batch_size=8",
    "agent.learning_starts=50",
    "seed=3",
)
RUN += ("total_steps=500", "eval_every=90", "eval_episodes=2", "checkpoint_every=70", "env.count=2")
IN_PROCESSES = "env.processes=true"
EVALUATION = ("episodes=20", "noise=[0,0.1,0.2]", "seed=2")
SUITE = """
name: killed
tasks:
- {id: "mine:Fine", total_steps: 300}
networks: [plain, relaxed]
seeds: [0]
overrides: [network.width=8, agent.batch_size=8, agent.learning_starts=50, eval_every=70, eval_episodes=1,
            checkpoint_every=60]
evaluate: {episodes: 2, noise: [0.0, 0.1]}
"""


@dataclass
class Tally:
    """What was counted.

    Attributes:
        killed: processes that were at work.
        resumed: commands that met something saved by one that was killed.
        ended: commands that ended after kills, whose results were compared.
        differences: what was not as it should be.
    """

    killed: int = 0
    children: int = 0
    resumed: int = 0
    ended: int = 0
    differences: list[str] = field(default_factory=list)


def prepared(folder: Path) -> None:
    """Import what commands need, before processes are forked; an environment and a suite."""
    for name in COMMANDS:
        __import__(f"nearsym.scripts.{name}")
    (folder / "mine.py").write_text(MINE)
    (folder / "suite.yaml").write_text(SUITE)


def started(folder: Path, *words: str) -> int:
    """A command in a process of its own, which is as if it had been started from a shell; its number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            os.chdir(folder)
            said = os.open(folder / "said.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            os.dup2(said, 1)
            os.dup2(said, 2)
            sys.argv = ["nearsym", *words]
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            sys.stdout.flush()
            os._exit(code)
    return child


def finished(folder: Path, *words: str) -> float:
    """Let a command run to its end; the seconds that takes."""
    start = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(started(folder, *words), 0)[1])
    assert code == 0, f"{' '.join(words)} ended with {code}: {(folder / 'said.txt').read_text()}"
    return time.monotonic() - start


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def killed(tally: Tally, pid: int, moment: float, draw: random.Random) -> None:
    """Kill a command after so many seconds, or one of the processes that it has started."""
    deadline = time.monotonic() + moment
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.001)
    below = children(pid)
    if below and draw.random() < 0.5:
        os.kill(draw.choice(below), signal.SIGKILL)
        tally.killed, tally.children = tally.killed + 1, tally.children + 1
        time.sleep(draw.uniform(0, 2))  # the parent says so, or tries again, and dies later
    if os.waitpid(pid, os.WNOHANG)[0]:
        return
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    tally.killed += 1


def results(folder: Path) -> dict[str, str]:
    """Every curve and every evaluation below a folder, without the name of the run's folder."""
    found = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("metrics.csv"))}
    for path in sorted(folder.rglob("evaluation*.json")):
        content = {key: value for key, value in json.loads(path.read_text()).items() if key != "run"}
        found[str(path.relative_to(folder))] = json.dumps(content)
    for path in folder.rglob("suite.json"):
        found["states"] = " ".join(run["state"] for run in json.loads(path.read_text())["runs"])
    return found


def compare(tally: Tally, folder: Path, whole: Path) -> None:
    """Hold what has ended against what nobody has killed."""
    tally.ended += 1
    was, now = results(whole), results(folder)
    tally.differences += [f"{name} of {folder}" for name in was.keys() | now.keys() if was.get(name) != now.get(name)]
    tally.differences += [f"{path} is left" for path in folder.rglob("checkpoints/.*")]


def again_and_again(tally: Tally, kills: int, draw: random.Random, here: Path, name: str, words: list[str]) -> None:
    """Kill a command that goes on where it stopped, until there were as many kills; compare what has ended."""
    whole, folder = here / f"{name}-whole", here / f"{name}-killed"
    key = words.pop()
    took = finished(here, *words, f"{key}={whole.name}")
    while tally.killed < kills:
        pid = started(here, *words, f"{key}={folder.name}")
        tally.resumed += any(folder.rglob("checkpoints/step-*"))
        killed(tally, pid, draw.uniform(0, took), draw)
        if draw.random() < 0.3 or tally.killed >= kills:
            _end(tally, here, folder, whole, [*words, f"{key}={folder.name}"])


def _end(tally: Tally, here: Path, folder: Path, whole: Path, words: list[str]) -> None:
    finished(here, *words)
    compare(tally, folder, whole)
    shutil.rmtree(folder)  # the next kills are of another one


def training(kills: int, draw: random.Random, here: Path) -> Tally:
    """Training, and with environments in processes of their own for a fifth of the kills."""
    tally = Tally()
    own = kills // 5
    again_and_again(tally, kills - own, draw, here, "train", ["train", *RUN, "resume=true", "run_dir"])
    again_and_again(tally, kills, draw, here, "apart", ["train", *RUN, IN_PROCESSES, "resume=true", "run_dir"])
    return tally


def evaluating(kills: int, draw: random.Random, here: Path) -> Tally:
    """Evaluation of a run that has been evaluated before: what was there stays, and what is new is the same."""
    tally, run = Tally(), here / "evaluated"
    finished(here, "train", *RUN, "run_dir=evaluated", "total_steps=100")
    finished(here, "evaluate", "evaluated", "episodes=2")
    kept = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    took = finished(here, "evaluate", "evaluated", *EVALUATION)
    whole, new = results(run), run / "evaluation-2.json"
    while tally.killed < kills:
        new.unlink(missing_ok=True)
        killed(tally, started(here, "evaluate", "evaluated", *EVALUATION), draw.uniform(0, took), draw)
        finished(here, "evaluate", "evaluated", *EVALUATION)
        tally.ended += 1
        tally.differences += [f"{path} changed" for path, content in kept.items() if path.read_bytes() != content]
        tally.differences += [] if results(run) == whole else ["an evaluation is another"]
    return tally


def comparing(kills: int, draw: random.Random, here: Path) -> Tally:
    """A comparison, or one of the runs that it has started."""
    tally = Tally()
    again_and_again(tally, kills, draw, here, "compare", ["compare", "suite=suite.yaml", "jobs=2", "out"])
    return tally


PARTS = {"train": training, "evaluate": evaluating, "compare": comparing}


def run(kills: dict[str, int], seed: int = 0) -> dict[str, Tally]:
    """As many kills of each command as asked for."""
    tallies = {}
    with tempfile.TemporaryDirectory(prefix="nearsym-kills-") as place:
        prepared(Path(place))
        for name, count in kills.items():
            tallies[name] = PARTS[name](count, random.Random(f"{name} {seed}"), Path(place))
    return tallies


def printed(tallies: dict[str, Tally]) -> str:
    """A table."""
    lines = [f"{'':>10}{'killed':>9}{'children':>10}{'resumed':>9}{'compared':>10}{'different':>11}"]
    for name, one in tallies.items():
        counts = f"{one.killed:>9}{one.children:>10}{one.resumed:>9}{one.ended:>10}{len(one.differences):>11}"
        lines.append(f"{name:>10}{counts}")
    return "\n".join([*lines, *(difference for one in tallies.values() for difference in one.differences)])


if __name__ == "__main__":
    asked = dict(word.split("=", 1) for word in sys.argv[1:])
    found = run({name: int(asked.get(name, 0)) for name in PARTS if int(asked.get(name, 0))}, int(asked.get("seed", 0)))
    print(printed(found))
    sys.exit(any(one.differences for one in found.values()))
