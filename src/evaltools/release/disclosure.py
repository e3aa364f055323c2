"""Disclosure control: only what this module hands out can be shown.

Counts that the study's plan hides are taken out, with everything computed from them; every column
must be declared, so that a forgotten one stops the page instead of leaving the office.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaltools.errors import ReleaseError
from evaltools.measures.sums import Sum
from evaltools.release.frames import emptied
from evaltools.release.money import dominated
from evaltools.release.plan import STEP, Plan
from evaltools.study import Disclosure
from evaltools.studyparts import Dominance

SUPPRESSED = "geheim gehalten"
FEW = "zu wenige in der Bezugsgröße"
UNKNOWN = "keine Angabe"
_SEAL = object()


class Released:
    """A frame that disclosure control has handed out; made only by :func:`release`.

    Attributes
    ----------
    frame : DataFrame
        Values; what was taken out is NA.
    reasons : DataFrame of str
        Same shape; for each NA why it is empty, otherwise an empty string.
    note : str
        Source line to print beneath.
    rounded : bool
        Whether its counts are rounded to multiples of five.
    hidden : tuple of str
        Keys of the sums for which counts were taken out; never their values.
    """

    __slots__ = ("_frame", "_reasons", "hidden", "note", "rounded")

    def __init__(
        self,
        frame: pd.DataFrame,
        reasons: pd.DataFrame,
        note: str,
        *,
        rounded: bool,
        hidden: tuple[str, ...],
        seal: object,
    ) -> None:
        if seal is not _SEAL:
            raise ReleaseError("a Released frame is made by disclosure.release only")
        self._frame, self._reasons, self.note = frame, reasons, note
        self.rounded, self.hidden = rounded, hidden

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the released values."""
        return self._frame.copy()

    @property
    def reasons(self) -> pd.DataFrame:
        """A copy of the reasons."""
        return self._reasons.copy()

    def wide(self, *, index: str, columns: str, values: str) -> Released:
        """Turn a long released frame wide, in its order; what was taken out stays out."""
        keys, order = self._frame[[index, columns]], self._frame[index].drop_duplicates()
        frame, reasons = (
            part.assign(**keys).pivot(index=index, columns=columns, values=values).reindex(order)
            for part in (self._frame, self._reasons)
        )
        key = pd.Series(frame.index, name=index)
        shown = pd.concat([key, frame.reset_index(drop=True)], axis=1)
        why = pd.concat([key.mask(key.notna(), ""), reasons.reset_index(drop=True)], axis=1)
        text = why.fillna(UNKNOWN)
        return Released(
            shown, text, self.note, rounded=self.rounded, hidden=self.hidden, seal=_SEAL
        )

    @property
    def n_suppressed(self) -> int:
        """How many cells were taken out."""
        return int((self._reasons == SUPPRESSED).to_numpy().sum())


@dataclass(frozen=True)
class Rule:
    """The rule set of one study, the plan of its counts, and the source line its pages print.

    Without a plan, no count that hangs together with others is handed out.
    """

    threshold: int
    zeros_shown: bool
    note: str
    plan: Plan | None = None
    minimum_denominator: int = 0
    dominance: Dominance = field(default_factory=Dominance)
    intern: bool = False

    def told(self, *estimate: str) -> bool:
        """Say whether an estimate rests on shown sums only; unknown ones do not."""
        return self.intern or bool(self.plan and self.plan.rests_on_shown(*estimate))

    def whole_series(self, area: str) -> bool:
        """Say whether an area's primary count is shown in every period."""
        return self.intern or bool(self.plan and self.plan.whole_series(area))


@dataclass(frozen=True)
class Count:
    """How a column of counts is protected.

    Attributes
    ----------
    derived : tuple of str
        Columns computed from it, such as rates, intervals and shares: they go with it.
    sums : sequence of (tuple of Sum) or None
        Row by row, the sums of the study's plan that must be shown, the count itself first; an
        empty tuple where others published the count already. None: the count hangs together with
        no other, and the threshold alone decides.
    parts : sequence of (sequence of float) or None
        For sums of money: row by row, what each contributor adds; the dominance rule decides.
    """

    derived: tuple[str, ...] = ()
    sums: Sequence[tuple[Sum, ...]] | None = None
    parts: Sequence[Sequence[float]] | None = None


def rule(settings: Disclosure, *, note: str, plan: Plan | None, intern: bool = False) -> Rule:
    """Make the rule set of a study; `intern` shows whole numbers, for the office alone."""
    small = settings.threshold, settings.zeros_shown
    return Rule(*small, note, plan, settings.minimum_denominator, settings.dominance, intern)


