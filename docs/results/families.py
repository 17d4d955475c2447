"""Every family of networks on functions whose symmetry holds, or is broken in one of three ways.

    python docs/results/families.py runs/families.csv --figure runs/families.svg

writes the table and the figure it is told to: a quarter of an hour on one core, all seeds of a network at once. Ours
are families.csv and families.svg, which docs/networks.md shows; `--print` prints ratios and trains nothing.

A function is a random network t of 4 inputs and 2 outputs, made symmetric or not:

    whole      f(x) = mean_g ρ_out(g)⁻¹ t(ρ_in(g) x)
    mild       whole + 0.2 t', for another t'
    reversed   f(x) = mean_g χ(g) ρ_out(g)⁻¹ t(ρ_in(g) x), χ(g) = -1 for mirrors: what mirrors should do it does the
               other way round
    arbitrary  t

each scaled to a mean square of 1. Networks of width 32 learn it from 256 samples, normal inputs and
targets with noise of 0.1, by 1500 steps of Adam on batches of 64, at a learning rate that falls from 3e-3 to 0.
Columns: group, function, network, seed, step, and the mean squared error on 2048 other inputs without noise.
"""

import argparse
import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import nn
from torch.func import functional_call, stack_module_state

from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.symmetry_augmentation import Orbit, SymmetryAugmentation
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import MLP, RATE, Applied, Exact, Plain, family, transform
from nearsym.networks.gate import Gate, start_alike

SEEDS, SAMPLES, TESTS, BATCH, STEPS, NOISE, RATE_AT_FIRST = 20, 256, 2048, 64, 1500, 0.1, 3e-3
MEASURED = (150, 500, 1500)
WIDTH = 32
QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SYMMETRIES = {
    "C2": Symmetry.reflection(observation=[-1, 1, -1, 1], action=[-1, 1]),
    "D4": Symmetry.generated(
        observation=[np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)], action=[QUARTER, MIRROR]
    ),
}
FUNCTIONS = ("whole", "mild", "reversed", "arbitrary")
NETWORKS = (
    "plain",
    "augmented",
    "exact",
    "relaxed",
    "relaxed, all banks",
    "rpp",
    "complement",
    "projected",
    "constrained",
    "mirror",
    "gated",
)


def teacher():
    """A random function."""
    layers = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
    for layer in layers[::2]:
        nn.init.normal_(layer.weight, std=1.5 / math.sqrt(layer.in_features))
    return layers.requires_grad_(False)


def averaged(symmetry, t, x, signs):
    """mean_g signs(g) ρ_out(g)⁻¹ t(ρ_in(g) x)."""
    rep, action = symmetry.observation.rep, symmetry.action
    total = 0
    for g in range(symmetry.group.order):
        back = torch.tensor(action.matrix[g], dtype=torch.float32)  # ρ⁻¹ = ρᵀ, on rows
        total = total + signs[g] * t(transform(rep, g, x)) @ back
    return total / symmetry.group.order


def function(symmetry, name, seed):
    """What is to be learned."""
    torch.manual_seed(1000 + seed)
    t, other = teacher(), teacher()
    action = symmetry.action.matrix
    ones = np.ones(symmetry.group.order)
    mirrors = np.sign(np.linalg.det(action))
    drawn = torch.randn(TESTS, 4)

    def unit(f):
        size = f(drawn).square().mean().sqrt()
        return lambda x: f(x) / size

    whole = unit(lambda x: averaged(symmetry, t, x, ones))
    if name == "whole":
        return whole
    if name == "mild":
        off = unit(other)
        return unit(lambda x: whole(x) + 0.2 * off(x))
    return unit(t if name == "arbitrary" else lambda x: averaged(symmetry, t, x, mirrors))


def settings_of(network, symmetry):
    """Its family, with the keys that its name says."""
    if network == "relaxed, all banks":
        return family("relaxed", width=WIDTH, banks=symmetry.group.order, relaxation_penalty=3e-4)
    keys = {"relaxation_penalty": 3e-4} if network == "relaxed" else {}  # the default of that time
    return family(network, width=WIDTH, **keys)


