"""Milestones as of the last year, staff by its norm, and the dose by the formula it prints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import implementation as concept

Rows = list[tuple[str, str | None, str | None, str | None]]


def milestone(rows: Rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["element", "area_id", "planned", "reached"])
    dates = {name: pd.to_datetime(frame[name]) for name in ("planned", "reached")}
    return frame.assign(**dates).astype({"area_id": "string", "element": "string"})


@pytest.fixture
def steps() -> pd.DataFrame:
    return milestone(
        [
            ("kifaz", "A", "2019-01-01", "2019-01-31"),
            ("handlungsbudget", "A", "2020-12-31", None),
            ("gebietsteam", "A", "2020-12-01", "2021-02-01"),
            ("arbeitsgruppe", None, "2018-03-01", "2018-02-01"),
            ("planung", None, None, None),
            ("asd", None, "2020-01-01", None),
            ("asd", "B", "2020-01-01", "2020-01-01"),
        ]
    )


def test_states_as_of_the_last_day(steps: pd.DataFrame) -> None:
    found = concept.milestones(steps, "A", last=2020)
    assert found["element"].tolist() == [
        *("arbeitsgruppe", "planung", "asd"),
        *("gebietsteam", "kifaz", "handlungsbudget"),
    ]
    assert found.set_index("element")["state"].to_dict() == {
        "arbeitsgruppe": "erreicht",
        "planung": "ohne Termin",
        "asd": "überfällig",
        "gebietsteam": "überfällig",
        "kifaz": "erreicht",
        "handlungsbudget": "geplant",
    }
    days = found.set_index("element")["delay_days"]
    assert days["arbeitsgruppe"] == -28
    assert days["kifaz"] == 30
    assert days["asd"] == 365
    assert days["gebietsteam"] == 30  # reached after the last year: still open
    assert days[["planung", "handlungsbudget"]].isna().all()
    assert pd.isna(found.set_index("element").loc["gebietsteam", "reached"])
    assert found.set_index("element")["whole_city"]["asd"]


def test_an_area_of_its_own_stands_before_the_city(steps: pd.DataFrame) -> None:
    found = concept.milestones(steps, "B", last=2020).set_index("element")
    assert found.loc["asd", "state"] == "erreicht"
    assert not found.loc["asd", "whole_city"]
    assert "kifaz" not in found.index


def test_a_milestone_that_stands_twice_is_refused() -> None:
    double = milestone([("asd", None, "2020-01-01", None), ("asd", None, None, None)])
    with pytest.raises(DesignError, match="milestone asd: two rows"):
        concept.milestones(double, "A", last=2020)


def test_a_table_without_areas_or_days_holds_for_all() -> None:
    bare = pd.DataFrame({"element": ["asd"]})
    found = concept.milestones(bare, "A", last=2020)
    assert found["state"].tolist() == ["ohne Termin"]
    assert found["whole_city"].tolist() == [True]
    assert concept.milestones(bare.iloc[:0], "A", last=2020).empty


@pytest.fixture
def tables(steps: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    staff = pd.DataFrame(
        {
            "area_id": ["A", "A", "A", "B"],
            "year": [2020, 2021, 2020, 2020],
            "role": ["coordinator", "coordinator", "case_manager", "coordinator"],
            "vzae": [0.75, 1.5, 4.0, 0.1],
            "vzae_norm": [1.0, 1.0, 5.0, 1.0],
        }
    ).astype({"vzae": "Float64", "vzae_norm": "Float64", "year": "Int64"})
    centres = pd.DataFrame(
        {
            "kifaz_id": ["K1", "K2", "K3", "K1"],
            "area_id": "A",
            "year": [2020, 2020, 2020, 2021],
            "vzae": [0.75, 3.0, None, None],
        }
    )
    extra = milestone([("koordination", "A", "2019-01-01", "2019-01-01")])
    return {"milestone": pd.concat([steps, extra]), "staffing": staff, "kifaz": centres}


def test_the_dose_is_the_formula_by_hand(tables: Mapping[str, pd.DataFrame]) -> None:
    found = concept.dose(tables, "A", 2020)
    assert found.in_place == ("arbeitsgruppe", "koordination", "kifaz")
    assert found.missing == ("planung", "asd", "gebietsteam", "handlungsbudget")
    assert found.unknown == ("globalrichtlinie", "versaeulungsanalyse")
    assert found.reached == pytest.approx(3 / 7)
    assert found.staffed == pytest.approx((0.75 + (0.5 + 1) / 2) / 2)
    assert found.share == pytest.approx((1 + 0.75 + 0.75) / 7)


def test_more_than_the_norm_is_no_more_than_all(tables: Mapping[str, pd.DataFrame]) -> None:
    found = concept.dose(tables, "A", 2021)
    assert found.staffed == 1.0  # 1.5 VZÄ for a norm of 1; the staff of the KiFaZ is unknown
    assert found.share == found.reached == pytest.approx(4 / 7)


def test_without_staff_tables_a_reached_element_counts_whole(steps: pd.DataFrame) -> None:
    found = concept.dose({"milestone": steps}, "A", 2020)
    assert found.share == found.reached == pytest.approx(2 / 6)
    assert np.isnan(found.staffed)


def test_staff_before_the_milestone_counts_nothing(tables: Mapping[str, pd.DataFrame]) -> None:
    found = concept.dose(tables, "A", 2017)
    assert (found.share, found.reached, found.in_place) == (0.0, 0.0, ())
    assert np.isnan(found.staffed)


def test_without_a_milestone_there_is_no_dose(steps: pd.DataFrame) -> None:
    own = steps[steps["area_id"].notna()]
    for tables in ({}, {"milestone": own}, {"milestone": own.iloc[:0]}):
        with pytest.raises(DesignError, match="area C: no milestone"):
            concept.dose(tables, "C", 2020)


def test_the_path_holds_the_dose_of_each_year(tables: Mapping[str, pd.DataFrame]) -> None:
    found = concept.dose_path(tables, "A", (2018, 2020))
    assert found.columns.tolist() == ["area_id", "year", "dose"]
    assert found["dose"].tolist() == [concept.dose(tables, "A", y).share for y in (2018, 2020)]
    assert concept.dose_path(tables, "A", ()).empty


def test_staffing_is_filled_by_its_norm() -> None:
    table = pd.DataFrame(
        {"area_id": "A", "year": [2018, 2019, 2020], "role": "coordinator", "vzae": [0.5, 1, None]}
    )
    found = concept.staffing(table.assign(vzae_norm=[1.0, 0.0, 1.0]), "A")
    assert found["filled"].tolist() == [0.5, pd.NA, pd.NA]
    assert concept.staffing(table, "A")["filled"].isna().all()


def test_caseload_is_sum_over_sum() -> None:
    staff = pd.DataFrame(
        {
            "area_id": ["A", "B", "A", "A", "A"],
            "year": [2020, 2020, 2021, 2022, 2020],
            "role": ["case_manager"] * 4 + ["coordinator"],
            "vzae": [2.0, 3.0, None, 0.0, 9.0],
        }
    )
    stock = pd.Series({2020: 150, 2021: 140, 2022: 130, 2023: 120})
    found = concept.caseload(staff, stock)
    assert found["year"].tolist() == [2020, 2021, 2022, 2023]
    assert found["cases_per_vzae"][0] == 30.0
    assert found["cases_per_vzae"][1:].isna().all()
    assert stock.tolist() == [150, 140, 130, 120]


def test_order_names_and_the_callers_frames(tables: Mapping[str, pd.DataFrame]) -> None:
    copies = {name: table.copy(deep=True) for name, table in tables.items()}
    mixed = {
        name: table.replace({"area_id": {"A": "Süd"}}).sample(frac=1, random_state=5)
        for name, table in tables.items()
    }
    plain, other = concept.dose(tables, "A", 2020), concept.dose(mixed, "Süd", 2020)
    assert vars(plain) | {"area": "Süd"} == vars(other)
    pd.testing.assert_frame_equal(
        concept.milestones(mixed["milestone"], "Süd", last=2020),
        concept.milestones(tables["milestone"], "A", last=2020),
    )
    concept.staffing(tables["staffing"], "A")
    concept.caseload(tables["staffing"], pd.Series({2020: 3}))
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, copies[name])
