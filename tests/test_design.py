"""The panel is complete, ordered and named, or it is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evaltools.effects.design import Panel, panel
from evaltools.errors import DesignError

YEARS = tuple(str(year) for year in range(2011, 2021))


@pytest.fixture
def values() -> pd.DataFrame:
    """Areas A to D over ten years; the count tells area and year apart."""
    rows = [
        (area, year, 10 * place + n, 100 * place)
        for place, area in enumerate("ABCD", start=1)
        for n, year in enumerate(YEARS)
    ]
    frame = pd.DataFrame(rows, columns=["area_id", "period", "numerator", "denominator"])
    return frame.astype({"numerator": "Float64", "denominator": "Float64"})


def build(values: pd.DataFrame, **changed: object) -> Panel:
    asked: dict[str, object] = {"treated": "C", "start": "2016", "comparison": ["B", "A", "D"]}
    return panel(values, **(asked | changed))  # type: ignore[arg-type]


def cell(values: pd.DataFrame, area: str, *years: str) -> pd.Series:
    return (values["area_id"] == area) & values["period"].isin(years)


def test_treated_area_stands_first_and_periods_in_order(values: pd.DataFrame) -> None:
    built = build(values)
    assert built.areas == ("C", "A", "B", "D")
    assert built.treated == "C"
    assert built.periods == YEARS
    assert built.counts[0].tolist() == list(range(30, 40))
    assert built.exposure[:, 0].tolist() == [300, 100, 200, 400]
    assert built.after.tolist() == [False] * 5 + [True] * 5
    assert built.left_out_areas == {}


def test_order_of_rows_does_not_matter(values: pd.DataFrame) -> None:
    mixed = build(values.sample(frac=1, random_state=4), comparison=["D", "A", "B"])
    np.testing.assert_array_equal(mixed.counts, build(values).counts)


def test_new_names_only_change_the_names(values: pd.DataFrame) -> None:
    renamed = values.assign(area_id="X" + values["area_id"])
    built = build(renamed, treated="XC", comparison=["XA", "XB", "XD"])
    assert built.areas == ("XC", "XA", "XB", "XD")
    np.testing.assert_array_equal(built.counts, build(values).counts)


def test_unit_of_the_population_passes_through(values: pd.DataFrame) -> None:
    thousands = values.assign(denominator=values["denominator"] / 1000)
    np.testing.assert_allclose(build(thousands).exposure * 1000, build(values).exposure)


def test_treated_area_is_never_its_own_comparison(values: pd.DataFrame) -> None:
    assert build(values, comparison=["A", "B", "C"]).areas == ("C", "A", "B")


def test_selection_periods_are_left_out_and_named(values: pd.DataFrame) -> None:
    built = build(values, left_out_periods=["2015"])
    assert "2015" not in built.periods
    assert built.left_out_periods == ("2015",)


@pytest.mark.parametrize("period", ["1999", "2015-Q3", "2016", "2019"])
def test_selection_periods_that_would_guard_nothing_are_refused(
    values: pd.DataFrame, period: str
) -> None:
    with pytest.raises(DesignError, match=f"selection periods {period} are no periods of the data"):
        build(values, left_out_periods=[period])


def test_panel_begins_and_ends_with_the_treated_area(values: pd.DataFrame) -> None:
    late = values[~cell(values, "C", "2011", "2020")]
    built = build(late)
    assert built.periods == YEARS[1:-1]
    assert built.unknown_periods == (YEARS[0], YEARS[-1])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda v: v[v["area_id"] != "A"], "keine Werte"),
        (lambda v: v[~cell(v, "A", "2013")], "1 Zeitraum unbekannt"),
        (
            lambda v: v.assign(denominator=v["denominator"].mask(cell(v, "A", "2013", "2014"))),
            "2 Zeiträume unbekannt",
        ),
        (
            lambda v: v.assign(denominator=v["denominator"].mask(cell(v, "A", "2013"), 0)),
            "Bezugsgröße null",
        ),
        (
            lambda v: v.assign(numerator=v["numerator"].mask(v["area_id"] == "A", 0)),
            "kein einziger Fall",
        ),
    ],
)
def test_incomplete_comparison_area_is_left_out_and_named(
    values: pd.DataFrame, damage: Callable[[pd.DataFrame], pd.DataFrame], reason: str
) -> None:
    built = build(damage(values))
    assert built.areas == ("C", "B", "D")
    assert built.left_out_areas == {"A": reason}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"treated": "Z"}, r"area Z has no values; check the table and the area's id"),
        (
            {"start": "2013"},
            r"start=2013 leaves 2 periods before it for area C; at least 3 are needed",
        ),
        (
            {"start": "2021"},
            r"start=2021 leaves no period after it for area C; at least 1 is needed",
        ),
        (
            {"start": "2016-Q3"},
            r"start=2016-Q3 lies within the period 2016 of area C; give the first whole period",
        ),
        (
            {"comparison": ["A"]},
            r"area C: 1 complete comparison areas, at least 2 are needed; name others",
        ),
    ],
)
def test_refusals_say_what_where_limit_and_what_next(
    values: pd.DataFrame, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        build(values, **changed)


def test_start_within_a_period_that_is_left_out_is_no_problem(values: pd.DataFrame) -> None:
    built = build(values, start="2016-Q3", left_out_periods=["2016"])
    assert built.after.tolist() == [False] * 5 + [True] * 4


def test_gap_of_the_treated_area_is_refused(values: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"area C has no value in 2013, 2015; deliver them, or"):
        build(values[~cell(values, "C", "2013", "2015")])
    with pytest.raises(DesignError, match=r"area C has no period with both count and base"):
        build(values.assign(numerator=values["numerator"].mask(values["area_id"] == "C")))


def test_empty_base_of_the_treated_area_is_refused(values: pd.DataFrame) -> None:
    damaged = values.assign(denominator=values["denominator"].mask(cell(values, "C", "2014"), 0))
    with pytest.raises(DesignError, match=r"area C: the base is zero in 2014; a rate needs a base"):
        build(damaged)


def test_quarters_with_a_start_in_years(values: pd.DataFrame) -> None:
    quarterly = values.assign(period="2016-Q" + (values["period"].astype(int) % 4 + 1).astype(str))
    quarterly = quarterly.drop_duplicates(["area_id", "period"])
    with pytest.raises(DesignError, match="start=2016 leaves 0 periods before it"):
        build(quarterly)


def test_frame_is_left_as_it_was(values: pd.DataFrame) -> None:
    before = values.copy(deep=True)
    build(values, left_out_periods=["2015"])
    pd.testing.assert_frame_equal(values, before)
