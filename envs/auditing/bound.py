"""The bound that connects measured errors to values."""

from __future__ import annotations


def value_gap_bound(epsilon_reward: float, epsilon_transition: float, discount: float, rho: float) -> float:
    """Largest possible |Q*(s, a) - Q*(gs, ga)| in a (G, ε_R, ε_P)-invariant Markov decision process.

        (ε_R + γ ε_P ρ_F(V*)) / (1 - γ)

    ε_P is an integral probability metric over functions F between P(·|s, a) and g⁻¹#P(·|gs, ga), and ρ_F(V*) the
    smallest ρ with V*/ρ in F: a Lipschitz constant of V* for the 1-Wasserstein distance, ‖V*‖∞ for Σ|p - q|.
    Park et al., "Approximate Equivariance in Reinforcement Learning" (arXiv 2411.04225).

    Args:
        epsilon_reward: ε_R.
        epsilon_transition: ε_P.
        discount: γ, 0 <= γ < 1.
        rho: ρ_F(V*).
    """
    return (epsilon_reward + discount * epsilon_transition * rho) / (1 - discount)
