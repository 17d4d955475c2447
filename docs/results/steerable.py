"""Measures how nearly a stack of steerable convolutions commutes with turns of 85x85 images.

python docs/results/steerable.py runs/steerable.csv
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, rotate
from torch import Tensor, nn

from nearsym.networks import SteerableConv2d, family
from nearsym.networks.steerable import field, space

SIZE, IMAGES, CHANNELS = 85, 4, 4
GROUPS = ("C8", "D8")
CHOICES = ("exact", "relaxed", "plain")
MARGIN = 4  # output pixels at the border, where a turn brings in what was outside


def encoder(group: str, choice: str) -> tuple[nn.Module, object]:
    """Four layers like DrQ-v2's with 5x5 kernels, and the type of their output."""
    torch.manual_seed(0)
    plane = space(group)
    before, hidden = field(plane, 3, "trivial"), field(plane, CHANNELS)
    settings = family(choice)
    layers: list[nn.Module] = [SteerableConv2d(before, hidden, settings, stride=2), nn.ReLU()]
    for _ in range(3):
        layers += [SteerableConv2d(hidden, hidden, settings), nn.ReLU()]
    return nn.Sequential(*layers), hidden


def turned(images: Tensor, degrees: float) -> Tensor:
    """Images turned counter-clockwise about their centre."""
    if degrees == 90:
        return torch.rot90(images, 1, (2, 3))
    return torch.tensor(rotate(images.numpy(), degrees, axes=(3, 2), reshape=False, order=3))


@torch.no_grad()
def error(group: str, choice: str, degrees: float, blur: float) -> float:
    """‖f(g x) - g f(x)‖ / ‖f(x)‖ away from the border."""
    layers, kind = encoder(group, choice)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(IMAGES, 3, SIZE, SIZE))
    radius = np.hypot(*(np.indices((SIZE, SIZE)) - SIZE // 2))
    images = torch.tensor(gaussian_filter(noise, (0, 0, blur, blur)) * (radius < 0.35 * SIZE)).float()
    steps = round(degrees / 45)
    g = space(group).fibergroup.element((0, steps) if group.startswith("D") else steps)
    rep = torch.tensor(kind.representation(g)).float()  # type: ignore[attr-defined]
    expected = torch.einsum("ij,bjhw->bihw", rep, turned(layers(images), degrees))
    found = layers(turned(images, degrees))
    inside = (..., slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    return float((found - expected)[inside].norm() / expected[inside].norm())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    path = parser.parse_args().table
    rows = [
        (group, choice, degrees, blur, error(group, choice, degrees, blur))
        for group in GROUPS
        for choice in CHOICES
        for degrees, blur in ((90, 1.0), (45, 1.0), (45, 2.0))
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("group", "network", "degrees", "blur", "error"))
        writer.writerows((*row[:-1], f"{row[-1]:.3g}") for row in rows)
    for row in rows:
        print(*row)
