"""Comparing networks over tasks, perturbations and seeds: suites, and launching their runs."""
