"""Who executes the steps of a run: this process, a pool of processes, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Lost:
    """What comes back instead of a result: why there is none, in one line."""

    reason: str


class Executor(Protocol):
    """Something that calls functions with one argument each, elsewhere or here.

    Attributes
    ----------
    width : int
        How many it calls at the same time.
    window : int
        How many it should hold at most; the rest stays with who asks, so that memory stays flat.
    """

    width: int
    window: int

    def submit(self, key: int, function: Callable[[Any], Any], given: Any, limit: float) -> None:
        """Take a call; `limit` are the seconds after which it is taken for hung, 0 for never."""

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Wait a short while; give what has ended by then with its key.

        Exceptions meant for users come back as results, other losses as :class:`Lost`.
        """

    def running(self) -> Collection[int]:
        """Keys of what runs just now, as far as that is known."""


Engine = Callable[[int], AbstractContextManager[Executor]]


class Here:
    """Calls in this process, one after the other."""

    width = 1
    window = 1

    def __init__(self) -> None:
        self._waiting: dict[int, Callable[[], Any]] = {}

    def submit(self, key: int, function: Callable[[Any], Any], given: Any, limit: float) -> None:
        """Keep a call until :meth:`finished` asks for it; nobody is there to end it."""
        self._waiting[key] = lambda: function(given)

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Make the calls."""
        while self._waiting:
            key = next(iter(self._waiting))
            yield key, guarded(self._waiting.pop(key))

    def running(self) -> Collection[int]:
        """Keys of what waits: it runs as soon as it is asked for."""
        return tuple(self._waiting)


@contextmanager
def here(calls: int) -> Iterator[Executor]:
    """Call everything in this process."""
    yield Here()


def guarded(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the error meant for users that it raised."""
    from evaltools.errors import EvaltoolsError

    try:
        return call()
    except EvaltoolsError as error:
        return error
