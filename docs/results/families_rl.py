"""What docs/families.md asks of the runs of its two suites, by the rules written there before they were carried out.

    python docs/results/families_rl.py tuning runs/families_tuning        # stage one: who goes on
    python docs/results/families_rl.py held_out runs/families_held_out runs/families_auto --met met.csv --auto auto.csv
    python docs/results/families_rl.py means runs/relaxed_late              # of any suite: what every network returned
    … and with a report's evaluations.csv in place of a folder

The table of families_met.py says where trained plain agents meet the break; without it that is taken for granted. With
that of families_auto.py there is a network more: network=auto, which in most environments is one of the others, with
the same runs, and in some has runs of its own.

Return over training is the mean of the learning curve from the first evaluation after learning starts, on a scale
whose 0 is the mean of all untrained networks and whose 1 is the best mean final return of a network in that
environment (dm_control: 0 and 1,000). Names of tasks end in `-whole` where the symmetry holds; elsewhere it is broken.
Prints tables in Markdown and writes nothing.
"""

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nearsym.agents.report.alignment import Condition, Scale, align
from nearsym.agents.report.intervals import Intervals, difference
from nearsym.agents.report.learning import pooled_areas
from nearsym.agents.report.loading import read_comparison
from nearsym.envs.errors import InputError

ALWAYS = ("plain", "exact", "relaxed", "rpp", "augmented")
"""Networks that go on whatever stage one says."""

WORSE, LEVEL, MARGIN = 0.1, 0.05, -0.05
"""Loss with which a family is dropped, how near to exact is level, and how far below plain is never worse."""

AUTO = "auto"
"""What `network=auto` chooses."""

MOST = 4
"""Families that go on beside those of `ALWAYS`."""

MET = 0.1
"""Images visited of a broken element, at least, where a break counts: the mean over runs of its most visited one."""

RUNS = "folders of suites, or evaluations.csv of reports"

AREA = 1  # column of `pooled_areas`: the other is the final return


def conditions_of(places: Iterable[Path]) -> dict[str, Condition]:
    """By name of the environment, on the protocol's scale; reports put the id before the name."""
    by_name: dict[str, list] = {}
    for record in (record for place in places for record in read_comparison(place).records):
        by_name.setdefault(record.task.partition("(")[2].rstrip(")") or record.task, []).append(record)
    return {name: scaled(align(records)) for name, records in by_name.items()}


def scaled(condition: Condition) -> Condition:
    """The same with the protocol's scale, which is not the one of reports where no return is negative."""
    if condition.task.startswith("dmc/"):
        return replace(condition, scale=Scale(0.0, 1000.0, "0 and 1,000"))
    untrained = float(np.concatenate([runs[:, 0] for runs in condition.returns.values()]).mean())
    best = max(float(runs[:, -1].mean()) for runs in condition.returns.values())
    return replace(condition, scale=Scale(untrained, best, f"{untrained:.4g} and {best:.4g}"))


def scores(condition: Condition, network: str) -> np.ndarray:
    """(runs, 1) return over training, normalised."""
    return pooled_areas([condition], network)[0][:, AREA : AREA + 1]


def whole(name: str) -> bool:
    """Whether the symmetry holds there."""
    return name.endswith("-whole")


def learned(condition: Condition) -> bool:
    """Whether plain networks end above their untrained selves: the 95% interval of the paired gain is above 0."""
    runs = condition.returns["plain"]
    gain = (runs[:, -1] - runs[:, 0])[:, None]
    return bool(difference([gain], [np.zeros_like(gain)]).intervals(0.95).low[0] > 0)


def unmet(table: Path) -> list[str]:
    """Environments whose break trained plain agents do not meet, by the table of families_met.py.

    Raises:
        InputError: there is no such table.
    """
    if not table.is_file():
        raise InputError(f"there is no {table}; families_met.py writes it")
    most: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            most[row["task"]][row["seed"]] = max(most[row["task"]][row["seed"]], float(row["visited"]))
    return [name for name, runs in most.items() if np.mean(list(runs.values())) < MET]


