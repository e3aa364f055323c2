"""Of how few persons the figures of a survey would tell, beside what else is shown of it."""

from __future__ import annotations

import pandas as pd

from evaltools.measures import survey


def incomplete(table: pd.DataFrame, area: str, wave: int) -> int:
    """Count the persons of a wave who answered some of its items, but not all.

    Beside the means of all items, the mean over them gives back a weighted sum of these persons'
    answers, and nothing else: whoever shows both must see to it that these persons are enough.
    """
    rows = survey.of_wave(table, area, wave)
    answered = rows[rows["agreement"].notna()].groupby("response_id")["item"].nunique()
    return int((answered < rows["item"].nunique()).sum())


def sizes(table: pd.DataFrame, area: str, wave: int) -> list[int]:
    """Count the answers to each item of a wave."""
    names = survey.items(table, area, wave)
    return [survey.agreement(table, area, wave, item=name).n for name in names]


def fewest(table: pd.DataFrame, area: str, wave: int) -> int:
    """Return of how few persons the mean over all items tells, beside the means of the items.

    Where one person left out one of two items, the answer to the other is twice the mean over all
    minus the means of both: those who left out some must be none or enough, and so must those who
    answered an item that is withheld. 0 where nobody can be singled out.
    """
    persons = [incomplete(table, area, wave), *sizes(table, area, wave)]
    return min((n for n in persons if n), default=0)
