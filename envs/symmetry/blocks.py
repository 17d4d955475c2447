"""Signed permutations put together from blocks, for observations of many parts."""

from __future__ import annotations

Block = list[int] | tuple[list[int], list[int]]
"""Signs of coordinates that stay in place, or (source coordinates within the block, signs)."""


def chain(*blocks: Block) -> tuple[list[int], list[int]]:
    """The (permutation, signs) generator that acts on consecutive blocks one by one."""
    index: list[int] = []
    sign: list[int] = []
    for block in blocks:
        source, signs = block if isinstance(block, tuple) else (list(range(len(block))), block)
        start = len(index)
        index += [start + i for i in source]
        sign += signs
    return index, sign
