"""Plans made by hand, so that no solver runs, and what the tests look for in memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from evaltools.effects.results import Effect
from evaltools.measures import sums
from evaltools.measures.catalogue import Pick
from evaltools.measures.periods import together
from evaltools.measures.sums import Sum
from evaltools.release.disclosure import Rule
from evaltools.release.plan import BESIDE, Plan
from evaltools.release.published import PLACEBO, Published, by_period, published
from evaltools.study import Study
from release_samples import AREA, RULES, study, tables

GONE = Sum((AREA,), ("hidden",), Pick(("stock_3112",)))
CODE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)


def helps(period: str, area: str = AREA) -> Sum:
    """The stock of one area in one period."""
    return Sum((area,), (period,), Pick(("stock_3112",)))


def plan_of(shown: Mapping[Sum, float], hidden: Collection[Sum] = (), **more: Any) -> Plan:
    """Plan of a few counts; `more` as in Plan."""
    states = {item.key: "shown" for item in shown} | {item.key: "primary" for item in hidden}
    return Plan(states, {item.key: float(n) for item, n in shown.items()}, **more)


def rules_for(
    made: Effect,
    *others: Effect,
    hidden: Collection[str] = (),
    permitted: bool = True,
    whole: bool = True,
    dots: Collection[str] | None = None,
    **plan: Any,
) -> Rule:
    """Rule set for made-up effects: their sums are shown, but for `hidden` periods of the first.

    `permitted`: whether the sums behind the effects are shown; `whole`: those behind shifted
    periods; `dots`: the areas whose sums behind a placebo dot are shown, all by default.
    """
    own = by_period(made, study())
    counts = made.series.set_index("period")["observed"]
    shown = {pair[0]: counts[p] for p, pair in own.items() if p not in hidden}
    names = [str(area) for area in made.placebos["area_id"]]
    rests = {
        BESIDE.join((item.area, item.measure)): () if permitted else (GONE.key,)
        for item in (made, *others)
    }
    rests |= {
        BESIDE.join((made.area, made.measure, PLACEBO, area)): ()
        if dots is None or area in dots
        else (GONE.key,)
        for area in names
    }
    ends = {made.area: tuple(item.key for item in shown) if whole else (GONE.key,)}
    out = [pair[0] for p, pair in own.items() if p in hidden]
    return replace(
        RULES, plan=plan_of(shown, [*out, GONE], **{"rests": rests, "series": ends} | plan)
    )


def rules_on(
    data: Mapping[str, pd.DataFrame],
    settings: Study,
    hide: Callable[[Sum], bool] = lambda item: False,
    *,
    found: Published | None = None,
    **plan: Any,
) -> Rule:
    """Rule set on all counts that the pages show; those that `hide` picks are hidden."""
    found = found or published(data, settings)
    rows = together(data["hze_count"], settings.period)
    values = sums.system(rows, list(found.costs)).values
    counts = {item: n for item, n in zip(found.costs, values, strict=True) if np.isfinite(n)}
    made = plan_of(
        {item: n for item, n in counts.items() if not hide(item)},
        [item for item in counts if hide(item)],
        **{
            "rests": {
                BESIDE.join(k): tuple(i.key for i in rests) for k, rests in found.estimates.items()
            },
            "series": {area: tuple(i.key for i in own) for area, own in found.series.items()},
        }
        | plan,
    )
    small = settings.disclosure
    return replace(RULES, plan=made, minimum_denominator=small.minimum_denominator)


@cache
def everything() -> Rule:
    """Rule set of the made-up study on its made-up tables; nothing in them is small."""
    return rules_on(tables(), study(), found=declared())


def holds(thing: object, value: float) -> bool:
    """Say whether a number is in memory behind an object, or (three digits on) in a text."""
    left, seen = [thing], set()
    digits = str(value).removesuffix(".0").replace(".", "").lstrip("0")
    while left:
        item = left.pop()
        if id(item) in seen or isinstance(item, CODE):
            continue
        seen.add(id(item))
        if isinstance(item, str) and len(digits) > 2 and digits in item.replace(".", ""):
            return True
        if isinstance(item, int | float | np.number) and float(item) == value:
            return True
        if isinstance(item, np.ndarray):
            if item.dtype.kind in "iuf" and (item == value).any():
                return True
            left += [item.base, *(item.ravel().tolist() if item.dtype == object else ())]
        if isinstance(item, pd.Series | pd.DataFrame):
            left += [column.array for _, column in pd.DataFrame(item).items()]
        left += gc.get_referents(item)
    return False


@cache
def declared() -> Published:
    """What the pages of the made-up study publish of its made-up tables."""
    return published(tables(), study())
