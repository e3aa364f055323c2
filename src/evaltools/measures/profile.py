"""Sozialraumbeschreibung: what is known of one Stadtraum, beside the city."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from evaltools.measures.population import bands_of
from evaltools.study import Population

SOCIAL = ["indicator", "unit", "year", "area", "lowest", "middle", "highest", "n_areas"]


@dataclass(frozen=True)
class Forecast:
    """People of the age group in the last actual and the last forecast year."""

    year: int
    n: float
    ahead: int
    n_ahead: float


def social(
    profile: pd.DataFrame, area: str, *, among: Collection[str] | None = None
) -> pd.DataFrame:
    """Set the latest value of each social indicator beside the spread over all areas.

    Parameters
    ----------
    profile : DataFrame
        ``social_profile``; not changed.
    area : str
        The area.
    among : collection of str, optional
        The areas of its level (:func:`peers`); all areas when not given.

    Returns
    -------
    DataFrame
        ``indicator, unit, year, area, lowest, middle, highest, n_areas`` (middle: median), one
        row an indicator and year that the area has, latest first. With fewer than three areas
        there is no spread, and its columns are NA.
    """
    own = profile[profile["area_id"] == area]
    profile = profile if among is None else profile[profile["area_id"].isin(among)]
    rows = []
    for (name, year), part in own.groupby(["indicator", "year"], sort=True):
        same = profile[(profile["indicator"] == name) & (profile["year"] == year)]["value"].dropna()
        spread = (same.min(), same.median(), same.max()) if len(same) >= 3 else (pd.NA,) * 3
        value = part.iloc[0]
        rows.append([name, value["unit"], year, value["value"], *spread, len(same)])
    frame = pd.DataFrame(rows, columns=SOCIAL)
    return frame.sort_values(["indicator", "year"], ascending=[True, False], ignore_index=True)


def infrastructure(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """List the area's institutions by kind and year.

    Returns
    -------
    DataFrame
        ``kind, year, n, places, vzae``; columns the table lacks are left out.
    """
    own = table[table["area_id"] == area]
    columns = [name for name in ("kind", "year", "n", "places", "vzae") if name in own]
    return own[columns].sort_values(["kind", "year"], ignore_index=True)


def population_path(
    population: pd.DataFrame,
    area: str,
    ages: Population,
    *,
    among: Collection[str] | None = None,
) -> pd.DataFrame:
    """Follow the base population over the years, actual and forecast.

    Parameters
    ----------
    population : DataFrame
        The table of that name; not changed.
    area : str
        The area.
    ages : Population
        The age group.
    among : collection of str, optional
        The areas that make up the city; all areas when not given. With sub-areas beside their
        Stadträume everybody would be counted twice.

    Returns
    -------
    DataFrame
        ``year, kind, area, city``: persons of the age group; the city is the sum of all areas,
        unknown when one of them is.
    """
    paths = []
    for kind in ("actual", "forecast"):
        part = population[population["kind"] == kind]
        if part.empty:
            continue
        inside = bands_of(part, ages)
        whole = inside if among is None else inside[inside["area_id"].isin(among)]
        city = whole.groupby("year")["n"].agg(lambda column: column.sum(skipna=False))
        own = (
            inside[inside["area_id"] == area]
            .groupby("year")["n"]
            .agg(lambda column: column.sum(skipna=False))
        )
        joined = pd.DataFrame({"area": own, "city": city}).dropna(subset=["area"])
        paths.append(joined.rename_axis("year").reset_index().assign(kind=kind))
    columns = ["year", "kind", "area", "city"]
    return pd.concat(paths, ignore_index=True)[columns] if paths else pd.DataFrame(columns=columns)


def forecast(population: pd.DataFrame, area: str, ages: Population) -> Forecast | None:
    """Return the last actual and the last forecast base population; None when one is unknown."""
    path = population_path(population, area, ages)
    last = {
        kind: part.sort_values("year").iloc[-1] for kind, part in path.groupby("kind") if len(part)
    }
    if set(last) != {"actual", "forecast"} or last["forecast"]["year"] <= last["actual"]["year"]:
        return None
    now, ahead = last["actual"], last["forecast"]
    return Forecast(int(now["year"]), float(now["area"]), int(ahead["year"]), float(ahead["area"]))


def indicator(profile: pd.DataFrame, area: str, name: str) -> pd.Series | None:
    """Return the area's latest known row of a social indicator; None when there is none."""
    own = profile[(profile["area_id"] == area) & (profile["indicator"] == name)]
    own = own[own["value"].notna()].sort_values("year")
    return None if own.empty else own.iloc[-1]


def staffing(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Compare staff with its norm, by role and year.

    Returns
    -------
    DataFrame
        ``role, year, vzae, vzae_norm, difference`` (VZÄ; difference = actual − norm).
    """
    own = table[table["area_id"] == area]
    own = own.reindex(columns=["role", "year", "vzae", "vzae_norm"])
    return own.assign(difference=own["vzae"] - own["vzae_norm"]).sort_values(
        ["role", "year"], ignore_index=True
    )


def offers(table: pd.DataFrame, area: str, years: tuple[int, ...]) -> pd.DataFrame:
    """Count the area's offers running on 31 December of the given years, by life phase.

    Returns
    -------
    DataFrame
        ``life_phase`` and one column a year; unknown phases are counted as ``unbekannt``.
    """
    own = table[table["area_id"] == area]
    known = (
        own["life_phase"] if "life_phase" in own else pd.Series(pd.NA, own.index, dtype="string")
    )
    phase = known.fillna("unbekannt").rename("life_phase")
    counts = {}
    for year in years:
        counts[str(year)] = running(own, year).groupby(phase).sum()
    frame = pd.DataFrame(counts).fillna(0).astype("Int64")
    return frame.rename_axis("life_phase").reset_index()


def running(table: pd.DataFrame, year: int) -> pd.Series:
    """Say for each offer whether it runs on 31 December of a year (unknown end: it runs)."""
    day = pd.Timestamp(year, 12, 31)
    end = table["end"] if "end" in table else pd.Series(pd.NaT, index=table.index)
    return (table["begin"] <= day) & (end.isna() | (end > day))
