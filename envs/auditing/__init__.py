"""Measuring how well a declared symmetry holds."""

from .audit import audit
from .bound import value_gap_bound
from .report import AuditReport, ElementReport, Means, Spread, Worst
from .transitions import Policy, Transitions, sample_transitions
from .visited import visited_images

__all__ = [
    "AuditReport",
    "ElementReport",
    "Means",
    "Policy",
    "Spread",
    "Transitions",
    "Worst",
    "audit",
    "sample_transitions",
    "value_gap_bound",
    "visited_images",
]
