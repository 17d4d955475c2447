"""Parameters of actor and critics with every block: python docs/results/block_sizes.py [ENV]."""

import sys

import nearsym
from nearsym.envs import symmetry_of
from nearsym.networks import Actor, Critic, family, parameter_count

NETWORKS = ("plain", "exact", "relaxed")


def main(id: str = "dmc/walker-walk", width: int = 128) -> None:
    """Print the table."""
    symmetry = symmetry_of(nearsym.make(id))
    print(f"| `network.block=` | {' | '.join(NETWORKS)} |\n|---|{'---|' * len(NETWORKS)}")
    for block in ("mlp", "norm", "residual"):
        counts = []
        for name in NETWORKS:
            network, observed = family(name, width=width, block=block), symmetry.observation.rep
            parts = Actor(observed, symmetry.action, network), Critic(observed, symmetry.action, network)
            counts.append(f"{sum(map(parameter_count, parts)):,}")
        print(f"| {block} | {' | '.join(counts)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
