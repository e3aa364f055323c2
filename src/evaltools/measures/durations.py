"""How long helps last, from case rows: Kaplan–Meier medians and the log-rank statistic.

The mean of the helps that ended is biased: a year's ended helps hold the short ones of a growing
office and none of those that still run. Survival times keep the running ones as censored.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from evaltools.errors import DesignError
from evaltools.measures.catalogue import LOCAL
from evaltools.study import Study

Floats = npt.NDArray[np.float64]
NEEDED = ("area_id", "begin", "end", "paragraph")
DAYS_A_MONTH = 365.25 / 12
SIDES = ("before", "after")


def durations(
    cases: pd.DataFrame,
    *,
    start: str,
    censored_at: str,
    observed_from: str | None = None,
    left_out: Collection[str] = (),
    without: Collection[str] = LOCAL,
) -> pd.DataFrame:
    """Compare how long helps begun before and from the start on last, area by area.

    A help belongs to the side on which it *began*. Those begun before are followed up to the day
    before the start and censored there, so that no experience after the start counts for them;
    those begun later are followed up to the end of the observation. The first and the last day
    both count, so a help of one day lasts one day.

    Parameters
    ----------
    cases : DataFrame
        Columns ``area_id, begin, end, paragraph``; one row a help, no end while it runs. Not
        changed.
    start : str
        First period after, such as ``2018``, ``2018-Q3`` or ``2018-07``.
    censored_at : str
        Last period, or last day (``2024-12-31``), of the observation.
    observed_from : str, optional
        First period or day from which on every help is in the rows. Helps begun earlier are left
        out: of these only the long ones would be there. All begun before when not given.
    left_out : collection of str, optional
        Periods, such as the year a selection looked at: helps begun in them are left out of the
        survival times, helps ended in them out of the means.
    without : collection of str, optional
        Paragraphs left out; §§ 28 and 35a when not given.

    Returns
    -------
    DataFrame
        One row an area, sorted: ``area_id``; for either side ``n_``, ``ended_`` (helps begun and
        ended on it), ``median_``, ``low_``, ``high_`` (months; 95 % interval, log-log; `high` is
        NA where it is open), ``median_…_reason``, ``biased_mean_`` (months; plain mean of all
        helps *ended* on that side, whenever begun); ``z``, the signed log-rank statistic,
        positive when helps are shorter after, and ``z_reason``. Unknown is NA with a reason.

    Raises
    ------
    DesignError
        When a column is missing, a period cannot be read, or the start does not lie between the
        first and the last day observed.

    Notes
    -----
    `z` compares two groups within one area; its standard normal law holds for that area alone
    and says nothing of what the city did meanwhile. Rank it among the other areas. A change of
    the forms changes the lengths too: hand over the rows of one form to compare like with like.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Brookmeyer & Crowley 1982,
    doi:10.2307/2530286; Mantel 1966 (log-rank); Klein & Moeschberger 2003, ch. 4 and 7.
    """
    lost = [name for name in NEEDED if name not in cases]
    if lost:
        raise DesignError(f"hze_case lacks the columns {', '.join(lost)}; durations need them")
    begun, last = _day(start), _day(censored_at, end=True)
    first = _day(observed_from) if observed_from else None
    if begun > last or (first is not None and first >= begun):
        raise DesignError(
            f"start={start} does not lie between observed_from={observed_from} and "
            f"censored_at={censored_at}; give periods in that order",
            german=f"Der Beginn {start} liegt nicht im beobachteten Zeitraum.",
        )
    used = cases[~cases["paragraph"].isin(list(without)) & (cases["begin"] <= last)]
    followed = _followed(used, begun, last)
    if first is not None:
        followed = followed[followed["begin"] >= first]
    followed = followed[~_in_any(followed["begin"], left_out)]
    ended = used[(used["end"] <= last) & ~_in_any(used["end"], left_out)]
    rows = [
        {"area_id": area}
        | _compared(followed[followed["area_id"] == area])
        | _means(ended[ended["area_id"] == area], begun, first)
        for area in sorted(set(used["area_id"]))
    ]
    return _typed(rows)


def observed_until(cases: pd.DataFrame, study: Study) -> str:
    """Return the last day observed: the end of the study's last year, or of the rows if earlier.

    Parameters
    ----------
    cases : DataFrame
        Columns ``begin, end``; at least one row.
    study : Study
        The study.

    Returns
    -------
    str
        A day such as ``2024-12-31``.

    Raises
    ------
    DesignError
        When there is no row.
    """
    latest = cases[["begin", "end"]].max().max()
    if pd.isna(latest):
        raise DesignError("hze_case has no row with a date; nothing was observed")
    last = pd.Timestamp(study.last, 12, 31) if study.last else latest
    return str(min(last, latest).date())


def log_rank(time: Floats, ended: Floats, second: Floats) -> float:
    """Return the signed log-rank statistic: positive when the second group ends earlier.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Time to the end or to censoring.
    ended : ndarray, shape (n,)
        1 where it ended, 0 where it was censored.
    second : ndarray, shape (n,)
        1 for the second group, 0 for the first.

    Returns
    -------
    float
        (observed − expected ends in the second group) / standard deviation under equal survival,
        whose square is the chi-squared statistic with one degree of freedom; NaN when no end
        tells the groups apart.
    """
    place = np.unique(time, return_inverse=True)[1]
    ends, own = np.bincount(place, weights=ended), np.bincount(place, weights=ended * second)
    n, n_second = (
        np.bincount(place, weights=who)[::-1].cumsum()[::-1] for who in (np.ones(len(time)), second)
    )
    share = n_second / n
    spread = ends * share * (1 - share) * (n - ends) / np.maximum(n - 1, 1)
    total = float(spread.sum())
    return float((own - ends * share).sum() / np.sqrt(total)) if total > 0 else float("nan")


def median(time: Floats, ended: Floats) -> tuple[float, float, float]:
    """Return the Kaplan–Meier median with its 95 % interval by the log-log transformation.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Time to the end or to censoring.
    ended : ndarray, shape (n,)
        1 where it ended, 0 where it was censored.

    Returns
    -------
    median, low, high : float
        First time at which less than half last longer; NaN when that is never reached. `high` is
        NaN where the interval is open, both limits where there is none.
    """
    if not ended.any():
        return (float("nan"),) * 3
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = SurvfuncRight(time, ended.astype(int))
        low, high = curve.quantile_ci(0.5, method="cloglog")
    return float(curve.quantile(0.5)), float(low), float(high if np.isfinite(high) else np.nan)


def _day(period: str, *, end: bool = False) -> pd.Timestamp:
    """Return the first or last day of a year, quarter or month, or the day that is given."""
    try:
        if len(period) == 10:
            return pd.Timestamp(period)
        year, _, part = period.partition("-")
        low, high = (1, 12) if not part else (int(part.lstrip("Q")),) * 2
        if part.startswith("Q"):
            low, high = 3 * low - 2, 3 * high
        if not end:
            return pd.Timestamp(int(year), low, 1)
        return pd.Timestamp(int(year), high, calendar.monthrange(int(year), high)[1])
    except ValueError:
        message = f"{period} is no period or day; write 2018, 2018-Q1, 2018-07 or 2018-07-31"
        raise DesignError(message) from None


def _in_any(days: pd.Series, periods: Collection[str]) -> pd.Series:
    inside = pd.Series(False, index=days.index)
    for period in periods:
        inside |= (days >= _day(period)) & (days <= _day(period, end=True))
    return inside


def _followed(used: pd.DataFrame, start: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Add the side, the time followed (months) and whether the help ended within it."""
    after = used["begin"] >= start
    stop = pd.Series(last, index=used.index).where(after, start - pd.Timedelta(days=1))
    ended = used["end"].notna() & (used["end"] <= stop)
    until = used["end"].where(ended, stop)
    months = ((until - used["begin"]).dt.days + 1) / DAYS_A_MONTH
    return used[["area_id", "begin"]].assign(after=after, months=months, ended=ended)


