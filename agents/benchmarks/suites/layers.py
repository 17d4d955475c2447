"""Single layers between hidden features, forward and backward, beside `torch.nn.Linear`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, milliseconds, take_turns
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Group, Representation
from nearsym.networks import RelaxedLinear, architectures

PEER, GROUPS = "torch.nn.Linear", ("C2", "C4", "D4", "S20")


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Every group at every width and batch.

    A family's layer is applied as in training. Where that is without expanding its matrix, the same layer expanded
    stands beside it.
    """
    torch.set_num_threads(settings.threads)
    hidden = {name: hidden_features(name) for name in settings.groups or GROUPS}
    for group, rep in hidden.items():
        for width in settings.widths or [settings.network.width]:
            for batch in settings.batches or [settings.agent.batch_size]:
                channels = max(1, round(width / rep.dim))
                calls, states = _contenders(rep, channels, batch)
                conditions = {"group": group, "order": rep.dim, "width": channels * rep.dim, "batch": batch}
                size = f"width {channels * rep.dim}, batch {batch}, {settings.threads} thread(s)"
                rows = milliseconds(take_turns(calls, settings.rounds), states)
                yield Table(f"a layer forward and backward, {group}, {size}", "ms", rows, conditions)


def hidden_features(name: str) -> Representation:
    """What a hidden channel carries: a number for every element of C_n or D_n, or for each of n assets for S_n.

    Raises:
        InputError: it is the name of no such group.
    """
    match = re.fullmatch(r"([CDS])([1-9]\d*)", name)
    if match is None or name == "S1":
        raise InputError(f"groups has {name!r}, expected C, D or S and a number, such as C2, D4 or S20")
    n = int(match[2])
    if match[1] == "S":
        swaps = np.tile(np.arange(n), (n - 1, 1))
        for i, row in enumerate(swaps):
            row[[i, i + 1]] = i + 1, i
        group = Group.generated(name, tuple(f"({i} {i + 1})" for i in range(n - 1)), swaps)
        return Representation.signed_permutation(group, swaps)
    return Representation.regular(Group.cyclic(n) if match[1] == "C" else Group.dihedral(n))


def _contenders(
    rep: Representation, channels: int, batch: int
) -> tuple[dict[str, Callable[[], object]], dict[str, str]]:
    torch.manual_seed(0)
    width = channels * rep.dim
    rows, columns = torch.randn(batch, width), torch.randn(1, rep.dim, channels, batch)
    dense = nn.Linear(width, width)
    calls: dict[str, Callable[[], object]] = {PEER: _both_ways(dense, dense, rows)}
    states = {PEER: "dense"}
    for name, kind in architectures().items():
        if name == "plain":
            continue  # the peer's layer
        layer = kind().linear(rep, rep, channels, channels)
        applies = isinstance(layer, RelaxedLinear) and layer.product is not None
        if isinstance(layer, RelaxedLinear) and applies:
            calls[name], states[name] = _both_ways(layer, layer.columns, columns), "applied"
            name = f"{name}, expanded"
        calls[name], states[name] = _both_ways(layer, layer, rows), "expanded"
    return calls, states


def _both_ways(layer: nn.Module, apply: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], object]:
    """The output, and gradients for input and parameters."""
    x = x.clone().requires_grad_()
    wanted = [x, *(p for p in layer.parameters() if p.requires_grad)]
    return partial(_gradients, apply, x, wanted, torch.ones_like(apply(x)))


def _gradients(apply: Callable[[Tensor], Tensor], x: Tensor, wanted: list[Tensor], along: Tensor) -> None:
    torch.autograd.grad(apply(x), wanted, along, allow_unused=True)  # multipliers enter losses alone
