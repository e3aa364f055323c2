"""Run the planned notebooks: papermill, page, ``run.json``, index; one failure stops no other."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from evaltools import files
from evaltools.codings import material
from evaltools.data import record, store
from evaltools.data.store import Provenance
from evaltools.errors import ReleaseError
from evaltools.release import plans
from evaltools.reports import export, html, manifest, names, review, site
from evaltools.reports.kernel import NotebookFailed, execute
from evaltools.reports.manifest import Shelf
from evaltools.reports.plan import FILES, Task
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
    """

    task: Task
    seconds: float
    error: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    hidden: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the page lies there."""
        return not self.error


def run(
    space: Workspace,
    tasks: Sequence[Task],
    *,
    report: Callable[[Outcome], None] = lambda outcome: None,
    fresh: bool = False,
) -> tuple[Outcome, ...]:
    """Run tasks one after the other, each with its page and ``run.json``; then write the index.

    The primary specification is put on record, and all counts of a public study are protected,
    before the first result is seen; the checker's page is written last. A page that lies
    there whole, made from the same as now, is kept, so that an interrupted run goes on where it
    was.

    Parameters
    ----------
    space : Workspace
        The study; it must have been ingested.
    tasks : sequence of Task
        From :func:`evaltools.reports.plan.tasks`.
    report : callable, optional
        Told each outcome as soon as it is there.
    fresh : bool, optional
        Whether to run every notebook, whatever lies there.

    Returns
    -------
    tuple of Outcome
        In the order of the tasks; failed notebooks are kept without outputs, for the office only,
        in ``data/processed/<study>/failed/``.

    Raises
    ------
    ReleaseError
        When the small counts of a public study cannot be protected; no page is touched then.
    """
    made = store.require(space)
    record.note(space, date.today())
    if space.study.audience == "public":
        plans.of(space, store.load(space))
    _check_names(space, tasks)
    _prepare(space)
    shelf = manifest.read(space, made)
    outcomes = []
    for task in tasks:
        outcome, shelf = _step(shelf, task, fresh=fresh)
        outcomes.append(outcome)
        report(outcome)
    index = site.index(space, made, shelf.entries)
    review.write(manifest.finish(shelf, index, time.strftime("%Y-%m-%dT%H:%M:%S%z")))
    return tuple(outcomes)


def _check_names(space: Workspace, tasks: Sequence[Task]) -> None:
    """Refuse names of the pseudonym list in what stands on every page and on the index."""
    study = space.study
    said = [study.title, study.area_label, study.whole_label, study.nation_label, study.help_label]
    said += [text for task in tasks for text in (task.name, task.title)]
    names.check({f"{space.name}.yml": "\n".join(said).encode()}, material.replacements(space))


def _prepare(space: Workspace) -> None:
    """Remove what a killed run left, and refuse a folder that cannot be written at once."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for left in space.processed.glob(".run-*"):
        shutil.rmtree(left, ignore_errors=True)
    files.sweep(space.reports)
    with files.staged({space.reports / "run.json": ""}):
        pass


def _step(shelf: Shelf, task: Task, *, fresh: bool) -> tuple[Outcome, Shelf]:
    """Keep a task's page or make it; give the shelf with it."""
    mark = manifest.mark(shelf.space, task)
    if not fresh and shelf.holds(task.output, mark):
        verdicts = shelf.pages[task.output]["verdicts"]
        return Outcome(task, 0.0, verdicts=verdicts, kept=True), shelf
    outcome, contents = _one(shelf.space, shelf.made, task)
    note = {"mark": mark, "seconds": round(outcome.seconds, 2), "hidden": list(outcome.hidden)}
    return outcome, manifest.put(shelf, _entry(outcome), contents, note)


def _one(space: Workspace, made: Provenance, task: Task) -> tuple[Outcome, dict[str, bytes]]:
    begun = time.monotonic()
    try:
        notebook = execute(space, task)
        contents = _contents(space, made, task, notebook)
        found = html.verdicts(notebook)
    except (NotebookFailed, ReleaseError) as error:
        return Outcome(task, time.monotonic() - begun, str(error)), {}
    hidden = html.hidden(notebook)
    return Outcome(task, time.monotonic() - begun, verdicts=found, hidden=hidden), contents


def _contents(
    space: Workspace, made: Provenance, task: Task, notebook: NotebookNode
) -> dict[str, bytes]:
    """Make all public files of an executed notebook, by path below the folder of reports.

    They are moved into place together, and leave together when the page is replaced or fails.
    """
    page = html.page(
        space,
        made,
        title=task.label,
        area=task.name,
        inputs=task.changes,
        depth=task.output.count("/"),
    )
    folder, _, name = task.output.removesuffix(".html").rpartition("/")
    tables = export.files(notebook, name, notes=export.page_notes(page))
    shown = replace(page, downloads=tuple(f"tables/{file}" for file in tables))
    written = {task.output: html.render(notebook, shown).encode()}
    written |= {f"{folder}/tables/{file}": data for file, data in tables.items()}
    names.check(written, material.replacements(space))
    return written


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
