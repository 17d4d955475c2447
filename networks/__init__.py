"""Networks bound to a symmetry exactly, approximately, or not at all (torch)."""

from .actor import Actor
from .conv import Conv2d
from .critic import Critic
from .discovery import coordinate_departures, departures
from .encoder import Encoder, Trunk
from .families import (
    FAMILIES,
    RATE,
    RENAMED,
    RPP,
    Augmented,
    Exact,
    Family,
    Plain,
    PlainLinear,
    Relaxed,
    ResidualLinear,
    architectures,
    family,
    family_class,
    family_from,
    keys_of,
    unknown_key,
)
from .features import hidden_representation
from .layer_norm import LayerNorm
from .linear import ExpandedLinear, Linear
from .measure import equivariance_error, transform
from .mlp import MLP, parameter_count
from .relaxation import relaxation_penalty, relaxed_layers, relaxed_weights, weights_per_element
from .relaxed_linear import RelaxedLinear
from .steerable import SteerableConv2d
from .visual import VisualActor, VisualCritic, VisualGaussianActor

__all__ = [
    "FAMILIES",
    "MLP",
    "RATE",
    "RENAMED",
    "RPP",
    "Actor",
    "Augmented",
    "Conv2d",
    "Critic",
    "Encoder",
    "Exact",
    "ExpandedLinear",
    "Family",
    "LayerNorm",
    "Linear",
    "Plain",
    "PlainLinear",
    "Relaxed",
    "RelaxedLinear",
    "ResidualLinear",
    "SteerableConv2d",
    "Trunk",
    "VisualActor",
    "VisualCritic",
    "VisualGaussianActor",
    "architectures",
    "coordinate_departures",
    "departures",
    "equivariance_error",
    "family",
    "family_class",
    "family_from",
    "hidden_representation",
    "keys_of",
    "parameter_count",
    "relaxation_penalty",
    "relaxed_layers",
    "relaxed_weights",
    "transform",
    "unknown_key",
    "weights_per_element",
]
