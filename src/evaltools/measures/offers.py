"""Offers of one Stadtraum: change, gaps, parallel offers, transitions, funding that ends.

The table of offers is a full count of what runs; nothing is sampled. What runs on a 31 December
is decided by :func:`evaltools.measures.profile.running`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd
from scipy import stats

from evaltools.data.schema import ACCESS, LIFE_PHASES, OFFER_PARAGRAPHS
from evaltools.errors import DesignError
from evaltools.measures.profile import running
from evaltools.study import Study

By = Literal["paragraph", "life_phase", "access", "target_exclusive"]
UNKNOWN = "unbekannt"
CODES: Mapping[By, tuple[str, ...]] = {
    "paragraph": OFFER_PARAGRAPHS,
    "life_phase": LIFE_PHASES,
    "access": ACCESS,
    "target_exclusive": ("exclusive", "open"),
}
SAME = ["life_phase", "target_exclusive", "access", "hours_week"]
TRANSITION = ("kita", "grundschule")


@dataclass(frozen=True)
class OfferChange:
    """Offers running on 31 December of two years, in one area and in others together.

    ``ratio`` is after / before (NaN for 0 / 0) with the exact conditional interval of the ratio
    of two Poisson counts; ``added`` and ``gone`` run on one of the two days only.
    """

    n_before: int
    n_after: int
    added: int
    gone: int
    ratio: float
    low: float
    high: float
    others_before: int
    others_after: int
    level: float = 0.95


def years(offer: pd.DataFrame, study: Study, area: str) -> tuple[int, ...]:
    """Return the last year before the area's start and the last year; the last alone without."""
    last = study.last or int(offer["begin"].dt.year.max())
    start = study.model_area(area).start
    return (int(start[:4]) - 1, last) if start and int(start[:4]) <= last else (last,)


def change(
    offer: pd.DataFrame,
    area: str,
    before: int,
    after: int,
    *,
    others: Collection[str] | None = None,
) -> OfferChange:
    """Compare the number of running offers of two years.

    Parameters
    ----------
    offer : DataFrame
        The table of that name.
    area : str
        Its id.
    before, after : int
        Years; offers running on their last day are counted.
    others : collection of str, optional
        Areas to set beside; all others when not given.

    Raises
    ------
    DesignError
        When the area has no offer in the table, or `before` is not before `after`.
    """
    if not (offer["area_id"] == area).any():
        raise DesignError(
            f"offer: no offer of area {area}; 0 and not delivered cannot be told apart, deliver "
            "the area's offers or leave the area out",
            german="Für diesen Raum liegen keine Angebote vor.",
        )
    if before >= after:
        raise DesignError(f"before={before} must lie before after={after}; give two years in order")
    return _change(offer, area, before, after, others)


def changes(
    offer: pd.DataFrame,
    area: str,
    years: tuple[int, int],
    *,
    by: By,
    others: Collection[str] | None = None,
) -> pd.DataFrame:
    """Compare two years as :func:`change` does, for all offers and for each group.

    Returns
    -------
    DataFrame
        ``group`` (first row ``alle``) and the fields of :class:`OfferChange`.
    """
    rows: list[dict[str, object]] = [
        {"group": "alle"} | asdict(change(offer, area, *years, others=others))
    ]
    grouped = named(offer, by)
    for group in [*CODES[by], UNKNOWN]:
        part = grouped[grouped["group"] == group]
        rows.append({"group": group} | asdict(_change(part, area, *years, others)))
    frame = pd.DataFrame(rows)
    unused = (frame["group"] == UNKNOWN) & (frame[["n_before", "n_after"]].sum(axis=1) == 0)
    return frame[~unused].reset_index(drop=True)


