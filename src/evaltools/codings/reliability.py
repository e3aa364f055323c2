"""One coefficient of agreement of ratings that were checked; no interval yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import krippendorff as library
import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.codings import coefficients
from evaltools.codings.coefficients import FOR_TWO, LEVELS, MEASURES, Floats, Level, Tally
from evaltools.codings.units import Ratings
from evaltools.errors import DesignError, unknown

Data = Ratings | npt.ArrayLike | pd.DataFrame
GERMAN_LEVELS = {
    "nominal": "nominal",
    "ordinal": "ordinal",
    "interval": "Intervallskala",
    "ratio": "Verhältnisskala",
}


@dataclass(frozen=True)
class Agreement:
    """One coefficient of agreement.

    Attributes
    ----------
    measure, label, definition : str
        Name in :data:`MEASURES`, its German label, and what it is with its source, in German.
    estimate, low, high : float
        NaN where the coefficient is undefined or no interval can be given; `reason` says why.
    observed, expected : float
        Agreement found and expected by chance; the coefficient is (o - e) / (1 - e). For ordinal
        and higher alpha these are 1 minus disagreement and have no meaning of their own.
    n_units, n_coders, n_clusters : int
        Units with two ratings or more, coders, clusters (documents) of such units.
    undefined : int
        Draws of the bootstrap in which the coefficient was undefined.
    reason : str
        In German; empty when there is an estimate with an interval.
    """

    measure: str
    label: str
    definition: str
    n_units: int
    n_coders: int
    n_clusters: int
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    observed: float = np.nan
    expected: float = np.nan
    undefined: int = 0
    reason: str = ""


def tally(ratings: Data, categories: Sequence[float], clusters: Any = None) -> Tally:
    """Check the ratings and bring them down to patterns."""
    weights = None
    if isinstance(ratings, Ratings):
        values, weights = ratings.values, ratings.weights
        clusters = ratings.places["doc_id"] if clusters is None else clusters
        categories = categories or (0.0, 1.0)
    else:
        values = _numbers(ratings)
    if clusters is not None and len(clusters) != len(values):
        raise DesignError(f"{len(clusters)} clusters for {len(values)} units; give one for each")
    rated = ~np.isnan(values)
    shared = rated[rated.sum(axis=1) >= 2]
    if values.shape[1] < 2 or not shared.any(axis=0).all():
        columns = getattr(ratings, "coders", range(1, values.shape[1] + 1))
        lonely = [name for at, name in enumerate(columns) if not shared[:, at].any()]
        raise DesignError(
            f"agreement needs at least 2 coders who rated units in common; of {values.shape[1]} "
            f"coders these share none: {lonely}; leave them out",
            german="Übereinstimmung braucht mindestens zwei Kodierende mit gemeinsamen Einheiten.",
        )
    return coefficients.tally(values, categories=categories, clusters=clusters, weights=weights)


def _numbers(ratings: npt.ArrayLike | pd.DataFrame) -> Floats:
    try:
        values = np.array(ratings, dtype=float)
    except (TypeError, ValueError):
        told = "ratings must be numbers, NaN for not rated; give each value a number"
        raise DesignError(told) from None
    if values.ndim != 2 or np.isinf(values).any():
        raise DesignError("ratings must be a table (units, coders) of finite numbers or NaN")
    return values


def known(name: str, level: str) -> None:
    """Refuse a measure or a level that does not exist."""
    if name not in MEASURES:
        raise DesignError(unknown("measure", name, MEASURES))
    if level not in LEVELS:
        raise DesignError(unknown("level", level, LEVELS))


def formula(table: Tally, name: str, level: Level, weights: Floats) -> coefficients.Pair:
    """Compute observed and expected agreement for each weighting of the patterns."""
    if name == "krippendorff":
        return coefficients.krippendorff(table, weights, level)
    return MEASURES[name].formula(table, weights)


def blank(table: Tally, name: str, level: Level) -> Agreement:
    """Return what is known of a coefficient before it is computed."""
    many = table.raters >= 2
    label, definition = MEASURES[name].label, MEASURES[name].definition
    if name == "krippendorff":
        label += f" ({GERMAN_LEVELS[level]})"
    return Agreement(
        measure=name,
        label=label,
        n_units=int(table.total[0, many].sum()),
        n_coders=table.patterns.shape[1],
        n_clusters=int(table.weights[:, many].any(axis=1).sum()),
        definition=definition,
    )


def one(table: Tally, name: str, level: Level) -> Agreement:
    """Compute one coefficient without interval, or refuse."""
    known(name, level)
    coders = table.patterns.shape[1]
    if name in FOR_TWO and coders != 2:
        raise DesignError(
            f"{name} compares exactly 2 coders, not {coders}; use fleiss, conger or krippendorff",
            german=f"{MEASURES[name].label} vergleicht genau zwei Personen, nicht {coders}.",
        )
    seen, expected = formula(table, name, level, table.total)
    estimate = float(coefficients.ratio((seen, expected))[0])
    if np.isnan(estimate):
        raise DesignError(
            f"{name} is undefined: all ratings are the same, so chance alone would agree (0/0); "
            "report the percent agreement and that nothing varied",
            german=f"{MEASURES[name].label} ist nicht bestimmt: Alle Urteile sind gleich, etwa "
            "weil der Code überall oder nirgends vergeben wurde; Übereinstimmung bestünde auch "
            "zufällig.",
        )
    if name == "krippendorff" and table.singly:
        estimate = _alpha(table, level)
    item = blank(table, name, level)
    return replace(item, estimate=estimate, observed=float(seen[0]), expected=float(expected[0]))


def _alpha(table: Tally, level: Level) -> float:
    # The library counts every unit once; runs of characters carry weights it does not take.
    counts = np.repeat(table.counts, table.total[0].astype(int), axis=0)
    return float(
        library.alpha(value_counts=counts, value_domain=table.values, level_of_measurement=level)
    )
