"""Boundary changes: what an old area had is carried to the area that took it over."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from evaltools.data.findings import Finding
from evaltools.data.schema import Table

ADDED = frozenset({"hze_count", "population", "infrastructure", "staffing", "coordinator_activity"})
MOVED = frozenset({"hze_case", "offer", "kifaz", "action_budget", "community_work"})


def successors(area: pd.DataFrame) -> dict[str, str]:
    """Return for each dissolved area the area that holds its people today.

    Chains are followed; an area that ends up at itself is left out (the schema check reports
    unknown successors, and :func:`circles` reports circles).
    """
    if "successor" not in area:
        return {}
    merged = area[area["successor"].notna()]
    direct = dict(zip(merged["area_id"].astype(str), merged["successor"].astype(str), strict=True))
    final = {}
    for old in direct:
        target, steps = direct[old], 0
        while target in direct and steps <= len(direct):
            target, steps = direct[target], steps + 1
        if steps <= len(direct):
            final[old] = target
    return final


def merged(area: pd.DataFrame, groups: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Let areas go up in others, as the rule set of a study asks; `groups` is first → others."""
    into = {other: first for first, others in groups.items() for other in others}
    if not into:
        return area
    target = area["area_id"].astype("string").map(into).astype("string")
    own = area["successor"].astype("string") if "successor" in area else target.mask(target.notna())
    return area.assign(successor=target.fillna(own))


def circles(area: pd.DataFrame) -> list[Finding]:
    """Report areas whose successors lead back to themselves."""
    if "successor" not in area:
        return []
    lost = set(area.loc[area["successor"].notna(), "area_id"]) - set(successors(area))
    text = "Die Nachfolger führen im Kreis; ein Gebiet ohne Nachfolger ist nötig."
    return [
        Finding("error", "area", "area", None, "successor", name, "nachfolger", text)
        for name in sorted(lost)
    ]


def harmonise(
    frame: pd.DataFrame, table: Table, old_to_new: dict[str, str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Carry the rows of dissolved areas to their successors.

    Counts are added (unknown plus known is unknown), single helps and offers are moved, and
    rows that cannot be added, such as index values, are left out.

    Returns
    -------
    DataFrame, list of Finding
        A new frame on today's areas, and an info finding for each area carried over.
    """
    if "area_id" not in frame or table.name == "area" or not old_to_new:
        return frame, []
    old = frame["area_id"].isin(list(old_to_new))
    if not old.any():
        return frame, []
    found = [
        _carried(table, name, old_to_new[name], frame)
        for name in sorted(set(frame.loc[old, "area_id"]))
    ]
    if table.name in MOVED or table.name in ADDED:
        moved = frame.assign(area_id=frame["area_id"].replace(old_to_new).astype("string"))
        return (moved, found) if table.name in MOVED else (_added(moved, table), found)
    return frame[~old], found


def _added(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add rows that share a key now; unknown plus known is unknown, with the reason kept."""
    key = list(table.key)
    twice = frame.duplicated(key, keep=False)
    if not twice.any():
        return frame
    grouped = frame[twice].groupby(key, sort=False, dropna=False)
    parts = {}
    for name in (str(name) for name in frame if name not in key):
        if name in table.names:
            parts[name] = grouped[name].sum().where(grouped[name].count() == grouped.size())
        else:
            parts[name] = grouped[name].first()
    added = pd.DataFrame(parts).reset_index()
    return pd.concat([frame[~twice], added], ignore_index=True)


def _carried(table: Table, old: str, new: str, frame: pd.DataFrame) -> Finding:
    rows = int((frame["area_id"] == old).sum())
    verb = "übertragen" if table.name in MOVED | ADDED else "nicht übertragbar und weggelassen"
    text = f"Gebietsänderung: {rows} Zeilen von {old} auf {new} {verb}."
    return Finding("info", "area", table.name, None, "area_id", old, "gebietsstand", text)
