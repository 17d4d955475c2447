"""Environments stepped one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError

from .vectorised import Order, Outcome, Start, Vectorised


class InTurn(Vectorised):
    """N environments stepped one after the other.

    Args:
        envs: the environments, all with the same spaces.

    Raises:
        InputError: spaces differ.
    """

    def __init__(self, envs: Sequence[gymnasium.Env[Any, Any]]) -> None:
        super().__init__(envs[0], len(envs))
        for env in envs:
            if (env.observation_space, env.action_space) != (self.single_observation_space, self.single_action_space):
                raise InputError(
                    f"environments that are stepped together differ: {env} observes {env.observation_space} and does "
                    f"{env.action_space}, {envs[0]} {self.single_observation_space} and {self.single_action_space}"
                )
        self.envs = tuple(envs)

    def close_extras(self, **kwargs: Any) -> None:
        """Close them."""
        for env in self.envs:
            env.close()

    def _stepped(self, actions: Iterator[Any]) -> Sequence[Outcome]:
        return [env.step(action) for env, action in zip(self.envs, actions, strict=True)]

    def _started(self, orders: Sequence[Order]) -> Sequence[Start]:
        return [self.envs[i].reset(**arguments) for i, arguments in orders]


def vectorised(*envs: gymnasium.Env[Any, Any]) -> Vectorised:
    """Environments stepped one after the other, none of them reset before it is asked to be."""
    return InTurn(envs)
