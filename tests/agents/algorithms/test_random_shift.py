"""Random shifts: what they do, and that they treat mirrored and turned images alike."""

import itertools

import torch

from nearsym.agents.algorithms.random_shift import draw_shifts, shifted

IMAGE = torch.arange(2 * 5 * 5, dtype=torch.uint8).view(1, 2, 5, 5)


def all_shifts(image, pad=2):
    """Every image that drawn shifts could give, as a set."""
    moves = itertools.product(range(-pad, pad + 1), repeat=2)
    return {shifted(image, torch.tensor([[d]]), torch.tensor([[r]])).numpy().tobytes() for d, r in moves}


def test_a_shift_repeats_the_edge():
    moved = shifted(IMAGE, torch.tensor([[2]]), torch.tensor([[0]]))[0, 0]
    torch.testing.assert_close(moved[:3], IMAGE[0, 0, 2:])
    torch.testing.assert_close(moved[3:], IMAGE[0, 0, 4:].expand(2, 5))


def test_shifts_are_equivariant_in_distribution():
    for turn in (lambda x: torch.rot90(x, 1, (2, 3)), lambda x: x.flip(3), lambda x: x.flip(2)):
        turned = {turn(torch.frombuffer(bytearray(b), dtype=torch.uint8).view(1, 2, 5, 5)) for b in all_shifts(IMAGE)}
        assert {t.contiguous().numpy().tobytes() for t in turned} == all_shifts(turn(IMAGE))
    # lopsided shifts would not be
    right = {shifted(IMAGE, torch.tensor([[0]]), torch.tensor([[r]])).numpy().tobytes() for r in (0, 1, 2)}
    flipped = {
        shifted(IMAGE.flip(3), torch.tensor([[0]]), torch.tensor([[r]])).flip(3).numpy().tobytes() for r in (0, 1, 2)
    }
    assert right != flipped


def test_shifts_are_drawn_uniformly_one_for_each_image():
    torch.manual_seed(0)
    image = torch.zeros(9 * 900, 1, 9, 9, dtype=torch.uint8)
    image[:, :, 4, 4] = 1
    where = shifted(image, *draw_shifts(len(image), image.device, pad=1)).flatten(1).argmax(dim=1)
    counts = where.bincount(minlength=81).view(9, 9)[3:6, 3:6]
    assert counts.sum() == len(image) and counts.min() > 750 and counts.max() < 1050


def test_all_channels_move_together_and_types_stay():
    torch.manual_seed(0)
    images = torch.randint(0, 256, (1, 1, 12, 12), dtype=torch.uint8).repeat(5, 3, 1, 1)
    moved = shifted(images, *draw_shifts(len(images), images.device))
    assert moved.dtype == torch.uint8 and torch.equal(moved[:, 0], moved[:, 2])
    assert not torch.equal(moved[0], moved[1])
