"""What a trained agent makes of a symmetry: where its policy and critics keep it, and where its relaxed weights do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.problem import ActionBox
from nearsym.envs.auditing import sample_transitions, visited_images
from nearsym.envs.symmetry import Representation, coordinate_orbits
from nearsym.networks import Auxiliary, transform

from .diagnostics import equivariance_errors
from .evaluation import policy_of
from .regions import Regions, regions_of


@dataclass(frozen=True)
class ExperienceAudit:
    """What a learner found of a symmetry in what it experienced, for each known element.

    Attributes:
        step: environment steps after which it looked.
        cost: of believing it, see `nearsym.envs.auditing.Tying`.
        doubt: standard error of the cost.
        about: what it is an error of.
        kept: whether networks were bound to it from then on.
    """

    step: int
    cost: list[float]
    doubt: list[float]
    about: list[str]
    kept: list[bool]


@dataclass(frozen=True)
class Inspection:
    """A trained agent's view of a symmetry.

    Attributes:
        elements: names of the group's elements, or of its generators where it is not listed.
        lipschitz: largest slope of V between sampled states, an estimate (from below) of Lip(V*) in the
            Euclidean norm of the state, with V(s) = min_i Q_i(s, μ(s)), or the learner's own values of states.
        orbit_gap: largest |Q(s, a) - Q(gs, ga)| over samples and elements, Q the mean of the critics; of a learner that
            has values of states alone |V(s) - V(gs)|.
        actor: relative equivariance error of the policy's mean action, for each element: 0.2 says that in a situation
            moved by g it acts otherwise than the symmetry says by a fifth of its actions' size. Defined for every
            network, whatever it is built of.
        visited: share of the situations in the policy's own episodes whose image under each element is met there
            too; see `nearsym.envs.auditing.visited_images`. Empty for images, whose distances say little.
        critic: relative error of the critics' invariance, for each element.
        departures: for each layer that is free to leave the symmetry, how far it is from allowing each element; see
            `Family.departures`.
        readings: whatever else networks say of themselves on the sampled states, by what it is and then by layer; see
            `Family.readings`.
        audits: of what was experienced, for a family that asks for them.
        assets: for a group of permutations known by its generators alone, the departure of each asset, averaged over
            layers; see `nearsym.networks.coordinate_departures`. Empty otherwise.
        regions: what it makes of the symmetry at each of the sampled states.
    """

    elements: list[str]
    lipschitz: float
    orbit_gap: float
    visited: list[float]
    actor: list[float]
    critic: list[float]
    departures: dict[str, list[float]]
    readings: dict[str, dict[str, float]]
    audits: list[ExperienceAudit]
    assets: list[float]
    regions: Regions = field(repr=False, compare=False)

    @property
    def invariant_error(self) -> float:
        """Least error any exactly invariant critic makes somewhere, if this agent's critic is right: half the gap."""
        return self.orbit_gap / 2

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single samples, for JSON."""
        saved = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "regions"}
        return {**saved, "audits": [asdict(each) for each in self.audits]}


def inspect_learner(learner: Learner, env: gymnasium.Env[Any, Any], samples: int, seed: int) -> Inspection:
    """Inspect a trained learner on the states and actions that an audit of `env` looks at, and on its own episodes."""
    sampled = sample_transitions(env, samples, seed, policy_of(learner))
    states = sampled.states
    observations = torch.tensor(sampled.observations, dtype=torch.float32, device=learner.device)
    if isinstance(env.action_space, gymnasium.spaces.Discrete):
        scaled = np.eye(env.action_space.n)[sampled.actions.astype(int).ravel() - env.action_space.start]
    else:
        scaled = ActionBox(env.action_space).from_env(sampled.actions)
    actions = torch.tensor(scaled, dtype=torch.float32, device=learner.device)
    rep = learner.observation_rep
    with torch.no_grad():
        state_values = learner.state_values(observations).double().cpu().numpy()
        gap = _orbit_gap(learner, torch.cat([observations, actions], dim=1))
    departures = {
        f"{name}.{layer.removeprefix('mlp.')}": departure.tolist()
        for name, module in learner.networks().items()
        for layer, departure in learner.family_of(name).departures(module).items()
    }
    errors = equivariance_errors(learner, observations, actions)
    return Inspection(
        elements=list(learner.problem.symmetry.group.names),
        lipschitz=_largest_slope(states, state_values),
        orbit_gap=gap,
        visited=[] if learner.problem.is_image else visited_images(env, policy_of(learner), rep, seed).tolist(),
        actor=errors.get("actor", errors["critic"]).tolist(),  # of DQN the values of all actions are the policy
        critic=errors["critic"].tolist(),
        departures=departures,
        readings=_readings(learner, observations, actions),
        audits=_audits(learner),
        assets=_asset_departures(learner),
        regions=regions_of(learner, states, observations, actions),
    )


def _readings(learner: Learner, observations: Tensor, actions: Tensor) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, module in learner.networks().items():
        if isinstance(module, Auxiliary):
            module.look(learner.normalised(observations), actions)
        for key, value in learner.family_of(name).readings(module).items():
            kind, _, layer = key.partition("/")
            found.setdefault(kind, {})[f"{name}.{layer.removeprefix('mlp.')}".rstrip(".")] = value
    return found


def _audits(learner: Learner) -> list[ExperienceAudit]:
    def named(number: int) -> str:
        return ("reward", "end")[number] if number < 2 else f"observation[{number - 2}]"

    return [
        ExperienceAudit(
            step, each.cost.tolist(), each.doubt.tolist(), [named(int(k)) for k in each.about], each.kept.tolist()
        )
        for step, each in learner.audits()
    ]


def _orbit_gap(learner: Learner, pairs: Tensor) -> float:
    """Largest change of a value under an element, of members of an ensemble the mean."""
    law = learner.laws()["critic"]
    pairs = pairs[:, : law.in_rep.dim].contiguous()
    values, gaps = law.function(pairs), []
    for g in range(law.in_rep.group.rows):
        gap = law.function(transform(law.in_rep, g, pairs)) - transform(law.out_rep, g, values)
        gaps.append((gap.mean(dim=1) if learner.members > 1 else gap).abs().max().item())
    return max(gaps)


def _asset_departures(learner: Learner) -> list[float]:
    action = learner.problem.symmetry.action
    if action.group.listed:
        return []
    departures = [
        departure.view(-1, _assets(action)).mean(dim=0)  # with a sign flip each asset has two coordinates
        for name, module in learner.networks().items()
        for departure in learner.family_of(name).coordinate_departures(module).values()
    ]
    return torch.stack(departures).mean(dim=0).tolist() if departures else []


def _assets(action: Representation) -> int:
    """Coordinates in the largest orbit: what the group permutes."""
    return max(len(orbit) for orbit in coordinate_orbits(action))


def _largest_slope(states: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Max |V(s) - V(t)| / ‖s - t‖ over pairs of sampled states."""
    largest = 0.0
    for k in range(len(states) - 1):
        distance = np.linalg.norm(states[k + 1 :] - states[k], axis=1)
        apart = distance > 1e-9
        if apart.any():
            largest = max(largest, float((np.abs(values[k + 1 :] - values[k])[apart] / distance[apart]).max()))
    return largest
