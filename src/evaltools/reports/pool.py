"""A pool of processes on this machine, forked from one that has imported everything.

Processes, because a notebook's working directory belongs to the whole process. One that is killed
costs one task's time, not the run.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as TooLong
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pebble

from evaltools.reports.executors import Engine, Executor, Lost, guarded
from evaltools.reports.job import Made, packed, unpacked

WARM = "evaltools.reports.warm"
ATTEMPTS = 3  # a task whose process is killed that often fails
TICK = 0.2  # seconds between two looks at what runs
STALLED = 150.0  # seconds without any task that runs after which the processes are replaced
KILLED = (
    f"its process was killed {ATTEMPTS} times, perhaps for want of memory; run it alone with "
    "--workers 1"
)
HUNG = "did not end within its time limit, and not when told to; its process was ended"
BROKEN = "the processes of this run cannot be kept alive; run it again with --workers 1"
FAULT = "in the program itself; its message is withheld, it may quote data"


GONE = Lost("")  # the result was lost with its process


@dataclass
class _Call:
    """A call that was taken, as often as it has been sent."""

    key: int
    function: Callable[[Any], Any]
    given: Any
    limit: float
    attempts: int = 0


class Pool:
    """Calls functions in processes of its own; see :class:`evaltools.reports.executors.Executor`.

    Parameters
    ----------
    workers : int
        How many processes.
    spool : Path
        Folder of the office. Results are handed over in files there: a process that is killed
        while it writes to a pipe that all share would leave half a result in it.
    """

    def __init__(self, workers: int, spool: Path) -> None:
        self.width = workers
        self.window = 2 * workers
        self._folder = Path(tempfile.mkdtemp(dir=spool, prefix=".run-"))
        self._calls: dict[Future[Any], _Call] = {}
        self._quiet = 0.0
        self._lifeline, self._held = multiprocessing.Pipe(duplex=False)
        self._pool = self._opened()

    def submit(self, key: int, function: Callable[[Any], Any], given: Any, limit: float) -> None:
        """Take a call."""
        self._send(_Call(key, function, given, limit))

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Wait a moment; give what has ended, and send again what was lost without its fault."""
        ended, _ = wait(self._calls, timeout=TICK, return_when=FIRST_COMPLETED)
        idle = not ended and not self.running()
        self._quiet = self._quiet + TICK if idle else 0.0
        if self._quiet > STALLED:
            ended = set(self._calls)
        lost: list[_Call] = []
        for future in ended:
            call = self._calls.pop(future)
            result = self._result(future, call)
            if result is GONE and call.attempts < ATTEMPTS:
                lost.append(call)
            else:
                yield call.key, Lost(KILLED) if result is GONE else result
        if lost and (self._quiet > STALLED or not self._pool.active):
            self._replace()
        for call in lost:
            self._send(call)

    def running(self) -> Collection[int]:
        """Keys of the calls that a process has begun."""
        return [call.key for future, call in self._calls.items() if future.running()]

    def close(self) -> None:
        """End all processes at once, whatever they do."""
        self._pool.stop()
        self._pool.join()
        self._lifeline.close()
        self._held.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _opened(self) -> pebble.ProcessPool:
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            context.set_forkserver_preload([WARM])
        given = (self._lifeline, os.getpid())
        return pebble.ProcessPool(
            self.width, initializer=_initialise, initargs=given, context=context
        )

    def _send(self, call: _Call) -> None:
        call.attempts += 1
        for _ in range(2):
            with suppress(RuntimeError), _interrupts_wait():
                arguments = (call.function, call.given, str(self._folder))
                future = self._pool.schedule(_spooled, arguments, timeout=call.limit or None)
                self._calls[future] = call
                return
            self._replace()
        raise RuntimeError(BROKEN)

    def _replace(self) -> None:
        """Take new processes; those of a pool that broke may still hold what all need."""
        self._pool.stop()
        self._pool.join()
        self._quiet = 0.0
        self._pool = self._opened()

    def _result(self, future: Future[Any], call: _Call) -> Any:
        """Read a result; GONE when it was lost with its process."""
        if not future.done():
            return GONE
        error = None if future.cancelled() else future.exception()
        if error is None and not future.cancelled():
            return _fetched(future.result(), call)
        if isinstance(error, TooLong):
            return Lost(HUNG)
        if error is None or isinstance(error, pebble.ProcessExpired | multiprocessing.ProcessError):
            return GONE
        if isinstance(error, RuntimeError) and not self._pool.active:
            return GONE
        return Lost(f"{type(error).__name__} {FAULT}")


def engine(workers: int | None = None, *, spool: Path) -> Engine:
    """Return what starts a pool.

    Parameters
    ----------
    workers : int, optional
        How many processes; as many as this machine's cores and memory allow when not given.
    spool : Path
        As for :class:`Pool`.
    """

    def start(calls: int) -> AbstractContextManager[Executor]:
        from evaltools.reports import machine

        return _running(machine.width(calls, workers), spool)

    return start


@contextmanager
def _running(workers: int, spool: Path) -> Iterator[Executor]:
    pool = Pool(workers, spool)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True)
class _Left:
    """Where a worker has left what it made."""

    path: Path


def _spooled(function: Callable[[Any], Any], given: Any, folder: str) -> Any:
    """Call a function in a worker; what is large is left in a file there."""
    result = guarded(lambda: function(given))
    if not isinstance(result, Made):
        return result
    handle, path = tempfile.mkstemp(dir=folder)
    os.close(handle)
    Path(path).write_bytes(packed(result))
    return _Left(Path(path))


def _fetched(result: Any, call: _Call) -> Any:
    if not isinstance(result, _Left):
        return result
    try:
        return unpacked(result.path.read_bytes(), call.given.task)
    finally:
        result.path.unlink(missing_ok=True)


def _initialise(lifeline: Connection, run: int) -> None:
    """Make a worker ready: its end is that of the run, however that ends."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    if sys.platform == "linux":
        _die_with_parent()
    if WARM in sys.modules:
        sys.modules[WARM].share()
    threading.Thread(target=_watch, args=[lifeline], daemon=True).start()


def _die_with_parent() -> None:
    """Let the system end this process with the one it was forked from, which starts new ones."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)


def _watch(lifeline: Connection) -> None:
    """End this process when the run's end of the line breaks; nothing is ever said over it."""
    with suppress(OSError, EOFError):
        lifeline.poll(None)
    os._exit(1)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started: it must reach this process, not its helpers."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
