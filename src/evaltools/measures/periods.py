"""Months and quarters added up to longer periods: flows are added, stocks are the last day's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from evaltools.errors import DesignError

Length = Literal["year", "quarter", "month"]
LENGTHS: tuple[Length, ...] = ("month", "quarter", "year")
FLOWS = ("started", "ended", "cost_eur", "started_after_8a")
PARTS: Mapping[tuple[str, str], int] = {
    ("quarter", "year"): 4,
    ("month", "year"): 12,
    ("month", "quarter"): 3,
}
GERMAN: Mapping[str, str] = {"year": "Jahr", "quarter": "Quartal", "month": "Monat"}


def length_of(count: pd.DataFrame) -> Length:
    """Return how long the periods of a table are; years when it is empty.

    Raises
    ------
    DesignError
        When periods of different length stand beside each other.
    """
    period = count["period"].astype("string")
    quarter, year = period.str.contains("Q"), period.str.len() == 4
    if year.all():
        return "year"
    if quarter.all():
        return "quarter"
    if quarter.any() or year.any():
        raise DesignError(
            "hze_count mixes years, quarters or months; deliver one length of period",
            german="Die Fallzahlen mischen Jahre, Quartale oder Monate.",
        )
    return "month"


def annual(count: pd.DataFrame) -> pd.DataFrame:
    """Add quarters or months up to years: flows are added, the stock is that of the last day.

    Years with missing quarters or months are left out; young people cannot be added and
    become unknown.
    """
    if (count["period"].str.len() == 4).all():
        return count
    parts = 4 if count["period"].str.contains("Q").any() else 12
    return _added(count.assign(whole=count["period"].str[:4]), parts)


def together(count: pd.DataFrame, length: Length) -> pd.DataFrame:
    """Bring counts to periods of the given length.

    Parameters
    ----------
    count : DataFrame
        ``hze_count``, by year, quarter or month; not changed.
    length : {'year', 'quarter', 'month'}
        Length wanted.

    Returns
    -------
    DataFrame
        The same columns. Delivered periods of that length are handed on as they are; shorter
        ones are added as in :func:`annual`, and longer periods that lack a part are left out.

    Raises
    ------
    DesignError
        When the periods delivered are longer than those wanted, or of several lengths.
    """
    if length == "year":
        return annual(count)
    delivered = length_of(count)
    if delivered == length or not len(count):
        return count
    if (delivered, length) not in PARTS:
        raise DesignError(
            f"hze_count holds one row a {delivered}, of which no {length} can be made; deliver "
            f"it by {length}, or evaluate by {delivered}",
            german=f"Die Fallzahlen sind je {GERMAN[delivered]} geliefert, nicht je "
            f"{GERMAN[length]}.",
        )
    quarter = (count["period"].str[5:].astype(int) + 2) // 3
    whole = count["period"].str[:4] + "-Q" + quarter.astype("string")
    return _added(count.assign(whole=whole), PARTS[delivered, length])


def _added(count: pd.DataFrame, parts: int) -> pd.DataFrame:
    """Add the rows of each ``whole`` period that has all its parts."""
    own = _complete(count, parts)
    grouped = own.groupby(["area_id", "whole", "paragraph", "form"])
    flows = [name for name in FLOWS if name in own]
    added = grouped[flows].sum().where(grouped[flows].count().eq(grouped.size(), axis=0))
    reasons = [f"{name}_reason" for name in (*flows, "stock_3112") if f"{name}_reason" in own]
    added = added.join(grouped[reasons].first()) if reasons else added
    if "stock_3112" in own:
        last = own[own["period"] == own.groupby(["area_id", "whole"])["period"].transform("max")]
        stock = last.set_index(["area_id", "whole", "paragraph", "form"])["stock_3112"]
        added["stock_3112"] = stock.reindex(added.index, fill_value=0)
    added = added.reset_index().rename(columns={"whole": "period"})
    return added.sort_values(["area_id", "period", "paragraph", "form"], ignore_index=True)


def _complete(own: pd.DataFrame, parts: int) -> pd.DataFrame:
    """Keep the rows of whole periods that have all quarters or months.

    A paragraph and form without a row had no help there, as in ``indicators.pick``, so that parts
    are whole when their area has parts in every quarter; a total is whole when it has its own row.
    """
    total = (own["paragraph"] == "alle") | (own["form"] == "alle")
    place = ["area_id", "whole", "paragraph", "form"]
    single = own.groupby(place)["period"].transform("nunique")
    detailed = own["period"].where(~total).groupby([own["area_id"], own["whole"]])
    return own[single.where(total, detailed.transform("nunique")) == parts]
