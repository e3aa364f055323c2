"""Chance without a model: labels exchanged over the nodes of a network, clusters drawn anew."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
EXACT = 2000  # as many assignments of labels are gone through one by one
_EQUAL = 1e-9


def two_sided(
    statistic: Callable[[Ints], float], labels: Ints, centre: float, *, draws: int, seed: int
) -> float:
    """Return how often exchanged labels lie at least as far from the centre as the given ones.

    Parameters
    ----------
    statistic : callable
        Computes the figure from labels, one a node.
    labels : array of int
        Group of each node.
    centre : float
        Expected value over all exchanges.
    draws : int
        Random exchanges where there are more than 2,000 different ones.
    seed : int
        Seed of the draws.

    Returns
    -------
    float
        The exact share where all exchanges were gone through, otherwise (1 + hits)/(1 + draws)
        (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
    """
    far = abs(statistic(labels) - centre) - _EQUAL
    if assignments(labels) <= EXACT:
        hits = [abs(statistic(one) - centre) >= far for one in _each(labels)]
        return float(np.mean(hits))
    random = np.random.default_rng(seed)
    found = sum(abs(statistic(random.permutation(labels)) - centre) >= far for _ in range(draws))
    return (1 + found) / (1 + draws)


def assignments(labels: Sequence[int] | Ints) -> int:
    """Count the different ways to give these labels to the nodes."""
    ways = math.factorial(len(labels))
    for n in Counter(map(int, labels)).values():
        ways //= math.factorial(n)
    return ways


def _each(labels: Ints) -> Iterator[Ints]:
    """Go through the different orders of the labels, in lexical order."""
    order = np.sort(labels)
    while True:
        yield order.copy()
        rising = np.flatnonzero(order[:-1] < order[1:])
        if not len(rising):
            return
        at = rising[-1]
        other = np.flatnonzero(order > order[at])
        other = other[other > at][-1]
        order[[at, other]] = order[[other, at]]
        order[at + 1 :] = order[at + 1 :][::-1]


def ratios(parts: Floats, wholes: Floats, *, draws: int, random: np.random.Generator) -> Floats:
    """Draw clusters with replacement and return the ratio of their sums in each draw.

    Parameters
    ----------
    parts, wholes : array of float
        What each cluster adds to the numerator and to the denominator.
    draws : int
        Number of draws.
    random : numpy.random.Generator
        Source of the draws.
    """
    n = len(wholes)
    times = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    drawn: Floats = (times @ parts) / (times @ wholes)
    return drawn


def percentiles(values: Floats, n: int, level: float) -> tuple[float, float]:
    """Return the expanded percentile interval of drawn values.

    The plain percentile interval is too narrow for few clusters; its tails are moved outwards as
    Student's t is wider than the normal distribution.

    Parameters
    ----------
    values : array of float
        The drawn values.
    n : int
        Number of clusters behind them, at least two; of several samples the smallest.
    level : float
        Nominal coverage.

    References
    ----------
    Hesterberg (2015), doi:10.1080/00031305.2015.1089789.
    """
    wide = stats.t.ppf((1 + level) / 2, n - 1) * math.sqrt(n / (n - 1))
    tail = float(stats.norm.cdf(-wide))
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
