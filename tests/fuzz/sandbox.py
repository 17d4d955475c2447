"""Carrying out one case in a process of its own, and judging how it went."""

from __future__ import annotations

import ctypes
import hashlib
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from case import Case

LIMIT = 60.0
"""Seconds that a case may take."""

STOPPED = 3.0
"""Seconds after which a case is stopped that takes for ever by right."""

MEMORY = 8 << 30
"""Bytes of address space: what is too large fails in the case, not on the machine."""

DAC_OVERRIDE = 1 << 1 | 1 << 2
"""Linux's CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, with which the superuser writes and reads where nobody may."""

STATES = ("finished", "one line", "stopped", "traceback", "hang", "wrong exit", "no one line", "changed")
"""How cases go; from `traceback` on they are faults."""

Files = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Outcome:
    """How a case went: one of STATES, with what was printed."""

    state: str
    detail: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        """Whether it is none of the ways that a case should go."""
        return STATES.index(self.state) >= STATES.index("traceback")


def carried_out(case: Case, folder: Path, main: Callable[[], None], limit: float = LIMIT) -> Outcome:
    """Carry out a case from an empty folder, and judge it.

    Args:
        case: the case.
        folder: an empty folder; deleted afterwards.
        main: the program, which reads sys.argv.
        limit: seconds it may take.
    """
    here = folder / "here"
    here.mkdir(parents=True)
    case.prepare(here)
    before = files_in(here)
    start, ended, text = time.monotonic(), None, b""
    reading, writing = os.pipe()  # a file would fill the disk of cases that have little room
    child = os.fork()
    if child == 0:
        _be(case, here, writing, main)
    os.close(writing)
    os.set_blocking(reading, False)
    deadline = start + (STOPPED if case.long else limit)
    while ended is None and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        ended = status if done else None
        text += _read(reading)
        time.sleep(0.004)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if ended is None:
        os.waitpid(child, 0)
    seconds = time.monotonic() - start
    text += _read(reading)
    os.close(reading)
    changed = sorted(_changed(case, before, files_in(here)))
    _delete(folder)
    return Outcome(*_judged(case, ended, text.decode(errors="replace"), changed), seconds)


def _read(descriptor: int) -> bytes:
    """What lies in a pipe."""
    found = b""
    try:
        while part := os.read(descriptor, 1 << 16):
            found += part
    except BlockingIOError:
        pass
    return found


def _judged(case: Case, ended: int | None, text: str, changed: list[str]) -> tuple[str, str]:
    if "Traceback (most recent call last)" in text or "Exception ignored" in text:
        return "traceback", text
    if changed:
        return "changed", f"{', '.join(changed)}\n{text}"
    if ended is None:
        return ("stopped", "") if case.long else ("hang", text)
    code = os.waitstatus_to_exitcode(ended)
    if code == 2:
        lines = [line for line in text.splitlines() if line.startswith("nearsym: ")]
        return ("one line", lines[0]) if len(lines) == 1 and lines[0] != "nearsym: " else ("no one line", text)
    # a comparison says with 1 that a run has failed, the doctor that something is missing
    fine = (0, 1) if case.words[0] in ("compare", "doctor") else (0,)
    return ("finished", "") if code in fine else ("wrong exit", f"{code}\n{text}")


def files_in(folder: Path) -> Files:
    """Kind and content of everything in a folder."""
    found: Files = {}
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            if path.is_symlink():
                found[str(path.relative_to(folder))] = "link", str(path.readlink())
            elif path.is_file():
                found[str(path.relative_to(folder))] = "file", hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[str(path.relative_to(folder))] = "folder", ""
    return found


def _changed(case: Case, before: Files, after: Files) -> list[str]:
    """What was there and is not any more as it was."""
    allowed = [f"{each.rstrip('/')}" for each in case.may_change]
    return [
        f"{path} {'changed' if path in after else 'gone'}"
        for path, content in before.items()
        if after.get(path) != content
        and not any(path == each or path.startswith((f"{each}/", f"{each}.")) for each in allowed)
        and not _goes_on(case.goes_on, path, after)
    ]


def _goes_on(run: str | None, path: str, after: Files) -> bool:
    """Whether it is what a run changes that goes on: a newer checkpoint in place of the old one, and longer curves."""
    if run is None or not path.startswith(f"{run}/"):
        return False
    inside = path.removeprefix(f"{run}/")
    if inside.startswith("checkpoints/step-"):
        old = inside.split("/")[1]
        newer = [other.split("/")[-1] for other in after if other.startswith(f"{run}/checkpoints/step-")]
        return any(other.startswith("step-") and other > old for other in newer)
    return inside in ("metrics.csv", "about.json", ".lock") or inside.startswith("tensorboard")


def _be(case: Case, here: Path, writing: int, main: Callable[[], None]) -> None:
    """Become the command: never returns."""
    code = 1
    try:
        os.setsid()
        os.chdir(here)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.dup2(writing, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", 1, errors="backslashreplace")
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if case.disk is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (case.disk, case.disk))
        if not case.capable:
            _give_up_rights()
        sys.argv = ["nearsym", *case.words]
        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _give_up_rights() -> None:
    """Have files that nobody may write be such for the superuser too (Linux; others run as themselves)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if hasattr(libc, "capget") and libc.capget(header, data) == 0:
        for i in (0, 1):  # effective and permitted, of the first 32
            data[i] &= ~DAC_OVERRIDE
        libc.capset(header, data)


def _delete(folder: Path) -> None:
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o755)
    shutil.rmtree(folder)
