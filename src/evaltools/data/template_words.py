"""Findings of a template's sheet in the words of who filled it in: sheet, cell, German header."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaltools.data.findings import Finding
from evaltools.data.headings import SHEETS
from evaltools.data.schema import TABLES

_CELL = re.compile(r"[A-Z]{1,3}[0-9]+")
# What sources.yml could do about it does not help who fills in a template.
_LEFT_OUT = (
    " oder unter missing in sources.yml angeben",
    "; Namen unter codes in sources.yml auf Kennungen abbilden",
    " und ihre Einheit in die Kopfzeile",
)


def placed(finding: Finding, letters: Mapping[str, str]) -> str:
    """Word one finding.

    Parameters
    ----------
    finding : Finding
        Of a source made from a template's sheet.
    letters : mapping of str to str
        Column of the schema, or header → letter of the column.

    Returns
    -------
    str
        Such as ``Blatt Angebote, Zelle D7: Der Wert …``; it holds no value of a cell.
    """
    sheet = f"Blatt {SHEETS[finding.table].label}"
    where, cell = "", finding.value if _CELL.fullmatch(finding.value) else finding.column
    letter = letters.get(finding.column.split(" + ")[0])
    if _CELL.fullmatch(cell) and finding.rule in ("formel", "fehlerwert", "kopfzeile"):
        where = f", Zelle {cell}"
    elif letter and finding.row is not None:
        where = f", Zelle {letter}{finding.row}"
    elif letter:
        where = f", Spalte {letter}"
    elif finding.row is not None:
        where = f", Zeile {finding.row}"
    return f"{sheet}{where}: {_said(finding).removeprefix(f'Zelle {cell} ')}"


def _said(finding: Finding) -> str:
    """Return the rule in German, with headers and labels in the place of names and codes."""
    table, columns = TABLES[finding.table], SHEETS[finding.table].columns
    heading = columns.get(finding.column)
    if finding.rule == "schluessel":
        names = ", ".join(f"„{columns[name].header}“" for name in table.key)
        return f"Die Angaben {names} stehen so schon in einer früheren Zeile; eine Zeile behalten."
    if finding.rule == "fremdschluessel":
        return _lost(*table.foreign[finding.column])
    if finding.rule == "code" and heading is not None and not heading.several:
        labels = ", ".join(heading.codes.values())
        return f"Der Wert steht nicht in der Auswahlliste; erlaubt sind: {labels}."
    if finding.rule == "pflicht" and heading is not None and table.column(finding.column).required:
        return f"Die Angabe „{heading.header}“ fehlt; sie ist Pflicht."
    text = finding.message
    for left_out in _LEFT_OUT:
        text = text.replace(left_out, "")
    if finding.rule in ("reihenfolge", "pflicht"):
        for name in table.names:
            text = re.sub(rf"\b{name}\b", f"„{columns[name].header}“", text)
    return text


def _lost(other: str, target: str) -> str:
    sheet = SHEETS[other]
    return (
        f"Die Kennung steht nicht im Blatt „{sheet.label}“, Spalte „{sheet.columns[target].header}“"
        "; dort ergänzen oder hier berichtigen."
    )
