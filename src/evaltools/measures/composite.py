"""An index from declared indicators, and how far it reproduces a published one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.optimize import linprog

from evaltools.errors import DesignError, unknown
from evaltools.measures.helps import counts_helps
from evaltools.studyprofile import Index

Floats = npt.NDArray[np.float64]
LEAST = 3  # areas that a standard deviation is taken over
LEAST_COMPARED = 4  # a line through three points leaves little to be wrong about
SLACK = 1e-9


@dataclass(frozen=True)
class Composite:
    """An index over areas.

    Attributes
    ----------
    year : int
        Year of all indicators.
    table : DataFrame
        ``area_id, value, rank, reason`` and one z-score a column named after its indicator, with
        the sign turned where a high value relieves; rank 1 is the most burdened. An area that
        lacks an indicator has no value, and the reason says which.
    """

    year: int
    table: pd.DataFrame


@dataclass(frozen=True)
class Agreement:
    """How an index agrees with a published one, over `n` areas that have both.

    Attributes
    ----------
    pearson, spearman : float
        Correlations.
    largest : float
        Largest difference after that linear rescaling which makes it smallest, in units of the
        published index.
    worst : str
        The area where it is that large.
    tolerance : float
        Half a unit of the last printed digit.
    reproduces : bool
        Whether no area differs by more than that, after a rescaling that turns nothing round.
    """

    n: int
    pearson: float
    spearman: float
    largest: float
    worst: str
    tolerance: float
    reproduces: bool


def index(profile: pd.DataFrame, declared: Index) -> Composite:
    """Make an index: z-scores, turned where a high value relieves, and their weighted mean.

    Parameters
    ----------
    profile : DataFrame
        ``social_profile`` of areas of one level; not changed.
    declared : Index
        Indicators with weight and direction, as the study file declares them.

    Returns
    -------
    Composite
        Of the latest year in which at least three areas have every indicator. Mean and population
        standard deviation (divided by n) are those of the areas that have all indicators.

    Raises
    ------
    DesignError
        When an indicator is unknown, counts helps, is the same everywhere, or there is no year
        with three areas.
    """
    names = list(declared.indicators)
    _usable(profile, names)
    rows = profile[profile["indicator"].isin(names)]
    year, wide = _latest(rows, names)
    whole = wide.dropna()
    mean, deviation = whole.mean(), whole.std(ddof=0)
    if flat := [name for name in names if not deviation[name] > 0]:
        raise DesignError(
            f"{', '.join(flat)}, {year}: the same in every area, so that it tells none apart; "
            "leave it out of the index",
            german="Ein Merkmal ist in allen Räumen gleich.",
        )
    sign = pd.Series(
        {
            name: 1.0 if part.higher_is == "belasteter" else -1.0
            for name, part in declared.indicators.items()
        }
    )
    weight = pd.Series({name: part.weight for name, part in declared.indicators.items()})
    scores = (wide - mean) / deviation * sign
    value = (scores * weight).sum(axis=1, skipna=False) / weight.sum()
    table = pd.concat([value.rename("value"), scores], axis=1).rename_axis("area_id").reset_index()
    reason = wide.isna().apply(lambda row: "fehlt: " + ", ".join(row.index[row]), axis=1)
    table.insert(2, "rank", table["value"].rank(ascending=False, method="min").astype("Int64"))
    lost = pd.Series(reason.to_numpy(), dtype="string").where(table["value"].isna())
    table.insert(3, "reason", lost)
    return Composite(year, table)


def against(made: Composite, published: pd.DataFrame, *, digits: int) -> Agreement:
    """Hold an index against a published one.

    Parameters
    ----------
    made : Composite
        The index.
    published : DataFrame
        ``area_id, value`` of the same areas; not changed.
    digits : int
        Printed digits after the comma of the published index.

    Raises
    ------
    DesignError
        When fewer than four areas have both, or one of the two is the same everywhere.

    Notes
    -----
    An index has no scale of its own, so that it is rescaled before it is compared. The line that
    makes the largest difference smallest (Chebyshev's, by linear programming) decides whether the
    published figures can be had from the declared indicators at all: where even it misses an area
    by more than half a unit of the last printed digit, no rescaling reproduces them.
    """
    both = made.table[["area_id", "value"]].merge(
        published[["area_id", "value"]], on="area_id", suffixes=("", "_published")
    )
    both = both.dropna().sort_values("area_id", ignore_index=True)
    x, y = (both[name].to_numpy(float) for name in ("value", "value_published"))
    if len(both) < LEAST_COMPARED or not (np.ptp(x) > 0 and np.ptp(y) > 0):
        raise DesignError(
            f"{len(both)} areas have both indices; at least {LEAST_COMPARED}, and not all "
            "alike, are needed",
            german=f"Beide Indizes liegen nur für {len(both)} Räume vor; nötig sind "
            f"{LEAST_COMPARED}, die sich unterscheiden.",
        )
    slope, level = _line(x, y)
    apart = np.abs(level + slope * x - y)
    half = 0.5 * 10.0**-digits
    largest = float(apart.max())
    return Agreement(
        n=len(both),
        pearson=float(stats.pearsonr(x, y).statistic),
        spearman=float(stats.spearmanr(x, y).statistic),
        largest=largest,
        worst=str(both["area_id"].iloc[int(apart.argmax())]),
        tolerance=half,
        reproduces=largest <= half * (1 + SLACK) + SLACK and slope > 0,
    )


def _usable(profile: pd.DataFrame, names: list[str]) -> None:
    known = profile.loc[profile["value"].notna(), ["indicator", "unit"]]
    for name in names:
        rows = known[known["indicator"] == name]
        if rows.empty:
            delivered = set(known["indicator"].astype(str))
            raise DesignError(
                f"profile.index: {unknown('indicator', name, delivered)}",
                german=f"Das Merkmal {name} ist nicht geliefert.",
            )
        if counts_helps(rows).any():
            raise DesignError(
                f"profile.index: {name} counts helps; an index of it would give counts away, "
                "leave it out",
                german=f"Das Merkmal {name} zählt Hilfen und gehört in keinen Index.",
            )


def _latest(rows: pd.DataFrame, names: list[str]) -> tuple[int, pd.DataFrame]:
    """Return the latest year with enough areas, and its values: areas by indicators."""
    for year in sorted(set(rows["year"].dropna()), reverse=True):
        part = rows[rows["year"] == year]
        wide = part.pivot(index="area_id", columns="indicator", values="value")
        wide = wide.reindex(columns=names).astype(float)
        if len(wide.dropna()) >= LEAST:
            return int(year), wide
    raise DesignError(
        f"profile.index: no year in which {LEAST} areas have {', '.join(names)}",
        german=f"In keinem Jahr liegen alle Merkmale des Index für {LEAST} Räume vor.",
    )


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and level of the line whose largest distance from the points is smallest."""
    middle, width = x.mean(), x.std()
    z = (x - middle) / width
    ones = np.ones_like(z)
    above = np.column_stack([z, ones, -ones])
    below = np.column_stack([-z, -ones, -ones])
    found = linprog(
        [0, 0, 1],
        A_ub=np.vstack([above, below]),
        b_ub=np.r_[y, -y],
        bounds=[(None, None), (None, None), (0, None)],
        method="highs",
    )
    slope, level = found.x[0] / width, found.x[1] - found.x[0] * middle / width
    return float(slope), float(level)
