"""Run the planned notebooks: papermill, page, index, ``run.json``; one failure stops no other."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from evaltools.data import record, store
from evaltools.data.store import Provenance
from evaltools.errors import ReleaseError
from evaltools.reports import html, site
from evaltools.reports.plan import Task
from evaltools.study import Workspace

KERNEL = "python3"


@dataclass(frozen=True)
class Outcome:
    """How one task ended: ``error`` is empty when its page was written."""

    task: Task
    seconds: float
    error: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the page was written."""
        return not self.error


def run(
    space: Workspace,
    tasks: Sequence[Task],
    *,
    report: Callable[[Outcome], None] = lambda outcome: None,
) -> tuple[Outcome, ...]:
    """Run tasks one after the other, then write ``run.json`` and the index.

    The primary specification is put on record before the first result is seen.

    Parameters
    ----------
    space : Workspace
        The study; it must have been ingested.
    tasks : sequence of Task
        From :func:`evaltools.reports.plan.tasks`.
    report : callable, optional
        Told each outcome as soon as it is there.

    Returns
    -------
    tuple of Outcome
        In the order of the tasks; failed notebooks are kept, for the office only, in
        ``data/processed/<study>/failed/``.
    """
    made = store.require(space)
    record.note(space, date.today())
    for left in space.processed.glob(".run-*"):
        shutil.rmtree(left, ignore_errors=True)
    outcomes = []
    for task in tasks:
        outcome = _one(space, made, task)
        outcomes.append(outcome)
        report(outcome)
    entries = _entries(space, made, outcomes)
    _write(space.reports / "run.json", _json(space, made, entries))
    _write(space.reports / "index.html", site.index(space, made, entries))
    return tuple(outcomes)


def _one(space: Workspace, made: Provenance, task: Task) -> Outcome:
    begun = time.monotonic()
    target = space.reports / task.output
    try:
        notebook = execute(space, task)
        page = html.page(
            space,
            made,
            title=task.label,
            area=task.name,
            inputs=task.changes,
            depth=task.output.count("/"),
        )
        _write(target, html.render(notebook, page))
        found = html.verdicts(notebook)
    except (NotebookFailed, ReleaseError) as error:
        target.unlink(missing_ok=True)
        return Outcome(task, time.monotonic() - begun, str(error))
    return Outcome(task, time.monotonic() - begun, verdicts=found)


class NotebookFailed(Exception):
    """A cell of a notebook raised; the message names the cell and what it said."""


def execute(space: Workspace, task: Task) -> NotebookNode:
    """Execute one notebook with papermill in a kernel of its own.

    Raises
    ------
    NotebookFailed
        When a cell raises; the notebook is kept in ``data/processed/<study>/failed/``.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from evaltools.reports.kernel import PrivateKernelManager

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(dir=space.processed, prefix=".run-") as folder:
        kept = Path(folder) / f"{task.area or 'stadt'}_{task.notebook}.ipynb"
        try:
            return papermill.execute_notebook(
                space.notebooks / f"{task.notebook}.ipynb",
                kept,
                parameters=dict(task.parameters),
                kernel_name=KERNEL,
                cwd=space.root,
                progress_bar=False,
                log_output=False,
                kernel_manager_class=PrivateKernelManager,
            )
        except PapermillExecutionError as error:
            _keep(kept, space)
            said = error.evalue.strip().splitlines()[0] if error.evalue.strip() else ""
            raise NotebookFailed(f"cell {error.cell_index + 1}: {error.ename}: {said}") from None
        except DeadKernelError:
            _keep(kept, space)
            raise NotebookFailed("the kernel died; perhaps out of memory") from None


def _keep(notebook: Path, space: Workspace) -> None:
    folder = space.processed / "failed"
    folder.mkdir(exist_ok=True)
    if notebook.is_file():
        shutil.move(notebook, folder / notebook.name)


def _entries(
    space: Workspace, made: Provenance, outcomes: Sequence[Outcome]
) -> list[dict[str, Any]]:
    """Join this run's pages with those of earlier runs that still belong to the study."""
    state = made.state
    entries = {entry["file"]: entry for entry in site.read_entries(space)}
    for outcome in outcomes:
        task = outcome.task
        entries[task.output] = {
            "area": task.area,
            "name": task.name,
            "notebook": task.notebook,
            "title": task.label,
            "own": task.own,
            "file": task.output,
            "ok": outcome.ok,
            "state": state,
            "parameters": dict(task.parameters),
            "verdicts": dict(outcome.verdicts),
            "seconds": round(outcome.seconds, 2),
        }
    order = {name: place for place, name in enumerate((*space.study.treated, ""))}
    books = space.study.notebooks.area + space.study.notebooks.city
    kept = [
        item for item in entries.values() if item["area"] in order and item["notebook"] in books
    ]
    for item in kept:
        item["stale"] = item["state"] != state
    return sorted(kept, key=lambda item: (order[item["area"]], item["notebook"]))


def _json(space: Workspace, made: Provenance, entries: list[dict[str, Any]]) -> str:
    content = {
        "study": space.name,
        "title": space.study.title,
        "study_file": space.digest,
        "simulated": made.simulated,
        "inputs": dict(made.public_inputs),
        "versions": dict(made.versions),
        "state": made.state,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "pages": entries,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
