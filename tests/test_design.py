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
    assert (built.treated, built.name) == (("C",), "C")
    assert (built.starts, built.start) == (("2016",), "2016")
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
            r"start=2013 leaves 2 periods before it for area C, fewer than 3; move the start or "
            r"deliver more periods$",
        ),
        (
            {"start": "2021"},
            r"start=2021 leaves 0 periods after it for area C, fewer than 1; move the start or "
            r"deliver more periods$",
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


@pytest.mark.parametrize(
    ("changed", "german"),
    [
        ({"start": "2013"}, "Vor dem Beginn 2013 liegen 2 Zeiträume; nötig: mindestens 3."),
        ({"start": "2021"}, "Nach dem Beginn 2021 liegen 0 Zeiträume; nötig: mindestens 1."),
        ({"comparison": ["A"]}, "Vollständige Vergleichsräume: 1; nötig sind mindestens 2."),
        ({"comparison": []}, "Vollständige Vergleichsräume: 0; nötig sind mindestens 2."),
    ],
)
def test_refusals_are_told_in_german_with_their_numbers(
    values: pd.DataFrame, changed: dict[str, object], german: str
) -> None:
    with pytest.raises(DesignError) as refused:
        build(values, **changed)
    assert refused.value.german == german


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


# --- several treated areas ------------------------------------------------------------------------


def test_several_treated_areas_stand_first_in_the_order_given(values: pd.DataFrame) -> None:
    built = build(values, treated=["D", "B"], comparison=list("ABCD"))
    assert built.areas == ("D", "B", "A", "C")
    assert (built.treated, built.name) == (("D", "B"), "D, B")
    assert (built.starts, built.start) == (("2016", "2016"), "2016")
    assert built.counts[:, 0].tolist() == [40, 20, 10, 30]


def test_each_area_has_its_own_start(values: pd.DataFrame) -> None:
    built = build(values, treated=["D", "B"], start=["2018", "2015"], comparison=["A", "C"])
    assert built.starts == ("2018", "2015")
    message = (
        r"areas D, B start at 2018, 2015: this estimate needs one common start; use "
        r"effects.staggered, or evaluate each area alone"
    )
    for ask in ("start", "after"):
        with pytest.raises(DesignError, match=message):
            getattr(built, ask)


def test_treated_cells_begin_with_each_start(values: pd.DataFrame) -> None:
    built = build(values, treated=["D", "B"], start=["2018", "2015"], comparison=["A", "C"])
    expected = [[year >= start for year in YEARS] for start in ("2018", "2015")]
    assert built.cells()[:2].tolist() == expected
    assert not built.cells()[2:].any()
    common = build(values, treated=["D", "B"], comparison=["A", "C"])
    np.testing.assert_array_equal(common.cells()[:2], np.array([common.after] * 2))


def test_panel_has_the_periods_that_all_treated_areas_know(values: pd.DataFrame) -> None:
    gone = cell(values, "D", "2011") | cell(values, "B", "2020")
    built = build(values[~gone], treated=["D", "B"], comparison=["A", "C"])
    assert built.periods == YEARS[1:-1]
    assert built.unknown_periods == ("2011", "2020")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"treated": ["C", "Z"]}, r"area Z has no values; check the table"),
        ({"start": ["2016", "2013"]}, r"start=2013 leaves 2 periods before it for area B"),
        ({"start": ["2021", "2016"]}, r"start=2021 leaves 0 periods after it for area C"),
        ({"start": ["2016", "2016-Q3"]}, r"start=2016-Q3 lies within the period 2016 of area B"),
        ({"comparison": ["A", "B"]}, r"area C, B: 1 complete comparison areas, at least 2"),
        (
            {"start": ["2017", "2015"], "left_out_periods": ["2016"]},
            r"area B: selection periods 2016 are no periods of the data before start=2015",
        ),
    ],
)
def test_every_treated_area_is_checked(
    values: pd.DataFrame, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        build(values, **({"treated": ["C", "B"], "comparison": ["A", "D"]} | changed))


@pytest.mark.parametrize(
    ("treated", "start"),
    [
        ([], "2016"),
        (["C", "C"], "2016"),
        (["C", "D", "C"], ["2016", "2017", "2016"]),
        (["A", "B", "C", "D"], "2016"),
        (["C", "D"], ["2016"]),
        (["C"], ["2016", "2017"]),
        (["C", "D"], []),
    ],
)
def test_one_to_three_different_areas_and_as_many_starts_or_none(
    values: pd.DataFrame, treated: list[str], start: str | list[str]
) -> None:
    more = pd.concat([values, values.assign(area_id=values["area_id"] + "2")])
    others = ["A2", "B2", "C2", "D2"]
    message = (
        rf"treated areas {', '.join(treated)} with starts .*: give one to 3 different areas, and "
        "one start for all or one for each"
    )
    with pytest.raises(DesignError, match=message) as refused:
        build(more, treated=treated, start=start, comparison=others)
    assert refused.value.german == "Zusammen geschätzt werden ein bis 3 Modellräume."


def test_three_areas_can_be_treated_together(values: pd.DataFrame) -> None:
    more = pd.concat([values, values.assign(area_id=values["area_id"] + "2")])
    built = build(more, treated=["A", "B", "C"], comparison=["A2", "B2", "A"])
    assert built.areas == ("A", "B", "C", "A2", "B2")


# --- parts of a panel -----------------------------------------------------------------------------


def test_kept_are_treated_areas_and_some_of_the_others(values: pd.DataFrame) -> None:
    built = build(values)
    kept = built.keep([2, 3])
    assert kept.areas == ("C", "B", "D")
    np.testing.assert_array_equal(kept.counts, built.counts[[0, 2, 3]])
    np.testing.assert_array_equal(kept.exposure, built.exposure[[0, 2, 3]])
    assert (kept.periods, kept.starts) == (built.periods, built.starts)
    assert built.keep([0, 2, 3]).areas == kept.areas  # the treated area is there anyway, once


def test_kept_periods_are_cut_alike_for_all(values: pd.DataFrame) -> None:
    built = build(values)
    kept = built.keep([1, 2], range(2, 8))
    assert kept.periods == YEARS[2:8]
    np.testing.assert_array_equal(kept.counts, built.counts[:3, 2:8])
    assert kept.after.tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([0, 1], None, r"area C: 1 complete comparison areas, at least 2 are needed"),
        (
            [1, 2],
            range(3, 10),
            r"start=2016 leaves 2 periods before it for area C, fewer than 3; move",
        ),
        ([1, 2], range(5), r"start=2016 leaves 0 periods after it for area C, fewer than 1; move"),
    ],
)
def test_too_little_kept_is_refused(
    values: pd.DataFrame, rows: list[int], columns: range | None, message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        build(values).keep(rows, columns)


def test_panel_is_left_as_it_was_when_parts_are_kept(values: pd.DataFrame) -> None:
    built = build(values)
    counts, exposure = built.counts.copy(), built.exposure.copy()
    kept = built.keep([1, 2])
    kept.counts[0, 0] = -1
    kept.exposure[0, 0] = -1
    np.testing.assert_array_equal(built.counts, counts)
    np.testing.assert_array_equal(built.exposure, exposure)
    assert built.areas == ("C", "A", "B", "D")


def test_periods_without_a_case_in_the_comparison_are_refused_by_name(
    values: pd.DataFrame,
) -> None:
    built = build(values)
    cases = built.counts[1:].sum(0)
    built.compared(cases)
    cases[[2, 7]] = 0
    with pytest.raises(
        DesignError,
        match=r"comparison of area C: no case in 2013, 2018; every period needs cases, so name",
    ) as refused:
        built.compared(cases)
    assert refused.value.german == "In den Vergleichsräumen gibt es zu wenige Fälle."


@pytest.mark.parametrize(("start", "first"), [("2018-07", "2018-Q3"), ("2018", "2018-Q1")])
def test_a_start_in_another_unit_means_the_same_day(start: str, first: str) -> None:
    quarters = [f"{year}-Q{n}" for year in (2016, 2017, 2018, 2019) for n in (1, 2, 3, 4)]
    rows = [(area, period, 10, 100) for area in "ABC" for period in quarters]
    frame = pd.DataFrame(rows, columns=["area_id", "period", "numerator", "denominator"])
    frame = frame.astype({"numerator": "Float64", "denominator": "Float64"})
    built = panel(frame, treated="A", start=start, comparison=["B", "C"])
    assert built.start == first
    assert built.after.tolist() == [period >= first for period in quarters]
    with pytest.raises(DesignError, match="start=2018-08 lies within the period 2018-Q3"):
        panel(frame, treated="A", start="2018-08", comparison=["B", "C"])
