"""Encoders and trunks: which one an observation gets, equivariance at true size, several windows, refusals."""

import numpy as np
import pytest
import torch

from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Group, Image, Parts, Representation, Symmetry, Vector, Window, image_representation
from nearsym.networks import (
    Actor,
    Critic,
    DeterministicActor,
    IdentityTrunk,
    ImageTrunk,
    WindowTrunk,
    architectures,
    encoder_for,
    equivariance_error,
    family,
    trunk_for,
)

TURN, FLIP, UPSIDE = [[0, -1], [1, 0]], [[-1, 0], [0, 1]], [[1, 0], [0, -1]]
PLANES = {"D1": [FLIP], "D2": [FLIP, UPSIDE], "C4": [TURN], "D4": [TURN, FLIP]}
SHAPE = (9, 85, 85)
RELAXED = family("relaxed", width=16, window_channels=3)


def plane(name):
    return Symmetry.generated(PLANES[name], PLANES[name]).action


def image(name, shape=SHAPE):
    return Image(plane(name), shape)


def quantities():
    """Two assets in any order, and one number of each."""
    return Representation.signed_permutation(Group.cyclic(2), [[0, 1], [1, 0]])


def seen(**parts):
    return Parts(parts)


def reading(observation, settings=RELAXED):
    encoder = encoder_for(observation, settings, filters=8)
    return encoder, trunk_for(encoder, settings, 16)


@pytest.mark.parametrize("choice", architectures())
@pytest.mark.parametrize("name", PLANES)
def test_whole_encoders_at_their_true_size(name, choice):
    """85x85 pixels, three frames, float32; relaxed and rpp as they start."""
    torch.manual_seed(0)
    settings = family(choice)
    encoder = encoder_for(image(name), settings)
    trunk = trunk_for(encoder, settings)
    images = torch.randint(0, 256, (1, *SHAPE)).float().flatten(1)
    error = equivariance_error(
        lambda x: trunk(encoder(x.view(-1, *SHAPE))), image_representation(plane(name), SHAPE), trunk.out_rep, images
    ).max()
    assert error > 0.1 if choice == "plain" else error < 1e-5


def test_a_feature_map_moves_as_it_says():
    encoder, _ = reading(image("D4", (3, 21, 21)), family("exact"))
    images = torch.rand(2, 3 * 21**2) * 255
    flat = lambda x: encoder(x.view(-1, 3, 21, 21)).flatten(1)  # noqa: E731
    assert equivariance_error(flat, encoder.in_rep, encoder.out_rep, images).max() < 1e-4
    still = Representation.trivial(encoder.out_rep.group, encoder.out_rep.dim)
    assert equivariance_error(flat, encoder.in_rep, still, images).max() > 1e-2


@pytest.mark.parametrize(
    ("observation", "kind"),
    [
        (Vector(quantities()), IdentityTrunk),
        (seen(a=Vector(quantities()), b=Vector(quantities())), IdentityTrunk),
        (Window(quantities(), 16), WindowTrunk),
        (seen(a=Vector(quantities()), b=seen(c=Window(quantities(), 16))), WindowTrunk),
        (image("D1", (3, 21, 21)), ImageTrunk),
    ],
)
def test_an_observation_chooses_its_trunk_and_any_batch_will_do(observation, kind):
    encoder, trunk = reading(observation)
    assert type(trunk) is kind and encoder.in_rep == observation.rep and trunk.in_rep == encoder.out_rep
    shape = observation.shape if isinstance(observation, Image) else (observation.dim,)
    batch = torch.rand(4, 3, *shape)
    out = trunk(encoder(batch))
    assert out.shape == (4, 3, trunk.out_rep.dim)
    torch.testing.assert_close(out[2, 1], trunk(encoder(batch[2, 1])))
    torch.testing.assert_close(out.flatten(0, 1), trunk(encoder(batch.flatten(0, 1))))
    assert trunk(encoder(batch[:0])).shape == (0, 3, trunk.out_rep.dim)


