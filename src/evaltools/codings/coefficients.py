"""Formulas of agreement between coders, for one or for thousands of weightings of the units.

Each returns the observed and the expected agreement, o and e; the coefficient is
``(o - e) / (1 - e)``. Ratings come as a :class:`Tally`: the patterns that occur and how often, so
that a bootstrap only weights patterns anew and characters need not be written out one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
Pair = tuple[Floats, Floats]
TINY = 1e-12


@dataclass(frozen=True)
class Measure:
    """A coefficient: German label, German definition with its source, and formula."""

    label: str
    definition: str
    formula: Callable[..., Pair]


@dataclass(frozen=True)
class Tally:
    """Ratings brought down to the patterns that occur.

    Attributes
    ----------
    patterns : ndarray of int, (patterns, coders)
        Place of each coder's value in `values`; -1 is not rated.
    values : ndarray, (values,)
        The possible values in ascending order.
    weights : ndarray, (clusters, patterns)
        Number of units with this pattern in this cluster.
    singly : bool
        Whether each row of the ratings was one unit, no run of them.
    """

    patterns: npt.NDArray[np.int64]
    values: Floats
    weights: Floats
    singly: bool = True

    @property
    def counts(self) -> Floats:
        """Coders by value in each pattern, (patterns, values)."""
        given = self.patterns[:, :, None] == np.arange(len(self.values))
        return np.asarray(given.sum(axis=1), dtype=float)

    @property
    def raters(self) -> npt.NDArray[np.int64]:
        """Number of coders who rated, by pattern."""
        counted: npt.NDArray[np.int64] = (self.patterns >= 0).sum(axis=1)
        return counted

    @property
    def total(self) -> Floats:
        """Number of units by pattern over all clusters, as one weighting (1, patterns)."""
        summed: Floats = self.weights.sum(axis=0, keepdims=True)
        return summed

    def only(self, rows: npt.NDArray[np.bool_]) -> Tally:
        """Return the tally of some of the patterns."""
        return replace(self, patterns=self.patterns[rows], weights=self.weights[:, rows])


def tally(
    ratings: Floats,
    *,
    categories: Sequence[float] = (),
    clusters: Sequence[Any] | npt.NDArray[Any] | None = None,
    weights: Floats | None = None,
) -> Tally:
    """Count the patterns of a table of ratings; units nobody rated are left out.

    Parameters
    ----------
    ratings : ndarray, (units, coders)
        Values, NaN where a coder did not rate.
    categories : sequence of float, optional
        All possible values; without them, those that occur.
    clusters : sequence, optional
        Cluster of each unit; without it, there is one cluster.
    weights : ndarray, optional
        How many units each row stands for.
    """
    rated = ~np.isnan(ratings)
    kept = rated.any(axis=1)
    values = np.unique([*categories, *ratings[rated]])
    places = np.where(rated, np.searchsorted(values, ratings), -1)
    patterns, which = np.unique(places[kept], axis=0, return_inverse=True)
    group = np.zeros(len(ratings), dtype=np.int64)
    if clusters is not None:
        group = np.unique(np.asarray(clusters).astype(str), return_inverse=True)[1]
    counted = np.zeros((int(group.max(initial=0)) + 1, len(patterns)))
    each = np.ones(len(ratings)) if weights is None else np.asarray(weights, dtype=float)
    np.add.at(counted, (group[kept], which.reshape(-1)), each[kept])
    return Tally(patterns.astype(np.int64), values, counted, bool((each == 1).all()))


def observed(table: Tally, weights: Floats) -> Floats:
    """Share of agreeing pairs of coders, averaged over the units with two ratings or more."""
    raters, counts = table.raters, table.counts
    many = raters >= 2
    pairs = (counts * (counts - 1)).sum(axis=1)[many] / (raters * (raters - 1))[many]
    return over(weights[:, many] @ pairs, weights[:, many].sum(axis=1))


def prevalence(table: Tally, weights: Floats) -> Floats:
    """Share of each value, (weightings, values): mean over units of the share within the unit."""
    shares = table.counts / table.raters[:, None]
    return over(weights @ shares, weights.sum(axis=1)[:, None])


def margins(table: Tally, weights: Floats) -> Floats:
    """Share of each value among each coder's own ratings, (weightings, coders, values)."""
    given = table.patterns[:, :, None] == np.arange(len(table.values))
    by_coder = np.einsum("dk,kcv->dcv", weights, given.astype(float))
    return over(by_coder, by_coder.sum(axis=2, keepdims=True))


def percent(table: Tally, weights: Floats) -> Pair:
    """Share of agreement, nothing expected by chance."""
    found = observed(table, weights)
    return found, np.zeros_like(found)


def fleiss(table: Tally, weights: Floats) -> Pair:
    """Chance from the common shares; units with missing ratings as in Gwet's irrCAC."""
    return observed(table, weights), (prevalence(table, weights) ** 2).sum(axis=1)


def conger(table: Tally, weights: Floats) -> Pair:
    """Chance from each coder's own shares; Cohen's kappa when there are two."""
    own = margins(table, weights)
    spread = own.var(axis=1, ddof=1) / own.shape[1]
    return observed(table, weights), (own.mean(axis=1) ** 2 - spread).sum(axis=1)


