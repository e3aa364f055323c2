"""Work of coordinators, area teams and KiFaZ: staff, hours, meetings, work beyond the single case.

All of it is a full count of what the office wrote down, no sample: shares carry no interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.data.schema_framework import COMMUNITY, FIELDS, ROLES, TASKS
from evaltools.errors import DesignError, unknown
from evaltools.measures import delivered

KIFAZ_LEAST, KIFAZ_MOST = 1.5, 2.0  # VZÄ, framework concept
KIFAZ_COORDINATOR = 1.0  # VZÄ of these that belong to the coordinator
BELOW, WITHIN, ABOVE, UNKNOWN = "unter der Norm", "in der Norm", "über der Norm", "keine Angabe"
CODES = {"category": COMMUNITY, "role": ROLES}
STAFFED = [
    *("kifaz_id", "year", "vzae", "vzae_coordinator", "missing", "missing_coordinator"),
    *("verdict", "visits", "access_restricted"),
]


def kifaz(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Judge the staff of each Kinder- und Familienzentrum by the norm, year by year.

    The norm is 1.5 to 2 VZÄ, at least one of them for the coordinator. What is known to lie below
    it is judged so even where the other figure is unknown.

    Returns
    -------
    DataFrame
        ``kifaz_id, year, vzae, vzae_coordinator, missing, missing_coordinator, verdict, visits,
        access_restricted``; `missing` in VZÄ up to the lower end of the norm, 0 when it is kept.

    Raises
    ------
    DesignError
        When the coordinator's part is larger than the whole.
    """
    own = delivered.rows(table, "kifaz", area)
    whole, part = own["vzae"], own["vzae_coordinator"]
    more = own[(part > whole).fillna(False)]
    if len(more):
        first = more.iloc[0]
        raise DesignError(
            f"kifaz {first['kifaz_id']}, {first['year']}: vzae_coordinator="
            f"{first['vzae_coordinator']} exceeds vzae={first['vzae']}; correct the table",
            german="Für ein Kinder- und Familienzentrum sind für die Koordination mehr Stellen "
            "angegeben als insgesamt; die Tabelle ist zu berichtigen.",
        )
    short = (whole < KIFAZ_LEAST) | (part < KIFAZ_COORDINATOR)
    known = whole.notna() & part.notna()
    verdict = np.select(
        [_true(short), ~known, _true(whole > KIFAZ_MOST)], [BELOW, UNKNOWN, ABOVE], WITHIN
    )
    judged = own.assign(
        missing=(KIFAZ_LEAST - whole).clip(lower=0),
        missing_coordinator=(KIFAZ_COORDINATOR - part).clip(lower=0),
        verdict=pd.array(verdict, dtype="string"),
    )
    return judged[STAFFED].sort_values(["kifaz_id", "year"], ignore_index=True)


