"""The German headings are complete, tell columns apart, and use the words of the reports."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from evaltools.data.headingparts import BOOLEAN, GUIDE, LISTS, MARK, shown
from evaltools.data.headings import CODING_TABLES, SHEETS, Heading, Sheet, is_open, table_named
from evaltools.data.schema import TABLES, Column
from evaltools.data.template_head import plain
from evaltools.data.values import to_typed
from evaltools.release import profile_views, wording

COLUMNS = [(name, column) for name, table in TABLES.items() for column in table.columns]


def heading(name: str, column: Column) -> Heading:
    return SHEETS[name].columns[column.name]


def test_every_table_has_a_sheet_that_excel_can_name() -> None:
    assert list(SHEETS) == list(TABLES)
    labels = [sheet.label for sheet in SHEETS.values()]
    assert len({label.casefold() for label in [*labels, GUIDE, LISTS]}) == len(labels) + 2
    assert max(map(len, labels)) <= 31
    assert not [label for label in labels if set(label) & set("[]:*?/\\'")]
    assert set(CODING_TABLES) < set(SHEETS)


def test_sheets_are_called_as_reports_call_their_tables() -> None:
    told = {name: wording.TABLE_LABELS[name].casefold() for name in SHEETS}
    assert {name: sheet.label.casefold() for name, sheet in SHEETS.items()} == told


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_one_heading_of_its_own(name: str) -> None:
    sheet: Sheet = SHEETS[name]
    assert tuple(sheet.columns) == TABLES[name].names
    headers = [plain(one.header) for one in sheet.columns.values()]
    assert len({*headers, plain(MARK)}) == len(headers) + 1
    assert all(one.header == one.header.strip(" *") for one in sheet.columns.values())
    for text in (sheet.note, sheet.used, *(one.note for one in sheet.columns.values())):
        assert text
        assert "\n" not in text
        assert text.isprintable()
        assert '"' not in text


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=lambda one: getattr(one, "name", one))
def test_every_code_has_a_label_that_is_read_back(name: str, column: Column) -> None:
    one = heading(name, column)
    if column.codes:
        assert tuple(one.codes) == column.codes
    labels = [label.casefold() for label in one.codes.values()]
    assert len(set(labels)) == len(labels)
    read = one.read()
    for code, label in one.codes.items():
        assert read[label] == read[label.lower()] == code
        assert read.get(code, code) == code  # a code that is also a label means the same
        assert not one.several or not set(label) & set(",;")
    assert is_open(column, one) == (bool(one.codes) and not column.codes)


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=lambda one: getattr(one, "name", one))
def test_an_example_is_a_value_of_its_column(name: str, column: Column) -> None:
    one = heading(name, column)
    if one.example is None:
        return
    kinds = {"date": date, "boolean": bool, "integer": int, "number": (int, float), "text": str}
    assert isinstance(one.example, kinds[column.kind])
    assert not column.codes or one.example in column.codes
    given = shown(one.example, column, one)
    text = given.isoformat() if isinstance(given, date) else f"{given}"
    text = one.read().get(text, text)
    typed = to_typed(
        pd.Series([text], dtype="string"),
        column,
        source_id="x",
        table=name,
        missing={},
        decimal=".",
        dates="dmy",
    )
    assert typed.values.notna().all()
    assert not [finding for finding in typed.findings if finding.severity == "error"]


@pytest.mark.parametrize("name", TABLES)
def test_the_example_fills_what_is_required(name: str) -> None:
    empty = [one.name for one in TABLES[name].columns if heading(name, one).example is None]
    assert not {one.name for one in TABLES[name].columns if one.required} & set(empty)


def test_labels_are_the_words_of_the_profile() -> None:
    def labels(name: str, column: str) -> dict[str, str]:
        return dict(SHEETS[name].columns[column].codes)

    assert labels("infrastructure", "kind") == profile_views.KINDS
    assert labels("social_profile", "indicator") == profile_views.INDICATORS
    assert labels("staffing", "role") == profile_views.ROLES
    told = {code: text for code, text in profile_views.PHASES.items() if code != "unbekannt"}
    assert labels("offer", "life_phase") == told


def test_a_sheet_is_found_whatever_its_case_and_spaces() -> None:
    assert table_named(" fachkräfte ") == "staffing"
    assert table_named("Tätigkeiten  der Koordination") == "coordinator_activity"
    assert table_named("Tabelle1") is None


def test_values_are_shown_as_an_office_writes_them() -> None:
    count = TABLES["hze_count"]
    form = heading("hze_count", count.column("form"))
    assert shown("stationaer", count.column("form"), form) == "stationär"
    model = TABLES["area"].column("is_model")
    assert shown(True, model, heading("area", model)) == BOOLEAN["true"] == "ja"
    assert shown(None, model, heading("area", model)) is None
