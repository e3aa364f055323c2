"""Frühe Hilfen: families reached per birth, by kind and year."""

from __future__ import annotations

import pandas as pd

from evaltools.data.schema_framework import EARLY_HELP
from evaltools.errors import DesignError


def coverage(early_help: pd.DataFrame, area: str) -> pd.DataFrame:
    """Set the families that each kind of Frühe Hilfen reached against the births of the year.

    Families of several providers of one kind are added up. Kinds are not: one family may be
    reached by several, so there is no total. More than 100 per 100 births are possible, since
    families with older children are reached as well.

    Parameters
    ----------
    early_help : DataFrame
        The table of that name; ``births`` stands in each row of an area and year again.
    area : str
        Its id.

    Returns
    -------
    DataFrame
        ``kind, year, providers, families_reached, births, per_100, referred_to``; a sum of which
        a provider's part is unknown is NA. Kinds in the order of the schema.

    Raises
    ------
    DesignError
        When rows of one year give different births.
    """
    own = early_help[early_help["area_id"] == area]
    columns = ["kind", "year", "provider_id", "families_reached", "births", "referred_to"]
    own = own.reindex(columns=columns)
    births = _births(own, area)
    rows = []
    for (kind, year), part in own.groupby(["kind", "year"]):
        sums = [part[name].astype("Int64").sum(skipna=False) for name in columns[3::2]]
        rows.append([kind, year, part["provider_id"].nunique(), *sums, births[year]])
    made = ["kind", "year", "providers", "families_reached", "referred_to", "births"]
    frame = pd.DataFrame(rows, columns=made).astype(dict.fromkeys(made[1:], "Int64"))
    base = frame["births"].where(frame["births"] > 0)
    frame["per_100"] = (frame["families_reached"] / base * 100).astype("Float64")
    order = frame["kind"].map({kind: place for place, kind in enumerate(EARLY_HELP)})
    frame = frame.assign(order=order).sort_values(["order", "year"], ignore_index=True)
    return frame[[*made[:4], "births", "per_100", "referred_to"]]


def _births(own: pd.DataFrame, area: str) -> dict[object, object]:
    """Take the births of each year once; a row that does not repeat them contradicts nothing."""
    found: dict[object, object] = {}
    for year, part in own.groupby("year"):
        given = sorted(set(part["births"].dropna()))
        if len(given) > 1:
            raise DesignError(
                f"early_help: area {area}, year {year} has births {', '.join(map(str, given))}; "
                "births are those of the area and the same in each row, correct the source",
                german=f"Für {year} sind verschiedene Geburtenzahlen geliefert.",
            )
        found[year] = given[0] if given else pd.NA
    return found
