"""An indicator from nothing but the frames it needs, for all areas or for one reference level.

Pure functions, whose results :func:`evaltools.data.kept.once` finds again by these frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures.catalogue import Indicator, Pick
from evaltools.measures.indicators import quotient, reference_tables
from evaltools.measures.periods import LENGTHS, Length, length_of, together
from evaltools.measures.picking import KEY, ONLY_TOTAL, pick
from evaltools.measures.population import base
from evaltools.study import Population


def values(
    count: pd.DataFrame,
    below: pd.DataFrame | None,
    item: Indicator,
    ages: Population,
    weights: Mapping[str, float],
    length: Length,
) -> pd.DataFrame:
    """Compute an indicator from the frames it needs; `below` is None where the counts serve."""
    added = together(count, length)
    if item.weighted:
        return _mean_weight(added, item, weights)
    return quotient(added, item, _below(below, item, added, ages))


def reference(
    trend: pd.DataFrame,
    level: str,
    item: Indicator,
    ages: Population,
    weights: Mapping[str, float],
    length: Length,
) -> pd.DataFrame:
    """Compute an indicator for one level of ``reference_trend``; ``area_id`` holds the level."""
    own = trend[trend["level"] == level]
    if item.role or own.empty or LENGTHS.index(length_of(own)) > LENGTHS.index(length):
        columns = [*KEY, "numerator", "denominator", "value", "low", "high", "reason"]
        return pd.DataFrame(columns=columns, dtype="Float64").astype(
            {"area_id": "string", "period": "string", "reason": "string"}
        )
    shape = trend["period"].str.replace(r"\d", "0", regex=True)
    count, population = reference_tables(trend[shape == shape[own.index[0]]], ages)
    found = values(count, population, item, ages, weights, length)
    return found[found["area_id"] == level].reset_index(drop=True)


def _below(
    below: pd.DataFrame | None, item: Indicator, count: pd.DataFrame, ages: Population
) -> pd.DataFrame:
    """Return ``area_id, period, n``: the base of an indicator in the periods of the counts."""
    if item.denominator is not None:
        return pick(count, item.denominator)
    if below is None:
        raise DesignError(f"{item.name} needs the table {item.base}")
    periods = sorted(set(count["period"]))
    if not item.role:
        return base(below, ages, periods)
    table = below.reindex(columns=["area_id", "year", "role", "vzae"])
    own = table[table["role"] == item.role]
    grouped = own.groupby(["area_id", "year"])["vzae"]
    staff = grouped.sum().where(grouped.count() == grouped.size()).rename("n").reset_index()
    wanted = pd.DataFrame({"period": pd.array(periods, dtype="string")})
    wanted["year"] = wanted["period"].str[:4].astype("Int64")
    return staff.merge(wanted, on="year")[[*KEY, "n"]]


def _mean_weight(
    count: pd.DataFrame, item: Indicator, weights: Mapping[str, float]
) -> pd.DataFrame:
    """Divide the sum of weight × count by the sum of counts; unknown where a form is."""
    (measure,) = item.numerator.measures
    weight = count["form"].map(dict(weights)).astype("Float64")
    helps = count.reindex(columns=[measure])[measure].astype("Float64")
    points = (helps * weight).mask((helps == 0).fillna(False), 0)
    reason = ("kein Gewicht für " + count["form"].astype("string")).where(weight.isna())
    if f"{measure}_reason" in count:
        reason = count[f"{measure}_reason"].astype("string").fillna(reason)
    weighed = count.assign(weighted=points, weighted_reason=reason)
    whole = pick(weighed, Pick((measure,), without=item.numerator.without))["n"]
    inner = replace(item, numerator=replace(item.numerator, measures=("weighted",)))
    found = quotient(weighed, inner, pick(weighed, item.denominator or item.numerator))
    partial = (found["denominator"] != whole).fillna(False)
    numbers = ["numerator", "denominator", "value", "low", "high"]
    found[numbers] = found[numbers].mask(partial)
    return found.assign(reason=found["reason"].mask(partial, ONLY_TOTAL))
