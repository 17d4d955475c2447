"""Networks bound to a symmetry exactly, approximately, or not at all (torch)."""

from .actor import Actor
from .conv import Conv2d
from .critic import Critic
from .discovery import coordinate_departures, departures
from .encoder import Encoder, LayerNorm, Trunk
from .features import hidden_representation
from .linear import Linear, PlainLinear, RelaxedLinear, ResidualLinear
from .measure import equivariance_error, transform
from .mlp import MLP, linear, parameter_count
from .relaxation import (
    regularizer,
    relaxation_penalty,
    relaxed_layers,
    relaxed_weights,
    residual_prior,
    weights_per_element,
)
from .settings import CHOICES, NetworkSettings
from .steerable import SteerableConv2d
from .visual import VisualActor, VisualCritic, VisualGaussianActor

__all__ = [
    "CHOICES",
    "MLP",
    "Actor",
    "Conv2d",
    "Critic",
    "Encoder",
    "LayerNorm",
    "Linear",
    "NetworkSettings",
    "PlainLinear",
    "RelaxedLinear",
    "ResidualLinear",
    "SteerableConv2d",
    "Trunk",
    "VisualActor",
    "VisualCritic",
    "VisualGaussianActor",
    "coordinate_departures",
    "departures",
    "equivariance_error",
    "hidden_representation",
    "linear",
    "parameter_count",
    "regularizer",
    "relaxation_penalty",
    "relaxed_layers",
    "relaxed_weights",
    "residual_prior",
    "transform",
    "weights_per_element",
]