def release(
    frame: pd.DataFrame,
    rules: Rule,
    *,
    counts: Mapping[str, Count],
    public: tuple[str, ...] = (),
    base: str = "",
    again: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> Released:
    """Hand out a frame without its hidden counts and whatever could be computed from them.

    Parameters
    ----------
    frame : DataFrame
        The values; not changed. A column ``reason`` says why a count is unknown.
    rules : Rule
        Threshold, and the plan of the study's counts.
    counts : mapping of str to Count
        Count columns; a row's derived columns are handed out when all counts they name are.
    public : tuple of str, optional
        Columns that hold no count of helps: keys, years, population, published facts.
    base : str, optional
        Column of denominators; over too few, nothing computed is handed out.
    again : callable, optional
        Computes the derived columns anew from rounded counts; without it they are withheld where
        counts are rounded.

    Returns
    -------
    Released
        The frame without the column ``reason``.

    Raises
    ------
    ReleaseError
        When a column is declared nowhere, or twice, or is missing; when a count is not in the
        plan, or is another one there.
    """
    _declared(frame, counts, public)
    values = frame.drop(columns="reason", errors="ignore").reset_index(drop=True)
    given = frame["reason"].reset_index(drop=True) if "reason" in frame else None
    reasons = pd.DataFrame("", index=values.index, columns=values.columns)
    taken: list[str] = []
    for name, count in counts.items():
        hidden = _hidden(values[name], count, rules)
        taken += _keys(hidden, count, rules)
        for column in (name, *count.derived):
            reasons.loc[hidden, column] = SUPPRESSED
            if column != name:
                few = _narrow(values, base, rules) & (reasons[column] == "")
                reasons.loc[few & values[column].notna(), column] = FEW
    tied = any(count.sums is not None for count in counts.values())
    rounded = tied and rules.plan is not None and rules.plan.rounded and not rules.intern
    if rounded:
        values = _round(values, reasons, counts, again)
    empty = values.isna() & (reasons == "")
    text = given.fillna(UNKNOWN) if given is not None else pd.Series(UNKNOWN, values.index)
    for name in values.columns:
        reasons.loc[empty[name], name] = text[empty[name]]
    shown = emptied(values, reasons.isin((SUPPRESSED, FEW)))
    left = tuple(dict.fromkeys(taken))
    return Released(shown, reasons, rules.note, rounded=rounded, hidden=left, seal=_SEAL)


def _hidden(values: pd.Series, count: Count, rules: Rule) -> pd.Series:
    """Say which counts of a column are not shown."""
    if rules.intern:
        return pd.Series(False, index=values.index)
    if count.parts is not None:
        own = [dominated(row, rules.dominance, least=rules.threshold) for row in count.parts]
        return pd.Series(own, index=values.index)
    if count.sums is None:
        return _small(values, rules)
    if len(count.sums) != len(values):
        raise ReleaseError(f"{len(count.sums)} sums for {len(values)} counts; give one for each")
    known = values.notna()
    found = [
        bool(known[row]) and bool(sums) and not _shows(float(values[row]), sums, rules)
        for row, sums in zip(values.index, count.sums, strict=True)
    ]
    return pd.Series(found, index=values.index)


def _keys(hidden: pd.Series, count: Count, rules: Rule) -> list[str]:
    """Name the sums for which counts were taken out; those that stand alone have no name."""
    plan, sums = rules.plan, count.sums
    if plan is None or sums is None:
        return []
    rows = [own for own, taken in zip(sums, hidden, strict=True) if taken]
    return [item.key for own in rows for item in own if not plan.shows(item)]


def _shows(value: float, sums: tuple[Sum, ...], rules: Rule) -> bool:
    """Say whether all sums behind a count are shown, the first of which must be that count."""
    if rules.plan is None:
        raise ReleaseError("no plan of the study's counts was made; nothing was released")
    shown = [rules.plan.shows(item) for item in sums]
    planned = rules.plan.values.get(sums[0].key, value)
    if abs(planned - value) > 1e-6:
        raise ReleaseError(
            f"the count {sums[0].key} is another one in the study's plan; a table shows other "
            "cells than release.published declares, or the data changed since the plan was made"
        )
    return all(shown)


def _narrow(values: pd.DataFrame, base: str, rules: Rule) -> pd.Series:
    if not base or rules.intern:
        return pd.Series(False, index=values.index)
    return (values[base] < rules.minimum_denominator).fillna(False).astype(bool)


def _round(
    values: pd.DataFrame,
    reasons: pd.DataFrame,
    counts: Mapping[str, Count],
    again: Callable[[pd.DataFrame], pd.DataFrame] | None,
) -> pd.DataFrame:
    """Round counts to multiples of five, with what is computed from them."""
    protected = [name for name, count in counts.items() if count.sums is not None]
    rounded = values.copy()
    for name in protected:
        near = (values[name].astype("Float64") / STEP).round() * STEP
        ours = [bool(sums) for sums in counts[name].sums or ()]
        rounded[name] = near.where(pd.Series(ours, values.index), values[name])
    if again is not None:
        return again(rounded)[list(values.columns)]
    derived = [column for name in protected for column in counts[name].derived]
    reasons[derived] = SUPPRESSED
    return rounded


def _small(counts: pd.Series, rules: Rule) -> pd.Series:
    lowest = 0 if not rules.zeros_shown else np.nextafter(0, 1)
    return ((counts >= lowest) & (counts < rules.threshold)).fillna(False).astype(bool)


def _declared(frame: pd.DataFrame, counts: Mapping[str, Count], public: tuple[str, ...]) -> None:
    declared = [*counts, *(name for count in counts.values() for name in count.derived)]
    unknown = [name for name in frame if name not in (*declared, *public, "reason")]
    if unknown:
        raise ReleaseError(
            f"columns {', '.join(map(str, unknown))}: declare each as a count, as derived from "
            "one, or as public; nothing was released"
        )
    both = sorted(set(declared) & set(public))
    lost = sorted(set(declared) - set(frame.columns))
    if both or lost:
        raise ReleaseError(f"columns declared twice: {both}; declared but missing: {lost}")
