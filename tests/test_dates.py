"""Dates and periods: what is clear is read, what can be read in two ways is an error."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.data.schema import PERIOD, Column
from test_values import DATE, plain, told, typed, wrong


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("31.12.2023", "2023-12-31"),
        ("1.2.2023", "2023-02-01"),
        ("2023-12-31", "2023-12-31"),
        ("2023-12-31T00:00:00", "2023-12-31"),
        ("2023-12-31 00:00:00", "2023-12-31"),
        ("31/12/2023", "2023-12-31"),
        ("45291", "2023-12-31"),
        ("29.02.2020", "2020-02-29"),
    ],
)
def test_dates(value: str, expected: str) -> None:
    result = typed([value, ""], DATE)
    assert result.values.dtype == "datetime64[s]" and not wrong(result)
    assert result.values.iloc[0] == pd.Timestamp(expected) and pd.isna(result.values.iloc[1])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("31.12.23", "vierstellig"),
        ("31.02.2020", "gibt es nicht"),
        ("29.02.2021", "gibt es nicht"),
        ("01.01.1899", "1900"),
        ("2101-01-01", "2100"),
        ("12345", "Excel-Datum"),
        ("99999", "Excel-Datum"),
        ("2023", "kein Datum"),
        ("gestern", "kein Datum"),
        ("01/02/2023", "dates in sources.yml"),
        ("0000-00-00", "1900"),
    ],
)
def test_no_date(value: str, words: str) -> None:
    result = typed([value], DATE)
    assert wrong(result) == [("datum", 2)] and words in result.findings[-1].message


def test_slashes_by_declaration_or_evidence() -> None:
    first = pd.Timestamp("2023-02-01")
    assert typed(["01/02/2023"], DATE, dates="dmy").values.iloc[0] == first
    assert typed(["02/01/2023"], DATE, dates="mdy").values.iloc[0] == first
    clear = typed(["01/02/2023", "13/02/2023"], DATE)
    assert clear.values.iloc[0] == first and told(clear, "datum")
    assert wrong(typed(["13/02/2023", "02/13/2023"], DATE)) == [("datum", 2), ("datum", 3)]
    assert wrong(typed(["31.12.2023"], DATE, dates="ymd")) == [("datum", 2)]
    assert not wrong(typed(["2023-12-31"], DATE, dates="dmy"))


def test_dates_lose_their_time_not_silently() -> None:
    assert told(typed(["2023-12-31T08:15:00"], DATE), "datum") == ["Uhrzeiten wurden weggelassen."]
    assert not told(typed(["2023-12-31T00:00:00"], DATE), "datum")
    assert told(typed(["45291"], DATE), "datum")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2018", "2018"),
        ("2018.0", "2018"),
        ("2018-Q1", "2018-Q1"),
        ("2018 Q1", "2018-Q1"),
        ("Q1 2018", "2018-Q1"),
        ("Q4/2018", "2018-Q4"),
        ("1. Quartal 2018", "2018-Q1"),
        ("III. Quartal 2018", "2018-Q3"),
        ("I/2018", "2018-Q1"),
        ("IV/2018", "2018-Q4"),
        ("2018-01", "2018-01"),
        ("Jan 2018", "2018-01"),
        ("Januar 2018", "2018-01"),
        ("März 2018", "2018-03"),
        ("Ma\u0308rz\u00a02018", "2018-03"),
        ("Mrz. 2018", "2018-03"),
        ("Dez 2018", "2018-12"),
        ("20188", "20188"),
        ("V/2018", "V/2018"),
        ("2018-13", "2018-13"),
    ],
)
def test_periods(value: str, expected: str) -> None:
    result = typed([value], Column("period", pattern=PERIOD))
    assert plain(result) == [expected] and not wrong(result)


@pytest.mark.parametrize("value", ["2018/1", "1/2018", "2018-4", "01.2018"])
def test_unclear_periods(value: str) -> None:
    result = typed([value], Column("period", pattern=PERIOD))
    assert wrong(result) == [("zeitraum", 2)] and plain(result) == [None]