def with_auto(conditions: dict[str, Condition], table: Path) -> dict[str, Condition]:
    """The same with the runs of `AUTO`: those of the network that it chooses there, by the table of families_auto.py.

    Raises:
        InputError: there is no such table, or it leaves an environment out.
    """
    if not table.is_file():
        raise InputError(f"there is no {table}; families_auto.py writes it")
    with table.open(newline="") as file:
        chosen = {row["task"]: row["network"] for row in csv.DictReader(file)}
    if lacking := [name for name, one in conditions.items() if chosen.get(name) not in one.returns]:
        raise InputError(f"{table} chooses nothing for {', '.join(lacking)} that has runs there; see families_auto.py")
    return {
        name: replace(one, returns={**one.returns, AUTO: one.returns[chosen[name]]}) for name, one in conditions.items()
    }


def apart(these: Iterable[Condition], network: str, other: str) -> Intervals:
    """Mean over environments of a network's return over training less another's, with its 95% interval.

    Where both are the same runs they differ by nothing, for sure.
    """
    mine, theirs = [], []
    for one in these:
        same = one.returns[network] is one.returns[other]
        for side, who in ((mine, network), (theirs, other)):
            side.append(scores(one, who) * (0.0 if same else 1.0))
    return difference(mine, theirs).intervals(0.95)


def shown(found: Intervals) -> str:
    """As a cell of a table."""
    return f"{found.value[0]:+.2f} [{found.low[0]:+.2f}, {found.high[0]:+.2f}]"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """In Markdown."""
    head = list(head)
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print()


def families(conditions: dict[str, Condition]) -> list[str]:
    """Networks with runs everywhere, those that always go on first."""
    everywhere = set.intersection(*(set(one.returns) for one in conditions.values()))
    return sorted(everywhere, key=lambda name: (ALWAYS.index(name) if name in ALWAYS else len(ALWAYS), name))


def missing(conditions: dict[str, Condition]) -> str | None:
    """A line that names what has fewer runs than the rest; None where all have equally many."""
    runs = {(name, who): len(of) for name, one in conditions.items() for who, of in one.returns.items()}
    most = max(runs.values())
    short: dict[tuple[str, int], list[str]] = defaultdict(list)
    for (name, who), count in runs.items():
        if count < most:
            short[name, count].append(who)
    said = [f"{count} of {', '.join(who)} on {name}" for (name, count), who in short.items()]
    return f"not complete, {most} runs elsewhere: {'; '.join(said)}\n" if said else None


def means(conditions: dict[str, Condition]) -> None:
    """Return over training and last return of every network in every environment, means over its runs, as they are."""
    networks = sorted(set().union(*(one.returns for one in conditions.values())))
    rows = []
    for who in networks:
        row = [who]
        for one in conditions.values():
            runs = one.returns.get(who)
            over = None if runs is None else scores(replace(one, scale=Scale(0.0, 1.0, "")), who).mean()
            row.append("-" if runs is None else f"{over:,.0f} / {runs[:, -1].mean():,.0f}")
        rows.append(row)
    table(["over training / at the end", *conditions], rows)


def tuning(conditions: dict[str, Condition]) -> None:
    """Means of every network in every environment, what stage one's rule drops, and who goes on."""
    networks = families(conditions)
    mean = {(name, who): float(scores(one, who).mean()) for name, one in conditions.items() for who in networks}

    def losses(who: str) -> dict[str, float]:
        """Less than exact ones where the symmetry holds, less than plain ones where it does not."""
        return {name: mean[name, "exact" if whole(name) else "plain"] - mean[name, who] for name in conditions}

    for name, one in conditions.items():
        print(f"{name}: 0 and 1 are returns of {one.scale.reason}; plain learned: {learned(one)}")
    print()
    rows, going = [], []
    for who in networks:
        worst = max(losses(who), key=losses(who).__getitem__)
        loss = losses(who)[worst]
        dropped = who not in ALWAYS and loss > WORSE
        verdict = f"dropped: {worst}" if dropped else "goes on" if who in ALWAYS else "may go on"
        overall = float(np.mean([mean[name, who] for name in conditions]))
        rows.append(
            [who, *(f"{mean[name, who]:.2f}" for name in conditions), f"{overall:.2f}", f"{loss:+.2f}", verdict]
        )
        if who not in ALWAYS and not dropped:
            going.append((overall, who))
    table(["network", *conditions, "mean", "largest loss", "stage one"], rows)
    best = [who for _, who in sorted(going, reverse=True)[:MOST]]
    print(f"beside {', '.join(ALWAYS)}: {', '.join(best) or 'none'}")


