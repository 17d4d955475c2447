"""What is measured of an agent's networks during training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from nearsym.envs.symmetry import Representation
from nearsym.networks import (
    CHOICES,
    Actor,
    Critic,
    equivariance_error,
    parameter_count,
    relaxation_penalty,
    relaxed_layers,
    weights_per_element,
)

from .policy import SymmetricSACPolicy
from .sac import SAC

MEASURED_STATES = 256
"""Replayed states on which the equivariance error is measured."""


def parameter_summary(policy: SymmetricSACPolicy) -> str:
    """Group, layer width, and trainable parameters of actor and critics for every network choice."""
    rep, action = policy.observation_rep, policy.symmetry.action
    counts = []
    for choice in CHOICES:
        network = replace(policy.network, choice=choice)
        with torch.random.fork_rng(devices=[]):  # networks built only to be counted must not change the run
            critic = Critic(rep, action, network, policy.n_critics)
            count = parameter_count(Actor(rep, action, network)) + parameter_count(critic)
        counts.append(f"{choice} {count:,}{' (this run)' if choice == policy.network.choice else ''}")
    width = policy.actor.network.mlp.width
    return f"group {policy.symmetry.group.name}, layer width {width}; parameters: {', '.join(counts)}"


def equivariance_errors(policy: SymmetricSACPolicy, observations: Tensor, actions: Tensor) -> dict[str, Tensor]:
    """Relative equivariance error of the deterministic policy and of the critics, (rows,) each.

    Args:
        policy: actor and critics.
        observations: flat observations, (batch, observation_dim).
        actions: actions in [-1, 1], (batch, action_dim).
    """
    rep, action_rep = policy.observation_rep, policy.symmetry.action
    joint = rep.direct_sum(action_rep)
    invariant = Representation.trivial(joint.group, policy.n_critics)

    def values(pairs: Tensor) -> Tensor:
        value: Tensor = policy.critic.network(pairs[:, : rep.dim], pairs[:, rep.dim :])
        return value.T

    return {
        "actor": equivariance_error(lambda x: torch.tanh(policy.actor.network(x)[0]), rep, action_rep, observations),
        "critic": equivariance_error(values, joint, invariant, torch.cat([observations, actions], dim=1)),
    }


def measure(agent: SAC) -> tuple[dict[str, float], dict[str, float]]:
    """Equivariance errors on replayed states, and what relaxed layers have learned.

    Returns:
        Values for metrics.csv (the largest error over group elements, the summed departure of relaxed
        weights) and finer scalars for TensorBoard (per group element). Both are empty without a symmetry.
    """
    policy, group = agent.policy, agent.policy.symmetry.group
    values: dict[str, float] = {}
    scalars: dict[str, float] = {}
    buffer = agent.replay_buffer
    if group.rows > 1 and buffer is not None and buffer.size() > 0:
        # a generator of its own: measuring must not change the run
        pick = np.random.default_rng(agent.num_timesteps).integers(buffer.size(), size=MEASURED_STATES)
        batch = [
            torch.as_tensor(array[pick, 0], dtype=torch.float32, device=agent.device)
            for array in (buffer.observations, buffer.actions)
        ]
        for name, errors in equivariance_errors(policy, batch[0].flatten(1), batch[1]).items():
            values[f"{name}_equivariance_error"] = float(errors.max())
            for element, error in zip(group.names, errors.tolist(), strict=True):
                scalars[f"equivariance_error/{name}/{element}"] = error
    for name, module in (("actor", policy.actor), ("critic", policy.critic)):
        if not relaxed_layers(module):
            continue
        with torch.no_grad():
            values[f"{name}_relaxation"] = float(relaxation_penalty(module))
        for layer, weights in weights_per_element(module).items():
            labels = group.names if len(weights) == group.order else [str(i) for i in range(len(weights))]
            for label, weight in zip(labels, weights.tolist(), strict=True):
                scalars[f"relaxed_weights/{name}/{layer}/{label}"] = weight
    return values, scalars
