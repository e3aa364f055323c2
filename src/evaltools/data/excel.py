"""One sheet of an XLSX file: its cells as text, and what they hide."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils import column_index_from_string
from python_calamine import CalamineWorkbook, SheetTypeEnum

from evaltools.data.findings import Log, Stop, listing

MAX_XLSX = 200_000_000
MAX_UNPACKED = 1_000_000_000
MAX_RATIO = 200
MAX_CELLS = 50_000_000
SHEETS, STYLES = "xl/worksheets/", "xl/styles.xml"
_CHECKED = re.compile(rb"<(?:\w+:)?f[ />]|t=\"e\"|hidden=\"(1|true)\"")
_FILLED = re.compile(rb"<(?:\w+:)?c [^>]*?\br=\"([A-Z]+)([0-9]+)\"[^>]*[^/]>")
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt [^>]*>")
_FORMAT_ID = re.compile(rb"numFmtId=\"(\d+)\"")
_USED = re.compile(rb"<(?:\w+:)?cellXfs.*?</(?:\w+:)?cellXfs>", re.S)
Merged = tuple[tuple[int, int, int, int], ...]


def read_sheet(path: Path, declared: str | None, log: Log) -> tuple[str, list[list[str]], Merged]:
    """Return the name of a sheet, its cells from A1 as text, and its merged ranges.

    Raises
    ------
    Stop
        When the file is damaged or too large, or it is open which sheet is meant.
    """
    with _opened(path, log) as book:
        name = _sheet(book, declared, log)
        sheet = book.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
    ranges = sheet.merged_cell_ranges or []
    merged = tuple((top, left, bottom, right) for (top, left), (bottom, right) in ranges)
    return name, [[plain(value) for value in row] for row in rows], merged


def read_book(path: Path, log: Log) -> dict[str, list[list[str]]]:
    """Return the cells of all sheets from A1 as text, by the sheets' names in their order.

    Raises
    ------
    Stop
        When the file is damaged or too large.
    """
    with _opened(path, log) as book:
        rows = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in _worksheets(book)
        }
    return {name: [[plain(value) for value in row] for row in rows[name]] for name in rows}


@contextmanager
def _opened(path: Path, log: Log) -> Iterator[CalamineWorkbook]:
    """Open a workbook; what a damaged one provokes ends the reading with a finding."""
    try:
        _guard(path, log)
        with path.open("rb") as file:
            yield CalamineWorkbook.from_filelike(file)
    except (Stop, OSError):
        raise
    except Exception:  # the readers of XLSX raise whatever a damaged file provokes
        text = f"Die Datei {path.name} lässt sich nicht als Excel-Mappe öffnen; neu speichern."
        log.stop("binaer", text)


def _worksheets(book: CalamineWorkbook) -> list[str]:
    return [m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]


def _guard(path: Path, log: Log) -> None:
    """Refuse files too large to be read and archives that unpack to a multiple of their size."""
    size = path.stat().st_size
    if size > MAX_XLSX:
        log.stop("groesse", "Die Datei hat mehr als 200 MB; aufteilen oder als CSV ausgeben.")
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        names = archive.namelist()
        small = unpacked <= min(MAX_UNPACKED, MAX_RATIO * size)
        spread = [
            _spread(archive.read(name)) for name in names if name.startswith(SHEETS) and small
        ]
    if not small:
        text = "Die Datei wird beim Auspacken unverhältnismäßig groß; neu aus Excel speichern."
        log.stop("groesse", text)
    if "xl/workbook.xml" not in names:
        log.stop("binaer", "Die Datei ist ein Archiv, aber keine .xlsx-Mappe; neu speichern.")
    if max(spread, default=0) > MAX_CELLS:
        text = "Einzelne Zellen stehen weit außerhalb der Tabelle; sie löschen und neu speichern."
        log.stop("groesse", text)


def _spread(sheet: bytes) -> int:
    """Return the number of cells between A1 and the last filled row and column.

    calamine holds room for all of them, so a single stray cell in XFD1048576 ends the process.
    """
    places = _FILLED.findall(sheet)
    columns = {column_index_from_string(name.decode()) for name in {name for name, _ in places}}
    return max((int(row) for _, row in places), default=0) * max(columns, default=0)


def _sheet(book: CalamineWorkbook, declared: str | None, log: Log) -> str:
    names = _worksheets(book)
    if declared is not None:
        if declared not in names:
            text = f"Das Blatt „{declared}“ fehlt; vorhanden sind: {listing(names)}."
            log.stop("blatt", f"{text} sheet in sources.yml berichtigen.")
        return declared
    filled = [name for name in names if book.get_sheet_by_name(name).height]
    if not filled:
        log.stop("leer", "Die Excel-Mappe enthält keine Daten; neu abrufen.")
    if len(filled) > 1:
        text = f"Mehrere Blätter enthalten Daten: {listing(filled)}."
        log.stop("blatt", f"{text} In sources.yml unter format das Blatt nennen (sheet).")
    log.note("info", "blatt", f"Gelesen wurde das Blatt „{filled[0]}“.")
    return filled[0]


def plain(value: Any) -> str:
    """Write a cell as text: numbers with a point, dates as ISO."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # Excel computes with 15 digits; one zero more keeps 1.234 from looking like 1234.
        text = str(int(value)) if value.is_integer() else f"{value:.15g}"
        return f"{text}0" if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) else text
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("T00:00:00")
    return value.isoformat() if isinstance(value, date) else str(value)


