"""What a run says while it goes on: a bar on a terminal, lines elsewhere, JSON, or next to nothing.

Results (verdicts, where the pages lie) go to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from evaltools.reports.outcomes import Due, Ended, Outcome

Style = Literal["bar", "lines", "quiet", "json"]
READY = "getting ready: names, codings, which counts may be shown"


class Tally:
    """Counts what is done and what is left; this listener says nothing.

    Attributes
    ----------
    total : int
        Tasks that are known so far, kept ones included.
    done : int
        Those that have ended.
    """

    def __init__(self) -> None:
        self.total = self.done = 0
        self._left: dict[tuple[str, str], Due] = {}
        self._took: list[float] = []
        self._now: Sequence[Due] = ()
        self._workers = 1

    def due(self, tasks: Sequence[Due]) -> None:
        """Further tasks will run."""
        self.total += len(tasks)
        self._left |= {(task.study, task.task.output): task for task in tasks}

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Remember what runs now."""
        self._now, self._workers = tasks, workers

    def ended(self, outcome: Outcome) -> None:
        """Count a task."""
        self.done += 1
        if outcome.kept:
            self.total += 1
        else:
            self._took.append(outcome.seconds)
        self._left.pop((outcome.study, outcome.task.output), None)

    def say(self, line: str, *, result: bool = False) -> None:
        """Pass on what the run says beside its tasks."""

    def finish(self, ended: Sequence[Ended]) -> None:
        """Say how it all ended."""

    def seconds_left(self) -> float | None:
        """Estimate from earlier durations, those of this run where there are none.

        Returns
        -------
        float or None
            Seconds; None while nothing is known of any task.
        """
        known = [due.seconds for due in self._left.values() if due.seconds] + self._took
        if not known:
            return None
        mean = sum(self._took or known) / len(self._took or known)
        return sum(due.seconds or mean for due in self._left.values()) / self._workers


class Lines(Tally):
    """One line for each task, and a table at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._silent = True

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Say once what takes its time before the first task."""
        super().running(tasks, workers)
        if self._silent and not tasks and not self._took:
            self.say(READY)
        self._silent = False

    def ended(self, outcome: Outcome) -> None:
        """Say how a task ended."""
        super().ended(outcome)
        state = "FAILED" if outcome.error else outcome.state
        self.say(f"{state:6} {_place(outcome)} {outcome.seconds:.1f} s")

    def say(self, line: str, *, result: bool = False) -> None:
        """Write a line."""
        stream = sys.stdout if result else sys.stderr
        stream.write(line + "\n")
        stream.flush()

    def finish(self, ended: Sequence[Ended]) -> None:
        """Write the table."""
        for line in table(ended):
            self.say(line)


class Quiet(Lines):
    """Errors and the last line only."""

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Remember what runs now."""
        Tally.running(self, tasks, workers)

    def ended(self, outcome: Outcome) -> None:
        """Count a task."""
        Tally.ended(self, outcome)

    def say(self, line: str, *, result: bool = False) -> None:
        """Pass over everything but the end."""

    def finish(self, ended: Sequence[Ended]) -> None:
        """Write what failed, and how many tasks ended how."""
        for line in table(ended)[1 + len(ended) :]:
            super().say(line)
        super().say(_counted([item for one in ended for item in one.outcomes]), result=True)


class Json(Tally):
    """One object a line on standard output: ``task`` as each ends, ``end`` at the end."""

    def ended(self, outcome: Outcome) -> None:
        """Write how a task ended."""
        super().ended(outcome)
        left = self.seconds_left()
        said = {"event": "task", **_told(outcome), "done": self.done, "total": self.total}
        _write(said | {"seconds_left": None if left is None else round(left, 1)})

    def finish(self, ended: Sequence[Ended]) -> None:
        """Write how all ended."""
        outcomes = [item for one in ended for item in one.outcomes]
        states = [item.state for item in outcomes]
        counts = {state: states.count(state) for state in ("done", "kept", "failed")}
        studies = [{"study": one.space.name, "error": str(one.error or "")} for one in ended]
        failed = [_told(item) for item in outcomes if not item.ok]
        _write({"event": "end", **counts, "studies": studies, "tasks_failed": failed})


class Bar(Lines):
    """A bar with what runs now and the time left; ended tasks go by above it."""

    def __init__(self, write: Callable[[str], None], update: Callable[..., None]) -> None:
        super().__init__()
        self._write, self._update = write, update

    def due(self, tasks: Sequence[Due]) -> None:
        """Make the bar longer."""
        super().due(tasks)
        self._show()

    def running(self, tasks: Sequence[Due], workers: int) -> None:
        """Name what runs."""
        Tally.running(self, tasks, workers)
        self._show()

    def ended(self, outcome: Outcome) -> None:
        """Say how a task ended, and go on."""
        super().ended(outcome)
        self._show()

    def say(self, line: str, *, result: bool = False) -> None:
        """Write a line above the bar."""
        if result:
            super().say(line, result=True)
        else:
            self._write(line)

    def _show(self) -> None:
        shown = [f"{due.task.area or 'city'} {due.task.notebook}" for due in self._now]
        left = self.seconds_left()
        self._update(
            total=self.total or None,
            completed=self.done,
            description=", ".join(shown) or ("" if self._took else READY),
            left="" if left is None else f"{_span(left)} left",
        )


@contextmanager
def shown(style: Style) -> Iterator[Tally]:
    """Show a run while the block lasts.

    Parameters
    ----------
    style : str
        ``bar`` becomes ``lines`` where nobody sits at a terminal.
    """
    if style == "bar" and sys.stderr.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield {"quiet": Quiet, "json": Json}.get(style, Lines)()


@contextmanager
def _bar() -> Iterator[Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        item = progress.add_task("", total=None, left="")

        def write(line: str) -> None:
            progress.console.print(line, highlight=False, markup=False, soft_wrap=True)

        def update(**state: Any) -> None:
            progress.update(item, **state)

        yield Bar(write, update)


def table(ended: Sequence[Ended]) -> list[str]:
    """Return the table at the end: a head, a row for each study, a line for what failed."""
    wide = max([len("study"), *(len(one.space.name) for one in ended)])
    rows = [f"{'study':{wide}}  {'done':>6}  {'kept':>6}  {'failed':>6}"]
    for one in ended:
        states = [item.state for item in one.outcomes]
        counts = "  ".join(f"{states.count(name):>6}" for name in ("done", "kept", "failed"))
        rows.append(f"{one.space.name:{wide}}  {counts}{'  not run' if one.error else ''}")
    several = len(ended) > 1
    for one in ended:
        study = f"{one.space.name} " if several else ""
        rows += [f"failed: {study}{_place(x)}: {x.error}" for x in one.outcomes if not x.ok]
        if several and one.error is not None:
            prefix = f"study {one.space.name}: "
            rows.append(f"error: {prefix}{str(one.error).removeprefix(prefix)}")
    return rows


def _counted(outcomes: Sequence[Outcome]) -> str:
    states = [item.state for item in outcomes]
    return ", ".join(f"{states.count(name)} {name}" for name in ("done", "kept", "failed"))


def _place(outcome: Outcome) -> str:
    return f"{outcome.task.area or 'city'} {outcome.task.notebook}"


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "study": outcome.study,
        "area": outcome.task.area,
        "notebook": outcome.task.notebook,
        "state": outcome.state,
        "seconds": round(outcome.seconds, 2),
        "error": outcome.error,
        "verdicts": dict(outcome.verdicts),
        "page": outcome.task.output if outcome.ok else "",
    }


def _write(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
