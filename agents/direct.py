"""Direct optimisation of a portfolio: gradients of what it earns after costs, through the market itself, and no critic.

A policy's weights decide what an account earns, and how prices move does not depend on them: the reward of many days
in a row is a differentiable function of the policy (Moody & Saffell, "Learning to trade via direct reinforcement",
2001). The reference that shows what a network can learn of a market at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

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
        self.family, self._past = family, past
        symmetry = symmetry_for(family, symmetry_of(env), env.observation_space, env.action_space)
        encoder = encoder_for(symmetry.observation, family)
        self._generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.actor = DeterministicActor(trunk_for(encoder, family), symmetry.action, family)
        self._moves = _Moves(symmetry.observation.rep, symmetry.action, seed) if family.augment else None
        self._optimizer = torch.optim.Adam(self.groups)
        self._rate = torch.tensor(past.rate, dtype=torch.get_default_dtype())
        self._growth = torch.tensor(past.growth, dtype=torch.get_default_dtype())
        self._features = torch.tensor(past.features, dtype=torch.get_default_dtype())
        self._listed = None if past.listed is None else torch.tensor(past.listed)
        self._observed = torch.tensor(np.log(past.growth) / past.scale, dtype=torch.get_default_dtype())

    def learn(self, steps: int | None = None) -> list[float]:
        """Take gradient steps, by default all of `settings.steps`; returns the mean reward of a day at each."""
        found = []
        for _ in range(self.settings.steps if steps is None else steps):
            rewards, loss = self.objective(*self.draw())
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()
            found.append(rewards.mean().item())
        return found

    def draw(self) -> tuple[Tensor, Moved | None]:
        """What a gradient step is taken on: (batch_size,) rows to start from, and elements to move them by."""
        start, stop = self._past.train
        last = stop - self.settings.days - 1
        starts = torch.randint(start, last, (self.settings.batch_size,), generator=self._generator)
        return starts, None if self._moves is None else self._moves.draw(len(starts), self._generator)

    def objective(self, starts: Tensor, element: Moved | None) -> tuple[Tensor, Tensor]:
        """(batch, days) rewards of stretches that were drawn, and what is to be minimised."""
        rewards = self.rewards(starts, self.settings.days, element)
        penalty = self.family.regularizer(self.actor, rewards.std())
        loss = -rewards.mean()
        return rewards, loss if penalty is None else loss + penalty

    def rewards(self, starts: Tensor, days: int, element: Moved | None = None) -> Tensor:
        """(stretches, days) rewards, differentiable, of the decisions of so many days in a row.

        A long-only account starts invested at equal weights, another one in cash. The decision of a day is carried out
        at the close of the next one, and its reward is what that costs and what is earned until the close after:
        (batch,) `starts` are the rows on whose close the first one is made. With `element` the policy sees each stretch
        as a group element moves it, and its action is moved back.
        """
        past, assets = self._past, self._growth.shape[1]
        weights = torch.zeros(len(starts), assets)
        if past.leverage is None:
            weights = weights + 1 / assets
        view = torch.arange(1 - past.window, 1)
        rewards, (held, _) = [], self._drifted(weights, starts + 1)
        for day in range(days):
            if day % past.every:
                weights = held
                held, growth = self._drifted(weights, starts + day + 2)
                rewards.append(self._worth(growth))
                continue
            seen = self._observed[starts[:, None] + day + view].transpose(1, 2).flatten(1)
            observation = torch.cat([seen, weights, self._features[starts + day]], dim=1)
            action = self.actor(observation) if element is None else self._moved(observation, element)
            weights = self._kept(self.weights(action, self._tradable(starts + day)), held, starts + day)
            after = torch.ones_like(weights[:, 0])
            for _ in range(COST_STEPS):
                after = 1 - (self._rate * (weights * after[:, None] - held).abs()).sum(dim=1)
            held, growth = self._drifted(weights, starts + day + 2)
            rewards.append(self._worth(after * growth))
        return torch.stack(rewards, dim=1)

    def _worth(self, growth: Tensor) -> Tensor:
        percent = 100 * growth.log()
        return percent - 0.5 * self._past.risk_aversion * percent**2

    def _tradable(self, rows: Tensor) -> Tensor | None:
        """(batch, N) assets that a decision of these days can buy a day later; None for all."""
        return None if self._listed is None else self._listed[rows] & self._listed[rows + 1]

    def _kept(self, target: Tensor, held: Tensor, rows: Tensor) -> Tensor:
        """The weights that a decision leads to: what is held, where that is within the band."""
        if not self._past.band:
            return target
        moved = (target - held).abs().amax(dim=1, keepdim=True) > self._past.band
        tradable = self._tradable(rows)
        if tradable is not None:
            moved = moved | ((held != 0) & ~tradable).any(dim=1, keepdim=True)
        return torch.where(moved, target, held)

    def _drifted(self, weights: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, N) weights a day later, at the closes of the (batch,) rows, and by what the account has grown."""
        past, cash = self._past, 1 - weights.sum(dim=1)
        owed = (-cash).clamp(min=0) + (-weights).clamp(min=0).sum(dim=1)
        values = weights * self._growth[rows]
        growth = cash + past.interest * cash.clamp(min=0) - past.borrowing * owed + values.sum(dim=1)
        return values / growth[:, None], growth

    def weights(self, action: Tensor, listed: Tensor | None = None) -> Tensor:
        """(batch, N) target weights of actions, as the environment has them; those not listed get none."""
        if self._past.leverage is None:
            logits = self._past.sharpness * action
            if listed is not None:
                logits = logits.masked_fill(~torch.cat([listed, torch.ones_like(listed[:, :1])], dim=1), -torch.inf)
            return torch.softmax(logits, dim=1)[:, :-1]
        if listed is not None:
            action = action * listed
        return self._past.leverage * action / action.abs().sum(dim=1, keepdim=True).clamp(min=1.0)

    @property
    def policy(self) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
        """From one observation to an action."""

        @torch.no_grad()
        def act(observation: NDArray[Any]) -> NDArray[np.float32]:
            action: NDArray[np.float32] = self.actor(torch.as_tensor(observation)[None].float())[0].numpy()
            return action

        return act

    def _moved(self, observation: Tensor, element: Moved) -> Tensor:
        """ρ(g)⁻¹ π(ρ(g) o) for each row."""
        action: Tensor = self.actor(observation.gather(1, element.order) * element.sign)
        return torch.zeros_like(action).scatter(1, element.action, action * element.turn)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """What an optimizer is built from: parameters and their learning rates."""
        groups = [dict(group) for group in self.family.parameter_groups([self.actor])]
        return [{"lr": self.settings.learning_rate * group.pop(RATE, 1.0), **group} for group in groups]


class Moved(NamedTuple):
    """Group elements as they act on (batch, observation) and (batch, action) vectors: an index and a sign each."""

    order: Tensor
    sign: Tensor
    action: Tensor
    turn: Tensor


class _Moves:
    """Group elements to draw from."""

    def __init__(self, observation: Representation, action: Representation, seed: int) -> None:
        index, sign = random_elements(observation.direct_sum(action), DRAWN, seed)
        split = observation.dim
        arrays = index[:, :split], sign[:, :split], index[:, split:] - split, sign[:, split:]
        self._all = Moved(*map(torch.tensor, arrays))

    def draw(self, count: int, generator: torch.Generator) -> Moved:
        """`count` of them."""
        chosen = torch.randint(len(self._all.order), (count,), generator=generator)
        return Moved(*(each[chosen] for each in self._all))