def _compared(own: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for side, part in zip(SIDES, (own[~own["after"]], own[own["after"]]), strict=True):
        n, n_ended = len(part), int(part["ended"].sum())
        middle, low, high = median(part["months"].to_numpy(float), part["ended"].to_numpy(float))
        row |= {f"n_{side}": n, f"ended_{side}": n_ended, f"median_{side}": middle}
        row |= {f"low_{side}": low, f"high_{side}": high}
        if np.isnan(middle):
            row[f"median_{side}_reason"] = (
                f"Median nicht erreicht: {n_ended} von {n} Hilfen beendet" if n else "keine Hilfe"
            )
    columns = (own[name].to_numpy(float) for name in ("months", "ended", "after"))
    row["z"] = log_rank(*columns) if row["n_before"] and row["n_after"] else float("nan")
    if np.isnan(row["z"]):
        row["z_reason"] = "keine beendete Hilfe, die sich vergleichen lässt"
    return row


def _means(
    ended: pd.DataFrame, start: pd.Timestamp, first: pd.Timestamp | None
) -> dict[str, float]:
    """Return the plain mean months of the helps ended before and from the start on."""
    months = ((ended["end"] - ended["begin"]).dt.days + 1) / DAYS_A_MONTH
    after = ended["end"] >= start
    before = ~after if first is None else ~after & (ended["end"] >= first)
    sides = zip(SIDES, (before, after), strict=True)
    return {f"biased_mean_{side}": float(months[which].mean()) for side, which in sides}


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    numbers = ("median", "low", "high", "biased_mean")
    kinds = {"area_id": "string"}
    for side in SIDES:
        kinds |= {f"n_{side}": "Int64", f"ended_{side}": "Int64"}
        kinds |= {f"{name}_{side}": "Float64" for name in numbers}
        kinds[f"median_{side}_reason"] = "string"
    kinds |= {"z": "Float64", "z_reason": "string"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
