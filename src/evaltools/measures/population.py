"""The base population: age bands added up to the age group that a rate refers to."""

from __future__ import annotations

import pandas as pd

from evaltools.errors import DesignError
from evaltools.study import Population


def base(population: pd.DataFrame, ages: Population, periods: list[str]) -> pd.DataFrame:
    """Return the base population of each area and period.

    Parameters
    ----------
    population : DataFrame
        The table of that name; only actual figures are used, never forecasts.
    ages : Population
        Age group, and by how many years the population lags behind the period.
    periods : list of str
        Periods to serve; the year is their first four characters.

    Returns
    -------
    DataFrame
        ``area_id, period, n``; areas and periods without a population are not in it.

    Raises
    ------
    DesignError
        When no set of bands adds up to the age group without gap or overlap.
    """
    actual = bands_of(population[population["kind"] == "actual"], ages)
    grouped = actual.groupby(["area_id", "year"])["n"]
    by_year = grouped.sum().where(grouped.count() == grouped.size()).reset_index()
    wanted = pd.DataFrame({"period": pd.array(periods, dtype="string")})
    wanted["year"] = wanted["period"].str[:4].astype("Int64") - ages.lag_years
    return pd.merge(by_year, wanted, on="year")[["area_id", "period", "n"]]


def bands_of(population: pd.DataFrame, ages: Population) -> pd.DataFrame:
    """Keep the bands of the age group, after checking that they tile it.

    Where an area lacks a band (or one of the sexes) in a year, all its bands of that year are
    unknown: a part of the age group is no base.

    Raises
    ------
    DesignError
        As :func:`base`.
    """
    inside = population[
        (population["age_from"] >= ages.age_from) & (population["age_to"] <= ages.age_to)
    ]
    sexes = set(inside["sex"])
    if "alle" in sexes:
        inside = inside[inside["sex"] == "alle"]
    bands = sorted(set(inside[["age_from", "age_to"]].itertuples(index=False, name=None)))
    whole = (ages.age_from, ages.age_to)
    if whole in bands:
        same = (inside["age_from"] == whole[0]) & (inside["age_to"] == whole[1])
        return _complete(inside[same], 1)
    after = ages.age_from
    for low, high in bands:
        if low != after:
            break
        after = high + 1
    if after != ages.age_to + 1 or not bands:
        shown = ", ".join(f"{low}-{high}" for low, high in bands) or "none"
        raise DesignError(
            f"population: the age bands {shown} do not add up to {ages.age_from}-{ages.age_to}; "
            "deliver bands without gap or overlap, or change population: in the study file",
            german=f"Die Altersgruppen der Bevölkerung ergeben nicht genau {ages.label}.",
        )
    return _complete(inside, len(bands))


def _complete(inside: pd.DataFrame, n_bands: int) -> pd.DataFrame:
    """Make the bands of an area and year unknown where one is missing; sex ``d`` may be."""
    counted = inside["sex"] != "d"
    needed = n_bands * inside.loc[counted, "sex"].nunique()
    found = counted.groupby([inside[name] for name in ("area_id", "year", "kind")])
    return inside.assign(n=inside["n"].where(found.transform("sum") == needed))