def cohen(table: Tally, weights: Floats) -> Pair:
    """Conger's kappa on the units that both coders rated."""
    both = table.raters == 2
    return conger(table.only(both), weights[:, both])


def scott(table: Tally, weights: Floats) -> Pair:
    """Fleiss' kappa on the units that both coders rated."""
    both = table.raters == 2
    return fleiss(table.only(both), weights[:, both])


def brennan_prediger(table: Tally, weights: Floats) -> Pair:
    """Chance is one in the number of possible values."""
    found = observed(table, weights)
    return found, np.full_like(found, 1 / len(table.values))


def gwet_ac1(table: Tally, weights: Floats) -> Pair:
    """Chance from the share of units that are hard to rate."""
    found, shares = observed(table, weights), prevalence(table, weights)
    if len(table.values) < 2:
        return found, np.ones_like(found)
    return found, (shares * (1 - shares)).sum(axis=1) / (len(table.values) - 1)


def krippendorff(table: Tally, weights: Floats, level: Level = "nominal") -> Pair:
    """1 minus observed and 1 minus expected disagreement, from coincidences of values."""
    many = table.raters >= 2
    counts, raters = table.counts[many], table.raters[many]
    together = counts[:, :, None] * counts[:, None, :]
    together -= counts[:, :, None] * np.eye(counts.shape[1])
    found = np.einsum("dk,kvw->dvw", weights[:, many], together / (raters - 1)[:, None, None])
    sums = found.sum(axis=2)
    n = sums.sum(axis=1)
    apart = distances(table.values, sums, level)
    seen = over((found * apart).sum(axis=(1, 2)), n)
    by_chance = (sums[:, :, None] * sums[:, None, :] * apart).sum(axis=(1, 2))
    return 1 - seen, 1 - over(by_chance, n * (n - 1))


def distances(values: Floats, sums: Floats, level: Level) -> Floats:
    """Squared differences between values, (weightings or 1, values, values).

    `sums` are the numbers of pairable ratings by value, which ordinal differences are made of.
    """
    if level == "nominal":
        return np.asarray((values[:, None] != values)[None], dtype=float)
    if level == "ordinal":
        middle = np.cumsum(sums, axis=1) - sums / 2
        return (middle[:, :, None] - middle[:, None, :]) ** 2
    apart = values[:, None] - values
    if level == "ratio":
        apart = np.where(apart == 0, 0.0, over(apart, values[:, None] + values))
    return (apart**2)[None]


def ratio(pair: Pair) -> Floats:
    """Return ``(o - e) / (1 - e)``; NaN where nothing but agreement could be expected."""
    seen, expected = pair
    room = 1 - expected
    return np.where(np.abs(room) > TINY, over(seen - expected, room), np.nan)


def over(above: Floats, below: Floats) -> Floats:
    """Divide without a warning; NaN or infinite where the divisor is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below, dtype=float)


MEASURES: Mapping[str, Measure] = {
    "percent": Measure(
        "Prozentuale Übereinstimmung",
        "Anteil übereinstimmender Paare von Kodierenden, gemittelt über die Einheiten; ohne "
        "Zufallskorrektur",
        percent,
    ),
    "cohen": Measure(
        "Cohens Kappa",
        "Zufall aus den Randanteilen jeder der beiden Personen; Cohen 1960, "
        "doi:10.1177/001316446002000104",
        cohen,
    ),
    "scott": Measure(
        "Scotts Pi",
        "Zufall aus den gemeinsamen Anteilen beider Personen; Scott 1955, doi:10.1086/266577",
        scott,
    ),
    "fleiss": Measure(
        "Fleiss’ Kappa",
        "Zufall aus den gemeinsamen Anteilen aller; Fleiss 1971, doi:10.1037/h0031619; fehlende "
        "Urteile nach Gwet (irrCAC)",
        fleiss,
    ),
    "conger": Measure(
        "Congers Kappa",
        "Zufall aus den Randanteilen jeder Person, bei zweien Cohens Kappa; Conger 1980, "
        "doi:10.1037/0033-2909.88.2.322; fehlende Urteile nach Gwet (irrCAC)",
        conger,
    ),
    "brennan_prediger": Measure(
        "Kappa nach Brennan und Prediger",
        "Zufall ist 1 geteilt durch die Zahl der möglichen Werte; Brennan und Prediger 1981, "
        "doi:10.1177/001316448104100307",
        brennan_prediger,
    ),
    "gwet_ac1": Measure(
        "Gwets AC1",
        "Zufall aus dem Anteil schwer zu beurteilender Einheiten; Gwet 2008, "
        "doi:10.1348/000711006X126600",
        gwet_ac1,
    ),
    "krippendorff": Measure(
        "Krippendorffs Alpha",
        "1 minus beobachtete durch erwartete Nichtübereinstimmung; Hayes und Krippendorff 2007, "
        "doi:10.1080/19312450709336664",
        krippendorff,
    ),
}
FOR_TWO = ("cohen", "scott")
