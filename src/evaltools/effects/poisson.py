"""Poisson pseudo-maximum-likelihood with area and period effects, for many assignments at once.

The log of the base is the offset. The score equations are matched margins (areas, periods, treated
cells), so proportional fitting solves all assignments together, in a few small matrix products a
step; every third goes further the same way. It equals statsmodels' GLM with the same dummies.
Sources: Santos Silva & Tenreyro 2006 (doi:10.1162/rest.88.4.641) for the pseudo-likelihood;
Varadhan & Roland 2008 (doi:10.1111/j.1467-9469.2007.00585.x, SqS3) for the longer steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaltools.effects.design import Floats
from evaltools.effects.placebo import Rows
from evaltools.errors import DesignError

TOLERANCE = 1e-12
MOST_STEPS = 5_000
TINY = 1e-300


@dataclass(frozen=True)
class Fit:
    """Batched fit; the first axis runs over assignments.

    ``log_ratio`` has shape (n_assignments,), ``area`` and ``period`` hold the fitted factors,
    shapes (n_assignments, n_areas) and (n_assignments, n_periods).
    """

    log_ratio: Floats
    area: Floats
    period: Floats


def fit(
    counts: Floats,
    exposure: Floats,
    sets: Rows,
    after: npt.NDArray[np.bool_],
    *,
    free: bool = False,
) -> Fit:
    """Fit area and period effects and one ratio of the treated cells, many assignments at once.

    Parameters
    ----------
    counts, exposure : ndarray, shape (n_areas, n_periods)
        Counts and their base; every area and period must have a case, the base be above zero.
    sets : ndarray of int, shape (n_assignments, k)
        The rows treated in each assignment.
    after : ndarray of bool, shape (n_periods,) or (k, n_periods)
        Periods in which they are treated.
    free : bool, optional
        Leave the treated cells out of the fit; their log ratio is then 0.
    """
    _fittable(counts, exposure)
    n = np.arange(len(sets))[:, None]
    own = exposure[sets] * after  # (assignments, k, periods)
    treated = (counts[sets] * after).sum((1, 2))
    rows = np.broadcast_to(counts.sum(1), (len(sets), len(counts))).copy()
    columns = np.broadcast_to(counts.sum(0), (len(sets), counts.shape[1])).copy()
    if free:
        rows[n, sets] -= (counts[sets] * after).sum(2)
        columns -= (counts[sets] * after).sum(1)
    ratio = np.zeros(len(sets)) if free else np.ones(len(sets))
    period = columns / exposure.sum(0)
    log_ratio = np.zeros(len(sets))
    logs: list[Floats] = []
    for _ in range(MOST_STEPS):
        below = period @ exposure.T
        below[n, sets] += (ratio - 1)[:, None] * (own @ period[:, :, None])[:, :, 0]
        area = rows / np.where(below > 0, below, 1.0)
        inside = (area[n, sets][:, None, :] @ own)[:, 0, :]
        before, period = period, columns / (area @ exposure + (ratio - 1)[:, None] * inside)
        moved = (np.abs(period - before) / np.maximum(period, TINY)).max()
        if not free:
            ratio = np.maximum(treated / (inside * period).sum(1), 1e-13)
            moved = max(moved, np.abs(np.log(ratio) - log_ratio).max())
            log_ratio = np.log(ratio)
        if moved < TOLERANCE:
            return Fit(log_ratio, area, period)
        logs.append(np.log(np.maximum(np.column_stack([period, ratio]), TINY)))
        if len(logs) == 3:
            *period, ratio = _further(*logs).T
            period, log_ratio, logs = np.array(period).T, np.log(ratio) * (not free), []
    raise DesignError("the Poisson fit did not converge; check for areas with hardly any case")


def _further(first: Floats, second: Floats, third: Floats) -> Floats:
    """Extrapolate three logs of a solution, each in its own row, and return no logs."""
    step, bend = second - first, third - 2 * second + first
    length = np.sqrt((step**2).sum(1) / np.maximum((bend**2).sum(1), TINY)).clip(1, 50)[:, None]
    return np.asarray(np.exp(first + 2 * length * step + length**2 * bend))


def _fittable(counts: Floats, exposure: Floats) -> None:
    empty = {"no case in row": counts.sum(1) == 0, "no case in column": counts.sum(0) == 0}
    for kind, bad in (empty | {"a base of zero in row": (exposure <= 0).any(1)}).items():
        if bad.any():
            raise DesignError(
                f"{kind} {', '.join(map(str, np.flatnonzero(bad)))} of the panel (areas × periods, "
                "from 0); leave out or merge those without"
            )
