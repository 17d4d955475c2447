"""Damaged folders of runs: files missing, emptied, cut off, swapped, of a stranger; places nobody may write to."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from case import Case, draw_for
from places import SMALL, with_runs

Damage = Callable[[random.Random, Path], str]
"""Damages the run in a folder, and says how."""

JSON = ("null", "[]", "{}", "3", '"a"', "{", "NaN", '{"a": 1}', "", "\x00", "[[[[", '{"step": "x"}', "1e999", "é")


def case(number: int, made: Path) -> Case:
    """A command on a damaged run, or where it cannot write."""
    draw = draw_for("folders", number)
    words, goes_on, own = draw.choice(
        (
            (("train", *SMALL, "run_dir=runs/a", "total_steps=24", "resume=true"), "runs/a", ()),
            (("train", *SMALL, "run_dir=runs/a", "total_steps=24", "resume=true"), "runs/a", ()),
            (("train", *SMALL, "run_dir=runs/new", "total_steps=10"), None, ("runs/new",)),
            (("train", *SMALL, "run_dir=runs/a", "total_steps=24"), None, ()),
            # a figure without its JSON is what a kill leaves, and is drawn again
            (("evaluate", "runs/a", "episodes=2", "seed=5"), None, ("runs/a/evaluation.png",)),
            (("audit", "runs/a", "samples=5", "out=new/audit.json"), None, ("new",)),
            (("report", "runs", "out=new"), None, ("new",)),
            (("report", "runs"), None, ("runs/report",)),
            (("compare", "suite=suite.yaml", "out=out", "dry_run=true"), None, ("out",)),
        )
    )
    crowded = draw.random() < 0.2
    disk = draw.choice((0, 100, 1000, 5000, 20000, 60000)) if crowded else None
    damages = draw.sample(DAMAGES, 0 if crowded else draw.choice((1, 1, 2)))
    seeds = [draw.random() for _ in damages]
    locked = damages.count(_locked) > 0

    def prepare(folder: Path) -> None:
        with_runs(made, folder)
        for damage, seed in sorted(zip(damages, seeds, strict=True), key=lambda pair: pair[0] is _locked):
            with suppress(Exception):  # what one damage has left may be nothing for another
                damage(random.Random(seed), folder)

    about = f"a disk with {disk} bytes a file" if crowded else ", ".join(each.__name__.strip("_") for each in damages)
    return Case(words, prepare, about, own, goes_on, disk=disk, capable=not locked)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "runs").rglob("*") if path.is_file() and "tensorboard" not in str(path))


def _one(draw: random.Random, folder: Path) -> Path:
    return draw.choice(_files(folder))


def _missing(draw: random.Random, folder: Path) -> None:
    _one(draw, folder).unlink()


def _emptied(draw: random.Random, folder: Path) -> None:
    _one(draw, folder).write_bytes(b"")


def _cut_off(draw: random.Random, folder: Path) -> None:
    path = _one(draw, folder)
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(len(content) + 1)])


def _flipped(draw: random.Random, folder: Path) -> None:
    path = _one(draw, folder)
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 5, 100)) if content else 0):
        content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content)


def _swapped(draw: random.Random, folder: Path) -> None:
    first, second = _one(draw, folder), _one(draw, folder)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _folder_for_file(draw: random.Random, folder: Path) -> None:
    path = _one(draw, folder)
    path.unlink()
    path.mkdir()
    (path / "kept.txt").write_text("not to be lost\n")


def _file_for_folder(draw: random.Random, folder: Path) -> None:
    path = folder / draw.choice(
        ("runs/a/checkpoints", "runs/a/tensorboard", "runs/a", "runs", "out", "new", "runs/report")
    )
    if path.is_dir():
        shutil.rmtree(path)
    path.write_text("not to be lost\n")


def _dangling(draw: random.Random, folder: Path) -> None:
    path = _one(draw, folder)
    path.unlink()
    path.symlink_to(draw.choice(("nowhere", str(path), "/proc/nowhere", "/dev/full", "/dev/null")))


def _foreign(draw: random.Random, folder: Path) -> None:
    names = ("step-x", "step-99999999", "step-00000016.bak", ".step-00000016.writing", ".step-00000016.old", "notes")
    names += ("evaluation.json", "evaluation-2.json", "metrics.csv", "index.html", "config.yaml", "suite.yaml")
    at = (
        folder
        / draw.choice(("runs/a/checkpoints", "runs/a", "runs", "new", "out", "runs/new", "runs/b"))
        / draw.choice(names)
    )
    if at.exists():
        return
    at.parent.mkdir(parents=True, exist_ok=True)
    if draw.random() < 0.5:
        at.mkdir()
        at = at / "kept.txt"
    at.write_text(draw.choice(("not to be lost\n", "", *JSON)))


def _moved(draw: random.Random, folder: Path) -> None:
    for path in (folder / "runs/a/checkpoints").glob("step-*"):
        path.rename(path.with_name(draw.choice(("step-00000008", "step-00000099", "step--1", "step-", "step-1e3"))))


def _json(draw: random.Random, folder: Path) -> None:
    names = ("about.json", "symmetry.json", "evaluation.json", "checkpoints/step-00000016/manifest.json")
    path = folder / "runs/a" / draw.choice(names)
    if path.exists():
        path.write_text(draw.choice(JSON))


def _state(draw: random.Random, folder: Path) -> None:
    """Changed, with a checksum that fits."""
    path = folder / "runs/a/checkpoints/step-00000016/state.json"
    if not path.exists():
        return
    state = json.loads(path.read_text())
    odd = (None, -1, 10**9, 1.5, "x", [], {}, [1, 2], True, 10**30, [None], {"a": [1]}, float("nan"))
    inside = state["progress"] if draw.random() < 0.8 else state
    key = draw.choice(list(inside))
    if draw.random() < 0.3:
        del inside[key]
    else:
        inside[key] = draw.choice(odd)
    _rewrite(path, draw.choice((*JSON, *[json.dumps(state)] * 30)).encode())


def _tensors(draw: random.Random, folder: Path) -> None:
    """Of another kind than they should be, with a checksum that fits."""
    path = folder / "runs/a/checkpoints/step-00000016/tensors.pt"
    if not path.exists():
        return
    tensors = torch.load(path, weights_only=True)
    odd = (None, 3, "x", [], {}, torch.zeros(3), [torch.zeros(2)], {"a": torch.zeros(1)}, torch.zeros(0), float("nan"))
    inside = tensors
    while isinstance(inside, dict) and draw.random() < 0.7:
        deeper = [each for each in inside.values() if isinstance(each, dict) and each]
        if not deeper:
            break
        inside = draw.choice(deeper)
    key = draw.choice(list(inside))
    if draw.random() < 0.3:
        del inside[key]
    else:
        inside[key] = draw.choice(odd)
    buffer = io.BytesIO()
    torch.save(draw.choice((tensors, tensors, tensors, draw.choice(odd))), buffer)
    _rewrite(path, buffer.getvalue())


def _replay(draw: random.Random, folder: Path) -> None:
    """Arrays of other shapes, kinds and names, with a checksum that fits."""
    path = folder / "runs/a/checkpoints/step-00000016/replay.npz"
    if not path.exists():
        return
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    name = draw.choice(list(arrays))
    odd = (
        np.zeros(0),
        np.zeros((3, 3)),
        np.array("x"),
        np.full(5, np.nan),
        np.array(None),
        arrays[name].ravel()[:1],
        np.zeros(()),
    )
    if draw.random() < 0.3:
        del arrays[name]
    else:
        arrays[name] = draw.choice(odd)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    _rewrite(path, buffer.getvalue())


def _rewrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    manifest = path.with_name("manifest.json")
    if manifest.is_file():
        sums = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**sums, path.name: hashlib.sha256(content).hexdigest()}))


def _curve(draw: random.Random, folder: Path) -> None:
    """Another curve than the checkpoint is of."""
    path = folder / "runs/a/metrics.csv"
    if path.is_file():
        text = path.read_text()
        path.write_text(
            draw.choice(("a,b\n1,2\n", text.upper(), text.replace(",", ";"), "\x00" * len(text), text[:-20]))
        )


def _locked(draw: random.Random, folder: Path) -> None:
    """Nobody may write, or read."""
    places = (
        "runs/a",
        "runs",
        ".",
        "runs/a/checkpoints",
        "runs/a/config.yaml",
        "runs/a/metrics.csv",
        "runs/a/tensorboard",
    )
    path = folder / draw.choice(places)
    if path.exists():
        path.chmod(draw.choice((0o555, 0o444, 0o111)) if path.is_dir() else draw.choice((0o444, 0o000)))


DAMAGES: tuple[Damage, ...] = (_missing, _emptied, _cut_off, _flipped, _swapped, _folder_for_file, _file_for_folder)
DAMAGES += (_dangling, _foreign, _moved, _json, _state, _state, _tensors, _tensors, _replay, _curve, _locked, _foreign)
