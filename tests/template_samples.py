"""A template filled in: a study of two areas, rows as an office writes them, twelve mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.workbook import Workbook

from evaltools.data import template
from evaltools.data.headingparts import Heading, shown
from evaltools.data.headings import SHEETS
from evaltools.data.ingest import ingest
from evaltools.data.schema import TABLES
from evaltools.errors import DataError
from evaltools.study import Workspace, open_study

STUDY = """\
title: Vorlage
city: muster
model_areas: [{area: SR01, start: 2020}]
notebooks: {}
"""
SOURCES = """\
city: Musterstadt
templates:
- {id: vorlage, file: vorlage.xlsx, provider: Amt, licence: keine, retrieved: 2025-01-31}
"""
FIRST = 4  # row of the first record in a sheet
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
# rule, sheet, cell, what is written there, what the finding says; None for the cell: see ``spoil``
MISTAKES: dict[str, tuple[str, str, str, object, str]] = {
    "unknown code": ("code", "Fallzahlen", "E4", "stationähr", "Auswahlliste"),
    "text in a number": ("zahl", "Fallzahlen", "F5", "viele", "keine Zahl"),
    "negative count": ("minimum", "Fallzahlen", "G6", -3, "kleinsten erlaubten Wert 0"),
    "required cell empty": ("pflicht", "Träger", "C5", None, "„Name“ fehlt"),
    "key twice": ("schluessel", "Fachkräfte", "B5", "SR01", "früheren Zeile"),
    "unknown area": ("fremdschluessel", "Einrichtungen", "B4", "SR77", "Blatt „Räume“"),
    "end before begin": ("reihenfolge", "Angebote", "Q5", date(2017, 1, 1), "vor „Beginn“"),
    "no such date": ("datum", "Angebote", "P4", "31.02.2019", "gibt es nicht"),
    "comma in a whole number": ("zahl", "Angebote", "J6", "12,5", "ganze Zahl"),
    "percent sign": ("zahl", "Soziale Merkmale", "E4", "12 %", "Prozentzeichen"),
    "neither yes nor no": ("wahrheitswert", "Räume", "F5", "vieleicht", "weder ja noch nein"),
    "header renamed": ("kopfzeile", "Meilensteine", "D1", "Plantermin", "hier stand „geplant“"),
}


def study(root: Path, *, sources: str = SOURCES) -> Workspace:
    """Make a study whose city delivers nothing but a template."""
    (root / "studies").mkdir(parents=True, exist_ok=True)
    (root / "studies" / "muster.yml").write_text(STUDY, encoding="utf-8")
    raw = root / "data" / "raw" / "muster"
    raw.mkdir(parents=True, exist_ok=True)
    (raw / "sources.yml").write_text(sources, encoding="utf-8")
    return open_study("muster", folder=root)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return rows of all tables that an office delivers, as the schema has them: codes, numbers."""
    made: dict[str, list[dict[str, Any]]] = {}
    for name in template.OFFICE_TABLES:
        row = {column: one.example for column, one in SHEETS[name].columns.items()}
        row |= {"area_id": "SR01"} if "area_id" in row else {}
        made[name] = [row]
    made["area"] = [
        {"area_id": "SR01", "name": "Äußere Werft", "is_model": True, "model_start": "2020"},
        {"area_id": "SR02", "name": "Süßkirschgarten", "is_model": False},
    ]
    made["provider"] = [
        {"provider_id": "T01", "name": "Musterhilfe e. V.", "type": "frei_gemeinnuetzig"},
        {"provider_id": "4", "name": "Amt", "type": "oeffentlich"},
    ]
    count = made["hze_count"][0]
    made["hze_count"] += [
        count | {"form": "stationaer", "paragraph": "34"},
        count | {"period": "2023"},
    ]
    made["staffing"] += [made["staffing"][0] | {"area_id": "SR02"}]
    made["offer"] += [made["offer"][0] | {"offer_id": f"AN{n}", "provider_id": "4"} for n in (2, 3)]
    return made


def office(root: Path, *tables: str) -> Workspace:
    """Make a study whose template holds rows in some sheets, and in that of the areas."""
    made, chosen = study(root), ("area", *tables)
    path = made.raw / "vorlage.xlsx"
    path.write_bytes(template.workbook(made, chosen))
    fill(path, {name: part for name, part in rows().items() if name in chosen})
    return made


def written(column: str, table: str, value: Any) -> Any:
    """Write a value of the schema as an office does."""
    one: Heading = SHEETS[table].columns[column]
    if value is None or pd.isna(value):
        return None
    if one.several:
        return value
    return shown(value, TABLES[table].column(column), one)


def fill(path: Path, given: Rows) -> Workbook:
    """Type rows into a template; what is prefilled in their sheets goes."""
    book = openpyxl.load_workbook(path)
    for name, records in given.items():
        page = book[SHEETS[name].label]
        page.delete_rows(FIRST, page.max_row)
        for row, record in enumerate(records, start=FIRST):
            for place, column in enumerate(TABLES[name].names, start=2):
                page.cell(row, place, written(column, name, record.get(column)))
    book.save(path)
    return book


def spoil(path: Path, *mistakes: str) -> None:
    """Put mistakes into a filled template."""
    book = openpyxl.load_workbook(path)
    for mistake in mistakes:
        _, sheet, cell, value, _ = MISTAKES[mistake]
        book[sheet][cell] = value
    book.save(path)


def findings(space: Workspace) -> pd.DataFrame:
    """Ingest a study and return its warnings and errors."""
    try:
        found = ingest(space).findings
    except DataError as error:
        assert error.findings is not None
        found = error.findings
    return found[found["severity"] != "info"].reset_index(drop=True)
