"""The panel that an effect is estimated on, checked before any estimate is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import DesignError
from evaltools.studyparts import begun, months

Floats = npt.NDArray[np.float64]
LEAST_BEFORE = 3
LEAST_AFTER = 1
LEAST_COMPARISON = 2
MOST_TREATED = 3


@dataclass(frozen=True)
class Panel:
    """A complete area × period panel of counts and their base, one to three areas treated.

    Attributes
    ----------
    counts, exposure : ndarray, shape (n_areas, n_periods)
        Numerators and denominators; the treated areas stand in the first rows.
    areas, periods : tuple of str
        Ids, the treated ones first; periods used, in order.
    starts : tuple of str
        First period after, one for each treated area.
    left_out_areas, left_out_periods, unknown_periods
        Areas that could not serve, with the reason; periods the selection looked at; periods at
        either end unknown for a treated area.
    """

    counts: Floats
    exposure: Floats
    areas: tuple[str, ...]
    periods: tuple[str, ...]
    starts: tuple[str, ...]
    left_out_areas: Mapping[str, str]
    left_out_periods: tuple[str, ...] = ()
    unknown_periods: tuple[str, ...] = ()

    @property
    def treated(self) -> tuple[str, ...]:
        """Ids of the treated areas."""
        return self.areas[: len(self.starts)]

    @property
    def name(self) -> str:
        """Ids of the treated areas in one text."""
        return ", ".join(self.treated)

    @property
    def start(self) -> str:
        """The common start; refused where the treated areas started at different times."""
        if len(set(self.starts)) > 1:
            raise DesignError(
                f"areas {self.name} start at {', '.join(self.starts)}: this estimate needs one "
                "common start; use effects.staggered, or evaluate each area alone",
                german="Die Modellräume begannen zu verschiedenen Zeiten.",
            )
        return self.starts[0]

    @property
    def after(self) -> npt.NDArray[np.bool_]:
        """Which periods lie at or after the common start; shape (n_periods,)."""
        return np.array([period >= self.start for period in self.periods])

    def cells(self) -> npt.NDArray[np.bool_]:
        """Which cells are treated; shape (n_areas, n_periods)."""
        treated = np.zeros(self.counts.shape, dtype=bool)
        for row, start in enumerate(self.starts):
            treated[row] = [period >= start for period in self.periods]
        return treated

    def series(self, expected: Floats) -> pd.DataFrame:
        """Return what was counted in the treated areas beside what was expected, by period."""
        k = len(self.starts)
        columns = {"observed": self.counts[:k].sum(0), "counterfactual": expected}
        columns |= {"base": self.exposure[:k].sum(0)}
        return pd.DataFrame({"period": self.periods} | columns)

    def fixed_base(self) -> Panel:
        """Return the panel with the base of its first period throughout."""
        return replace(self, exposure=np.repeat(self.exposure[:, :1], len(self.periods), axis=1))

    def compared(self, cases: Floats) -> None:
        """Refuse periods in which the comparison has no case; `cases` is (n_periods,)."""
        if empty := ", ".join(p for p, n in zip(self.periods, cases, strict=True) if n == 0):
            raise DesignError(
                f"comparison of area {self.name}: no case in {empty}; every period needs cases, "
                "so name more areas or merge periods",
                german="In den Vergleichsräumen gibt es zu wenige Fälle.",
            )

    def keep(self, rows: Collection[int], columns: Collection[int] | None = None) -> Panel:
        """Return the treated areas with some comparison rows and periods, if enough remain."""
        inner = [*range(len(self.starts)), *(row for row in rows if row >= len(self.starts))]
        outer = list(range(len(self.periods)) if columns is None else columns)
        periods = [self.periods[place] for place in outer]
        for area, start in zip(self.treated, self.starts, strict=True):
            _enough(periods, start, area)
        _several(len(inner) - len(self.starts), self.name)
        return replace(
            self,
            counts=self.counts[np.ix_(inner, outer)],
            exposure=self.exposure[np.ix_(inner, outer)],
            areas=tuple(self.areas[row] for row in inner),
            periods=tuple(periods),
        )


def panel(
    values: pd.DataFrame,
    *,
    treated: str | Sequence[str],
    start: str | Sequence[str],
    comparison: Collection[str],
    left_out_periods: Collection[str] = (),
) -> Panel:
    """Build the panel of the treated areas and their comparison areas.

    A comparison area with any unknown value or an empty base is left out and named; a treated
    area must be complete from its first to its last known period.

    Parameters
    ----------
    values : DataFrame
        ``area_id, period, numerator, denominator`` as made by ``measures.outcomes.values``.
    treated, start : str or sequence of str
        The treated areas; first period after, one for all or one for each.
    comparison : collection of str
        Areas they are compared with.
    left_out_periods : collection of str, optional
        Periods that are not used, such as the year the selection looked at.

    Refused are gaps, an empty base, a start within a period, too few periods or areas.
    """
    own = [treated] if isinstance(treated, str) else list(treated)
    starts = [start] * len(own) if isinstance(start, str) else list(start)
    if (
        not 1 <= len(set(own)) <= MOST_TREATED
        or len(set(own)) < len(own)
        or len(starts) != len(own)
    ):
        raise DesignError(
            f"treated areas {', '.join(own)} with starts {', '.join(starts)}: give one to "
            f"{MOST_TREATED} different areas, and one start for all or one for each",
            german=f"Zusammen geschätzt werden ein bis {MOST_TREATED} Modellräume.",
        )
    used = values[~values["period"].isin(list(left_out_periods))]
    plain = used.astype(dict.fromkeys(["area_id", "period"], object))  # their lookups are faster
    counts = plain.pivot(index="area_id", columns="period", values="numerator").astype(float)
    base = plain.pivot(index="area_id", columns="period", values="denominator").astype(float)
    periods = _common(counts, base, own)
    counts, base = counts[periods], base[periods]
    for area, first in zip(own, starts, strict=True):
        _started(periods, first, area, left_out_periods, sorted(set(values["period"])))
        if empty := ", ".join(period for period in periods if (base[period] <= 0)[area]):
            raise DesignError(
                f"area {area}: the base is zero in {empty}; a rate needs a base above zero in "
                "every period",
                german=f"Die Bezugsgröße von {area} ist null in: {empty}.",
            )
    starts = [next(p for p in periods if begun(p, first)) for first in starts]
    lost = _incomplete(counts, base, [area for area in comparison if area not in own])
    rows = [*own, *sorted(set(comparison) - set(lost) - set(own))]
    _several(len(rows) - len(own), ", ".join(own))
    return Panel(
        counts.loc[rows].to_numpy(float),
        base.loc[rows].to_numpy(float),
        tuple(rows),
        tuple(periods),
        tuple(starts),
        lost,
        tuple(sorted(set(left_out_periods))),
        tuple(sorted(set(used["period"]) - set(periods))),
    )


def _common(counts: pd.DataFrame, base: pd.DataFrame, own: list[str]) -> list[str]:
    """Periods known for every treated area; its first to its last, without a gap."""
    spans = []
    for area in own:
        if area not in counts.index:
            raise DesignError(
                f"area {area} has no values; check the table and the area's id",
                german=f"Für {area} liegen keine Werte vor.",
            )
        periods = sorted(counts.columns)
        known = (counts.notna() & base.notna()).T[area]
        inside = [period for period in periods if known[period]]
        if not inside:
            raise DesignError(
                f"area {area} has no period with both count and base; deliver hze_count and "
                "population for the same periods",
                german=f"Für {area} gibt es keinen Zeitraum mit Fallzahl und Bevölkerung zugleich.",
            )
        span = periods[periods.index(inside[0]) : periods.index(inside[-1])]
        if gaps := ", ".join(period for period in span if not known[period]):
            raise DesignError(
                f"area {area} has no value in {gaps}; deliver them, or shorten the study with "
                "first: or last:",
                german=f"Für {area} fehlt der Wert in: {gaps}.",
            )
        spans.append(set(inside))
    return sorted(set.intersection(*spans))


def _several(n: int, treated: str) -> None:
    if n < LEAST_COMPARISON:
        raise DesignError(
            f"area {treated}: {n} complete comparison areas, at least {LEAST_COMPARISON} "
            "are needed; name others under comparison: or deliver the missing periods",
            german=f"Vollständige Vergleichsräume: {n}; nötig sind mindestens {LEAST_COMPARISON}.",
        )


def _started(
    periods: list[str], start: str, treated: str, left_out: Collection[str], every: list[str]
) -> None:
    """Refuse a start within a period, with too few around it, or selection periods beside it."""
    for period in periods:
        if months(period)[0] < months(start)[0] <= months(period)[1]:
            raise DesignError(
                f"start={start} lies within the period {period} of area {treated}; give the first "
                f"whole period after the start, and leave {period} out if the start is in it",
                german=f"Der Beginn {start} liegt mitten im Zeitraum {period}; "
                "anzugeben ist der erste ganze Zeitraum danach.",
            )
    _enough(periods, start, treated)
    wrong = ", ".join(period for period in left_out if period not in every or begun(period, start))
    if wrong:
        raise DesignError(
            f"area {treated}: selection periods {wrong} are no periods of the data before "
            f"start={start}; write them as the data do, such as {every[0]}",
            german=f"Der Auswahlzeitraum {wrong} ist kein Zeitraum der Daten vor dem Beginn "
            f"{start}.",
        )


def _enough(periods: list[str], start: str, treated: str) -> None:
    before = sum(not begun(period, start) for period in periods)
    for n, least, side, german in (
        (before, LEAST_BEFORE, "before", "Vor"),
        (len(periods) - before, LEAST_AFTER, "after", "Nach"),
    ):
        if n < least:
            raise DesignError(
                f"start={start} leaves {n} periods {side} it for area {treated}, fewer than "
                f"{least}; move the start or deliver more periods",
                german=f"{german} dem Beginn {start} liegen {n} Zeiträume; "
                f"nötig: mindestens {least}.",
            )


def _incomplete(counts: pd.DataFrame, base: pd.DataFrame, comparison: list[str]) -> dict[str, str]:
    gaps, cases = (counts.isna() | base.isna()).sum(axis=1), counts.sum(axis=1)
    empty, lost = (base <= 0).any(axis=1), {}
    for area in comparison:
        if area not in counts.index:
            lost[area] = "keine Werte"
        elif gaps[area]:
            lost[area] = f"{gaps[area]} {'Zeitraum' if gaps[area] == 1 else 'Zeiträume'} unbekannt"
        elif empty[area]:
            lost[area] = "Bezugsgröße null"
        elif cases[area] == 0:
            lost[area] = "kein einziger Fall"
    return lost
