"""Reading windows of time inside an observation by (relaxed) convolutions over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Image, Observation, Parts, Window, direct_sum

from ..families import Family
from ..features import hidden_representation
from ..relaxed_linear import pays
from ..temporal import SHORTEST, TemporalConv
from .encoder import Trunk, follows, refuse_matching
from .vector import IdentityTrunk


class WindowTrunk(Trunk):
    """An observation with its windows replaced by features of them: convolutions over time, each followed by a ReLU.

    Example:
        Two numbers of which the mirror turns the first, seen for sixteen steps, and one that it leaves alone:

        >>> import torch
        >>> from nearsym.envs.symmetry import Parts, Representation, Symmetry, Vector, Window
        >>> from nearsym.networks import Relaxed, encoder_for, trunk_for
        >>> step = Symmetry.reflection(observation=[-1, 1], action=[-1]).observation.rep
        >>> observation = Parts({"past": Window(step, 16), "now": Vector(Representation.trivial(step.group))})
        >>> network = Relaxed(window_channels=4)
        >>> trunk = trunk_for(encoder_for(observation, network), network)
        >>> trunk(torch.zeros(5, 33)).shape, trunk.out_rep.dim
        (torch.Size([5, 57]), 57)

    Args:
        observation: windows and other parts.
        family: which network; `window_channels` of `hidden_representation` in every map.

    Shapes: (..., observation.dim) to (..., out_rep.dim): features of the windows, then the other parts as they were.

    Raises:
        InputError: a window is too short for a convolution, or sizes are to be matched.
    """

    def __init__(self, observation: Observation, family: Family) -> None:
        refuse_matching(family)
        parts = list(_leaves(observation))
        windows = [part for part in parts if isinstance(part, Window)]
        stacks = [_convolutions(window, family) for window in windows]
        hidden = [hidden_representation(window.step) for window in windows]
        features = [
            rep.copies(family.window_channels * stack[-1].steps) for rep, stack in zip(hidden, stacks, strict=True)
        ]
        others = [part.rep for part in parts if not isinstance(part, Window)]
        super().__init__(observation.rep, direct_sum([*features, *others]))
        self.layers = nn.ModuleList(layer for stack in stacks for layer in stack)
        self._depths, self._hidden = [len(stack) for stack in stacks], [rep.dim for rep in hidden]
        self._sizes = [part.dim for part in parts]
        self._steps = [part.steps if isinstance(part, Window) else 0 for part in parts]
        self.applies = all(layer.applies for stack in stacks for layer in stack)

    def forward(self, features: Tensor) -> Tensor:
        """Features of the windows, then the other parts."""
        flat = features.reshape(-1, self.in_rep.dim)
        columns = self.applies and pays(len(flat))  # the batch last, all the way
        layers, stacks = iter(self.layers), iter(zip(self._depths, self._hidden, strict=True))
        read, others = [], []
        for part, steps in zip(torch.split(flat, self._sizes, dim=1), self._steps, strict=True):
            if not steps:
                others.append(part.t() if columns else part)
                continue
            depth, hidden = next(stacks)
            # step by step, so that each is a whole block of assets (or whatever the group moves)
            if columns:
                x = part.t().reshape(1, part.shape[1] // steps, steps, part.shape[0])
                for _ in range(depth):
                    x = nn.functional.relu(cast(TemporalConv, next(layers)).columns(x))
                read.append(x.transpose(1, 2).flatten(0, 2))
            else:
                x = part.reshape(-1, part.shape[1] // steps, steps)
                for _ in range(depth):
                    x = nn.functional.relu(next(layers)(x))
                read.append(x.reshape(-1, x.shape[1] // hidden, hidden, x.shape[2]).transpose(2, 3).flatten(1))
        joined = torch.cat([*read, *others], dim=0).t() if columns else torch.cat([*read, *others], dim=1)
        return joined.reshape(*features.shape[:-1], self.out_rep.dim)


@follows(Parts)
def _trunk(observation: Parts, family: Family, size: int) -> Trunk:
    kinds = {type(part) for part in _leaves(observation)}
    if Image in kinds:
        raise InputError("an image beside other parts of an observation is not read yet; give the image alone")
    return WindowTrunk(observation, family) if Window in kinds else IdentityTrunk(observation.rep)


@follows(Window)
def _window_trunk(observation: Window, family: Family, size: int) -> WindowTrunk:
    return WindowTrunk(observation, family)


def _leaves(observation: Observation) -> Iterator[Observation]:
    """What an observation is made of, in the order in which it is flattened."""
    if isinstance(observation, Parts):
        for part in observation.named.values():
            yield from _leaves(part)
    else:
        yield observation


def _convolutions(window: Window, family: Family) -> list[TemporalConv]:
    """As many as leave `SHORTEST` steps to each."""
    if window.steps < SHORTEST:
        raise InputError(f"a window of {window.steps} steps is too short for convolutions; {SHORTEST} are needed")
    hidden, channels = hidden_representation(window.step), family.window_channels
    layers = [TemporalConv(window.step, hidden, 1, channels, window.steps, family, relax="output")]
    while layers[-1].steps >= SHORTEST:
        layers.append(TemporalConv(hidden, hidden, channels, channels, layers[-1].steps, family))
    return layers
