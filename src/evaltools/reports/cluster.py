"""The workers of a Dask scheduler, on any machines that share the project's folder.

They call the same functions as a pool on this machine and return the same results; Dask sends them,
and sends them again when a worker is lost. ``docs/cluster.md`` says how to start it, and why it
belongs in a closed network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaltools import program
from evaltools.data import store
from evaltools.errors import RunError
from evaltools.reports.executors import Engine, Executor, Lost, guarded
from evaltools.study import Workspace

if TYPE_CHECKING:
    from distributed import Client, Future

TICK = 0.5  # seconds between two looks at what has ended
ANSWER = 10.0  # seconds to wait for the scheduler
PATIENCE = 60.0  # seconds to wait for its first worker, and for each worker's answer
AHEAD = 64  # tasks that wait at the scheduler, so that a cluster that grows by need sees the need
MISSING = "--scheduler needs Dask; install evaltools[cluster]"
AWAY = "the scheduler went away; finished pages are kept, start it and run the same command again"
KILLED = "the workers that ran it were killed again and again, perhaps for want of memory"
FAULT = "on a worker; its message is withheld, it may quote data"


@dataclass(frozen=True)
class Ground:
    """What a worker must find as the machine that asks does: program and processed data."""

    program: str
    state: str


class Cluster:
    """Calls functions on workers; see :class:`evaltools.reports.executors.Executor`.

    Parameters
    ----------
    client : distributed.Client
        Connected; at least one worker is there.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._futures: dict[Future[Any], int] = {}
        self._grounds: dict[str, Ground] = {}
        self._measure()

    def submit(self, key: int, function: Callable[[Any], Any], given: Any, limit: float) -> None:
        """Take a call; a hung worker is Dask's to find, a hung kernel has its own limit."""
        name = given.space.name
        if name not in self._grounds:
            self._grounds[name] = ground(given.space)
        with _scheduler_needed():
            future = self._client.submit(
                checked, function, given, self._grounds[name], pure=False, retries=0
            )
        self._futures[future] = key

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Wait a moment; give what has ended."""
        from distributed import wait

        with suppress(TimeoutError), _scheduler_needed():
            wait(list(self._futures), timeout=TICK, return_when="FIRST_COMPLETED")
        if self._client.status != "running":
            raise RunError(AWAY)
        ended = [future for future in self._futures if future.done()]
        for future in ended:
            key = self._futures.pop(future)
            yield key, _result(future)
            future.release()
        if ended:
            self._measure()

    def running(self) -> Collection[int]:
        """Keys of the calls that were sent first; which of them run, only the scheduler knows."""
        return list(self._futures.values())[: self.width]

    def _measure(self) -> None:
        with _scheduler_needed():
            self.width = max(1, len(self._client.nthreads()))
        self.window = 2 * self.width + AHEAD


def engine(address: str, spaces: Sequence[Workspace]) -> Engine:
    """Return what connects to a scheduler.

    Parameters
    ----------
    address : str
        Such as ``tcp://10.0.0.5:8786`` or ``tls://…``.
    spaces : sequence of Workspace
        The studies; every worker must find them as they are here.

    Raises
    ------
    RunError
        When Dask is not installed; when it starts: when nobody answers there, no worker comes, or
        a worker does not find the same program and data.
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise RunError(MISSING) from None

    def start(calls: int) -> AbstractContextManager[Executor]:
        return _connected(address, spaces)

    return start


@contextmanager
def _connected(address: str, spaces: Sequence[Workspace]) -> Iterator[Executor]:
    from distributed import Client

    # What it logs of a lost scheduler is said in one line here.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=ANSWER)
    except (OSError, ValueError, TimeoutError):
        raise RunError(
            f"no scheduler answers at {address}; start it or check the address"
        ) from None
    try:
        _check(client, spaces)
        yield Cluster(client)
    finally:
        with suppress(Exception):
            client.close(timeout=2)


def _check(client: Client, spaces: Sequence[Workspace]) -> None:
    """Ask every worker for one thread, and whether it finds the studies as they are here."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise RunError(
            f"the scheduler had no worker for {PATIENCE:.0f} s; start some with --nthreads 1"
        ) from None
    threads = client.nthreads()
    if any(number != 1 for number in threads.values()):
        raise RunError("a notebook needs a worker of its own; start workers with --nthreads 1")
    asked = [
        client.submit(checked, _nothing, _Probe(space), ground(space), workers=[worker], pure=False)
        for space in spaces
        for worker in threads
    ]
    for future in asked:
        result = _result(future)
        if isinstance(result, Lost):
            raise RunError(f"a worker cannot be used: {result.reason}")
        if isinstance(result, RunError):
            raise result


@dataclass(frozen=True)
class _Probe:
    space: Workspace


def _nothing(probe: _Probe) -> None:
    """Do nothing: what is to be known is known before it is called."""


def ground(space: Workspace) -> Ground:
    """Return what this machine finds of a study."""
    made = store.read_provenance(space.processed)
    return Ground(program.digest(), made.state if made else "")


def checked(function: Callable[[Any], Any], given: Any, wanted: Ground) -> Any:
    """Call a function on a worker, if that finds what it needs.

    Raises nothing: errors meant for users are returned, as from other executors, of a foreign one
    only its kind, for Dask writes what is raised into the worker's log.
    """
    found = ground(given.space)
    if found.program != wanted.program:
        return RunError("a worker has another version of evaltools or its packages; install one")
    if found.state != wanted.state:
        return RunError(
            f"a worker does not find the processed data of study {given.space.name} as they are "
            "here; all need the project's folder under the same path"
        )
    try:
        return guarded(lambda: function(given))
    except Exception as error:
        return Lost(f"{type(error).__name__} {FAULT}")


def _result(future: Future[Any]) -> Any:
    from distributed import KilledWorker

    if future.cancelled():
        raise RunError(AWAY)
    try:
        return future.result(timeout=PATIENCE)
    except KilledWorker:
        return Lost(KILLED)
    except Exception as error:
        if future.cancelled():
            raise RunError(AWAY) from None
        return Lost(f"{type(error).__name__} {FAULT}")


@contextmanager
def _scheduler_needed() -> Iterator[None]:
    """Let whatever Dask raises when its scheduler is lost be one error."""
    from concurrent.futures import CancelledError

    try:
        yield
    except TimeoutError:
        raise
    except (OSError, CancelledError, RuntimeError):
        raise RunError(AWAY) from None
