"""Counts as rows over delivered cells: equal to what the pages compute, and tied where they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evaltools.measures import outcomes, sums
from evaltools.measures.catalogue import INDICATORS, LOCAL, VOLUME, Pick, indicator
from evaltools.measures.indicators import annual
from evaltools.measures.picking import pick
from evaltools.measures.sums import Sum
from release_samples import study

MEASURES = ("stock_3112", "started", "ended")
CELLS = [("28", "beratung"), ("31", "ambulant"), ("34", "stationaer"), ("35a", "ambulant")]
TOTAL = Pick(VOLUME)
OWN = Pick(VOLUME, without=LOCAL)


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_id", "period", "paragraph", "form", *MEASURES])
    kinds = dict.fromkeys(MEASURES, "Int64") | {"area_id": "string", "period": "string"}
    return frame.astype(kinds)


def value(count: pd.DataFrame, item: Sum) -> float:
    return float(sums.system(count, [item]).values[0])


TWO_AREAS = counts(
    ("A", "2019", "28", "beratung", 1, 2, 3),
    ("A", "2019", "31", "ambulant", 10, 20, 30),
    ("B", "2019", "31", "ambulant", 100, 200, 300),
    ("A", "2020", "31", "ambulant", 1000, 2000, 3000),
)


def test_a_sum_adds_its_measures_over_its_areas_and_periods() -> None:
    before = TWO_AREAS.copy()
    assert value(TWO_AREAS, Sum(("A",), ("2019",), TOTAL)) == 44
    assert value(TWO_AREAS, Sum(("A",), ("2019",), OWN)) == 40
    assert value(TWO_AREAS, Sum(("A", "B"), ("2019",), Pick(("started",)))) == 222
    assert value(TWO_AREAS, Sum(("A",), ("2019", "2020"), OWN)) == 4040
    assert value(TWO_AREAS, Sum(("A",), ("2019",), Pick(("ended",), (("*", "beratung"),)))) == 3
    pd.testing.assert_frame_equal(TWO_AREAS, before)


def test_a_weighted_sum_counts_each_form_as_much_as_it_weighs() -> None:
    cells = (("*", "beratung"), ("*", "ambulant"))
    item = Sum(("A",), ("2019",), Pick(("started",), cells), (("ambulant", 2.0),))
    assert value(TWO_AREAS, item) == 2 * 20


def test_a_sum_lacking_an_area_or_a_period_is_unknown() -> None:
    assert np.isnan(value(TWO_AREAS, Sum(("A", "B"), ("2019", "2020"), OWN)))
    assert np.isnan(value(TWO_AREAS, Sum(("C",), ("2019",), OWN)))
    assert np.isnan(value(TWO_AREAS, Sum(("A",), ("2018",), OWN)))


def test_a_sum_with_an_unknown_part_is_unknown_and_others_are_not() -> None:
    gap = TWO_AREAS.copy()
    gap.loc[1, "ended"] = pd.NA
    assert np.isnan(value(gap, Sum(("A",), ("2019",), OWN)))
    assert value(gap, Sum(("A",), ("2019",), Pick(("stock_3112",)))) == 11


def test_keys_tell_every_sum_from_every_other_and_stay_the_same() -> None:
    items = [
        Sum(areas, periods, what, weights)
        for areas in (("A",), ("A", "B"))
        for periods in (("2019",), ("2019", "2020"))
        for what in (TOTAL, OWN, Pick(("ended",)), Pick(VOLUME, (("*", "ambulant"),)))
        for weights in ((), (("ambulant", 2.0),))
    ]
    assert len({item.key for item in items}) == len(items)
    assert Sum(("A",), ("2019",), OWN).key == "A 2019 stock_3112+ended */*-28-35a"


def test_total_and_local_count_are_tied_through_their_parts() -> None:
    total = counts(("A", "2019", "alle", "alle", 11, 22, 33))
    both = pd.concat([TWO_AREAS, total], ignore_index=True)
    made = sums.system(both, [Sum(("A",), ("2019",), what) for what in (TOTAL, OWN)])
    assert list(made.values) == [44, 40]
    rest = (made.matrix[[0]] - made.matrix[[1]]).toarray()[0]
    assert sorted(made.cells[rest == 1]) == [1, 3]
    assert not rest[rest != 1].any()


@pytest.mark.parametrize("ended", [33, 40, None])
def test_stock_and_ended_are_the_volume_cell_by_cell_however_the_total_fits(
    ended: int | None,
) -> None:
    parts = TWO_AREAS.copy()
    if ended is None:  # one part is unknown: the delivered total serves for this measure only
        parts.loc[0, "ended"] = pd.NA
    total = counts(("A", "2019", "alle", "alle", 11, 22, ended or 33))
    both = pd.concat([parts, total], ignore_index=True)
    picks = (TOTAL, Pick(("stock_3112",)), Pick(("ended",)))
    made = sums.system(both, [Sum(("A",), ("2019",), what) for what in picks])
    assert list(made.values) == [11 + (ended or 33), 11, ended or 33]
    apart = made.matrix[[0]] - made.matrix[[1]] - made.matrix[[2]]
    assert not apart.toarray().any()


def test_a_year_of_quarters_adds_flows_and_takes_the_last_stock() -> None:
    quarters = counts(
        *(("A", f"2019-Q{n}", "31", "ambulant", 10 * n, n, 5 * n) for n in (1, 2, 3, 4))
    )
    assert value(quarters, Sum(("A",), ("2019",), Pick(("started",)))) == 1 + 2 + 3 + 4
    assert value(quarters, Sum(("A",), ("2019",), TOTAL)) == 40 + 50
    assert value(quarters, Sum(("A",), ("2019-Q2",), TOTAL)) == 20 + 10


def test_of_names_what_stands_above_and_below() -> None:
    share = indicator("anteil_ambulant")
    assert sums.of(share) == ((share.numerator, ()), (share.denominator, ()))
    quota = indicator("inanspruchnahme")
    assert sums.of(quota, [("ambulant", 2.0)]) == ((quota.numerator, ()),)
    mean = indicator("intensitaet")
    above, below = sums.of(mean, [("ambulant", 2.0)])
    assert (above[1], below[1]) == ((("ambulant", 2.0),), ())


# --- the same numbers as the pages ----------------------------------------------------------------

ONCE = settings(  # to make a failing table small would take minutes
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
WAYS = ("cells", "both", "off", "total", "paragraphs", "forms", "margins")


def _delivered(rows: pd.DataFrame, way: str) -> pd.DataFrame:
    """What an office delivers of one area and period."""
    key, measures = ["area_id", "period"], list(MEASURES)
    total = rows.groupby(key, as_index=False)[measures].sum()
    total = total.assign(paragraph="alle", form="alle")
    other = total.assign(ended=total["ended"] + 2)
    by_paragraph = rows.groupby([*key, "paragraph"], as_index=False)[measures].sum()
    by_form = rows.groupby([*key, "form"], as_index=False)[measures].sum()
    paragraphs, forms = by_paragraph.assign(form="alle"), by_form.assign(paragraph="alle")
    chosen = {
        "cells": [rows],
        "both": [rows, total],
        "off": [rows, other],
        "total": [total],
        "paragraphs": [paragraphs, total],
        "forms": [forms],
        "margins": [paragraphs, forms],
    }
    return pd.concat(chosen[way], ignore_index=True)


@st.composite
def deliveries(draw: st.DrawFn, suffixes: tuple[str, ...]) -> pd.DataFrame:
    """Two areas, two years, each delivered in a way of its own, with a gap here and there."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    parts = []
    for area in "AB":
        for year in ("2019", "2020"):
            way, n = draw(st.sampled_from(WAYS)), draw(st.integers(1, len(CELLS)))
            for suffix in suffixes:
                rows = [(area, year + suffix, *cell, *random.poisson(3, 3)) for cell in CELLS[:n]]
                parts.append(_delivered(counts(*rows), way))
    table = pd.concat(parts, ignore_index=True)
    for gap in draw(st.lists(st.integers(0, len(table) - 1), max_size=2)):
        table.loc[gap, draw(st.sampled_from(MEASURES))] = pd.NA
    return table


