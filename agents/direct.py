"""Direct optimisation of a portfolio: gradients of what it earns after costs, through the market itself, and no critic.

A policy's weights decide what an account earns, and how prices move does not depend on them: the reward of many days
in a row is a differentiable function of the policy (Moody & Saffell, "Learning to trade via direct reinforcement",
2001). The reference that shows what a network can learn of a market at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs import symmetry_of
from nearsym.envs.capabilities import past_returns
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation
from nearsym.networks import RATE, DeterministicActor, Family, encoder_for, trunk_for

from .algorithms.problem import symmetry_for
from .algorithms.settings import check_range
from .algorithms.symmetry_augmentation import DRAWN, random_elements

COST_STEPS = 4
"""Iterations for the value left after costs; each makes its error smaller by the rate of costs."""


@dataclass(frozen=True)
class DirectSettings:
    """How a policy is optimised.

    Attributes:
        steps: gradient steps.
        days: in a row, that rewards are summed over; the gradient follows the weights held through all of them.
        batch_size: stretches of so many days in a gradient step, each starting on a random day of training.
        learning_rate: of Adam.

    Raises:
        InputError: a value is out of range.
    """

    steps: int = 300
    days: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        check_range("", self, 1, ("steps", "days", "batch_size"))
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate is {self.learning_rate}, expected a number > 0")


class DirectPortfolio:
    """A deterministic policy that maximises the mean reward of a day, E[p - λ/2 p²].

    Args:
        env: a portfolio environment, such as ``trading/portfolio``; only its days of training are read.
        family: which network.
        settings: of the optimisation.
        seed: of network and days.

    Attributes:
        actor: from observations to actions, as in `DeterministicActor`.

    Raises:
        InputError: the environment cannot be differentiated through, or the network needs a symmetry and has none.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], family: Family, settings: DirectSettings | None = None, seed: int = 0
    ) -> None:
        past = past_returns(env)
        if past is None:
            raise InputError(
                "direct optimisation needs a portfolio of weights and a reward of single days: trading/portfolio with "
                "reward=log_return or risk_penalised"
            )
        self.settings = settings or DirectSettings()
        family.check_without_learner("direct optimisation")
        self.family, self._past = family, past
        symmetry = symmetry_for(family, symmetry_of(env), env.observation_space, env.action_space)
        encoder = encoder_for(symmetry.observation, family)
        self._generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.actor = DeterministicActor(trunk_for(encoder, family), symmetry.action, family)
        self._moves = _Moves(symmetry.observation.rep, symmetry.action, seed) if family.augment else None
        groups = [{"lr": self.settings.learning_rate * group.pop(RATE, 1.0), **group} for group in self._groups()]
        self._optimizer = torch.optim.Adam(groups, lr=self.settings.learning_rate)
        self._rate = torch.tensor(past.rate, dtype=torch.get_default_dtype())
        self._growth = torch.tensor(past.growth, dtype=torch.get_default_dtype())
        self._observed = torch.tensor(np.log(past.growth) / past.scale, dtype=torch.get_default_dtype())

    def learn(self, steps: int | None = None) -> list[float]:
        """Take gradient steps, by default all of `settings.steps`; returns the mean reward of a day at each."""
        found = []
        for _ in range(self.settings.steps if steps is None else steps):
            rewards = self.rewards(self._starts(), self.settings.days)
            loss = -rewards.mean()
            penalty = self.family.regularizer(self.actor, rewards.std())
            self._optimizer.zero_grad()
            torch.autograd.backward(loss if penalty is None else loss + penalty)
            self._optimizer.step()
            found.append(-loss.item())
        return found

    def rewards(self, starts: Tensor, days: int) -> Tensor:
        """(stretches, days) rewards, differentiable, of the decisions of so many days in a row.

        A long-only account starts invested at equal weights, another one in cash. The decision of a day is carried out
        at the close of the next one, and its reward is what that costs and what is earned until the close after:
        (batch,) `starts` are the rows on whose close the first one is made.
        """
        past, assets = self._past, self._growth.shape[1]
        weights = torch.zeros(len(starts), assets)
        if past.leverage is None:
            weights = weights + 1 / assets
        element = None if self._moves is None else self._moves.draw(len(starts), self._generator)
        view = torch.arange(1 - past.window, 1)
        rewards, (held, _) = [], self._drifted(weights, starts + 1)
        for day in range(days):
            seen = self._observed[starts[:, None] + day + view].transpose(1, 2).flatten(1)
            action = self._act(torch.cat([seen, weights], dim=1), element)
            weights = self.weights(action)
            after = torch.ones_like(weights[:, 0])
            for _ in range(COST_STEPS):
                after = 1 - (self._rate * (weights * after[:, None] - held).abs()).sum(dim=1)
            held, growth = self._drifted(weights, starts + day + 2)
            percent = 100 * (after * growth).log()
            rewards.append(percent - 0.5 * past.risk_aversion * percent**2)
        return torch.stack(rewards, dim=1)

    def _drifted(self, weights: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, N) weights a day later, at the closes of the (batch,) rows, and by what the account has grown."""
        past, cash = self._past, 1 - weights.sum(dim=1)
        owed = (-cash).clamp(min=0) + (-weights).clamp(min=0).sum(dim=1)
        values = weights * self._growth[rows]
        growth = cash + past.interest * cash.clamp(min=0) - past.borrowing * owed + values.sum(dim=1)
        return values / growth[:, None], growth

    def weights(self, action: Tensor) -> Tensor:
        """(batch, N) target weights of actions, as the environment has them."""
        if self._past.leverage is None:
            return torch.softmax(self._past.sharpness * action, dim=1)[:, :-1]
        return self._past.leverage * action / action.abs().sum(dim=1, keepdim=True).clamp(min=1.0)

    @property
    def policy(self) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
        """From one observation to an action."""

        @torch.no_grad()
        def act(observation: NDArray[Any]) -> NDArray[np.float32]:
            action: NDArray[np.float32] = self.actor(torch.as_tensor(observation)[None].float())[0].numpy()
            return action

        return act

    def _act(self, observation: Tensor, element: Tensor | None) -> Tensor:
        if self._moves is None or element is None:
            action: Tensor = self.actor(observation)
            return action
        return self._moves.back(self.actor(self._moves.there(observation, element)), element)

    def _starts(self) -> Tensor:
        start, stop = self._past.train
        last = stop - self.settings.days - 1
        return torch.randint(start, last, (self.settings.batch_size,), generator=self._generator)

    def _groups(self) -> list[dict[str, Any]]:
        return [dict(group) for group in self.family.parameter_groups([self.actor])]


class _Moves:
    """Stretches of days as a group element sees them: observations moved by g, actions moved back by its inverse."""

    def __init__(self, observation: Representation, action: Representation, seed: int) -> None:
        index, sign = random_elements(observation.direct_sum(action), DRAWN, seed)
        split = observation.dim
        self._index, self._sign = torch.tensor(index[:, :split]), torch.tensor(sign[:, :split])
        self._action, self._turn = torch.tensor(index[:, split:] - split), torch.tensor(sign[:, split:])

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """(count,) elements."""
        return torch.randint(len(self._index), (count,), generator=generator)

    def there(self, observation: Tensor, element: Tensor) -> Tensor:
        """ρ(g) o for each row."""
        return observation.gather(1, self._index[element]) * self._sign[element]

    def back(self, action: Tensor, element: Tensor) -> Tensor:
        """ρ(g)⁻¹ a for each row."""
        return torch.zeros_like(action).scatter(1, self._action[element], action * self._turn[element])
