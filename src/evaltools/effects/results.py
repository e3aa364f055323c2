"""What an estimate or a claim is: frozen results with one tidy row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

Verdict = Literal["gestützt", "nicht gestützt", "unklar", "nicht prüfbar"]


@dataclass(frozen=True)
class Change:
    """Rate before and after for one area or group, described and not inferred from.

    ``before`` and ``after`` are sums over sums (count / base), ``ratio`` is after / before.
    """

    label: str
    count_before: float
    count_after: float
    base_before: float
    base_after: float

    @property
    def before(self) -> float:
        """Rate before, per one of the base."""
        return self.count_before / self.base_before

    @property
    def after(self) -> float:
        """Rate after, per one of the base."""
        return self.count_after / self.base_after

    @property
    def ratio(self) -> float:
        """After over before; NaN when nothing was counted before."""
        return self.after / self.before if self.count_before > 0 else float("nan")


@dataclass(frozen=True)
class PreTrend:
    """Slope of the treated area's ratio to its comparison before the start.

    ``ratio_per_period`` is the factor by which it drifts each period, ``p`` its placebo rank.
    """

    ratio_per_period: float
    rank: int
    n: int

    @property
    def p(self) -> float:
        """Share of areas that drift at least as much."""
        return self.rank / self.n


@dataclass(frozen=True)
class Effect:
    """One estimated effect and the design that made it.

    Attributes
    ----------
    method, measure, area : str
        How, of what, where.
    estimate : float
        Ratio of rate ratios: (after / before, treated) / (after / before, comparison).
    error : float
        Quasi-Poisson standard error of the log ratio; it scales the rank and is no basis for a
        p-value.
    low, high : float
        Interval from inverting the placebo test at `level`; infinite bounds when too few areas.
    level : float
        Nominal level of the interval, such as 0.9.
    rank, n : int
        Place of the treated area among all `n` areas when each is treated in turn, by the size
        of the studentised estimate; 1 is the largest.
    dispersion : float
        Pearson chi-square over degrees of freedom of the fit; 1 for Poisson.
    placebos : DataFrame
        ``area_id, estimate, studentised`` of every area, the treated one first.
    series : DataFrame
        ``period, observed, counterfactual, base`` of the treated area.
    changes : mapping of str to Change
        ``own`` and ``comparison``, and ``city``, ``state``, ``nation`` where known.
    pre_trend : PreTrend
        The check of the periods before.
    n_periods, n_before : int
        Periods used, and how many of them lie before the start.
    start : str
        First period after.
    left_out_areas : mapping of str to str
        Comparison areas that could not serve, with the reason.
    left_out_periods : tuple of str
        Periods the selection looked at.
    unknown_periods : tuple of str
        Periods at either end that are unknown for the area.
    family : tuple of str
        Measures over which rank and interval were adjusted (max-t); empty for a single test.
    """

    method: str
    measure: str
    area: str
    estimate: float
    error: float
    low: float
    high: float
    level: float
    rank: int
    n: int
    dispersion: float
    placebos: pd.DataFrame
    series: pd.DataFrame
    changes: Mapping[str, Change]
    pre_trend: PreTrend
    n_periods: int
    n_before: int
    start: str
    left_out_areas: Mapping[str, str]
    left_out_periods: tuple[str, ...]
    unknown_periods: tuple[str, ...] = ()
    family: tuple[str, ...] = ()

    @property
    def p(self) -> float:
        """Placebo p-value: the share of areas whose estimate is at least as large."""
        return self.rank / self.n

    @property
    def p_floor(self) -> float:
        """Smallest p-value this design can give."""
        return 1 / self.n

    def row(self) -> pd.DataFrame:
        """One tidy row: the scalars of the effect with its p-value and its floor."""
        nested = {"placebos", "series", "changes", "pre_trend", "family"}
        nested |= {"left_out_areas", "left_out_periods", "unknown_periods"}
        scalars = {name: value for name, value in vars(self).items() if name not in nested}
        scalars |= {"p": self.p, "p_floor": self.p_floor, "pre_trend_p": self.pre_trend.p}
        return pd.DataFrame([scalars])


@dataclass(frozen=True)
class Claim:
    """One of the seven ESPQ claims with its verdict.

    ``reason`` says in German why the verdict is what it is; ``missing`` names tables and columns
    that would make the claim testable.
    """

    number: int
    title: str
    verdict: Verdict
    reason: str
    evidence: str
    effect: Effect | None = None
    missing: tuple[str, ...] = ()

    def row(self) -> pd.DataFrame:
        """One tidy row, without the effect's details."""
        fields = asdict(self) if self.effect is None else vars(self).copy()
        fields.pop("effect")
        fields["missing"] = "; ".join(self.missing)
        return pd.DataFrame([fields])
