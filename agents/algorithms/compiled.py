"""Functions of tensors compiled to machine code, by torch's compiler."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from nearsym.networks.small_product import written_out

from .cuda_graph import Function, Recorded

CACHE = "TORCHINDUCTOR_CACHE_DIR"
"""torch's name for the environment variable that says where compiled code is kept."""


class CannotCompileError(RuntimeError):
    """The reason in one line."""


RECORDED = ("cuda",)
"""Devices where what is compiled is also recorded as a graph: launching its kernels would take longer than they do."""


def compile_function(function: Function, arguments: Sequence[Tensor], lasting: int = 0) -> Function:
    """Compile a function for tensors of the shapes, types and device of these.

    It is traced once, on copies, down to torch's elementary operations, with everything that is not an argument taken
    as constant; these are handed to TorchInductor. That is what `torch.compile` does too, but for its guards: nothing
    is checked when the result is called, which is why updates of a millisecond profit. On a GPU the result is
    recorded as a CUDA graph, see `Recorded`.

    Args:
        function: of tensors, which it may change in place; takes no other way for other values of them.
        arguments: examples, left as they are.
        lasting: how many of the first arguments stay the same tensors from call to call, whatever is in them.

    Returns:
        The compiled function, of such arguments.

    Raises:
        CannotCompileError: there is no compiler, it fails, or compiled code cannot be written to disk.
    """
    device = arguments[0].device.type
    if device == "cpu" and not compiler():
        raise CannotCompileError("there is no C++ compiler (g++ or clang++)")
    os.environ.setdefault(CACHE, str(cache_folder()))
    try:
        Path(os.environ[CACHE]).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=os.environ[CACHE]):
            pass
    except OSError as error:
        raise CannotCompileError(f"{os.environ[CACHE]} cannot be written ({error.strerror})") from error
    try:
        with warnings.catch_warnings(), written_out():
            warnings.simplefilter("ignore")  # torch's compiler uses what torch deprecates
            # imported only here, for it takes a second
            from torch._guards import TracingContext, tracing
            from torch._inductor import compile as compile_graph
            from torch._subclasses import FakeTensorMode
            from torch.fx.experimental.symbolic_shapes import ShapeEnv

            # a lambda, because torch stumbles over annotations that are strings
            graph = make_fx(lambda *given: list(function(*given)))(*(argument.clone() for argument in arguments))
            # a context of shapes, without which torch does not look compiled code up on disk
            with tracing(TracingContext(FakeTensorMode(shape_env=ShapeEnv(), static_shapes=True))):
                compiled: Any = compile_graph(graph, list(arguments))
    except Exception as error:  # whatever a compiler fails at, training can go on without it
        raise CannotCompileError(f"torch's compiler failed: {_reason(error)}") from error
    result: Function = compiled
    if device not in RECORDED:
        return result
    try:
        return Recorded(result, arguments, lasting)
    except Exception as error:  # of kernels too, which are built only when they are first called
        raise CannotCompileError(f"compiled code cannot be recorded as a CUDA graph: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}, {(str(error).strip() or 'no message').splitlines()[0][:200]}"


def compiler() -> str | None:
    """The C++ compiler that torch would call, or None."""
    named = os.environ.get("CXX")
    return shutil.which(named) if named else shutil.which("g++") or shutil.which("clang++")


def cache_folder() -> Path:
    """Where compiled code is kept from run to run, unless `CACHE` names another folder.

    One for each processor: a home may be shared by machines that differ, and code for one crashes on another.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nearsym" / "compiled" / torch.__version__ / processor()


def processor() -> str:
    """What compiled code depends on: the instructions that there are, by their digest, and which of them torch uses."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    # "flags" on x86, "Features" on ARM; the first core's are every core's
    there = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    digest = hashlib.sha256(f"{platform.machine()} {there}".encode()).hexdigest()[:12]
    return f"{torch.backends.cpu.get_cpu_capability()}-{digest}".lower()
