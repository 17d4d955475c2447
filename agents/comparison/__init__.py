"""Comparing networks over tasks, perturbations and seeds: suites, launching their runs, and what the runs show."""
