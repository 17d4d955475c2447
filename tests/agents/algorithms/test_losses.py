"""SAC's losses against values computed by hand."""

import pytest
import torch

from nearsym.agents.algorithms.losses import actor_loss, critic_loss, td_target, temperature_loss


def test_td_target_by_hand():
    """Terminated, running and truncated transitions; a truncated one arrives with done = 0 and bootstraps."""
    y = td_target(
        rewards=torch.tensor([1.0, 2.0, 3.0]),
        discounts=0.5 * (1 - torch.tensor([1.0, 0.0, 0.0])),
        next_values=torch.tensor([[10.0, 10.0, 4.0], [8.0, 12.0, 6.0]]),
        next_log_prob=torch.tensor([1.0, -1.0, 2.0]),
        alpha=torch.tensor(0.1),
    )
    assert y.tolist() == pytest.approx([1.0, 2 + 0.5 * (10 + 0.1), 3 + 0.5 * (4 - 0.2)])


def test_critic_loss_sums_members_and_averages_the_batch():
    values = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    assert critic_loss(values, torch.tensor([0.0, 1.0])).item() == pytest.approx(0.5 * ((1 + 4) / 2 + (0 + 1) / 2))


def test_actor_loss_takes_the_smaller_critic():
    values = torch.tensor([[1.0, 5.0], [2.0, 3.0]])
    loss = actor_loss(values, torch.tensor([1.0, 2.0]), torch.tensor(0.5))
    assert loss.item() == pytest.approx(((0.5 - 1) + (1.0 - 3)) / 2)


@pytest.mark.parametrize(("log_prob", "rises"), [(5.0, True), (-5.0, False)])
def test_temperature_rises_while_entropy_is_too_low(log_prob, rises):
    """Entropy is -log_prob; the target is 1."""
    log_alpha = torch.zeros((), requires_grad=True)
    temperature_loss(log_alpha, torch.full((4,), log_prob), target_entropy=1.0).backward()
    assert (log_alpha.grad < 0) == rises
