"""The policy that acts against the actor that is trained."""

import pytest
import torch

from nearsym.agents.algorithms.acting import ActingPolicy
from nearsym.agents.algorithms.flat import Flat
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Actor, DeterministicActor, family

MIRROR = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
SEEN, NOISE = torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([[0.3]])


def policy(outputs, noise):
    """Shows all that an actor gives."""
    first, *rest = [outputs] if isinstance(outputs, torch.Tensor) else outputs
    return sum(rest, first) + noise


def acting_of(actor):
    flat = Flat(parameter for parameter in actor.parameters() if parameter.requires_grad)
    return ActingPolicy(actor, policy, flat)


@pytest.mark.parametrize("name", ["plain", "exact", "relaxed", "rpp"])
def test_it_gives_the_actors_actions_to_the_bit_however_parameters_are_written(name):
    actor = Actor(MIRROR.observation.rep, MIRROR.action, family(name, width=16))
    acting = acting_of(actor)

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
        before = policy(actor(SEEN), NOISE)
        for write in (lambda: None, double, through_data, replaced):
            write()
            assert torch.equal(acting(SEEN, NOISE), policy(actor(SEEN), NOISE))
            assert torch.equal(acting(SEEN, NOISE), policy(actor(SEEN), NOISE))
        assert not torch.equal(acting(SEEN, NOISE), before)
        assert not torch.equal(acting(SEEN, NOISE), acting(SEEN, 0 * NOISE))


@pytest.mark.parametrize("kind", [Actor, DeterministicActor])
def test_compiled_it_gives_the_actors_actions_to_rounding(kind):
    actor = kind(MIRROR.observation.rep, MIRROR.action, family("relaxed", width=16))
    acting = acting_of(actor)
    acting.compile(pytest.fail)
    with torch.no_grad():
        for _ in range(3):
            torch.testing.assert_close(acting(SEEN, NOISE), policy(actor(SEEN), NOISE))
            before = acting(SEEN, NOISE)
            for parameter in actor.parameters():
                if parameter.requires_grad:
                    parameter.data = parameter.data + 0.1
            assert not torch.allclose(acting(SEEN, NOISE), before)
        several = SEEN.expand(4, -1)  # of another shape, which is not compiled
        torch.testing.assert_close(acting(several, NOISE), policy(actor(several), NOISE))


@pytest.mark.parametrize("compiled", [False, True])
def test_clocks_that_move_alone_are_followed(compiled):
    network = family("scheduled", width=16, relaxed_updates=8)
    actor = Actor(MIRROR.observation.rep, MIRROR.action, network)
    with torch.no_grad():
        for parameter in actor.parameters():
            parameter.normal_()
        trained = Flat(parameter for parameter in actor.parameters() if parameter.requires_grad)
        acting = ActingPolicy(actor, policy, trained)
        for clock in network.clocks(actor):
            clock.requires_grad_(True)  # one that takes them for trained, and misses them
        forgetful = ActingPolicy(actor, policy, trained)
        for clock in network.clocks(actor):
            clock.requires_grad_(False)
        if compiled:
            acting.compile(pytest.fail)
        for update in (0.0, 2.0, 4.0):
            for clock in network.clocks(actor):
                clock.fill_(update)
            torch.testing.assert_close(acting(SEEN, NOISE), policy(actor(SEEN), NOISE))
            fresh = torch.allclose(forgetful(SEEN, NOISE), policy(actor(SEEN), NOISE))
            assert fresh == (update == 0)  # negative control
