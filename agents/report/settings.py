"""Settings of a report."""

from __future__ import annotations

from dataclasses import dataclass

from nearsym.envs.errors import InputError


@dataclass(frozen=True)
class ReportSettings:
    """One report on a comparison.

    Attributes:
        folder: holds the runs, at any depth: folders of nearsym train, or evaluations.npz of stable-baselines3. Or the
            evaluations.csv of an earlier report, from which it is made again.
        out: folder of the report; null for <folder>/report.
        against: networks that every other one is compared with, such as [plain,rpp]; null for plain and exact,
            as far as there are runs of them.
        threshold: fraction of the way from the bottom of a task's scale to the final return of the first network of
            `against`; steps are counted until a network gets there.
        unfinished: count runs that have not reached their last step too; every curve of their task then ends with them.
        level: coverage of the intervals; 1 − level is the largest chance that the verdict calls any difference clear
            where there is none.

    Raises:
        InputError: a value is out of range.
    """

    folder: str
    out: str | None = None
    against: list[str] | None = None
    threshold: float = 0.8
    unfinished: bool = False
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("threshold", "level"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected a number between 0 and 1")
        if self.against is not None and (not self.against or len(set(self.against)) < len(self.against)):
            raise InputError(f"against is {self.against}, expected different names of networks such as [plain,exact]")
