"""The actor that acts against the one that is trained."""

import pytest
import torch

from nearsym.agents.algorithms.acting import ActingActor
from nearsym.agents.algorithms.flat import Flat
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Actor, DeterministicActor, family

MIRROR = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
SEEN = torch.tensor([[0.5, -1.0, 2.0]])


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def flat_of(actor):
    return Flat(parameter for parameter in actor.parameters() if parameter.requires_grad)


@pytest.mark.parametrize("name", ["plain", "exact", "relaxed", "rpp"])
def test_it_gives_the_actors_outputs_to_the_bit_however_parameters_are_written(name):
    actor = Actor(MIRROR.observation.rep, MIRROR.action, family(name, width=16))
    acting = ActingActor(actor, flat_of(actor))

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


@pytest.mark.parametrize("kind", [Actor, DeterministicActor])
def test_compiled_it_gives_the_actors_outputs_to_rounding(kind):
    actor = kind(MIRROR.observation.rep, MIRROR.action, family("relaxed", width=16))
    acting = ActingActor(actor, flat_of(actor))
    acting.compile(pytest.fail)
    together = lambda given: given if isinstance(given, torch.Tensor) else torch.stack(list(given))  # noqa: E731
    with torch.no_grad():
        for _ in range(3):
            torch.testing.assert_close(together(acting(SEEN)), together(actor(SEEN)))
            before = together(acting(SEEN))
            for parameter in actor.parameters():
                if parameter.requires_grad:
                    parameter.data = parameter.data + 0.1
            assert not torch.allclose(together(acting(SEEN)), before)
        several = SEEN.expand(4, -1)  # of another shape, which is not compiled
        torch.testing.assert_close(together(acting(several)), together(actor(several)))
    assert together(acting(SEEN)).requires_grad
