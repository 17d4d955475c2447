"""Measuring how well a declared symmetry holds."""

from .bound import value_gap_bound
from .report import AuditReport, ElementReport, Spread, Worst
from .simulator import audit, sample_pairs, set_state

__all__ = ["AuditReport", "ElementReport", "Spread", "Worst", "audit", "sample_pairs", "set_state", "value_gap_bound"]
