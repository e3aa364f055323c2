"""How far unlike trends could move the primary estimate."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from evaltools.effects.dynamics import EventStudy
from evaltools.effects.results import Effect
from evaltools.errors import DesignError

MBARS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
MOST = 50.0  # drift in logarithms over all periods, beyond any that could be asked for


@dataclass(frozen=True)
class Bounds:
    """Bounds of the effect when trends may differ; ``table`` holds ``mbar, low, high``.

    ``largest_step`` is the largest change of the log ratio between two periods before;
    ``breakdown`` the largest ``mbar`` at which the bounds still exclude 1, 0 where none does.
    """

    table: pd.DataFrame
    largest_step: float
    breakdown: float


def relative_magnitudes(
    effect: Effect, event: EventStudy, *, mbars: Collection[float] = MBARS
) -> Bounds:
    """Widen the interval by deviations from parallel trends like those seen before the start.

    In every period the trend may leave the others' by at most `mbar` times the largest step seen
    before; the worst such path is a straight one through all periods, those left out before the
    start included. From mbar 1 on the bounds contain the identified set of Rambachan & Roth 2023
    (relative magnitudes, doi:10.1093/restud/rdad018) for the same means; at 0 they are the placebo
    interval. The largest step is taken as estimated: its noise widens them. Refused for a
    difference, or with fewer than two periods before.
    """
    before = event.table.loc[~event.table["after"], "ratio"].to_numpy(float)
    before = np.log(before[before > 0])
    if effect.scale != "ratio" or len(before) < 2:
        raise DesignError(
            f"{effect.measure}, area {effect.area}: bounds need a ratio and at least 2 periods "
            f"with cases before the start, there are {len(before)}; deliver earlier periods"
        )
    step = float(np.abs(np.diff(before)).max())
    last = event.table.loc[~event.table["after"], "period"].iloc[-1]
    gap = sum(last < period < effect.start for period in effect.left_out_periods)
    after = event.table["after"].to_numpy(bool)
    time = np.arange(len(after)) + gap * after

    def outer(mbar: float) -> tuple[float, float]:
        paths = [np.exp(sign * mbar * step * time) for sign in (1, -1)]
        drifts = [path[after].mean() / path[~after].mean() for path in paths]
        return effect.low / drifts[0], effect.high / drifts[1]

    table = pd.DataFrame([(m, *outer(m)) for m in mbars], columns=["mbar", "low", "high"])
    excluded = effect.high < 1 or effect.low > 1
    if not excluded or step == 0:
        return Bounds(table, step, math.inf if excluded else 0.0)
    side, most = int(effect.high < 1), MOST / (step * len(after))
    found = brentq(lambda mbar: math.log(outer(mbar)[side]), 0.0, most)
    return Bounds(table, step, float(found))
