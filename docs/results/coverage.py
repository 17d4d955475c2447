"""How often 95% intervals of few seeds cover what they are of, and how often reports call equals different.

    python docs/results/coverage.py runs/coverage.csv

writes the table it is told to: a few minutes on one core. Ours is coverage.csv, which docs/compare.md explains and of
which agents/report/coverage.py quotes some numbers. Columns:

    what    of a network: the mean, or interquartile mean, of one network's returns
            of a difference: of two networks whose returns are alike; `unlike`: one has a fifth of the other's spread
            over tasks: the same differences, averaged over three tasks
            any difference: of reports on five networks that do not differ, on one task and two perturbed ones, compared
            with two of them in three measures: the share that shows a difference
            a difference of 3: the share of comparisons in which a network that ends 3 standard deviations higher, on
            the one task of such a report, is said to
    share   of intervals that cover, or tests that accept, the truth; of reports or comparisons
    width   median, in standard deviations of the returns; inf where an interval has no end
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from scipy import stats

from nearsym.agents.report.intervals import difference, weighted_mean
from nearsym.agents.report.ranks import improvement, interquartile_mean

LEVEL, SEEDS = 0.95, (3, 5, 10, 20)
SAMPLES, RESAMPLES, SPLITS, REPORTS = 1000, 400, 500, 1000
RNG = np.random.default_rng(0)

# of normal numbers: so that measures of one run can be correlated, whatever their distribution
DISTRIBUTIONS = {
    "normal": lambda z: z,
    "skewed": lambda z: np.log(stats.norm.cdf(z)),  # minus an exponential: most near the best, some far below
    "success or failure": lambda z: np.where(stats.norm.cdf(z) < 0.3, 0.0, 1.0) + 0.05 * RNG.normal(size=z.shape),
    "ties at the best": lambda z: np.round(2 * np.minimum(z, 0)) / 2,  # three in five
    "only 0 and 1": lambda z: (z > 0).astype(float),
}


def middle(x):
    """Interquartile mean over the last axis."""
    return interquartile_mean(x[..., None])[..., 0]


def spread_of_middle(x):
    """Squared standard error of a trimmed mean, from winsorised numbers, and its degrees of freedom (Yuen)."""
    count = x.shape[-1]
    cut = count // 4
    kept, ordered = count - 2 * cut, np.sort(x, axis=-1)
    winsorised = np.clip(ordered, ordered[..., cut : cut + 1], ordered[..., count - cut - 1 : count - cut])
    return winsorised.var(axis=-1, ddof=1) * (count - 1) / (kept * (kept - 1)), kept - 1


def spread_of_mean(x):
    """Squared standard error of a mean, and degrees of freedom."""
    return x.var(axis=-1, ddof=1) / x.shape[-1], x.shape[-1] - 1


STATISTICS = {
    "mean": (lambda x: x.mean(axis=-1), spread_of_mean),
    "interquartile mean": (middle, spread_of_middle),
}


def combined(strata, weights, statistic):
    """Σ w_k f(x_k)."""
    return sum(weight * statistic(x) for x, weight in zip(strata, weights, strict=True))


def error_of(strata, weights, spread):
    """Standard error of that, and Satterthwaite's degrees of freedom."""
    parts = [(weight**2 * spread(x)[0], spread(x)[1]) for x, weight in zip(strata, weights, strict=True)]
    variance, below = sum(v for v, _ in parts), sum(v**2 / df for v, df in parts)
    return np.sqrt(variance), np.divide(variance**2, below, out=np.ones_like(variance), where=below > 0)


def student(strata, weights, name):
    """t; of means it is what reports use, of interquartile means Yuen's."""
    if name == "mean":
        found = weighted_mean([x[..., None] for x in strata], weights).intervals(LEVEL)
        return found.low[..., 0], found.high[..., 0]
    statistic, spread = STATISTICS[name]
    value, (error, freedom) = combined(strata, weights, statistic), error_of(strata, weights, spread)
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    return value - reach, value + reach


