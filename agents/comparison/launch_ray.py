"""Runs as tasks of a Ray cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from nearsym.envs.errors import InputError, first_line
from nearsym.envs.extra import extra

from .jobs import Job, carry_out
from .status import FAILED, Status, read_status

DEATHS = 5
"""Deaths of its worker or node that a run survives; failures of the run itself are counted apart, by `retries`."""


def load_ray() -> Any:
    """The package ray.

    Raises:
        InputError: it is not installed.
    """
    return extra("ray", "ray", "launcher=ray", "launcher=local")


class RayPool:
    """Each run as a Ray task that goes on elsewhere, from the run's checkpoint, when its worker or node dies.

    All nodes need nearsym installed, and the folder the command is given in under the same path.

    Args:
        address: of a cluster; None starts Ray on this machine.
        jobs: runs at the same time, if Ray is started here.
        threads: CPUs of each run.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str | None, jobs: int, threads: int) -> None:
        # what Ray does unless told otherwise: report its use to its makers, and hide GPUs from tasks without one
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        self._ray = load_ray()
        try:
            quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
            if address is None:
                self._ray.init(address="local", num_cpus=jobs * threads, include_dashboard=False, **quiet)
            else:
                self._ray.init(address=address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            first = first_line(error)
            raise InputError(f"no Ray cluster answers at address={address}: {first}") from error
        self._task = self._ray.remote(num_cpus=threads, max_retries=DEATHS)(carry_out)
        self._jobs: dict[Any, Job] = {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Hand runs to Ray."""
        for job in jobs:
            self._jobs[self._task.options(name=job.spec.path).remote(job)] = job

    def ended(self) -> dict[str, Status]:
        """Runs that have ended since the last call."""
        if not self._jobs:
            return {}
        done, _ = self._ray.wait(list(self._jobs), num_returns=len(self._jobs), timeout=0)
        return {self._jobs[one].spec.path: self._result(one, self._jobs.pop(one)) for one in done}

    def stop(self) -> None:
        """Cancel what still runs, whose processes end with their workers, and leave the cluster."""
        for one in self._jobs:
            self._ray.cancel(one, force=True)
        self._ray.shutdown()

    def _result(self, one: Any, job: Job) -> Status:
        try:
            status: Status = self._ray.get(one)
        except self._ray.exceptions.RayError as error:
            message = first_line(error)
            return Status(FAILED, read_status(job.status).seconds, f"Ray: {message}", job.launch)
        return status
