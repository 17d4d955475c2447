"""Networks bound to a symmetry exactly, approximately, or not at all (torch)."""

from .actor import Actor, DeterministicActor
from .applied import Applied, mirror_loss
from .auxiliary import Auxiliary
from .conv import Conv2d
from .critic import Critic
from .discovery import coordinate_departures, departures
from .encoders import (
    Encoder,
    FeatureMap,
    IdentityEncoder,
    IdentityTrunk,
    ImageEncoder,
    ImageTrunk,
    Trunk,
    WindowTrunk,
    encoder_for,
    encodes,
    follows,
    trunk_for,
)
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
    family_of_critics,
    keys_of,
    unknown_key,
)
from .features import hidden_representation
from .head import Head
from .layer_norm import LayerNorm
from .linear import ExpandedLinear, Linear
from .log_std import LogStd
from .measure import equivariance_error, transform
from .mlp import MLP, parameter_count
from .normaliser import Normaliser
from .relaxation import relaxation_penalty, relaxed_layers, relaxed_weights, weights_per_element
from .relaxed_linear import RelaxedLinear
from .steerable import SteerableConv2d
from .temporal import TemporalConv

__all__ = [
    "FAMILIES",
    "MLP",
    "RATE",
    "RENAMED",
    "RPP",
    "Actor",
    "Applied",
    "Augmented",
    "Auxiliary",
    "Conv2d",
    "Critic",
    "DeterministicActor",
    "Encoder",
    "Exact",
    "ExpandedLinear",
    "Family",
    "FeatureMap",
    "Head",
    "IdentityEncoder",
    "IdentityTrunk",
    "ImageEncoder",
    "ImageTrunk",
    "LayerNorm",
    "Linear",
    "LogStd",
    "Normaliser",
    "Plain",
    "PlainLinear",
    "Relaxed",
    "RelaxedLinear",
    "ResidualLinear",
    "SteerableConv2d",
    "TemporalConv",
    "Trunk",
    "WindowTrunk",
    "architectures",
    "coordinate_departures",
    "departures",
    "encoder_for",
    "encodes",
    "equivariance_error",
    "family",
    "family_class",
    "family_from",
    "family_of_critics",
    "follows",
    "hidden_representation",
    "keys_of",
    "mirror_loss",
    "parameter_count",
    "relaxation_penalty",
    "relaxed_layers",
    "relaxed_weights",
    "transform",
    "trunk_for",
    "unknown_key",
    "weights_per_element",
]
