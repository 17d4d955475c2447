"""Functions of tensors on a GPU, recorded once and launched as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Function = Callable[..., Sequence[Tensor]]

WARM = 3
"""Calls before recording, in which libraries take their memory and kernels are chosen: neither can be recorded."""


class Recorded:
    """A function as a CUDA graph: one launch instead of one for each of its kernels.

    A graph works in the memory that it was recorded in. Arguments that last, such as parameters which the function
    changes in place, are that memory; the others are copied into tensors of the graph's own, and what it gives is
    copied out of them, so that it outlasts the next call.

    Args:
        function: of tensors, that waits for no result and does the same kernels for any values.
        arguments: examples, left as they are.
        lasting: how many of the first arguments last. A call with others does without the graph.

    Raises:
        RuntimeError: it cannot be recorded.
    """

    def __init__(self, function: Function, arguments: Sequence[Tensor], lasting: int) -> None:
        self._function, self._lasting = function, list(arguments[:lasting])
        self._given = [argument.clone() for argument in arguments[lasting:]]
        self._replay, self._found = record(function, [*self._lasting, *self._given])

    def __call__(self, *arguments: Tensor) -> Sequence[Tensor]:
        """What the function gives, in memory of its own."""
        count = len(self._lasting)
        where = [argument.data_ptr() for argument in arguments[:count]]
        if where != [tensor.data_ptr() for tensor in self._lasting]:
            return self._function(*arguments)
        if self._given:
            torch._foreach_copy_(self._given, list(arguments[count:]))
        self._replay()
        return [tensor.clone() for tensor in self._found]


def record(function: Function, arguments: Sequence[Tensor]) -> tuple[Callable[[], object], Sequence[Tensor]]:
    """Record a call on these very tensors, changing none of them.

    Returns:
        What does it again in the same memory, and the tensors in which its results then are.

    Raises:
        RuntimeError: it cannot be recorded.
    """
    with torch.cuda.device(arguments[0].device):
        aside, here = torch.cuda.Stream(), torch.cuda.current_stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                function(*(argument.clone() for argument in arguments))
        here.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):  # kernels are noted down and not run
            found = function(*arguments)
    return graph.replay, found
