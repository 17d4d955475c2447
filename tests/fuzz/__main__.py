"""Random faulty cases, judged: each ends in time, without a traceback, and leaves what was there as it was.

python tests/fuzz cases=10000                 # of every kind in turn; the table at the end
python tests/fuzz kind=folders first=412 cases=1   # one case again, with what it prints
"""

from __future__ import annotations

import gc
import os
import shlex
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import commands
import environments
import folders
import settings_files
from case import Case
from places import RUN, common
from sandbox import STATES, Outcome, carried_out

from nearsym.scripts.main import COMMANDS, main

KINDS = {
    "commands": commands.case,
    "settings": settings_files.case,
    "folders": folders.case,
    "environments": environments.case,
}


def prepared(made: Path) -> None:
    """Import what commands need, before processes are forked, and train the run that cases damage."""
    for name in COMMANDS:
        __import__(f"nearsym.scripts.{name}")
    for words in (("train", *RUN), ("evaluate", "runs/a", "episodes=2"), ("report", "runs", "out=runs/report")):
        outcome = carried_out_in(made, words)
        assert outcome == 0, f"{shlex.join(words)} ended with {outcome}"
    gc.collect()
    gc.freeze()  # or every case would copy all that is loaded when it first collects garbage


def carried_out_in(folder: Path, words: tuple[str, ...]) -> int:
    """Exit code of a command in a process of its own."""
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        sys.argv = ["nearsym", *words]
        code = 1
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def table(counts: dict[str, Counter[str]]) -> str:
    """How many cases of each kind went how."""
    rows = [("", *STATES, "cases")]
    for kind, counted in (*counts.items(), ("all", sum(counts.values(), Counter()))):
        rows.append((kind, *(str(counted[state]) for state in STATES), str(counted.total())))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def run(options: dict[str, str]) -> int:
    """Carry out cases; 1 where one of them is a fault."""
    first, count = int(options.get("first", 0)), int(options.get("cases", 200))
    kinds = [options["kind"]] if "kind" in options else list(KINDS)
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    slowest: tuple[float, str] = (0.0, "")
    stop = time.monotonic() + float(options.get("seconds", "inf"))
    with tempfile.TemporaryDirectory(prefix="nearsym-fuzz-") as place:
        made = Path(place, "made")
        made.mkdir()
        common(made)
        prepared(made)
        for i in range(count):
            if time.monotonic() > stop:
                break
            kind, number = kinds[i % len(kinds)], first + i // len(kinds)
            case: Case = KINDS[kind](number, made)
            outcome: Outcome = carried_out(case, Path(place, "case"), main)
            counts[kind][outcome.state] += 1
            name = f"kind={kind} first={number} cases=1"
            slowest = max(slowest, (0.0 if case.long else outcome.seconds, name))
            if outcome.is_fault or count == 1:
                said = f"{outcome.state}: python tests/fuzz {name}   # {case.about}: {shlex.join(case.words)}"
                print(f"{said}\n{outcome.detail}".encode(errors="backslashreplace").decode(), flush=True)
            if (i + 1) % 100 == 0:
                print(f"{i + 1} cases", file=sys.stderr, flush=True)
    print(table(counts))
    print(f"slowest: {slowest[0]:.1f} s, {slowest[1]}")
    return int(any(counted[state] for counted in counts.values() for state in STATES[STATES.index("traceback") :]))


if __name__ == "__main__":
    sys.exit(run(dict(word.split("=", 1) for word in sys.argv[1:])))
