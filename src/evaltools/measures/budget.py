"""The action budget: how long a decision takes, what was granted and spent, and for what."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evaltools.data.schema_framework import PURPOSES
from evaltools.errors import DesignError
from evaltools.measures import delivered

EUROS = ["eur_applied", "eur_granted", "eur_spent"]


@dataclass(frozen=True)
class RegularTasks:
    """Grants that pay for a regular task, which the action budget must not.

    Attributes
    ----------
    flagged : DataFrame
        ``application_id, year, purpose, eur_granted`` of each grant marked as a regular task.
    n_granted, n_unstated : int
        Grants of more than 0 Euro, and those of them that say neither yes nor no.
    """

    flagged: pd.DataFrame
    n_granted: int
    n_unstated: int


def by_purpose(table: pd.DataFrame, area: str, *, total: bool = False) -> pd.DataFrame:
    """Add up the euros applied for, granted and spent, by purpose and year of application.

    Parameters
    ----------
    table : DataFrame
        ``action_budget``; not changed.
    area : str
        Id of the area.
    total : bool, optional
        Add the years up.

    Returns
    -------
    DataFrame
        ``purpose, year`` (without the year in a total), ``n, n_open`` (not yet decided),
        ``eur_applied, eur_granted, eur_spent`` (known amounts; NA when none is known),
        ``n_unknown`` (applications of which an amount that there must be is unknown) and
        ``approval``: granted over applied, sum over sum, of the decided applications of which
        both are known.
    """
    own = _applications(table, area)
    own["n_unknown"] = _incomplete(own)
    both = ~own["n_open"] & own["eur_applied"].notna() & own["eur_granted"].notna()
    own["asked"], own["given"] = own["eur_applied"].where(both), own["eur_granted"].where(both)
    keys = ["purpose"] if total else ["purpose", "year"]
    grouped = own.groupby(keys)
    counts = grouped[["n_open", "n_unknown"]].sum().astype("Int64")
    counts.insert(0, "n", grouped.size().astype("Int64"))
    sums = grouped[[*EUROS, "asked", "given"]].sum(min_count=1)
    approval = sums["given"] / sums["asked"].where(sums["asked"] > 0)
    found = counts.join(sums[EUROS]).assign(approval=approval).reset_index()
    found = found.iloc[found["purpose"].map(PURPOSES.index).argsort(kind="stable")]
    shown = [*keys, "n", "n_open", *EUROS, "n_unknown", "approval"]
    return found[shown].reset_index(drop=True)


def decisions(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Say how many days a decision took, by year of application.

    Open applications are counted apart. Their time is not over, so the median of the decided ones
    is too short where many are open.

    Returns
    -------
    DataFrame
        ``year, n, n_open, median_days, longest_days``.

    Raises
    ------
    DesignError
        When a decision lies before its application.
    """
    own = _applications(table, area)
    own["days"] = (own["date_decision"] - own["date_in"]).dt.days.astype("Float64")
    early = own[(own["days"] < 0).fillna(False)]
    if len(early):
        raise DesignError(
            f"action_budget {early.iloc[0]['application_id']}: date_decision lies before date_in; "
            "correct the table",
            german="Bei einem Antrag liegt die Entscheidung vor dem Eingang; die Tabelle ist zu "
            "berichtigen.",
        )
    grouped = own.groupby("year")
    open_ones = grouped["n_open"].sum().astype("Int64")
    counts = pd.DataFrame({"n": grouped.size().astype("Int64"), "n_open": open_ones})
    days = grouped["days"].agg(["median", "max"])
    days.columns = ["median_days", "longest_days"]
    return counts.join(days.astype("Float64")).reset_index()


def regular_tasks(table: pd.DataFrame, area: str) -> RegularTasks:
    """Find every grant that pays for a regular task, and count those that do not say."""
    own = _applications(table, area)
    granted = own[(own["eur_granted"] > 0).fillna(False)]
    flagged = granted[granted["regular_task"].fillna(False)]
    columns = ["application_id", "year", "purpose", "eur_granted"]
    listed = flagged[columns].sort_values(["year", "application_id"], ignore_index=True)
    return RegularTasks(listed, len(granted), int(granted["regular_task"].isna().sum()))


def _applications(table: pd.DataFrame, area: str) -> pd.DataFrame:
    own = delivered.rows(table, "action_budget", area)
    return own.assign(
        year=own["date_in"].dt.year.astype("Int64"), n_open=own["date_decision"].isna()
    )


def _incomplete(own: pd.DataFrame) -> pd.Series:
    """Say of which applications an amount is unknown that must be there by now."""
    decided = ~own["n_open"] & own["eur_granted"].isna()
    paid = (own["eur_granted"] > 0).fillna(False) & own["eur_spent"].isna()
    return own["eur_applied"].isna() | decided | paid
