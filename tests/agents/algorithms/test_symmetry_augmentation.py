"""Transitions moved by random elements: the right ones, about equally often, all parts by the same one."""

import gymnasium
import numpy as np
import pytest
import torch

from nearsym.agents import SAC, DrQv2
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.symmetry_augmentation import OrbitAugmentation, SymmetryAugmentation, random_elements
from nearsym.envs import make, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Group, Representation, Symmetry
from nearsym.envs.trading.symmetry import market_symmetry
from nearsym.networks import Critic, encoder_for, family, trunk_for

CPU = torch.device("cpu")


def batch_of(symmetry, count):
    torch.manual_seed(0)
    rep, action = symmetry.observation.rep, symmetry.action
    vectors = (torch.randn(count, dim) for dim in (rep.dim, action.dim, rep.dim))
    observations, actions, following = vectors
    return Batch(observations, actions, torch.randn(count), following, torch.ones(count))


def rotations():
    """By eighths of a turn, which leave the action alone."""
    angle = np.arange(8) * np.pi / 4
    matrices = np.moveaxis(np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), -1, 0)
    group = Group.cyclic(8)
    return Symmetry(group, Representation.matrices(group, matrices), Representation.trivial(group, 1))


SYMMETRIES = {
    "mirror": lambda: symmetry_of(make("dmc/cartpole-swingup")),
    "square": lambda: symmetry_of(make("dmc/point_mass-easy")),
    "eighths": rotations,
}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_each_row_is_moved_by_one_element_and_all_of_them_are_used(name):
    symmetry = SYMMETRIES[name]()
    batch = batch_of(symmetry, 800)
    moved = SymmetryAugmentation(symmetry, CPU)(batch)
    used = np.zeros(symmetry.group.rows, dtype=int)
    observation = symmetry.observation.rep
    reps = {"observations": observation, "actions": symmetry.action, "next_observations": observation}
    for row in range(800):
        fits = np.ones(symmetry.group.rows, dtype=bool)
        for part, rep in reps.items():
            before, after = (getattr(one, part)[row].numpy() for one in (batch, moved))
            fits &= [np.allclose(rep.apply(g, before), after, atol=1e-5) for g in range(symmetry.group.rows)]
        assert fits.sum() == 1
        used += fits
    expected = 800 / symmetry.group.rows
    assert (np.abs(used - expected) < 5 * np.sqrt(expected)).all()
    assert torch.equal(moved.rewards, batch.rewards) and torch.equal(moved.discounts, batch.discounts)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_a_whole_orbit_has_every_image_of_every_row(name):
    symmetry = SYMMETRIES[name]()
    batch = batch_of(symmetry, 5)
    moved = OrbitAugmentation(symmetry, CPU)(batch)
    rows, observation = symmetry.group.rows, symmetry.observation.rep
    reps = {"observations": observation, "actions": symmetry.action, "next_observations": observation}
    for part, rep in reps.items():
        expected = [rep.apply(g, row) for g in range(rows) for row in getattr(batch, part).numpy()]
        np.testing.assert_allclose(getattr(moved, part).numpy(), np.array(expected), atol=1e-5)
    assert torch.equal(moved.rewards, batch.rewards.repeat(rows)) and len(moved.discounts) == 5 * rows


def test_of_generators_alone_there_is_no_whole_orbit():
    symmetry = market_symmetry(["A", "B", "C"], 12, 0, short=True)
    with pytest.raises(InputError, match="of which only generators are known; use network=augmented"):
        OrbitAugmentation(symmetry, CPU)


def test_agents_learn_from_whole_orbits_where_asked_to(monkeypatch):
    lengths = []
    for name in ("augmented", "orbits"):
        agent = SAC(make("dmc/point_mass-easy"), network=family(name, width=16), learning_starts=10, batch_size=8)
        learner = agent.learner
        step = learner._step
        monkeypatch.setattr(
            learner, "_step", lambda batch, drawn, step=step: lengths.append(len(batch.actions)) or step(batch, drawn)
        )
        agent.learn(11)
    assert lengths == [8, 64]


