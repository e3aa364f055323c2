"""Staff of the KiFaZ by its norm, hours, meetings and community work; unknown stays unknown."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.data.schema_framework import FIELDS
from evaltools.errors import DesignError
from evaltools.measures import teams


def _kifaz(rows: list[tuple[str, int, float | None, float | None]]) -> pd.DataFrame:
    columns = ["kifaz_id", "year", "vzae", "vzae_coordinator"]
    frame = pd.DataFrame(rows, columns=columns).assign(area_id="A")
    return frame.astype({"vzae": "Float64", "vzae_coordinator": "Float64", "year": "Int64"})


@pytest.mark.parametrize(
    ("vzae", "coordinator", "verdict"),
    [
        (1.5, 1.0, teams.WITHIN),
        (2.0, 1.0, teams.WITHIN),
        (1.49, 1.0, teams.BELOW),
        (2.01, 1.0, teams.ABOVE),
        (2.5, 0.9, teams.BELOW),
        (1.0, None, teams.BELOW),
        (None, 0.5, teams.BELOW),
        (1.8, None, teams.UNKNOWN),
        (None, 1.0, teams.UNKNOWN),
        (None, None, teams.UNKNOWN),
    ],
)
def test_kifaz_verdict(vzae: float | None, coordinator: float | None, verdict: str) -> None:
    found = teams.kifaz(_kifaz([("K1", 2024, vzae, coordinator)]), "A")
    assert found["verdict"].tolist() == [verdict]


def test_kifaz_says_what_is_missing() -> None:
    rows = [("K2", 2023, 1.0, 0.75), ("K1", 2024, None, 1.25), ("K1", 2023, 1.75, None)]
    found = teams.kifaz(_kifaz(rows), "A")
    assert found["kifaz_id"].tolist() == ["K1", "K1", "K2"]
    assert found["year"].tolist() == [2023, 2024, 2023]
    assert found["missing"].tolist() == [0.0, pd.NA, 0.5]
    assert found["missing_coordinator"].tolist() == [pd.NA, 0.0, 0.25]
    assert found["visits"].isna().all() and found["access_restricted"].isna().all()


def test_kifaz_refuses_a_part_larger_than_the_whole() -> None:
    with pytest.raises(DesignError, match=r"K1, 2024: vzae_coordinator=1.5 exceeds vzae=1.0"):
        teams.kifaz(_kifaz([("K1", 2024, 1.0, 1.5)]), "A")


@pytest.fixture
def hours() -> pd.DataFrame:
    rows = [
        ("A", 2020, "vernetzung", 300.0),
        ("A", 2020, "verwaltung", 100.0),
        ("A", 2021, "vernetzung", 200.0),
        ("A", 2021, "verwaltung", None),
        ("B", 2020, "vernetzung", 999.0),
    ]
    return pd.DataFrame(rows, columns=["area_id", "year", "task", "hours"])


def test_hours_have_a_share_where_the_whole_is_known(hours: pd.DataFrame) -> None:
    found = teams.tasks(hours, "A").set_index(["task", "year"])["share"]
    assert found["vernetzung", 2020] == 0.75
    assert found["verwaltung", 2020] == 0.25
    assert pd.isna(found["vernetzung", 2021]) and pd.isna(found["verwaltung", 2021])


def test_hours_of_nothing_have_no_share(hours: pd.DataFrame) -> None:
    assert teams.tasks(hours.assign(hours=0.0), "A")["share"].isna().all()


@pytest.fixture
def held() -> pd.DataFrame:
    rows = [
        ("A", "2020-02-01", "asd, schule; kita", 4, 2),
        ("A", "2020-12-31", "asd", 3, None),
        ("A", "2021-01-01", "asd;asd ;", 1, 5),
        ("B", "2021-01-01", "hze", 9, 9),
    ]
    names = ["area_id", "date", "fields_present", "cases_discussed", "agreements"]
    frame = pd.DataFrame(rows, columns=names)
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.astype({"cases_discussed": "Int64", "agreements": "Int64"})


def test_meetings_by_year(held: pd.DataFrame) -> None:
    found = teams.meetings(held, "A")
    assert found["year"].tolist() == [2020, 2021]
    assert found["n"].tolist() == [2, 1]
    assert found["fields"].tolist() == [2.0, 1.0]
    assert found["cases_discussed"].tolist() == [7, 1]
    assert pd.isna(found["agreements"][0]) and found["agreements"][1] == 5


def test_presence_counts_each_field_once_a_meeting(held: pd.DataFrame) -> None:
    found = teams.presence(held, "A")
    assert len(found) == 2 * len(FIELDS)
    share = found.set_index(["field", "year"])["share"]
    assert share["asd", 2020] == 1 and share["schule", 2020] == 0.5 and share["hze", 2020] == 0
    assert share["asd", 2021] == 1 and share["kita", 2021] == 0


def test_an_unknown_field_is_refused(held: pd.DataFrame) -> None:
    wrong = held.assign(fields_present="asd, scule")
    for measure in (teams.presence, teams.meetings):
        with pytest.raises(DesignError, match="unknown field 'scule'"):
            measure(wrong, "A")


@pytest.fixture
def entries() -> pd.DataFrame:
    rows = [
        ("2020-03-01", "projekte", "anstoss", 6.0, True),
        ("2020-04-01", "projekte", None, 2.0, False),
        ("2020-05-01", "kooperation", "anstoss", None, True),
        ("2020-06-01", "kooperation", "durchfuehrung", 8.0, None),
        ("2021-06-01", "kooperation", "durchfuehrung", None, None),
    ]
    frame = pd.DataFrame(rows, columns=["date", "category", "role", "hours", "hze_benefit"])
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.assign(area_id="A").astype({"hze_benefit": "boolean"})


def test_community_hours_by_category(entries: pd.DataFrame) -> None:
    found = teams.community(entries, "A").set_index(["category", "year"])
    assert found.loc[("projekte", 2020), ["hours", "share", "n", "n_unknown"]].tolist() == [
        *(8.0, 0.5),
        *(2, 0),
    ]
    assert found.loc[("kooperation", 2020), ["hours", "n", "n_unknown"]].tolist() == [8.0, 2, 1]
    none = found.loc[("kooperation", 2021)]
    assert pd.isna(none["hours"]) and pd.isna(none["share"]) and none["n_unknown"] == 1


def test_community_hours_by_role_name_what_is_not_said(entries: pd.DataFrame) -> None:
    found = teams.community(entries, "A", by="role")
    old = found[found["year"] == 2020].set_index("role")["hours"].to_dict()
    assert old == {"anstoss": 6.0, "durchfuehrung": 8.0, teams.UNKNOWN: 2.0}
    bare = teams.community(entries.drop(columns="role"), "A", by="role").set_index("role")
    assert bare.loc[["anstoss", "durchfuehrung"], "hours"].isna().all()
    assert bare.loc[teams.UNKNOWN, "hours"].tolist() == [16.0, pd.NA]


def test_a_category_without_entries_has_no_hours(entries: pd.DataFrame) -> None:
    found = teams.community(entries, "A").set_index(["category", "year"])
    assert found.loc[("infrastruktur", 2021), ["hours", "n"]].tolist() == [0.0, 0]
    assert len(found) == 2 * 6


def test_benefit_is_sum_over_sum_of_what_is_said(entries: pd.DataFrame) -> None:
    found = teams.benefit(entries, "A").set_index("year")
    assert found.loc[2020].tolist() == [8.0, 6.0, 0.75, 2]
    assert found.loc[2021, ["hours", "hours_benefit", "share"]].isna().all()
    assert found.loc[2021, "n_unknown"] == 1
    bare = teams.benefit(entries.drop(columns="hze_benefit"), "A")
    assert bare["share"].isna().all() and bare["n_unknown"].tolist() == [4, 1]


def test_order_and_names_do_not_matter(
    held: pd.DataFrame, entries: pd.DataFrame, hours: pd.DataFrame
) -> None:
    cases = (
        (teams.tasks, hours),
        (teams.meetings, held),
        (teams.presence, held),
        (teams.community, entries),
        (teams.benefit, entries),
        (teams.kifaz, _kifaz([("K1", 2023, 1.0, 0.5), ("K2", 2023, 2.0, 1.0)])),
    )
    for measure, table in cases:
        copy = table.copy(deep=True)
        renamed = table.replace({"area_id": {"A": "Süd"}}).sample(frac=1, random_state=2)
        pd.testing.assert_frame_equal(measure(renamed, "Süd"), measure(table, "A"))
        pd.testing.assert_frame_equal(table, copy)


def test_an_area_without_rows_has_none(
    held: pd.DataFrame, entries: pd.DataFrame, hours: pd.DataFrame
) -> None:
    assert teams.tasks(hours, "X").empty
    assert teams.meetings(held, "X").empty
    assert teams.presence(held, "X").empty
    assert teams.community(entries, "X").empty
    assert teams.benefit(entries, "X").empty
    assert teams.kifaz(_kifaz([]), "X").empty
