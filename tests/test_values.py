"""Typing: what can be read in one way is read, what can be read in two ways is an error."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.data.schema import DTYPES, SLUG, Column
from evaltools.data.sources import MISSING, NO_VALUE
from evaltools.data.values import Typed, to_typed

INTEGER = Column("n", "integer", required=False)
NUMBER = Column("n", "number")
DATE = Column("day", "date")
BOOLEAN = Column("yes", "boolean")


def typed(
    values: list[str],
    column: Column,
    *,
    decimal: str | None = None,
    dates: str | None = None,
    exact: bool = False,
) -> Typed:
    index = pd.Index(range(2, 2 + len(values)), name="row")
    text = pd.Series(values, dtype="string", index=index)
    text.attrs["exact"] = exact
    return to_typed(
        text, column, source_id="s", table="t", missing=MISSING, decimal=decimal, dates=dates
    )


def plain(result: Typed) -> list[object]:
    return [None if pd.isna(value) else value for value in result.values]


def wrong(result: Typed) -> list[tuple[str, int | None]]:
    return [(f.rule, f.row) for f in result.findings if f.severity == "error"]


def told(result: Typed, rule: str) -> list[str]:
    return [f.message for f in result.findings if f.severity == "info" and f.rule == rule]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.234,5", "12"], [1234.5, 12]),
        (["1,234.5", "12"], [1234.5, 12]),
        (["1 234,5"], [1234.5]),
        (["1\u00a0234,5"], [1234.5]),
        (["1\u202f234\u202f567,5"], [1234567.5]),
        (["1\u2009234.5"], [1234.5]),
        (["1'234.5", "1’234.5"], [1234.5, 1234.5]),
        (["1 234,567"], [1234.567]),
        (["1234.5"], [1234.5]),
        (["1234,5"], [1234.5]),
        (["0.25", "1.234"], [0.25, 1.234]),
        (["0,25", "1.234"], [0.25, 1234]),
        (["0.123"], [0.123]),
        (["1234,567"], [1234.567]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["-5", "\u22125", "+5", "-1.234,5"], [-5, -5, 5, -1234.5]),
        (["1e5", "2.5E-3"], [100000, 0.0025]),
        (["007"], [7]),
    ],
)
def test_numbers(values: list[str], expected: list[float]) -> None:
    result = typed(values, NUMBER)
    assert plain(result) == expected and not wrong(result)
    assert result.values.dtype == "Float64"


def test_decision_on_separators_is_told_once() -> None:
    assert told(typed(["1.234,5", "2.345,5"], NUMBER), "dezimal") == [
        "Gelesen mit Dezimalzeichen „,“, Tausenderzeichen „.“."
    ]
    assert not told(typed(["1", "2"], NUMBER), "dezimal")


@pytest.mark.parametrize("values", [["1.234"], ["1,234", "567"], ["1.234", "2,345"]])
def test_number_that_may_be_grouped_asks_for_decimal(values: list[str]) -> None:
    result = typed(values, NUMBER)
    assert wrong(result) == [("dezimal", None)]
    assert "decimal in sources.yml" in result.findings[-1].message
    assert plain(typed(values[:1], NUMBER, decimal=","))[0] in (1234, 1.234)


def test_declared_decimal_wins() -> None:
    assert plain(typed(["1.234"], NUMBER, decimal=",")) == [1234]
    assert plain(typed(["1.234"], NUMBER, decimal=".")) == [1.234]
    refused = typed(["12.5", "1,5"], NUMBER, decimal=",")
    assert wrong(refused) == [("zahl", 2)] and plain(refused) == [None, 1.5]


def test_contradicting_separators() -> None:
    result = typed(["1.234,5", "1,234.5", "7"], NUMBER)
    assert wrong(result) == [("dezimal", None)] and plain(result) == [None, None, 7]
    message = result.findings[-1].message
    assert "1.234,5" in message and "1,234.5" in message
    hidden = typed(["1.234,5", "1,234.5"], Column("n", "number", personal=True))
    assert "234" not in hidden.findings[-1].message


def test_grouped_integers() -> None:
    result = typed(["1.234", "567", "12,0", "3,00"], INTEGER)
    assert plain(result) == [1234, 567, 12, 3]
    assert plain(typed(["12.0", "12.00"], INTEGER)) == [12, 12]
    alone = typed(["1.234", "567"], INTEGER)
    assert plain(alone) == [1234, 567] and any("1.234" in text for text in told(alone, "dezimal"))
    assert plain(typed(["1,234", "567"], INTEGER)) == [1234, 567]
    assert wrong(typed(["1.234", "1,234"], INTEGER)) == [("dezimal", None)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("12,5", "ganze Zahl"),
        ("1e5", "keine Zahl"),
        ("123 1)", "Fußnotenzeichen"),
        ("123*", "Fußnotenzeichen"),
        ("123²", "Fußnotenzeichen"),
        ("9 %", "Prozentzeichen"),
        ("elf", "keine Zahl"),
        ("12 34", "keine Zahl"),
        ("1.23.456", "keine Zahl"),
        ("٣", "keine Zahl"),
        ("9007199254740993", "zu groß"),
        ("9" * 5000, "zu groß"),
        ("--5", "keine Zahl"),
    ],
)
def test_no_integer(value: str, words: str) -> None:
    result = typed(["5", value], INTEGER)
    assert wrong(result) == [("zahl", 3)]
    assert plain(result) == [5, None]
    error = result.findings[-1]
    assert words in error.message and error.value == value and error.column == "n"


def test_huge_numbers_are_refused() -> None:
    assert wrong(typed(["1e999"], NUMBER)) == [("zahl", 2)]


def test_every_row_is_told_but_at_most_fifty() -> None:
    result = typed(["elf"] * 60, INTEGER)
    assert len(wrong(result)) == 51 and result.findings[-1].message == "… und 10 weitere."
    assert len(wrong(typed(["elf"] * 50, INTEGER))) == 50


def test_personal_values_are_not_shown() -> None:
    result = typed(["Erika"], Column("begin", "date", personal=True))
    assert result.findings[0].value == "(nicht gezeigt)"
    assert "Erika" not in result.findings[0].message


def test_numeric_cells_need_no_decision() -> None:
    result = typed(["1234.567", "1.2340", "12,5", "3.5"], NUMBER, exact=True)
    assert plain(result) == [1234.567, 1.234, 12.5, 3.5] and not wrong(result)
    assert plain(typed(["1234.5", "1.2340"], NUMBER, decimal=",", exact=True)) == [1234.5, 1.234]
    assert plain(typed(["1e-07"], NUMBER, exact=True)) == [1e-07]


def test_missing_codes_have_reasons_and_are_counted() -> None:
    result = typed(["x", "c", "-", "", " k.\u00a0A. ", "x", "0", "X"], INTEGER)
    assert result.reasons is not None and result.reasons.dtype == "string"
    assert result.reasons.dropna().to_list() == [
        "x: nicht verfügbar",
        "c: vertraulich",
        "-: nichts vorhanden oder nicht angegeben",
        NO_VALUE,
        "k. A.: keine Angabe",
        "x: nicht verfügbar",
    ]
    assert plain(result) == [None] * 6 + [0, None] and wrong(result) == [("zahl", 9)]
    counted = told(result, "fehlend")
    assert len(counted) == 1 and "„x“ (nicht verfügbar): 2-mal" in counted[0]
    assert "leer (ohne Wert geliefert): 1-mal" in counted[0]


def test_columns_not_measured_have_no_reasons() -> None:
    assert typed(["x"], Column("n", "integer", required=True)).reasons is None
    assert typed(["x"], DATE).reasons is None and plain(typed(["x"], DATE)) == [None]


def test_missing_codes_in_text_columns() -> None:
    values = ["x", "c", ".", "-", "–", "k. A.", "k.A.", "", "m"]
    assert plain(typed(values, Column("t"))) == ["x", "c", "."] + [None] * 5 + ["m"]
    assert plain(typed(["x", "-"], Column("sex", codes=("x", "-")))) == ["x", "-"]


def test_booleans() -> None:
    yes, no = ["ja", "J", "true", "WAHR", "1", "yes"], ["nein", "n", "False", "falsch", "0", "no"]
    result = typed([*yes, *no, ""], BOOLEAN)
    assert plain(result) == [True] * 6 + [False] * 6 + [None] and not wrong(result)
    assert wrong(typed(["ja", "x", "vielleicht"], BOOLEAN)) == [
        ("wahrheitswert", 3),
        ("wahrheitswert", 4),
    ]


def test_ids_lose_only_the_artefact_of_a_float() -> None:
    result = typed(["4.0", "04", "4", "SR04"], Column("area_id", pattern=SLUG))
    assert plain(result) == ["4", "04", "4", "SR04"] and told(result, "kennung")
    assert plain(typed(["4.0"], Column("name"))) == ["4.0"]


def test_text_is_nfc_and_stripped() -> None:
    values = [" Lo\u0308btau\u00a0", "Äußere\u00a0Neustadt"]
    assert plain(typed(values, Column("name"))) == ["Löbtau", "Äußere Neustadt"]


def test_index_and_caller_are_kept() -> None:
    rows = pd.Index([5, 5, 7, 8], name="row")
    text = pd.Series(["1", None, "x", "1"], dtype="string", index=rows)
    before = text.copy()
    result = to_typed(
        text, INTEGER, source_id="s", table="t", missing=MISSING, decimal=None, dates=None
    )
    pd.testing.assert_series_equal(text, before)
    pd.testing.assert_index_equal(result.values.index, text.index)
    assert plain(result) == [1, None, None, 1]
    empty = to_typed(
        text.iloc[:0], NUMBER, source_id="s", table="t", missing={}, decimal=None, dates=None
    )
    assert empty.values.empty and not empty.findings


KINDS = st.sampled_from(sorted(DTYPES))
CELLS = st.lists(st.text("0123456789.,-+'/ eEx%*\u00a0TQI", max_size=12) | st.text(max_size=5))


@given(values=CELLS, kind=KINDS, personal=st.booleans())
def test_never_raises_and_never_loses_a_value_silently(
    values: list[str], kind: str, personal: bool
) -> None:
    column = Column("n", kind, personal=personal)  # type: ignore[arg-type]
    result = typed(values, column)
    assert result.values.dtype == DTYPES[column.kind] and len(result.values) == len(values)
    lost = [value for value, read in zip(values, result.values, strict=True) if pd.isna(read)]
    assert all(not v.strip() for v in lost) or result.findings


GERMAN = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 2))


@given(st.lists(GERMAN, min_size=1))
def test_german_and_english_writing_read_the_same(numbers: list[float]) -> None:
    english = [f"{number:,.2f}" for number in numbers]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    spaced = [text.replace(",", "\u202f") for text in english]
    for texts in (english, german, spaced):
        assert plain(typed(texts, NUMBER)) == numbers


def test_repeated_values_are_read_alike() -> None:
    result = typed(["1.234,5", "7,25", "x", "12"] * 1000, NUMBER)
    assert plain(result) == [1234.5, 7.25, None, 12] * 1000
