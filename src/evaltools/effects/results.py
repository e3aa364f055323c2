"""What an estimate or a check is: frozen results with one tidy row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import pandas as pd

from evaltools.measures.change import Change

Scale = Literal["ratio", "difference"]


@dataclass(frozen=True)
class PreTrend:
    """Factor by which the treated area drifts from its comparison each period before the start."""

    ratio_per_period: float
    rank: int
    n: int

    @property
    def p(self) -> float:
        """Share of assignments that drift at least as much."""
        return self.rank / self.n


@dataclass(frozen=True)
class Effect:
    """One estimated effect and the design that made it.

    Attributes
    ----------
    method, measure, area, start : str
        How (German), of what, where (ids joined by a comma), from which period on.
    estimate : float
        On `scale`: a ratio of rate ratios, or a difference in the unit of the outcome.
    low, high, level : float
        Interval and its nominal level; infinite bounds when there are too few areas.
    origin, source : str
        How the interval was made, in German; where the method is described.
    rank, fall_rank, n : int
        Place among all `n` assignments by the size of the studentised estimate, 1 the largest, and
        by its sign, 1 the deepest fall (0 where not computed).
    n_areas, n_periods, n_before : int
        Areas in all, periods used, and how many of these lie before the start.
    placebos : DataFrame
        ``area_id, estimate, studentised`` of every assignment, the real one first.
    series : DataFrame
        ``period, observed, counterfactual, base`` of the treated areas.
    scale : {'ratio', 'difference'}
        Whether no effect is 1 or 0.
    error, dispersion : float
        Scale of the studentised estimate, no basis for a p-value; Pearson chi-square over degrees
        of freedom, 1 for Poisson.
    changes, pre_trend
        Changes of ``own``, ``comparison``, ``city``, ``state``, ``nation``; the periods before.
    left_out_areas, left_out_periods, unknown_periods
        As in :class:`Panel`.
    weights : DataFrame, optional
        ``area_id, share`` of the donors, largest first.
    family : tuple of str
        Measures over which rank and interval were adjusted (max-t); empty for one.
    """

    method: str
    measure: str
    area: str
    start: str
    estimate: float
    low: float
    high: float
    level: float
    origin: str
    rank: int
    n: int
    n_areas: int
    n_periods: int
    n_before: int
    placebos: pd.DataFrame
    series: pd.DataFrame
    source: str
    scale: Scale = "ratio"
    error: float = float("nan")
    dispersion: float = float("nan")
    fall_rank: int = 0
    changes: Mapping[str, Change] = field(default_factory=dict)
    pre_trend: PreTrend | None = None
    left_out_areas: Mapping[str, str] = field(default_factory=dict)
    left_out_periods: tuple[str, ...] = ()
    unknown_periods: tuple[str, ...] = ()
    weights: pd.DataFrame | None = None
    family: tuple[str, ...] = ()

    @property
    def p(self) -> float:
        """Placebo p-value: the share of assignments whose estimate is at least as large."""
        return self.rank / self.n

    @property
    def p_floor(self) -> float:
        """Smallest p-value this design can give."""
        return 1 / self.n

    def row(self) -> pd.DataFrame:
        """One tidy row: the scalars of the effect with its p-value and its floor."""
        scalars = _scalars(self) | {"p": self.p, "p_floor": self.p_floor}
        if self.pre_trend is not None:
            scalars["pre_trend_p"] = self.pre_trend.p
        return pd.DataFrame([scalars])


@dataclass(frozen=True)
class CheckResult:
    """One guard: whether it holds (None: it could not be tried), its figure and a sentence.

    ``figure`` is the number the guard looks at, NaN where there is none; ``sentence`` says in
    German what was looked at and what follows.
    """

    name: str
    passed: bool | None
    figure: float
    sentence: str

    def row(self) -> pd.DataFrame:
        """One tidy row."""
        return pd.DataFrame([_scalars(self)])


def _scalars(result: Effect | CheckResult) -> dict[str, Any]:
    """Fields of a result that fit into a cell."""
    values = {item.name: getattr(result, item.name) for item in fields(result)}
    return {k: v for k, v in values.items() if k == "passed" or isinstance(v, (str, int, float))}