def percentile(strata, weights, name, drawn):
    """Percentile bootstrap, as in version 0.1 with interquartile means."""
    return np.quantile(combined(drawn, weights, STATISTICS[name][0]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)


def studentised(strata, weights, name, drawn):
    """Bootstrap of t; a resample without spread has an infinite t."""
    statistic, spread = STATISTICS[name]
    value, error = combined(strata, weights, statistic), error_of(strata, weights, spread)[0]
    apart = combined(drawn, weights, statistic) - value[:, None]
    with np.errstate(all="ignore"):
        t = np.where(apart == 0, 0, apart / error_of(drawn, weights, spread)[0])
        low, high = np.quantile(t, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1, method="inverted_cdf")
        ends = value - np.where(error == 0, 0, high * error), value - np.where(error == 0, 0, low * error)
    return ends


def bca(strata, weights, name, drawn):
    """Bias-corrected and accelerated bootstrap (Efron), acceleration from the jackknife of every group."""
    statistic = STATISTICS[name][0]
    value, found = combined(strata, weights, statistic)[:, None], np.sort(combined(drawn, weights, statistic), axis=1)
    below = ((found < value).mean(axis=1) + (found <= value).mean(axis=1)) / 2
    bias, third, second = stats.norm.ppf(np.clip(below, 1 / RESAMPLES, 1 - 1 / RESAMPLES)), 0.0, 0.0
    for x, weight in zip(strata, weights, strict=True):
        count = x.shape[-1]
        left = weight * np.stack([statistic(np.delete(x, i, axis=-1)) for i in range(count)], axis=-1)
        influence = (count - 1) * (left.mean(axis=-1, keepdims=True) - left)
        third, second = third + (influence**3).sum(-1) / count**3, second + (influence**2).sum(-1) / count**2
    pull = np.divide(third, 6 * second**1.5, out=np.zeros_like(second), where=second > 0)
    ends = []
    for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        z = bias + stats.norm.ppf(tail)
        place = (stats.norm.cdf(bias + z / (1 - pull * z)) * RESAMPLES).astype(int)
        ends.append(found[np.arange(len(found)), np.clip(place, 0, RESAMPLES - 1)])
    return ends


def permuted(mine, theirs, truth, by_error):
    """Whether a permutation test of two networks, within each task, accepts the true difference."""
    count = mine[0].shape[-1]
    apart, variance = 0.0, 0.0
    for x, y in zip(mine, theirs, strict=True):
        members = np.zeros((SPLITS, 2 * count))
        np.put_along_axis(members, RNG.random(members.shape).argsort(axis=1)[:, :count], 1, axis=1)
        members = np.concatenate([np.repeat([1.0, 0.0], count)[None], members])  # the first is what was seen
        both = np.concatenate([x - truth, y], axis=-1)
        one, squares = both @ members.T, both**2 @ members.T
        other, others = both.sum(-1, keepdims=True) - one, (both**2).sum(-1, keepdims=True) - squares
        apart = apart + (one - other) / count
        variance = variance + (squares - one**2 / count + others - other**2 / count) / (count * (count - 1))
    size = np.abs(apart) / (np.sqrt(np.maximum(variance, 1e-12)) if by_error else 1)
    return (1 + (size[:, 1:] >= size[:, :1] - 1e-9).sum(axis=1)) / (SPLITS + 1) > 1 - LEVEL


def intervals():
    """Coverage and width of every method."""
    for name, shape in DISTRIBUTIONS.items():
        many = shape(RNG.normal(size=4_000_000))
        truth = {"mean": many.mean(), "interquartile mean": np.sort(many)[1_000_000:3_000_000].mean()}
        for seeds in SEEDS:
            for what, tasks, scale in (
                ("of a network", 1, None),
                ("of a difference", 1, 1.0),
                ("of a difference, unlike", 1, 0.2),
                ("of a difference over tasks", 3, 1.0),
                ("of a difference over tasks, unlike", 3, 0.2),
            ):
                scales = [1.0] * tasks + ([] if scale is None else [scale] * tasks)
                strata = [size * shape(RNG.normal(size=(SAMPLES, seeds))) for size in scales]
                weights = [1 / tasks] * tasks + ([] if scale is None else [-1 / tasks] * tasks)
                drawn = [x[:, RNG.integers(0, seeds, (RESAMPLES, seeds))] for x in strata]
                for statistic in STATISTICS:
                    true = truth[statistic] * (1 - (scale or 0))
                    ends = {"t": student(strata, weights, statistic)}
                    for method in (percentile, studentised, bca):
                        ends[method.__name__] = method(strata, weights, statistic, drawn)
                    for method, (low, high) in ends.items():
                        covers = (low <= true + 1e-9) & (high >= true - 1e-9)
                        with np.errstate(invalid="ignore"):
                            width = np.nan_to_num(np.median(high - low) / many.std(), nan=np.inf, posinf=np.inf)
                        yield what, f"{method}, {statistic}", name, seeds, covers.mean(), width
                if scale is not None:
                    true = truth["mean"] * (1 - scale)
                    for method, by_error in (("permutation, mean", False), ("permutation, t", True)):
                        accepts = permuted(strata[:tasks], strata[tasks:], true, by_error)
                        yield what, method, name, seeds, accepts.mean(), ""
                if scale == 1:
                    pair = ([x[..., None] for x in half] for half in (strata[:tasks], strata[tasks:]))
                    found = improvement(*pair, LEVEL)
                    covers = (found.low <= 0.5) & (found.high >= 0.5)
                    yield (
                        f"{what}: probability",
                        "Newcombe",
                        name,
                        seeds,
                        covers.mean(),
                        np.median(found.high - found.low),
                    )


def returns(shape, seeds, count):
    """Three correlated measures of every run, (reports, seeds, 3)."""
    common, own = RNG.normal(size=(count, seeds, 1)), RNG.normal(size=(count, seeds, 3))
    return shape(np.sqrt(0.8) * common + np.sqrt(0.2) * own)


def reports():
    """Of reports on five networks: how often equals are called different, and one that is better better."""
    pairs = [(mine, reference) for reference in (0, 1) for mine in range(reference + 1, 5)]
    for name, shape in DISTRIBUTIONS.items():
        deviation = shape(RNG.normal(size=1_000_000)).std()
        for seeds in SEEDS:
            groups = [[[returns(shape, seeds, REPORTS) for _ in range(n)] for _ in range(5)] for n in (1, 2)]
            for what, shift in (("any difference", 0.0), ("a difference of 3", 3 * deviation)):
                groups[0][4][0] = groups[0][4][0] + shift
                p = [difference(g[a], g[b]).intervals(LEVEL).p_value for g in groups for a, b in pairs]
                falls = [difference(groups[0][k], groups[1][k][1:]).intervals(LEVEL).p_value[:, :1] for k in range(5)]
                values, chosen = np.concatenate([*p, *falls], axis=1), slice(0, None)
                total = values.shape[1]
                ours = (values <= 1 - LEVEL, holm_rejects(values))
                old = excluded(groups, pairs)
                if shift:
                    chosen = [3 * i for i, pair in enumerate(pairs) if pair[0] == 4]  # final returns on the one task
                for method, found in zip(("t", "t and Holm", "percentile, as in 0.1"), (*ours, old), strict=True):
                    share = found[:, chosen].mean() if shift else found.any(axis=1).mean()
                    yield f"{what}, {total} comparisons", method, name, seeds, share, ""


def holm_rejects(p):
    """Which of the tests in each row Holm's procedure rejects."""
    order = np.argsort(p, axis=1)
    count = p.shape[1]
    steps = np.maximum.accumulate((count - np.arange(count)) * np.take_along_axis(p, order, axis=1), axis=1)
    rejected = np.zeros(p.shape, dtype=bool)
    np.put_along_axis(rejected, order, steps <= 1 - LEVEL, axis=1)
    return rejected


def excluded(groups, pairs, count=200):
    """Whether percentile intervals of differences of interquartile means exclude 0; fewer reports, as it is slow."""

    def resampled(tasks):
        runs = [x[:count, RNG.integers(0, x.shape[1], (count, x.shape[1]))] for x in tasks]
        return interquartile_mean(np.concatenate(runs, axis=-2))

    drawn = [[resampled(tasks) for tasks in group] for group in groups]
    apart = [group[a] - group[b] for group in drawn for a, b in pairs]
    apart += [(drawn[0][k] - resampled(groups[1][k][1:]))[..., :1] for k in range(5)]
    low, high = np.quantile(np.concatenate(apart, axis=-1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return (low > 0) | (high < 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    with parser.parse_args().table.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "method", "distribution", "seeds", "share", "width"))
        for *row, share, width in (*intervals(), *reports()):
            writer.writerow((*row, f"{share:.3f}", width if width == "" else f"{width:.2f}"))
