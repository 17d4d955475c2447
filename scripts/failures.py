"""What the machine refuses, no room on a disk or in memory and files nobody may read or write, in one line."""

from __future__ import annotations

import re

NO_MEMORY = re.compile(r"not enough memory|out of memory|can't allocate memory|std::bad_alloc|[Uu]nable to allocate")
"""How torch's allocators and numpy say it; the first raises RuntimeError on a CPU."""

SMALLER = (
    "make smaller what was asked for (network.width, agent.batch_size, agent.buffer_size, env.count, samples), or use "
    "a machine with more memory"
)


def refused(doing: str, error: BaseException) -> str | None:
    """One line on an error that is the machine's, and None for any other.

    Args:
        doing: the command, for the line.
        error: what was raised.
    """
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and NO_MEMORY.search(str(error))):
        found = NO_MEMORY.search(str(error))
        detail = f" ({_shortened(str(error)[found.start() :])})" if found else ""
        return f"{doing}: there is not enough memory{detail}; {SMALLER}"
    if isinstance(error, OSError):
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        where = f"{' and '.join(names)}: " if names else ""
        why = error.strerror or str(error) or type(error).__name__
        return f"{doing}: {where}{why}; nothing that was saved before is lost, so mend that and give the command again"
    return None


def _shortened(text: str) -> str:
    line = text.splitlines()[0]
    return line if len(line) <= 120 else f"{line[:117]}..."
