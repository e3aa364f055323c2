"""Which column of MAXQDA's table *Übersicht Codings* is which, in any language it is set to.

The columns and their order are those of MAXQDA 2018 to 2024; users hide and move them. German and
English headings are known; those of other languages are told by their place and shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaltools.data.grid import key
from evaltools.errors import DataError

# In the order of the program: German heading first, then English and older ones.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "color": ("Farbe", "Color", "Colour"),
    "comment": ("Kommentar", "Comment"),
    "group": ("Dokumentgruppe", "Document group"),
    "document": ("Dokumentname", "Document name", "Dokument", "Document"),
    "code": ("Code",),
    "begin": ("Anfang", "Beginning", "Begin", "Start"),
    "end": ("Ende", "End"),
    "weight": ("Gewicht", "Weight score", "Weight"),
    "segment": ("Segment", "Coded segment", "Coded segments"),
    "modified_by": ("Bearbeitet von", "Modified by"),
    "modified": ("Bearbeitet am", "Modified", "Modified on"),
    "created_by": ("Erstellt von", "Autor", "Created by", "Author"),
    "created": ("Erstellt am", "Created", "Created on", "Creation date"),
    "area": ("Fläche", "Area"),
    "coverage": ("Abdeckungsgrad %", "Coverage %"),
}
NEEDED = {"document": "document name", "code": "code", "segment": "segment"}
SEPARATORS = (" > ", "\\")
SAMPLE = 500
SHOWN = 20
_KNOWN = {key(name): role for role, names in HEADINGS.items() for name in names}
_POSITION = re.compile(r"\d{1,9}(?:: ?\d{1,9}|:\d\d:\d\d(?:[.,]\d{1,9})?)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b.*", re.S)


@dataclass(frozen=True)
class Columns:
    """Role → column (from 0), and which of them were told by place and shape alone."""

    places: Mapping[str, int]
    guessed: tuple[str, ...] = ()


def find(file: str, rows: Sequence[Sequence[str]]) -> Columns:
    """Find the columns.

    Parameters
    ----------
    file : str
        Name of the file, for the message.
    rows : sequence of sequences of str
        The table, headings first, all rows of the same length.

    Raises
    ------
    DataError
        When document, code or segment cannot be found.
    """
    known: dict[str, int] = {}
    for place, heading in enumerate(rows[0]):
        known.setdefault(_KNOWN.get(key(heading), ""), place)
    known.pop("", None)
    places = known
    # With all that is needed a missing column was hidden, not called by a foreign name.
    if not NEEDED.keys() <= known.keys():
        places = _by_shape(rows[1 : SAMPLE + 1], len(rows[0]), known) | known
    lost = [name for role, name in NEEDED.items() if role not in places]
    if lost:
        there = ", ".join(repr(heading[:40]) for heading in rows[0][:SHOWN] if heading.strip())
        raise DataError(
            f"{file}: no column for {', '.join(lost)}; looked for MAXQDA's table of coded segments "
            f"(Dokumentname, Code, Segment) and found {there or 'no headings'}; export it with "
            "these columns"
        )
    order = sorted(places.keys() - known.keys(), key=[*HEADINGS].index)
    return Columns(places, tuple(order))


def _by_shape(
    rows: Sequence[Sequence[str]], width: int, known: Mapping[str, int]
) -> dict[str, int]:
    """Tell columns by the order of the program, from the paragraphs and the code outwards."""
    columns = [[row[place].strip() for row in rows] for place in range(width)]
    taken: set[int | None] = set(known.values())
    found: dict[str, int] = {}
    begin = known.get("begin", _first_pair(columns, taken))
    if begin is not None and begin + 1 < width:
        found |= {"begin": begin, "end": begin + 1}
        if begin + 2 < width and all(cell.isdigit() for cell in columns[begin + 2]):
            found["weight"] = begin + 2
    segment = known.get("segment", _longest(columns, taken | set(found.values())))
    code = known.get("code", _code(columns, begin, taken | {segment}))
    if segment is not None:
        found["segment"] = segment
        found |= _after(columns, segment)
    if code is None:
        return found
    found["code"] = code
    left = [place for place in range(code) if place not in taken | set(found.values())]
    if left and left[-1] == code - 1 and all(columns[code - 1]):
        found["document"] = code - 1
        if code >= 2 and code - 2 in left and _groups(columns[code - 2], columns[code - 1]):
            found["group"] = code - 2
            found |= {"comment": code - 3} if code - 3 in left else {}
    return {role: place for role, place in found.items() if place not in taken}


def _first_pair(columns: Sequence[Sequence[str]], taken: set[int | None]) -> int | None:
    """Find two columns side by side that hold positions, the first never after the second."""
    for place in range(len(columns) - 1):
        begins, ends = columns[place], columns[place + 1]
        pairs = [(one, two) for one, two in zip(begins, ends, strict=True) if one or two]
        if not pairs or taken & {place, place + 1}:
            continue
        sound = all(_POSITION.fullmatch(one) and _POSITION.fullmatch(two) for one, two in pairs)
        if sound and all(_numbers(one) <= _numbers(two) for one, two in pairs):
            return place
    return None


def _numbers(position: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", position)]


def _longest(columns: Sequence[Sequence[str]], taken: set[int | None]) -> int | None:
    sizes = {
        place: sum(map(len, column)) for place, column in enumerate(columns) if place not in taken
    }
    best = max(sizes, key=lambda place: sizes[place], default=None)
    return best if best is not None and sizes[best] else None


def _code(
    columns: Sequence[Sequence[str]], begin: int | None, taken: set[int | None]
) -> int | None:
    """Find the column with paths; without any, the one before the paragraphs."""
    free = [place for place in range(len(columns)) if place not in taken and all(columns[place])]
    paths = {
        place: sum(any(mark in cell for mark in SEPARATORS) for cell in columns[place])
        for place in free
    }
    best = max(paths, key=lambda place: paths[place], default=None)
    if best is not None and paths[best]:
        return best
    before = None if begin is None else begin - 1
    return before if before in free else None


def _after(columns: Sequence[Sequence[str]], segment: int) -> dict[str, int]:
    """Find who and when behind the segment: modified before created, where both are there."""
    dates = [
        place
        for place in range(segment + 1, len(columns))
        if any(columns[place]) and all(_DATE.fullmatch(cell) for cell in columns[place] if cell)
    ]
    # Of three dates none can be told; they stay unread.
    roles = {1: ["created"], 2: ["modified", "created"]}.get(len(dates), [])
    found = dict(zip(roles, dates, strict=False))
    for role, place in [*found.items()]:
        if place - 1 > segment and place - 1 not in dates:
            found[f"{role}_by"] = place - 1
    return found


def _groups(groups: Sequence[str], documents: Sequence[str]) -> bool:
    """Tell groups from comments beside the documents: filled mostly, and few."""
    filled = [group for group in groups if group]
    return 2 * len(filled) >= len(groups) and len(set(filled)) <= len(set(documents))
