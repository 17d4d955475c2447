"""A simulator as a function: from a state and an action to the next state, the reward and what is observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.auditing import Transitions, sample_transitions
from nearsym.envs.auditing.outcomes import draw, set_state
from nearsym.envs.auditing.transitions import flat
from nearsym.envs.capabilities import state_getter, state_setter
from nearsym.envs.errors import InputError
from nearsym.envs.spaces import checked
from nearsym.envs.wrappers import is_image, with_state

FloatArray = NDArray[np.float64]

SAMPLES = 200
"""Transitions sampled to learn how large things are and where states lie."""

TINY, FAR, PROBED = 1e-9, 1e-5, 16
"""A push in units of how far states spread, an effect in units of what a step changes that is chaos, samples pushed."""


@dataclass(frozen=True)
class Outcome:
    """What one step gives.

    Attributes:
        observations: (1 or 2, observation_dim) at the state where set_state tells it, and after the step; flattened.
        reward: of the step.
        state: after the step.
        terminated: 1 where the episode ends there for good.
    """

    observations: FloatArray
    reward: float
    state: FloatArray
    terminated: float


class Simulator:
    """An environment whose state can be set, stepped from any (s, a); every step is taken with one seed.

    Attributes:
        env: the environment.
        samples: transitions of random actions.
        state_dim: numbers of the state.
        action_dim: numbers of an action.
        low: (action_dim,) bounds of actions.
        high: (action_dim,) the same.
        unit: (state_dim,) root mean square of what a step changes of each coordinate; 1 where none does.
        spread: (state_dim,) standard deviation of each coordinate; 0 where it never varies.

    Raises:
        InputError: the state cannot be set, actions are no Box, observations are images, or outcomes are random.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int = 0) -> None:
        self.env = checked(with_state(env))
        if not isinstance(self.env.action_space, gymnasium.spaces.Box):
            raise InputError(f"the environment has actions {self.env.action_space}; symmetries are found for a Box")
        if is_image(self.env.observation_space):
            raise InputError("the environment shows images; discover what moves its numbers, without pixels=true")
        get = state_getter(self.env)
        if get is None or state_setter(self.env) is None:
            raise InputError(
                "the state of this environment cannot be set; give it get_state and set_state (docs/audit.md), or "
                "record transitions and pass transitions=file.npz"
            )
        self._state = get
        self.samples: Transitions = sample_transitions(self.env, SAMPLES, seed)
        self.state_dim, self.action_dim = self.samples.states.shape[1], self.samples.actions.shape[1]
        self.low = np.asarray(self.env.action_space.low, dtype=np.float64)
        self.high = np.asarray(self.env.action_space.high, dtype=np.float64)
        change = np.sqrt(np.mean((self.samples.next_states - self.samples.states) ** 2, axis=0))
        self.unit: FloatArray = np.where(change > 1e-12, change, 1.0)
        self.spread: FloatArray = self.samples.states.std(axis=0)
        self._seed = seed
        self._check_deterministic()

    @property
    def rest(self) -> FloatArray:
        """The action in the middle of its bounds, 0 where there are none."""
        bounded = np.isfinite(self.low) & np.isfinite(self.high)
        return np.where(bounded, (np.where(bounded, self.low, 0) + np.where(bounded, self.high, 0)) / 2, 0.0)

    @property
    def reach(self) -> FloatArray:
        """(action_dim,) from the middle of the bounds to either; 1 where there are none."""
        return np.minimum(np.where(np.isfinite(self.low) & np.isfinite(self.high), self.high - self.rest, 1.0), 1e3)

    def step(self, state: FloatArray, action: FloatArray) -> Outcome:
        """One step.

        Raises:
            InputError: the environment rejects the state.
        """
        at_state = set_state(self.env, state, self._seed)
        after, reward, terminated, _, _ = self.env.step(action.astype(self.env.action_space.dtype))
        seen = [flat(self.env, after)] if at_state is None else [at_state, flat(self.env, after)]
        return Outcome(np.array(seen), float(reward), self._state(), float(terminated))

    def spaced(self, count: int) -> list[tuple[FloatArray, FloatArray]]:
        """Pairs (s, a), spaced evenly over the samples."""
        chosen = np.linspace(0, len(self.samples.states) - 1, min(count, SAMPLES)).astype(int)
        return [(self.samples.states[k], self.samples.actions[k]) for k in chosen]

    def chaos(self) -> str:
        """A sentence where a step makes much of next to nothing, such as of rounding in a contact; else empty."""
        draw, far, probed = np.random.default_rng(0), 0, self.spaced(PROBED)
        for state, action in probed:
            push = TINY * np.where(self.spread > 0, self.spread, self.unit) * draw.choice([-1.0, 1.0], self.state_dim)
            try:
                gap = self.step(state + push, action).state - self.step(state, action).state
            except InputError:  # no state of the environment's
                continue
            far += bool((np.abs(gap) > FAR * self.unit).any())
        if not far:
            return ""
        return (
            f"chaotic in {far} of {len(probed)} samples: pushed by {TINY:g} of its spread, the state moves "
            f"otherwise by more than {FAR:g} of a step, as in contacts; rounding alone hides exact symmetries there, "
            "so step more finely (a smaller action_repeat or timestep), or look at the approximate ones"
        )

    def _check_deterministic(self) -> None:
        for state, action in self.spaced(3):
            drawn = draw(self.env, state, action, [self._seed, self._seed + 1])
            if np.ptp(drawn.states, axis=0).max() > 1e-9 or np.ptp(drawn.observations, axis=0).max() > 1e-6:
                raise InputError(
                    "the same state and action do not always give the same: discovery compares single outcomes; take "
                    "the noise out (perturbation.…=0), or record transitions and pass transitions=file.npz"
                )
