"""Poisson difference-in-differences for one treated area, with placebo ranks.

The fit is Poisson pseudo-maximum-likelihood with area and period effects and the log of the base
as offset. With one common start its score equations are matched margins (areas, periods, treated
cells), so proportional fitting solves all placebo assignments as one array operation. It equals
statsmodels' GLM with the same dummies (a test holds that).

Source: Santos Silva & Tenreyro 2006 (doi:10.1162/rest.88.4.641) for the pseudo-likelihood; the
placebo ranks stand in :mod:`evaltools.effects.placebo`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.effects.design import Floats, Panel
from evaltools.effects.placebo import adjusted, interval, pre_trend, rank, rows
from evaltools.effects.results import Change, Effect
from evaltools.errors import DesignError

__all__ = ["Fit", "adjusted", "change", "fit", "pre_trend", "rate_ratio"]
METHOD = "Poisson-Differenz-von-Differenzen mit Placebo-Rang"
TOLERANCE = 1e-12
MOST_STEPS = 20_000


@dataclass(frozen=True)
class Fit:
    """Batched fit; the first axis runs over assignments.

    ``log_ratio``, ``error`` and ``dispersion`` have shape (n_assignments,), ``expected`` is the
    fitted count with shape (n_assignments, n_areas, n_periods).
    """

    log_ratio: Floats
    error: Floats
    dispersion: Floats
    expected: Floats


def rate_ratio(
    panel: Panel,
    *,
    measure: str,
    level: float = 0.9,
    changes: Mapping[str, Change] | None = None,
) -> Effect:
    """Estimate the ratio of rate ratios of the treated area, judged by its placebo rank.

    Every area of the panel is treated in turn and the treated area's studentised estimate is ranked
    among all, so that without an effect each rank is equally likely. The interval holds the effects
    that the same test does not reject, with the standard error held.

    Parameters
    ----------
    panel : Panel
        One treated area (row 0) and its comparison areas.
    measure : str
        What was counted; printed with the result.
    level : float, optional
        Nominal level of the interval.
    changes : mapping of str to Change, optional
        Further changes to carry along, such as city and nation.

    Returns
    -------
    Effect
        Estimate, interval, rank, placebos, counterfactual and pre-trend.

    Raises
    ------
    DesignError
        When the treated area has no case before or after, so that no ratio exists, or the
        periods before allow no pre-trend.
    """
    real, placebos = _fits(panel, measure)
    sizes = placebos["studentised"].abs().to_numpy(float)
    low, high = interval(real.log_ratio[0], real.error[0], sizes[1:], level)
    return Effect(
        method=METHOD,
        measure=measure,
        area=panel.treated,
        estimate=math.exp(real.log_ratio[0]),
        error=float(real.error[0]),
        low=low,
        high=high,
        level=level,
        rank=rank(sizes[0], sizes[1:]),
        n=len(sizes),
        dispersion=float(real.dispersion[0]),
        placebos=placebos,
        series=_series(panel, real),
        changes=_changes(panel) | dict(changes or {}),
        pre_trend=pre_trend(panel),
        n_periods=len(panel.periods),
        n_before=int((~panel.after).sum()),
        start=panel.start,
        left_out_areas=panel.left_out_areas,
        left_out_periods=panel.left_out_periods,
        unknown_periods=panel.unknown_periods,
    )


def fit(
    counts: Floats, exposure: Floats, treated: npt.NDArray[np.intp], after: npt.NDArray[np.bool_]
) -> Fit:
    """Fit the Poisson difference-in-differences for many assignments at once.

    Parameters
    ----------
    counts, exposure : ndarray, shape (n_areas, n_periods)
        Counts and their base; every area and period must have a case, the base be above zero.
    treated : ndarray of int, shape (n_assignments,)
        The row treated in each assignment.
    after : ndarray of bool, shape (n_periods,)
        Periods after the start.

    Returns
    -------
    Fit
        Log ratio, quasi-Poisson standard error, dispersion and expected counts.

    Raises
    ------
    DesignError
        When the fit does not converge, or an area or period has no case at all.
    """
    for kind, bad in (
        ("no case in row", counts.sum(1) == 0),
        ("no case in column", counts.sum(0) == 0),
        ("a base of zero in row", (exposure <= 0).any(1)),
    ):
        if bad.any():
            raise DesignError(
                f"{kind} {', '.join(map(str, np.flatnonzero(bad)))} of the panel (areas × periods, "
                "from 0); every area and period needs at least one case and a base above zero, so "
                "leave out or merge those without"
            )
    cells = np.zeros((len(treated), *counts.shape), dtype=bool)
    cells[np.arange(len(treated)), treated] = after
    expected, log_ratio = _proportional(counts, exposure, cells)
    n_areas, n_periods = counts.shape
    freedom = n_areas * n_periods - n_areas - n_periods
    if freedom < 1:
        raise DesignError(f"{n_areas} areas × {n_periods} periods leave no degree of freedom")
    pearson = ((counts - expected) ** 2 / expected).sum((1, 2)) / freedom
    return Fit(log_ratio, np.sqrt(pearson / _information(expected, cells)), pearson, expected)


def change(label: str, values: pd.DataFrame, *, start: str, left_out: tuple[str, ...]) -> Change:
    """Describe a group's rate before and after: sum over sum, unknown periods left out.

    Parameters
    ----------
    label : str
        German name of the group.
    values : DataFrame
        ``period, numerator, denominator`` of one or more areas.
    start : str
        First period after.
    left_out : tuple of str
        Periods not used.

    Raises
    ------
    DesignError
        When nothing is known before or after.
    """
    known = values[values["numerator"].notna() & values["denominator"].notna()]
    known = known[~known["period"].isin(left_out)]
    after = known["period"] >= start
    if after.all() or not after.any():
        raise DesignError(f"{label}: nothing is known on one side of {start}")
    sums = [
        float(known.loc[side, name].sum())
        for name in ("numerator", "denominator")
        for side in (~after, after)
    ]
    return Change(label, *sums)


def _proportional(
    counts: Floats, exposure: Floats, cells: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Match area, period and treated margins in turn until nothing moves."""
    area_sums, period_sums = counts.sum(1), counts.sum(0)
    treated_sums = (counts * cells).sum((1, 2))
    log_ratio = np.zeros(len(cells))
    area = np.ones((len(cells), len(counts), 1))
    period = np.ones((len(cells), 1, counts.shape[1]))
    for _ in range(MOST_STEPS):
        weights = exposure * np.where(cells, np.exp(log_ratio)[:, None, None], 1.0)
        area = area_sums[None, :, None] / (weights * period).sum(2, keepdims=True)
        period = period_sums[None, None, :] / (weights * area).sum(1, keepdims=True)
        unscaled = (exposure * area * period * cells).sum((1, 2))
        with np.errstate(divide="ignore"):
            updated = np.log(treated_sums / unscaled)
        updated = np.maximum(updated, -30.0)
        moved = np.abs(updated - log_ratio).max()
        log_ratio = updated
        if moved < TOLERANCE:
            scale = np.where(cells, np.exp(log_ratio)[:, None, None], 1.0)
            return exposure * area * period * scale, log_ratio
    raise DesignError("the Poisson fit did not converge; check for areas with hardly any case")