def tasks(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """List the coordinator's hours by task and year, with their share of the year's hours.

    Returns
    -------
    DataFrame
        ``task, year, hours, share``; the share is NA in a year in which the hours of a task are
        unknown, because then the whole is.
    """
    own = delivered.rows(table, "coordinator_activity", area)
    whole = own.groupby("year")["hours"].transform(_whole)
    shares = own.assign(share=own["hours"] / whole.where(whole > 0))
    order = shares["task"].map(TASKS.index).rename("order")
    rows = shares[["task", "year", "hours", "share"]].assign(order=order)
    return rows.sort_values(["order", "year"], ignore_index=True).drop(columns="order")


def meetings(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Count an area team's meetings by year, and what came of them.

    Returns
    -------
    DataFrame
        ``year, n, fields, cases_discussed, agreements``: meetings; mean number of fields present
        at a meeting; cases discussed (of persons: small numbers are not for the public) and
        agreements, NA in a year in which a meeting's are unknown.

    Raises
    ------
    DesignError
        As in :func:`presence`.
    """
    own = delivered.rows(table, "area_team_meeting", area)
    there = [float(len(_fields(text))) for text in own["fields_present"]]
    held = own.assign(year=own["date"].dt.year.astype("Int64"), fields=there)
    held["fields"] = held["fields"].astype("Float64")
    grouped = held.groupby("year")
    sums = grouped[["cases_discussed", "agreements"]].agg(_whole)
    counted = pd.DataFrame({"n": grouped.size(), "fields": grouped["fields"].mean()})
    return counted.join(sums).astype({"n": "Int64"}).reset_index()


def presence(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Say at how many of a year's meetings each field was present.

    Returns
    -------
    DataFrame
        ``field, year, n_present, n, share``, a row for each field of the framework, present or
        not, and each year with meetings.

    Raises
    ------
    DesignError
        When a field is none of the framework's.
    """
    own = delivered.rows(table, "area_team_meeting", area)
    rows = []
    for year, part in own.groupby(own["date"].dt.year):
        there = [_fields(text) for text in part["fields_present"]]
        for field in FIELDS:
            present = sum(field in fields for fields in there)
            rows.append([field, year, present, len(part), present / len(part)])
    kinds = {"field": "string", "year": "Int64", "n_present": "Int64", "n": "Int64"}
    columns = [*kinds, "share"]
    return pd.DataFrame(rows, columns=columns).astype(kinds | {"share": "Float64"})


def community(table: pd.DataFrame, area: str, *, by: str = "category") -> pd.DataFrame:
    """Add up the hours of work beyond the single case by year and category or role.

    Parameters
    ----------
    table : DataFrame
        ``community_work``; the categories are those of the concept of the
        Erziehungshilfestationen.
    area : str
        Id of the area.
    by : {'category', 'role'}, optional
        What the hours are split by.

    Returns
    -------
    DataFrame
        ``<by>, year, hours, share, n, n_unknown``, a row for each category or role and each year
        with entries: known hours and their share of the year's known hours, entries, and those of
        them without hours. Hours are 0 where nothing was entered, and NA where no entry has any
        or no entry of the year names its role; such entries stand under ``keine Angabe``.
    """
    own = delivered.rows(table, "community_work", area)
    own["year"] = own["date"].dt.year.astype("Int64")
    own[by] = own[by].fillna(UNKNOWN)
    sums = own.groupby([by, "year"])["hours"].agg(["sum", "size", "count"])
    codes = CODES[by] + ((UNKNOWN,) if (own[by] == UNKNOWN).any() else ())
    grid = pd.MultiIndex.from_product([codes, sorted(own["year"].unique())], names=[by, "year"])
    sums = sums.reindex(grid, fill_value=0).reset_index()
    n, known = sums["size"].astype("Int64"), sums["count"].astype("Int64")
    said = n.where(sums[by] != UNKNOWN, 0).groupby(sums["year"]).transform("sum") > 0
    unsaid = ~said & (sums[by] != UNKNOWN)  # no entry of the year tells which it was
    hours = sums["sum"].astype("Float64").mask(((known == 0) & (n > 0)) | unsaid)
    whole = hours.groupby(sums["year"]).transform("sum")
    found = sums[[by, "year"]].astype({by: "string", "year": "Int64"})
    share = hours / whole.where(whole > 0)
    return found.assign(hours=hours, share=share, n=n, n_unknown=n - known)


def benefit(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Say which share of these hours benefited a help (``hze_benefit``), by year.

    Returns
    -------
    DataFrame
        ``year, hours, hours_benefit, share, n_unknown``: hours of the entries that say whether a
        help benefited, those of them that did, sum over sum, and the entries left out because they
        do not say it or have no hours.
    """
    own = delivered.rows(table, "community_work", area)
    own["year"] = own["date"].dt.year.astype("Int64")
    own["said"] = own["hours"].notna() & own["hze_benefit"].notna()
    own["hours"] = own["hours"].where(own["said"])
    own["hours_benefit"] = own["hours"].where(own["hze_benefit"].fillna(False), 0.0)
    own["n_unknown"] = (~own["said"]).astype("Int64")
    sums = own.groupby("year")[["hours", "hours_benefit", "n_unknown"]].sum()
    none = ~own.groupby("year")["said"].any()
    sums[["hours", "hours_benefit"]] = sums[["hours", "hours_benefit"]].mask(none)
    share = sums["hours_benefit"] / sums["hours"].where(sums["hours"] > 0)
    found = sums.assign(share=share).reset_index()
    return found[["year", "hours", "hours_benefit", "share", "n_unknown"]]


def _fields(text: object) -> set[str]:
    """Read which fields a meeting names, separated by commas or semicolons."""
    said = "" if pd.isna(text) else str(text)  # type: ignore[call-overload]
    names = {part.strip() for part in said.replace(";", ",").split(",")} - {""}
    strange = sorted(names - set(FIELDS))
    if strange:
        raise DesignError(
            f"area_team_meeting, fields_present: {unknown('field', strange[0], FIELDS)}",
            german="In der Tabelle der Sitzungen steht ein Bereich, den es nicht gibt; sie ist zu "
            "berichtigen.",
        )
    return names


def _whole(part: pd.Series) -> object:
    """Add up what is known throughout; NA where a part is unknown."""
    return part.sum(skipna=False)


def _true(flags: pd.Series) -> pd.Series:
    """Take what is known to hold."""
    return flags.fillna(False).astype(bool)
