"""One study's part of a run: what is due, in which order, and where each result goes.

Only here are pages placed, so that no two processes write the same folder unless each holds the
study's lock while it does.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaltools import files
from evaltools.data import store
from evaltools.errors import EvaltoolsError, RunError
from evaltools.release import plans
from evaltools.reports import manifest, steps
from evaltools.reports.executors import Lost
from evaltools.reports.job import Job, Made
from evaltools.reports.limits import Limits
from evaltools.reports.manifest import Shelf
from evaltools.reports.outcomes import Due, Ended, Listener, Outcome
from evaltools.reports.plan import FILES, Task
from evaltools.reports.steps import Preparation, Step
from evaltools.study import Workspace

GRACE = 30.0  # seconds that a worker has to end what a kernel's own limit should have ended
PATIENCE = 600.0  # seconds to wait for another shard that places its page


@dataclass(frozen=True)
class Manner:
    """How tasks are run.

    Attributes
    ----------
    fresh : bool
        Whether to run every notebook, whatever lies there.
    shared : bool
        Whether other processes run other tasks of the same study at the same time; the study is
        then locked only while it is prepared and while a page is placed.
    limits : Limits
        What each task may use.
    """

    fresh: bool = False
    shared: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass
class Desk:
    """A study while a run goes on; :meth:`begin` and :meth:`take` give the steps to be sent.

    Attributes
    ----------
    number : int
        Place of the study in the run.
    """

    number: int
    space: Workspace
    tasks: Sequence[Task]
    manner: Manner
    listener: Listener
    outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)
    error: EvaltoolsError | None = field(default=None, init=False)
    _shelf: Shelf | None = field(default=None, init=False)
    _later: list[list[Step]] | None = field(default=None, init=False)
    _checked: bool = field(default=False, init=False)
    _open: int = field(default=0, init=False)
    _ran: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)

    def begin(self) -> Sequence[Step]:
        """Make ready, and return what can begin at once.

        Raises
        ------
        EvaltoolsError
            When this study cannot be run.
        """
        with self._held():
            _prepare(self.space, shared=self.manner.shared)
            if self.manner.shared and not self._has_plan():
                steps.prepare(self._preparation())  # by the first shard; others find the plan
        return self._sorted() if self._has_plan() else [self._check()]

    def take(self, step: Step, result: Any) -> Sequence[Step]:
        """Put a result where it belongs; return what is ready by that."""
        if step.task is not None:
            return self._placed(step.task, result)
        if isinstance(result, Lost):
            result = RunError(f"study {self.space.name}: {result.reason}")
        if isinstance(result, EvaltoolsError):
            self.error = result
            return []
        if step.function is not steps.prepare:
            return []
        self._checked = True
        return self._sorted() if self._later is None else self._next()

    def close(self) -> None:
        """Leave a true index after an interruption, and nothing of notebooks that were ended."""
        if self._shelf is not None and not self._closed and self.error is None:
            with suppress(OSError, EvaltoolsError), self._held():
                self._shelf = _indexed(self._read())
        if not self.manner.shared:
            _sweep(self.space)

    def ended(self) -> Ended:
        """Say how it ended, tasks in their own order."""
        there = tuple(
            self.outcomes[task.output] for task in self.tasks if task.output in self.outcomes
        )
        return Ended(self.space, there, self.error)

    def _sorted(self) -> Sequence[Step]:
        """Keep what is as it would be made now; sort the rest into stages."""
        shelf = self._read()
        due: dict[int, list[Step]] = {}
        for task in self.tasks:
            shelf.present.of_task(task)  # a file that changes while it is read is then found old
            if not self.manner.fresh and not shelf.reasons(task):
                verdicts = shelf.pages[task.output]["verdicts"]
                self._told(Outcome(task, 0.0, verdicts=verdicts, kept=True, study=self.space.name))
                continue
            limits = self.manner.limits
            step = Step(
                self.number,
                steps.page,
                Job(self.space, task, limits),
                task,
                seconds=_seconds(shelf, task),
                limit=limits.seconds + GRACE if limits.seconds else 0.0,
            )
            due.setdefault(steps.stage(task), []).append(step)
        self._later = [due[stage] for stage in sorted(due)]
        self.listener.due([self.due(step) for stage in self._later for step in stage])
        return self._next() if self._checked or not due else [self._check()]

    def _has_plan(self) -> bool:
        """Whether it is known which counts are shown; what a page was made from includes that."""
        return self.space.study.audience == "intern" or bool(plans.pattern(self.space))

    def _check(self) -> Step:
        return Step(self.number, steps.prepare, self._preparation())

    def _preparation(self) -> Preparation:
        study = self.space.study
        labels = (study.area_label, study.whole_label, study.nation_label, study.help_label)
        shown = [text for task in self.tasks for text in (task.name, task.title)]
        return Preparation(self.space, tuple(dict.fromkeys([study.title, *labels, *shown])))

    def due(self, step: Step) -> Due:
        """Describe a step for who listens."""
        assert step.task is not None
        return Due(self.space.name, step.task, step.seconds)

    def _next(self) -> Sequence[Step]:
        if not self._later:
            return self._finished()
        ready = self._later.pop(0)
        self._open = len(ready)
        return ready

    def _placed(self, task: Task, result: Any) -> Sequence[Step]:
        made = result if isinstance(result, Made) else Made(task, 0.0, _reason(result))
        outcome = Outcome(
            task,
            made.seconds,
            made.error,
            made.verdicts,
            hidden=made.hidden,
            study=self.space.name,
        )
        with self._held():
            shelf = self._read()
            if isinstance(result, Lost) and task.output in shelf.pages:
                return self._went_on(outcome)  # no fault of the notebook: its page stays, as old
            note = {"seconds": round(made.seconds, 2), "hidden": list(made.hidden)}
            note |= shelf.origin(task, made.reads)
            self._shelf = manifest.put(shelf, _entry(outcome), made.contents, note)
        return self._went_on(outcome)

    def _went_on(self, outcome: Outcome) -> Sequence[Step]:
        self._ran = True
        self._told(outcome)
        self._open -= 1
        return [] if self._open else self._next()

    def _finished(self) -> Sequence[Step]:
        """Write the index; the checker's page takes long enough to be sent elsewhere."""
        beside = (self.space.processed / "pruefung.html", self.space.reports.parent / "index.html")
        public = self.space.study.audience == "public"
        complete = not public or all(path.is_file() for path in beside)
        with self._held():
            shelf = self._read()
            if not self._ran and manifest.settled(shelf) and complete:
                self._closed = True
                return []
            self._shelf, self._closed = _indexed(shelf), True
        return [Step(self.number, steps.review, self._shelf)] if public else []

    def _told(self, outcome: Outcome) -> None:
        self.outcomes[outcome.task.output] = outcome
        self.listener.ended(outcome)

    def _read(self) -> Shelf:
        """Return what lies there; what others may have placed meanwhile is read again."""
        if self._shelf is None:
            self._shelf = manifest.read(self.space, store.ingested(self.space))
        elif self.manner.shared:
            before = self._shelf
            self._shelf = manifest.read(self.space, before.made, present=before.present)
        return self._shelf

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self.manner.shared:
            yield
            return
        lock = self.space.processed.with_name(f".{self.space.name}.lock")
        with files.locked(lock, f"study {self.space.name}", wait=PATIENCE):
            yield


