"""The losses of Soft Actor-Critic, as functions of tensors.

Haarnoja et al., "Soft Actor-Critic Algorithms and Applications" (arXiv 1812.05905), with the entropy of the
tanh-squashed policy. All returned losses are scalars to be minimised.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def td_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, next_log_prob: Tensor, alpha: Tensor) -> Tensor:
    """Y = r + γ (1 - d) (min_i Q̄_i(s', a') - α log π(a'|s')).

    Args:
        rewards: r, (batch,).
        discounts: γ (1 - d), (batch,): 0 where the episode terminated, γ otherwise, truncation included.
        next_values: target critics at the next state, (members, batch).
        next_log_prob: log π(a'|s'), (batch,).
        alpha: temperature α.

    Returns:
        (batch,) targets.
    """
    soft_value = next_values.min(dim=0).values - alpha * next_log_prob
    return rewards + discounts * soft_value


def critic_loss(values: Tensor, target: Tensor) -> Tensor:
    """½ Σ_i mean (Q_i(s, a) - y)², values (members, batch) and target (batch,)."""
    return 0.5 * (values - target).square().mean(dim=1).sum()


def actor_loss(values: Tensor, log_prob: Tensor, alpha: Tensor) -> Tensor:
    """Mean of α log π(a|s) - min_i Q_i(s, a), values (members, batch) and log_prob (batch,)."""
    return (alpha * log_prob - values.min(dim=0).values).mean()


def temperature_loss(log_alpha: Tensor, log_prob: Tensor, target_entropy: float) -> Tensor:
    """-log α · mean(log π(a|s) + H̄): α rises while the entropy is below its target H̄."""
    return -(log_alpha * (log_prob.detach() + target_entropy)).mean()


def minimize(optimizer: torch.optim.Optimizer, loss: Tensor, penalties: Sequence[Tensor | None] = ()) -> None:
    """One step of `optimizer` on the sum of a loss and whichever penalties there are.

    Gradients are taken for the optimizer's parameters alone: those of an actor's loss do not flow into critics.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    total = sum((penalty for penalty in penalties if penalty is not None), loss)
    for parameter in parameters:
        parameter.grad = None
    # not torch.autograd.grad, whose results may be strided in another way, which fused Adam takes no notice of
    torch.autograd.backward(total, inputs=parameters)
    optimizer.step()


def polyak_update(online: Sequence[Tensor], target: Sequence[Tensor], tau: float) -> None:
    """θ̄ ← (1 - τ) θ̄ + τ θ, in place."""
    with torch.no_grad():
        torch._foreach_lerp_(list(target), list(online), tau)
