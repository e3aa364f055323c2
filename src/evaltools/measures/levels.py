"""Which areas stand on one level: sub-areas, Stadträume, the city."""

from __future__ import annotations

import pandas as pd


def depths(area_table: pd.DataFrame) -> pd.Series:
    """Count for each area how many areas it lies in, by ``parent_id``.

    Parameters
    ----------
    area_table : DataFrame
        ``area``; not changed. Without ``parent_id`` all areas lie in none.

    Returns
    -------
    Series of int
        By ``area_id``. Parents that lead back to an area are counted once each.
    """
    table = area_table.reindex(columns=["area_id", "parent_id"]).astype("string").dropna()
    parents = dict(zip(table["area_id"], table["parent_id"], strict=True))
    ids = area_table["area_id"].astype("string")
    return pd.Series([_above(str(area), parents) for area in ids], index=ids, dtype="int64")


def peers(area_table: pd.DataFrame, area: str) -> tuple[str, ...]:
    """Ids of today's areas on the level of one, its own included, in the table's order."""
    deep = depths(area_table)
    today = area_table.reindex(columns=["successor"])["successor"].isna().to_numpy()
    same = deep.to_numpy() == deep.get(area, 0)
    return tuple(str(name) for name in deep.index[same & today])


def _above(area: str, parents: dict[str, str]) -> int:
    passed = {area}
    while (area := parents.get(area, "")) and area not in passed:
        passed.add(area)
    return len(passed) - 1
