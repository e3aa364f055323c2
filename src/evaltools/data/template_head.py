"""The header of a template's sheet as an office left it: found, renamed or removed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from openpyxl.utils import get_column_letter

from evaltools.data.columns import Table
from evaltools.data.findings import Log, Severity
from evaltools.data.grid import HEAD, key, tidy
from evaltools.data.headingparts import MARK
from evaltools.data.headings import SHEETS

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Head:
    """Where the columns of a table stand in its sheet.

    Attributes
    ----------
    row : int
        Number of the header's row, from 1.
    places : mapping of str to int
        Column of the schema, or ``Zeile`` → place, from 0.
    texts : mapping of int to str
        Place → header as it stands there; places without one are left out.
    """

    row: int
    places: Mapping[str, int]
    texts: Mapping[int, str]

    @property
    def letters(self) -> dict[str, str]:
        """Column of the schema, and header as it stands → letter of the column."""
        headers = {text: place for place, text in self.texts.items()}
        return {name: get_column_letter(at + 1) for name, at in {**headers, **self.places}.items()}


def plain(header: str) -> str:
    """Return what a header must share with that of the template to be the same column."""
    return key(header).rstrip("* ")


def find(table: Table, rows: Rows) -> Head | None:
    """Find the row that holds most of a table's headers; None when no row holds any."""
    columns = SHEETS[table.name].columns
    asked = {plain(columns[name].header): name for name in reversed(table.names)}
    asked[plain(MARK)] = MARK
    best: Head | None = None
    for number, row in enumerate(rows[:HEAD], start=1):
        texts = {place: tidy(cell) for place, cell in enumerate(row) if tidy(cell)}
        places: dict[str, int] = {}
        for place, text in texts.items():
            name = asked.get(plain(text))
            if name is not None:
                places.setdefault(name, place)
        if places and (best is None or len(places) > len(best.places)):
            best = Head(number, places, texts)
    return best


def checked(table: Table, head: Head, body: Rows, log: Log) -> Head | None:
    """Note what became of the header; None when a column is lost that the table cannot lack.

    A renamed column is an error, and read on as what stood at its place: the ingest ends anyway,
    and whatever else is wrong is told at once.
    """
    missing = [name for name in (MARK, *table.names) if name not in head.places]
    taken, places, usable = set(head.places.values()), dict(head.places), True
    told = {plain(head.texts[place]) for place in taken}
    for place in _strange(head, body, taken):
        text = head.texts.get(place, "")
        if plain(text) in told:
            said = f"Die Überschrift „{text}“ kommt mehrmals vor; eine der Spalten löschen."
            _note(head, place, said, log, "error")
            usable = False
            continue
        name = _meant(table, place, text, missing)
        _note(head, place, _strange_text(table, text, name), log, "error" if missing else "warning")
        if name is not None:
            missing.remove(name)
            usable &= bool(text) or not _needed(table, name)
            places |= {name: place} if text else {}
    for name in (name for name in missing if _needed(table, name)):
        said = f"Die Spalte „{_header(table, name)}“ fehlt; sie aus der Vorlage wieder einfügen."
        log.note("error", "spalte_fehlt", said, column=name)
        usable = False
    return replace(head, places=places) if usable else None


def _strange(head: Head, body: Rows, taken: set[int]) -> list[int]:
    """Return the places that hold a header of no column, or values under no header."""
    width = max(map(len, body), default=0)
    filled = {at for at in range(width) if any(at < len(row) and row[at] for row in body)}
    return [place for place in sorted({*head.texts, *filled}) if place not in taken]


def _meant(table: Table, place: int, text: str, missing: list[str]) -> str | None:
    """Return the missing column that stood here, or whose header is nearest."""
    order = [MARK, *table.names]
    if place < len(order) and order[place] in missing:
        return order[place]
    headers = {plain(_header(table, name)): name for name in missing}
    near = get_close_matches(plain(text), list(headers), n=1) if text else []
    return headers[near[0]] if near else None


def _strange_text(table: Table, text: str, name: str | None) -> str:
    # In a sheet of persons the header may be a row of values that has moved up.
    shown = "Diese Überschrift" if table.case_level else f"Die Überschrift „{text}“"
    said = f"{shown} kennt die Vorlage nicht" if text else "Die Überschrift fehlt"
    if name is None:
        return f"{said}; die Spalte wird nicht gelesen."
    return f"{said}; hier stand „{_header(table, name)}“, wieder so benennen."


def _note(head: Head, place: int, said: str, log: Log, severity: Severity) -> None:
    where = f"{get_column_letter(place + 1)}{head.row}"
    log.note(severity, "kopfzeile", said, row=head.row, column=where)


def _needed(table: Table, name: str) -> bool:
    return name == MARK or table.column(name).required


def _header(table: Table, name: str) -> str:
    return MARK if name == MARK else SHEETS[table.name].columns[name].header
