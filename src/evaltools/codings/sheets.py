"""The table of a foreign program as rows of text, from CSV or XLSX; hostile until it is read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from evaltools.codings import workbooks
from evaltools.codings.model import Problem
from evaltools.codings.workbooks import MAX_CELLS, MAX_COLUMNS, MAX_ROWS
from evaltools.errors import DataError

MAX_CSV = 64_000_000
MAX_LINE = 1_000_000
LONGEST_CELL = 32_767  # of Excel; a text of this length was cut
SAMPLE = 200
DELIMITERS = ";,\t"
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
KINDS = {
    b"\xd0\xcf\x11\xe0": "is an old or encrypted Office file; save it as .xlsx",
    b"%PDF": "is a PDF; export the table as .xlsx or .csv",
    b"SQLite format 3": "is a database, not a table; export the table as .xlsx or .csv",
    b"\x1f\x8b": "is packed with gzip; unpack it first",
}


@dataclass(frozen=True)
class Sheet:
    """A table as text.

    Attributes
    ----------
    file : str
        Name of the file, for messages.
    rows : list of list of str
        All of the same length, line ends LF, empty cells ``""``; blank rows are left out, the
        first row holds the headings.
    lengths : list of int
        How many cells each row had in the file.
    formulas : mapping of int to str
        Column (from 0) → first cell there that holds a live formula.
    problems : tuple of Problem
        What was decided while reading.
    """

    file: str
    rows: list[list[str]]
    lengths: list[int]
    formulas: Mapping[int, str]
    problems: tuple[Problem, ...]


def read(path: Path) -> Sheet:
    """Read a CSV or XLSX file; which of the two is told by its content, not by its name.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, UTF-16 with a byte order mark, or cp1252, with ``;``, ``,`` or tab; or an
        XLSX workbook, of which the first sheet that holds cells is read.

    Raises
    ------
    DataError
        When the file is no table, is damaged, or goes beyond a limit.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror}); check it") from None
    kind = next((text for magic, text in KINDS.items() if head.startswith(magic)), None)
    if kind is not None:
        _refuse(path.name, kind)
    if head.startswith(b"PK"):
        rows, formulas, problems = workbooks.read(path)
    else:
        rows, problems = _csv(path)
        formulas = {}
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        _refuse(path.name, "holds no table; export it again")
    width = max(map(len, filled))
    even = [[*map(_lf, row), *[""] * (width - len(row))] for row in filled]
    if any(LONGEST_CELL in map(len, row) for row in even):
        text = "Mindestens eine Zelle ist genau 32.767 Zeichen lang, so viel wie Excel fasst; "
        problems += (Problem("gekuerzt", "", f"{text}ihr Text ist vermutlich abgeschnitten."),)
    return Sheet(path.name, even, [len(row) for row in filled], formulas, problems)


def refuse_formulas(sheet: Sheet, columns: Collection[int]) -> None:
    """Refuse a table in whose used columns a spreadsheet would compute something.

    What a formula shows is not what the coding program held; it is neither taken nor computed.

    Raises
    ------
    DataError
        Naming the cells.
    """
    found = [sheet.formulas[column] for column in sorted(columns) if column in sheet.formulas]
    if found:
        _refuse(
            sheet.file,
            f"cell {', '.join(found)} holds a live formula, so its text is lost; export as CSV "
            "instead, or give the project file itself",
        )


def _refuse(file: str, text: str) -> NoReturn:
    raise DataError(f"{file}: {text}")


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _csv(path: Path) -> tuple[list[list[str]], tuple[Problem, ...]]:
    if path.stat().st_size > MAX_CSV:
        _refuse(path.name, f"has more than {MAX_CSV // 10**6} MB; export fewer segments")
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    rows: list[list[str]] = []
    cells = 0
    for row in _records(path, encoding, delimiter):
        rows.append(row)
        cells += len(row)
        if len(rows) > MAX_ROWS or cells > MAX_CELLS:
            limits = f"{MAX_ROWS} rows or {MAX_CELLS} cells"
            _refuse(path.name, f"has more than {limits}; export fewer segments")
    if encoding != "cp1252":
        return rows, ()
    text = "Die Datei ist nicht in UTF-8 geschrieben und wurde als Windows-1252 gelesen; "
    return rows, (Problem("zeichensatz", "", f"{text}Umlaute bitte prüfen."),)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
        for mark, name in BOMS.items():
            if head.startswith(mark):
                return name
        file.seek(0)
        decode = codecs.getincrementaldecoder("utf-8")().decode
        try:
            while part := file.read(1 << 20):
                decode(part)
            decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter(path: Path, encoding: str) -> str:
    scores = {mark: _score(path, encoding, mark) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: scores[mark])
    if not scores[best][0]:
        # With none it is a table: what the headings hold leads to the fault in the rows.
        with path.open(encoding=encoding, newline="", errors="replace") as file:
            head = file.readline(MAX_LINE)
        best = max(DELIMITERS, key=head.count)
    return best


def _score(path: Path, encoding: str, delimiter: str) -> tuple[bool, float, int]:
    """Rate a delimiter by how well the first rows agree with the headings in length."""
    try:
        rows = [row for row in islice(_records(path, encoding, delimiter), SAMPLE) if row]
    except DataError:
        return (False, 0, 0)
    if not rows:
        return (False, 0, 0)
    width = len(rows[0])
    return (width > 1, sum(len(row) == width for row in rows) / len(rows), width)


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file, path.name), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if len(row) > MAX_COLUMNS:
                    _refuse(path.name, f"has more than {MAX_COLUMNS} columns; it is no such table")
                yield row
        except csv.Error as error:
            _refuse(path.name, f"is no CSV from line {reader.line_num} on ({error}); export again")
        except UnicodeError:
            _refuse(path.name, "is neither UTF-8 nor UTF-16 nor Windows-1252 text; export again")


def _lines(file: io.TextIOWrapper, name: str) -> Iterator[str]:
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            _refuse(name, f"has a line of more than {MAX_LINE} characters; it is no such table")
        if "\0" in line:
            _refuse(name, "holds NUL characters, so it is no text; export again")
        yield line
