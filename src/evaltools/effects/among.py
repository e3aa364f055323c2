"""One area's change among those of the areas without the model: interval and rank."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaltools.errors import DesignError

LEAST = 3
TINY = 1e-12


@dataclass(frozen=True)
class Among:
    """How far one area's change lies from those of others.

    Attributes
    ----------
    own, others : float
        Its change, and the mean of the others' changes, in the unit given.
    difference, low, high : float
        Own minus others, and its interval.
    level : float
        Level of the interval.
    rank, n : int
        Place of the own change among all `n`, from the largest; ties count against it.
    """

    own: float
    others: float
    difference: float
    low: float
    high: float
    level: float
    rank: int
    n: int


def among(
    own: float,
    others: Collection[float],
    *,
    more: float = 0.0,
    level: float = 0.90,
) -> Among:
    """Compare one area's change with those of areas without the model.

    The interval takes the spread between the other areas as what happens without the model; it
    holds the noise of the data as well as that of the areas. It supposes that the areas' changes
    are normal with one variance, which the rank does not.

    Parameters
    ----------
    own : float
        Change of the area, such as points of a scale.
    others : collection of float
        Changes of the comparison areas, in the same unit; not changed.
    more : float, optional
        By how much the sampling variance of the own change exceeds the mean one of the others, as
        where fewer persons were asked; their spread does not hold it.
    level : float, optional
        Level of the interval.

    Raises
    ------
    DesignError
        With fewer than three other areas, a change that is not finite, or when all the others
        changed alike, as figures do that were carried forward.

    Notes
    -----
    Modified t-test of one case against a small sample: Crawford and Howell 1998,
    doi:10.1076/clin.12.4.482.7241.
    """
    values = np.asarray(list(others), dtype=float)
    if len(values) < LEAST:
        raise DesignError(
            f"{len(values)} comparison areas have this change; at least {LEAST} are needed",
            german=f"Zum Vergleich gibt es {len(values)} Räume mit diesen Angaben; nötig sind "
            f"mindestens {LEAST}.",
        )
    if not (math.isfinite(own) and np.isfinite(values).all()):
        raise DesignError(
            "a change is not finite; leave areas with unknown values out",
            german="Eine der Veränderungen ist unbekannt.",
        )
    n, middle = len(values), float(values.mean())
    between = float(values.var(ddof=1)) * (n + 1) / n
    if between <= TINY * max(1.0, abs(own), abs(middle)) ** 2:
        raise DesignError(
            "all comparison areas changed alike; their spread says nothing about chance",
            german="Alle Vergleichsräume veränderten sich genau gleich; wie viel Zufall ist, lässt "
            "sich daran nicht ablesen.",
        )
    extra = max(more, 0.0)
    # Satterthwaite, the own variance taken as known: its persons are more than the areas
    freedom = (n - 1) * ((between + extra) / between) ** 2
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * math.sqrt(between + extra)
    difference = own - middle
    rank = 1 + int((values >= own).sum())
    return Among(
        own, middle, difference, difference - reach, difference + reach, level, rank, n + 1
    )
