"""Which delivered cells of counts a sum adds up, whatever detail an office delivers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.measures.catalogue import Pick

KEY = ["area_id", "period"]
ONLY_TOTAL = "nur als Summe geliefert"


def pick(count: pd.DataFrame, what: Pick) -> pd.DataFrame:
    """Add up the picked cells of each area and period.

    Where everything is meant, a delivered total (``alle``) serves before the parts. An unknown
    part makes the sum unknown. A period that has parts, but none of those picked, had none of
    them (0), unless the whole table never has any: then they were not delivered.

    Returns
    -------
    DataFrame
        ``area_id, period, n, reason``, sorted; `n` is NA with a reason where unknown.
    """
    whole = (count["paragraph"] == "alle") & (count["form"] == "alle")
    usable = [_usable(count, what, cell) for cell in what.cells]
    picked = count[_matches(count, what, usable)]
    parts = _sum(picked, what.measures)
    keys = pd.MultiIndex.from_frame(count[KEY].drop_duplicates()).sort_values()
    result = parts.reindex(keys)
    detailed = np.all([keys.isin(pd.MultiIndex.from_frame(count.loc[s, KEY])) for s in usable], 0)
    if len(picked):
        result.loc[detailed & ~keys.isin(parts.index), "n"] = 0
    if what.is_total:
        total = _sum(count[whole], what.measures).reindex(keys)
        result = result.mask(total["n"].notna() | ~detailed, total)
    else:
        result.loc[~detailed, "n"] = pd.NA
        result.loc[~detailed, "reason"] = ONLY_TOTAL
    unknown_n = result["n"].isna()
    result.loc[unknown_n, "reason"] = result.loc[unknown_n, "reason"].fillna("nicht geliefert")
    return result.reset_index()


def picked(count: pd.DataFrame, what: Pick, measure: str) -> pd.Series:
    """Say which rows :func:`pick` adds up for one of its measures.

    A delivered total gives way to parts that make it up, measure by measure, so that each count
    stands for the same cells in whatever sum it is shown.
    """
    rows = _matches(count, what, [_usable(count, what, cell) for cell in what.cells])
    if not what.is_total:
        return rows
    whole = (count["paragraph"] == "alle") & (count["form"] == "alle")
    keys = pd.MultiIndex.from_frame(count[KEY])
    known = _sum(count[whole], what.measures)["n"].notna()
    total, parts = (_sum(count[part], (measure,))["n"] for part in (whole, rows))
    same = (total == parts.reindex(total.index)).fillna(False)
    serves = keys.isin(total.index[known & ~same])
    return (whole & serves) | (rows & ~serves)


def _matches(count: pd.DataFrame, what: Pick, usable: list[pd.Series]) -> pd.Series:
    hit = pd.Series(False, index=count.index)
    for (paragraph, form), serves in zip(what.cells, usable, strict=True):
        same = serves
        if paragraph != "*":
            same = same & (count["paragraph"] == paragraph)
        if form != "*":
            same = same & (count["form"] == form)
        hit |= same
    return hit & ~count["paragraph"].isin(what.without)


def _usable(count: pd.DataFrame, what: Pick, cell: tuple[str, str]) -> pd.Series:
    """Say which rows are detailed enough for a cell, without those that finer rows make up."""
    named, formed = count["paragraph"] != "alle", count["form"] != "alle"
    serves = named | formed
    if cell[0] != "*" or what.without:
        serves &= named
    if cell[1] != "*":
        serves &= formed
    where = [count[name] for name in KEY]
    by_form = (named & formed).groupby([*where, count["paragraph"]]).transform("any")
    by_paragraph = (serves & named).groupby(where).transform("any")
    return serves & (formed | ~by_form) & (named | ~by_paragraph)


def _sum(rows: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """Sum the measures by area and period; any unknown value makes `n` unknown."""
    values = rows.reindex(columns=list(measures)).astype("Float64")
    known = values.notna().all(axis=1)
    reason = pd.Series(pd.NA, rows.index, dtype="string")
    for name in measures:
        if f"{name}_reason" in rows:
            reason = reason.fillna(rows[f"{name}_reason"])
    frame = rows[KEY].assign(n=values.sum(axis=1).where(known), known=known, reason=reason)
    grouped = frame.groupby(KEY)
    total = grouped["n"].sum().where(grouped["known"].all())
    reason = grouped["reason"].first().astype("string").where(total.isna())
    return pd.DataFrame({"n": total.astype("Float64"), "reason": reason})
