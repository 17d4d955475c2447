"""Modules take any leading batch shape, and give what they give row by row."""

import pytest
import torch

from nearsym.envs.symmetry import Image, Parts, Representation, Symmetry, Vector, Window
from nearsym.networks import (
    MLP,
    Actor,
    Conv2d,
    Critic,
    DeterministicActor,
    LayerNorm,
    TemporalConv,
    encoder_for,
    family,
    trunk_for,
)
from nearsym.networks.time_weights import TimeWeights

pytestmark = pytest.mark.usefixtures("float64")

MIRROR = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
REP, ACTION = MIRROR.observation.rep, MIRROR.action
PLANE = Symmetry.reflection(observation=[-1, 1], action=[-1]).observation.rep
REGULAR = Representation.regular(PLANE.group)
PICTURE = Image(PLANE, (3, 15, 15))
PAST = Parts({"past": Window(PLANE, 16), "now": Vector(Representation.trivial(PLANE.group))})

BUILT = {
    "actor": (lambda network: Actor(REP, ACTION, network), [(3,)]),
    "deterministic actor": (lambda network: DeterministicActor(REP, ACTION, network), [(3,)]),
    "critic": (lambda network: Critic(REP, ACTION, network), [(3,), (1,)]),
    "mlp": (lambda network: MLP(REP, [ACTION], network, members=2), [(3,)]),
    "convolution": (lambda network: Conv2d(PLANE, REGULAR, REGULAR, 2, 3, network), [(4, 7, 7)]),
    "over time": (lambda network: TemporalConv(PLANE, REGULAR, 1, 3, 16, network, relax="output"), [(2, 16)]),
    "weights of time": (lambda network: TimeWeights(16), [(2, 16)]),
    "normalisation": (lambda network: LayerNorm(REGULAR, 3, tied=True), [(6,)]),
    "encoder of images": (lambda network: encoder_for(PICTURE, network, filters=8), [(3, 15, 15)]),
    "trunk of images": (lambda network: trunk_for(encoder_for(PICTURE, network, filters=4), network, 8), [(4, 1, 1)]),
    "trunk of windows": (lambda network: trunk_for(encoder_for(PAST, network), network), [(33,)]),
}


@pytest.mark.parametrize("choice", ["plain", "relaxed"])
@pytest.mark.parametrize("name", BUILT)
def test_rows_are_what_they_are_alone(name, choice):
    build, shapes = BUILT[name]
    torch.manual_seed(0)
    module = build(family(choice, width=16, window_channels=2))
    scale = 255 if name == "encoder of images" else 1
    inputs = [scale * torch.rand(2, 5, *shape) for shape in shapes]
    together = outputs(module(*inputs))
    flat = outputs(module(*(x.flatten(0, 1) for x in inputs)))
    members = 1 if name in ("critic", "mlp") else 0  # of an ensemble, before the batch
    for one, other in zip(together, flat, strict=True):
        assert one.shape[members : members + 2] == (2, 5)
        torch.testing.assert_close(one.flatten(members, members + 1), other)
    assert not torch.allclose(flat[0], flat[0].flip(members))  # negative control: rows differ


def outputs(given):
    return list(given) if isinstance(given, (list, tuple)) else [given]
