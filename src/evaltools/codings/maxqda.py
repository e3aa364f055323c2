"""MAXQDA's table *Übersicht Codings* (overview of coded segments), as XLSX or CSV.

The table counts paragraphs, not characters, and holds neither the texts of the documents nor codes
without segments. In PDF documents a position is page and character, in recordings a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from evaltools.codings import sheets
from evaltools.codings.flat import Row, assemble
from evaltools.codings.maxqda_columns import SEPARATORS, Columns, find
from evaltools.codings.model import Origin, Problem, Project
from evaltools.errors import DataError
from evaltools.german import listing, number

FORMAT = "Übersicht Codings"
COUNTED = {
    "absatz": "Zeilen ohne Absatz (PDF-Seite, Zeit oder anderes): {}.",
    "gewicht": "Kodierungen mit Gewicht, das nicht übernommen wurde: {}.",
    "datum": "Zeitangaben, die blieben, wie sie sind, weil Tag und Monat unklar sind: {}.",
    "segment": "Segmente ohne Text: {}.",
    "coder": "Kodierungen, bei denen nicht steht, wer kodiert hat: {}.",
    "doppelt": "Kodierungen, die einer anderen in Absatz, Worten, Code und Person gleichen und "
    "als weitere Stelle gelten: {}. Wurden Tabellen aneinandergehängt, bitte prüfen.",
}
_PARAGRAPH = re.compile(r"\d{1,7}")
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,]+(\d{1,2}:\d\d(?::\d\d)?))?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_ZERO = re.compile(r"0*(?:[.,]0*)?")
Problems = list[Problem]


def read(path: Path, *, coder: str = "") -> Project:
    """Read a table of coded segments.

    Parameters
    ----------
    path : Path
        XLSX or CSV, in German, English, or any language in which the columns can be told by place
        and shape.
    coder : str, optional
        Who coded, where the table does not say.

    Returns
    -------
    Project
        Without offsets and texts; a document is told by group and name, a code by its path. What
        was decided or is lost stands in ``problems``.

    Raises
    ------
    DataError
        When the file is no such table, see :func:`evaltools.codings.sheets.read`, a column that is
        needed is missing, or a cell that is needed holds a live formula.
    """
    sheet = sheets.read(path)
    columns = find(path.name, sheet.rows)
    sheets.refuse_formulas(sheet, list(columns.places.values()))
    problems: Problems = [*sheet.problems, *_on_columns(columns, sheet.rows[0])]
    cells = _whole(sheet.rows[1:], columns, problems)
    if not cells:
        raise DataError(f"{path.name}: no row names a document and a code; export the table again")
    codes = _paths([cell["code"] for cell in cells], problems)
    rows = [_row(cell, code, coder) for cell, code in zip(cells, codes, strict=True)]
    problems += _on_rows(cells, rows)
    return assemble(Origin("MAXQDA", FORMAT, path.name), rows, problems)


def _on_columns(columns: Columns, headings: Sequence[str]) -> Problems:
    scope = (
        "Die Tabelle enthält kodierte Segmente ohne die Texte der Dokumente; sie zählt Absätze, "
        "keine Zeichen. Unbenutzte Codes und unkodierte Dokumente fehlen."
    )
    problems = [Problem("umfang", "", scope)]
    if columns.guessed:
        told = listing(
            [f"{role} = „{headings[columns.places[role]]}“" for role in columns.guessed], most=15
        )
        text = "Überschriften, die weder deutsch noch englisch sind, wurden nach Lage und Form"
        problems.append(Problem("spalten", "", f"{text} gedeutet: {told}. Bitte prüfen."))
    for role, name in (("begin", "Anfang"), ("end", "Ende")):
        if role not in columns.places:
            text = f"Die Spalte {name} fehlt; Absätze sind unbekannt, und gleiche Worte eines"
            problems.append(Problem("spalten", "", f"{text} Dokuments gelten als ein Segment."))
    return problems


def _whole(
    rows: Sequence[Sequence[str]], columns: Columns, problems: Problems
) -> list[dict[str, str]]:
    """Return the rows with document and code, by the roles of their columns."""
    cells = [{role: row[place] for role, place in columns.places.items()} for row in rows]
    named = [cell for cell in cells if cell["document"].strip() and cell["code"].strip()]
    if len(named) < len(cells):
        text = "Zeilen ohne Dokument oder Code, die wegblieben: "
        text += f"{number(len(cells) - len(named))}."
        problems.append(Problem("zeilen", "", text))
    return named


def _paths(codes: Sequence[str], problems: Problems) -> list[tuple[str, ...]]:
    """Split codes at the mark that more of them hold: a program writes only one of the two."""
    counts = {mark: sum(mark in code for code in codes) for mark in SEPARATORS}
    mark = max(SEPARATORS, key=lambda item: counts[item])
    if all(counts.values()):
        other = next(item for item in SEPARATORS if item != mark)
        text = (
            f"In den Codes stehen „{mark.strip()}“ und „{other.strip()}“. Als Trennung der Ebenen"
        )
        text += f" gilt „{mark.strip()}“, weil es öfter vorkommt; „{other.strip()}“ gilt als Teil"
        problems.append(Problem("codepfad", "", f"{text} des Namens."))
    return [
        tuple(name.strip() for name in code.split(mark) if name.strip()) or (code.strip(),)
        for code in codes
    ]


def _row(cell: dict[str, str], code: tuple[str, ...], coder: str) -> Row:
    begin, end = cell.get("begin", "").strip(), cell.get("end", "").strip()
    return Row(
        group=cell.get("group", "").strip(),
        document=cell["document"].strip(),
        code=code,
        text=cell["segment"],
        place=(begin, end),
        coder=cell.get("created_by", "").strip() or coder,
        memo=cell.get("comment", "").strip(),
        created=_moment(cell.get("created", "").strip()),
        paragraphs=_paragraphs(begin, end),
    )


def _paragraphs(begin: str, end: str) -> tuple[int, int] | None:
    if not (_PARAGRAPH.fullmatch(begin) and _PARAGRAPH.fullmatch(end)):
        return None
    first, last = int(begin), int(end)
    return (first, last) if 1 <= first <= last else None


def _moment(text: str) -> str:
    """Write a German date as ISO; any other, whose order of day and month is open, as it is."""
    found = _GERMAN.fullmatch(text)
    if found is None:
        return text
    day, month, year, clock = found.groups()
    return f"{year}-{int(month):02d}-{int(day):02d}" + (f"T{clock:0>5}" if clock else "")


def _on_rows(cells: Sequence[dict[str, str]], rows: Sequence[Row]) -> Problems:
    same = Counter(
        (row.group, row.document, row.place, row.text, row.code, row.coder) for row in rows
    )
    counts = {
        "absatz": sum(row.place != ("", "") and row.paragraphs is None for row in rows),
        "gewicht": sum(not _ZERO.fullmatch(cell.get("weight", "").strip()) for cell in cells),
        "datum": sum(bool(row.created) and not _ISO.fullmatch(row.created) for row in rows),
        "segment": sum(not row.text for row in rows),
        "coder": sum(not row.coder for row in rows),
        "doppelt": sum(same.values()) - len(same),
    }
    return [
        Problem(rule, "", COUNTED[rule].format(number(count)))
        for rule, count in counts.items()
        if count
    ]
