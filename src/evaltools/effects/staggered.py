"""Areas with different starts; treated cells never serve for comparison.

Sources: Callaway & Sant'Anna 2021 (doi:10.1016/j.jeconom.2020.12.001) for group-time effects,
Wooldridge 2023 (doi:10.1093/ectj/utad016) for counts.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.effects import placebo, poisson
from evaltools.effects.design import Floats, Panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError

MOST = 20_000


@dataclass(frozen=True)
class GroupTime:
    """Effects by ``group, period`` and their averages by cell, event time, group and period."""

    table: pd.DataFrame
    simple: float
    dynamic: float
    group: float
    calendar: float


def group_time(
    outcome: Floats, *, starts: Floats, periods: Floats, not_yet: bool = False
) -> GroupTime:
    """Estimate group-time average treatment effects, without covariates or standard errors.

    `outcome` has shape (n_units, n_periods), `starts` the first treated period of each unit, NaN
    for never. A group is compared with the never treated, or with `not_yet` all untreated by
    then, its periods before with the one before each. Averages weight by units.
    """
    first, rows = np.where(starts <= periods[-1], starts, np.inf), []
    if not np.isfinite(outcome).all() or (np.diff(periods) <= 0).any() or first.min() <= periods[0]:
        text = "an outcome is unknown, periods do not ascend or a unit starts in the first; drop it"
        raise DesignError(text, german="Werte fehlen, oder ein Beginn liegt vor allen Daten.")
    for group in np.unique(first[np.isfinite(first)]):
        own = first == group
        for place in range(1, len(periods)):
            others = (first > periods[place]) & ~own if not_yet else np.isinf(first)
            change = outcome[:, place] - outcome[:, min(place, periods.searchsorted(group)) - 1]
            if others.any():
                att = change[own].mean() - change[others].mean()
                rows.append((group, periods[place], att, int(own.sum())))
    table = pd.DataFrame(rows, columns=["group", "period", "att", "n"])
    events = table.assign(event=table["period"] - table["group"], all=0)
    post = events[events["event"] >= 0]
    if post.empty:
        text = "no unit is treated, or none is untreated for comparison; try not_yet, or add units"
        raise DesignError(text, german="Es fehlen Einheiten mit oder ohne Beginn.")
    units, groups = post.loc[post.index.repeat(post["n"])], post.groupby("group")
    simple, dynamic, calendar = (
        float(units.groupby(key)["att"].mean().mean()) for key in ("all", "event", "period")
    )
    by_group = np.average(groups["att"].mean(), weights=groups["n"].first())
    return GroupTime(table, simple, dynamic, float(by_group), calendar)


def pooled(panel: Panel, *, measure: str, level: float = 0.9) -> Effect:
    """Estimate one ratio of observed to expected counts over all treated cells of a panel.

    Area and period effects come from a Poisson fit to the untreated cells. Up to 20,000 ordered
    assignments of the starts to areas are ranked by the size of the log ratio (not studentised:
    ``error`` is 1); one without a finite ratio counts as larger.
    """
    slots, k = _assignments(panel), len(panel.starts)
    after = panel.cells()[:k]
    seen = panel.counts[slots] * after
    made = poisson.fit(panel.counts, panel.exposure, slots, after, free=True)
    factors = made.area[np.arange(len(slots))[:, None], slots][:, :, None] * made.period[:, None, :]
    expected = (panel.exposure[slots] * after * factors).sum((1, 2))
    lost = ((factors == 0) & after).any((1, 2))  # nothing to expect in a treated cell
    ratio = np.where(lost, np.inf, seen.sum((1, 2)) / np.where(lost, 1.0, expected))
    if not 0 < ratio[0] < math.inf:
        text = f"area {panel.name}, {measure}: no case before or after the start, or none in a "
        text += "period of the comparison; merge areas or periods"
        raise DesignError(text, german="Für ein Verhältnis fehlen Fälle.")
    with np.errstate(divide="ignore"):
        logs = np.log(ratio)
    own, others = float(logs[0]), np.abs(logs[1:])
    reach = placebo.held(others, level)
    return Effect(
        method="Poisson-Imputation mit Placebo-Rang",
        measure=measure,
        area=panel.name,
        start=", ".join(panel.starts),
        estimate=math.exp(own),
        low=math.exp(own - reach),
        high=math.exp(own + reach),
        level=level,
        origin="Umkehrung des Placebo-Tests, Placebo-Schätzungen festgehalten",
        rank=placebo.rank(abs(own), others),
        n=len(logs),
        n_areas=len(panel.areas),
        n_periods=len(panel.periods),
        n_before=int((~after).all(0).sum()),
        placebos=placebo.table(panel, slots, ratio, logs),
        series=panel.series((factors[0] * panel.exposure[:k]).sum(0)),
        source="Wooldridge 2023 (doi:10.1093/ectj/utad016)",
        error=1.0,
        fall_rank=placebo.fall_rank(own, logs[1:]),
        left_out_areas=panel.left_out_areas,
        left_out_periods=panel.left_out_periods,
        unknown_periods=panel.unknown_periods,
    )


def _assignments(panel: Panel) -> npt.NDArray[np.intp]:
    """Rows given to the starts, the real ones first; equal starts are not told apart."""
    n, starts = len(panel.areas), panel.starts
    repeats = math.prod(math.factorial(same) for same in Counter(starts).values())
    total = math.perm(n, len(starts)) // repeats
    if total > MOST:
        text = f"{n} areas and {len(starts)} starts make {total} assignments, at most {MOST} are "
        text += "ranked; name fewer comparison areas, or evaluate the areas one by one"
        raise DesignError(text, german=f"Zu viele Zuordnungen: {total}, höchstens {MOST}.")
    same = [(i, j) for i, j in combinations(range(len(starts)), 2) if starts[i] == starts[j]]
    turns = permutations(range(n), len(starts))
    return np.array([turn for turn in turns if all(turn[i] < turn[j] for i, j in same)])
