"""A symmetry from recorded transitions: `nearsym discover transitions=…` beside one that is learned against a network.

    python docs/results/lie_gan.py runs/lie_gan.csv

The learned one follows the idea of Yang et al., "Generative adversarial symmetry discovery" (LieGAN, arXiv 2302.00236):
a matrix moves transitions so that a discriminator cannot tell moved ones from recorded ones, and terms keep it
orthogonal and away from the identity. Theirs learns generators of a Lie algebra and draws elements; this one learns one
element, as mirrors are in no Lie algebra. Both are given the same transitions. A learned matrix counts where the signed
permutation nearest to it is a declared element other than the identity; `others_found` counts the identity too. Two
forms were tried, and no settings were searched.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from nearsym.envs import make, symmetry_of
from nearsym.envs.auditing import sample_transitions
from nearsym.envs.discovering.from_transitions import discover_from_transitions
from nearsym.envs.discovering.recorded import Recorded
from nearsym.envs.errors import InputError

TASKS = ("Pendulum-v1", "dmc/cartpole-swingup")
COUNT, STEPS, BATCH, WIDTH, RATE = 4000, 1500, 256, 64, 1e-3
LIKE = 0.5
"""Cosine between transitions and their images beyond which the matrix is held to be too much like the identity."""


def declared(env):
    """(elements, dim, dim) what each declared element but the identity does to observation and action."""
    symmetry = symmetry_of(env)
    return symmetry.observation.rep.direct_sum(symmetry.action).matrix[1:]


def learned(transitions, seed):
    """(dim, dim) block matrix on observation and action that a discriminator was trained against."""
    torch.manual_seed(seed)
    seen, acted, following = (
        torch.as_tensor(each, dtype=torch.float32)
        for each in (transitions.observations, transitions.actions, transitions.next_observations)
    )
    change = following - seen
    # one unit for all coordinates of a kind, so that an orthogonal matrix stays one
    seen_unit, act_unit, unit = seen.square().mean().sqrt(), acted.square().mean().sqrt(), change.square().mean().sqrt()
    reward = torch.as_tensor(transitions.rewards, dtype=torch.float32)[:, None]
    reward = (reward - reward.mean()) / reward.std().clamp(min=1e-9)
    n, m = seen.shape[1], acted.shape[1]
    moves = [nn.Parameter(torch.linalg.qr(torch.randn(size, size))[0]) for size in (n, m)]
    judge = nn.Sequential(
        nn.Linear(2 * n + m + 1, WIDTH), nn.LeakyReLU(), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(), nn.Linear(WIDTH, 1)
    )
    mover, judged = torch.optim.Adam(moves, RATE, betas=(0.5, 0.9)), torch.optim.Adam(judge.parameters(), RATE)
    loss = nn.functional.binary_cross_entropy_with_logits
    for _ in range(STEPS):
        real, base = (torch.randint(len(seen), (BATCH,)) for _ in range(2))
        x, a, c = seen[base] / seen_unit, acted[base] / act_unit, change[base] / unit
        moved = torch.cat([x @ moves[0].T, a @ moves[1].T, c @ moves[0].T, reward[base]], dim=1)
        recorded = torch.cat([seen[real] / seen_unit, acted[real] / act_unit, change[real] / unit, reward[real]], dim=1)
        told = loss(judge(recorded), torch.ones(BATCH, 1)) + loss(judge(moved.detach()), torch.zeros(BATCH, 1))
        judged.zero_grad()
        told.backward()
        judged.step()
        before, after = torch.cat([x, a], dim=1), moved[:, : n + m]
        fooled = loss(judge(moved), torch.ones(BATCH, 1))
        fooled = fooled + (nn.functional.cosine_similarity(before, after).mean() - LIKE).relu()
        fooled = fooled + sum((each.T @ each - torch.eye(len(each))).square().sum() for each in moves)  # orthogonal
        mover.zero_grad()
        fooled.backward()
        mover.step()
    return torch.block_diag(*moves).detach().numpy()


def rounded(matrix):
    """The signed permutation whose entries are the largest of each row."""
    source = np.abs(matrix).argmax(axis=1)
    return np.eye(len(matrix))[source] * np.sign(matrix[np.arange(len(matrix)), source])[:, None]


def rows(id, seed):
    """Both methods on one task."""
    env = make(id)
    true = declared(env)
    transitions = sample_transitions(env, COUNT, seed).observed()
    start = time.process_time()
    matrix = learned(transitions, seed)
    common = {"env": id, "seed": seed, "transitions": COUNT, "declared": len(true)}
    yield {
        **common,
        "method": "adversarial",
        "declared_found": int((np.abs(rounded(matrix) - true).max(axis=(1, 2)) < 0.5).any()),
        "others_found": int((np.abs(rounded(matrix) - true).max(axis=(1, 2)) >= 0.5).all()),
        "distance": f"{np.abs(matrix - true).max(axis=(1, 2)).min():.2g}",
        "cpu_seconds": f"{time.process_time() - start:.1f}",
    }
    start = time.process_time()
    try:
        best = discover_from_transitions(Recorded(transitions), seed).nearly
    except InputError as error:
        print(f"{id}: {error}")
        best = None
    found = best.symmetry.observation.rep.direct_sum(best.symmetry.action).matrix[1:] if best else np.empty((0, 1, 1))
    hits = sum(bool((np.abs(each - true).max(axis=(1, 2)) < 1e-6).any()) for each in found)
    yield {
        **common,
        "method": "discover",
        "declared_found": hits,
        "others_found": len(found) - hits,
        "distance": "0" if hits else "",
        "cpu_seconds": f"{time.process_time() - start:.1f}",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with given.table.open("w", newline="") as file:
        writer = None
        for id in TASKS:
            for seed in range(given.seeds):
                for each in rows(id, seed):
                    writer = writer or csv.DictWriter(file, list(each), lineterminator="\n")
                    if file.tell() == 0:
                        writer.writeheader()
                    writer.writerow(each)
                    file.flush()
                    print(each, flush=True)
