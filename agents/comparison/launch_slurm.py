"""Runs as jobs of Slurm, through submitit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nearsym.envs.errors import InputError
from nearsym.envs.extra import extra

from .jobs import Job, carry_out
from .settings import SlurmSettings
from .status import FAILED, Status, read_status


def load_submitit() -> Any:
    """The package submitit.

    Raises:
        InputError: it is not installed.
    """
    return extra("submitit", "slurm", "launcher=slurm", "launcher=local")


class Resumable:
    """`carry_out`, queued again when its job reaches its time limit or makes room for another."""

    def __call__(self, job: Job) -> Status:
        """Carry out a run."""
        return carry_out(job)

    def __submitit_checkpoint__(self, job: Job) -> Any:
        """What submitit queues in place of an interrupted job."""
        return load_submitit().helpers.DelayedSubmission(self, job)


class SlurmPool:
    """Each run as a job; submitted together, as a job array.

    All nodes need nearsym installed, and the folder the command is given in under the same path.

    Args:
        out: the suite's folder, which gets a folder ``slurm`` with what submitit keeps.
        name: of the jobs.
        jobs: runs at the same time, or None for as many as Slurm starts.
        threads: CPUs of each run.
        settings: what Slurm is asked for.

    Raises:
        InputError: submitit is not installed, or there is no Slurm.
    """

    def __init__(self, out: Path, name: str, jobs: int | None, threads: int, settings: SlurmSettings) -> None:
        submitit = load_submitit()
        try:
            self._executor = submitit.AutoExecutor(folder=out / "slurm" / "%j", cluster=settings.executor)
        except RuntimeError as error:
            raise InputError(
                f"launcher=slurm finds no Slurm ({error}); run it where sbatch does, or use launcher=local"
            ) from error
        parameters: dict[str, Any] = {"timeout_min": settings.minutes, "cpus_per_task": threads, "name": name}
        parameters["mem_gb"] = settings.memory_gb
        if settings.executor == "slurm":
            parameters["slurm_partition"] = settings.partition
            parameters["slurm_array_parallelism"] = jobs or 1000
        self._executor.update_parameters(**{key: value for key, value in parameters.items() if value is not None})
        self._submitted: list[tuple[Any, Job]] = []

    def submit(self, jobs: Sequence[Job]) -> None:
        """Hand runs to Slurm."""
        with self._executor.batch():
            self._submitted += [(self._executor.submit(Resumable(), job), job) for job in jobs]

    def ended(self) -> dict[str, Status]:
        """Runs that have ended since the last call."""
        done = [pair for pair in self._submitted if pair[0].done()]
        self._submitted = [pair for pair in self._submitted if pair not in done]
        return {job.spec.path: _result(submitted, job) for submitted, job in done}

    def stop(self) -> None:
        """Cancel what still runs, whose processes end with their jobs."""
        for submitted, _ in self._submitted:
            submitted.cancel()


def _result(submitted: Any, job: Job) -> Status:
    error = submitted.exception()
    if error is None:
        status: Status = submitted.result()
        return status
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return Status(FAILED, read_status(job.status).seconds, f"Slurm job {submitted.job_id}: {lines[0]}", job.launch)
