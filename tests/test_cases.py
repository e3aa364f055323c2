from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.data import cases
from evaltools.errors import DataError

COLUMNS = ["person_id", "area_id", "paragraph", "form", "begin", "end"]


def frame(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=COLUMNS)
    made["begin"] = pd.to_datetime(made["begin"])
    made["end"] = pd.to_datetime(made["end"])
    return made


ONE_OF_EACH = frame(
    ("P1", "SR01", "31", "ambulant", "2019-05-01", "2019-12-31"),  # ends on the last day: ended
    ("P1", "SR01", "31", "ambulant", "2020-03-01", "2020-06-30"),  # begins and ends in one year
    ("P2", "SR01", "31", "ambulant", "2018-01-01", None),  # runs all the time
    ("P1", "SR01", "33", "stationaer", "2020-07-01", "2021-01-01"),  # same person, other help
)


def cell(counted: pd.DataFrame, period: str, paragraph: str) -> tuple[int, ...]:
    row = counted[(counted["period"] == period) & (counted["paragraph"] == paragraph)]
    assert len(row) == 1
    return tuple(row.iloc[0][["stock_3112", "started", "ended", "young_people"]].astype(int))


def test_stock_started_ended_and_persons_by_hand() -> None:
    counted = cases.count(ONE_OF_EACH, period="year", first=2019, last=2021)
    assert cell(counted, "2019", "31") == (1, 1, 1, 2)
    assert cell(counted, "2020", "31") == (1, 1, 1, 2)
    assert cell(counted, "2020", "33") == (1, 1, 0, 1)
    assert cell(counted, "2020", "alle") == (2, 2, 1, 2)
    assert cell(counted, "2021", "33") == (0, 0, 1, 1)
    assert cell(counted, "2019", "33") == (0, 0, 0, 0)


def test_a_case_begun_before_the_first_period_is_no_start() -> None:
    counted = cases.count(ONE_OF_EACH, period="quarter", first=2020, last=2020)
    assert cell(counted, "2020-Q1", "31") == (2, 1, 0, 2)
    assert cell(counted, "2020-Q2", "31") == (1, 0, 1, 2)
    assert cell(counted, "2020-Q4", "33") == (1, 0, 0, 1)
    assert list(dict.fromkeys(counted["period"])) == ["2020-Q1", "2020-Q2", "2020-Q3", "2020-Q4"]


def test_months_have_their_own_label() -> None:
    counted = cases.count(ONE_OF_EACH, period="month", first=2020, last=2020)
    assert cell(counted, "2020-03", "31") == (2, 1, 0, 2)
    assert counted["period"].nunique() == 12


