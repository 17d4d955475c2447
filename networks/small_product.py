"""Products of matrices that are small along what is summed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

SMALL = 16
"""Terms of a sum up to which a compiler does better to write it out than to call a matrix product."""

_written_out = False


@contextmanager
def written_out() -> Iterator[None]:
    """Have layers do what is fastest compiled rather than what takes the fewest operations, while they are traced."""
    global _written_out
    before, _written_out = _written_out, True
    try:
        yield
    finally:
        _written_out = before


def is_written_out() -> bool:
    """Whether layers are traced for a compiler, inside `written_out`."""
    return _written_out


def small_product(a: Tensor, b: Tensor) -> Tensor:
    """A @ b, (…, n, k) times (…, k, m), where k is small: the size of a group, or a number of filters.

    For a compiler it is written as a sum, a loop that merges with whatever is done before and after.
    """
    if _written_out and a.shape[-1] <= SMALL:
        return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(dim=-2)
    return a @ b
