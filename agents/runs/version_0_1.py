"""What version 0.1 saved, in the words of today."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from nearsym.agents.algorithms.experience import Arrays
from nearsym.networks import RENAMED

RENAMED_KEYS = {"part": "split", **{f"network.{old}": f"network.{new}" for old, new in RENAMED.items()}}
"""Keys of a command line, and what they are called."""

Contents = tuple[dict[str, Any], Arrays, dict[str, Any]]

PARAMETERS = (
    (r"^(actor|critic|critic_target)\.network\.encoder\.", r"\1.trunk."),  # of vectors, in stable-baselines3's modules
    (r"^(actor|critic|critic_target)\.network\.", r"\1."),
    (r"^actor\.actor\.", "actor."),  # of SAC from images
    (r"^(critic|critic_target)\.critic\.", r"\1."),
)
"""Names of parameters, one after the other."""


def agent_settings(saved: Mapping[str, Any]) -> dict[str, Any]:
    """The agent's keys: SAC from images was an algorithm of its own, with other bounds and another start."""
    if saved.get("name") != "drqsac":
        return dict(saved)
    return {**saved, "name": "sac", "first_temperature": 0.1, "log_std_min": -10.0}


def present(tensors: dict[str, Any], arrays: Arrays, state: dict[str, Any], experience: str) -> Contents:
    """What a checkpoint's tensors.pt, replay.npz and state.json hold, as they are written now.

    Args:
        tensors: of tensors.pt.
        arrays: of replay.npz; of 0.1 those of the learner's experience alone, and the generator's key.
        state: of state.json.
        experience: prefix of the arrays of experience.
    """
    if "learner" in tensors:
        return tensors, arrays, state
    learner, generators = learner_state(tensors, state)
    arrays = {name if name == "numpy_key" else f"{experience}{name}": array for name, array in arrays.items()}
    progress = state["progress"]  # 0.1 saved at the ends of episodes alone
    state = {**state, "progress": {**progress, "playing": [progress["episodes"]], "returns": [0.0]}}
    return {"learner": learner, "generators": generators, "memory": None}, arrays, state


def learner_in(tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """The optimizers and what was learned outside networks, of a tensors.pt."""
    return tensors.get("learner", tensors)


def learner_state(tensors: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A learner's state and torch's generators, from what tensors.pt and state.json held."""
    networks: dict[str, dict[str, Any]] = {}
    for old, tensor in tensors["policy"].items():
        name = old
        for pattern, replacement in PARAMETERS:
            name = re.sub(pattern, replacement, name)
        network, _, rest = name.partition(".")
        networks.setdefault(network, {})[rest] = tensor
    temperatures = [value.reshape(()) for value in tensors["learned"].values()]
    optimizers = {name: _scalar(one) if name == "temperature" else one for name, one in tensors["optimizers"].items()}
    learner = {
        "networks": networks,
        "optimizers": optimizers,
        "learned": {"log_alpha": temperatures[0]} if temperatures else {},
        "steps": state["num_timesteps"],
        "updates": state["n_updates"],
        "actions": state["action_space"],
    }
    return learner, {"torch": tensors["torch_generator"], "cuda": tensors["cuda_generators"]}


def _scalar(optimizer: Mapping[str, Any]) -> dict[str, Any]:
    """Adam's state of a temperature that was a vector of one."""
    moments = {
        index: {
            name: value.reshape(()) if torch.is_tensor(value) and name != "step" else value
            for name, value in moment.items()
        }
        for index, moment in optimizer["state"].items()
    }
    return {**optimizer, "state": moments}
