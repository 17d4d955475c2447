"""Images read in bfloat16: what is rounded and what is not, on the CPU."""

import numpy as np
import pytest
import torch

from nearsym.agents import DrQv2
from nearsym.agents.algorithms.precision import precision_of_images
from nearsym.agents.algorithms.settings import OffPolicySettings
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, Exact, encoder_for, family
from nearsym.scripts.main import run

ULP = 2.0**-8
"""Largest relative error of rounding to bfloat16."""

PLANE = [[0, -1], [1, 0]], [-1, 1]
D4 = Symmetry.image(plane=PLANE, action=PLANE, shape=(3, 21, 21))


def encoders(settings, filters=16):
    torch.manual_seed(0)
    encoder = encoder_for(D4.observation, settings, filters=filters)
    torch.manual_seed(0)
    rounded = encoder_for(D4.observation, settings, filters=filters)
    rounded.precision = torch.bfloat16
    generator = torch.Generator().manual_seed(1)
    return encoder, rounded, torch.randint(0, 256, (2, 3, 3, 21, 21), generator=generator, dtype=torch.uint8)


def error(one, other):
    return ((one - other).norm() / other.norm()).item()


@pytest.mark.parametrize("name", FAMILIES)
def test_features_and_gradients_are_those_of_float32_to_rounding(name):
    encoder, rounded, images = encoders(family(name))
    expected, found = encoder(images), rounded(images)
    assert found.dtype == torch.float32 and found.shape == expected.shape and found.is_contiguous()
    assert 0 < error(found, expected) < 4 * ULP  # one rounding of inputs, kernel and output in each of four layers
    expected.square().mean().backward()
    found.square().mean().backward()
    for (parameter, own), other in zip(encoder.named_parameters(), rounded.parameters(), strict=True):
        assert other.dtype == torch.float32
        if own.grad is None:
            assert other.grad is None
        elif own.grad.norm() > 1e-4:
            assert other.grad.dtype == torch.float32
            assert error(other.grad, own.grad) < 32 * ULP, parameter


def test_an_exact_encoder_errs_by_rounding_alone():
    """The error is no larger than that of a few roundings; that of an encoder that is not exact is."""
    symmetry = D4.observation.rep

    def departure(encoder, images):
        out = encoder.out_rep
        features, worst = encoder(images).flatten(-3), 0.0
        for g in range(symmetry.group.order):
            moved = encoder(torch.as_tensor(symmetry.apply(g, images.flatten(-3).numpy())).view_as(images)).flatten(-3)
            worst = max(worst, error(moved, torch.as_tensor(out.apply(g, features.numpy()))))
        return worst

    with torch.no_grad():
        exact, rounded, images = encoders(Exact())
        plain = encoders(family("plain"))[1]
        assert departure(exact, images) < 1e-5
        assert departure(rounded, images) < 4 * ULP
        assert departure(plain, images) > 20 * ULP


def test_images_and_kernels_meet_channels_last(monkeypatch):
    met = []
    conv2d = torch.nn.functional.conv2d

    def watched(x, kernel, bias, stride):
        met.append((x.dtype, kernel.dtype, bias.dtype, x.is_contiguous(memory_format=torch.channels_last)))
        return conv2d(x, kernel, bias, stride=stride)

    monkeypatch.setattr("torch.nn.functional.conv2d", watched)
    encoder, rounded, images = encoders(Exact())
    rounded(images)
    assert met == [(torch.bfloat16,) * 3 + (True,)] * 4
    met.clear()
    encoder(images)
    assert [each[:3] for each in met] == [(torch.float32,) * 3] * 4


def test_auto_is_bfloat16_on_gpus_that_have_it(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for has in (True, False):
        monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda including_emulation, has=has: has)
        assert precision_of_images("auto", cuda) == (torch.bfloat16 if has else None)
        assert precision_of_images("auto", cpu) is None
        assert precision_of_images("bfloat16", cpu) == torch.bfloat16
        assert precision_of_images("float32", cuda) is None
    with pytest.raises(InputError, match=r"agent.precision is 'half', expected auto, float32 or bfloat16"):
        OffPolicySettings(precision="half")


def agent(precision):
    env = make("dmc/cartpole-balance", pixels=True, size=21)
    small = {"features": 8, "filters": 4, "batch_size": 8, "learning_starts": 4, "train_every": 1}
    return DrQv2(env, family("relaxed", width=16), seed=3, precision=precision, **small)


def state(learner):
    return torch.cat([p.detach().reshape(-1) for module in learner.modules().values() for p in module.parameters()])


def test_an_agent_learns_in_bfloat16_and_keeps_float32(tmp_path):
    rounded, exact = agent("bfloat16"), agent("float32")
    start = state(exact.learner)
    assert torch.equal(start, state(rounded.learner))
    for one in (rounded, exact):
        torch.manual_seed(0)
        np.random.seed(0)
        one.learn(8)
    found, expected = state(rounded.learner), state(exact.learner)
    assert not torch.equal(found, expected)
    assert torch.nn.functional.cosine_similarity(found - start, expected - start, dim=0) > 0.5
    saved = rounded.learner.state_dict()
    tensors = [t for module in saved["networks"].values() for t in module.values() if t.is_floating_point()]
    assert {tensor.dtype for tensor in tensors} == {torch.float32}
    rounded.save(tmp_path / "agent")
    loaded = DrQv2.load(tmp_path / "agent", make("dmc/cartpole-balance", pixels=True, size=21), seed=0)
    assert loaded.learner.encoder.precision == torch.bfloat16
    seen = rounded.env.reset(seed=1)[0]
    assert (loaded.predict(seen)[0] == rounded.predict(seen)[0]).all()


def test_a_run_says_that_it_reads_bfloat16_keeps_to_it_and_resumes_to_the_bit(tmp_path, capsys):
    words = ["train", "env=dmc/cartpole-balance", "pixels=true", "agent=drqv2", "network.width=16"]
    words += ["env.kwargs.size=21", "env.kwargs.action_repeat=100", "eval_every=10", "checkpoint_every=5"]
    words += ["agent.filters=4", "agent.features=8", "agent.batch_size=4", "agent.learning_starts=4", "eval_episodes=1"]
    long = [*words, "agent.precision=bfloat16"]
    assert run([*long, f"run_dir={tmp_path}/whole", "total_steps=20"]) == 0
    assert "reads images in bfloat16 (agent.precision)" in capsys.readouterr().out
    assert run([*long, f"run_dir={tmp_path}/parts", "total_steps=10"]) == 0
    assert run([*long, f"run_dir={tmp_path}/parts", "total_steps=20", "resume=true"]) == 0
    whole, parts = ((tmp_path / name / "metrics.csv").read_text() for name in ("whole", "parts"))
    assert whole == parts and len(whole.splitlines()) == 4
    capsys.readouterr()
    assert run([*words, f"run_dir={tmp_path}/parts", "total_steps=30", "resume=true"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "was started with agent.precision=bfloat16, not agent.precision=auto" in said
    assert run([*words, f"run_dir={tmp_path}/single", "total_steps=20"]) == 0
    assert (tmp_path / "single" / "metrics.csv").read_text() != whole
    assert "reads images" not in capsys.readouterr().out
