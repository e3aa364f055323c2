"""All counts of a study protected at once, tried by an outsider who is written apart from it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from city_samples import (
    KINDS,
    LOCAL,
    MEASURES,
    MODEL,
    YEARS,
    Outsider,
    city,
    found_out,
    outsider,
    row,
    study,
    sums,
    tables,
    typed,
)
from evaltools.errors import ReleaseError
from evaltools.measures.catalogue import VOLUME, Pick
from evaltools.measures.sums import Sum
from evaltools.release import protection
from evaltools.release.plan import Plan
from evaltools.release.published import published

WIDTH = 2
NOBODY = {(MODEL, paragraph, year): (0, 0) for paragraph in LOCAL for year in YEARS}
ONE_IN_2015 = {(MODEL, "28", "2015"): (1, 1)}
# One help begins and ends under § 28, and one under § 35a: the rest is small, the sums are large.
SMALL_REST = NOBODY | ONE_IN_2015 | {(MODEL, "35a", "2015"): (1, 1)}
NONE_BEFORE = {"28": 0, "35a": 0}
# All that ended in 2015 is one help.
ONE_ENDED = {(MODEL, paragraph, "2015"): (12, int(paragraph == "31")) for paragraph, _ in KINDS}


@pytest.fixture(autouse=True)
def _little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "SECONDS", 3.0)


def planned(
    count: pd.DataFrame, earlier: dict[Sum, float] | None = None, **rules: object
) -> tuple[Plan, list[Sum]]:
    chosen = study(disclosure={"threshold": 3} | rules)
    found = published(tables(count), chosen)
    with pytest.MonkeyPatch.context() as patched:  # what it declares takes as long as the search
        patched.setattr(protection, "published", lambda *_: found)
        made = protection.plan(tables(count), chosen, earlier or {})
    return made, list(found.costs)


@cache
def small_rest() -> tuple[pd.DataFrame, Plan, list[Sum]]:
    count = city(SMALL_REST, first=NONE_BEFORE)
    return count, *planned(count)


@cache
def one_ended() -> tuple[pd.DataFrame, Plan, list[Sum]]:
    count = city(ONE_ENDED)
    return count, *planned(count)


def shown(year: str, *measures: str, without: tuple[str, ...] = ()) -> Sum:
    return Sum((MODEL,), (year,), Pick(measures, without=without))


def test_without_a_small_count_everything_is_shown() -> None:
    made, items = planned(city())
    assert set(made.states.values()) == {"shown"}
    assert {item.key for item in items} == set(made.values)
    assert (made.narrowest, made.n_inner) == (None, 0)


def test_a_small_rest_of_large_sums_is_not_exact() -> None:
    count, made, items = small_rest()
    total, local = shown("2015", *VOLUME), shown("2015", *VOLUME, without=LOCAL)
    rest = row(count, total) - row(count, local)
    naive = Outsider(
        count,
        {
            item: float(row(count, item) @ count[MEASURES].to_numpy(float).ravel())
            for item in items
            if item.key in made.values or "*/*" in item.key
        },
    )
    assert naive.interval(rest) == (2, 2)
    low, high = outsider(count, made, items).interval(rest)
    assert high - low >= WIDTH
    assert made.n_inner
    assert not found_out(count, made, items)


def test_neither_yearly_nor_before_and_after_sums_give_a_hidden_year_back() -> None:
    count, made, items = one_ended()
    ended = shown("2015", "ended")
    assert made.states[ended.key] == "primary"
    assert ended.key not in made.values
    assert any(item.key in made.values and len(item.periods) > 1 for item in items)
    assert not found_out(count, made, items)


def test_the_stock_identity_alone_would_give_a_hidden_count_back() -> None:
    count, made, items = one_ended()
    values = count[MEASURES].to_numpy(float).ravel()
    ended = shown("2015", "ended")
    alone = {item: float(row(count, item) @ values) for item in items if item != ended}
    assert Outsider(count, alone).interval(row(count, ended)) == (1, 1)
    hidden = {key for key, state in made.states.items() if state != "shown"}
    tied = [shown("2014", "stock_3112"), shown("2015", "stock_3112"), shown("2015", "started")]
    assert hidden & {item.key for item in tied}
    low, high = made.intervals[ended.key]
    assert high - low >= WIDTH


def test_intervals_of_the_plan_are_those_of_the_outsider_and_hold_the_truth() -> None:
    count, made, items = one_ended()
    knows, cells = outsider(count, made, items), count[MEASURES].to_numpy(float).ravel()
    hidden = [item for item in items if made.states[item.key] != "shown"]
    assert hidden
    for item in hidden:
        low, high = made.intervals[item.key]
        assert low - 1e-6 <= row(count, item) @ cells <= high + 1e-6
        assert knows.interval(row(count, item)) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("threshold", "small"), [(1, False), (2, True), (3, True), (5, True)])
def test_counts_below_the_threshold_are_hidden(threshold: int, small: bool) -> None:
    count = city({(MODEL, p, "2015"): (12, int(p == "31")) for p, _ in KINDS})
    made, _ = planned(count, threshold=threshold)
    assert (made.states[shown("2015", "ended").key] == "primary") == small
    assert (shown("2015", "ended").key in made.values) != small


def test_zeros_are_shown_where_the_rules_say_so() -> None:
    none = city({(MODEL, p, "2015"): (12, 0) for p, _ in KINDS})
    made, _ = planned(none)
    assert made.values[shown("2015", "ended").key] == 0


def test_zeros_are_hidden_where_the_rules_say_so() -> None:
    none = city({(MODEL, p, "2015"): (12, 0) for p, _ in KINDS})
    made, _ = planned(none, zeros_shown=False)
    assert shown("2015", "ended").key not in made.values


def test_counts_by_paragraph_and_by_form_apart_are_still_tied() -> None:
    """Two margins and no cross table: total less all other forms is the small form."""
    whole = city(NOBODY | ONE_IN_2015, first=NONE_BEFORE)
    places = (("paragraph", "form"), ("form", "paragraph"))
    margins = [
        whole.groupby(["area_id", "period", kept], as_index=False)[MEASURES]
        .sum()
        .assign(**{other: "alle"})
        for kept, other in places
    ]
    made, _ = planned(typed(pd.concat(margins, ignore_index=True)))
    forms = [
        Sum((MODEL,), ("2015",), Pick(VOLUME, (("*", form),))).key
        for form in ("beratung", "ambulant", "stationaer")
    ]
    assert made.states[forms[0]] == "primary"
    flows = [shown("2015", name).key for name in VOLUME]
    assert any(key not in made.values for key in (*forms[1:], *flows))
    low, high = made.intervals[forms[0]]
    assert WIDTH <= high - low < np.inf


def test_a_total_that_serves_for_one_measure_only_is_still_tied_to_the_volume() -> None:
    """Volume less stock is what ended, also where one part of what ended is unknown."""
    parts = city(ONE_ENDED)
    total = parts.groupby(["area_id", "period"], as_index=False)[MEASURES].sum()
    both = typed(pd.concat([parts, total.assign(paragraph="alle", form="alle")]))
    gap = (both["area_id"] == MODEL) & (both["period"] == "2015") & (both["paragraph"] == "35a")
    both.loc[gap, "ended"] = pd.NA
    chosen = study(outcomes={"hze": "inanspruchnahme"})
    made = protection.plan(tables(both.reset_index(drop=True)), chosen, {})
    keys = [shown("2015", *names).key for names in (VOLUME, VOLUME[:1])]
    assert made.states[shown("2015", "ended").key] == "primary"
    assert any(key not in made.values for key in keys)


# --- releases before this one ---------------------------------------------------------------------


def test_a_second_release_is_attacked_together_with_the_first() -> None:
    """Each release is safe by itself; seen together, a naive second one gives a count back."""
    last = {(MODEL, paragraph, "2020"): (12, int(paragraph == "31")) for paragraph, _ in KINDS}
    count, ended = city(ONE_ENDED | last), shown("2020", "ended")
    first = count[count["period"] < "2020"].reset_index(drop=True)
    before, items = planned(first)
    released = sums(before.values, items)
    naive, everything = planned(count)
    assert not found_out(first, before, items)
    assert not found_out(count, naive, everything)
    both = Outsider(count, released | sums(naive.values, everything))
    assert both.interval(row(count, ended)) == (1, 1)
    ours, _ = planned(count, earlier=released)
    assert all(ours.states[item.key] == "shown" for item in released)
    knows = Outsider(count, released | sums(ours.values, everything))
    for item in (ended, shown("2015", "ended")):
        low, high = knows.interval(row(count, item))
        assert high - low >= WIDTH


def test_what_changed_since_is_set_aside() -> None:
    count, before, items = one_ended()
    released = sums(before.values, items)
    corrected = next(item for item in released if item.areas == (MODEL,))
    gone = Sum(("SR99",), ("2015",), Pick(("ended",)))
    made, _ = planned(count, earlier=released | {corrected: released[corrected] + 1, gone: 7.0})
    assert set(made.set_aside) == {corrected.key, gone.key}


def test_a_small_count_that_is_out_ends_the_run_with_what_to_do() -> None:
    count, _, items = one_ended()
    cells = count[MEASURES].to_numpy(float).ravel()
    out = {
        item: float(row(count, item) @ cells)
        for item in items
        if item.key.endswith("ended */*")
        or item.key.endswith("started */*")
        or item.key.endswith("stock_3112 */*")
    }
    del out[shown("2015", "ended")]
    with pytest.raises(ReleaseError, match="merge areas or periods, or withdraw what was released"):
        planned(count, earlier=out)


# --- rounding -------------------------------------------------------------------------------------


def test_rounded_counts_leave_the_width_and_withhold_estimates_that_would_not() -> None:
    count, *_ = small_rest()
    made, _ = planned(count, method="round5")
    assert made.rounded
    assert set(made.states.values()) == {"shown"}
    assert made.narrowest is None or made.narrowest >= WIDTH
    plain, _ = planned(city(), method="round5")
    assert plain.estimates


@pytest.mark.parametrize("values", [np.arange(200.0)])
def test_a_rounded_count_lies_among_all_that_are_rounded_alike(values: np.ndarray) -> None:
    low, high = protection.rounding(values)
    near = 5 * np.round(values / 5)
    for n, a, b, own in zip(values, low, high, near, strict=True):
        alike = values[near == own]
        if own < 195:
            assert (a, b) == (alike.min(), alike.max()), n


def test_rounding_is_refused_where_it_leaves_less_than_the_width() -> None:
    count, *_ = small_rest()
    chosen = study(disclosure={"threshold": 3, "method": "round5"})
    wider = chosen.disclosure.model_copy(update={"width": 3})  # the study file may not say so
    chosen = chosen.model_copy(update={"disclosure": wider})
    with pytest.raises(ReleaseError, match="merge areas or periods, or leave out a notebook"):
        protection.plan(tables(count), chosen, {})


# --- random cities --------------------------------------------------------------------------------


@settings(
    max_examples=3,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10**6), st.sampled_from([0.2, 0.6, 2.0]))
def test_no_small_count_of_a_random_city_is_recovered(seed: int, mean: float) -> None:
    random = np.random.default_rng(seed)
    flows, first = {}, {}
    for paragraph, _ in KINDS:
        have = first[paragraph] = int(random.poisson(4 * mean))
        for year in YEARS:
            started = int(random.poisson(mean))
            ended = int(random.integers(0, have + started + 1))
            flows[MODEL, paragraph, year] = started, ended
            have += started - ended
    count = city(flows, first=first)
    try:
        made, items = planned(count)
    except ReleaseError as error:
        assert "merge areas or periods" in str(error)
        return
    assert not found_out(count, made, items)
