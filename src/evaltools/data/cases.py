"""Case rows → counts per area, period, paragraph and form, by DuckDB.

DuckDB works through the rows in pieces and spills to disk, so that ten million rows fit a
laptop. The counts follow the official statistics (§ 98 SGB VIII): stock on the last day of the
period, helps begun in it, helps ended in it, and the different young people who had one.
"""

from __future__ import annotations

from typing import Literal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from evaltools.errors import DataError

Period = Literal["year", "quarter", "month"]
MONTHS: dict[Period, int] = {"year": 12, "quarter": 3, "month": 1}
NEEDED = ("person_id", "area_id", "paragraph", "form", "begin", "end")

AFTER_8A = "started_after_8a"
UNKNOWN_8A = "nicht bei allen begonnenen Hilfen bekannt"

# Periods are numbered from the first one: a case touches those from `low` to `high`. Only persons
# with several cases need telling apart when young people are counted, which halves the work.
_COUNTS = """
WITH numbered AS (
    SELECT area_id, paragraph, form, person, repeated, after_8a,
           floor((12 * (year(begun) - $first) + month(begun) - 1) / $months)::INTEGER AS low,
           floor((12 * (year(ended) - $first) + month(ended) - 1) / $months)::INTEGER AS high
    FROM hze_case
    WHERE begun < make_date($last + 1, 1, 1)
      AND (ended IS NULL OR ended >= make_date($first, 1, 1))
),
touched AS (
    SELECT area_id, paragraph, form, person, repeated, after_8a, low, high,
           unnest(range(greatest(low, 0), least(coalesce(high, $n), $n - 1) + 1)) AS place
    FROM numbered
),
cells AS (
    SELECT area_id, place, coalesce(paragraph, 'alle') AS paragraph, coalesce(form, 'alle') AS form,
           count(*) FILTER (WHERE high IS NULL OR place < high) AS stock_3112,
           count(*) FILTER (WHERE place = low) AS started,
           count(*) FILTER (WHERE place = high) AS ended,
           count(*) FILTER (WHERE place = low AND after_8a) AS started_after_8a,
           count(*) FILTER (WHERE place = low AND after_8a IS NULL) AS unknown_8a,
           count(*) FILTER (WHERE NOT repeated) AS single
    FROM touched
    GROUP BY GROUPING SETS ((area_id, place, paragraph, form), (area_id, place))
),
several AS (
    SELECT area_id, place, coalesce(paragraph, 'alle') AS paragraph, coalesce(form, 'alle') AS form,
           count(DISTINCT person) AS persons
    FROM touched
    WHERE repeated
    GROUP BY GROUPING SETS ((area_id, place, paragraph, form), (area_id, place))
)
SELECT area_id, place, paragraph, form, stock_3112, started, ended,
       single + coalesce(persons, 0) AS young_people, started_after_8a, unknown_8a
FROM cells LEFT JOIN several USING (area_id, place, paragraph, form)
"""


def count(
    cases: pd.DataFrame,
    *,
    period: Period,
    first: int,
    last: int,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count helps per area, period, paragraph and form.

    A help that ends on the last day of a period counts as ended in it, not as stock. A help
    without an end is running. Each cell in which an area had the paragraph and form in any
    period is present in every period, with 0 where nothing happened.

    Parameters
    ----------
    cases : DataFrame
        Columns ``person_id, area_id, paragraph, form, begin, end``; one row a help. Where they
        have ``after_8a`` (begun after an assessment under § 8a), these helps are counted too.
    period : {'year', 'quarter', 'month'}
        Length of a period.
    first, last : int
        First and last calendar year counted.
    threads : int, optional
        Threads DuckDB may use; all when not given.

    Returns
    -------
    DataFrame
        ``area_id, period, paragraph, form, stock_3112, started, ended, young_people``, sorted.
        Rows with paragraph and form ``alle`` are the area's total; there alone a person with
        two helps is one young person, so ``young_people`` must not be added over paragraphs.
        ``started_after_8a`` follows where it can be counted; it is NA, with a reason beside it,
        where it is unknown of any help begun.

    Raises
    ------
    DataError
        When a column is missing or `last` lies before `first`.
    """
    lost = [name for name in NEEDED if name not in cases.columns]
    if lost:
        raise DataError(f"hze_case lacks the columns {', '.join(lost)}; map them in sources.yml")
    if last < first:
        raise DataError(f"last={last} lies before first={first}; nothing can be counted")
    labels = _labels(period, first, last)
    person = pd.factorize(cases["person_id"])[0]
    rows = cases[["area_id", "paragraph", "form"]].assign(
        person=person,
        repeated=np.bincount(person, minlength=1)[person] > 1,
        begun=cases["begin"].astype("datetime64[s]"),
        ended=cases["end"].astype("datetime64[s]"),
        after_8a=_after_8a(cases),
    )
    values = {"first": first, "last": last, "months": MONTHS[period], "n": len(labels)}
    with duckdb.connect(config={"threads": threads} if threads else {}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("hze_case", pa.Table.from_pandas(rows, preserve_index=False))
        counted = connection.execute(_COUNTS, values).df()
    counted["period"] = counted.pop("place").map(dict(enumerate(labels)))
    return _complete(counted, labels, after_8a="after_8a" in cases)


def _after_8a(cases: pd.DataFrame) -> pd.Series:
    """Return the column, unknown for every help where it is missing."""
    found = cases["after_8a"] if "after_8a" in cases else pd.Series(pd.NA, cases.index)
    return found.astype("boolean")


def _labels(period: Period, first: int, last: int) -> list[str]:
    """Name all periods in order: ``2018``, ``2018-Q1`` or ``2018-01``."""
    years = range(first, last + 1)
    if period == "year":
        return [str(year) for year in years]
    parts = [f"Q{place}" for place in range(1, 5)]
    if period == "month":
        parts = [f"{place:02d}" for place in range(1, 13)]
    return [f"{year}-{part}" for year in years for part in parts]


def _complete(counted: pd.DataFrame, labels: list[str], *, after_8a: bool) -> pd.DataFrame:
    """Add the cells in which nothing happened, so that zero is a row and not a gap."""
    key = ["area_id", "period", "paragraph", "form"]
    measures = ["stock_3112", "started", "ended", "young_people", AFTER_8A, "unknown_8a"]
    cells = counted[["area_id", "paragraph", "form"]].drop_duplicates()
    grid = cells.merge(pd.DataFrame({"period": labels}), how="cross")
    full = grid.merge(counted, on=key, how="left").fillna(dict.fromkeys(measures, 0))
    full = full.astype(dict.fromkeys(key, "string") | dict.fromkeys(measures, "Int64"))
    full = full[key + measures].sort_values(key, ignore_index=True)
    lost = full.pop("unknown_8a") > 0
    if not after_8a:
        return full.drop(columns=AFTER_8A)
    full[AFTER_8A] = full[AFTER_8A].mask(lost)
    if lost.any():
        reason = pd.Series(UNKNOWN_8A, full.index, dtype="string")
        full[f"{AFTER_8A}_reason"] = reason.where(lost)
    return full
