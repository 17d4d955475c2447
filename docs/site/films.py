"""Films of a state s and of its images g·s, side by side, each world stepped by the simulator on its own.

python docs/site/films.py build/films dmc/cartpole-swingup Reacher-v5
"""

from __future__ import annotations

import argparse
import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nearsym.envs import Entry, build, catalogue
from nearsym.envs.auditing import sample_transitions
from nearsym.envs.auditing.outcomes import set_state
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import symmetry_yaml

FRAMES, PER_SECOND = 20, 10
HELD = 0.3
"""Seconds for which an action is held, so that it moves something."""

SAMPLED = 60
"""Steps of random actions, of which the state that is moved most is where the film begins."""

SIZE, GAP = 240, 8
SEED = 0


def film_path(folder: Path, entry: Entry) -> Path:
    """Where the film of an entry is kept: another name once anything that it shows is another."""
    shown = [entry.id, symmetry_yaml(entry.symmetry), Path(__file__).read_text(encoding="utf-8")]
    shown += [metadata.version(name) for name in ("mujoco", "dm-control", "gymnasium")]
    return folder / f"{entry.id.replace('/', '-')}-{hashlib.sha256(''.join(shown).encode()).hexdigest()[:12]}.gif"


def write_film(entry: Entry, path: Path) -> None:
    """Film s and g·s for each generator g, under random actions a and g·a.

    Raises:
        InputError: the environment draws no frames.
    """
    env, symmetry = build(entry.id, film=True), entry.symmetry
    assert symmetry.state is not None  # every entry of the catalogue is audited in its simulator
    states = sample_transitions(env, SAMPLED, SEED).states
    generators = symmetry.group.generators
    moved = sum(np.abs(symmetry.state.apply(g, states) - states) for g in generators)
    state = states[int(np.sum(moved, axis=1).argmax())]
    rate = float(env.metadata["render_fps"])
    actions = _actions(env, FRAMES * max(1, round(rate / PER_SECOND)), max(1, round(rate * HELD)))
    worlds = [_world(env, state, actions)]
    for g in generators:
        worlds.append(_world(env, symmetry.state.apply(g, state), symmetry.action.apply(g, actions)))
    env.close()
    gap = np.full((SIZE, GAP, 3), 255, np.uint8)
    rows = [np.hstack([part for frame in frames for part in (frame, gap)][:-1]) for frames in zip(*worlds, strict=True)]
    first, *rest = [Image.fromarray(row).quantize(128) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    first.save(part, "GIF", save_all=True, append_images=rest, duration=1000 // PER_SECOND, loop=0, optimize=True)
    part.replace(path)


def _actions(env: gymnasium.Env[Any, Any], steps: int, held: int) -> NDArray[Any]:
    """(steps, actions) random actions, each held for some steps."""
    env.action_space.seed(SEED)
    return np.repeat([env.action_space.sample() for _ in range(steps)], held, axis=0)[:steps]


def _world(env: gymnasium.Env[Any, Any], state: NDArray[Any], actions: NDArray[Any]) -> list[NDArray[np.uint8]]:
    """Frames of one world."""
    set_state(env, state, SEED)
    frames = []
    for step, action in enumerate(actions):
        if step % (len(actions) // FRAMES) == 0:
            frames.append(_frame(env))
        env.step(action.astype(env.action_space.dtype))
    return frames


def _frame(env: gymnasium.Env[Any, Any]) -> NDArray[np.uint8]:
    try:
        frame = env.render()
    except gymnasium.error.Error as error:
        raise InputError(str(error)) from error
    return np.asarray(Image.fromarray(np.asarray(frame)).resize((SIZE, SIZE), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("ids", nargs="+")
    arguments = parser.parse_args()
    for entry in catalogue():
        if entry.id in arguments.ids and not (path := film_path(arguments.folder, entry)).exists():
            try:
                write_film(entry, path)
            except InputError as error:
                print(f"{entry.id}: {error}")
