"""Environments stepped at the same time, each in a process of its own."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError

from .vectorised import Order, Outcome, Start, Vectorised
from .worker import Reply

Make = Callable[[], gymnasium.Env[Any, Any]]
"""Makes an environment; can be pickled."""

PROGRAM = """\
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
import json
sys.path[:] = json.loads(sys.argv[1])
from nearsym.envs.vector.worker import serve
serve(int(sys.argv[2]))
"""
"""A worker ignores Ctrl-C, which is the parent's to answer. Nothing of the parent's main module is run again."""

PATIENCE = 5.0
"""Seconds that an environment may take to close."""


class NoWorker(Exception):
    """An environment cannot be made in a process of its own; the message says why."""


class RemoteTraceback(Exception):
    """The traceback of an exception in a worker, as text."""


class Worker:
    """An environment in a process of its own: a fresh interpreter, so that nothing of torch, OpenGL or locks is copied.

    Args:
        make: makes the environment there.
        name: of the environment, for messages.

    Raises:
        NoWorker: `make` cannot be pickled, or the process cannot be started.
    """

    def __init__(self, make: Make, name: str) -> None:
        self._name, self._asked = name, ""
        try:
            pickled = pickle.dumps(make)
        except Exception as error:  # pickle raises whatever the object does
            raise NoWorker(f"it cannot be pickled: {error}") from error
        self._pipe, other = Pipe()
        with other:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", PROGRAM, json.dumps([str(path) for path in sys.path]), str(other.fileno())],
                    stdin=subprocess.PIPE,
                    pass_fds=[other.fileno()],
                )
            except OSError as error:
                raise NoWorker(f"no process can be started: {error}") from error
        self.send("make", pickled)

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def send(self, name: str, *arguments: Any, **keywords: Any) -> None:
        """Have a method of the environment called, or an attribute told."""
        self._asked = name
        try:
            self._pipe.send_bytes(pickle.dumps((name, arguments, keywords), pickle.HIGHEST_PROTOCOL))
        except ConnectionError as error:
            raise self._death() from error

    def receive(self) -> Any:
        """What came of it.

        Raises:
            InputError: the environment failed, or its process died.
        """
        try:
            reply: Reply = pickle.loads(self._pipe.recv_bytes())
            result, failure, given = reply
        except (EOFError, ConnectionError) as error:
            raise self._death() from error
        for message, kind, file, line in given:
            warnings.warn_explicit(message, kind, file, line)
        if failure is not None:
            raise InputError(f"{self._name}: {failure.message}") from RemoteTraceback(failure.trace)
        return result

    def ask(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Both."""
        self.send(name, *arguments, **keywords)
        return self.receive()

    def hang_up(self) -> None:
        """Tell the process that no more will be asked: it closes the environment and ends."""
        self._pipe.close()

    def end(self) -> int:
        """Wait until the process has ended, and kill it where that takes too long; returns its exit code."""
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        assert self._process.stdin is not None  # a pipe
        self._process.stdin.close()
        return self._process.wait()

    def _death(self) -> InputError:
        code = self.end()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return InputError(
            f"{self._name}: its process {how} while it was asked to {self._asked}; is there enough memory? A run goes "
            "on from its last checkpoint with resume=true"
        )


class RemoteEpisodeSeeds:
    """The `EpisodeSeeds` around an environment in another process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def position(self) -> tuple[int, list[Any]]:
        """See `EpisodeSeeds.position`."""
        position: tuple[int, list[Any]] = self._worker.ask("position")
        return position

    def go_on(self, episode: int, actions: Sequence[Any] = (), observation: Any = None) -> None:
        """See `EpisodeSeeds.go_on`."""
        self._worker.ask("go_on", episode, actions, observation)


class InProcesses(Vectorised):
    """N environments stepped at the same time; all else is as for environments stepped in turn, to the bit.

    Args:
        makes: one for each environment.
        like: an environment with their spaces, in this process.

    Attributes:
        workers: their processes.

    Raises:
        NoWorker: one of them cannot be made in a process of its own.
    """

    def __init__(self, makes: Sequence[Make], like: gymnasium.Env[Any, Any]) -> None:
        super().__init__(like, len(makes))
        self.workers: list[Worker] = []
        try:
            for i, make in enumerate(makes):
                self.workers.append(Worker(make, f"environment {i + 1} of {len(makes)}"))
            for worker in self.workers:
                spaces = worker.receive()
                if spaces != (like.observation_space, like.action_space):
                    raise NoWorker(f"it has other spaces there: {spaces}")
        except InputError as error:
            self.close()
            raise NoWorker(str(error)) from error
        except BaseException:
            self.close()
            raise

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environments and end their processes."""
        for worker in self.workers:
            worker.hang_up()
        for worker in self.workers:
            worker.end()

    def _stepped(self, actions: Iterator[Any]) -> Sequence[Outcome]:
        for worker, action in zip(self.workers, actions, strict=True):
            worker.send("step", action)
        return [worker.receive() for worker in self.workers]

    def _started(self, orders: Sequence[Order]) -> Sequence[Start]:
        for i, arguments in orders:
            self.workers[i].send("reset", **arguments)
        return [self.workers[i].receive() for i, _ in orders]
