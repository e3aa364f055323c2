"""Estimates and what belongs to them, handed out only where the sums they rest on are shown.

An estimate gives away the sums before and after that it was made of; ``release.published`` lists
them, and the study's plan decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evaltools.effects.design import Panel
from evaltools.effects.results import Effect
from evaltools.errors import ReleaseError
from evaltools.measures.catalogue import indicator
from evaltools.measures.sums import Sum
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Count, Released, Rule, release
from evaltools.release.published import PLACEBO, several
from evaltools.study import Study

Beside = Mapping[str, tuple[float, tuple[Sum, ...]]]
LEFT_OUT = "Auswahljahr, nicht verwendet"


def release_change(effect: Effect, rules: Rule, *, per: float, own: str) -> Released:
    """Hand out an effect's rates before and after: ``group, before, after, ratio``.

    The area and its comparison go together, references are public.

    Parameters
    ----------
    effect : Effect
        Carries the changes.
    rules : Rule
        The rule set.
    per : float
        Rates are given per this many of the base.
    own : str
        Name shown for the treated area.
    """
    rows = [
        [own if key == "own" else item.label, item.before * per, item.after * per, item.ratio]
        for key, item in effect.changes.items()
        if key != "selection"
    ]
    frame = pd.DataFrame(rows, columns=["group", "before", "after", "ratio"])
    hidden = [key in ("own", "comparison") for key in effect.changes if key != "selection"]
    if not permitted(effect, rules):
        figures = ["before", "after", "ratio"]
        frame.loc[hidden, figures] = float("nan")
        frame["reason"] = np.where(hidden, SUPPRESSED, UNKNOWN)
    return release(frame, rules, counts={}, public=("group", "before", "after", "ratio"))


def release_series(
    effect: Effect,
    rules: Rule,
    *,
    per: float,
    sums: Mapping[str, tuple[Sum, ...]],
    beside: Beside,
) -> Released:
    """Hand out the treated area's series: ``period, observed, counterfactual`` as rates.

    `sums` holds, for each period, the sums behind the area's rate, `beside` the comparison's,
    which the expectation gives away.

    Raises
    ------
    ReleaseError
        When the effect rests on a hidden sum, so that nothing of it may be shown.
    """
    permit_effect(effect, rules)
    series = effect.series
    frame = pd.DataFrame(
        {
            "period": series["period"],
            "count": series["observed"],
            "observed": series["observed"] / series["base"] * per,
            "counterfactual": series["counterfactual"] / series["base"] * per,
            "base": series["base"] / per,
            "others": [beside.get(str(p), (np.nan, ()))[0] for p in series["period"]],
        }
    )
    whole = with_gaps(frame, effect)
    tied = [beside.get(str(p), (np.nan, ()))[1] for p in whole["period"]]
    counts = {
        "count": Count(("observed",), [sums.get(p, ()) for p in whole["period"]]),
        "others": Count(("counterfactual",), tied),
    }
    each = per_help(whole["counterfactual"], whole["others"])

    def again(rounded: pd.DataFrame) -> pd.DataFrame:
        return rounded.assign(
            observed=rounded["count"] / rounded["base"], counterfactual=rounded["others"] * each
        )

    return release(whole, rules, counts=counts, public=("period", "after", "base"), again=again)


def comparison(panel: Panel | None, measure: str, study: Study) -> Beside:
    """Return for each period how many helps the comparison has, and the sums behind it."""
    if panel is None:
        return {}
    k, item = len(panel.starts), indicator(measure)
    added = panel.counts[k:].sum(0)
    return {
        period: (float(n), several(panel.areas[k:], (period,), item, study))
        for period, n in zip(panel.periods, added, strict=True)
    }


def per_help(values: pd.Series, counts: pd.Series) -> pd.Series:
    """Divide what is proportional to a count by it, for computing it anew from a rounded one."""
    return (values / counts.where(counts > 0)).fillna(0.0)


def with_gaps(frame: pd.DataFrame, effect: Effect) -> pd.DataFrame:
    """Add the selection periods as gaps, and which periods lie after the start."""
    gaps = pd.DataFrame({"period": list(effect.left_out_periods), "reason": LEFT_OUT})
    whole = pd.concat([frame, gaps]).sort_values("period", ignore_index=True)
    return whole.assign(after=whole["period"] >= effect.start)


def release_placebos(effect: Effect, rules: Rule) -> Released:
    """Hand out the placebo estimates without the names of the areas: ``own, estimate``.

    An area whose sums before and after are not shown has no dot; dots are rounded to whole per
    cent like every estimate, because a longer number would give the sums back.
    """
    permit_effect(effect, rules)
    names = effect.placebos["area_id"]
    kept = [name == effect.area or permitted(effect, rules, PLACEBO, str(name)) for name in names]
    frame = effect.placebos.loc[kept, ["estimate"]].round(2)
    frame = frame.assign(own=names[kept] == effect.area)
    return release(frame, rules, counts={}, public=("own", "estimate"))


def permitted(effect: Effect, rules: Rule, *words: str) -> bool:
    """Say whether an effect rests on shown sums only; `words` name another specification."""
    return rules.told(effect.area, effect.measure, *words)


def permit_effect(effect: Effect, rules: Rule) -> None:
    """Refuse an effect that rests on a hidden sum.

    Raises
    ------
    ReleaseError
        When a count that it would give away is not shown.
    """
    if not permitted(effect, rules):
        raise ReleaseError(
            f"{effect.measure}, area {effect.area}: the estimate rests on a sum that is not "
            "shown; merge areas or periods"
        )
