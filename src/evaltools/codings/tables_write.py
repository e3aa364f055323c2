"""Write a project as XLSX: all its tables, or the table *Übersicht Codings* that MAXQDA writes.

Every text is a text: nothing that begins like a formula is one, neither now nor after it was
edited in Excel.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from evaltools import files
from evaltools.codings.maxqda_columns import HEADINGS, SEPARATORS
from evaltools.codings.model import COLUMNS, Project
from evaltools.codings.sheets import LONGEST_CELL
from evaltools.codings.workbooks import MAX_ROWS
from evaltools.errors import DataError
from evaltools.workbook import opened

SHEETS: Mapping[str, str] = {
    "documents": "Dokumente",
    "codes": "Codes",
    "coders": "Kodierende",
    "segments": "Segmente",
    "codings": "Kodierungen",
    "cases": "Fälle",
    "variables": "Variablen",
}
NOTES, CODINGS = "Hinweise", "Übersicht Codings"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Rows = Sequence[Sequence[Any]]


def workbook(project: Project, path: Path) -> None:
    """Write every table of a project as a sheet, and a sheet of notes before them.

    Parameters
    ----------
    project : Project
        The tables; their columns keep the names of the model.
    path : Path
        The XLSX file. The notes say where the codings came from, which problems the readers
        noticed, and which texts were too long for a cell of Excel and were cut.

    Raises
    ------
    DataError
        When a table has more rows than a sheet.
    OSError
        When the file cannot be written.
    """
    tables = {
        sheet: [[*COLUMNS[name]], *_plain(project.table(name))] for name, sheet in SHEETS.items()
    }
    notes = [
        *([f"Herkunft: {item.program}, {item.format}, {item.file}"] for item in project.origin),
        *([f"{item.rule}: {item.place} {item.message}"] for item in project.problems),
    ]
    _write(path, tables, [["Hinweis"], *notes], always=True)


def maxqda(project: Project, path: Path) -> None:
    """Write the codings as MAXQDA's table of coded segments, with German headings.

    Parameters
    ----------
    project : Project
        Paragraphs are those of the segments, or are counted from the offsets where the text is
        known; otherwise they stay empty.
    path : Path
        The XLSX file; :func:`evaltools.codings.maxqda.read` reads it back.

    Raises
    ------
    DataError
        When the table could not tell two documents or codes apart by their names, the name of a
        code holds what separates the levels of a code, or there are more codings than rows.
    OSError
        When the file cannot be written.
    """
    _check_names(project)
    headings = [names[0] for names in HEADINGS.values()]
    _write(path, {CODINGS: [headings, *_codings(project)]}, [["Hinweis"]], always=False)


def _check_names(project: Project) -> None:
    """Refuse names that the table would run together or split."""
    names = project.codes["name"].dropna()
    mixed = [name for name in names if any(mark in name for mark in SEPARATORS)]
    if mixed:
        raise DataError(
            f"code {mixed[0]!r} holds '>' or a backslash, which separate the levels of a code in "
            "MAXQDA's table; rename it, or write .qdpx"
        )
    documents = project.documents[["group", "name"]]
    doubled = [
        *documents.loc[documents.duplicated(), "name"],
        *project.codes.loc[project.codes["path"].duplicated(), "path"],
    ]
    if doubled:
        raise DataError(
            f"{doubled[0]!r} is the name of two documents or codes, which MAXQDA's table tells "
            "apart by their names alone; rename one, or write .qdpx"
        )


def paragraphs(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the first and last paragraph of ``text[start:end]``, counted from 1.

    A line break belongs to the paragraph that it ends.
    """
    first = text.count("\n", 0, start) + 1
    return first, first + text.count("\n", start, max(end - 1, start))


def _plain(table: pd.DataFrame) -> Rows:
    filled = table.astype(object).where(table.notna(), None)
    return filled.to_numpy().tolist()


def _codings(project: Project) -> list[list[Any]]:
    joined = (
        project.codings.merge(
            project.segments.drop(columns="doc_id"), on="segment_id", validate="many_to_one"
        )
        .merge(project.documents, on="doc_id", suffixes=("", "_of_document"))
        .merge(project.codes[["code_id", "path", "color"]], on="code_id")
        .merge(project.coders.rename(columns={"name": "coder"}), on="coder_id", how="left")
    )
    order = {key: place for place, key in enumerate(project.codings["coding_id"])}
    joined = joined.sort_values("coding_id", key=lambda ids: ids.map(order))
    filled = joined.astype(object).where(joined.notna(), None)
    return [_coding(row) for row in filled.to_dict("records")]


def _coding(row: Mapping[Any, Any]) -> list[Any]:
    whole, start, end = row["text_of_document"], row["start"], row["end"]
    text, span = row["text"], (row["para_start"], row["para_end"])
    if whole is not None and start is not None:
        text, span = whole[start:end], paragraphs(whole, start, end)
    size = len(text or "")
    share = 100 * size / len(whole) if whole else None
    return [
        row["color"],
        row["memo"],
        row["group"],
        row["name"],
        row["path"],
        *span,
        0,
        text,
        *[row["coder"], row["created"]] * 2,
        size,
        share,
    ]


def _write(path: Path, tables: Mapping[str, Rows], notes: Rows, *, always: bool) -> None:
    """Write sheets; that of the notes `always`, or when something was cut."""
    buffer = io.BytesIO()
    book = opened(buffer)
    guarded = book.add_format({"quote_prefix": True})
    first = book.add_worksheet(NOTES) if always else None
    cut: list[list[str]] = []
    for name, rows in tables.items():
        if len(rows) > MAX_ROWS:
            raise DataError(f"{path.name}: {name} has more than {MAX_ROWS} rows; write .qdpx")
        cut += _fill(book.add_worksheet(name), rows, guarded)
    if always or cut:
        _fill(first or book.add_worksheet(NOTES), [*notes, *cut], guarded)
    book.close()
    files.write(path, buffer.getvalue())


def _fill(sheet: Worksheet, rows: Rows, guarded: Format) -> list[list[str]]:
    """Fill a sheet; return a note for each text that was cut."""
    cut = []
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                text = _storable(cell)
                _text(sheet, (row, column), text, guarded)
                if len(text) < len(cell):
                    told = f"Blatt {sheet.name}, Zeile {row + 1}, Spalte {column + 1}: der Text "
                    told += f"hat {len(cell)} Zeichen; Excel fasst {LONGEST_CELL}, der Rest fehlt."
                    cut.append([told])
            elif isinstance(cell, bool):
                sheet.write_boolean(row, column, cell)
            elif cell is not None:
                sheet.write_number(row, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return cut


def _text(sheet: Worksheet, place: tuple[int, int], text: str, guarded: Format) -> None:
    style = guarded if text.startswith(_FORMULA) else None
    if text.startswith("<r>") and text.endswith("</r>"):
        # xlsxwriter would take it for markup of its own; in two pieces it is none.
        sheet.write_rich_string(*place, text[:1], guarded, text[1:])
    else:
        sheet.write_string(*place, text, style)


def _storable(text: str) -> str:
    """Cut a text to what a cell holds, which Excel counts in UTF-16 units."""
    packed = text.encode("utf-16-le", "replace")
    return packed[: 2 * LONGEST_CELL].decode("utf-16-le", "ignore")
