"""Tuning: hyperparameters of every network of a suite, with equal budgets, on seeds of their own."""
