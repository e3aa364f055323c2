"""What is to be said of a run that has ended, and with which error the command leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from evaltools.errors import NotebookError, RunError
from evaltools.reports.outcomes import Ended


def results(ended: Ended, shown: Callable[[Path], str]) -> Iterator[str]:
    """Say what a study's run has found, and where its pages lie.

    Parameters
    ----------
    ended : Ended
        Of one study.
    shown : callable
        Writes a path as the user is to see it.
    """
    for outcome in ended.outcomes:
        grouped: dict[str, list[str]] = {}
        for number, verdict in outcome.verdicts.items():
            grouped.setdefault(verdict, []).append(number)
        said = "; ".join(f"{verdict}: {', '.join(numbers)}" for verdict, numbers in grouped.items())
        if said:
            yield f"{outcome.task.area} {outcome.task.name}, Aussagen {said}"
    if ended.error is None:
        if ended.space.study.audience == "public":
            checked = shown(ended.space.processed / "pruefung.html")
            yield f"{checked} (for who signs, not public)"
        yield shown(ended.space.reports / "index.html")


def raise_for(ended: Sequence[Ended]) -> None:
    """Raise what the command ends with; the table has said each single fault.

    Raises
    ------
    NotebookError
        When a notebook failed.
    EvaltoolsError
        When a study could not be run: of its own kind, a RunError where kinds differ.
    """
    failed = [one for one in ended if any(not outcome.ok for outcome in one.outcomes)]
    if failed:
        outcomes = [outcome for one in ended for outcome in one.outcomes]
        lost = sum(not outcome.ok for outcome in outcomes)
        folders = ", ".join(f"data/processed/{one.space.name}/failed/" for one in failed)
        raise NotebookError(
            f"{lost} of {len(outcomes)} notebooks failed; they are kept, for the office only, "
            f"in {folders}"
        )
    errors = [one.error for one in ended if one.error is not None]
    if errors:
        said = f"{len(errors)} of {len(ended)} studies could not be run, see above"
        alike = len({type(error) for error in errors}) == 1
        raise (type(errors[0]) if alike else RunError)(said)
