"""What a trained agent says about a symmetry: its critic's gaps, and the elements its relaxed weights have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray

from nearsym.envs.auditing import Policy, sample_transitions
from nearsym.networks import departures, transform

from .sac import SAC


@dataclass(frozen=True)
class AgentReading:
    """A trained agent's view of a symmetry.

    Attributes:
        lipschitz: largest slope of V between sampled states, an estimate (from below) of Lip(V*) in the
            Euclidean norm of the state, with V(s) = min_i Q_i(s, μ(s)).
        orbit_gap: largest |Q(s, a) - Q(gs, ga)| over samples and elements, Q the mean of the critics.
        departures: for each relaxed layer the departure of its weights from allowing each element; see
            `nearsym.networks.departures`.
    """

    lipschitz: float
    orbit_gap: float
    departures: dict[str, list[float]]

    @property
    def invariant_error(self) -> float:
        """Least error any exactly invariant critic makes somewhere, if this agent's critic is right: half the gap."""
        return self.orbit_gap / 2


def read_agent(agent: SAC, env: gymnasium.Env[Any, Any], samples: int, seed: int) -> AgentReading:
    """Read a trained agent on the states and actions that an audit of `env` looks at."""
    sampled = sample_transitions(env, samples, seed, greedy(agent))
    states = sampled.states
    policy = agent.policy
    box = env.action_space
    assert isinstance(box, gymnasium.spaces.Box)  # SAC was trained on it
    observations = torch.tensor(sampled.observations, dtype=torch.float32, device=agent.device)
    scaled = 2 * (sampled.actions - box.low) / (box.high - box.low) - 1
    actions = torch.tensor(scaled, dtype=torch.float32, device=agent.device)
    with torch.no_grad():
        values = policy.critic.network(observations, actions).mean(dim=0)
        gaps = [
            (
                policy.critic.network(
                    transform(policy.observation_rep, g, observations), transform(policy.symmetry.action, g, actions)
                ).mean(dim=0)
                - values
            )
            .abs()
            .max()
            .item()
            for g in range(policy.symmetry.group.rows)
        ]
        best = torch.tanh(policy.actor.network(observations)[0])
        state_values = policy.critic.network(observations, best).min(dim=0).values.double().cpu().numpy()
    found = {
        f"{name}.{layer.removeprefix('network.mlp.')}": departure.tolist()
        for name, module in (("actor", policy.actor), ("critic", policy.critic))
        for layer, departure in departures(module).items()
    }
    return AgentReading(_largest_slope(states, state_values), max(gaps), found)


def greedy(agent: SAC) -> Policy:
    """The agent's deterministic policy, from an observation to an action in the environment's own units."""
    return lambda observation: agent.predict(observation, deterministic=True)[0]


def _largest_slope(states: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Max |V(s) - V(t)| / ‖s - t‖ over pairs of sampled states."""
    largest = 0.0
    for k in range(len(states) - 1):
        distance = np.linalg.norm(states[k + 1 :] - states[k], axis=1)
        apart = distance > 1e-9
        if apart.any():
            largest = max(largest, float((np.abs(values[k + 1 :] - values[k])[apart] / distance[apart]).max()))
    return largest
