"""The approximate symmetries of a market: which asset is which, and which way is up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nearsym.envs.auditing.measurement import Errors
from nearsym.envs.symmetry import Group, Observation, Parts, Representation, Symmetry, Vector, Window

from .prices import FloatArray

Sectors = Sequence[Sequence[int]] | None
"""Assets of each sector, as numbers."""

FLIP = "flip"
"""Name of the element that changes the sign of every return and every position."""


def market_symmetry(
    tickers: Sequence[str],
    window: int,
    memory: int,
    *,
    short: bool,
    features: int = 0,
    sectors: Sectors = None,
) -> Symmetry:
    """Permutations of the assets, and with short selling the sign flip.

    The observation is (window of log-returns of each asset, weight of each asset, `memory` more numbers, `features`
    more of each asset, which the flip leaves alone). Firms differ, so permutations hold nearly; prices drift upwards,
    so the flip does. Two more are built in: prices in another unit change nothing, for only log-returns are observed;
    and what holds today nearly holds tomorrow, which the `Window` declares.

    There are N! permutations: the group is given by its generators alone, the swaps of neighbours.

    Args:
        tickers: (N,) names; element ``A<->B`` swaps two of them.
        window: days of returns in an observation.
        memory: further numbers in it, which no element moves.
        short: whether weights may be negative.
        features: further numbers of each asset.
        sectors: assets of each sector, whose permutations alone are meant; all permutations for None.
    """
    asset = _asset_representation(tickers, short=short, sectors=sectors)
    observation: dict[str, Observation] = {"returns": Window(asset, window), "weights": Vector(asset)}
    if memory:
        observation["memory"] = Vector(Representation.trivial(asset.group, memory))
    if features:
        index, sign = asset.arrays
        named = Representation.signed_permutation(asset.group, index, np.ones_like(sign))
        observation["features"] = Vector(named.copies(features))
    return Symmetry(
        asset.group,
        observation=Parts(observation),
        action=asset if short else asset.direct_sum(Representation.trivial(asset.group)),
        state=asset.direct_sum(asset),
    )


def shares_symmetry(tickers: Sequence[str], indicators: int, sectors: Sectors = None) -> Symmetry:
    """Permutations of the assets, for an observation of (each indicator of each asset, two more numbers of each, cash).

    Args:
        tickers: (N,) names.
        indicators: indicators and features of each asset.
        sectors: as in `market_symmetry`.
    """
    asset = _asset_representation(tickers, short=False, sectors=sectors)
    observation = asset.copies(indicators + 2).direct_sum(Representation.trivial(asset.group))
    return Symmetry(asset.group, Vector(observation), asset, state=asset.direct_sum(asset))


def _asset_representation(tickers: Sequence[str], *, short: bool, sectors: Sectors) -> Representation:
    """How the swaps of neighbours (in a sector), and the flip, act on one number of each asset."""
    assets = len(tickers)
    blocks = [tuple(range(assets))] if sectors is None else [block for block in sectors if len(block) > 1]
    swaps = [swap for block in blocks for swap in pairwise(block)]
    names = [f"{tickers[i]}<->{tickers[j]}" for i, j in swaps] + ([FLIP] if short else [])
    if not names:  # one asset, or none that another one is like, never sold short
        return Representation.trivial(Group.trivial(), assets)
    order = np.tile(np.arange(assets), (len(names), 1))
    for row, (i, j) in enumerate(swaps):
        order[row, [i, j]] = j, i
    sign = np.ones_like(order)
    if short:
        sign[-1] = -1
    name = " x ".join([f"S{len(block)}" for block in blocks if len(block) > 1] + (["C2"] if short else []))
    group = Group.generated(name, tuple(names), order, sign)
    return Representation.signed_permutation(group, order, sign)


def law_errors(
    returns: FloatArray,
    weights: FloatArray,
    symmetry: Symmetry,
    elements: list[int],
    scale: float,
    seed: int,
    rate: FloatArray | float = 0.0,
) -> tuple[Errors, Errors, Errors]:
    """How far a market is from its symmetric image, as the law of one day's returns.

        ε_R(w) = W₁( law of log(1 + w·r - κ·|w|), law of log(1 + gw·r - κ·|gw|) ),   in percent
        ε_P    = ‖ W₁( law of r_i, law of (g r)_i ) ‖ over i,       in units of `scale`

    κ is what an asset costs to buy beyond the cheapest one; what all cost alike breaks no symmetry.

    W₁ is the 1-Wasserstein distance between the empirical laws. Days are dealt, a month at a time, into two halves at
    random: one plays the market, the other its image, and the floors compare the market with itself across the same
    halves. ε_P looks at one asset at a time and so is a lower bound: W₁ of all returns together is at least the
    Euclidean norm of those of its coordinates, and what only correlations tell apart is not seen.

    Args:
        returns: (T, N) simple returns of each day.
        weights: (samples, N) portfolios.
        symmetry: of the market.
        elements: rows of its group.
        scale: unit of returns in an observation.
        seed: of the dealing.
        rate: costs, as a fraction of the traded value: of all assets, or (N,) of each.

    Returns:
        (elements, samples) errors and their floors, observation and termination 0, and the standard error that all
        samples share because there is one history.
    """
    assets = returns.shape[1]
    assert symmetry.state is not None  # market_symmetry declares it: returns, then weights
    index, sign = (array[:, :assets] for array in symmetry.state.arrays)
    dear = np.broadcast_to(rate, assets) - np.min(rate)
    errors, floors = (Errors.full((DEALS, count, len(weights))) for count in (len(elements), 1))
    halves = _dealt(returns, seed)
    for deal in range(DEALS):
        one, other = halves[deal]
        law, quantities = _reward_law(one, weights, dear), np.sort(one, axis=0)
        floors.reward[deal, 0] = np.abs(law - _reward_law(other, weights, dear)).mean(axis=0)
        floors.transition[deal, 0] = _distance(quantities, other) / scale
        for row, g in enumerate(elements):
            image = _reward_law(other, weights[:, index[g]] * sign[g], dear)
            errors.reward[deal, row] = np.abs(law - image).mean(axis=0)
            errors.transition[deal, row] = _distance(quantities, other[:, index[g]] * sign[g]) / scale
    excess = (errors.table - floors.table).mean(axis=2)
    shared = Errors.of(excess.std(axis=0, ddof=1).max(axis=0))
    mean, floor = (Errors(*(values.mean(axis=0) for values in each)) for each in (errors, floors))
    return mean, floor[0].for_each(len(elements)), shared


MONTH = 21
"""Trading days dealt together, so that a spell of nervous markets is not split evenly between the halves."""

DEALS = 8
"""Ways of dealing that are averaged."""


def time_errors(returns: FloatArray, scale: float, seed: int) -> tuple[float, float]:
    """How far a market is from itself at other times: ε_P of the first half of (T, N) days against the second.

    Beside it the mean of the same for halves that are dealt at random by the month, where nothing is broken.
    """
    middle = len(returns) // 2
    early, late = returns[:middle], returns[middle : 2 * middle]
    found = _distance(np.sort(early, axis=0), late) / scale
    dealt = [_distance(np.sort(one, axis=0), other) / scale for one, other in _dealt(returns, seed)]
    return found, float(np.mean(dealt))


def _dealt(returns: FloatArray, seed: int) -> list[tuple[FloatArray, FloatArray]]:
    """Halves of the days, months at a time, at random in so many ways; both of a pair have the same length."""
    generator, months = np.random.default_rng(seed), -(-len(returns) // MONTH)
    found = []
    for _ in range(DEALS):
        first = np.repeat(generator.permutation(months) < months // 2, MONTH)[: len(returns)]
        one, other = returns[first], returns[~first]
        size = min(len(one), len(other))
        found.append((one[:size], other[:size]))
    return found


def _reward_law(returns: FloatArray, weights: FloatArray, dear: FloatArray) -> FloatArray:
    """(days, samples) sorted log-returns of the portfolios, bought at (N,) costs, in percent."""
    growth = np.maximum(1.0 + returns @ weights.T - np.abs(weights) @ dear, 1e-6)
    return 100.0 * np.sort(np.log(growth), axis=0)


def _distance(ordered: FloatArray, returns: FloatArray) -> float:
    """‖W₁‖ over assets of (days, N) sorted returns from others."""
    return float(np.linalg.norm(np.abs(ordered - np.sort(returns, axis=0)).mean(axis=0)))
