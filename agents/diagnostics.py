"""What is measured of an agent's networks during training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nearsym.envs.symmetry import Representation
from nearsym.networks import (
    MLP,
    architectures,
    equivariance_error,
    parameter_count,
)

from .agent import Agent, SymmetricPolicy
from .replay import replayed


def parameter_summary(policy: SymmetricPolicy) -> str:
    """Group, layer width, and trainable parameters for every network family."""
    counts = []
    for name, kind in architectures().items():
        with torch.random.fork_rng(devices=[]):  # networks built only to be counted must not change the run
            parts = policy.fresh_parts(kind.like(policy.network))
        count = sum(parameter_count(part) for part in parts.values())
        counts.append(f"{name} {count:,}{' (this run)' if isinstance(policy.network, kind) else ''}")
    width = next(module.width for module in policy.parts()["actor"].modules() if isinstance(module, MLP))
    return f"group {policy.symmetry.group.name}, layer width {width}; parameters: {', '.join(counts)}"


def equivariance_errors(policy: SymmetricPolicy, observations: Tensor, actions: Tensor) -> dict[str, Tensor]:
    """Relative equivariance error of the deterministic policy and of the critics, (rows,) each.

    Args:
        policy: actor and critics.
        observations: flat observations, (batch, observation_dim).
        actions: actions in [-1, 1], (batch, action_dim).
    """
    rep, action_rep = policy.observation_rep, policy.symmetry.action
    joint = rep.direct_sum(action_rep)
    with torch.no_grad():
        members = len(policy.action_values(observations, actions))
    invariant = Representation.trivial(joint.group, members)

    def values(pairs: Tensor) -> Tensor:
        return policy.action_values(pairs[:, : rep.dim], pairs[:, rep.dim :]).T

    return {
        "actor": equivariance_error(policy.mean_action, rep, action_rep, observations),
        "critic": equivariance_error(values, joint, invariant, torch.cat([observations, actions], dim=1)),
    }


def measure(agent: Agent) -> tuple[dict[str, float], dict[str, float]]:
    """Equivariance errors on replayed states, and what relaxed layers have learned.

    Returns:
        Values for metrics.csv (the largest error over group elements, the summed departure of relaxed
        weights) and finer scalars for TensorBoard (per group element). Both are empty without a symmetry.
    """
    policy, group = agent.policy, agent.policy.symmetry.group
    values: dict[str, float] = {}
    scalars: dict[str, float] = {}
    if group.rows > 1:
        # a generator of its own: measuring must not change the run
        generator = np.random.default_rng(agent.num_timesteps)
        seen = replayed(agent.replay_buffer, policy.measured_states, generator)
        observations, actions = (torch.as_tensor(a, dtype=torch.float32, device=agent.device) for a in seen)
    if group.rows > 1 and len(observations):
        for name, errors in equivariance_errors(policy, observations, actions).items():
            values[f"{name}_equivariance_error"] = float(errors.max())
            for element, error in zip(group.names, errors.tolist(), strict=True):
                scalars[f"equivariance_error/{name}/{element}"] = error
    for name, module in policy.parts().items():
        with torch.no_grad():
            relaxation = policy.network.relaxation(module)
        if relaxation is not None:
            values[f"{name}_relaxation"] = float(relaxation)
        for layer, weights in policy.network.relaxed_weights(module).items():
            labels = group.names if len(weights) == group.order else [str(i) for i in range(len(weights))]
            for label, weight in zip(labels, weights.tolist(), strict=True):
                scalars[f"relaxed_weights/{name}/{layer}/{label}"] = weight
    return values, scalars
