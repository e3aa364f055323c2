"""Disclosure control: only what this module hands out can be shown.

Counts from 1 to threshold − 1 are taken out, with everything computed from them; every numeric
column must be declared, so that a forgotten one stops the page instead of leaving the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaltools.effects.results import Effect
from evaltools.errors import ReleaseError
from evaltools.measures.change import Change
from evaltools.study import Disclosure

SUPPRESSED = "geheim gehalten"
UNKNOWN = "keine Angabe"
LEFT_OUT = "Auswahljahr, nicht verwendet"
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
    """

    __slots__ = ("_frame", "_reasons", "note")

    def __init__(
        self, frame: pd.DataFrame, reasons: pd.DataFrame, note: str, *, seal: object
    ) -> None:
        if seal is not _SEAL:
            raise ReleaseError("a Released frame is made by disclosure.release only")
        self._frame, self._reasons, self.note = frame, reasons, note

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
        return Released(shown, why.fillna(UNKNOWN), self.note, seal=_SEAL)

    @property
    def n_suppressed(self) -> int:
        """How many cells were taken out."""
        return int((self._reasons == SUPPRESSED).to_numpy().sum())


@dataclass(frozen=True)
class Rule:
    """The rule set of one study, and the source line its pages print."""

    threshold: int
    zeros_shown: bool
    note: str


def rule(settings: Disclosure, *, note: str) -> Rule:
    """Make the rule set of a study."""
    return Rule(settings.threshold, settings.zeros_shown, note)


def release(
    frame: pd.DataFrame,
    rules: Rule,
    *,
    counts: Mapping[str, tuple[str, ...]],
    public: tuple[str, ...] = (),
    parts: Mapping[str, str] | None = None,
    within: tuple[str, ...] = (),
) -> Released:
    """Hand out a frame without its small counts and whatever could be computed from them.

    Parameters
    ----------
    frame : DataFrame
        The values; not changed. A column ``reason`` says why a count is unknown.
    rules : Rule
        Threshold, and whether zeros are shown.
    counts : mapping of str to tuple of str
        Count columns, each with the columns computed from it (rates, intervals, shares).
    public : tuple of str, optional
        Columns that hold no count of helps: keys, years, population, published facts.
    parts : mapping of str to str, optional
        Count column → column of the whole it is a part of; a small rest is small as well.
    within : tuple of str, optional
        Rows that share these columns add up to a published total: a cell taken out alone is
        joined by the smallest other one, so that the total does not give it back.

    Returns
    -------
    Released
        The frame without the column ``reason``.

    Raises
    ------
    ReleaseError
        When a column is declared nowhere, or twice, or is missing.
    """
    _declared(frame, counts, public)
    values = frame.drop(columns="reason", errors="ignore").reset_index(drop=True)
    given = frame["reason"].reset_index(drop=True) if "reason" in frame else None
    reasons = pd.DataFrame("", index=values.index, columns=values.columns)
    for name, derived in counts.items():
        small = _small(values[name], rules)
        if parts and name in parts:
            rest = frame[parts[name]].reset_index(drop=True) - values[name]
            small |= _small(rest, rules) & (values[name] > 0).fillna(False)
        if within:
            small |= _second(values, name, small, within=within, rules=rules)
        for column in (name, *derived):
            reasons.loc[small, column] = SUPPRESSED
    empty = values.isna() & (reasons == "")
    text = given.fillna(UNKNOWN) if given is not None else pd.Series(UNKNOWN, values.index)
    for name in values.columns:
        reasons.loc[empty[name], name] = text[empty[name]]
    return Released(_emptied(values, reasons == SUPPRESSED), reasons, rules.note, seal=_SEAL)


def release_change(changes: Mapping[str, Change], rules: Rule, *, per: float, own: str) -> Released:
    """Hand out changes before/after: ``group, before, after, ratio``.

    A change is taken out when one of its two counts is small.

    Parameters
    ----------
    changes : mapping of str to Change
        As an effect carries them.
    rules : Rule
        The rule set.
    per : float
        Rates are given per this many of the base.
    own : str
        Name shown for the treated area.
    """
    rows = [
        [
            own if key == "own" else item.label,
            _smallest(item.count_before, item.count_after),
            item.before * per,
            item.after * per,
            item.ratio,
        ]
        for key, item in changes.items()
    ]
    frame = pd.DataFrame(rows, columns=["group", "smallest", "before", "after", "ratio"])
    counts = {"smallest": ("before", "after", "ratio")}
    return release(frame, rules, counts=counts, public=("group",))


