"""A symmetric stochastic policy and the value of states as a stable-baselines3 policy."""

from __future__ import annotations

from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation
from nearsym.networks import LogStd

from .symmetric import SymmetricPolicy


class SymmetricActorCriticPolicy(SymmetricPolicy, ActorCriticPolicy):
    """π(ga|gs) = π(a|s) and V(gs) = V(s), for stock PPO and A2C.

        stable_baselines3.PPO(SymmetricActorCriticPolicy, env, policy_kwargs=dict(symmetry=symmetry, network="exact"))

    Continuous actions are drawn from N(μ(s), diag σ²) with an equivariant mean, and one σ for all coordinates that the
    group mixes (`LogStd`). Of discrete actions the group permutes the logits. Policy and value have a network each.

    Arguments and errors are those of `SymmetricPolicy`; `log_std_init` is what log σ starts from.
    """

    passes = ("log_std_init",)
    adam = {"eps": 1e-5}  # noqa: RUF012, stock's own for PPO

    def _build(self, lr_schedule: Schedule) -> None:
        """Mean or logits, value, spread, optimizer."""
        self.mlp_extractor = _Both()  # type: ignore[assignment]
        self.action_net = self.head(self.symmetry.action)
        self.value_net = self.head(Representation.trivial(self.symmetry.group))  # type: ignore[assignment]
        if isinstance(self.action_space, spaces.Box):
            self.spread = LogStd(self.symmetry.action, self.network, self.log_std_init)
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    @property
    def log_std(self) -> Tensor:  # type: ignore[override]
        """(action_dim,) log σ of continuous actions; what stock reads."""
        log_std: Tensor = self.spread()
        return log_std


class _Both(nn.Module):
    """Stock's layers before the heads; ours have none."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The features, for policy and value."""
        return features, features

    def forward_actor(self, features: Tensor) -> Tensor:
        """The features."""
        return features

    def forward_critic(self, features: Tensor) -> Tensor:
        """The features."""
        return features
