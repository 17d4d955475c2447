"""Runs: settings, folders, training, evaluation and checkpoints, for every algorithm and environment."""
