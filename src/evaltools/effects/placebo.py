"""Placebo ranks: interval by inversion, several measures at once, and the check of the time before.

Each comparison area is treated in turn; the treated area is ranked among them by the size of a
studentised estimate. Source: Abadie, Diamond, Hainmueller 2010 (doi:10.1198/jasa.2009.ap08746).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.effects.design import Floats, Panel
from evaltools.effects.results import Effect, PreTrend
from evaltools.errors import DesignError

SAME = 1 - 1e-9
TOLERANCE = 1e-12
MOST_STEPS = 200


def rows(panel: Panel) -> npt.NDArray[np.intp]:
    """Comparison rows that can be treated in turn: a case on either side of the start."""
    before = panel.counts[1:, ~panel.after].sum(1) > 0
    after = panel.counts[1:, panel.after].sum(1) > 0
    return 1 + np.flatnonzero(before & after)


def rank(own: float, others: Floats) -> int:
    """Place of `own` among all sizes, 1 the largest; ties count against it."""
    return 1 + int((others >= own * SAME).sum())


def interval(log_ratio: float, error: float, others: Floats, level: float) -> tuple[float, float]:
    """Return the bounds of the ratios whose placebo p-value exceeds 1 − `level`.

    Parameters
    ----------
    log_ratio, error : float
        Estimate and the error that scales it; the error is held at its value.
    others : ndarray, shape (n_placebos,)
        Sizes of the placebo areas' studentised estimates.
    level : float
        Nominal level, such as 0.9.

    Returns
    -------
    low, high : float
        0 and infinity when there are too few areas for the test to reject anything.
    """
    needed = math.floor((1 - level) * (1 + len(others)) + 1e-9)
    if needed < 1:
        return 0.0, math.inf
    reach = np.sort(others)[-needed] * error
    return math.exp(log_ratio - reach), math.exp(log_ratio + reach)


def adjusted(effects: Mapping[str, Effect]) -> dict[str, Effect]:
    """Adjust ranks and intervals for testing several measures on the same areas (max-t).

    Each measure's studentised estimate is ranked among the placebo areas' largest one over all
    measures, so that the chance of any false finding keeps the nominal level. A placebo area that
    lacks a measure is judged by those it has; no rank is ever smaller than that of the single test.

    Parameters
    ----------
    effects : mapping of str to Effect
        Effects on the same treated area; not changed.

    Returns
    -------
    dict of str to Effect
        The same effects with adjusted ``rank``, ``low``, ``high`` and ``family``; a single effect
        is returned as it is.

    Notes
    -----
    Westfall & Young 1993, with the placebo assignments in place of resampling.
    """
    if len(effects) < 2:
        return dict(effects)
    sizes = {
        name: item.placebos.set_index("area_id")["studentised"].abs()
        for name, item in effects.items()
    }
    largest = pd.concat(list(sizes.values()), axis=1).max(axis=1)
    result = {}
    for name, item in effects.items():
        others = largest[sizes[name].index.drop(item.area)].to_numpy(float)
        low, high = interval(math.log(item.estimate), item.error, others, item.level)
        place = rank(float(sizes[name][item.area]), others)
        result[name] = replace(item, rank=place, low=low, high=high, family=tuple(effects))
    return result


def pre_trend(panel: Panel) -> PreTrend:
    """Rank the drift of the treated area against its comparison before the start.

    For each area the log of its ratio to all other comparison areas is followed by a Poisson
    slope over the periods before; areas are ranked by the size of the studentised slope.
    Comparison areas with cases in fewer than two of these periods have no slope and no rank.

    Raises
    ------
    DesignError
        When the treated area has cases in fewer than two periods before the start, or the
        comparison areas have none in one of them.
    """
    before = ~panel.after
    counts, exposure = panel.counts[:, before], panel.exposure[:, before]
    _sloped(panel, counts)
    pools, bases = counts[1:].sum(0), exposure[1:].sum(0)
    slopes, sizes = [], []
    for row in range(len(panel.areas)):
        pool_counts = pools - (counts[row] if row else 0)
        pool_base = bases - (exposure[row] if row else 0)
        if (counts[row] > 0).sum() < 2 or (pool_counts <= 0).any():
            continue
        slope, size = _slope(counts[row], exposure[row] * pool_counts / pool_base)
        slopes.append(slope)
        sizes.append(size)
    return PreTrend(math.exp(slopes[0]), rank(sizes[0], np.array(sizes[1:])), len(sizes))


def _sloped(panel: Panel, counts: Floats) -> None:
    with_cases = int((counts[0] > 0).sum())
    if with_cases < 2:
        raise DesignError(
            f"area {panel.treated}: {with_cases} periods before {panel.start} have a case; the "
            "pre-trend needs at least 2, so merge areas or deliver earlier periods",
            german="Vor dem Beginn gibt es zu wenige Zeiträume mit Fällen.",
        )
    empty = [panel.periods[place] for place in np.flatnonzero(counts[1:].sum(0) == 0)]
    if empty:
        raise DesignError(
            f"comparison of area {panel.treated}: no case in {', '.join(empty)}; every period "
            "before the start needs at least one, so name more areas or leave the period out",
            german="In den Vergleichsräumen gibt es vor dem Beginn zu wenige Fälle.",
        )


def _slope(counts: Floats, expected: Floats) -> tuple[float, float]:
    """Poisson slope of counts against expected by Newton steps, and its studentised size."""
    time = np.arange(len(counts)) - (len(counts) - 1) / 2
    design = np.column_stack([np.ones_like(time), time])
    beta = np.array([math.log(counts.sum() / expected.sum()), 0.0])
    for _ in range(MOST_STEPS):
        mean = expected * np.exp(design @ beta)
        step = np.linalg.solve(design.T @ (mean[:, None] * design), design.T @ (counts - mean))
        beta = beta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < TOLERANCE:
            break
    mean = expected * np.exp(design @ beta)
    freedom = len(counts) - 2
    dispersion = max(1.0, ((counts - mean) ** 2 / mean).sum() / freedom)
    covariance = np.linalg.inv(design.T @ (mean[:, None] * design)) * dispersion
    return float(beta[1]), float(abs(beta[1]) / math.sqrt(covariance[1, 1]))
