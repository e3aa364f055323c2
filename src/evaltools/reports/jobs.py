"""Execute one notebook and make its page's files: what every worker does, and nothing else.

It writes nothing below ``reports/``; placing the files is left to who asked.
"""

from __future__ import annotations

import time
from dataclasses import replace

from evaltools.codings import material
from evaltools.data import store
from evaltools.errors import EvaltoolsError
from evaltools.reports import export, frame, html, names
from evaltools.reports.job import Job, Made
from evaltools.reports.kernel import Executed, NotebookFailed, execute


def make(job: Job) -> Made:
    """Execute a job's notebook and make its page.

    Parameters
    ----------
    job : Job
        The study must have been ingested, and its plan made, where the worker runs.

    Returns
    -------
    Made
        With the reason in ``error`` when the notebook failed, its page cannot be released, or the
        disk is full; a user's other notebooks go on.
    """
    begun = time.monotonic()
    try:
        executed = execute(job.space, job.task, limits=job.limits)
        written = contents(job, executed)
        verdicts = html.verdicts(executed.notebook)
    except (NotebookFailed, EvaltoolsError) as error:
        return Made(job.task, time.monotonic() - begun, str(error))
    except OSError as error:
        said = f"{error.strerror or type(error).__name__}; check rights and free space"
        return Made(job.task, time.monotonic() - begun, said)
    return Made(
        job.task,
        time.monotonic() - begun,
        contents=written,
        verdicts=verdicts,
        hidden=html.hidden(executed.notebook),
        reads=executed.reads,
    )


def contents(job: Job, executed: Executed) -> dict[str, bytes]:
    """Make all public files of an executed notebook, by path below the folder of reports.

    They are moved into place together, and leave together when the page is replaced or fails.
    """
    space, task = job.space, job.task
    page = frame.page(
        space,
        store.ingested(space),
        title=task.label,
        area=task.name,
        inputs=task.changes,
        depth=task.output.count("/"),
        reads=executed.reads,
    )
    folder, _, name = task.output.removesuffix(".html").rpartition("/")
    tables = export.files(executed.notebook, name, notes=export.page_notes(page))
    shown = replace(page, downloads=tuple(f"tables/{file}" for file in tables))
    written = {task.output: html.render(executed.notebook, shown).encode()}
    written |= {f"{folder}/tables/{file}": data for file, data in tables.items()}
    names.check(written, material.replacements(space))
    return written
