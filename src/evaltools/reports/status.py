"""What the next run of a study would do, and why; nothing is run, read or written for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from evaltools.data import inputs, store
from evaltools.reports import manifest, plan
from evaltools.reports.manifest import FAILED, MISSING, NEVER, Shelf
from evaltools.reports.plan import Task
from evaltools.study import Workspace

State = Literal["fresh", "stale", "missing", "failed"]
STATES: tuple[State, ...] = ("failed", "missing", "stale")
KINDS: dict[str, State] = {FAILED: "failed", MISSING: "missing", NEVER: "missing"}
CITY = "city"


@dataclass(frozen=True)
class PageStatus:
    """One page: `reasons` is empty when it is fresh."""

    area: str
    notebook: str
    state: State
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """What is stale in a study, and why.

    Attributes
    ----------
    pages : tuple of PageStatus
        In the order of the study.
    raw : tuple of str
        Raw files that changed since they were read, and the study file; the next run reads anew,
        after which other pages may be stale than now.
    unplanned : bool
        Whether the next run has to decide anew which counts are shown.
    """

    study: str
    pages: tuple[PageStatus, ...]
    raw: tuple[str, ...] = ()
    unplanned: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether the next run would run no notebook."""
        return not self.raw and all(page.state == "fresh" for page in self.pages)

    def lines(self) -> tuple[str, ...]:
        """Say it in lines; what has the same reasons stands in one of them."""
        said = (
            [f"raw      {', '.join(self.raw)}: changed since the last ingest"] if self.raw else []
        )
        if self.unplanned:
            said.append("plan     which counts are shown will be decided anew")
        for state in STATES:
            said += _grouped(state, [page for page in self.pages if page.state == state])
        fresh = sum(page.state == "fresh" for page in self.pages)
        said.append(f"{self.study}: {fresh} of {len(self.pages)} pages are fresh")
        if self.raw:
            said[-1] += " by the data as last read, more may be stale"
            said.append(f"next: evaltools ingest {self.study} reads them, and status says the rest")
        elif not self.is_fresh:
            said.append(f"next: evaltools run {self.study} makes the others anew")
        return tuple(said)


def status(space: Workspace) -> Status:
    """Compare each page of a study with what it would be made from now.

    Parameters
    ----------
    space : Workspace
        The study; it must have been ingested.

    Raises
    ------
    DataError
        When the study was not ingested.
    RunError, StudyError
        As :func:`evaltools.reports.plan.tasks`.
    """
    made = store.ingested(space)
    raw = inputs.changed(made.inputs, inputs.inputs(space))
    if not made.is_this_version:
        raw = (*raw, "evaltools")
    shelf = manifest.read(space, made)
    pages = tuple(_page(shelf, task) for task in plan.tasks(space))
    public = space.study.audience == "public"
    return Status(space.name, pages, raw, public and not shelf.present.pattern)


def _page(shelf: Shelf, task: Task) -> PageStatus:
    reasons = shelf.reasons(task)
    state: State = KINDS.get(reasons[0], "stale") if reasons else "fresh"
    return PageStatus(task.area, task.notebook, state, reasons)


def _grouped(state: State, pages: Iterable[PageStatus]) -> list[str]:
    """Put the areas of equal notebooks together, then the notebooks of equal areas."""
    areas: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for page in pages:
        areas.setdefault((page.notebook, page.reasons), []).append(page.area or CITY)
    books: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (notebook, reasons), named in areas.items():
        books.setdefault((tuple(named), reasons), []).append(notebook)
    return [
        f"{state:<8} {', '.join(named)}  {', '.join(notebooks)}: {'; '.join(reasons)}"
        for (named, reasons), notebooks in books.items()
    ]