def level(found: Intervals) -> bool:
    """Whether a difference is too small to matter."""
    return bool(-LEVEL < found.low[0] and found.high[0] < LEVEL)


def above(found: Intervals) -> bool:
    """Whether a difference is more than nothing."""
    return bool(found.low[0] > 0)


def answer(these: Sequence[Condition], who: str, others: Iterable[str], asked: Callable[[Intervals], bool]) -> str:
    """Whether a network's differences from others over environments are what is asked; nothing without environments."""
    if not these:
        return "-"
    found = [apart(these, who, other) for other in others]
    return f"{'yes' if all(map(asked, found)) else 'no'}: {', '.join(map(shown, found))}"


def held_out(conditions: dict[str, Condition], never_met: Iterable[str] = ()) -> None:
    """The three questions of docs/families.md, for every network, where plain ones learn and meet what is broken."""
    if unseen := [name for name, one in conditions.items() if "plain" not in one.returns]:
        print(f"left out, for no plain network has run there: {', '.join(unseen)}\n")
        conditions = {name: one for name, one in conditions.items() if name not in unseen}
    unlearned = [name for name, one in conditions.items() if not learned(one)]
    if unlearned:
        print(f"left out, for plain networks learned nothing there: {', '.join(unlearned)}\n")
    idle = [name for name in never_met if name in conditions and not whole(name)]
    if idle:
        print(f"left out, for trained plain networks do not meet the break: {', '.join(idle)}\n")
    left_out = {*unlearned, *idle}
    conditions = {name: one for name, one in conditions.items() if name not in left_out}
    if not conditions:
        print("nothing is left to compare in")
        return
    sound = [one for name, one in conditions.items() if whole(name)]
    broken = [one for name, one in conditions.items() if not whole(name)]
    networks = families(conditions)
    table(
        ["less plain", *networks[1:]],
        [
            [name, *(shown(apart([one], who, "plain")) for who in networks if who != "plain")]
            for name, one in conditions.items()
        ],
    )
    rows = []
    for who in networks:
        lows = {name: float(apart([one], who, "plain").low[0]) for name, one in conditions.items()}
        worst = min(lows, key=lows.__getitem__)
        never = f"{'yes' if lows[worst] > MARGIN else 'no'}: {lows[worst]:+.2f} ({worst})"
        rows.append(
            [
                who,
                never if who != "plain" else "",
                answer(sound, who, ("exact",), level) if who != "exact" else "",
                answer(broken, who, ("plain", "rpp"), above) if who not in ("plain", "rpp") else "",
            ]
        )
    table(["network", "never worse than plain", "level with exact where whole", "above plain, rpp where broken"], rows)


def main() -> int:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked = parser.add_subparsers(dest="asked", required=True)
    for name in ("tuning", "held_out", "means"):
        asked.add_parser(name).add_argument("runs", type=Path, nargs="+", help=RUNS)
    for name in ("met", "auto"):
        asked.choices["held_out"].add_argument(f"--{name}", type=Path, help=f"table of families_{name}.py")
    given = parser.parse_args()
    try:
        conditions = conditions_of(given.runs)
        if line := missing(conditions):
            print(line)
        if given.asked == "means":
            means(conditions)
        elif given.asked == "tuning":
            tuning(conditions)
        else:
            conditions = with_auto(conditions, given.auto) if given.auto else conditions
            held_out(conditions, unmet(given.met) if given.met else ())
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
