"""What on-policy algorithms learn from: a rollout of every environment, advantages of what was done, a few epochs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs import Step
from nearsym.envs.errors import InputError

from .experience import Arrays, Experience

if TYPE_CHECKING:
    from .ppo import PPOLearner

Floats = NDArray[np.floating[Any]]
STORED = ("observations", "next_observations", "actions", "rewards", "terminated", "ended")


class RolloutBatch(NamedTuple):
    """Steps of a rollout.

    Attributes:
        observations: (batch, …).
        actions: as they were drawn, (batch, action_dim), or numbers of discrete ones, (batch,).
        log_probs: log π(a|s) of the policy that drew them, (batch,).
        advantages: Â, (batch,).
        returns: Â + V(s), (batch,).
    """

    observations: Tensor
    actions: Tensor
    log_probs: Tensor
    advantages: Tensor
    returns: Tensor


def advantages_of(
    rewards: Floats,
    values: Floats,
    next_values: Floats,
    terminated: NDArray[np.bool_],
    ended: NDArray[np.bool_],
    discount: float,
    decay: float,
) -> Floats:
    """Generalised advantage estimates of N environments over T steps, (T, N) as all arguments are.

        δ_t = r_t + γ (1 - terminated_t) V(s'_t) - V(s_t),   Â_t = δ_t + γ λ (1 - ended_t) Â_{t+1}

    Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage Estimation" (arXiv 1506.02438).
    s'_t is what came of step t, of an episode that was cut off its last state, so that one is valued as if it went on.
    """
    deltas = rewards + discount * np.where(terminated, 0, next_values) - values
    advantages, following = np.zeros_like(deltas), np.zeros_like(deltas[0])
    for t in reversed(range(len(deltas))):
        following = deltas[t] + discount * decay * np.where(ended[t], 0, following)
        advantages[t] = following
    return advantages


class Rollouts(Experience):
    """Steps since the last update; once there are `rollout_steps` of each environment, `epochs` passes are due.

    Values and log-probabilities are computed then: the policy is the one that acted, as it changes at no other time. So
    nothing but the steps themselves has to be saved.

    Args:
        learner: whose policy acts; it says which actions were drawn, before they were clipped to the box.
    """

    def __init__(self, learner: PPOLearner) -> None:
        settings, problem = learner.settings, learner.problem
        self._learner, self._filled, self._position = learner, 0, 0
        rows = settings.rollout_steps, problem.environments
        observed = problem.observation_space
        self._stored: dict[str, NDArray[Any]] = {
            "observations": np.zeros((*rows, *observed.shape), dtype=observed.dtype),
            "next_observations": np.zeros((*rows, *observed.shape), dtype=observed.dtype),
            "actions": np.zeros((*rows, *learner.distribution.shape), dtype=learner.distribution.dtype),
            "rewards": np.zeros(rows, dtype=np.float32),
            "terminated": np.zeros(rows, dtype=bool),
            "ended": np.zeros(rows, dtype=bool),
        }

    def add(self, step: Step) -> None:
        """One row for each environment."""
        row = (
            step.observations,
            step.next_observations,
            self._learner.drawn,
            step.rewards,
            step.terminated,
            step.ended,
        )
        for name, value in zip(STORED, row, strict=True):
            self._stored[name][self._position] = value
        self._position += 1
        self._filled = max(self._filled, self._position)

    def due(self, before: int, after: int) -> Iterator[RolloutBatch]:
        """All batches of a full rollout, in another order in every epoch."""
        settings = self._learner.settings
        if self._position < settings.rollout_steps:
            return
        self._position = 0
        whole = self._whole()
        count = len(whole.log_probs)
        for _ in range(settings.epochs):
            order = torch.as_tensor(np.random.permutation(count), device=whole.log_probs.device)
            for start in range(0, count, settings.batch_size):
                pick = order[start : start + settings.batch_size]
                if len(pick) > 1:  # of one step alone no advantage can be normalised
                    yield RolloutBatch(*(tensor[pick] for tensor in whole))
        self._learner.saw(self._stored["observations"])

    def states(self, count: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of the first environment."""
        if not self._filled:
            return np.zeros((0, 0)), np.zeros((0, 0))
        pick = generator.integers(self._filled, size=count)
        stored = self._stored["observations"][pick, 0], self._stored["actions"][pick, 0]
        return stored[0].reshape(count, -1), stored[1].reshape(count, -1)

    def arrays(self) -> Arrays:
        """The filled part."""
        filled = {name: array[: self._filled] for name, array in self._stored.items()}
        return {**filled, "position": np.array(self._position)}

    def restore(self, arrays: Arrays) -> None:
        """Put back what `arrays` gave."""
        for name, target in self._stored.items():
            found = arrays[name]
            if found.shape[1:] != target.shape[1:] or len(found) > len(target):
                raise InputError(f"the rollout's {name} have shape {found.shape}, the agent's have {target.shape}")
            target[: len(found)] = found
        self._filled, self._position = len(arrays["rewards"]), int(arrays["position"])

    @torch.no_grad()
    def _whole(self) -> RolloutBatch:
        """Everything, with what the policy and the critic say of it."""
        learner, stored = self._learner, self._stored
        observations, following = (
            torch.as_tensor(stored[name].reshape(-1, *stored[name].shape[2:]), device=learner.device).float()
            for name in ("observations", "next_observations")
        )
        actions = torch.as_tensor(stored["actions"].reshape(-1, *stored["actions"].shape[2:]), device=learner.device)
        shape = stored["rewards"].shape
        values, next_values = (learner.values(each).cpu().numpy().reshape(shape) for each in (observations, following))
        settings = learner.settings
        ends = stored["terminated"], stored["ended"]
        advantages = advantages_of(
            stored["rewards"], values, next_values, *ends, settings.discount, settings.gae_lambda
        )
        numbers = (torch.as_tensor(each.ravel(), device=learner.device) for each in (advantages, advantages + values))
        log_probs = learner.distribution.log_prob(learner.outputs(observations), actions)
        return RolloutBatch(observations, actions, log_probs, *numbers)
