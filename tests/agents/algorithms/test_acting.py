"""The actor that acts against the one that is trained."""

import pytest
import torch

from nearsym.agents.algorithms.acting import ActingActor
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Actor, family

MIRROR = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
SEEN = torch.tensor([[0.5, -1.0, 2.0]])


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", ["plain", "exact", "relaxed", "rpp"])
def test_it_gives_the_actors_outputs_to_the_bit_however_parameters_are_written(name):
    actor = Actor(MIRROR.observation.rep, MIRROR.action, family(name, width=16))
    acting = ActingActor(actor)

    def double():
        with torch.no_grad():
            for parameter in actor.parameters():
                parameter.mul_(2)

    def through_data():
        for parameter in actor.parameters():
            parameter.data += 0.1

    def replaced():
        for parameter in actor.parameters():
            parameter.data = parameter.data + 0.1

    with torch.no_grad():
        before = actor(SEEN)
        for write in (lambda: None, double, through_data, replaced):
            write()
            assert same(acting(SEEN), actor(SEEN)) and same(acting(SEEN), actor(SEEN))
        assert not same(acting(SEEN), before)
    assert all(output.requires_grad for output in acting(SEEN))