def ratio_interval(before: int, after: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of the ratio after / before of two Poisson counts.

    Given their sum, `after` is binomial; the Clopper–Pearson limits p of its probability turn
    into ratios p / (1 − p). Source: Przyborowski & Wilenski 1940 (doi:10.1093/biomet/31.3-4.313).

    Parameters
    ----------
    before, after : int
        Counts from 0. With 0 and 0 the interval is (0, ∞): the data say nothing.
    level : float, optional
        Coverage.
    """
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, after, before + 1)) if after else 0.0
    high = float(stats.beta.ppf(1 - tail, after + 1, before)) if before else 1.0
    return low / (1 - low), high / (1 - high) if high < 1 else float("inf")


def matrix(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """Count the area's running offers in each cell of life phase × access.

    Returns
    -------
    DataFrame
        ``life_phase, access, n, possible``, one row a cell, those of unknown phase or access only
        where they occur; possible: running offers whose unknown phase or access may belong here.
    """
    now = current(offer, area, year)
    phase, access = (known(now, name) for name in ("life_phase", "access"))
    found = pd.DataFrame({"life_phase": phase, "access": access})
    n = found.groupby(["life_phase", "access"]).size()
    cells = [(one, two) for one in (*LIFE_PHASES, UNKNOWN) for two in (*ACCESS, UNKNOWN)]
    rows = []
    for one, two in cells:
        if (UNKNOWN in (one, two)) and not n.get((one, two), 0):
            continue
        pairs = ((one, UNKNOWN), (UNKNOWN, two), (UNKNOWN, UNKNOWN))
        possible = sum(int(n.get(pair, 0)) for pair in pairs if UNKNOWN not in (one, two))
        rows.append((one, two, int(n.get((one, two), 0)), possible))
    return pd.DataFrame(rows, columns=["life_phase", "access", "n", "possible"])


def gaps(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """List the cells of life phase × access without a running offer on 31 December.

    Returns
    -------
    DataFrame
        ``life_phase, access, possible``: where `possible` is above 0, an offer of unknown phase
        or access may fill the gap.
    """
    cells = matrix(offer, area, year)
    return cells.loc[cells["n"] == 0, ["life_phase", "access", "possible"]].reset_index(drop=True)


def parallel(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """Find running offers of at least two providers alike in phase, target, access and hours.

    What is unknown equals nothing. Parallel offers may be wanted: this finds, it does not judge.

    Returns
    -------
    DataFrame
        ``group`` (from 1), ``life_phase, target_exclusive, access, hours_week, offer_id,
        provider_id``, one row an offer.
    """
    now = current(offer, area, year)
    columns = [*SAME, "offer_id", "provider_id"]
    told = now.reindex(columns=columns).dropna().sort_values(columns, ignore_index=True)
    groups = told.groupby(SAME, sort=True)
    several = told[groups["provider_id"].transform("nunique") > 1]
    number = several.groupby(SAME, sort=True).ngroup() + 1
    return several.assign(group=number.astype("Int64"))[["group", *columns]].reset_index(drop=True)


def transitions(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """List the running offers of providers that serve both Kita and primary school in the area.

    The table does not say what an offer does at the passage itself; that one provider stands on
    both sides of it is what can be seen.

    Returns
    -------
    DataFrame
        ``provider_id, life_phase, offer_id, paragraph, access, hours_week``, one row an offer,
        Kita first.
    """
    now = current(offer, area, year)
    columns = ["provider_id", "life_phase", "offer_id", "paragraph", "access", "hours_week"]
    both = now.reindex(columns=columns).dropna(subset=["provider_id", "life_phase"])
    both = both[both["life_phase"].isin(TRANSITION)]
    sides = both.groupby("provider_id")["life_phase"].transform("nunique")
    order = ["provider_id", "life_phase", "offer_id"]
    found = both[sides == len(TRANSITION)]
    return found.sort_values(order, ascending=[True, False, True], ignore_index=True)


def funding(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """Say for each running offer when its funding ends, seen from 31 December of the year.

    Returns
    -------
    DataFrame
        Rows of `offer` with ``state``: ``ends`` (within the following twelve months), ``later``,
        ``past`` (ended by that day, yet the offer runs) or ``unknown`` (no date: open-ended or
        not stated), the earliest end first.
    """
    now = current(offer, area, year)
    if "funding_until" not in now:
        now["funding_until"] = pd.Series(pd.NaT, now.index, dtype="datetime64[s]")
    until, day = now["funding_until"], pd.Timestamp(year, 12, 31)
    now["state"] = "later"
    now.loc[until <= pd.Timestamp(year + 1, 12, 31), "state"] = "ends"
    now.loc[until <= day, "state"] = "past"
    now.loc[until.isna(), "state"] = "unknown"
    return now.sort_values(["funding_until", "offer_id"], ignore_index=True)


def current(offer: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """Return a copy of the area's offers that run on 31 December of a year."""
    own = offer[offer["area_id"] == area]
    return own[running(own, year)].copy()


def known(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a coded column with its unknown cells named; the column may be missing."""
    given = frame[name] if name in frame else pd.Series(pd.NA, frame.index, dtype="string")
    if name == "target_exclusive":
        given = given.astype("boolean").map({True: "exclusive", False: "open"})
    return given.astype("string").fillna(UNKNOWN)


def named(offer: pd.DataFrame, by: By) -> pd.DataFrame:
    """Give each offer its ``group``; an offer under two laws stands in two rows."""
    first = offer.assign(group=known(offer, by))
    if by != "paragraph" or "paragraph_2" not in offer:
        return first
    second = offer["paragraph_2"].astype("string")
    other = (second != offer["paragraph"]).fillna(False).astype(bool)
    return pd.concat([first, first[other].assign(group=second[other])], ignore_index=True)


def _change(
    offer: pd.DataFrame, area: str, before: int, after: int, others: Collection[str] | None
) -> OfferChange:
    first, last = running(offer, before), running(offer, after)
    own = offer["area_id"] == area
    beside = ~own if others is None else offer["area_id"].isin(list(others)) & ~own
    old, new = int((own & first).sum()), int((own & last).sum())
    return OfferChange(
        n_before=old,
        n_after=new,
        added=int((own & last & ~first).sum()),
        gone=int((own & first & ~last).sum()),
        ratio=new / old if old else float("inf") if new else float("nan"),
        low=ratio_interval(old, new)[0],
        high=ratio_interval(old, new)[1],
        others_before=int((beside & first).sum()),
        others_after=int((beside & last).sum()),
    )
