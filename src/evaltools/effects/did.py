"""Poisson difference-in-differences for one to three treated areas with one common start.

Every set of as many areas is treated in turn (:mod:`evaltools.effects.placebo`); the fits of all
assignments are one batch (:mod:`evaltools.effects.poisson`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from evaltools.effects import placebo
from evaltools.effects.design import Floats, Panel
from evaltools.effects.placebo import Rows
from evaltools.effects.poisson import fit
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.measures.change import Change


@dataclass(frozen=True)
class Placebos:
    """Every assignment's log ratio and its standard deviation; the real one first."""

    sets: Rows
    log_ratio: Floats
    error: Floats

    @property
    def studentised(self) -> Floats:
        """Log ratio over its standard deviation; shape (n_assignments,)."""
        return self.log_ratio / self.error


def rate_ratio(
    panel: Panel,
    *,
    measure: str,
    level: float = 0.9,
) -> Effect:
    """Estimate the ratio of rate ratios of the treated areas, judged by its placebo rank.

    Every set of as many areas is treated in turn and the real one ranked among all. The interval
    holds the effects that this test does not reject once removed from the treated areas.

    Parameters
    ----------
    panel : Panel
        Treated areas with one common start, and their comparison areas.
    measure : str
        What was counted; printed with the result.
    level : float, optional
        Nominal level of the interval.

    Refused without a case before or after, or with differing starts.
    """
    found = placebos(panel)
    low, high = placebo.inverted(partial(_sizes, panel), found.log_ratio[0], level)
    k, size = len(panel.starts), found.studentised
    without, fitted = _expected(panel)
    freedom = max(1, (len(panel.areas) - 1) * (len(panel.periods) - 1) - 1)
    return Effect(
        method="Poisson-Differenz-von-Differenzen mit Placebo-Rang",
        measure=measure,
        area=panel.name,
        start=panel.start,
        estimate=math.exp(found.log_ratio[0]),
        low=math.exp(low),
        high=math.exp(high),
        level=level,
        origin="Umkehrung des Placebo-Tests",
        rank=placebo.rank(abs(size[0]), np.abs(size[1:])),
        n=len(found.sets),
        n_areas=len(panel.areas),
        n_periods=len(panel.periods),
        n_before=int((~panel.after).sum()),
        placebos=placebo.table(panel, found.sets, np.exp(found.log_ratio), size),
        series=panel.series(without[:k].sum(0)),
        source="Santos Silva & Tenreyro 2006, doi:10.1162/rest.88.4.641",
        error=float(found.error[0]),
        dispersion=float(((panel.counts - fitted) ** 2 / fitted).sum() / freedom),
        fall_rank=placebo.fall_rank(size[0], size[1:]),
        changes=_changes(panel),
        left_out_areas=panel.left_out_areas,
        left_out_periods=panel.left_out_periods,
        unknown_periods=panel.unknown_periods,
    )


def placebos(panel: Panel) -> Placebos:
    """Treat every set of areas in turn, as large as the real one.

    Comparison areas without a case before or after stay in the comparison, but cannot be treated.
    """
    sets, counts, after = assignments(panel), panel.counts, panel.after
    alone = np.unique(sets)
    found = fit(counts, panel.exposure, sets, after).log_ratio
    one = sets.shape[1] == 1
    single = found if one else fit(counts, panel.exposure, alone[:, None], after).log_ratio
    place = np.searchsorted(alone, sets)
    return Placebos(sets, found, placebo.errors(place, single, counts[alone].sum(1)))


def assignments(panel: Panel) -> Rows:
    """Return the sets of areas that can be treated, the real one first; (n_assignments, k)."""
    _with_cases(panel)
    k, sides = len(panel.starts), (panel.after, ~panel.after)
    able = np.flatnonzero(np.minimum(*(panel.counts[:, side].sum(1) for side in sides)) > 0)
    return placebo.assignments(able[able >= k], k, panel.name)


def log_ratio(panel: Panel) -> float:
    """Estimate alone, without placebos."""
    _with_cases(panel)
    own = [[*range(len(panel.starts))]]
    return float(fit(panel.counts, panel.exposure, np.array(own), panel.after).log_ratio[0])


def residuals(panel: Panel) -> Floats:
    """Return the Pearson residuals of the fit; shape (n_areas, n_periods)."""
    expected = _expected(panel)[1]
    return (panel.counts - expected) / np.sqrt(expected)


def adjusted(tested: Mapping[str, tuple[Panel, Effect]]) -> dict[str, Effect]:
    """Adjust ranks and intervals for testing several measures on the same areas (max-t).

    Each measure's studentised estimate is ranked among the assignments' largest one over all
    measures, so that the chance of any false finding keeps the nominal level (Westfall & Young
    1993). An assignment that lacks a measure is judged by those it has. A single effect stays.
    """
    if len(tested) < 2:
        return {name: effect for name, (_, effect) in tested.items()}
    signed = [e.placebos.set_index("area_id")["studentised"] for _, e in tested.values()]
    every = pd.concat(signed, axis=1)
    largest, deepest = every.abs().max(axis=1), every.min(axis=1)
    result = {}
    for name, (panel, effect) in tested.items():
        own = effect.placebos["studentised"].to_numpy(float)
        ids = effect.placebos["area_id"].to_numpy()[1:]
        others = largest[ids].to_numpy(float)
        sizes = partial(_sizes, panel)
        low, high = placebo.inverted(sizes, math.log(effect.estimate), effect.level, others)
        result[name] = replace(
            effect,
            rank=placebo.rank(abs(own[0]), others),
            fall_rank=placebo.fall_rank(own[0], deepest[ids].to_numpy(float)),
            low=math.exp(low),
            high=math.exp(high),
            family=tuple(tested),
        )
    return result


def _expected(panel: Panel) -> tuple[Floats, Floats]:
    """Return the counts expected without and with the effect; shapes (n_areas, n_periods)."""
    real = fit(panel.counts, panel.exposure, np.arange(len(panel.starts))[None, :], panel.after)
    without = panel.exposure * real.area[0][:, None] * real.period[0]
    return without, np.where(panel.cells(), without * math.exp(real.log_ratio[0]), without)


def _sizes(panel: Panel, effect: float) -> Floats:
    """Sizes of all studentised estimates once a supposed log effect is removed."""
    without = np.where(panel.cells(), panel.counts * math.exp(-effect), panel.counts)
    return np.abs(placebos(replace(panel, counts=without)).studentised)


def _with_cases(panel: Panel) -> None:
    k, after = len(panel.starts), panel.after
    for side, inside in (("before", ~after), ("after", after)):
        for row in np.flatnonzero(panel.counts[:k, inside].sum(1) == 0):
            raise DesignError(
                f"area {panel.areas[row]}: no case {side} the start; a ratio needs at "
                "least one on either side, so merge areas or periods",
                german="Vor oder nach dem Beginn gibt es keinen Fall; nötig sind beide.",
            )
    panel.compared(panel.counts[k:].sum(0))


def _changes(panel: Panel) -> dict[str, Change]:
    k, after = len(panel.starts), panel.after

    def described(label: str, rows: slice) -> Change:
        parts = (panel.counts[rows].sum(0), panel.exposure[rows].sum(0))
        return Change(
            label, *(float(part[side].sum()) for part in parts for side in (~after, after))
        )

    comparison = described("Vergleich", slice(k, None))
    return {"own": described(panel.name, slice(0, k)), "comparison": comparison}
