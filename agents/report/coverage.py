"""How often 95% intervals hold what they are of, measured by simulation: docs/results/coverage.py, in a few minutes."""

from __future__ import annotations

from collections.abc import Mapping

MEASURED: Mapping[int, tuple[float, float, float, float]] = {
    3: (0.948, 0.622, 0.966, 0.678),
    5: (0.948, 0.814, 0.950, 0.834),
    10: (0.947, 0.889, 0.952, 0.889),
    20: (0.949, 0.918, 0.946, 0.920),
}
"""By number of seeds: of the mean of one network for normal returns, and the lowest of five distributions; of the
difference of two networks the lowest where both spread alike, and where one has a fifth of the other's spread."""


def coverage(seeds: int, level: float) -> str:
    """What was measured for the nearest number of seeds that is not larger; empty for other levels than 95%."""
    near = [one for one in MEASURED if one <= seeds]
    if level != 0.95 or not near:
        return ""
    normal, lowest, alike, unlike = MEASURED[max(near)]
    return (
        f"In simulations with {max(near)} seeds, 95% intervals held the mean of one network in {normal:.0%} of cases "
        f"for normal returns and in {lowest:.0%} at the least of five distributions; the difference of two networks in "
        f"{alike:.0%} at the least where they spread alike, in {unlike:.0%} where they do not (docs/compare.md)."
    )
