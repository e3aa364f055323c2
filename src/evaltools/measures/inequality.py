"""How unequal areas are among and within themselves: range, variation, Theil's T.

Theil's T parts exactly into what lies between groups and what lies within them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures.helps import counts_helps

Floats = npt.NDArray[np.float64]
LEAST = 2  # sub-areas that can differ at all
ASKED = "kurzbefragung_"  # published results of a survey of persons
COLUMNS = [
    *("indicator", "unit", "year", "n", "lowest", "highest", "range", "cv", "theil"),
    *("city", "between", "within", "weighted"),
]


@dataclass(frozen=True)
class Theil:
    """Theil's T and its parts: ``total = between + within``.

    Attributes
    ----------
    groups : DataFrame
        ``group, share, theil``: each group's share of the whole sum, and T inside it.
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


@dataclass(frozen=True)
class Spread:
    """Lowest, highest, weighted mean and coefficient of variation (NaN for a mean up to zero)."""

    n: int
    lowest: float
    highest: float
    mean: float
    cv: float

    @property
    def range(self) -> float:
        """Highest minus lowest."""
        return self.highest - self.lowest


def theil(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Theil's T of values per person, such as a rate, over people.

    Parameters
    ----------
    values : array_like, shape (n,)
        None below zero, not all zero; a zero adds nothing (its limit).
    weights : array_like, shape (n,), optional
        People behind each value; all alike when not given.

    Returns
    -------
    float
        From 0 (all alike) to the logarithm of all people over those with the smallest weight.

    Raises
    ------
    DesignError
        When a value is unknown or below zero, all are zero, or a weight is not above zero.

    References
    ----------
    Theil, H. (1967): Economics and Information Theory, Amsterdam, ch. 4. Decomposition:
    Shorrocks, A. F. (1980), Econometrica 48, 613-625, doi:10.2307/1913126.
    """
    x, w = _checked(values, weights)
    return _t(x, w)


def decompose(
    values: npt.ArrayLike, groups: Sequence[str], weights: npt.ArrayLike | None = None
) -> Theil:
    """Part Theil's T into what lies between groups and what lies within them.

    Parameters
    ----------
    values, weights
        As for :func:`theil`.
    groups : sequence of str, shape (n,)
        The group of each value.

    Raises
    ------
    DesignError
        As :func:`theil`, or when groups and values are not equally many.
    """
    x, w = _checked(values, weights)
    if len(groups) != len(x):
        raise DesignError(f"{len(groups)} groups for {len(x)} values; give one for each")
    parts = pd.DataFrame({"group": pd.Series(list(groups), dtype="string"), "x": x, "w": w})
    whole = float((x * w).sum())
    rows, means, people = [], [], []
    for name, part in parts.groupby("group", sort=True):
        own, weight = part["x"].to_numpy(float), part["w"].to_numpy(float)
        amount = float((own * weight).sum())
        rows.append([name, amount / whole, _t(own, weight) if amount else 0.0])
        means.append(amount / weight.sum())
        people.append(weight.sum())
    frame = pd.DataFrame(rows, columns=["group", "share", "theil"]).astype({"group": "string"})
    between = _t(np.array(means), np.array(people))
    return Theil(_t(x, w), between, float((frame["share"] * frame["theil"]).sum()), frame)


def spread(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Spread:
    """Lowest, highest and coefficient of variation (population standard deviation over mean).

    Raises
    ------
    DesignError
        When there is no value, one is unknown, or a weight is not above zero.
    """
    x, w = _known(values, weights)
    mean = float((x * w).sum() / w.sum())
    deviation = float(np.sqrt((w * (x - mean) ** 2).sum() / w.sum()))
    cv = deviation / mean if mean > 0 and x.min() >= 0 else float("nan")
    return Spread(len(x), float(x.min()), float(x.max()), mean, cv)


def heterogeneity(
    profile: pd.DataFrame, area_table: pd.DataFrame, area: str, people: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Say how far the sub-areas of a Stadtraum lie apart, by social indicator.

    Parameters
    ----------
    profile : DataFrame
        ``social_profile``; those that count helps are left out. Not changed.
    area_table : DataFrame
        ``area``; sub-areas name their Stadtraum under ``parent_id``.
    area : str
        The Stadtraum.
    people : DataFrame, optional
        ``area_id, year, n``: what sub-areas weigh. Where it lacks a sub-area and year, all of an
        indicator weigh alike.

    Returns
    -------
    DataFrame
        One row an indicator, of the latest year with at least two sub-areas: ``indicator, unit,
        year, n, lowest, highest, range, cv, theil`` over the sub-areas of this Stadtraum;
        ``city, between, within``: Theil's T over all sub-areas of the city and its parts, NA with
        fewer than two Stadträume; ``weighted``: whether people were the weights. CV and T are NA
        for indicators below zero, such as an index of z-scores.
    """
    parents = area_table.reindex(columns=["area_id", "parent_id"]).dropna()
    parent = parents.set_index("area_id")["parent_id"]
    table = profile[profile["area_id"].isin(parent.index) & profile["value"].notna()]
    table = table[~counts_helps(table) & ~table["indicator"].str.startswith(ASKED)]
    table = table.assign(parent=table["area_id"].map(parent))
    rows = []
    for name, part in table.groupby("indicator", sort=True):
        own = part[part["parent"] == area]
        enough = own.groupby("year")["area_id"].nunique()
        years = enough.index[enough >= LEAST]
        if len(years):
            rows.append([name, *_row(part[part["year"] == max(years)], area, people)])
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(part: pd.DataFrame, area: str, people: pd.DataFrame | None) -> list[object]:
    """Compute one indicator and year over the city's sub-areas."""
    weights, weighted = _weights(part, people)
    part = part.assign(weight=weights)
    own = part[part["parent"] == area]
    found = spread(own["value"], own["weight"])
    missing: tuple[object, ...] = (pd.NA,) * 3
    inner, city = (pd.NA if np.isnan(found.cv) else theil(own["value"], own["weight"])), missing
    if part["parent"].nunique() > 1 and part["value"].min() >= 0 and part["value"].max() > 0:
        whole = decompose(part["value"], part["parent"].tolist(), part["weight"])
        city = (whole.total, whole.between, whole.within)
    first = part.iloc[0]
    cv = pd.NA if np.isnan(found.cv) else found.cv
    bounds = [found.n, found.lowest, found.highest, found.range]
    return [first["unit"], first["year"], *bounds, cv, inner, *city, weighted]


def _weights(part: pd.DataFrame, people: pd.DataFrame | None) -> tuple[Floats, bool]:
    """Take the people of each sub-area, or let all weigh alike where one is unknown."""
    if people is not None:
        keys = ["area_id", "year"]
        found = part[keys].merge(people[[*keys, "n"]], on=keys, how="left")["n"]
        if found.notna().all() and (found > 0).all():
            return found.to_numpy(float), True
    return np.ones(len(part)), False


def _t(x: Floats, w: Floats) -> float:
    ratio = x / ((x * w).sum() / w.sum())
    logs = np.log(np.where(ratio > 0, ratio, 1.0))  # 0 · log 0 is 0
    # Rounding must not make perfect equality a number below zero.
    return max(0.0, float((w * ratio * logs).sum() / w.sum()))


def _known(values: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    x = _numbers(values)
    w = np.ones(len(x)) if weights is None else _numbers(weights)
    if not len(x) or not np.isfinite(x).all():
        raise DesignError(
            f"{int((~np.isfinite(x)).sum())} of {len(x)} values are unknown; leave them out, at "
            "least one known value is needed",
            german="Ein Wert ist unbekannt, oder es gibt keinen.",
        )
    if len(w) != len(x) or not (np.isfinite(w) & (w > 0)).all():
        raise DesignError(
            f"{len(x)} values need as many weights, all above zero",
            german="Eine Bezugsgröße fehlt oder ist null.",
        )
    return x, w


def _numbers(values: npt.ArrayLike) -> Floats:
    known = pd.Series(values).astype("Float64")  # type: ignore[arg-type,unused-ignore]
    return np.asarray(known.to_numpy(float, na_value=np.nan), dtype=np.float64)


def _checked(values: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    x, w = _known(values, weights)
    if x.min() < 0 or x.max() == 0:
        raise DesignError(
            f"Theil's T needs values from 0, not all 0; the lowest is {x.min():g}, the highest "
            f"{x.max():g}: use rates or shares, not an index around 0",
            german="Der Theil-Index ist nur für Werte ab null bestimmt, die nicht alle null sind.",
        )
    return x, w
