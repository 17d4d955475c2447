"""The encoder of images, forward and backward, beside escnn's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nearsym.agents.algorithms.precision import precision_of_images
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, milliseconds, take_turns
from nearsym.agents.runs.build import device_named
from nearsym.agents.runs.freed_memory import keep_freed_memory
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Image, Symmetry
from nearsym.networks import architectures, encoder_for

PEER = "escnn"
SHAPE = (9, 85, 85)
FILTERS = 32
PLANES: dict[str, list[Any]] = {"D1": [[-1, 1]], "C4": [[[0, -1], [1, 0]]], "D4": [[[0, -1], [1, 0]], [-1, 1]]}


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Forward and backward pass of the DrQ-v2 encoder, 32 planes in all, for every family and for escnn, as it stands.

    All work in the precision that the agent would have on this device, escnn's by torch's autocast.

    Raises:
        InputError: a group has no such encoder.
    """
    for group in settings.groups:
        if group not in PLANES:
            raise InputError(f"groups has {group!r}, expected D1, C4 or D4")
    torch.set_num_threads(settings.threads)
    keep_freed_memory()  # as in training
    batch, device = settings.agent.batch_size, device_named(settings.device)
    precision = precision_of_images(settings.agent.precision, device)
    for group in settings.groups or PLANES:
        generators = PLANES[group]
        plane = Symmetry.generated(generators, generators).action
        torch.manual_seed(0)
        images = torch.randint(0, 256, (batch, *SHAPE), dtype=torch.uint8).to(device)
        encoders: dict[str, nn.Module] = {PEER: _EscnnEncoder(group, plane.group.rows, precision)}
        for name, kind in architectures().items():
            encoder = encoders[name] = encoder_for(Image(plane, SHAPE), kind(), filters=FILTERS)
            encoder.precision = precision
        calls = {name: partial(_both_ways, encoder.to(device), images) for name, encoder in encoders.items()}
        title = f"encoder forward and backward, {group}, batch {batch}, {settings.machine}"
        states = dict.fromkeys(calls, "bfloat16") if precision else None
        rows = milliseconds(take_turns(calls, settings.rounds), states)
        yield Table(title, "ms", rows, {"group": group, "batch": batch})


def _both_ways(encoder: nn.Module, images: Tensor) -> None:
    encoder(images).square().mean().backward()


class _EscnnEncoder(nn.Module):
    """The same encoder built from escnn's own layers."""

    def __init__(self, group: str, order: int, precision: torch.dtype | None) -> None:
        super().__init__()
        self._precision = precision
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escnn and what it imports warn of their own insides
            from escnn import nn as escnn

            from nearsym.networks.steerable import field, space

            plane = space(group)
            channels = round(FILTERS / order)
            self.before, hidden = field(plane, SHAPE[0], "trivial"), field(plane, channels)
            layers: list[nn.Module] = []
            for k in range(4):
                layers.append(escnn.R2Conv(self.before if k == 0 else hidden, hidden, 3, stride=2 if k == 0 else 1))
                layers.append(escnn.ReLU(hidden))
            self.layers = escnn.SequentialModule(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """The last feature map."""
        with torch.autocast(images.device.type, self._precision, enabled=self._precision is not None):
            features: Tensor = self.layers(self.before(images.float() / 255 - 0.5)).tensor
        return features.float()
