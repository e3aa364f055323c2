"""The tables of an executed notebook as files: one workbook, and one CSV file a table.

They hold what the page prints and no digit more. The same tables give the same bytes, and no text
becomes a formula: in the workbook every text is stored as text, in CSV an apostrophe stands before
a character that a spreadsheet would take for the beginning of a formula (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from evaltools import workbook
from evaltools.german import MINUS, NBSP, slug
from evaltools.release.display import MARK, Printed, Sheet
from evaltools.release.tables import FOOTNOTES
from evaltools.reports.frame import Page

SIMULATED = (
    "Simulierte Daten: Diese Stadt und alle Zahlen sind erfunden. Sie zeigen, wie der Bericht "
    "arbeitet, und sagen nichts über einen wirklichen Ort."
)
INTERN = (
    "Intern, nur für das Amt: Diese Seite ist nicht zur Veröffentlichung geprüft und kann kleine "
    "Fallzahlen erkennen lassen."
)
ZERO = "0 genau null, oder gerundet null"
LONGEST, LONGEST_HEADING, LONGEST_NAME = 16_000, 200, 31
NARROWEST, WIDEST = 10, 60
NAMELESS = "tabelle"
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_SKIPPED = r"[\s\"'`´‘’‚‛“”„«»‹›\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
# A spreadsheet set to other separators would begin a cell after one of these.
_FORMULA = re.compile(rf"((?:^|[,;|]){_SKIPPED})(?=[=+\-@＝＋－＠﹦﹢﹣﹫])|^(?=sep\s*=)", re.I)
_NUMBER = re.compile(r"[+\-−][0-9][0-9.]*(?:,[0-9]+)?(?:[ \u00a0]?%)?")


@dataclass(frozen=True)
class Styles:
    """The formats of one workbook."""

    heading: Format
    text: Format
    guarded: Format
    note: Format
    numbers: Mapping[int, Format]


def files(notebook: NotebookNode, stem: str, *, notes: tuple[str, ...]) -> dict[str, bytes]:
    """Write the tables of an executed notebook as files.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; only tables that the release room has marked are taken, in their order.
    stem : str
        How each file's name begins.
    notes : tuple of str
        What stands with the tables wherever they go, as :func:`page_notes` makes it: study,
        state of data, sources, and that the data are simulated.

    Returns
    -------
    dict of str to bytes
        File name → content: ``<stem>.xlsx`` with a sheet of notes and a sheet a table, and
        ``<stem>_<nn>_<caption>.csv`` for each table; empty for a notebook without tables.
    """
    sheets = tables(notebook)
    if not sheets:
        return {}
    made = {f"{stem}.xlsx": _workbook(sheets, notes)}
    for place, sheet in enumerate(sheets, start=1):
        made[f"{stem}_{place:02d}_{slug(sheet.caption) or NAMELESS}.csv"] = _csv(sheet, notes)
    return made


def tables(notebook: NotebookNode) -> tuple[Sheet, ...]:
    """Collect what the marked tables of an executed notebook print, in their order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    marks = [output.get("metadata", {}).get(MARK, {}) for output in outputs]
    return tuple(
        _read(mark["table"]) for mark in marks if mark.get("released", False) and "table" in mark
    )


def page_notes(page: Page) -> tuple[str, ...]:
    """Say in lines what a page says around its tables.

    Parameters
    ----------
    page : Page
        The page on which the tables stand.

    Returns
    -------
    tuple of str
        Title and area, study and state of data, whether the data are simulated, sources.
    """
    sources = (
        f"Quelle: {source['file']}: {source['provider']}, Lizenz {source['licence']}, "
        f"abgerufen am {source['retrieved']}"
        for source in page.sources
    )
    return (
        f"{page.title}, {page.area or page.whole}",
        f"Studie: {page.study}. Datenstand: {page.state}. Erstellt mit evaltools {page.version}.",
        *((SIMULATED,) if page.simulated else ()),
        *((INTERN,) if page.intern else ()),
        *sources,
        *(f"An die Stelle der Studiendaten trat: {name}" for name in page.inputs),
    )


def _read(table: Mapping[str, Any]) -> Sheet:
    """Read a table's metadata, without the characters that no file of tables can hold."""
    return Sheet(
        caption=_clean(table["caption"]),
        headings=tuple(_clean(heading) for heading in table["headings"]),
        digits=tuple(table["digits"]),
        rows=tuple(
            tuple(_clean(cell) if isinstance(cell, str) else cell for cell in row)
            for row in table["rows"]
        ),
        notes=tuple(_clean(note) for note in table["notes"]),
    )


def _clean(text: str) -> str:
    """Put a space for line breaks and control characters, as a browser shows them."""
    return _CONTROL.sub(" ", text).strip(" ")