def _prepare(space: Workspace, *, shared: bool) -> None:
    """Remove what a killed run left, and refuse a folder that cannot be written at once."""
    if not shared:
        _sweep(space)
        files.sweep(space.reports)
    with files.staged({space.reports / "run.json": ""}):
        pass


def _sweep(space: Workspace) -> None:
    for left in space.processed.glob(".run-*"):
        shutil.rmtree(left, ignore_errors=True)


def _seconds(shelf: Shelf, task: Task) -> float:
    """Return how long a task took the last time, or its notebook for the other areas."""
    known = {file: note.get("seconds", 0.0) for file, note in shelf.notes.items()}
    if known.get(task.output):
        return float(known[task.output])
    alike = [took for file, took in known.items() if Path(file).stem == task.notebook and took]
    return sum(alike) / len(alike) if alike else 0.0


def _indexed(shelf: Shelf) -> Shelf:
    from evaltools.reports import site

    index = site.index(shelf.space, shelf.made, shelf.entries)
    finished = manifest.finish(shelf, index, time.strftime("%Y-%m-%dT%H:%M:%S%z"))
    if shelf.space.study.audience == "public":
        site.list_studies(shelf.space)
    return finished


def _reason(result: object) -> str:
    if isinstance(result, Lost):
        return result.reason
    return str(result) or type(result).__name__


def _entry(outcome: Outcome) -> dict[str, Any]:
    """Describe a page for ``run.json``; of a user's own files it tells the name, not the place."""
    task = outcome.task
    return {
        "area": task.area,
        "name": task.name,
        "notebook": task.notebook,
        "title": task.label,
        "own": _public(task.own),
        "file": task.output,
        "ok": outcome.ok,
        "parameters": _public(task.parameters),
        "verdicts": dict(outcome.verdicts),
    }


def _public(parameters: Mapping[str, str]) -> dict[str, str]:
    return {
        name: Path(value).name if name in FILES else value for name, value in parameters.items()
    }
