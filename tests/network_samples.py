"""Small made-up tables of cooperation and offers that the tests of networks share."""

from __future__ import annotations

from typing import Any

import pandas as pd

Row = tuple[Any, ...]


def cooperation(rows: list[Row], **all_rows: Any) -> pd.DataFrame:
    """Rows ``area_id, from_id, field_from, to_id, field_to, forum, intensity, year``."""
    names = ["area_id", "from_id", "field_from", "to_id", "field_to", "forum", "intensity", "year"]
    frame = pd.DataFrame(rows, columns=names).assign(kind="falluebergreifend", **all_rows)
    kinds = {name: "Int64" if name in ("intensity", "year") else "string" for name in frame}
    return frame.astype(kinds)


def seat(area: str | None, who: str, field: str, forum: str, year: int = 2017) -> Row:
    return (area, who, field, None, None, forum, None, year)


def tie(area: str | None, one: str, other: str, intensity: int | None = 2, year: int = 2017) -> Row:
    """A direct tie; an organisation's field is what stands before its number: ``kita1``."""
    fields = [name.rstrip("0123456789") for name in (one, other)]
    return (area, one, fields[0], other, fields[1], None, intensity, year)


def forums(area: str, year: int, crossing: int, n: int = 6) -> list[Row]:
    """`n` forums of three; in `crossing` of them all fields differ, in the others none does."""
    rows = []
    for at in range(n):
        fields = ("kita", "schule", "hze") if at < crossing else ("kita",) * 3
        rows += [
            seat(area, f"{area}-{field}{at}{place}", field, f"runde{at}", year)
            for place, field in enumerate(fields)
        ]
    return rows


def offers(rows: list[Row]) -> pd.DataFrame:
    """Rows ``offer_id, provider_id, paragraph_2, eur_year, begin, end`` of the area SR01."""
    names = ["offer_id", "provider_id", "paragraph_2", "eur_year", "begin", "end"]
    frame = pd.DataFrame(rows, columns=names).assign(area_id="SR01", paragraph="11")
    for name in ("begin", "end"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    texts = dict.fromkeys(["offer_id", "provider_id", "paragraph_2", "area_id"], "string")
    return frame.astype(texts | {"eur_year": "Float64"})