def _csv(sheet: Sheet, notes: Sequence[str]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow([_guarded(heading) for heading in sheet.headings])
    for row in sheet.rows:
        writer.writerow([_field(*cell) for cell in zip(row, sheet.digits, strict=True)])
    writer.writerow([])
    writer.writerows([_guarded(line)] for line in [*_lines(sheet), *map(_hint, notes)])
    return buffer.getvalue().encode("utf-8-sig")


def _field(cell: Printed, digits: int | None) -> str:
    if isinstance(cell, str):
        return _guarded(cell)
    return f"{cell:.{digits or 0}f}".replace(".", ",")


def _guarded(text: str) -> str:
    """Put an apostrophe before whatever would begin a formula; a signed number stays one."""
    if _NUMBER.fullmatch(text):
        return text.replace(MINUS, "-").replace(NBSP, " ")
    return _FORMULA.sub(r"\1'", text)


def _lines(sheet: Sheet) -> list[str]:
    return [f"Tabelle: {sheet.caption}", *map(_hint, sheet.notes)]


def _hint(note: str) -> str:
    return f"Hinweis: {_clean(note)}"


def _workbook(sheets: Sequence[Sheet], notes: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    book = workbook.opened(buffer)
    styles = _styles(book, sheets)
    names = [_name(place, sheet.caption) for place, sheet in enumerate(sheets, start=1)]
    _fill(book.add_worksheet("Hinweise"), _overview(names, sheets, notes), styles)
    for name, sheet in zip(names, sheets, strict=True):
        _fill(book.add_worksheet(name), sheet, styles)
    book.close()
    return buffer.getvalue()


def _styles(book: Workbook, sheets: Sequence[Sheet]) -> Styles:
    wrapped = {"text_wrap": True, "valign": "top"}
    digits = sorted({given for sheet in sheets for given in sheet.digits if given is not None})
    patterns = {given: "#,##0" + ("." + "0" * given if given else "") for given in digits}
    return Styles(
        heading=book.add_format(wrapped | {"bold": True}),
        text=book.add_format(wrapped),
        guarded=book.add_format(wrapped | {"quote_prefix": True}),
        note=book.add_format(),
        numbers={
            given: book.add_format({"num_format": pattern, "valign": "top"})
            for given, pattern in patterns.items()
        },
    )


def _name(place: int, caption: str) -> str:
    """Name a sheet after its table; its number makes it unique and leads to the CSV file."""
    permitted = re.sub(r"[\[\]:*?/\\\U00010000-\U0010ffff]", "", caption)
    return f"{place:02d} {permitted}"[:LONGEST_NAME].rstrip(" ',.;")


def _overview(names: Sequence[str], sheets: Sequence[Sheet], notes: Sequence[str]) -> Sheet:
    marks = (FOOTNOTES["suppressed"], FOOTNOTES["unknown"], ZERO)
    rows = (
        *(("Hinweis", _clean(note)) for note in notes),
        *((name, sheet.caption) for name, sheet in zip(names, sheets, strict=True)),
        *(("Zeichen", mark) for mark in marks),
    )
    return Sheet("Hinweise", ("Stichwort", "Erläuterung"), (None, None), rows, ())


def _fill(target: Worksheet, sheet: Sheet, styles: Styles) -> None:
    headings = _unique(sheet.headings)
    last = len(sheet.rows)
    if sheet.rows:
        header = [{"header": name, "header_format": styles.heading} for name in headings]
        style = {"columns": header, "autofilter": False, "style": "Table Style Light 1"}
        target.add_table(0, 0, last, len(headings) - 1, style)
    for column, name in enumerate(headings):
        target.write_string(0, column, name, styles.heading)
        cells = [row[column] for row in sheet.rows]
        for place, cell in enumerate(cells, start=1):
            _write(target, (place, column), cell, sheet.digits[column], styles)
        target.set_column(column, column, _width(name, cells))
    if sheet.notes:
        for place, line in enumerate(_lines(sheet), start=last + 2):
            target.write_string(place, 0, _storable(line), styles.note)
    target.freeze_panes(1, 0)
    target.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})


def _write(
    target: Worksheet, place: tuple[int, int], cell: Printed, digits: int | None, styles: Styles
) -> None:
    if isinstance(cell, str):
        style = styles.guarded if _FORMULA.match(cell) else styles.text
        target.write_string(*place, _storable(cell), style)
    else:
        target.write_number(*place, cell, styles.numbers[digits or 0])


def _unique(headings: Sequence[str]) -> list[str]:
    """Tell headings apart: Excel refuses a table with two that differ in case only, or empty."""
    found: list[str] = []
    for place, heading in enumerate(headings, start=1):
        plain = re.sub(r"_x(?=[0-9a-f]{4}_)", "_ x", heading, flags=re.I)
        name = _storable(plain[:LONGEST_HEADING]) or f"Spalte {place}"
        same = name.lower() in (other.lower() for other in found)
        found.append(f"{name} ({place})" if same else name)
    return found


def _storable(text: str) -> str:
    """Cut what no cell can hold; end with a space what xlsxwriter would take for rich text."""
    whole = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return f"{whole} " if whole.startswith("<r>") and whole.endswith("</r>") else whole


def _width(heading: str, cells: Sequence[Printed]) -> int:
    words = max(map(len, heading.split()), default=0)
    longest = max((len(str(cell)) for cell in cells), default=0)
    return min(max(longest + 3, words + 2, NARROWEST), WIDEST)
