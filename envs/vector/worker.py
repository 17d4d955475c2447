"""The process of one environment: makes it, and does with it what it is asked to, one request after the other."""

from __future__ import annotations

import pickle
import sysconfig
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nearsym.envs.errors import InputError
from nearsym.envs.orphans import die_with_parent

LIBRARIES = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
LIBRARIES += [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parents[2])]
"""Where code lies that is not the user's."""


@dataclass(frozen=True)
class Failure:
    """An exception, without its class, which another process may not know.

    Attributes:
        message: what to tell the user, one sentence.
        trace: the whole traceback.
    """

    message: str
    trace: str


Given = tuple[str, type[Warning], str, int]
"""A warning: text, kind, file, line."""

Reply = tuple[Any, Failure | None, list[Given]]
"""What came of a request: a result or a failure, and the warnings given on the way."""


def serve(descriptor: int) -> None:
    """Answer requests on a pipe until its other end is closed.

    A request is (name, arguments, keyword arguments), pickled. The first one's only argument makes the environment,
    itself pickled; every other names a method or an attribute of it. Each is answered by one pickled `Reply`.
    """
    die_with_parent()
    given: list[Given] = []

    def keep(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        # a class of the user's may be unknown to the parent
        kind = category if category.__module__ == "builtins" else UserWarning
        given.append((str(message), kind, filename, lineno))

    warnings.showwarning = keep
    env: Any = None
    with Connection(descriptor) as pipe:
        while True:
            try:
                name, arguments, keywords = pickle.loads(pipe.recv_bytes())
            except (EOFError, ConnectionError):
                break
            try:
                if env is None:
                    env = pickle.loads(arguments[0])()
                    result = env.observation_space, env.action_space
                else:
                    found = getattr(env, name)
                    result = found(*arguments, **keywords) if callable(found) else found
                answer = _pickled((result, None, given))
            except Exception as error:  # whatever a user's environment raises
                answer = _pickled((None, failure(error), given))
            given.clear()
            try:
                pipe.send_bytes(answer)
            except ConnectionError:
                break
    if env is not None:
        env.close()


def _pickled(reply: Reply) -> bytes:
    try:
        return pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickle raises whatever the object does
        raise InputError(
            f"what it returns cannot be sent to another process ({error}); leave it out of its info, or use "
            "env.processes=false"
        ) from error


def failure(error: Exception) -> Failure:
    """What to tell of an exception: an `InputError` says it all; of others the kind, and where in the user's files."""
    trace = traceback.format_exc()
    if isinstance(error, InputError):
        return Failure(str(error), trace)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((*LIBRARIES, "<"))]
    place = (own or frames)[-1]
    return Failure(f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})", trace)
