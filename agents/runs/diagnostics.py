"""What is measured of a learner's networks during training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.experience import Experience
from nearsym.networks import MLP, Exact, Plain, equivariance_error, parameter_count


def parameter_summary(learner: Learner) -> str:
    """Group, layer width, and trainable parameters, beside those of plain and exact networks of these sizes."""
    network, counts = learner.network, []
    mixed = network.critic is not None or network.has_auxiliary
    for other in (Plain.like(network), Exact.like(network)):
        if mixed or other.architecture != network.architecture:
            with torch.random.fork_rng(devices=[]):  # networks built only to be counted must not change the run
                counts.append(f"{other.name} {_count(learner.fresh_networks(other)):,}")
    name = network.label if mixed else network.architecture
    counts.append(f"{name} {_count(learner.networks()):,} (this run)")
    modules = [module for network in learner.networks().values() for module in network.modules()]
    widths = [f", layer width {module.width}" for module in modules if isinstance(module, MLP)]
    return f"group {learner.problem.symmetry.group.name}{''.join(widths[:1])}; parameters: {', '.join(counts)}"


def _count(networks: Mapping[str, nn.Module]) -> int:
    return sum(parameter_count(network) for network in networks.values())


def equivariance_errors(learner: Learner, observations: Tensor, actions: Tensor) -> dict[str, Tensor]:
    """Relative equivariance error of everything of a learner that has a law under the group, (rows,) each.

    Args:
        learner: says what these are, see `Learner.laws`.
        observations: flat observations, (batch, observation_dim).
        actions: actions in [-1, 1], (batch, action_dim).
    """
    pairs = torch.cat([observations, actions], dim=1)
    return {
        name: equivariance_error(law.function, law.in_rep, law.out_rep, pairs[:, : law.in_rep.dim].contiguous())
        for name, law in learner.laws().items()
    }


def measure(learner: Learner, experience: Experience) -> tuple[dict[str, float], dict[str, float]]:
    """Equivariance errors on stored states, and how far networks have left the symmetry by their own account.

    Returns:
        Values for metrics.csv (the largest error over group elements, the family's `relaxation`) and finer scalars for
        TensorBoard (per group element). Both are empty without a symmetry.
    """
    group = learner.problem.symmetry.group
    values: dict[str, float] = {}
    scalars: dict[str, float] = {}
    if group.rows > 1:
        # a generator of its own: measuring must not change the run
        drawn = experience.states(learner.measured_states, np.random.default_rng(learner.steps))
        observations, actions = (torch.as_tensor(a, dtype=torch.float32, device=learner.device) for a in drawn)
        errors = equivariance_errors(learner, observations, actions) if len(observations) else {}
        for name, per_element in errors.items():
            values[f"{name}_equivariance_error"] = float(per_element.max())
            for element, error in zip(group.names, per_element.tolist(), strict=True):
                scalars[f"equivariance_error/{name}/{element}"] = error
    for name, module in learner.networks().items():
        network = learner.family_of(name)
        with torch.no_grad():
            relaxation = network.relaxation(module)
        if relaxation is not None:
            values[f"{name}_relaxation"] = float(relaxation)
        scalars |= {f"{name}/{key}": value for key, value in network.readings(module).items()}
        for layer, weights in network.relaxed_weights(module).items():
            labels = group.names if len(weights) == group.order else [str(i) for i in range(len(weights))]
            for label, weight in zip(labels, weights.tolist(), strict=True):
                scalars[f"relaxed_weights/{name}/{layer}/{label}"] = weight
    return values, scalars