class GatedMLP(nn.Module):
    """(1 - λ) f_E + λ f_N, with a gate whose predictors predict the same targets."""

    def __init__(self, symmetry, settings):
        super().__init__()
        rep, outputs = symmetry.observation.rep, [symmetry.action]
        self.equivariant, self.free = (MLP(rep, outputs, kind.like(settings)) for kind in (Exact, Plain))
        start_alike(self.equivariant, self.free)
        self.gate = Gate(rep, outputs, settings, settings.gate_threshold)

    def forward(self, x):
        """As of an MLP with one head."""
        weight = self.gate(x).unsqueeze(-1)
        return [(1 - weight) * self.equivariant(x)[0] + weight * self.free(x)[0]]


class Objective(nn.Module):
    """The loss of a network with what its family adds."""

    def __init__(self, symmetry, settings):
        super().__init__()
        gated = settings.name == "gated"
        self.mlp = GatedMLP(symmetry, settings) if gated else MLP(symmetry.observation.rep, [symmetry.action], settings)
        self.settings = settings
        self.moves = [Orbit(rep, torch.device("cpu")) for rep in (symmetry.observation.rep, symmetry.action)]

    def predict(self, x):
        """(batch, 2)."""
        return self.mlp(x)[0].squeeze(0)

    def forward(self, x, y):
        """A scalar, of a batch."""
        loss = (self.predict(x) - y).square().mean()
        penalty = self.settings.regularizer(self.mlp, loss, Applied("actor", self.predict, x, *self.moves))
        loss = loss if penalty is None else loss + penalty
        return loss + self.mlp.gate.loss(x, y) if isinstance(self.mlp, GatedMLP) else loss


def samples(symmetry, name):
    """Inputs and targets of every seed, and others to test on, (seeds, ·, 4 or 2) each."""
    data = []
    for seed in range(SEEDS):
        f = function(symmetry, name, seed)
        torch.manual_seed(seed)
        x, test = torch.randn(SAMPLES, 4), torch.randn(TESTS, 4)
        data.append((x, f(x) + NOISE * torch.randn(SAMPLES, 2), test, f(test)))
    return [torch.stack(part) for part in zip(*data, strict=True)]


def errors(symmetry, data, network):
    """(seeds,) at each of `MEASURED`; all seeds are trained at once."""
    settings, models = settings_of(network, symmetry), []
    x, y, test, truth = data
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        models.append(Objective(symmetry, settings))
    parameters, buffers = stack_module_state(models)
    trained = {key: p for key, p in parameters.items() if dict(models[0].named_parameters())[key].requires_grad}
    fixed = {**buffers, **{key: p for key, p in parameters.items() if key not in trained}}
    names = {id(p): key for key, p in models[0].named_parameters()}
    groups = [
        {"params": [trained[names[id(p)]] for p in group["params"]], "lr": RATE_AT_FIRST * group.get(RATE, 1.0)}
        for group in settings.parameter_groups([models[0]])
    ]
    optimizer = torch.optim.Adam(groups, fused=True)
    objective = torch.vmap(lambda p, b, x, y: functional_call(models[0], (p, b), (x, y)))
    predict = torch.vmap(lambda p, b, x: functional_call(models[0].mlp, (p, b), (x,))[0].squeeze(0))
    moved = SymmetryAugmentation(symmetry, torch.device("cpu")) if settings.augment else None
    torch.manual_seed(0)
    found = []
    for step in range(1, STEPS + 1):
        chosen = torch.randint(SAMPLES, (SEEDS, BATCH))
        inputs = torch.gather(x, 1, chosen[..., None].expand(-1, -1, 4))
        targets = torch.gather(y, 1, chosen[..., None].expand(-1, -1, 2))
        if moved is not None:
            flat = inputs.flatten(0, 1)
            batch = moved(Batch(flat, targets.flatten(0, 1), flat[:, 0], flat, flat[:, 0]))
            inputs, targets = batch.observations.view_as(inputs), batch.actions.view_as(targets)
        for group in optimizer.param_groups:  # down to 0, so that the end is one
            group["lr"] = group.setdefault("first", group["lr"]) * (1 - (step - 1) / STEPS)
        optimizer.zero_grad()
        objective(trained, fixed, inputs, targets).sum().backward()
        optimizer.step()
        if step in MEASURED:
            with torch.no_grad():
                inside = {key.removeprefix("mlp."): p for key, p in trained.items()}
                other = {key.removeprefix("mlp."): p for key, p in fixed.items()}
                found.append((predict(inside, other, test) - truth).square().mean(dim=(1, 2)).tolist())
    return found


