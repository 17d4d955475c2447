"""Files a policy can be exported to: each writes a module, and reads it back as anybody would, without nearsym."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs.errors import InputError, first_line
from nearsym.envs.extra import extra

from .policy import ExportedPolicy

Array = NDArray[Any]
Act = Callable[[Array], Array]
"""(batch, …) observations to (batch, …) actions."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        file: its name.
        write: writes a policy, given an example of its input.
        read: gives back what acts.
        how: to use it in Python, a few lines that end with `action`; ``{shape}`` and ``{dtype}`` are the observation's.
        needs: packages to use it.
        packages: optional ones to write it.
    """

    file: str
    write: Callable[[ExportedPolicy, Tensor, Path], None]
    read: Callable[[Path], Act]
    how: str
    needs: str
    packages: tuple[str, ...] = ()


def _traced(policy: ExportedPolicy, observation: Tensor) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=1)
    return torch.export.export(policy, (observation,), dynamic_shapes={"observation": {0: batch}})


def _write_torch(policy: ExportedPolicy, observation: Tensor, path: Path) -> None:
    torch.export.save(_traced(policy, observation), path)


def _read_torch(path: Path) -> Act:
    act = torch.export.load(path).module()
    return lambda observations: np.asarray(act(torch.from_numpy(observations)).detach())


def _write_onnx(policy: ExportedPolicy, observation: Tensor, path: Path) -> None:
    program: Any = torch.onnx.export(
        policy,
        (observation,),
        dynamo=True,
        dynamic_shapes={"observation": {0: torch.export.Dim("batch", min=1)}},
        input_names=["observation"],
        output_names=["action"],
        verbose=False,
    )
    program.save(path, external_data=False)


def _read_onnx(path: Path) -> Act:
    runtime = extra("onnxruntime", "export", "format=onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda observations: session.run(None, {"observation": observations})[0]


FORMATS = {
    "onnx": Format(
        "policy.onnx",
        _write_onnx,
        _read_onnx,
        "import numpy as np\n"
        "import onnxruntime\n\n"
        'policy = onnxruntime.InferenceSession("policy.onnx")\n'
        "observation = np.zeros((1, {shape}), np.{dtype})  # a batch of one\n"
        'action = policy.run(None, {{"observation": observation}})[0][0]',
        "onnxruntime numpy",
        ("onnx", "onnxscript", "onnxruntime"),
    ),
    "torch": Format(
        "policy.pt2",
        _write_torch,
        _read_torch,
        "import torch\n\n"
        'policy = torch.export.load("policy.pt2").module()\n'
        "observation = torch.zeros((1, {shape}), dtype=torch.{dtype})  # a batch of one\n"
        "action = policy(observation)[0].detach().numpy()",
        "torch numpy",
    ),
}
"""By what ``format=`` takes."""


def write(kind: str, policy: ExportedPolicy, observation: Tensor, path: Path) -> Act:
    """Write a policy, and read it back.

    Args:
        kind: a key of `FORMATS`.
        policy: the policy.
        observation: an example of a batch.
        path: the file.

    Raises:
        InputError: packages are missing, or something in the networks has no counterpart in this kind of file.
    """
    for package in FORMATS[kind].packages:
        extra(package, "export", f"format={kind}", "format=torch")
    with _quiet():
        try:
            FORMATS[kind].write(policy, observation, path)
        except Exception as error:  # whatever an exporter of torch's fails at
            first = first_line(error)
            raise InputError(
                f"the policy cannot be written as {kind} ({type(error).__name__}: {first[:200]}); try another format="
            ) from error
        return FORMATS[kind].read(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what exporters say of themselves."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
