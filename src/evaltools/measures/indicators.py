"""Indicators from counts and population: sum over sum, with exact intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from evaltools.errors import DesignError
from evaltools.measures.catalogue import Indicator, Pick, indicator
from evaltools.measures.periods import annual
from evaltools.measures.population import base
from evaltools.study import Population

__all__ = [
    "ONLY_TOTAL",
    "annual",
    "compute",
    "compute_reference",
    "pick",
    "quotient",
    "rate",
    "reference_tables",
    "standardised_ratio",
    "total",
]

KEY = ["area_id", "period"]
ONLY_TOTAL = "nur als Summe geliefert"


def compute(
    count: pd.DataFrame,
    population: pd.DataFrame,
    name: str,
    *,
    ages: Population,
) -> pd.DataFrame:
    """Compute an indicator for each area and period.

    Parameters
    ----------
    count : DataFrame
        ``hze_count``; when its periods are quarters or months, they are added up to years.
    population : DataFrame
        The table of that name.
    name : str
        A name in ``INDICATORS``.
    ages : Population
        Age group and lag of the base population.

    Returns
    -------
    DataFrame
        ``area_id, period, numerator, denominator, value, low, high, reason``: the value `per`
        as declared with its exact 95 % interval (Garwood for counts over population,
        Clopper–Pearson for shares; none for money and means). Unknown is NA with a reason.

    Raises
    ------
    DesignError
        When the name is unknown, the population bands do not fit the age group, or the indicator
        needs more than counts and population (``measures.outcomes.values`` serves all).
    """
    item = indicator(name)
    if item.role or item.weighted:
        raise DesignError(
            f"{name} needs {'the table staffing' if item.role else 'the weights of the study'}; "
            "use measures.outcomes.values"
        )
    yearly = annual(count)
    if item.denominator is not None:
        return quotient(yearly, item, pick(yearly, item.denominator))
    return quotient(yearly, item, base(population, ages, sorted(set(yearly["period"]))))


def quotient(count: pd.DataFrame, item: Indicator, below: pd.DataFrame) -> pd.DataFrame:
    """Divide what an indicator picks from the counts by its base, period by period.

    Parameters
    ----------
    count : DataFrame
        ``hze_count`` in the periods wanted.
    item : Indicator
        The indicator.
    below : DataFrame
        ``area_id, period, n``: the base.

    Returns
    -------
    DataFrame
        As :func:`compute`.
    """
    above = pick(count, item.numerator).rename(columns={"n": "numerator"})
    below = below[[*KEY, "n"]].rename(columns={"n": "denominator"})
    return rate(above.merge(below, on=KEY, how="left"), item)


def rate(frame: pd.DataFrame, item: Indicator) -> pd.DataFrame:
    """Add value, interval and reason to sums that stand in ``numerator`` and ``denominator``."""
    above = frame["numerator"].astype("Float64")
    below = frame["denominator"].astype("Float64")
    below = below.where(below > 0)
    value = above / below * item.per
    kind = _interval_kind(item)
    low, high = _interval(
        above.to_numpy(float, na_value=np.nan), below.to_numpy(float, na_value=np.nan), kind
    )
    reason = frame["reason"] if "reason" in frame else pd.Series(pd.NA, frame.index, dtype="string")
    reason = reason.mask(reason.isna() & below.isna(), "Bezugsgröße unbekannt oder null")
    reason = reason.mask(value.notna())
    return frame.assign(
        value=value,
        low=pd.array(low * item.per, dtype="Float64"),
        high=pd.array(high * item.per, dtype="Float64"),
        reason=reason.astype("string"),
    )


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


def compute_reference(trend: pd.DataFrame, name: str, *, ages: Population) -> pd.DataFrame:
    """Compute an indicator for city, state or nation from ``reference_trend``.

    Returns
    -------
    DataFrame
        As :func:`compute`; ``area_id`` holds the level.
    """
    count, population = reference_tables(trend, ages)
    return compute(count, population, name, ages=ages)


def reference_tables(trend: pd.DataFrame, ages: Population) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part ``reference_trend`` into ``hze_count`` and ``population``; the level is the area."""
    count = trend.rename(columns={"level": "area_id"})
    people = count.reindex(columns=[*KEY, "population"]).groupby(KEY, as_index=False).first()
    population = pd.DataFrame(
        {
            "area_id": people["area_id"],
            "year": people["period"].str[:4].astype("Int64"),
            "sex": "alle",
            "age_from": ages.age_from,
            "age_to": ages.age_to,
            "n": people["population"].astype("Float64"),
            "kind": "actual",
        }
    )
    return count, population.drop_duplicates(["area_id", "year"])


def total(values: pd.DataFrame, areas: Collection[str], item: Indicator) -> pd.DataFrame:
    """Add areas up, sum over sum; areas unknown in any period are left out of all.

    Returns
    -------
    DataFrame
        As :func:`compute`, one row a period; ``area_id`` is the number of areas added.
    """
    own = values[values["area_id"].isin(list(areas))]
    complete = own.groupby("area_id")["value"].transform(lambda column: column.notna().all())
    same = own.groupby("area_id")["period"].transform("count") == own["period"].nunique()
    kept = own[complete & same]
    sums = kept.groupby("period", as_index=False)[["numerator", "denominator"]].sum()
    return rate(sums.assign(area_id=str(kept["area_id"].nunique())), item)


def standardised_ratio(values: pd.DataFrame) -> pd.DataFrame:
    """Compare each area with what the city's rate would give it, period by period.

    Parameters
    ----------
    values : DataFrame
        Result of :func:`compute` for a count over population; not changed.

    Returns
    -------
    DataFrame
        ``area_id, period, observed, expected, ratio, low, high``: observed over expected with
        its exact 95 % interval (observed as Poisson, expected as fixed). Areas with an unknown
        value count neither for themselves nor for the city.
    """
    known = values[values["value"].notna()]
    sums = known.groupby("period")[["numerator", "denominator"]].transform("sum")
    expected = known["denominator"] * sums["numerator"] / sums["denominator"]
    observed = known["numerator"].to_numpy(float)
    low, high = _interval(observed, expected.to_numpy(float), "count")
    return known[KEY].assign(
        observed=known["numerator"],
        expected=expected,
        ratio=known["numerator"] / expected,
        low=pd.array(low, dtype="Float64"),
        high=pd.array(high, dtype="Float64"),
    )


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


def _interval_kind(item: Indicator) -> Literal["count", "share", "none"]:
    if item.weighted or "cost_eur" in item.numerator.measures:
        return "none"
    return "count" if item.denominator is None else "share"


def _interval(
    above: np.ndarray, below: np.ndarray, kind: str, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "count":
            low = np.where(above > 0, stats.chi2.ppf(tail, 2 * above) / 2, 0.0)
            high = stats.chi2.ppf(1 - tail, 2 * (above + 1)) / 2
            low = np.where(np.isnan(above), np.nan, low)
            return low / below, high / below
        if kind == "share":
            rest = below - above
            low = np.where(above > 0, stats.beta.ppf(tail, above, rest + 1), 0.0)
            high = np.where(rest > 0, stats.beta.ppf(1 - tail, above + 1, rest), 1.0)
            lost = np.isnan(above) | np.isnan(below)
            return np.where(lost, np.nan, low), np.where(lost, np.nan, high)
    return np.full_like(above, np.nan), np.full_like(above, np.nan)
