"""data_augmentation_func as rsl_rl documents it, and functions of that kind in an audit."""

import numpy as np
import pytest
import torch

from nearsym.agents.adapters import maps_of, rsl_rl
from nearsym.envs import make
from nearsym.envs.auditing import audit_map
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Pseudovectors, Symmetry, Vectors, from_parts, mirror, turn

WALKER = make("dmc/walker-walk", dtype="float64")
SQUARE = from_parts(
    [turn(90), mirror("y")], observation=[Vectors("a", "b", axes="xy")], action=[Vectors("f", axes="xy")]
)


def test_images_are_stacked_behind_the_original():
    obs, actions = torch.randn(5, 4), torch.randn(5, 2)
    images, moved = rsl_rl(SQUARE)(env=None, obs=obs, actions=actions)
    assert images.shape == (40, 4) and moved.shape == (40, 2)
    torch.testing.assert_close(images[:5], obs)
    for g in range(8):
        expected = obs.numpy() @ SQUARE.observation.rep.matrix[g].T
        np.testing.assert_allclose(images[5 * g : 5 * g + 5].numpy(), expected, atol=1e-6)
        expected = actions.numpy() @ SQUARE.action.matrix[g].T
        np.testing.assert_allclose(moved[5 * g : 5 * g + 5].numpy(), expected, atol=1e-6)


def test_either_may_be_none_and_gradients_pass():
    augment = rsl_rl(SQUARE)
    actions = torch.randn(3, 2, requires_grad=True)
    images, moved = augment(obs=None, actions=actions, env=None)
    assert images is None
    moved.sum().backward()
    assert actions.grad is not None
    assert augment(obs=torch.zeros(3, 4), actions=None, env=None)[1] is None


def test_turns_by_other_angles_are_dense():
    symmetry = from_parts(turn(120), observation=[Vectors("a", axes="xy")], action=[Pseudovectors("w", axes="z")])
    images, _ = rsl_rl(symmetry)(obs=torch.tensor([[1.0, 0.0]]))
    angles = np.deg2rad([0, 120, 240])
    np.testing.assert_allclose(images.numpy(), np.stack([np.cos(angles), np.sin(angles)], axis=1), atol=1e-6)


def test_groups_move_each_as_declared():
    symmetry = Symmetry.reflection(observation={"policy": [-1, 1], "critic": [1, -1, -1]}, action=[-1])
    obs = {"policy": torch.ones(2, 2), "critic": torch.ones(2, 3)}
    images, _ = rsl_rl(symmetry)(env=None, obs=obs, actions=None)
    assert images["policy"][2:].tolist() == [[-1, 1]] * 2 and images["critic"][2:].tolist() == [[1, -1, -1]] * 2
    assert obs["policy"].shape == (2, 2)
    older, _ = rsl_rl(symmetry)(obs["critic"] * 0, obs["critic"], None, "critic")
    assert older[2:].tolist() == [[1, -1, -1]] * 2
    with pytest.raises(InputError, match="'rnd_state' move, only policy, critic"):
        rsl_rl(symmetry)(obs={"rnd_state": torch.ones(2, 2)})
    with pytest.raises(InputError, match="has 4 numbers, the symmetry moves 2"):
        rsl_rl(symmetry)(obs=torch.ones(1, 4))


def test_a_group_that_is_not_listed_is_refused():
    swap, cycle = [1, 0, *range(2, 8)], [*range(1, 8), 0]
    with pytest.raises(InputError, match="declare a subgroup"):
        rsl_rl(Symmetry.generated(observation=[swap, cycle], action=[swap, cycle]))


def test_what_we_give_is_audited_exact_and_with_a_wrong_sign_is_named():
    ours = rsl_rl(WALKER.symmetry)
    (one,) = maps_of(ours, WALKER)
    assert audit_map(WALKER, one, samples=10).verdict == "exact"

    def wrong(env, obs, actions):
        images, moved = ours(env, obs, actions)
        images[len(obs) :, 20] *= -1
        return images, moved

    (other,) = maps_of(wrong, WALKER)
    assert [each.index for each in audit_map(WALKER, other, samples=10).faults] == [20]


def test_functions_of_groups_and_of_tensors_are_maps():
    def of_groups(env, obs, actions):
        return {"policy": torch.cat([obs["policy"], -obs["policy"]])}, torch.cat([actions, -actions])

    def of_tensors(obs, act):
        return torch.neg(obs), act.neg()

    def of_arrays(obs, act):
        return -obs, -act

    for function in (of_groups, of_tensors, of_arrays):
        (one,) = maps_of(function, WALKER)
        obs, act = one(np.ones((3, 24)), np.ones((3, 6)))
        assert (obs == -1).all() and (act == -1).all() and obs.shape == (3, 24)


def broken(env, obs, actions):
    raise ZeroDivisionError("by hand")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (3, "expected a function"),
        (lambda env, obs, actions: (obs, actions), "as many of both"),
        (lambda env, obs, actions: obs, "expected a pair"),
        (broken, "by hand"),
    ],
)
def test_what_is_no_map_is_refused(function, message):
    with pytest.raises(InputError, match=message):
        maps_of(function, WALKER)
