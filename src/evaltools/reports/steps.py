"""The steps of a run, each a function that can be sent elsewhere.

They import what they need when they are called: who only sends them waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaltools.reports.job import Job, Made
from evaltools.study import Workspace

if TYPE_CHECKING:
    from evaltools.reports.manifest import Shelf
    from evaltools.reports.plan import Task

Batch = tuple[Workspace, "Sequence[Task]"]
FIRST, EFFECTS, SYNTHESIS = 1, 2, 3
NUMBERS = ((30, FIRST), (60, EFFECTS))  # notebooks numbered below → stage


@dataclass(frozen=True)
class Step:
    """Something to do for one study.

    Attributes
    ----------
    study : int
        Place of the study in the run.
    function : callable
        One of this module's.
    given : object
        What it is called with.
    task : Task or None
        The notebook that it executes, if it does.
    seconds : float
        How long it took in an earlier run; what takes longest begins first.
    limit : float
        Seconds after which it is taken for hung; 0 sets no limit.
    """

    study: int
    function: Callable[[Any], Any]
    given: Any
    task: Task | None = None
    seconds: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True)
class Preparation:
    """A study to be made ready, with the texts that stand on its pages and on the index."""

    space: Workspace
    said: tuple[str, ...]


def stage(task: Task) -> int:
    """Return when a task's turn is: measures first, then effects, then what joins them."""
    number = int(task.notebook[:2])
    return next((stage for below, stage in NUMBERS if number < below), SYNTHESIS)


def page(job: Job) -> Made:
    """Execute a notebook and make its page; see :func:`evaltools.reports.jobs.make`."""
    from evaltools.reports import jobs

    return jobs.make(job)


def prepare(given: Preparation) -> None:
    """Check what every page depends on, and choose which counts of a public study are shown.

    Raises
    ------
    EvaltoolsError
        When codings do not fit the study, a name of the pseudonym list would be shown, or the
        small counts cannot be protected.
    """
    from evaltools.codings import material
    from evaltools.data import store
    from evaltools.data.inputs import load_sources
    from evaltools.release import plans
    from evaltools.reports import names

    space = given.space
    if load_sources(space).codings:
        material.load(space)
    said = "\n".join(given.said).encode()
    names.check({f"{space.name}.yml": said}, material.replacements(space))
    if space.study.audience == "public":
        plans.of(space, store.load(space))


def review(shelf: Shelf) -> None:
    """Write the checker's page of a public study."""
    from evaltools.reports import review as checker

    checker.write(shelf)