def by_hand(rows: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The definitions spelled out, one cell at a time."""
    found = []
    for year in range(first, last + 1):
        begin, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
        touched = rows[(rows["begin"] <= end) & (rows["end"].isna() | (rows["end"] >= begin))]
        for key, part in touched.groupby(["area_id", "paragraph", "form"]):
            ended = part["end"].notna() & (part["end"] <= end)
            started = int((part["begin"] >= begin).sum())
            counts = (int((~ended).sum()), started, int(ended.sum()), part["person_id"].nunique())
            found.append((key[0], str(year), key[1], key[2], *counts))
    names = ["area_id", "period", "paragraph", "form"]
    names += ["stock_3112", "started", "ended", "young_people"]
    return pd.DataFrame(found, columns=names).sort_values(names[:4], ignore_index=True)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 60))
def test_counts_equal_the_definitions_on_random_cases(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    begin = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 2500, n), "D")
    end = pd.Series(begin + pd.to_timedelta(rng.integers(0, 900, n), "D"))
    rows = pd.DataFrame(
        {
            "person_id": rng.integers(0, n, n).astype(str),
            "area_id": rng.choice(["A", "B"], n),
            "paragraph": rng.choice(["31", "33"], n),
            "form": "ambulant",
            "begin": begin,
            "end": end.where(rng.random(n) < 0.8),
        }
    )
    counted = cases.count(rows, period="year", first=2016, last=2019)
    parts = counted[counted["paragraph"] != "alle"]
    measures = ["stock_3112", "started", "ended", "young_people"]
    present = parts[parts[measures].sum(axis=1) > 0].reset_index(drop=True)
    expected = by_hand(rows, 2016, 2019)
    assert present.astype(str).to_numpy().tolist() == expected.astype(str).to_numpy().tolist()


def test_the_stock_is_carried_from_year_to_year() -> None:
    counted = cases.count(ONE_OF_EACH, period="year", first=2017, last=2022)
    total = counted[counted["paragraph"] == "alle"].set_index("period")
    flow = total["stock_3112"].shift(1) + total["started"] - total["ended"]
    assert (flow.dropna() == total["stock_3112"].iloc[1:]).all()


def test_order_of_rows_and_names_of_areas_do_not_matter() -> None:
    straight = cases.count(ONE_OF_EACH, period="year", first=2019, last=2020)
    turned = cases.count(ONE_OF_EACH.iloc[::-1], period="year", first=2019, last=2020)
    pd.testing.assert_frame_equal(straight, turned)
    renamed = ONE_OF_EACH.assign(area_id="Löbtau-ß")
    other = cases.count(renamed, period="year", first=2019, last=2020)
    pd.testing.assert_frame_equal(straight.drop(columns="area_id"), other.drop(columns="area_id"))


def test_the_callers_frame_is_left_untouched() -> None:
    before = ONE_OF_EACH.copy()
    cases.count(ONE_OF_EACH, period="year", first=2019, last=2020)
    pd.testing.assert_frame_equal(ONE_OF_EACH, before)


def test_no_case_at_all_gives_no_row() -> None:
    assert cases.count(ONE_OF_EACH.iloc[:0], period="year", first=2019, last=2020).empty


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(DataError, match="lacks the columns form"):
        cases.count(ONE_OF_EACH.drop(columns="form"), period="year", first=2019, last=2020)
    with pytest.raises(DataError, match="last=2018 lies before first=2019"):
        cases.count(ONE_OF_EACH, period="year", first=2019, last=2018)


# --- begun after an assessment under § 8a ---------------------------------------------------------


def with_8a(*known: object) -> pd.DataFrame:
    return ONE_OF_EACH.assign(after_8a=pd.array(known, dtype="boolean"))


def after_8a(counted: pd.DataFrame) -> dict[tuple[str, str], object]:
    cells = counted.set_index(["period", "paragraph"])["started_after_8a"]
    return {key: None if pd.isna(n) else int(n) for key, n in cells.items()}


def test_helps_begun_after_an_assessment_count_where_they_begin() -> None:
    counted = cases.count(with_8a(True, False, True, True), period="year", first=2019, last=2020)
    assert after_8a(counted) == {
        ("2019", "31"): 1,
        ("2019", "33"): 0,
        ("2019", "alle"): 1,
        ("2020", "31"): 0,
        ("2020", "33"): 1,
        ("2020", "alle"): 1,
    }
    assert "started_after_8a_reason" not in counted


def test_unknown_assessment_makes_the_cells_of_its_beginning_unknown_with_a_reason() -> None:
    counted = cases.count(with_8a(True, False, None, None), period="year", first=2019, last=2021)
    found = after_8a(counted)
    assert found["2019", "31"] == 1  # the help with an unknown one began in 2018
    assert found["2020", "33"] is found["2020", "alle"] is None
    assert found["2020", "31"] == found["2021", "33"] == 0
    lost = counted["started_after_8a"].isna()
    assert set(counted.loc[lost, "started_after_8a_reason"]) == {cases.UNKNOWN_8A}
    assert counted.loc[~lost, "started_after_8a_reason"].isna().all()


def test_without_the_column_nothing_is_said_and_nothing_else_changes() -> None:
    plain = cases.count(ONE_OF_EACH, period="year", first=2019, last=2020)
    assert not [name for name in plain if "8a" in name]
    known = cases.count(with_8a(True, None, True, True), period="year", first=2019, last=2020)
    pd.testing.assert_frame_equal(known[list(plain)], plain)


def test_assessments_do_not_depend_on_the_order_of_rows_and_leave_the_frame() -> None:
    rows = with_8a(True, None, False, True)
    before = rows.copy(deep=True)
    straight = cases.count(rows, period="quarter", first=2019, last=2020)
    turned = cases.count(rows.iloc[::-1], period="quarter", first=2019, last=2020)
    pd.testing.assert_frame_equal(straight, turned)
    pd.testing.assert_frame_equal(rows, before)
