"""What tests of updates from images share: the update of a learner beside one written out by hand, in float64."""

import copy

import numpy as np
import pytest
import torch


@pytest.fixture
def shift_by_hand():
    """Random shifts of up to four pixels: pad, then crop every image by itself."""

    def shift(images):
        size = images.shape[-1]
        offsets = torch.randint(-4, 5, (2, len(images), 1))
        padded = torch.nn.functional.pad(images.double(), (4, 4, 4, 4), mode="replicate")
        crops = [
            padded[k, :, 4 + offsets[0, k, 0] :][:, :size, 4 + offsets[1, k, 0] :][:, :, :size]
            for k in range(len(images))
        ]
        return torch.stack(crops)

    return shift


def torchs(optimizer):
    """torch's Adam of the same parameters, with the same moments."""
    state = optimizer.state_dict()
    numbered = [[optimizer.parameters[i] for i in group["params"]] for group in state["param_groups"]]
    groups = [{"params": p, "lr": g["lr"]} for p, g in zip(numbered, state["param_groups"], strict=True)]
    stock = torch.optim.Adam(groups)
    for i, moments in state["state"].items():
        stock.state[optimizer.parameters[i]] = copy.deepcopy(moments)
    return stock


@pytest.fixture
def updates_agree():
    """Whether an update leaves the networks where one by hand does, from the same batch and random numbers."""

    def check(agent, other, steps, by_hand, rtol, atol):
        for one in (agent, other):
            for module in (*one.learner.networks().values(), one.learner.critic_target):
                module.double()
        agent.learn(steps)
        other.learner.load_state_dict(copy.deepcopy(agent.learner.state_dict()))
        np.random.seed(3)
        batch = agent.experience.sample(8)
        torch.manual_seed(5)
        agent.learner.update(batch)
        optimizers = {name: torchs(optimizer) for name, optimizer in other.learner.adams().items()}
        torch.manual_seed(5)
        by_hand(other.learner, batch, optimizers)
        expected = other.learner.state_dict()["networks"]
        for name, values in agent.learner.state_dict()["networks"].items():
            for key, value in values.items():
                torch.testing.assert_close(value, expected[name][key], rtol=rtol, atol=atol, msg=f"{name}.{key}")

    return check
