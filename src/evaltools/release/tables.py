"""Released frames as HTML tables: caption, units in the header, German numbers, escaped text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from evaltools.errors import ReleaseError
from evaltools.german import MINUS, NBSP
from evaltools.release import wording
from evaltools.release.disclosure import FEW, SUPPRESSED, Released
from evaltools.release.display import MARK, Bundle, Printed, Sheet, bundle

_TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<div class="table-scroll" role="region" tabindex="0" aria-label="{{ caption }}"><table>
<caption>{{ caption }}</caption>
<thead><tr>
{% for cell in header %}
<th scope="col"{% if cell.numeric %} class="number"{% endif %}>{{ cell.label }}\
{% if cell.unit %}<br><span class="unit">{{ cell.unit }}</span>{% endif %}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr>
{% for cell in row %}
{% if loop.first %}<th scope="row">{{ cell.text }}</th>
{% else %}<td{% if cell.css %} class="{{ cell.css }}"{% endif %}>{{ cell.text }}</td>
{% endif %}
{% endfor %}
</tr>
{% endfor %}
</tbody></table></div>
{% if notes %}<p class="note">{{ notes }}</p>
{% endif %}
"""
)
MARKS = {"suppressed": "•", "few": "/", "zero": "–", "unknown": "k. A."}
FOOTNOTES = {
    "suppressed": "• geheim gehalten, weil eine kleine Fallzahl erkennbar wäre",
    "few": "/ nicht gezeigt, weil die Bezugsgröße zu klein ist",
    "zero": "– genau null",
    "unknown": "k. A. keine Angabe",
    "rounded": "Fallzahlen auf Vielfache von fünf gerundet; 0 heißt 0 bis 2",
}
KINDS = {SUPPRESSED: "suppressed", FEW: "few"}


@dataclass(frozen=True)
class Column:
    """How one column is shown: heading, unit, digits after the comma or as a change, CSS class.

    ``trimmed``: of a column that mixes units, no row shows zeros at the end of its digits.
    """

    label: str
    unit: str = ""
    digits: int | None = None
    change: bool = False
    labels: Mapping[str, str] | None = None
    css: str = ""
    trimmed: bool = False


@dataclass(frozen=True)
class HtmlTable:
    """A rendered table: pages show ``html``; the rest travels as metadata.

    ``sheet`` is for files, ``hidden`` names the counts taken out, for the checker's page.
    """

    html: str
    sheet: Sheet
    hidden: tuple[str, ...] = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        data, words = bundle("text/html", self.html)
        words[MARK] |= {"table": asdict(self.sheet), "hidden": list(self.hidden)}
        return data, words


def table(released: Released, columns: Mapping[str, Column], *, caption: str) -> HtmlTable:
    """Render a released frame.

    Parameters
    ----------
    released : Released
        From :mod:`evaltools.release.disclosure`; nothing else is accepted.
    columns : mapping of str to Column
        Columns to show, in order.
    caption : str
        The table's caption.

    Returns
    -------
    HtmlTable
        Suppressed cells print ``•``, exact zeros ``–``, unknown ones ``k. A.``, each explained in
        a footnote where it occurs; text is escaped.

    Raises
    ------
    ReleaseError
        When `released` is not a Released frame, or a column is not in it.
    """
    if not isinstance(released, Released):
        raise ReleaseError("tables.table takes a Released frame; call disclosure.release first")
    frame, reasons = released.frame, released.reasons
    lost = [name for name in columns if name not in frame]
    if lost:
        raise ReleaseError(f"columns {', '.join(lost)} are not in the released frame")
    used: set[str] = {"rounded"} if released.rounded else set()
    rows = [
        [
            _cell(frame.at[index, name], str(reasons.at[index, name]), column, used)
            for name, column in columns.items()
        ]
        for index in frame.index
    ]
    made = _made(caption, list(columns.values()), rows, _notes(used, released.note))
    return replace(made, hidden=released.hidden)


def facts(pairs: Mapping[str, str], *, caption: str) -> HtmlTable:
    """Render names and plain texts (no counts of helps) as a two-column table."""
    rows = [[{"text": name}, {"text": text}] for name, text in pairs.items()]
    return _made(caption, [Column("Merkmal"), Column("Angabe")], rows, {})


def _made(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Mapping[str, str]]],
    notes: Mapping[str, str],
) -> HtmlTable:
    header = [
        {"label": column.label, "unit": column.unit, "numeric": _is_numeric(column) and place > 0}
        for place, column in enumerate(columns)
    ]
    text = ". ".join(note.rstrip(".") for note in notes.values())
    html = _TEMPLATE.render(
        caption=caption, header=header, rows=rows, notes=f"{text}." if text else ""
    )
    sheet = Sheet(
        caption=caption,
        headings=tuple(_heading(column) for column in columns),
        digits=tuple(0 if column.change else column.digits for column in columns),
        rows=tuple(
            tuple(_printed(cell["text"], column) for cell, column in zip(row, columns, strict=True))
            for row in rows
        ),
        notes=tuple(note for kind, note in notes.items() if kind != "zero"),
    )
    return HtmlTable(html, sheet)


def _notes(used: Iterable[str], source: str) -> dict[str, str]:
    notes = {kind: text for kind, text in FOOTNOTES.items() if kind in used}
    return notes | ({"source": source} if source else {})


def _heading(column: Column) -> str:
    unit = ", ".join(filter(None, (column.unit, "Prozent" if column.change else "")))
    return f"{column.label} ({unit})" if unit else column.label


def _printed(text: str, column: Column) -> Printed:
    """Read a number back from its print, so that a file holds no digit more than the page."""
    if not _is_numeric(column):
        return text
    if text == MARKS["zero"]:
        return 0
    plain = text.removesuffix(f"{NBSP}%").replace(".", "").replace(",", ".").replace(MINUS, "-")
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", plain):
        return text
    return float(plain) if "." in plain else int(plain)


def _is_numeric(column: Column) -> bool:
    return column.digits is not None or column.change


def _cell(value: object, reason: str, column: Column, used: set[str]) -> dict[str, str | Markup]:
    css = "number" if _is_numeric(column) else column.css
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        kind = KINDS.get(reason, "unknown")
        used.add(kind)
        return {"text": MARKS[kind], "css": css}
    if column.change:
        return {"text": wording.percent_change(float(str(value))), "css": css}
    if column.digits is not None:
        if float(str(value)) == 0 and "rounded" not in used:
            used.add("zero")
            return {"text": MARKS["zero"], "css": css}
        shown = wording.number(float(str(value)), column.digits)
        if column.trimmed and "," in shown:
            shown = shown.rstrip("0").rstrip(",")
        return {"text": shown, "css": css}
    if isinstance(value, pd.Timestamp):
        return {"text": wording.day(value.date().isoformat()), "css": css}
    if isinstance(value, bool | np.bool_):
        return {"text": "ja" if value else "nein", "css": css}
    text = str(value)
    return {"text": (column.labels or {}).get(text, text), "css": css}
