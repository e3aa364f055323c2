"""Indicators from counts and population: sum over sum, with exact intervals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from evaltools.errors import DesignError
from evaltools.measures.catalogue import Indicator, indicator
from evaltools.measures.periods import annual
from evaltools.measures.picking import KEY, pick
from evaltools.measures.population import base
from evaltools.study import Population

__all__ = [
    "against",
    "annual",
    "complete_areas",
    "compute",
    "compute_reference",
    "quotient",
    "rate",
    "reference_tables",
    "standardised_ratio",
    "total",
]


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
    own = values[values["area_id"].isin(complete_areas(values, areas))]
    sums = own.groupby("period", as_index=False)[["numerator", "denominator"]].sum()
    return rate(sums.assign(area_id=str(own["area_id"].nunique())), item)


def complete_areas(values: pd.DataFrame, areas: Collection[str]) -> list[str]:
    """Return those of some areas that have a value in every period, in their order."""
    own = values[values["area_id"].isin(list(areas))]
    known = own[own["value"].notna()].groupby("area_id")["period"].nunique()
    complete = set(known.index[known == own["period"].nunique()])
    return [area for area in areas if area in complete]


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
    return against(known[KEY].assign(observed=known["numerator"], expected=expected))


def against(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``ratio, low, high`` to what was ``observed`` and ``expected``."""
    observed, expected = (frame[name].astype("Float64") for name in ("observed", "expected"))
    above, below = (part.to_numpy(float, na_value=np.nan) for part in (observed, expected))
    low, high = _interval(above, below, "count")
    return frame.assign(
        ratio=observed / expected,
        low=pd.array(low, dtype="Float64"),
        high=pd.array(high, dtype="Float64"),
    )


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
