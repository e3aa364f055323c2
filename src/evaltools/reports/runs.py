"""Run the planned notebooks of one study or several; one failure stops no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from evaltools.data import record, store
from evaltools.errors import EvaltoolsError
from evaltools.reports import executors
from evaltools.reports.desk import Desk, Manner
from evaltools.reports.executors import Engine
from evaltools.reports.flow import flow
from evaltools.reports.limits import Limits
from evaltools.reports.outcomes import Ended, Listener, Outcome, Silent
from evaltools.reports.plan import Task
from evaltools.reports.steps import Batch, Step
from evaltools.study import Workspace

LIMITS, MANNER = Limits(), Manner()


class _Reporting(Silent):
    """Tells one function of each outcome."""

    def __init__(self, report: Callable[[Outcome], None]) -> None:
        self._report = report

    def ended(self, outcome: Outcome) -> None:
        """Tell it."""
        self._report(outcome)


def run(
    space: Workspace,
    tasks: Sequence[Task],
    *,
    workers: int = 1,
    report: Callable[[Outcome], None] = lambda outcome: None,
    fresh: bool = False,
    limits: Limits = LIMITS,
) -> tuple[Outcome, ...]:
    """Run tasks of one study, each with its page and ``run.json``; then write the index.

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
    workers : int, optional
        Processes that execute notebooks; with one, this process does.
    report : callable, optional
        Told each outcome as soon as it is there.
    fresh : bool, optional
        Whether to run every notebook, whatever lies there.
    limits : Limits, optional
        What each task may use.

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
    engine: Engine = executors.here
    if workers > 1 and len(tasks) > 1:
        from evaltools.reports import pool

        engine = pool.engine(workers, spool=space.processed)
    (ended,) = run_all(
        [(space, tasks)],
        engine=engine,
        listener=_Reporting(report),
        manner=Manner(fresh=fresh, limits=limits),
    )
    if ended.error is not None:
        raise ended.error
    return ended.outcomes


def run_all(
    batches: Sequence[Batch],
    *,
    engine: Engine = executors.here,
    listener: Listener | None = None,
    manner: Manner = MANNER,
) -> tuple[Ended, ...]:
    """Run tasks of several studies, whatever is ready of any of them at the same time.

    Within a study, measures come first, then effects, then what joins them; of what is ready, the
    task that took longest in an earlier run begins first. Only this process places pages, each as
    soon as it is there.

    Parameters
    ----------
    batches : sequence of (Workspace, sequence of Task)
        The studies, each ingested, with their tasks.
    engine : Engine, optional
        Who executes them: this process, or what :mod:`evaltools.reports.pool` and
        :mod:`evaltools.reports.cluster` give.
    listener : Listener, optional
        Told how the run goes on.
    manner : Manner, optional
        How they are run.

    Returns
    -------
    tuple of Ended
        One for each study; a study that cannot be run stops no other.

    Raises
    ------
    RunError
        When the executor is lost, such as a scheduler that goes away; pages that were placed
        are kept.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    told = listener or Silent()
    desks = [
        Desk(number, space, tasks, manner, told) for number, (space, tasks) in enumerate(batches)
    ]
    first = [step for desk in desks for step in _begun(desk)]

    def running(now: Sequence[Step], workers: int) -> None:
        told.running([desks[step.study].due(step) for step in now if step.task], workers)

    def after(step: Step, result: Any) -> Sequence[Step]:
        return _safely(desks[step.study], lambda desk: desk.take(step, result))

    most = sum(len(desk.tasks) for desk in desks)
    try:
        flow(first, engine, after, most=most, running=running)
    finally:
        for desk in desks:
            desk.close()
    return tuple(desk.ended() for desk in desks)


def _begun(desk: Desk) -> Sequence[Step]:
    def begin(desk: Desk) -> Sequence[Step]:
        store.ingested(desk.space)
        record.note(desk.space, date.today())
        return desk.begin()

    return _safely(desk, begin)


def _safely(desk: Desk, do: Callable[[Desk], Sequence[Step]]) -> Sequence[Step]:
    """Let an error meant for users end one study, and no other."""
    try:
        return do(desk)
    except EvaltoolsError as error:
        desk.error = error
        return []