def test_random_elements_of_a_market_are_of_its_group():
    """An exactly invariant critic cannot tell moved transitions from the replayed ones; a plain one can."""
    symmetry = market_symmetry(["A", "B", "C", "D", "E"], 12, 0, short=True)
    batch = batch_of(symmetry, 64)
    moved = SymmetryAugmentation(symmetry, CPU)(batch)
    gaps = {}
    for name in ("exact", "plain"):
        network = family(name, width=20)
        critic = Critic(trunk_for(encoder_for(symmetry.observation, network), network), symmetry.action, network)
        with torch.no_grad():
            gap = critic(batch.observations, batch.actions) - critic(moved.observations, moved.actions)
        gaps[name] = gap.abs().max().item()
    assert gaps["exact"] < 1e-5 < 1e-2 < gaps["plain"]
    assert not torch.allclose(moved.observations, batch.observations)


def test_random_elements_are_nearly_uniform():
    order = [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2]]
    group = Group.generated("S4", ("a", "b", "c"), order)
    index, sign = random_elements(Representation.signed_permutation(group, order), 4800, 0)
    _, counts = np.unique(index, axis=0, return_counts=True)
    assert len(counts) == 24 and (sign == 1).all()
    assert ((counts - 200) ** 2 / 200).sum() < 60  # chi-squared with 23 degrees of freedom: 49.7 at 0.1%
    words = np.array(order)[np.random.default_rng(0).integers(3, size=(4800, 3))]  # a short product is not
    short = words[:, 0][np.arange(4800)[:, None], words[:, 1][np.arange(4800)[:, None], words[:, 2]]]
    _, counts = np.unique(short, axis=0, return_counts=True)
    assert len(counts) < 24


def test_images_are_turned_with_their_actions():
    symmetry = symmetry_of(make("dmc/point_mass-easy", pixels=True))
    shape = (40, 9, 85, 85)
    images = torch.randint(0, 256, shape, dtype=torch.uint8)
    actions = torch.rand(40, 2)
    batch = Batch(images, actions, torch.zeros(40), images, torch.zeros(40))
    moved = SymmetryAugmentation(symmetry, CPU)(batch)
    assert moved.observations.dtype == torch.uint8 and moved.observations.shape == shape
    torch.testing.assert_close(moved.observations, moved.next_observations)
    flat = images.flatten(1).numpy()
    turns = [symmetry.observation.rep.apply(g, flat) for g in range(8)]
    after = moved.observations.flatten(1).numpy()
    used = [[g for g in range(8) if np.array_equal(turns[g][row], after[row])] for row in range(40)]
    assert all(len(found) == 1 for found in used) and len({found[0] for found in used}) > 4
    for row, (g,) in enumerate(used):
        np.testing.assert_allclose(symmetry.action.apply(g, actions[row].numpy()), moved.actions[row].numpy())


def test_agents_learn_from_moved_transitions_only_when_asked():
    env = make("dmc/cartpole-swingup", action_repeat=20)
    for augment in (True, False):
        network = family("plain", width=16, augment=augment)
        agent = SAC(env, network, learning_starts=10, batch_size=8, seed=0).learn(20)
        batch, learned = agent.experience.sample(64), []
        agent.learner._step = lambda batch, drawn, learned=learned: learned.append(batch)
        agent.learner.update(batch)
        assert torch.equal(learned[0].observations, batch.observations) != augment


def test_what_cannot_be_augmented_is_refused():
    with pytest.raises(InputError, match="network=augmented needs a symmetry"):
        SAC(gymnasium.make("MountainCarContinuous-v0"), "augmented")
    with pytest.raises(InputError, match="network=augmented needs a symmetry and the environment declares none on its"):
        DrQv2(_Undeclared(make("dmc/cartpole-swingup", pixels=True)), "augmented", buffer_size=10)


class _Undeclared(gymnasium.Wrapper):
    """Hides the symmetry of what it wraps."""

    symmetry = None
