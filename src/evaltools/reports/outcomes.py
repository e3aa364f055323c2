"""How tasks ended, and who is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evaltools.errors import EvaltoolsError
from evaltools.reports.plan import Task
from evaltools.study import Workspace


@dataclass(frozen=True)
class Outcome:
    """How one task ended: ``error`` is empty when its page lies there.

    Attributes
    ----------
    kept : bool
        Whether the page of an earlier run was left as it was, for nothing it is made from changed.
    hidden : tuple of str
        Keys of the counts that were taken out of it.
    study : str
        Name of the study.
    """

    task: Task
    seconds: float
    error: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    hidden: tuple[str, ...] = ()
    study: str = ""

    @property
    def ok(self) -> bool:
        """Whether the page lies there."""
        return not self.error

    @property
    def state(self) -> str:
        """One word: kept, done or failed."""
        return "failed" if self.error else "kept" if self.kept else "done"


@dataclass(frozen=True)
class Ended:
    """How a study's part of a run ended.

    Attributes
    ----------
    outcomes : tuple of Outcome
        In the order of its tasks; of a study that could not be run, those that were finished.
    error : EvaltoolsError or None
        Why the study as a whole could not be run.
    """

    space: Workspace
    outcomes: tuple[Outcome, ...]
    error: EvaltoolsError | None = None


@dataclass(frozen=True)
class Due:
    """A task that will run, with the seconds it took earlier (0 when it never ran)."""

    study: str
    task: Task
    seconds: float


class Listener(Protocol):
    """Who is told how a run goes on."""

    def due(self, tasks: Sequence[Due]) -> None:
        """Hear of further tasks that will run."""

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Hear what runs now, and on how many workers."""

    def ended(self, outcome: Outcome) -> None:
        """Hear that a task ended, or that its page was kept."""


class Silent:
    """A listener that tells nobody."""

    def due(self, tasks: Sequence[Due]) -> None:
        """Say nothing."""

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Say nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Say nothing."""
