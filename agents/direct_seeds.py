"""Direct optimisation of several seeds as one, which takes little longer than one of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from nearsym.envs.errors import InputError

from .direct import DirectPortfolio, Moved


class DirectSeeds:
    """Agents that differ in their seed alone: each learns what it would alone, to rounding.

    Their parameters become rows of tensors with a dimension for seeds, over which `torch.vmap` takes the rewards of a
    stretch of days. Each draws its own stretches.

    Args:
        agents: S of one environment, network and settings; none of them has learned anything.

    Raises:
        InputError: there are none, or they differ in more than their seed.
    """

    def __init__(self, agents: Sequence[DirectPortfolio]) -> None:
        if not agents:
            raise InputError("there are no agents, expected one for each seed")
        if any(agent.settings != agents[0].settings or agent.family != agents[0].family for agent in agents):
            raise InputError("agents differ in network or settings, expected agents that differ in their seed alone")
        self._agents, self._first = agents, _Stretches(agents[0])
        stacked = stack_module_state([_Stretches(agent) for agent in agents])
        self._parameters, self._buffers = stacked
        names = {id(parameter): name for name, parameter in self._first.named_parameters()}
        groups = [
            {**group, "params": [self._parameters[names[id(parameter)]] for parameter in group["params"]]}
            for group in agents[0].groups
        ]
        self._optimizer = torch.optim.Adam(groups)

    def learn(self, steps: int | None = None) -> Tensor:
        """Take gradient steps, by default all of the settings, for all agents; (S, steps) mean rewards of a day."""
        found = []
        for _ in range(self._agents[0].settings.steps if steps is None else steps):
            drawn = [agent.draw() for agent in self._agents]
            starts = torch.stack([each for each, _ in drawn])
            elements = [element for _, element in drawn if element is not None]
            moved = Moved(*map(torch.stack, zip(*elements, strict=True))) if elements else None
            rewards, losses = self._call(starts, moved, None)
            self._optimizer.zero_grad()
            torch.autograd.backward(losses.sum())
            self._optimizer.step()
            found.append(rewards.detach().mean(dim=(1, 2)))
        self._give_back()
        return torch.stack(found, dim=1)

    @torch.no_grad()
    def rewards(self, starts: Tensor, days: int) -> Tensor:
        """(S, stretches, days) rewards of each agent as it is now; see `DirectPortfolio.rewards`."""
        return self._call(starts.expand(len(self._agents), -1), None, days)[0]

    def _call(self, starts: Tensor, element: Moved | None, days: int | None) -> tuple[Tensor, Tensor]:
        def one(
            parameters: dict[str, Tensor], buffers: dict[str, Tensor], starts: Tensor, element: Moved | None
        ) -> tuple[Tensor, Tensor]:
            found: tuple[Tensor, Tensor] = functional_call(self._first, (parameters, buffers), (starts, element, days))
            return found

        moved = None if element is None else 0
        together = torch.vmap(one, in_dims=(0, 0, 0, moved), randomness="error")
        found: tuple[Tensor, Tensor] = together(self._parameters, self._buffers, starts, element)
        return found

    @torch.no_grad()
    def _give_back(self) -> None:
        for seed, agent in enumerate(self._agents):
            for name, parameter in _Stretches(agent).named_parameters():
                parameter.copy_(self._parameters[name][seed])


class _Stretches(nn.Module):
    """An agent's rewards as a function of its network's parameters."""

    def __init__(self, agent: DirectPortfolio) -> None:
        super().__init__()
        self.actor, self._agent = agent.actor, agent

    def forward(self, starts: Tensor, element: Moved | None, days: int | None) -> tuple[Tensor, Tensor]:
        """Rewards and what is to be minimised while learning; rewards of so many days, and nothing, otherwise."""
        if days is None:
            return self._agent.objective(starts, element)
        return self._agent.rewards(starts, days), starts.new_zeros(())
