"""The sheets of the template: headers, explanations, examples, drop-down lists, formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from evaltools.data.columns import Column
from evaltools.data.headingparts import (
    BOOLEAN,
    EXAMPLE,
    EXPLAINED,
    LISTS,
    MARK,
    REQUIRED,
    Heading,
    shown,
)
from evaltools.data.headings import SHEETS, is_open
from evaltools.data.schema import TABLES

FIRST = 3  # row of the first record, counted from 0
LAST = 1_048_575
WIDEST = 1_000_000_000
FAR = 1_000_000  # a limit from here on is none that anybody would type past
EARLIEST, LATEST = date(1990, 1, 1), date(2060, 12, 31)
RED, GREY, PALE, BLUE = "#B00020", "#5F5F5F", "#EEF3F8", "#1F3A5F"
_WRONG = {"error_title": "Bitte prüfen"}
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "header": {"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE, "text_wrap": True},
    "note": {"italic": True, "font_color": GREY, "text_wrap": True, "valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "link": {"font_color": BLUE, "underline": 1, "valign": "top"},
    "text": {"num_format": "@"},
    "whole": {"num_format": "#,##0"},
    "year": {"num_format": "0"},
    "number": {"num_format": "General"},
    "euro": {"num_format": "#,##0.00"},
    "date": {"num_format": "dd.mm.yyyy", "align": "left"},
}


class Pages:
    """The workbook while it is written: its sheets, its looks and its lists.

    Parameters
    ----------
    book : Workbook
        Open; closed by the caller.
    tables : tuple of str
        The tables that get a sheet.
    areas : DataFrame
        The areas known; not changed.
    """

    def __init__(self, book: Workbook, tables: tuple[str, ...], areas: pd.DataFrame) -> None:
        self.book, self.tables, self.areas = book, tables, areas
        self.looks = {name: book.add_format(dict(look)) for name, look in _LOOKS.items()}
        sample = {"bg_color": PALE, "italic": True}
        self.samples = {name: book.add_format({**look, **sample}) for name, look in _LOOKS.items()}
        self.lists: dict[tuple[str, ...], str] = {}
        self._pages: dict[str, Any] = {}

    def page(self, label: str) -> Any:
        """Return the sheet of that name, made when it is not there."""
        if label not in self._pages:
            self._pages[label] = self.book.add_worksheet(label)
        return self._pages[label]

    def add(self, name: str) -> None:
        """Write the sheet of one table."""
        table, sheet = TABLES[name], SHEETS[name]
        page = self.page(sheet.label)
        page.freeze_panes(2, 2)
        page.set_column(0, 0, 11, self.looks["text"])
        page.set_row(1, 78)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        for row, text in enumerate((MARK, EXPLAINED, EXAMPLE)):
            page.write_string(row, 0, text, self.looks["header" if row == 0 else "note"])
        if table.case_level:
            page.set_tab_color(RED)
        for place, column in enumerate(table.columns, start=1):
            heading = sheet.columns[column.name]
            example = self._example(name, column, heading)
            self._column(page, place, column, heading, example)
            rule = self._validation(name, column, heading)
            if rule:
                page.data_validation(FIRST, place, LAST, place, rule)
        if name == "area":
            self._fill_areas(page)

    def add_lists(self) -> None:
        """Write the hidden sheet of the drop-down lists; none may be added after it."""
        page = self.page(LISTS)
        for place, labels in enumerate(self.lists):
            page.write_column(0, place, labels)
        page.hide()

    def _example(self, name: str, column: Column, heading: Heading) -> Any:
        """Return the example as an office writes it, with an area of the study."""
        value = heading.example
        if value is not None and TABLES[name].foreign.get(column.name, ("",))[0] == "area":
            value = next(iter(self.areas["area_id"]), value)
        return shown(value, column, heading)

    def _column(
        self, page: Any, place: int, column: Column, heading: Heading, example: Any
    ) -> None:
        look = _look(column)
        words = max(map(len, heading.note.split()))
        width = max(14, len(heading.header) + 4, words + 2, min(len(heading.note) // 3, 44))
        page.set_column(place, place, width, self.looks[look])
        header = heading.header + REQUIRED * column.required
        page.write_string(0, place, header, self.looks["header"])
        page.write_string(1, place, heading.note, self.looks["note"])
        self._cell(page, (2, place), example, self.samples[look])

    def _cell(self, page: Any, where: tuple[int, int], value: Any, look: Any) -> None:
        if value is None:
            page.write_blank(*where, None, look)
        elif isinstance(value, date):
            page.write_datetime(*where, value, look)
        elif isinstance(value, str):
            page.write_string(*where, value, look)
        else:
            page.write_number(*where, value, look)

    def _fill_areas(self, page: Any) -> None:
        table, sheet = TABLES["area"], SHEETS["area"]
        for place, column in enumerate(table.columns, start=1):
            if column.name not in self.areas:
                continue
            for row, value in enumerate(self.areas[column.name], start=FIRST):
                text = None if pd.isna(value) else shown(value, column, sheet.columns[column.name])
                if text is not None:
                    self._cell(page, (row, place), text, self.looks[_look(column)])

    def _validation(self, name: str, column: Column, heading: Heading) -> dict[str, Any] | None:
        """Return what Excel and LibreOffice ask of a cell; the ingest asks it again."""
        if heading.several:
            return None
        if column.kind == "boolean":
            return self._listed(self._list(BOOLEAN.values()), "ja oder nein", strict=True)
        if heading.codes:
            labels = heading.codes.values()
            said = "Bitte aus der Liste wählen; eigene Kennungen nur, wo die Erklärung es sagt."
            return self._listed(self._list(labels), said, strict=not is_open(column, heading))
        if column.name in TABLES[name].foreign:
            return self._reference(*TABLES[name].foreign[column.name])
        return _limits(column)

    def _list(self, labels: Iterable[str]) -> str:
        key = tuple(labels)
        if key not in self.lists:
            letter = xl_col_to_name(len(self.lists))
            self.lists[key] = f"={LISTS}!${letter}$1:${letter}${max(len(key), 1)}"
        return self.lists[key]

    def _reference(self, other: str, target: str) -> dict[str, Any] | None:
        """Offer what stands in another sheet; without that sheet, the areas known."""
        said = f"Diese Kennung steht nicht im Blatt „{SHEETS[other].label}“. Trotzdem eintragen?"
        if other in self.tables:
            label = SHEETS[other].label
            letter = xl_col_to_name(1 + TABLES[other].names.index(target))
            start = f"'{label}'!${letter}${FIRST + 1}"
            filled = f"COUNTA({start}:${letter}${LAST + 1})"
            return self._listed(f"=OFFSET({start},0,0,MAX(1,{filled}),1)", said, strict=False)
        if other == "area" and len(self.areas):
            return self._listed(self._list(map(str, self.areas["area_id"])), said, strict=False)
        return None

    def _listed(self, source: str, said: str, *, strict: bool) -> dict[str, Any]:
        kind = "stop" if strict else "warning"
        rule = {"validate": "list", "source": source, "error_type": kind, "error_message": said}
        return rule | _WRONG


def _look(column: Column) -> str:
    if column.kind == "integer":
        return "year" if column.unit.startswith("Jahr") else "whole"
    if column.kind == "number":
        return "euro" if column.unit.startswith("Euro") else "number"
    return "date" if column.kind == "date" else "text"


def _limits(column: Column) -> dict[str, Any] | None:
    """Return the limits of numbers and dates; a missing code such as k. A. is let through."""
    if column.kind == "text":
        return None
    kind = {"integer": "integer", "number": "decimal", "date": "date"}[column.kind]
    low = -WIDEST if column.low is None else column.low
    high = WIDEST if column.high is None else column.high
    span = "" if low <= -WIDEST else f" ab {low:g}"
    span += f" bis {high:g}" if high < FAR else ""
    said = f"Erwartet wird eine Zahl{span}, oder „k. A.“. Trotzdem eintragen?"
    if column.kind == "integer":
        said = said.replace("eine Zahl", "eine ganze Zahl")
    if column.kind == "date":
        said = "Erwartet wird ein Datum wie 31.12.2024. Trotzdem eintragen?"
    bounds = (EARLIEST, LATEST) if column.kind == "date" else (low, high)
    rule = {"validate": kind, "criteria": "between", "minimum": bounds[0], "maximum": bounds[1]}
    return rule | {"error_type": "warning", "error_message": said} | _WRONG