def rows():
    """All of the table."""
    for group, symmetry in SYMMETRIES.items():
        for name in FUNCTIONS:
            data = samples(symmetry, name)
            for network in NETWORKS:
                for step, each in zip(MEASURED, errors(symmetry, data, network), strict=True):
                    for seed, error in enumerate(each):
                        yield group, name, network, seed, step, f"{error:.4g}"


def ratios(path):
    """{(group, function, network): (mean, low, high)} of the error over plain's on the same seed, at the end.

    Geometric means; intervals are Student's t of the logarithms, each for itself.
    """
    found = defaultdict(dict)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if int(row["step"]) == STEPS:
                key = row["group"], row["function"], row["network"]
                found[key][int(row["seed"])] = math.log(float(row["error"]))
    table = {}
    for (group, name, network), mine in found.items():
        apart = np.array([mine[seed] - found[group, name, "plain"][seed] for seed in sorted(mine)])
        reach = stats.t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / math.sqrt(len(apart))
        table[group, name, network] = tuple(np.exp([apart.mean(), apart.mean() - reach, apart.mean() + reach]))
    return table


def markdown(path):
    """The table of docs/networks.md."""
    table = ratios(path)
    for group in SYMMETRIES:
        print(f"\n| {group} | {' | '.join(FUNCTIONS)} |\n|---|{'---|' * len(FUNCTIONS)}")
        for network in NETWORKS[1:]:
            cells = ["{:.2f} [{:.2f}, {:.2f}]".format(*table[group, name, network]) for name in FUNCTIONS]
            print(f"| {network} | {' | '.join(cells)} |")


def draw(path, figure):
    """Ratios with intervals, a panel for each group and function."""
    import matplotlib.pyplot as plt

    table, networks = ratios(path), NETWORKS[1:]
    _, axes = plt.subplots(2, 4, figsize=(11, 4.5), sharex="col", sharey=True, layout="constrained")
    for line, group in zip(axes, SYMMETRIES, strict=True):
        for axis, name in zip(line, FUNCTIONS, strict=True):
            mean, low, high = np.array([table[group, name, network] for network in networks]).T
            axis.errorbar(mean, range(len(networks)), xerr=(mean - low, high - mean), fmt="o", ms=4, capsize=2)
            axis.axvline(1, color="grey", lw=0.8)
            axis.set_xscale("log")
            axis.set_title(f"{group}, {name}", fontsize=10)
            axis.set_yticks(range(len(networks)), networks)
    axes[0, 0].invert_yaxis()
    axes[1, 0].set_xlabel("error / plain's")
    plt.savefig(figure, metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write, or with --print to read")
    parser.add_argument("--figure", type=Path, help="an SVG to write beside it")
    parser.add_argument("--print", action="store_true", help="train nothing, and print a table that is there")
    arguments = parser.parse_args()
    if not arguments.print:
        with arguments.table.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("group", "function", "network", "seed", "step", "error"))
            for row in rows():
                writer.writerow(row)
                file.flush()
    markdown(arguments.table)
    if arguments.figure is not None:
        draw(arguments.table, arguments.figure)
