"""Answers on a scale: mean, share and difference with their intervals, from few persons too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from evaltools.errors import DesignError

Floats = npt.NDArray[np.float64]
Scale = tuple[float, float]
LEVEL = 0.95
LEAST = 5  # answers below which there is no interval
LEAST_POINTS = 3  # of a scale, so that its two highest are not all of it
EQUAL = 1e-9  # answers closer than this are the same
NAN = float("nan")


@dataclass(frozen=True)
class Mean:
    """Mean, t-interval and standard deviation of `n` answers; NaN where undefined."""

    n: int
    mean: float
    low: float
    high: float
    sd: float


@dataclass(frozen=True)
class Share:
    """`k` of `n` persons, with Wilson's interval."""

    k: int
    n: int
    share: float
    low: float
    high: float


def answers(rows: pd.DataFrame, where: str) -> tuple[Scale, Floats]:
    """Take the known answers, all on one scale and within it.

    Parameters
    ----------
    rows : DataFrame
        ``agreement, scale_min, scale_max``; not changed.
    where : str
        What an error names.

    Returns
    -------
    tuple
        The scale and the answers, shape (n,).

    Raises
    ------
    DesignError
        When the rows name several scales or an empty one, or an answer lies outside it.
    """
    scales = rows[["scale_min", "scale_max"]].drop_duplicates().astype(float).to_numpy()
    if len(scales) != 1 or not scales[0][0] < scales[0][1]:
        listed = "; ".join(f"{low:g} to {high:g}" for low, high in scales)
        raise DesignError(
            f"{where}: scales {listed or 'none'}; one scale is needed, its lowest point below its "
            "highest",
            german="Die Antworten stehen auf verschiedenen oder unbrauchbaren Skalen.",
        )
    low, high = (float(end) for end in scales[0])
    values = rows["agreement"].dropna().to_numpy(float)
    if ((values < low) | (values > high)).any():
        raise DesignError(
            f"{where}: an answer lies outside the scale {low:g} to {high:g}; correct the table",
            german="Eine Antwort liegt außerhalb der Skala; die Tabelle ist zu berichtigen.",
        )
    return (low, high), values


def mean(values: Floats, scale: Scale) -> Mean:
    """Average answers, with the 95 % t-interval as far as the scale goes.

    There is no interval (NaN) below five answers, nor where all are equal: a width of zero would
    claim a certainty that so few cannot give.
    """
    n = len(values)
    middle = float(values.mean()) if n else NAN
    sd = float(values.std(ddof=1)) if n > 1 else NAN
    if not _bounded(values):
        return Mean(n, middle, NAN, NAN, sd)
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * sd / n**0.5
    return Mean(n, middle, max(scale[0], middle - half), min(scale[1], middle + half), sd)


def top_two(values: Floats, scale: Scale, where: str) -> Share:
    """Count the answers on the two highest points of a scale of whole points.

    Raises
    ------
    DesignError
        When the scale has no whole points, or fewer than three.
    """
    whole = np.mod([*scale, *values], 1) == 0
    if not whole.all() or scale[1] - scale[0] < LEAST_POINTS - 1:
        raise DesignError(
            f"{where}: the two highest points of a scale from {scale[0]:g} to {scale[1]:g} need "
            f"whole answers and at least {LEAST_POINTS} points; look at the mean",
            german="Die Skala hat keine ganzen Punkte oder weniger als drei; ein Anteil der "
            "beiden höchsten ist nicht zu bilden.",
        )
    return wilson(int((values >= scale[1] - 1).sum()), len(values))


def wilson(k: int, n: int) -> Share:
    """Share of `k` in `n` with Wilson's 95 % score interval; without one (NaN) below five.

    Notes
    -----
    Newcombe 1998, method 3 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E).
    """
    if n < LEAST:
        return Share(k, n, k / n if n else NAN, NAN, NAN)
    ends = stats.binomtest(k, n).proportion_ci(LEVEL, method="wilson")
    return Share(k, n, k / n, float(ends.low), float(ends.high))


def welch(before: Floats, after: Floats, scale: Scale) -> tuple[float, float]:
    """Interval of the difference of two means, as far as the scale goes.

    NaN when a side has fewer than five answers, or all of them are equal.

    Notes
    -----
    Welch 1947 (doi:10.1093/biomet/34.1-2.28).
    """
    if not (_bounded(before) and _bounded(after)):
        return NAN, NAN
    ends = stats.ttest_ind(after, before, equal_var=False).confidence_interval(LEVEL)
    widest = scale[1] - scale[0]
    return max(-widest, float(ends.low)), min(widest, float(ends.high))


def error(values: Floats) -> float:
    """Return the sampling variance of a mean; 0 below two answers, which have none to show."""
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


def rescaled(values: Floats, own: Scale, common: Scale) -> Floats:
    """Bring answers from their own scale to a common one, lowest to lowest, highest to highest.

    Raises
    ------
    DesignError
        When the common scale is empty.
    """
    if not common[0] < common[1]:
        raise DesignError(
            f"scale {common[0]:g} to {common[1]:g}: its lowest point must lie below its highest",
            german="Die gemeinsame Skala ist unbrauchbar.",
        )
    share = (values - own[0]) / (own[1] - own[0])
    return common[0] + share * (common[1] - common[0])


def _bounded(values: Floats) -> bool:
    """Say whether answers are enough, and differ enough, for an interval."""
    return len(values) >= LEAST and float(np.ptp(values)) > EQUAL
