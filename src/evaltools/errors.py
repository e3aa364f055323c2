"""What a user can be told: one class per kind of problem, each with its exit code.

Everything a user may cause ends in one of these; the command line prints the
message and leaves with ``exit_code``. Any other exception is a fault of the program.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pandas import DataFrame


class EvaltoolsError(Exception):
    """Base of all errors meant for users; the message says what, where, limit and what next."""

    exit_code: ClassVar[int] = 1


class StudyError(EvaltoolsError):
    """A study, sources or corrections file cannot be used as it is written."""

    exit_code = 3


class DataError(EvaltoolsError):
    """The raw data have errors; the last good processed data were left untouched.

    Attributes
    ----------
    findings : DataFrame or None
        What the data check found, one row a finding.
    """

    exit_code = 4

    def __init__(self, message: str, *, findings: DataFrame | None = None) -> None:
        super().__init__(message)
        self.findings = findings


class RunError(EvaltoolsError):
    """A run was asked for something it cannot do: unknown area, notebook or parameter."""

    exit_code = 5


class ReleaseError(EvaltoolsError):
    """Something was about to leave the office that disclosure control has not handed out."""

    exit_code = 6


class DesignError(EvaltoolsError):
    """A method refuses the data it was given.

    Attributes
    ----------
    german : str
        The same for a report's reader, in German.
    """

    exit_code = 7

    def __init__(self, message: str, *, german: str = "") -> None:
        super().__init__(message)
        self.german = german or "Das Verfahren lehnt die Daten ab."


class NotebookError(EvaltoolsError):
    """At least one notebook of a run failed; the others were finished."""

    exit_code = 8


def unknown(kind: str, value: str, permitted: Collection[str], *, most: int = 20) -> str:
    """Say in one line that a name is unknown and which names there are.

    Parameters
    ----------
    kind : str
        What the name stands for, such as ``area``.
    value : str
        The unknown name.
    permitted : collection of str
        The known names; close matches come first when there are more than `most`.
    most : int, optional
        How many names are listed at most.

    Returns
    -------
    str
        One line, such as ``unknown area 'SR4'; permitted: SR04, SR10``.
    """
    names = sorted(permitted)
    shown = names
    if len(names) > most:
        close = get_close_matches(value, names, n=5, cutoff=0.4)
        shown = close + [name for name in names if name not in close][: most - len(close)]
    rest = f" … ({len(names)} in all)" if len(names) > len(shown) else ""
    return f"unknown {kind} {value!r}; permitted: {', '.join(shown) or 'none'}{rest}"