def check_cells(
    path: Path, sheet: str, frame: pd.DataFrame, columns: Mapping[str, int], log: Log
) -> None:
    """Note formulas, error cells and what is hidden among the cells that were read."""
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.startswith(SHEETS)]
        # Opening with openpyxl takes long, and most files hold nothing of what is looked for.
        if not any(_CHECKED.search(archive.read(name)) for name in members):
            return
    try:
        with warnings.catch_warnings(action="ignore"):
            cells = openpyxl.load_workbook(path)[sheet]
    except Exception:  # openpyxl refuses files that calamine and Excel still read
        log.note("warning", "formel", "Formeln und versteckte Zeilen waren nicht zu prüfen.")
        return
    places = [place + 1 for place in columns.values()]
    every = [cells.cell(int(row), place) for row in frame.index for place in places]
    found = _cases(every, "f", "enthält eine Formel; als Wert einfügen")
    log.errors("formel", found, len(found))
    found = _cases(every, "e", "enthält einen Excel-Fehler; berichtigen")
    log.errors("fehlerwert", found, len(found))
    _note_hidden(cells, frame, columns, log)


def percent_cells(path: Path) -> dict[str, frozenset[str]]:
    """Return the cells that show a number as a percentage, by sheet: 12 % is kept as 0.12.

    Parameters
    ----------
    path : Path
        A workbook that was read before.

    Returns
    -------
    dict of str to frozenset of str
        Sheet → addresses such as ``D7``; empty where no format of a cell has a percent sign.
    """
    with zipfile.ZipFile(path) as archive:
        styles = archive.read(STYLES) if STYLES in archive.namelist() else b""
    # Opening with openpyxl takes long; LibreOffice keeps a percent style that no cell has.
    own = [tag for tag in _FORMAT.findall(styles) if b"%" in tag]
    known = {b"9", b"10"} | {name for tag in own for name in _FORMAT_ID.findall(tag)}
    used = _USED.search(styles)
    if not used or not known & set(_FORMAT_ID.findall(used[0])):
        return {}
    try:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(path)
    except Exception:  # openpyxl refuses files that calamine and Excel still read
        return {}
    return {
        page.title: frozenset(
            cell.coordinate
            for row in page.iter_rows()
            for cell in row
            if cell.data_type == "n" and cell.value is not None and "%" in cell.number_format
        )
        for page in book.worksheets
    }


def _cases(cells: Iterable[Any], kind: str, text: str) -> list[tuple[int, str, str]]:
    found = [cell for cell in cells if cell.data_type == kind]
    return [(cell.row, cell.coordinate, f"Zelle {cell.coordinate} {text}.") for cell in found]


def _note_hidden(cells: Any, frame: pd.DataFrame, columns: Mapping[str, int], log: Log) -> None:
    rows = [row for row in frame.index if cells.row_dimensions[row].hidden]
    if rows:
        log.note("warning", "versteckt", f"Versteckte Zeilen wurden mitgelesen: {listing(rows)}.")
    hidden = [item for item in cells.column_dimensions.values() if item.hidden]
    for name, place in columns.items():
        if any(item.min <= place + 1 <= item.max for item in hidden):
            log.note("warning", "versteckt", "Die versteckte Spalte wurde mitgelesen.", column=name)