PICKS = list(
    dict.fromkeys(
        what
        for item in INDICATORS.values()
        if not item.weighted
        for what in (item.numerator, item.denominator)
        if what is not None and set(what.measures) <= set(MEASURES)
    )
)


def _compare(table: pd.DataFrame, shown: pd.DataFrame, items: list[Sum]) -> None:
    """Sums are what a page shows, wherever it shows one."""
    made = sums.system(table, items)
    known = shown["n"].notna().to_numpy(bool)
    assert made.values[known].tolist() == shown.loc[known, "n"].tolist()


@settings(ONCE, max_examples=8)
@given(deliveries(("",)))
def test_sums_are_what_pick_shows_however_counts_are_delivered(table: pd.DataFrame) -> None:
    for what in PICKS:
        found = pick(table, what)
        keys = zip(found["area_id"], found["period"], strict=True)
        _compare(table, found, [Sum((str(a),), (str(p),), what) for a, p in keys])


@settings(ONCE, max_examples=4)
@given(deliveries(("-Q1", "-Q2", "-Q3", "-Q4")))
def test_yearly_sums_of_quarters_are_what_pick_shows_of_years(table: pd.DataFrame) -> None:
    years = annual(table)
    for what in PICKS:
        found = pick(years, what)
        keys = zip(found["area_id"], found["period"], strict=True)
        _compare(table, found, [Sum((str(a),), (str(p),), what) for a, p in keys])


@settings(ONCE, max_examples=4)
@given(deliveries(("",)))
def test_weighted_sums_are_the_numerator_and_base_of_the_mean(table: pd.DataFrame) -> None:
    chosen = study()
    weights = tuple((str(form), w) for form, w in chosen.outcomes.weights.items())
    found = outcomes.values({"hze_count": table}, chosen, "intensitaet")
    places = [
        ((str(a),), (str(p),)) for a, p in zip(found["area_id"], found["period"], strict=True)
    ]
    for (what, own), column in zip(
        sums.of(indicator("intensitaet"), weights), ("numerator", "denominator"), strict=True
    ):
        items = [Sum(*place, what, own) for place in places]
        _compare(table, found.rename(columns={column: "n"}), items)
