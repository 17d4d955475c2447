"""Measuring how well a declared symmetry holds."""

from .bound import value_gap_bound
from .report import AuditReport, ElementReport, Spread, Worst
from .simulator import Policy, audit, sample_pairs, set_state

__all__ = [
    "AuditReport",
    "ElementReport",
    "Policy",
    "Spread",
    "Worst",
    "audit",
    "sample_pairs",
    "set_state",
    "value_gap_bound",
]