@pytest.mark.parametrize("observation", [Vector(quantities()), Window(quantities(), 16), image("D1", (3, 21, 21))])
def test_heads_take_any_batch(observation):
    action = Representation.matrices(observation.group, [[[1.0]], [[-1.0]]])
    encoder, _ = reading(observation)
    trunk = lambda: trunk_for(encoder, RELAXED, 16)  # noqa: E731
    actor, bold, critic = (kind(trunk(), action, RELAXED) for kind in (Actor, DeterministicActor, Critic))
    shape = observation.shape if isinstance(observation, Image) else (observation.dim,)
    features = encoder(torch.rand(4, 3, *shape))
    mean, log_std = actor(features)
    assert mean.shape == log_std.shape == bold(features).shape == (4, 3, 1)
    values = critic(features, torch.zeros(4, 3, 1))
    assert values.shape == (2, 4, 3)
    torch.testing.assert_close(values[:, 1, 2], critic(features[1, 2], torch.zeros(1)))
    assert bold(features).abs().max() <= 1 and critic.out_rep.dim == 1
    assert {name.split(".")[0] for name, _ in critic.named_parameters()} <= {"trunk", "mlp"}


def test_windows_are_read_wherever_they_stand():
    """Features of all windows in their order, then what is left as it was: by each window's own trunk."""
    parts = {"now": Vector(quantities()), "past": Window(quantities(), 16), "far": Window(quantities(), 10)}
    _, trunk = reading(seen(**parts))
    alone = [reading(parts[name])[1] for name in ("past", "far")]
    layers = [layer for each in alone for layer in each.layers]
    for layer, other in zip(trunk.layers, layers, strict=True):
        other.load_state_dict(layer.state_dict())
    now, past, far = torch.rand(5, 2), torch.rand(5, 32), torch.rand(5, 20)
    expected = torch.cat([alone[0](past), alone[1](far), now], dim=1)
    torch.testing.assert_close(trunk(torch.cat([now, past, far], dim=1)), expected)
    x = torch.randn(3, trunk.in_rep.dim)
    assert equivariance_error(trunk, trunk.in_rep, trunk.out_rep, x).max() < 1e-5


def test_heads_behind_images_start_as_in_drqv2():
    """Biases at 0 behind a feature map, uniform ones behind a vector."""
    action = Representation.trivial(Group.cyclic(2))
    for observation, zero in ((image("D1", (3, 21, 21)), True), (Vector(quantities()), False)):
        actor = Actor(reading(observation)[1], action, family("exact", width=16))
        assert (actor.mlp.layers[0].bias_filters.abs().max() == 0) == zero


def test_lossy_strides_are_refused():
    """84 pixels and a stride of 2 leave a row out on one side."""
    with pytest.raises(InputError, match=r"leaves out pixels on one side of an image of 84x84, .* good size is 85"):
        encoder_for(image("D1", (9, 84, 84)), RELAXED)
    with pytest.raises(InputError, match="images of 13x13 are too small for this encoder, which needs 15 pixels"):
        encoder_for(image("D1", (9, 13, 13)), RELAXED)
    encoder_for(image("D1", (9, 15, 15)), RELAXED)
    with pytest.raises(InputError, match="filters=3 is less than one channel, which takes 8 for D4"):
        encoder_for(image("D4"), RELAXED, filters=3)
    with pytest.raises(InputError, match="features=3 is less than one channel, which takes 8 for D4"):
        trunk_for(encoder_for(image("D4"), RELAXED), RELAXED, 3)
    with pytest.raises(SymmetryError, match="take pixels between pixels"):
        angle = np.pi / 4
        eighth = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        encoder_for(Image(Symmetry.generated([eighth], [eighth]).action, SHAPE), RELAXED)


def test_what_convolutions_cannot_read_is_refused():
    with pytest.raises(InputError, match="a window of 3 steps is too short for convolutions; 8 are needed"):
        reading(Window(quantities(), 3))
    with pytest.raises(InputError, match="an image beside other parts of an observation is not read yet"):
        reading(seen(a=image("D1", (3, 21, 21)), b=Vector(Representation.trivial(plane("D1").group))))


@pytest.mark.parametrize("observation", [image("D1", (3, 21, 21)), Window(quantities(), 16)])
def test_parameters_are_matched_where_there_is_nothing_but_perceptrons(observation):
    matched = family("relaxed", width=64, match_parameters=True)
    with pytest.raises(InputError, match="match_parameters=true sizes multilayer perceptrons alone"):
        reading(observation, matched)
    reading(Vector(quantities()), matched)
