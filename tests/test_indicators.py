"""Indicators: published figures, hand-computed values, and unknown that is never 0."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures.catalogue import INDICATORS, Pick, indicator
from evaltools.measures.indicators import (
    annual,
    compute,
    compute_reference,
    rate,
    standardised_ratio,
    total,
)
from evaltools.measures.picking import pick
from evaltools.study import Population

UNDER_21 = Population()
MEASURES = ["stock_3112", "started", "ended", "young_people", "cost_eur"]
PLAIN = [name for name, item in INDICATORS.items() if not (item.role or item.weighted)]


def counts(*rows: tuple[object, ...], measures: tuple[str, ...] = tuple(MEASURES)) -> pd.DataFrame:
    """Table of counts: area, period, paragraph, form, then the measures."""
    frame = pd.DataFrame(rows, columns=["area_id", "period", "paragraph", "form", *measures])
    return frame.astype(dict.fromkeys(measures, "Float64"))


def people(n: dict[str, float], years: tuple[int, ...] = (2022,)) -> pd.DataFrame:
    rows = [(area, year, number) for area, number in n.items() for year in years]
    frame = pd.DataFrame(rows, columns=["area_id", "year", "n"]).astype({"n": "Float64"})
    return frame.assign(sex="alle", age_from=0, age_to=20, kind="actual")


def value(table: pd.DataFrame, population: pd.DataFrame, name: str, area: str = "A") -> object:
    found = compute(table, population, name, ages=UNDER_21).set_index("area_id")
    return found.loc[area, "value"]


# --- published values -----------------------------------------------------------------------------

PUBLISHED = {  # AKJStat: volume, young people, expenditure in €, and what is printed per head
    2022: (990_442, 1_168_716, 11_975_026_000, (593, 700, 717)),
    2023: (1_032_929, 1_214_017, 13_388_737_000, (616, 724, 798)),
}
PRINTED = (("inanspruchnahme", 10_000), ("junge_menschen", 10_000), ("ausgaben_je_kopf", 1))


@pytest.mark.parametrize("year", PUBLISHED)
def test_one_population_gives_all_figures_that_akjstat_prints(year: int) -> None:
    cases, young, euro, printed = PUBLISHED[year]
    sums = (cases, young, euro)
    bounds = [
        (n * per / (shown + 0.5), n * per / (shown - 0.5))
        for n, (_, per), shown in zip(sums, PRINTED, printed, strict=True)
    ]
    low, high = max(pair[0] for pair in bounds), min(pair[1] for pair in bounds)
    assert low < high
    table = counts(("nation", str(year), "alle", "alle", cases, 0, 0, young, euro))
    for population in (math.ceil(low), math.floor(high), round((low + high) / 2)):
        base = people({"nation": population}, (year,))
        for (name, _), shown in zip(PRINTED, printed, strict=True):
            assert round(value(table, base, name, "nation")) == shown  # type: ignore[call-overload]


def test_children_in_need_in_england_at_any_point_are_stock_and_ended(shared: Path) -> None:
    raw = pd.read_csv(shared / "england_cin" / "b1_children_in_need_2013_to_2025.csv", dtype=str)
    nation = raw[(raw["geographic_level"] == "National") & (raw["time_period"] == "2025")].iloc[0]
    stock, ended = int(nation["At31_episodes"]), int(nation["Ended_episodes"])
    assert (stock, ended) == (402_400, 353_720)
    table = counts(("nation", "2025", "alle", "alle", stock, pd.NA, ended, pd.NA, pd.NA))
    found = pick(table, indicator("inanspruchnahme").numerator)
    assert found["n"].tolist() == [756_120] == [int(nation["Anypoint_episodes"])]


# --- every indicator by hand ----------------------------------------------------------------------


@pytest.fixture
def six_helps_of_one_area() -> pd.DataFrame:
    """Area A, 2,000 people: stock 50, started 34, ended 34 in the parts; total row for persons."""
    return counts(
        ("A", "2022", "27_2", "stationaer", 2, 1, 1, pd.NA, pd.NA),
        ("A", "2022", "28", "beratung", 5, 8, 9, pd.NA, pd.NA),
        ("A", "2022", "31", "ambulant", 20, 12, 11, pd.NA, pd.NA),
        ("A", "2022", "33", "stationaer", 6, 2, 1, pd.NA, pd.NA),
        ("A", "2022", "34", "stationaer", 9, 5, 6, pd.NA, pd.NA),
        ("A", "2022", "35a", "ambulant", 8, 6, 6, pd.NA, pd.NA),
        ("A", "2022", "alle", "alle", 50, 34, 34, 76, 1_400_000),
    ).assign(started_after_8a=pd.array([1, 0, 2, 0, 3, 0, 6], dtype="Int64"))


EXPECTED = {
    "inanspruchnahme": (50 + 34) / 2000 * 10_000,
    "inanspruchnahme_lokal": (2 + 1 + 20 + 11 + 6 + 1 + 9 + 6) / 2000 * 10_000,
    "fremdunterbringung": (2 + 1 + 6 + 1 + 9 + 6) / 2000 * 10_000,
    "jahressumme_consens": (50 + 34 + 34) / 2000 * 10_000,
    "hze_dichte": 50 / 2000 * 100,
    "hze_dichte_ambulant": (20 + 8) / 2000 * 100,
    "hze_dichte_stationaer": (2 + 6 + 9) / 2000 * 100,
    "anteil_ambulant": 28 / 50 * 100,
    "anteil_vollzeitpflege": 6 / 17 * 100,
    "zugangsquote": 34 / 2000 * 10_000,
    "anteil_stationaer_begonnen": (1 + 2 + 5) / (1 + 12 + 2 + 5) * 100,
    "junge_menschen": 76 / 2000 * 10_000,
    "ausgaben_je_kopf": 700.0,
    "stationaer": (2 + 1 + 6 + 1 + 9 + 6) / 2000 * 10_000,
    "abgangsquote": 34 / 2000 * 10_000,
    "gefaehrdung_8a": 6 / 2000 * 10_000,
}


def test_every_indicator_over_counts_or_population_has_an_expected_value() -> None:
    assert set(EXPECTED) == set(PLAIN)


@pytest.mark.parametrize(
    ("name", "needed"), [("intensitaet", "weights"), ("faelle_je_fachkraft", "staffing")]
)
def test_indicator_that_needs_more_is_refused_with_the_way_to_it(
    name: str, needed: str, six_helps_of_one_area: pd.DataFrame
) -> None:
    with pytest.raises(DesignError, match=rf"{name} needs .*{needed}.*measures.outcomes.values"):
        compute(six_helps_of_one_area, people({"A": 2000}), name, ages=UNDER_21)


def test_stationary_helps_of_any_paragraph_count_but_those_of_28_and_35a() -> None:
    table = counts(
        ("A", "2022", "34", "stationaer", 4, 0, 1, 0, 0),
        ("A", "2022", "35", "stationaer", 2, 0, 0, 0, 0),
        ("A", "2022", "41", "stationaer", 3, 0, 1, 0, 0),
        ("A", "2022", "35a", "stationaer", 9, 0, 9, 0, 0),
        ("A", "2022", "31", "ambulant", 9, 0, 9, 0, 0),
    )
    assert value(table, people({"A": 1000}), "stationaer") == 110
    assert value(table, people({"A": 1000}), "fremdunterbringung") == 50


@pytest.mark.parametrize("name", PLAIN)
def test_indicator_equals_the_value_worked_out_by_hand(
    name: str, six_helps_of_one_area: pd.DataFrame
) -> None:
    found = value(six_helps_of_one_area, people({"A": 2000}), name)
    assert found == pytest.approx(EXPECTED[name], rel=1e-12)


@pytest.mark.parametrize("name", PLAIN)
def test_order_names_and_unit_of_population_do_not_matter(
    name: str, six_helps_of_one_area: pd.DataFrame
) -> None:
    table = pd.concat([six_helps_of_one_area, six_helps_of_one_area.assign(area_id="B")])
    plain = compute(table, people({"A": 2000, "B": 900}), name, ages=UNDER_21)
    mixed = table.sample(frac=1, random_state=2).replace({"area_id": {"A": "Z"}})
    thousands = compute(mixed, people({"Z": 2.0, "B": 0.9}), name, ages=UNDER_21)
    scale = 1000.0 if INDICATORS[name].denominator is None else 1.0
    ours, theirs = (frame.set_index("area_id") for frame in (plain, thousands))
    for own, other in (("A", "Z"), ("B", "B")):
        for column in ("value", "low", "high"):
            a, b = ours.loc[own, column], theirs.loc[other, column]
            assert (pd.isna(a) and pd.isna(b)) or a * scale == pytest.approx(b)


def test_unknown_indicator_is_refused(six_helps_of_one_area: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"unknown indicator 'dichte'; permitted: "):
        compute(six_helps_of_one_area, people({"A": 1}), "dichte", ages=UNDER_21)
    with pytest.raises(
        DesignError, match=r"bands 0-20 do not add|bands none do not add up to 0-17"
    ):
        compute(six_helps_of_one_area, people({"A": 1}), "zugangsquote", ages=Population(age_to=17))


def test_callers_frames_are_left_as_they_were(six_helps_of_one_area: pd.DataFrame) -> None:
    base = people({"A": 2000})
    monthly = six_helps_of_one_area.assign(period="2022-01")
    trend = six_helps_of_one_area.rename(columns={"area_id": "level"}).assign(population=5)
    values = compute(six_helps_of_one_area, base, "zugangsquote", ages=UNDER_21)
    frames = (six_helps_of_one_area, base, monthly, trend, values)
    copies = [frame.copy(deep=True) for frame in frames]
    for name in PLAIN:
        compute(six_helps_of_one_area, base, name, ages=UNDER_21)
        compute_reference(trend, name, ages=UNDER_21)
        pick(six_helps_of_one_area, INDICATORS[name].numerator)
    annual(monthly)
    total(values, ["A"], indicator("zugangsquote"))
    rate(values, indicator("zugangsquote"))
    standardised_ratio(values)
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


# --- exact intervals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_garwood_interval_equals_the_printed_tables(n: int, low: float, high: float) -> None:
    table = counts(("A", "2022", "alle", "alle", 0, n, 0, 0, 0))
    found = compute(table, people({"A": 10_000}), "zugangsquote", ages=UNDER_21).iloc[0]
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Clopper & Pearson 1934; 0 and n of n have the closed form 1 − 0.025^(1/n)
    [(1, 6, 0.0042, 0.6412), (0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (5, 10, 0.1871, 0.8129)],
)
def test_clopper_pearson_interval_equals_the_printed_tables(
    part: int, whole: int, low: float, high: float
) -> None:
    table = counts(
        ("A", "2022", "34", "stationaer", 0, part, 0, 0, 0),
        ("A", "2022", "31", "ambulant", 0, whole - part, 0, 0, 0),
    )
    found = compute(table, people({"A": 1}), "anteil_stationaer_begonnen", ages=UNDER_21).iloc[0]
    shown = (found["low"] / 100, found["high"] / 100)
    assert shown == pytest.approx((low, high), abs=5e-5)


def test_money_has_no_interval(six_helps_of_one_area: pd.DataFrame) -> None:
    found = compute(
        six_helps_of_one_area, people({"A": 2000}), "ausgaben_je_kopf", ages=UNDER_21
    ).iloc[0]
    assert pd.isna(found["low"])
    assert pd.isna(found["high"])


# --- unknown is NA with a reason ------------------------------------------------------------------


def test_unknown_count_is_na_with_its_reason() -> None:
    table = counts(
        ("A", "2022", "34", "stationaer", pd.NA, 4, 2, 0, 0),
        ("A", "2022", "31", "ambulant", 5, 4, 2, 0, 0),
        ("B", "2022", "34", "stationaer", 0, 4, 0, 0, 0),
    ).assign(stock_3112_reason=pd.array(["gesperrt", None, None], dtype="string"))
    found = compute(table, people({"A": 100, "B": 100}), "hze_dichte", ages=UNDER_21)
    by_area = found.set_index("area_id")
    assert by_area.loc["A", ["numerator", "value", "low", "high"]].isna().all()
    assert by_area.loc["A", "reason"] == "gesperrt"
    assert by_area.loc["B", "value"] == 0
    assert pd.isna(by_area.loc["B", "reason"])


def test_measure_that_is_not_delivered_is_na_with_a_reason() -> None:
    table = counts(("A", "2022", "alle", "alle", 5), measures=("stock_3112",))
    found = compute(table, people({"A": 100}), "inanspruchnahme", ages=UNDER_21).iloc[0]
    assert pd.isna(found["value"])
    assert found["reason"] == "nicht geliefert"


@pytest.mark.parametrize("n", [{"B": 10}, {"A": 0}, {"A": pd.NA}], ids=["none", "zero", "unknown"])
def test_unknown_base_is_na_with_a_reason(n: dict[str, float]) -> None:
    table = counts(("A", "2022", "alle", "alle", 5, 5, 5, 5, 5))
    found = compute(table, people(n), "inanspruchnahme", ages=UNDER_21).iloc[0]
    assert found[["value", "low", "high"]].isna().all()
    assert found["reason"] == "Bezugsgröße unbekannt oder null"


# --- totals and parts -----------------------------------------------------------------------------


def parts_and_total(stock_of_total: object, stock_of_part: object = 3) -> pd.DataFrame:
    return counts(
        ("A", "2022", "31", "ambulant", stock_of_part),
        ("A", "2022", "34", "stationaer", 4),
        ("A", "2022", "alle", "alle", stock_of_total),
        measures=("stock_3112",),
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (parts_and_total(9), 9),
        (parts_and_total(pd.NA), 7),
        (parts_and_total(9, pd.NA), 9),
        (parts_and_total(pd.NA, pd.NA), pd.NA),
    ],
    ids=["total first", "parts where it is unknown", "total over unknown part", "both unknown"],
)
def test_total_serves_before_the_sum_of_parts(table: pd.DataFrame, expected: object) -> None:
    found = pick(table, Pick(("stock_3112",)))["n"].iloc[0]
    assert pd.isna(found) if pd.isna(expected) else found == expected


def test_total_never_serves_for_a_part_of_the_helps() -> None:
    only_total = counts(("A", "2022", "alle", "alle", 9), measures=("stock_3112",))
    for what in (Pick(("stock_3112",), without=("28",)), Pick(("stock_3112",), (("34", "*"),))):
        found = pick(only_total, what).iloc[0]
        assert pd.isna(found["n"])
        assert found["reason"] == "nur als Summe geliefert"


def test_category_that_no_area_ever_has_was_not_delivered() -> None:
    table = counts(("A", "2022", "31", "ambulant", 3), measures=("stock_3112",))
    found = pick(table, Pick(("stock_3112",), (("34", "*"),))).iloc[0]
    assert pd.isna(found["n"])
    assert found["reason"] == "nicht geliefert"


def test_category_that_others_have_is_none_here() -> None:
    table = counts(
        ("A", "2022", "31", "ambulant", 3),
        ("B", "2022", "34", "stationaer", 2),
        measures=("stock_3112",),
    )
    found = pick(table, Pick(("stock_3112",), (("34", "*"),)))
    assert found.set_index("area_id")["n"].to_dict() == {"A": 0, "B": 2}


def test_sums_over_forms_or_paragraphs_are_not_counted_twice() -> None:
    table = counts(
        ("A", "2022", "34", "stationaer", 4),
        ("A", "2022", "27_2", "ambulant", 3),
        ("A", "2022", "27_2", "stationaer", 2),
        ("A", "2022", "27_2", "alle", 5),
        ("A", "2022", "alle", "stationaer", 6),
        ("A", "2022", "alle", "ambulant", 3),
        measures=("stock_3112",),
    )
    stock = ("stock_3112",)
    for what, expected in (
        (Pick(stock), 9),
        (Pick(stock, (("27_2", "*"),)), 5),
        (Pick(stock, (("*", "stationaer"),)), 6),
        (Pick(stock, indicator("fremdunterbringung").numerator.cells), 6),
        (Pick(stock, without=("28", "35a")), 9),
    ):
        assert pick(table, what)["n"].tolist() == [expected]


def test_sums_over_one_axis_serve_for_what_they_hold_and_nothing_else() -> None:
    by_form = counts(
        ("A", "2022", "alle", "stationaer", 6),
        ("A", "2022", "alle", "ambulant", 3),
        ("B", "2022", "34", "stationaer", 1),
        measures=("stock_3112",),
    )
    stationary = pick(by_form, Pick(("stock_3112",), (("*", "stationaer"),)))
    assert stationary.set_index("area_id")["n"].to_dict() == {"A": 6, "B": 1}
    local = pick(by_form, Pick(("stock_3112",), without=("28", "35a"))).set_index("area_id")
    assert pd.isna(local.loc["A", "n"])  # §§ 28 and 35a cannot be taken out of a sum
    assert local.loc["A", "reason"] == "nur als Summe geliefert"
    placed = pick(by_form, Pick(("stock_3112",), (("34", "*"),))).set_index("area_id")
    assert pd.isna(placed.loc["A", "n"])  # and not 0, although B delivers § 34


# --- quarters and months --------------------------------------------------------------------------


def quarters(paragraph: str, form: str, stocks: tuple[object, ...], *, area: str = "A") -> list:
    return [
        (area, f"2022-Q{n}", paragraph, form, stock, 1, 2, 9, 100)
        for n, stock in enumerate(stocks, start=1)
        if stock is not None
    ]


def test_quarters_become_a_year_with_added_flows_and_the_last_stock() -> None:
    year = annual(counts(*quarters("34", "stationaer", (5, 6, 7, 8)))).iloc[0]
    assert (year["period"], year["started"], year["ended"]) == ("2022", 4, 8)
    assert (year["stock_3112"], year["cost_eur"]) == (8, 400)
    assert "young_people" not in year  # a person may be there in two quarters


def test_months_become_a_year() -> None:
    rows = [("A", f"2022-{m:02d}", "34", "stationaer", m, 1, 0, 0, 0) for m in range(1, 13)]
    year = annual(counts(*rows)).iloc[0]
    assert (year["started"], year["stock_3112"]) == (12, 12)


def test_year_with_a_missing_quarter_is_left_out() -> None:
    assert annual(counts(*quarters("34", "stationaer", (5, 6, None, 8)))).empty


def test_unknown_quarter_makes_the_year_unknown() -> None:
    table = counts(*quarters("34", "stationaer", (5, pd.NA, 7, 8)))
    table.loc[2, "started"] = pd.NA
    year = annual(table).iloc[0]
    assert pd.isna(year["started"])
    assert year["stock_3112"] == 8
    last = counts(*quarters("34", "stationaer", (5, 6, 7, pd.NA)))
    assert pd.isna(annual(last).iloc[0]["stock_3112"])


def test_paragraph_without_a_row_in_one_quarter_is_not_lost() -> None:
    table = counts(
        *quarters("33", "stationaer", (1, 1, 1, 1)),
        *quarters("34", "stationaer", (2, None, 2, None)),
    )
    year = annual(table).set_index("paragraph")
    assert year["ended"].to_dict() == {"33": 8, "34": 4}
    assert year["stock_3112"].to_dict() == {"33": 1, "34": 0}
    placed = compute(table, people({"A": 1000}), "fremdunterbringung", ages=UNDER_21)
    assert placed["numerator"].tolist() == [13]


def test_total_without_a_row_in_one_quarter_is_no_total_of_the_year() -> None:
    table = counts(
        *quarters("33", "stationaer", (1, 1, 1, 1)), *quarters("alle", "alle", (1, None, 1, 1))
    )
    assert annual(table)["paragraph"].tolist() == ["33"]


def test_quarters_without_a_stock_column_still_add_up() -> None:
    table = counts(*quarters("34", "stationaer", (5, 6, 7, 8))).drop(columns="stock_3112")
    found = compute(table, people({"A": 1000}), "zugangsquote", ages=UNDER_21).iloc[0]
    assert found["value"] == 40
    assert pd.isna(value(table, people({"A": 1000}), "hze_dichte"))


def test_reason_of_an_unknown_quarter_is_kept() -> None:
    table = counts(*quarters("34", "stationaer", (5, 6, 7, pd.NA)))
    table["stock_3112_reason"] = pd.array([None, None, None, "gesperrt"], dtype="string")
    found = compute(table, people({"A": 1000}), "hze_dichte", ages=UNDER_21).iloc[0]
    assert found["reason"] == "gesperrt"


# --- groups of areas ------------------------------------------------------------------------------


@pytest.fixture
def two_years_of_three_areas() -> pd.DataFrame:
    rows = [
        (area, year, "alle", "alle", stock)
        for year, stocks in (("2021", (10, 20, 30)), ("2022", (12, 18, pd.NA)))
        for area, stock in zip("ABC", stocks, strict=True)
    ]
    table = counts(*rows, measures=("stock_3112",))
    base = people({"A": 100, "B": 400, "C": 500}, (2021, 2022))
    return compute(table, base, "hze_dichte", ages=UNDER_21)


def test_total_is_sum_over_sum_and_leaves_out_incomplete_areas(
    two_years_of_three_areas: pd.DataFrame,
) -> None:
    found = total(two_years_of_three_areas, ["A", "B", "C"], indicator("hze_dichte"))
    assert found["value"].tolist() == pytest.approx([30 / 500 * 100] * 2)  # no mean of 10 % and 5 %
    assert found["area_id"].tolist() == ["2", "2"]


def test_total_does_not_depend_on_order_or_names(two_years_of_three_areas: pd.DataFrame) -> None:
    item = indicator("hze_dichte")
    mixed = two_years_of_three_areas.sample(frac=1, random_state=5)
    renamed = mixed.assign(area_id="X" + mixed["area_id"])
    pd.testing.assert_frame_equal(
        total(renamed, ["XB", "XA"], item), total(two_years_of_three_areas, ["A", "B"], item)
    )


def test_total_of_no_area_is_empty(two_years_of_three_areas: pd.DataFrame) -> None:
    assert total(two_years_of_three_areas, ["C"], indicator("hze_dichte")).empty


def test_standardised_ratio_by_hand(two_years_of_three_areas: pd.DataFrame) -> None:
    found = standardised_ratio(two_years_of_three_areas)
    year = found[found["period"] == "2022"].set_index("area_id")
    assert year["expected"].to_dict() == {"A": 6.0, "B": 24.0}  # city of A and B: 30 in 500
    assert year["ratio"].to_dict() == {"A": 2.0, "B": 0.75}
    old = found[found["period"] == "2021"].set_index("area_id")
    assert old.loc["A", "low"] == pytest.approx(4.795 / 6, abs=1e-4)  # Garwood for 10
    assert old.loc["A", "high"] == pytest.approx(18.390 / 6, abs=1e-4)


def test_standardised_ratios_average_to_one(two_years_of_three_areas: pd.DataFrame) -> None:
    found = standardised_ratio(two_years_of_three_areas).groupby("period")
    assert np.allclose(found["observed"].sum().astype(float), found["expected"].sum().astype(float))


# --- reference ------------------------------------------------------------------------------------


@pytest.fixture
def nation_by_paragraph() -> pd.DataFrame:
    frame = counts(
        ("nation", "2022", "31", "ambulant", 60, 0, 30, 0, 0),
        ("nation", "2022", "34", "stationaer", 20, 0, 10, 0, 0),
        ("nation", "2023", "31", "ambulant", 70, 0, 30, 0, 0),
        ("nation", "2023", "34", "stationaer", 20, 0, 10, 0, 0),
    ).rename(columns={"area_id": "level"})
    return frame.assign(population=pd.array([2000, pd.NA, 2500, 2500], dtype="Int64"))


def test_reference_uses_its_own_population_once(nation_by_paragraph: pd.DataFrame) -> None:
    found = compute_reference(nation_by_paragraph, "inanspruchnahme", ages=UNDER_21)
    assert found["area_id"].tolist() == ["nation", "nation"]
    assert found["value"].tolist() == [120 / 2000 * 10_000, 130 / 2500 * 10_000]


def test_reference_lags_like_the_areas(nation_by_paragraph: pd.DataFrame) -> None:
    found = compute_reference(
        nation_by_paragraph, "inanspruchnahme", ages=Population(lag_years=1)
    ).set_index("period")
    assert pd.isna(found.loc["2022", "value"])
    assert found.loc["2023", "value"] == 130 / 2000 * 10_000


def test_reference_without_population_is_unknown_but_shares_are_not(
    nation_by_paragraph: pd.DataFrame,
) -> None:
    bare = nation_by_paragraph.drop(columns="population")
    assert compute_reference(bare, "hze_dichte", ages=UNDER_21)["value"].isna().all()
    share = compute_reference(bare, "anteil_ambulant", ages=UNDER_21)["value"]
    assert share.tolist() == pytest.approx([75, 700 / 9])
