"""The panel that an effect is estimated on, checked before any estimate is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import DesignError

Floats = npt.NDArray[np.float64]
LEAST_BEFORE = 3
LEAST_AFTER = 1
LEAST_COMPARISON = 2


@dataclass(frozen=True)
class Panel:
    """A complete area × period panel of counts and their base, one area treated.

    Attributes
    ----------
    counts, exposure : ndarray, shape (n_areas, n_periods)
        Numerators and denominators; row 0 is the treated area.
    areas : tuple of str
        Ids, the treated one first.
    periods : tuple of str
        Periods used, in order.
    start : str
        First period after.
    left_out_areas : mapping of str to str
        Areas that could not serve for comparison, with the reason.
    left_out_periods : tuple of str
        Periods left out because the selection of the area looked at them.
    unknown_periods : tuple of str
        Periods at either end that are unknown for the treated area.
    """

    counts: Floats
    exposure: Floats
    areas: tuple[str, ...]
    periods: tuple[str, ...]
    start: str
    left_out_areas: Mapping[str, str]
    left_out_periods: tuple[str, ...]
    unknown_periods: tuple[str, ...] = ()

    @property
    def after(self) -> npt.NDArray[np.bool_]:
        """Which periods lie at or after the start; shape (n_periods,)."""
        return np.array([period >= self.start for period in self.periods])

    @property
    def treated(self) -> str:
        """Id of the treated area."""
        return self.areas[0]


def panel(
    values: pd.DataFrame,
    *,
    treated: str,
    start: str,
    comparison: Collection[str],
    left_out_periods: Collection[str] = (),
) -> Panel:
    """Build the panel of one treated area and its comparison areas.

    A comparison area with any unknown value or an empty base is left out and named; the treated
    area must be complete from its first to its last known period.

    Parameters
    ----------
    values : DataFrame
        ``area_id, period, numerator, denominator`` as made by ``indicators.compute``.
    treated : str
        The treated area.
    start : str
        First period after, in the notation of ``period``.
    comparison : collection of str
        Areas it is compared with.
    left_out_periods : collection of str, optional
        Periods that are not used, such as the year the selection looked at.

    Returns
    -------
    Panel
        Complete, without gaps, treated area first.

    Raises
    ------
    DesignError
        When the treated area has gaps or no base, the start lies within a period, too few
        periods lie before or after it, or too few comparison areas remain.
    """
    used = values[~values["period"].isin(list(left_out_periods))]
    counts = used.pivot(index="area_id", columns="period", values="numerator").astype("Float64")
    base = used.pivot(index="area_id", columns="period", values="denominator").astype("Float64")
    if treated not in counts.index:
        raise DesignError(
            f"area {treated} has no values; check the table and the area's id",
            german=f"Für {treated} liegen keine Werte vor.",
        )
    own = (counts.notna() & base.notna()).T[treated]
    periods = _span(own, treated)
    _between(periods, start, treated)
    _enough(periods, start, treated)
    _looked_at(left_out_periods, sorted(set(values["period"])), start, treated)
    counts, base = counts[periods], base[periods]
    _based(base.T[treated], treated)
    lost = _incomplete(counts, base, [area for area in comparison if area != treated])
    rows = [treated, *_kept(comparison, lost, treated)]
    return Panel(
        counts.loc[rows].to_numpy(float),
        base.loc[rows].to_numpy(float),
        tuple(rows),
        tuple(periods),
        start,
        lost,
        tuple(sorted(set(left_out_periods))),
        tuple(sorted(set(used["period"]) - set(periods))),
    )


def _kept(comparison: Collection[str], lost: Collection[str], treated: str) -> list[str]:
    kept = sorted(set(comparison) - set(lost) - {treated})
    if len(kept) < LEAST_COMPARISON:
        raise DesignError(
            f"area {treated}: {len(kept)} complete comparison areas, at least {LEAST_COMPARISON} "
            "are needed; name others under comparison: or deliver the missing periods",
            german=f"Vollständig sind {len(kept)} Vergleichsräume; "
            f"mindestens {LEAST_COMPARISON} sind nötig.",
        )
    return kept


def _looked_at(left_out: Collection[str], periods: list[str], start: str, treated: str) -> None:
    """Refuse selection periods that are none of the panel's, or do not lie before the start."""
    wrong = [period for period in left_out if period not in periods or period >= start]
    if wrong:
        raise DesignError(
            f"area {treated}: selection periods {', '.join(wrong)} are no periods of the data "
            f"before start={start}; write them as the data do, such as {periods[0]}",
            german=f"Der Auswahlzeitraum {', '.join(wrong)} ist kein Zeitraum der Daten vor dem "
            f"Beginn {start}.",
        )


def _span(known: pd.Series, treated: str) -> list[str]:
    periods = sorted(known.index)
    inside = [period for period in periods if known[period]]
    if not inside:
        raise DesignError(
            f"area {treated} has no period with both count and base; deliver hze_count and "
            "population for the same periods",
            german=f"Für {treated} gibt es keinen Zeitraum mit Fallzahl und Bevölkerung zugleich.",
        )
    span = [period for period in periods if inside[0] <= period <= inside[-1]]
    gaps = [period for period in span if not known[period]]
    if gaps:
        raise DesignError(
            f"area {treated} has no value in {', '.join(gaps)}; deliver them, or shorten the "
            "study with first: or last:",
            german=f"Für {treated} fehlt der Wert in: {', '.join(gaps)}.",
        )
    return span


def _based(base: pd.Series, treated: str) -> None:
    empty = base.index[base <= 0]
    if len(empty):
        raise DesignError(
            f"area {treated}: the base is zero in {', '.join(empty)}; "
            "a rate needs a base above zero in every period",
            german=f"Die Bezugsgröße von {treated} ist null in: {', '.join(empty)}.",
        )


def _between(periods: list[str], start: str, treated: str) -> None:
    """Refuse a start within a period: what lies before and after cannot be told apart there."""
    for period in periods:
        if start != period and start.startswith(period):
            raise DesignError(
                f"start={start} lies within the period {period} of area {treated}; give the first "
                f"whole period after the start, and leave {period} out if the start is in it",
                german=f"Der Beginn {start} liegt mitten im Zeitraum {period}; "
                "anzugeben ist der erste ganze Zeitraum danach.",
            )


def _enough(periods: list[str], start: str, treated: str) -> None:
    before = sum(period < start for period in periods)
    after = len(periods) - before
    if before < LEAST_BEFORE:
        raise DesignError(
            f"start={start} leaves {before} periods before it for area {treated}; "
            f"at least {LEAST_BEFORE} are needed",
            german=f"Vor dem Beginn {start} liegen {before} Zeiträume; "
            f"mindestens {LEAST_BEFORE} sind nötig.",
        )
    if after < LEAST_AFTER:
        raise DesignError(
            f"start={start} leaves no period after it for area {treated}; "
            f"at least {LEAST_AFTER} is needed",
            german=f"Nach dem Beginn {start} liegt kein Zeitraum.",
        )


def _incomplete(counts: pd.DataFrame, base: pd.DataFrame, comparison: list[str]) -> dict[str, str]:
    lost = {}
    for area in comparison:
        if area not in counts.index:
            lost[area] = "keine Werte"
        elif unknown := int((counts.isna() | base.isna()).T[area].sum()):
            noun = "Zeitraum" if unknown == 1 else "Zeiträume"
            lost[area] = f"{unknown} {noun} unbekannt"
        elif (base.loc[area] <= 0).any():
            lost[area] = "Bezugsgröße null"
        elif counts.loc[area].sum() == 0:
            lost[area] = "kein einziger Fall"
    return lost