def _information(expected: Floats, cells: npt.NDArray[np.bool_]) -> Floats:
    """Fisher information of the log ratio after area and period effects; (n_assignments,)."""
    weight_area = expected.sum(2)
    share = (expected * cells).sum(2) / weight_area
    centred = cells - share[:, :, None]
    right = (expected * centred).sum(1)
    period_weight = expected.sum(1)
    system = np.einsum("kt,ts->kts", period_weight, np.eye(period_weight.shape[1]))
    system = system - np.einsum("kit,kis->kts", expected, expected / weight_area[:, :, None])
    solved = np.einsum("kts,ks->kt", np.linalg.pinv(system), right)
    total = (expected * cells).sum((1, 2)) - (weight_area * share**2).sum(1)
    return np.asarray(total - (right * solved).sum(1))


def _fits(panel: Panel, measure: str) -> tuple[Fit, pd.DataFrame]:
    """Fit every assignment: each area treated in turn, the others for comparison."""
    own = panel.counts[0]
    for side, inside in (("before", ~panel.after), ("after", panel.after)):
        if own[inside].sum() == 0:
            raise DesignError(
                f"area {panel.treated}, {measure}: no case {side} the start; a ratio needs at "
                "least one on either side, so merge areas or periods",
                german="Vor oder nach dem Beginn gibt es keinen Fall; nötig sind beide.",
            )
    others = rows(panel)
    empty = [panel.periods[place] for place in np.flatnonzero(panel.counts[1:].sum(0) == 0)]
    if empty or len(others) == 0:
        raise DesignError(
            f"comparison of area {panel.treated}, {measure}: no case "
            f"{'in ' + ', '.join(empty) if empty else 'on both sides of the start'}; every period "
            "and at least one area need cases, so name more areas or merge periods",
            german="In den Vergleichsräumen gibt es zu wenige Fälle.",
        )
    turns = np.r_[0, others]
    fitted = fit(panel.counts, panel.exposure, turns, panel.after)
    table = {
        "area_id": [panel.areas[row] for row in turns],
        "estimate": np.exp(fitted.log_ratio),
        "studentised": np.divide(
            fitted.log_ratio, fitted.error, out=np.zeros_like(fitted.error), where=fitted.error > 0
        ),
    }
    return fitted, pd.DataFrame(table)


def _series(panel: Panel, real: Fit) -> pd.DataFrame:
    scale = np.where(panel.after, np.exp(-real.log_ratio[0]), 1.0)
    return pd.DataFrame(
        {
            "period": list(panel.periods),
            "observed": panel.counts[0],
            "counterfactual": real.expected[0, 0] * scale,
            "base": panel.exposure[0],
        }
    )


def _changes(panel: Panel) -> dict[str, Change]:
    after = panel.after

    def described(label: str, rows: slice) -> Change:
        counts, base = panel.counts[rows].sum(0), panel.exposure[rows].sum(0)
        sums = [part[side].sum() for part in (counts, base) for side in (~after, after)]
        return Change(label, *(float(value) for value in sums))

    return {
        "own": described(panel.treated, slice(0, 1)),
        "comparison": described("Vergleich", slice(1, None)),
    }
