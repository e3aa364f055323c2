"""Progress of a run on the terminal: a bar with time left, or plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evaltools.reports.plan import Task
from evaltools.reports.runs import Outcome, run
from evaltools.study import Workspace


def run_with_progress(
    space: Workspace, tasks: Sequence[Task], *, fresh: bool = False
) -> tuple[Outcome, ...]:
    """Run tasks and show how far they are; see :func:`evaltools.reports.runs.run`."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        item = bar.add_task("notebooks", total=len(tasks))

        def tell(outcome: Outcome) -> None:
            place = outcome.task.area or "city"
            state = "kept" if outcome.kept else "done" if outcome.ok else "FAILED"
            bar.console.print(
                f"{state:6} {place} {outcome.task.notebook} {outcome.seconds:.1f} s",
                highlight=False,
            )
            bar.advance(item)

        return run(space, tasks, report=tell, fresh=fresh)
