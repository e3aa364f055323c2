"""Synthetic control and synthetic difference-in-differences, judged by placebo ranks.

Weights come from outcomes alone. Panels always get an intercept: an area chosen for its high burden
lies above every weighted mean of the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import nnls

from evaltools.effects import placebo
from evaltools.effects.design import LEAST_COMPARISON, Floats, Panel
from evaltools.effects.results import Effect, Scale
from evaltools.errors import DesignError

Kind = Literal["did", "control", "demeaned", "sdid"]
Mask = npt.NDArray[np.bool_]
Set = tuple[int, ...]
MOST = 2_000
CHUNK = 100  # assignments fitted at once, which bounds memory
TINY = 1e-6  # ridge in noise units: of weights that fit equally well, it takes the most even ones
ORIGIN = "Umgekehrter Placebo-Rang unter {} von {} Zuordnungen, Placebo-Schätzungen festgehalten"
METHODS = {
    "demeaned": ("Kontrolle mit Niveauausgleich", "Ferman & Pinto 2021, doi:10.3982/QE1596"),
    "sdid": ("Differenz von Differenzen", "Arkhangelsky et al. 2021, doi:10.1257/aer.20190159"),
}


@dataclass(frozen=True)
class Fit:
    """Treated mean minus ``path`` after the start, weights of areas and periods, MSE before it.

    From :func:`fits` each has a first axis more, over assignments.
    """

    estimate: Floats
    units: Floats
    times: Floats
    path: Floats
    mse: Floats


def simplex(columns: Floats, target: Floats, *, ridge: Floats, intercept: bool) -> Floats:
    """Return the weights ≥ 0 with sum 1 that minimise mean (target - columns @ w)² + ridge² |w|².

    Shapes (n, rows, columns), (n, rows) and (n,): n problems at once. Exact, by active sets
    (doi:10.1137/1.9781611971217); with `intercept` a constant gap is free.
    """
    gaps = columns - target[..., None]
    if intercept:
        gaps = gaps - gaps.mean(1, keepdims=True)
    n, rows, width = gaps.shape
    scale = np.sqrt((gaps**2).sum(1).min(1) + rows * ridge**2)
    scale[scale == 0] = 1.0
    system = np.zeros((n, rows + width + 1, width + 1))
    system[:, :rows, :width] = gaps / scale[:, None, None]
    places = np.arange(width)
    system[:, rows + places, places] = (ridge * math.sqrt(rows) / scale)[:, None]
    # With sum s and shares w its square is s²|gaps w|² + (s - 1)²; at the best s this rises with
    # |gaps w|. So the row for the sum needs no heavy weight, and dividing by the sum is exact.
    system[:, -1] = 1.0
    reduced = np.linalg.qr(system, mode="r")
    found = np.array([nnls(r[:, :-1], r[:, -1], maxiter=30 * len(r))[0] for r in reduced])
    return np.asarray(found / found.sum(1, keepdims=True))


def fits(outcomes: Floats, after: Mask, sets: npt.NDArray[np.intp], *, kind: Kind) -> Fit:
    """Compare the mean of each set of rows with a weighted mean of the others.

    ``outcomes`` is (n_areas, n_periods), ``after`` (n_periods,), ``sets`` (n_assignments, k); 'did'
    weighs all alike. Raises DesignError with fewer than 2 other areas, 2 periods before or 1 after.
    """
    each, (n_sets, k) = np.arange(len(sets))[:, None], sets.shape
    n, n_before, n_after = len(outcomes) - k, int((~after).sum()), int(after.sum())
    if n < LEAST_COMPARISON or n_before < 2 or n_after < 1:
        raise DesignError(
            f"{n} other areas, {n_before} periods before and {n_after} after; at least "
            f"{LEAST_COMPARISON}, 2 and 1 are needed: name more areas or periods",
            german="Für Gewichte gibt es zu wenige Vergleichsräume oder Zeiträume.",
        )
    away = np.ones((n_sets, len(outcomes)), dtype=bool)
    away[each, sets] = False
    rows = np.nonzero(away)[1].reshape(n_sets, n)
    others, own = outcomes[rows], outcomes[sets].mean(1)
    before, level = others[:, :, ~after], kind != "control"
    noise = np.diff(before).std(axis=(1, 2), ddof=1)
    units, times = np.full((n_sets, n), 1 / n), np.full((n_sets, n_before), level / n_before)
    if kind != "did":
        ridge = noise * ((k * n_after) ** 0.25 if kind == "sdid" else TINY)
        units = simplex(before.swapaxes(1, 2), own[:, ~after], ridge=ridge, intercept=level)
    if kind == "sdid":
        later = others[:, :, after].mean(2)
        times = simplex(before, later, ridge=TINY * noise, intercept=True)
    gap = own - (units[:, None, :] @ others)[:, 0, :]
    gap = gap - (times * gap[:, ~after]).sum(1, keepdims=True)
    shares = np.zeros((n_sets, len(outcomes)))
    shares[each, rows] = units
    return Fit(gap[:, after].mean(1), shares, times, own - gap, (gap[:, ~after] ** 2).mean(1))


def fit(outcomes: Floats, after: Mask, *, treated: Set, kind: Kind) -> Fit:
    """Fit one assignment; see :func:`fits`."""
    found = fits(outcomes, after, np.array([treated]), kind=kind)
    return Fit(found.estimate[0], found.units[0], found.times[0], found.path[0], found.mse[0])


def rate_ratio(panel: Panel, *, kind: Kind) -> float:
    """Estimate the ratio alone, from log rates, without placebos."""
    rows = tuple(range(len(panel.starts)))
    logs = _outcomes(panel, kind, "ratio")
    return math.exp(fit(logs, panel.after, treated=rows, kind=kind).estimate)


def demeaned(panel: Panel, *, measure: str, scale: Scale = "ratio", level: float = 0.9) -> Effect:
    """Estimate by the synthetic control with an intercept; the rest as :func:`sdid`."""
    return _effect(panel, measure, scale, level, "demeaned")


def sdid(panel: Panel, *, measure: str, scale: Scale = "ratio", level: float = 0.9) -> Effect:
    """Estimate by synthetic difference-in-differences on log rates ('ratio') or on rates.

    All assignments of as many areas (beyond 2,000: a fixed sample) are fitted alike and ranked;
    the interval holds the effects that the rank does not reject, with placebo estimates held.
    Raises DesignError for different starts, too few areas, or on 'ratio' a cell without a case.
    """
    return _effect(panel, measure, scale, level, "sdid")


def _effect(panel: Panel, measure: str, scale: Scale, level: float, kind: Kind) -> Effect:
    outcomes, after, k = _outcomes(panel, measure, scale), panel.after, len(panel.starts)
    real, *rest = combinations(range(len(panel.areas)), k)
    drawn = np.sort(np.random.default_rng(0).permutation(len(rest))[: MOST - 1])
    turns = np.array([real, *(rest[place] for place in drawn)])
    parts = [
        fits(outcomes, after, turns[at : at + CHUNK], kind=kind)
        for at in range(0, len(turns), CHUNK)
    ]
    estimates, found = np.concatenate([part.estimate for part in parts]), parts[0]
    errors = np.sqrt(_variances(panel, outcomes)[turns].sum(1)) / k
    signed, back = estimates / errors, np.exp if scale == "ratio" else np.float64
    reach = errors[0] * placebo.held(np.abs(signed[1:]), level)
    mid, low, high = (float(back(estimates[0] + shift)) for shift in (0.0, -reach, reach))
    rank = placebo.rank(abs(signed[0]), np.abs(signed[1:]))
    fall = placebo.fall_rank(signed[0], signed[1:])
    sizes = (len(panel.areas), len(after), int((~after).sum()))
    shares = pd.DataFrame({"area_id": panel.areas, "share": found.units[0]})
    return Effect(
        *(f"Synthetische {METHODS[kind][0]}", measure, panel.name, panel.start, mid, low, high),
        *(level, ORIGIN.format(len(turns), len(rest) + 1), rank, len(turns), *sizes),
        placebo.table(panel, turns, np.asarray(back(estimates)), signed),
        _series(panel, outcomes[:k].mean(0) - found.path[0], scale),
        METHODS[kind][1],
        scale,
        float(errors[0]),
        fall_rank=fall,
        left_out_areas=panel.left_out_areas,
        left_out_periods=panel.left_out_periods,
        unknown_periods=panel.unknown_periods,
        weights=shares[shares["share"] > 1e-3].sort_values("share", ascending=False),
    )


def _outcomes(panel: Panel, measure: str, scale: Scale) -> Floats:
    empty = np.argwhere(panel.counts <= 0)
    if scale == "ratio" and len(empty):
        cell = f"{panel.areas[empty[0, 0]]} in {panel.periods[empty[0, 1]]}"
        raise DesignError(
            f"{measure}: {len(empty)} cells have no case, such as {cell}; logs need at least 1 in "
            "each: merge periods or areas, leave areas out, or take scale='difference'",
            german=f"{len(empty)} Zellen sind ohne Fall, so {cell}; nötig ist überall einer.",
        )
    rates = panel.counts / panel.exposure
    return np.log(rates) if scale == "ratio" else rates


def _variances(panel: Panel, outcomes: Floats) -> Floats:
    # Not the fit's error before the start, near zero where few periods are fitted well: changes
    # against the mean area, smoothed by the base (Ferman & Pinto 2019, doi:10.1162/rest_a_00759).
    before, base = outcomes[:, ~panel.after], panel.exposure[:, ~panel.after].mean(1)
    changes = (np.diff(before - before.mean(0)) ** 2).mean(1)
    design = np.column_stack([np.ones(len(base)), base.min() / base])
    return np.asarray(design @ nnls(design, changes)[0]) + float(not changes.any())


def _series(panel: Panel, gap: Floats, scale: Scale) -> pd.DataFrame:
    observed, base = (part[: len(panel.starts)].sum(0) for part in (panel.counts, panel.exposure))
    return panel.series(observed * np.exp(-gap) if scale == "ratio" else observed - gap * base)
