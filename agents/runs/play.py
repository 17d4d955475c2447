"""Watching a policy, beside the same policy in the mirrored world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.settings import check_range
from nearsym.envs import symmetry_of
from nearsym.envs.auditing.simulator import check_size, state_representation
from nearsym.envs.capabilities import state_getter, state_setter
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import each

from .build import build_env, limited
from .evaluation import acting, greedy
from .screen import Frame, Screen
from .settings import LARGEST_SEED, TrainSettings
from .video import frame_of

GAP = 8
"""Pixels between the two pictures."""


@dataclass(frozen=True)
class PlaySettings:
    """Watching a run's policy.

    Attributes:
        run: folder of the run.
        element: the group element that makes the second world, by its name in an audit; null for the first that is not
            the identity.
        seed: of the episode.
        film: write an mp4 even where there is a display.
        out: of the film; null for play.mp4 in the run's folder.
        trust: import the modules that the run names from wherever they are; otherwise only from the current folder.

    Raises:
        InputError: a value is out of range.
    """

    run: str
    element: str | None = None
    seed: int = 1
    film: bool = False
    out: str | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        check_range("", self, 0, ("seed",), LARGEST_SEED)


class Moment(NamedTuple):
    """What there is to see after a step.

    Attributes:
        step: steps done.
        frame: the picture, or both beside each other.
        returns: undiscounted return so far: here, and in the mirrored world where there is one.
    """

    step: int
    frame: Frame
    returns: tuple[float, ...]


class Playing:
    """An episode of the deterministic policy, and of the same policy from g·s where the state s can be set.

    A policy that is equivariant, in a world that has the symmetry, does the mirrored thing: both returns are the same.
    Where they part, the world or the policy is not symmetric.

    Args:
        learner: trained.
        settings: of its run.
        seed: of the episode.
        element: name of g; None for the first that is not the identity.

    Raises:
        InputError: the group has no such element, or the environment draws no frames.

    Attributes:
        mirrored: name of the element that makes the second world; empty where there is only one.
        why: why there is only one; empty where there are two.
        fps: frames a second at which it happened.
    """

    def __init__(self, learner: Learner, settings: TrainSettings, seed: int, element: str | None = None) -> None:
        self._learner, self._id, self._seed = learner, settings.env.id, seed
        self._settings = settings
        self._envs: list[gymnasium.Env[Any, Any]] = [self._made()]
        self.mirrored, self.why = "", ""
        symmetry = symmetry_of(self._envs[0])
        names = () if symmetry is None else symmetry.group.names
        others = [name for i, name in enumerate(names) if not _is_identity(symmetry, i)]
        if element is not None and element not in others:
            known = f"choose from {', '.join(others)}" if others else "the environment declares no symmetry"
            raise InputError(f"element={element} is none of the group's; {known}")
        if symmetry is None or not others:
            self.why = "the environment declares no symmetry"
        elif state_setter(self._envs[0]) is None:
            self.why = f"{self._id} has no state that can be set"
        else:
            self.mirrored = element or others[0]
            self._element, self._rep = names.index(self.mirrored), state_representation(symmetry)
            self._symmetry = symmetry
            self._envs.append(self._made())
        self.fps = float(self._envs[0].metadata.get("render_fps") or 30)

    def moments(self) -> Iterator[Moment]:
        """The beginning, and every step until one of the worlds has ended."""
        observations = self._begin()
        learner, count = self._learner, len(self._envs)
        memory = learner.beginning(np.zeros(count, dtype=int)) if learner.has_memory else None
        returns, step = [0.0] * count, 0
        yield Moment(step, self._frame(), tuple(returns))
        while True:
            with acting(learner):
                actions, memory = greedy(learner)(np.stack(observations), memory)
            over = False
            for i, (env, action) in enumerate(zip(self._envs, each(actions), strict=True)):
                observations[i], reward, terminated, truncated, _ = env.step(action)
                returns[i] += float(reward)
                over = over or terminated or truncated
            step += 1
            yield Moment(step, self._frame(), tuple(returns))
            if over:
                return

    def close(self) -> None:
        """Close the simulators."""
        for env in self._envs:
            env.close()

    def _made(self) -> gymnasium.Env[Any, Any]:
        return limited(build_env(self._settings, film=True), self._settings.eval_steps)

    def _begin(self) -> list[NDArray[Any]]:
        """The same episode in both, the second one then put into g·s."""
        observations = [env.reset(seed=self._seed)[0] for env in self._envs]
        if self.mirrored:
            here, there = self._envs
            get, put = state_getter(here), state_setter(there)
            assert get is not None and put is not None  # or there were no second world
            state = get()
            check_size(self._symmetry, state)
            seen = put(self._rep.apply(self._element, state))
            if seen is None:
                raise InputError(
                    f"the set_state of {self._id} returns no observation, which playing from a state needs"
                )
            observations[1] = seen
        return [
            np.asarray(seen, dtype=env.observation_space.dtype)
            for seen, env in zip(observations, self._envs, strict=True)
        ]

    def _frame(self) -> Frame:
        frames = [frame_of(env, self._id) for env in self._envs]
        gap = np.full((len(frames[0]), GAP, 3), 255, dtype=np.uint8)
        return np.concatenate([frames[0], *(part for frame in frames[1:] for part in (gap, frame))], axis=1)


def play(playing: Playing, screen: Callable[[float], Screen], tell: Callable[[str], None]) -> tuple[float, ...]:
    """Show an episode; the returns of its worlds.

    Args:
        playing: the episode.
        screen: made for so many frames a second.
        tell: is given the returns so far after every second of what is shown, and at the end.
    """
    returns: tuple[float, ...] = ()
    every = max(1, round(playing.fps))
    with closing(playing), closing(screen(playing.fps)) as shown:
        for moment in playing.moments():
            returns = moment.returns
            line = told(moment)
            if not shown.show(moment.frame, line):
                break
            if moment.step and moment.step % every == 0:
                tell(line)
    tell(f"at the end, {line}")
    return returns


def told(moment: Moment) -> str:
    """Returns so far, in one line."""
    here, *there = moment.returns
    if not there:
        return f"step {moment.step}: return {here:.2f}"
    return f"step {moment.step}: return {here:.2f}, mirrored {there[0]:.2f}, difference {there[0] - here:+.2g}"


def _is_identity(symmetry: Any, element: int) -> bool:
    rep = symmetry.observation.rep.direct_sum(symmetry.action)
    probe = np.random.default_rng(0).normal(size=rep.dim)
    return bool(np.allclose(rep.apply(element, probe), probe))


def film_path(settings: PlaySettings) -> Path:
    """Where a film goes."""
    return Path(settings.out or Path(settings.run) / "play.mp4")
