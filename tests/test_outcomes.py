"""Any indicator from a study's tables: values by hand, what is missing, quarters, references."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from evaltools.data import cases, store
from evaltools.errors import DesignError
from evaltools.measures.catalogue import INDICATORS
from evaltools.measures.indicators import compute, compute_reference
from evaltools.measures.outcomes import distribution, formula, needs, reference, values, within
from evaltools.measures.periods import together
from evaltools.measures.picking import ONLY_TOTAL
from evaltools.study import Outcomes, Study, Workspace

Tables = dict[str, pd.DataFrame]
PLAIN = [name for name, item in INDICATORS.items() if not (item.role or item.weighted)]
FORMS = ["beratung", "ambulant", "teilstationaer", "stationaer"]


@pytest.fixture(scope="module")
def study(demo: Workspace) -> Study:
    return demo.study.model_copy(update={"first": None, "last": None, "outcomes": Outcomes()})


@pytest.fixture(scope="module")
def city(demo: Workspace) -> Tables:
    names = ("population", "hze_count", "reference_trend", "staffing")
    return {name: store.read(demo, name) for name in names}


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    columns = ["area_id", "period", "paragraph", "form", "stock_3112", "started", "ended"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(columns[:4], "string") | dict.fromkeys(columns[4:], "Int64"))


def people(n: float, *areas: str) -> pd.DataFrame:
    frame = pd.DataFrame({"area_id": list(areas)}).assign(year=2022, n=n, sex="alle")
    return frame.assign(age_from=0, age_to=20, kind="actual").astype({"n": "Float64"})


def staff(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_id", "year", "role", "vzae"])
    return frame.astype({"vzae": "Float64"})


@pytest.fixture
def small() -> Tables:
    """Area A has parts, area B a total only; 2,000 people and 2.5 case managers in A."""
    table = counts(
        ("A", "2022", "28", "beratung", 5, 8, 9),
        ("A", "2022", "27_2", "beratung", 1, 2, 1),
        ("A", "2022", "31", "ambulant", 20, 12, 11),
        ("A", "2022", "32", "teilstationaer", 3, 1, 0),
        ("A", "2022", "34", "stationaer", 9, 5, 6),
        ("A", "2022", "35a", "stationaer", 2, 6, 0),
        ("B", "2022", "alle", "alle", 30, 20, 10),
    )
    posts = staff(
        ("A", 2022, "case_manager", 2.5), ("A", 2022, "coordinator", 9), ("B", 2022, "kifaz", 1)
    )
    return {"hze_count": table, "population": people(2000, "A", "B"), "staffing": posts}


def row(tables: Tables, study: Study, name: str, area: str = "A") -> pd.Series:
    return values(tables, study, name).set_index("area_id").loc[area]


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN)
def test_over_population_or_counts_it_equals_compute_exactly(
    name: str, city: Tables, study: Study
) -> None:
    expected = compute(city["hze_count"], city["population"], name, ages=study.population)
    pd.testing.assert_frame_equal(values(city, study, name), expected)


def test_mean_intensity_by_hand(small: Tables, study: Study) -> None:
    found = row(small, study, "intensitaet")
    assert found["numerator"] == 2 * 1 + 12 * 2 + 1 * 3 + 5 * 4
    assert found["denominator"] == 2 + 12 + 1 + 5
    assert found["value"] == pytest.approx(49 / 20)
    assert found[["low", "high", "reason"]].isna().all()


def test_weights_of_the_study_are_used(small: Tables, study: Study) -> None:
    share = Outcomes(weights={"beratung": 0, "ambulant": 0, "teilstationaer": 0, "stationaer": 1})
    found = row(small, study.model_copy(update={"outcomes": share}), "intensitaet")
    assert (
        found["value"] == 5 / 20 == row(small, study, "anteil_stationaer_begonnen")["value"] / 100
    )


def test_cases_for_each_case_manager_by_hand(small: Tables, study: Study) -> None:
    found = row(small, study, "faelle_je_fachkraft")
    assert (found["numerator"], found["denominator"], found["value"]) == (40, 2.5, 16)
    assert found["low"] < 16 < found["high"]
    other = row(small, study, "faelle_je_fachkraft", "B")
    assert other["numerator"] == 30
    assert pd.isna(other["value"])
    assert other["reason"] == "Bezugsgröße unbekannt oder null"


def test_unknown_staff_makes_the_base_unknown(small: Tables, study: Study) -> None:
    unknown = staff(("A", 2022, "case_manager", pd.NA))
    assert pd.isna(row(small | {"staffing": unknown}, study, "faelle_je_fachkraft")["denominator"])
    two = staff(("A", 2022, "case_manager", 1.5), ("A", 2022, "case_manager", pd.NA))
    assert pd.isna(row(small | {"staffing": two}, study, "faelle_je_fachkraft")["value"])


def test_helps_after_an_assessment_by_hand(small: Tables, study: Study) -> None:
    table = small["hze_count"].assign(
        started_after_8a=pd.array([0, 1, 2, 0, 3, 1, pd.NA], dtype="Int64")
    )
    tables = small | {"hze_count": table}
    assert row(tables, study, "gefaehrdung_8a")["value"] == 7 / 2000 * 10_000
    assert pd.isna(row(tables, study, "gefaehrdung_8a", "B")["value"])


def test_intensity_is_unknown_where_a_form_is(small: Tables, study: Study) -> None:
    assert row(small, study, "intensitaet", "B")["reason"] == ONLY_TOTAL
    rows = counts(("A", "2022", "33", "alle", 0, 4, 0))
    partly = small | {"hze_count": pd.concat([small["hze_count"], rows], ignore_index=True)}
    found = row(partly, study, "intensitaet")
    assert found[["numerator", "denominator", "value"]].isna().all()
    assert found["reason"] == ONLY_TOTAL


def test_unknown_part_makes_the_intensity_unknown_with_its_reason(
    small: Tables, study: Study
) -> None:
    table = small["hze_count"].assign(started_reason=pd.array([pd.NA] * 7, dtype="string"))
    table.loc[3, ["started", "started_reason"]] = [pd.NA, "gesperrt"]
    found = row(small | {"hze_count": table}, study, "intensitaet")
    assert pd.isna(found["value"])
    assert found["reason"] == "gesperrt"


def test_form_without_a_weight_makes_the_intensity_unknown_unless_no_help_has_it(
    small: Tables, study: Study
) -> None:
    fewer = Outcomes(weights={"beratung": 1, "ambulant": 2, "stationaer": 4})
    less = study.model_copy(update={"outcomes": fewer})
    found = row(small, less, "intensitaet")
    assert pd.isna(found["value"])
    assert found["reason"] == "kein Gewicht für teilstationaer"
    assert needs(small, less, "intensitaet") == (
        "Studiendatei: outcomes: weights (für teilstationaer)",
    )
    table = small["hze_count"].copy()
    table.loc[3, "started"] = 0
    assert row(small | {"hze_count": table}, less, "intensitaet")["value"] == (2 + 24 + 20) / 19


@pytest.mark.parametrize("name", ["intensitaet", "faelle_je_fachkraft", "stationaer"])
def test_order_and_names_do_not_matter(name: str, small: Tables, study: Study) -> None:
    renamed = {
        key: frame.sample(frac=1, random_state=3).assign(
            area_id=lambda part: part["area_id"].map({"A": "Z", "B": "C"}).astype("string")
        )
        for key, frame in small.items()
    }
    found, plain = row(renamed, study, name, "Z"), row(small, study, name)
    assert found["value"] == pytest.approx(plain["value"])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("zugangsquote", "population"),
        ("faelle_je_fachkraft", "staffing"),
        ("intensitaet", "hze_count"),
    ],
)
def test_missing_table_is_refused_and_named_before(
    name: str, table: str, small: Tables, study: Study
) -> None:
    fewer = {key: frame for key, frame in small.items() if key != table}
    with pytest.raises(DesignError, match=f"{name} needs the table {table} with area_id"):
        values(fewer, study, name)
    (missing,) = needs(fewer, study, name)
    assert missing.startswith(f"{table}: area_id, ")


def test_shares_and_staff_need_no_population(small: Tables, study: Study) -> None:
    fewer = {key: frame for key, frame in small.items() if key != "population"}
    for name in ("intensitaet", "anteil_ambulant", "faelle_je_fachkraft"):
        assert needs(fewer, study, name, area="A") == ()
        assert row(fewer, study, name)["value"] > 0


def test_unknown_indicator_is_refused(small: Tables, study: Study) -> None:
    calls: list[Callable[[], object]] = [
        lambda: values(small, study, "dichte"),
        lambda: needs(small, study, "dichte"),
        lambda: reference(small, study, "dichte", "state"),
        lambda: formula(study, "dichte"),
    ]
    for call in calls:
        with pytest.raises(DesignError, match="unknown indicator 'dichte'"):
            call()


def test_tables_are_left_as_they_were(small: Tables, city: Tables, study: Study) -> None:
    for tables in (small, city):
        before = {name: frame.copy(deep=True) for name, frame in tables.items()}
        for name in ("intensitaet", "faelle_je_fachkraft", "stationaer", "gefaehrdung_8a"):
            needs(tables, study, name)
            within(values(tables, study, name), study)
            reference(tables, study, name, "state")
        distribution(tables["hze_count"], study)
        for name, frame in tables.items():
            pd.testing.assert_frame_equal(frame, before[name])


# --- what is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name in INDICATORS if name not in ("ausgaben_je_kopf", "gefaehrdung_8a")]
)
def test_nothing_is_missing_in_the_demo_city(name: str, city: Tables, study: Study) -> None:
    assert needs(city, study, name, area="SR04") == ()


def test_column_that_was_not_delivered_is_named(city: Tables, study: Study) -> None:
    assert needs(city, study, "gefaehrdung_8a") == ("hze_count: started_after_8a",)
    assert needs(city, study, "ausgaben_je_kopf") == ("hze_count: cost_eur",)


def test_counts_delivered_as_a_total_only_are_said_to_be(small: Tables, study: Study) -> None:
    (missing,) = needs(small, study, "fremdunterbringung", area="B")
    assert missing.startswith("hze_count: nach paragraph und form aufgeteilt")
    assert "geliefert ist nur die Summe (alle)" in missing
    assert needs(small, study, "fremdunterbringung", area="A") == ()
    assert needs(small, study, "fremdunterbringung") == ()  # A has it
    assert needs(small, study, "inanspruchnahme", area="B") == ()


def test_area_without_a_count_or_a_base_is_named(small: Tables, study: Study) -> None:
    assert needs(small, study, "zugangsquote", area="X") == (
        f"hze_count: Zahlen für „Zugangsquote“ = {INDICATORS['zugangsquote'].formula}",
    )
    (missing,) = needs(small, study, "faelle_je_fachkraft", area="B")
    assert missing.startswith("staffing: area_id, year, role=case_manager, vzae")
    elsewhere = small | {"population": people(2000, "B")}
    assert needs(elsewhere, study, "zugangsquote", area="A")[0].startswith("population: area_id")


def test_bands_that_do_not_fit_are_a_refusal_and_no_gap(small: Tables, study: Study) -> None:
    wrong = small | {"population": small["population"].assign(age_to=17)}
    assert needs(wrong, study, "zugangsquote") == ()
    with pytest.raises(DesignError, match="do not add up to 0-20"):
        values(wrong, study, "zugangsquote")


# --- quarters and months --------------------------------------------------------------------------


def monthly(area: str = "A") -> pd.DataFrame:
    """Started 1 to 12, ended 1 each month, stock 10 and more: months of one year."""
    return counts(
        *((area, f"2022-{n:02d}", "34", "stationaer", 9 + n, n, 1) for n in range(1, 13)),
        *((area, f"2022-{n:02d}", "31", "ambulant", 20, 1, 0) for n in range(1, 13)),
    )


def test_quarters_add_flows_and_take_the_last_stock() -> None:
    found = together(monthly(), "quarter")
    own = found[found["paragraph"] == "34"].set_index("period")
    assert own["started"].to_dict() == {
        "2022-Q1": 6,
        "2022-Q2": 15,
        "2022-Q3": 24,
        "2022-Q4": 33,
    }
    assert own["ended"].tolist() == [3] * 4
    assert own["stock_3112"].tolist() == [12, 15, 18, 21]


def test_volume_of_a_quarter_is_its_last_stock_and_its_ended(study: Study) -> None:
    tables = {"hze_count": monthly(), "population": people(1000, "A")}
    found = values(tables, study, "stationaer", length="quarter")
    assert found["period"].tolist() == [f"2022-Q{n}" for n in range(1, 5)]
    assert found["numerator"].tolist() == [12 + 3, 15 + 3, 18 + 3, 21 + 3]
    assert found["denominator"].tolist() == [1000] * 4
    year = values(tables, study, "stationaer")
    assert year["numerator"].tolist() == [21 + 12]


def test_months_are_handed_on_as_they_are(study: Study) -> None:
    tables = {"hze_count": monthly(), "population": people(1000, "A")}
    found = values(tables, study, "zugangsquote", length="month")
    assert found["period"].tolist() == [f"2022-{n:02d}" for n in range(1, 13)]
    assert found["numerator"].tolist() == [n + 1 for n in range(1, 13)]
    intensity = values(tables, study, "intensitaet", length="month")
    assert intensity["value"].tolist() == pytest.approx(
        [(4 * n + 2) / (n + 1) for n in range(1, 13)]
    )


def test_staff_of_the_year_serves_for_its_quarters(study: Study) -> None:
    tables = {"hze_count": monthly(), "staffing": staff(("A", 2022, "case_manager", 4))}
    found = values(tables, study, "faelle_je_fachkraft", length="quarter")
    assert found["value"].tolist() == [n / 4 for n in (32, 35, 38, 41)]


def test_flows_of_the_quarters_add_up_to_the_year_in_the_demo_city(
    demo: Workspace, city: Tables, study: Study
) -> None:
    rows = store.read(demo, "hze_case")
    by_quarter = cases.count(rows, period="quarter", first=2015, last=2018)
    tables = city | {"hze_count": by_quarter}
    short = values(tables, study, "abgangsquote", length="quarter")
    added = short.groupby(["area_id", short["period"].str[:4]])["numerator"].sum()
    whole = values(city, study, "abgangsquote").set_index(["area_id", "period"])["numerator"]
    assert (added == whole.reindex(added.index)).all()
    assert needs(tables, study, "abgangsquote", length="quarter") == ()
    pd.testing.assert_frame_equal(
        values(tables, study, "stationaer")[["area_id", "period", "numerator"]],
        within(
            values(city, study, "stationaer"),
            study.model_copy(update={"first": 2015, "last": 2018}),
        )[["area_id", "period", "numerator"]].reset_index(drop=True),
    )


def test_quarter_with_a_missing_month_is_left_out() -> None:
    found = together(monthly().query("period != '2022-05'"), "quarter")
    assert sorted(set(found["period"])) == ["2022-Q1", "2022-Q3", "2022-Q4"]


def test_periods_that_are_too_long_are_refused_and_named(small: Tables, study: Study) -> None:
    with pytest.raises(
        DesignError, match="one row a year, of which no quarter can be made"
    ) as caught:
        values(small, study, "zugangsquote", length="quarter")
    assert caught.value.german == "Die Fallzahlen sind je Jahr geliefert, nicht je Quartal."
    assert needs(small, study, "zugangsquote", length="quarter") == (
        "hze_count: period je Quartal",
    )


def test_mixed_periods_are_refused(small: Tables) -> None:
    mixed = pd.concat([small["hze_count"], monthly()], ignore_index=True)
    with pytest.raises(DesignError, match="mixes years, quarters or months"):
        together(mixed, "quarter")


def test_bringing_together_leaves_the_frame_and_ignores_the_order() -> None:
    table = monthly()
    before = table.copy(deep=True)
    straight = together(table, "quarter")
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(together(table.iloc[::-1], "quarter"), straight)
    assert together(table.iloc[:0], "quarter").empty


# --- within, reference ----------------------------------------------------------------------------


def test_years_outside_the_study_are_left_out(city: Tables, study: Study) -> None:
    found = values(city, study, "zugangsquote")
    assert within(found, study)["period"].nunique() == 15
    short = study.model_copy(update={"first": 2012, "last": 2014})
    assert sorted(set(within(found, short)["period"])) == ["2012", "2013", "2014"]
    parts = pd.DataFrame({"period": ["2011-Q4", "2012-Q1", "2014-12", "2015-01"]})
    assert within(parts, short)["period"].tolist() == ["2012-Q1", "2014-12"]


@pytest.mark.parametrize("name", PLAIN)
def test_reference_is_compute_reference_for_one_level(
    name: str, city: Tables, study: Study
) -> None:
    trend = city["reference_trend"]
    both = pd.concat([trend, trend.assign(level="nation")], ignore_index=True)
    expected = compute_reference(both, name, ages=study.population)
    expected = expected[expected["area_id"] == "state"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        reference({"reference_trend": both}, study, name, "state"), expected
    )


def test_reference_of_the_intensity_uses_the_same_weights(small: Tables, study: Study) -> None:
    trend = small["hze_count"].iloc[:6].rename(columns={"area_id": "level"}).assign(level="nation")
    found = reference({"reference_trend": trend}, study, "intensitaet", "nation")
    assert found["value"].tolist() == [49 / 20]


def test_reference_that_is_not_there_has_no_rows(city: Tables, study: Study) -> None:
    columns = list(values(city, study, "zugangsquote"))
    for found in (
        reference(city, study, "zugangsquote", "nation"),
        reference({}, study, "zugangsquote", "state"),
        reference(city, study, "faelle_je_fachkraft", "state"),
        reference(city, study, "zugangsquote", "state", length="quarter"),
    ):
        assert found.empty
        assert sorted(found) == sorted(columns)


def test_each_level_may_have_periods_of_its_own(small: Tables, study: Study) -> None:
    nation = small["hze_count"].iloc[:6].assign(area_id="nation", population=2000)
    town = monthly("city").assign(population=1000)
    trend = pd.concat([nation, town], ignore_index=True).rename(columns={"area_id": "level"})
    tables = {"reference_trend": trend}
    assert reference(tables, study, "zugangsquote", "nation")["numerator"].tolist() == [34]
    assert reference(tables, study, "zugangsquote", "city")["numerator"].tolist() == [78 + 12]
    assert len(reference(tables, study, "zugangsquote", "city", length="quarter")) == 4


# --- distribution, formula ------------------------------------------------------------------------


def test_distribution_by_hand(small: Tables, study: Study) -> None:
    found = distribution(small["hze_count"], study)
    own = found[found["area_id"] == "A"]
    assert own["form"].tolist() == FORMS
    assert own["n"].tolist() == [2, 12, 1, 5]
    other = found[found["area_id"] == "B"]
    assert other["n"].isna().all()
    assert (other["reason"] == ONLY_TOTAL).all()


def test_distribution_and_weights_make_the_intensity(city: Tables, study: Study) -> None:
    found = distribution(city["hze_count"], study)
    found["points"] = found["n"] * found["form"].map(dict(study.outcomes.weights))
    sums = found.groupby(["area_id", "period"])[["points", "n"]].sum().reset_index()
    expected = values(city, study, "intensitaet")
    assert sums["points"].tolist() == expected["numerator"].tolist()
    assert sums["n"].tolist() == expected["denominator"].tolist()


def test_distribution_leaves_out_forms_that_no_area_has(small: Tables, study: Study) -> None:
    table = small["hze_count"]
    fewer = table[~((table["paragraph"] == "27_2") | (table["form"] == "teilstationaer"))]
    assert set(distribution(fewer, study)["form"]) == {"ambulant", "stationaer"}


def test_distribution_is_ordered_by_the_weights_and_not_by_the_rows(
    small: Tables, study: Study
) -> None:
    turned = Outcomes(weights=dict(zip(FORMS, (4, 3, 2, 1), strict=True)))  # type: ignore[arg-type]
    found = distribution(small["hze_count"], study.model_copy(update={"outcomes": turned}))
    assert found.loc[found["area_id"] == "A", "form"].tolist() == FORMS[::-1]
    pd.testing.assert_frame_equal(
        distribution(small["hze_count"].iloc[::-1], study), distribution(small["hze_count"], study)
    )


def test_distribution_by_quarter(study: Study) -> None:
    found = distribution(monthly(), study, length="quarter")
    assert found[found["form"] == "stationaer"]["n"].tolist() == [6, 15, 24, 33]


def test_formula_says_period_and_weights(study: Study) -> None:
    assert formula(study, "inanspruchnahme") == INDICATORS["inanspruchnahme"].formula
    assert formula(study, "inanspruchnahme", length="quarter") == (
        "je Quartal: (Bestand am letzten Tag + im Quartal beendete Hilfen) / Bevölkerung × 10.000"
    )
    half = Outcomes(weights={"ambulant": 1.5, "beratung": 1, "teilstationaer": 3, "stationaer": 4})
    shown = formula(study.model_copy(update={"outcomes": half}), "intensitaet")
    assert shown.endswith("(Beratung 1, ambulant 1,5, teilstationär 3, stationär 4)")
