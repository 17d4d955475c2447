"""Measuring how well a declared symmetry holds."""

from nearsym.envs.rollout import Policy

from .audit import audit
from .bound import value_gap_bound
from .maps import MapReport, audit_map, faults_of
from .measurement import Errors, Measurement, Method
from .mending import Fault, Map
from .report import AuditReport, ElementReport, Means, Spread, Worst
from .transitions import Transitions, sample_transitions
from .tying import Tying, cost_of_tying
from .visited import visited_images

__all__ = [
    "AuditReport",
    "ElementReport",
    "Errors",
    "Fault",
    "Map",
    "MapReport",
    "Means",
    "Measurement",
    "Method",
    "Policy",
    "Spread",
    "Transitions",
    "Tying",
    "Worst",
    "audit",
    "audit_map",
    "cost_of_tying",
    "faults_of",
    "sample_transitions",
    "value_gap_bound",
    "visited_images",
]