def release_series(effect: Effect, rules: Rule, *, per: float) -> Released:
    """Hand out the treated area's series: ``period, observed, counterfactual`` as rates.

    Raises
    ------
    ReleaseError
        When the effect rests on a small sum before or after, so that nothing of it may be shown.

    Notes
    -----
    The sums before and after are published, so a lone small period takes another one with it.
    """
    permit_effect(effect, rules)
    series = effect.series
    frame = pd.DataFrame(
        {
            "period": series["period"],
            "count": series["observed"],
            "observed": series["observed"] / series["base"] * per,
            "counterfactual": series["counterfactual"] / series["base"] * per,
        }
    )
    gaps = pd.DataFrame({"period": list(effect.left_out_periods), "reason": LEFT_OUT})
    whole = pd.concat([frame, gaps]).sort_values("period", ignore_index=True)
    whole["after"] = whole["period"] >= effect.start
    counts = {"count": ("observed",)}
    public = ("period", "counterfactual", "after")
    return release(whole, rules, counts=counts, public=public, within=("after",))


def release_placebos(effect: Effect, rules: Rule) -> Released:
    """Hand out the placebo estimates without the names of the areas: ``own, estimate``."""
    permit_effect(effect, rules)
    frame = effect.placebos[["estimate"]].assign(own=effect.placebos["area_id"] == effect.area)
    return release(frame, rules, counts={}, public=("own", "estimate"))


def permitted(effect: Effect, rules: Rule) -> bool:
    """Say whether an effect rests on no small sum before or after."""
    own = effect.changes["own"]
    return min(own.count_before, own.count_after) >= rules.threshold


def permit_effect(effect: Effect, rules: Rule) -> None:
    """Refuse an effect that rests on a small sum.

    Raises
    ------
    ReleaseError
        When the treated area's count before or after is small.
    """
    if not permitted(effect, rules):
        raise ReleaseError(
            f"{effect.measure}, area {effect.area}: the sum before or after lies below the "
            f"threshold {rules.threshold}; merge areas or periods"
        )


def _small(counts: pd.Series, rules: Rule) -> pd.Series:
    lowest = 0 if not rules.zeros_shown else np.nextafter(0, 1)
    return ((counts >= lowest) & (counts < rules.threshold)).fillna(False).astype(bool)


def _smallest(*counts: float) -> float:
    """Return the smallest count above zero: beside a zero, a small count is still small."""
    return min((count for count in counts if count > 0), default=0)


def _emptied(values: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """Take cells out of memory as well: nullable columns keep a value beneath their NA."""
    shown = values.mask(hidden)
    for name, dtype in shown.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype):
            shown[name] = shown[name].astype(object)
        elif isinstance(dtype, pd.api.extensions.ExtensionDtype):
            shown[name] = pd.Series(list(shown[name]), shown.index, dtype=str(dtype))
    shown.attrs = {}
    return shown


def _second(
    values: pd.DataFrame,
    name: str,
    small: pd.Series,
    *,
    within: tuple[str, ...],
    rules: Rule,
) -> pd.Series:
    """Take out the smallest other cells of a line whose total would give the small ones back."""
    added = pd.Series(False, index=values.index)
    for _, line in values.groupby(list(within), dropna=False):
        cells = line[name].astype(float)
        hidden = small[line.index]
        if not _told_by_sum(cells[hidden], rules):
            continue
        others = cells[~hidden & cells.notna()]
        others = others[others > 0] if (others > 0).any() else others
        added[others.index[others == others.min()]] = True
    return added


def _told_by_sum(cells: pd.Series, rules: Rule) -> bool:
    """Say whether the sum of small cells tells each: a lone one, all lowest, all highest."""
    lowest = int(rules.zeros_shown)
    ends = (lowest * len(cells), (rules.threshold - 1) * len(cells))
    return len(cells) == 1 or (len(cells) > 1 and float(cells.sum()) in ends)


def _declared(
    frame: pd.DataFrame, counts: Mapping[str, tuple[str, ...]], public: tuple[str, ...]
) -> None:
    declared = [*counts, *(name for derived in counts.values() for name in derived)]
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
