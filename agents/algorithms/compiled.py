"""Functions of tensors compiled to machine code, by torch's compiler."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from nearsym.networks.small_product import written_out

Function = Callable[..., Sequence[Tensor]]

CACHE = "TORCHINDUCTOR_CACHE_DIR"
"""torch's name for the environment variable that says where compiled code is kept."""


class CannotCompileError(RuntimeError):
    """The reason in one line."""


def compile_function(function: Function, arguments: Sequence[Tensor]) -> Function:
    """Compile a function for tensors of the shapes, types and device of these.

    It is traced once, on copies, down to torch's elementary operations, with everything that is not an argument taken
    as constant; these are handed to TorchInductor. That is what `torch.compile` does too, but for its guards: nothing
    is checked when the result is called, which is why updates of a millisecond profit.

    Args:
        function: of tensors, which it may change in place; takes no other way for other values of them.
        arguments: examples, left as they are.

    Returns:
        The compiled function, of such arguments.

    Raises:
        CannotCompileError: there is no compiler, it fails, or compiled code cannot be written to disk.
    """
    on_cpu = all(argument.device.type == "cpu" for argument in arguments)
    if on_cpu and not compiler():
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
        reason = (str(error).strip() or "no message").splitlines()[0]
        raise CannotCompileError(f"torch's compiler failed: {type(error).__name__}, {reason[:200]}") from error
    result: Function = compiled
    return result


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
