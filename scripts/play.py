"""`nearsym play`: watch a run's policy, beside itself in the mirrored world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.play import Playing, PlaySettings, film_path, play
from nearsym.agents.runs.screen import Film, Screen, Window
from nearsym.envs import family_of
from nearsym.envs.errors import InputError

from .compose import compose, with_key
from .help import command_help
from .trust import trusted


def run(arguments: list[str]) -> int:
    """Play an episode of the run named by the first argument: in a window, or where there is no display as a film."""
    missing = "which run? give its folder first: nearsym play runs/x"
    settings = compose("play", PlaySettings, with_key(arguments, "run", missing))
    settings, saved = trusted(settings, Path(settings.run))
    if family_of(saved.env.id).film is None:
        raise InputError(f"nearsym play shows what an environment draws, and {saved.env.id} draws nothing")
    saved, learner = load_learner(Path(settings.run), settings.trust)
    playing = Playing(learner, saved, settings.seed, settings.element)
    beside = f"beside the world mirrored by {playing.mirrored}" if playing.mirrored else f"alone: {playing.why}"
    print(f"{saved.env.id}, {beside}")
    screen, path = _screen(settings)
    play(playing, screen, lambda line: print(line, flush=True))
    if path is not None:
        print(f"written: {path}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "play",
        PlaySettings,
        "nearsym play: an episode of a run's deterministic policy from a state s, and beside it of the same policy "
        "from g·s; in a window, or as a film where there is no display",
        "nearsym play runs/x",
    )


def _screen(settings: PlaySettings) -> tuple[Callable[[float], Screen], Path | None]:
    """What makes the screen, and the film's path where it is one."""
    path = film_path(settings)
    if not settings.film and settings.out is None:
        try:
            Window(1.0).close()
        except InputError as error:
            print(f"films it instead: {str(error).partition(';')[0]}")
        else:
            return Window, None
    return lambda fps: Film(path, fps), path
