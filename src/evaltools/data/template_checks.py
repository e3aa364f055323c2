"""What only a template's sheet can have wrong: examples, lists in a cell, numbers in per cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from evaltools.data.columns import Table
from evaltools.data.excel import plain
from evaltools.data.findings import HIDDEN, Log, listing
from evaltools.data.headingparts import EXAMPLE, MARK, Heading, shown
from evaltools.data.headings import SHEETS
from evaltools.data.template_head import Head, Rows


@dataclass(frozen=True)
class Page:
    """A sheet as it was read: its cells, those in per cent, and the digest of its file."""

    name: str
    rows: Rows
    percents: frozenset[str]
    sha256: str


def percents(
    table: Table, filled: Mapping[int, Sequence[str]], head: Head, page: Page, log: Log
) -> None:
    """Note numbers that were typed with a percent sign: 12 % is kept as 0.12."""
    text = "Die Zahl ist mit Prozentzeichen eingegeben (12 % gilt als 0,12); das Zellformat auf "
    text += "Zahl stellen und die Zahl allein schreiben."
    for column in table.columns:
        place = head.places.get(column.name)
        if place is None or column.kind not in ("integer", "number"):
            continue
        letter = get_column_letter(place + 1)
        for row in (row for row in filled if f"{letter}{row}" in page.percents):
            value = HIDDEN if column.personal else filled[row][place]
            log.note("error", "zahl", text, row=row, column=column.name, value=value)


def codes(
    table: Table, filled: Mapping[int, Sequence[str]], head: Head, log: Log
) -> dict[str, dict[str, str]]:
    """Return for each coded column what stands for which code."""
    found: dict[str, dict[str, str]] = {}
    for name, heading in SHEETS[table.name].columns.items():
        if name not in head.places or not heading.codes:
            continue
        found[name] = heading.read()
        if heading.several:
            cells = {number: row[head.places[name]] for number, row in filled.items()}
            found[name] = _several(name, heading, cells, log)
    return found


def _several(name: str, heading: Heading, cells: Mapping[int, str], log: Log) -> dict[str, str]:
    """Read cells of several labels, separated by commas or semicolons."""
    read = heading.read()
    known = read | {code: code for code in heading.codes}
    found = {}
    for number, cell in cells.items():
        parts = [part.strip() for part in cell.replace(";", ",").split(",") if part.strip()]
        found[cell] = ", ".join(known.get(part, part) for part in parts)
        strange = [part for part in parts if part not in known]
        if strange:
            text = f"Unbekannt: {listing(strange)}; erlaubt sind, durch Komma getrennt: "
            text += f"{', '.join(heading.codes.values())}."
            log.note("error", "code", text, row=number, column=name, value=cell)
    return found


def examples(table: Table, rows: Rows, head: Head, log: Log) -> None:
    """Note an example row that was written over, and one that lost its mark."""
    expected = {
        head.places[column.name]: plain(shown(heading.example, column, heading))
        for column in table.columns
        for heading in (SHEETS[table.name].columns[column.name],)
        if column.name in head.places and table.foreign.get(column.name, ("",))[0] != "area"
    }
    mark = head.places.get(MARK)
    if mark is None or len(expected) < len(table.columns) - len(table.foreign):
        return
    body = dict(enumerate(rows[head.row :], start=head.row + 1))
    marked = [n for n, row in body.items() if row[mark].casefold() == EXAMPLE.casefold()]
    same = [n for n, row in body.items() if all(row[at] == text for at, text in expected.items())]
    for number in [] if marked else same:
        text = f"Die Zeile ist die des Beispiels; sie löschen, oder „{EXAMPLE}“ in die Spalte "
        text += f"„{MARK}“ schreiben."
        log.note("error", "beispiel", text, row=number, column=MARK)
    for number in set(marked) - set(same):
        text = f"Die Zeile heißt „{EXAMPLE}“ und wird nicht gelesen, enthält aber andere Angaben; "
        text += f"„{EXAMPLE}“ löschen, wenn sie gelten soll, sonst die Zeile."
        log.note("warning", "beispiel", text, row=number, column=MARK)
