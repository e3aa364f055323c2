"""The first filled sheet of a foreign XLSX file: checked part by part before it is opened."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from defusedxml import DTDForbidden
from openpyxl.utils import column_index_from_string, get_column_letter
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from evaltools.codings import archive
from evaltools.codings.model import Problem
from evaltools.data.excel import plain
from evaltools.errors import DataError

MAX_UNPACKED = 128_000_000
MAX_ROWS = 300_000
MAX_COLUMNS = 1_000
MAX_CELLS = 3_000_000
MAX_TAGS = 12_000_000
SPARSE = 20  # places that a filled cell may stand for
SPARED = 200_000
MAX_TEXT = 64_000_000
WORKBOOK, STRINGS = "xl/workbook.xml", "xl/sharedstrings.xml"
_PLACE = re.compile(r"([A-Za-z]{0,3})([0-9]{1,7})")
Read = tuple[list[list[str]], dict[int, str], tuple[Problem, ...]]


def read(path: Path) -> Read:
    """Read the first sheet of a workbook that holds cells.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple
        Rows of text from A1 on; column → first cell of any sheet that holds a formula there; and
        what was decided.

    Raises
    ------
    DataError
        When the file is no workbook, is damaged, or goes beyond a limit.
    """
    try:
        checked, formulas = _checked(path)
        book = CalamineWorkbook.from_filelike(checked)
        names = [item.name for item in book.sheets_metadata if item.typ == SheetTypeEnum.WorkSheet]
        sheets = [sheet for sheet in map(book.get_sheet_by_name, names) if sheet.height]
        cells = _cells(sheets[0]) if sheets else []
    except DataError:
        raise
    except (DTDForbidden, expat.ExpatError):
        _refuse(path.name, "holds XML that is broken or declares entities; export it again")
    except Exception:  # the readers of XLSX raise whatever a damaged file provokes
        _refuse(path.name, "cannot be opened as an Excel workbook; save it again as .xlsx")
    if len(sheets) <= 1:
        return cells, formulas, ()
    name = sheets[0].name
    text = f"Gelesen wurde nur das erste Blatt „{name}“; weitere Blätter blieben außen vor."
    return cells, formulas, (Problem("blatt", name, text),)


def _refuse(file: str, text: str) -> NoReturn:
    raise DataError(f"{file}: {text}")


def _cells(sheet: CalamineSheet) -> list[list[str]]:
    rows = sheet.to_python(skip_empty_area=False)
    return [[cell if isinstance(cell, str) else plain(cell) for cell in row] for row in rows]


def _checked(path: Path) -> tuple[io.BytesIO, dict[int, str]]:
    """Return the workbook written anew from checked parts, and where its formulas are.

    What calamine opens is what was checked: a ZIP whose directory lies about sizes means different
    things to different programs.
    """
    target = io.BytesIO()
    formulas: dict[int, str] = {}
    left = MAX_UNPACKED
    with (
        archive.opened(path) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        if WORKBOOK not in source.members:
            _refuse(path.name, "is an archive but no Excel workbook; give the exported table")
        members = [name for name in source.members if name.endswith((".xml", ".rels"))]
        lengths: list[int] = []
        for member in sorted(members, key=lambda name: name.casefold() != STRINGS):
            part = source.read(member, left)
            left -= len(part)
            formulas = _check_part(part, lengths, path.name) | formulas
            copy.writestr(member, part)
    target.seek(0)
    return target, formulas


def _check_part(part: bytes, lengths: list[int], name: str) -> dict[int, str]:
    """Refuse entities, cells far outside and texts repeated without end; return the formulas.

    calamine holds room for every cell between A1 and the last one, so that a single stray cell
    would end the process, and a copy of a shared text for every cell that points to it.
    """
    if part.count(b"<") > MAX_TAGS:
        _refuse(name, f"has more than {MAX_CELLS} cells; export fewer segments")
    seen = _Cells(lengths)
    # What defusedxml does, without its detour over SAX, which takes twice the time.
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = seen.start
    parser.CharacterDataHandler = seen.words
    parser.buffer_text = True
    parser.Parse(part, True)
    if seen.text > MAX_TEXT:
        _refuse(name, f"has texts of more than {MAX_TEXT} characters; export fewer segments")
    area = seen.height * seen.width
    if area > min(MAX_CELLS, SPARED + SPARSE * seen.count):
        _refuse(name, "has single cells far outside the table; delete them and save it again")
    if seen.height > MAX_ROWS or seen.width > MAX_COLUMNS:
        limits = f"{MAX_ROWS} rows or {MAX_COLUMNS} columns"
        _refuse(name, f"has more than {limits}; export fewer segments")
    return seen.formulas


def _no_doctype(name: str, system: str | None, public: str | None, internal: int) -> NoReturn:
    raise DTDForbidden(name, system, public)


@dataclass
class _Cells:
    """Counts the filled cells of a sheet, whatever the prefix of its tags, and notes formulas.

    ``lengths`` are those of the shared texts, which stand in a part of their own.
    """

    lengths: list[int]
    text: int = 0
    count: int = 0
    height: int = 0
    width: int = 0
    row: int = 0
    column: int = 0
    shared: bool = False
    inside: str = ""
    formulas: dict[int, str] = field(default_factory=dict)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        kind = name.rpartition(":")[2] if ":" in name else name
        self.inside = kind
        if kind == "c":
            column, row = _place(attributes.get("r", ""))
            self.column, self.row = column or self.column + 1, row or self.row
            self.shared = attributes.get("t") == "s"
        elif kind in ("v", "is", "f") and self.column:
            self._fill(kind)
        elif kind == "row":
            self.row, self.column = _place(attributes.get("r", ""))[1] or self.row + 1, 0
        elif kind == "si":
            self.lengths.append(0)

    def words(self, text: str) -> None:
        if self.inside == "t" and self.lengths and not self.column:
            self.lengths[-1] += len(text)
        elif self.inside == "v" and self.shared and text.strip():
            self.text += self.lengths[int(text)]

    def _fill(self, kind: str) -> None:
        self.count += 1
        self.height, self.width = max(self.height, self.row), max(self.width, self.column)
        if kind == "f":
            place = f"{get_column_letter(self.column)}{self.row}"
            self.formulas.setdefault(self.column - 1, place)


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        return 0, 0
    letters, digits = found.groups()
    return column_index_from_string(letters) if letters else 0, int(digits)
