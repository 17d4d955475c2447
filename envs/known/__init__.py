"""Gymnasium's own environments whose symmetry comes with nearsym."""

from . import classic, mujoco
from .task import Task

TASKS = {**classic.TASKS, **mujoco.TASKS}

__all__ = ["TASKS", "Task"]
