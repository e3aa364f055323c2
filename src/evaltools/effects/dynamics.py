"""Event study, pre-trend and leave-two-out: the treated areas against the path of the others.

Area and period effects are fitted to the areas outside the set, so nothing treated enters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from evaltools.effects import did, placebo, poisson
from evaltools.effects.design import Floats, Panel
from evaltools.effects.placebo import Rows
from evaltools.effects.results import PreTrend
from evaltools.errors import DesignError

LEAST_FOR_PAIRS = 5
STEPS = 100
TOLERANCE = 1e-12


@dataclass(frozen=True)
class EventStudy:
    """Ratio to the others period by period, against the mean of all periods before.

    ``table``: ``period, ratio, low, high, after``; the band is the placebo areas' at `level`,
    around 1. ``rank`` of ``n``: place by the mean squared log ratio before the start.
    """

    table: pd.DataFrame
    level: float
    rank: int
    n: int

    @property
    def p(self) -> float:
        """Share of assignments that moved at least as much before the start."""
        return self.rank / self.n


def event_study(panel: Panel, *, level: float = 0.9) -> EventStudy:
    """Follow the treated areas' ratio to the others, and rank its movement before the start.

    Scaled as in :func:`placebo.spread`, so that noise of small areas is not called movement;
    `level` of the placebo assignments lie within the band of a period.
    """
    found = did.placebos(panel)
    counts, base = _sums(panel, found.sets)
    followed, before = (base > 0).all(1), ~panel.after
    counts, base, error = counts[followed], base[followed], found.error[followed]
    base = base * (counts[:, before].sum(1) / base[:, before].sum(1))[:, None]
    logs = np.log(np.maximum(counts, 0.5) / base)  # a period without a case is drawn as half a one
    scaled = np.abs(logs) / error[:, None]
    reach = np.quantile(scaled[1:], level, axis=0, method="higher") * error[0]
    moved = (scaled[:, before] ** 2).mean(1)
    band = {"low": np.exp(-reach), "high": np.exp(reach), "after": panel.after}
    table = pd.DataFrame({"period": panel.periods, "ratio": counts[0] / base[0]} | band)
    return EventStudy(table, level, placebo.rank(float(moved[0]), moved[1:]), len(moved))


def pre_trend(panel: Panel) -> PreTrend:
    """Rank the drift of the treated areas against the others before the start.

    Assignments are ranked by the size of a studentised Poisson slope. Areas with cases in fewer
    than two of these periods have none; treated ones are refused.
    """
    before = ~panel.after
    counts, base = _sums(panel, did.assignments(panel))
    counts, base = counts[:, before], base[:, before]
    sloped = ((counts > 0).sum(1) >= 2) & (base > 0).all(1)
    if not sloped[0]:
        raise DesignError(
            f"area {panel.name}: {int((counts[0] > 0).sum())} periods before {panel.start} have a "
            "case; the pre-trend needs at least 2, so merge areas or deliver earlier periods",
            german="Vor dem Beginn gibt es zu wenige Zeiträume mit Fällen.",
        )
    slopes, sizes = _slopes(counts[sloped], base[sloped])
    return PreTrend(math.exp(slopes[0]), placebo.rank(float(sizes[0]), sizes[1:]), len(sizes))


def leave_two_out(panel: Panel) -> float:
    """Leave-two-out placebo share of one treated area (:func:`placebo.leave_two_out`).

    Refused where several areas are treated, or fewer than five could be.
    """
    found, after = did.placebos(panel), panel.after
    able = found.sets[:, 0]
    if len(panel.starts) != 1 or len(able) < LEAST_FOR_PAIRS:
        raise DesignError(
            f"area {panel.name}: leaving two out needs one treated area and at least "
            f"{LEAST_FOR_PAIRS} that could be; name more areas under comparison:",
            german="Für das Auslassen je zweier Räume gibt es zu wenige Räume.",
        )
    triples = np.array([[0, *pair] for pair in combinations(able[1:], 2)])
    base = panel.exposure[triples] * _path(panel, triples)[:, None, :]
    counts, error = panel.counts[triples], np.ones(len(panel.areas))
    error[able] = found.error
    logs = np.log(counts[..., after].sum(2) / base[..., after].sum(2))
    logs -= np.log(counts[..., ~after].sum(2) / base[..., ~after].sum(2))
    sizes = np.abs(logs) / error[triples]
    return placebo.leave_two_out(sizes[:, 0], sizes[:, 1], sizes[:, 2])


def _path(panel: Panel, sets: Rows) -> Floats:
    """Period factors of the areas outside each set; shape (n_assignments, n_periods)."""
    every = np.ones(len(panel.periods), dtype=bool)
    return poisson.fit(panel.counts, panel.exposure, sets, every, free=True).period


def _sums(panel: Panel, sets: Rows) -> tuple[Floats, Floats]:
    """Add up the counts of each set, and its base times the others' path."""
    path = _path(panel, sets)
    panel.compared(path[0])
    return panel.counts[sets].sum(1), panel.exposure[sets].sum(1) * path


def _slopes(counts: Floats, base: Floats) -> tuple[Floats, Floats]:
    """Poisson slopes of counts over their base by Newton steps, and their studentised sizes."""
    time = np.arange(counts.shape[1]) - (counts.shape[1] - 1) / 2
    design = np.column_stack([np.ones_like(time), time])
    beta = np.column_stack([np.log(counts.sum(1) / base.sum(1)), np.zeros(len(counts))])
    for _ in range(STEPS):
        mean = base * np.exp(beta @ design.T)
        information = np.einsum("at,ti,tj->aij", mean, design, design)
        step = np.linalg.solve(information, ((counts - mean) @ design)[..., None])[..., 0]
        beta = beta + step / np.maximum(1.0, np.abs(step).max(1, keepdims=True))
        if np.abs(step).max() < TOLERANCE:
            break
    mean = base * np.exp(beta @ design.T)
    freedom = max(1, counts.shape[1] - 2)
    dispersion = np.maximum(1.0, ((counts - mean) ** 2 / mean).sum(1) / freedom)
    variance = np.linalg.inv(np.einsum("at,ti,tj->aij", mean, design, design))[:, 1, 1] * dispersion
    return beta[:, 1], np.abs(beta[:, 1]) / np.sqrt(variance)
