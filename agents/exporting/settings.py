"""Settings of exports, and of uploads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nearsym.agents.algorithms.settings import check_range
from nearsym.agents.runs.settings import MOST_THREADS
from nearsym.envs.errors import InputError

from .formats import FORMATS


@dataclass(frozen=True)
class ExportSettings:
    """A run whose policy is to be used elsewhere.

    Attributes:
        run: folder of the run; may be given first, without ``run=``.
        format: ``onnx``, for onnxruntime, or ``torch``, for torch alone.
        out: a new folder; null for ``export-onnx`` or ``export-torch`` in the run's.
        samples: of an audit of the environment, for the card; 0 for none.
        observations: on how many observations of the policy's own episodes the file is compared with the run.
        seed: of those episodes, and of the audit.
        threads: torch threads.
        trust: import the modules that the run names from wherever they are.

    Raises:
        InputError: a value is out of range, or there is no such format.
    """

    run: str
    format: str = "onnx"
    out: str | None = None
    samples: int = 100
    observations: int = 100
    seed: int = 0
    threads: int = 1
    trust: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(f"format is {self.format!r}, expected one of {', '.join(FORMATS)}")
        check_range("", self, 0, ("samples", "seed"), MOST_SAMPLES)
        check_range("", self, 1, ("observations",), MOST_SAMPLES)
        check_range("", self, 1, ("threads",), MOST_THREADS)


MOST_SAMPLES = 1_000_000
REPO = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class PushSettings:
    """An exported policy, and where on the Hugging Face hub it is to go.

    Attributes:
        folder: what `nearsym export` wrote; may be given first, without ``folder=``.
        repo: ``user/name`` of a model repository; it is made if there is none.
        private: make it a private one.
        replace: write a new version into a repository that is there already.
        dry_run: say what would be sent, and send nothing.

    Raises:
        InputError: the name is none.
    """

    folder: str
    repo: str
    private: bool = False
    replace: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not REPO.fullmatch(self.repo):
            raise InputError(f"repo is {self.repo!r}, expected user/name, as on the Hugging Face hub")
