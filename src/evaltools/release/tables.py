"""Released frames as HTML tables: caption, units in the header, German numbers, escaped text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from evaltools.errors import ReleaseError
from evaltools.release import wording
from evaltools.release.disclosure import SUPPRESSED, Released
from evaltools.release.display import Bundle, bundle

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
MARKS = {"suppressed": "•", "zero": "–", "unknown": "k. A."}
FOOTNOTES = {
    "suppressed": "• geheim gehalten, weil eine kleine Fallzahl erkennbar wäre",
    "zero": "– genau null",
    "unknown": "k. A. keine Angabe",
}


@dataclass(frozen=True)
class Column:
    """How one column is shown: heading, unit, digits after the comma or as a change, CSS class."""

    label: str
    unit: str = ""
    digits: int | None = None
    change: bool = False
    labels: Mapping[str, str] | None = None
    css: str = ""


@dataclass(frozen=True)
class HtmlTable:
    """A rendered table; JupyterLab and the report show ``html``."""

    html: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        return bundle("text/html", self.html)


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
    used: set[str] = set()
    rows = [
        [
            _cell(frame.at[index, name], str(reasons.at[index, name]), column, used)
            for name, column in columns.items()
        ]
        for index in frame.index
    ]
    header = [
        {"label": column.label, "unit": column.unit, "numeric": _is_numeric(column) and place > 0}
        for place, column in enumerate(columns.values())
    ]
    notes = [FOOTNOTES[kind] for kind in FOOTNOTES if kind in used] + [released.note]
    text = ". ".join(note.rstrip(".") for note in notes if note) + "."
    return HtmlTable(_TEMPLATE.render(caption=caption, header=header, rows=rows, notes=text))


def facts(pairs: Mapping[str, str], *, caption: str) -> HtmlTable:
    """Render names and plain texts (no counts of helps) as a two-column table."""
    header = [{"label": "Merkmal"}, {"label": "Angabe"}]
    rows = [[{"text": name}, {"text": text}] for name, text in pairs.items()]
    return HtmlTable(_TEMPLATE.render(caption=caption, header=header, rows=rows, notes=""))


def _is_numeric(column: Column) -> bool:
    return column.digits is not None or column.change


def _cell(value: object, reason: str, column: Column, used: set[str]) -> dict[str, str | Markup]:
    css = "number" if _is_numeric(column) else column.css
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        kind = "suppressed" if reason == SUPPRESSED else "unknown"
        used.add(kind)
        return {"text": MARKS[kind], "css": css}
    if column.change:
        return {"text": wording.percent_change(float(str(value))), "css": css}
    if column.digits is not None:
        if float(str(value)) == 0:
            used.add("zero")
            return {"text": MARKS["zero"], "css": css}
        return {"text": wording.number(float(str(value)), column.digits), "css": css}
    if isinstance(value, pd.Timestamp):
        return {"text": wording.day(value.date().isoformat()), "css": css}
    if isinstance(value, bool | np.bool_):
        return {"text": "ja" if value else "nein", "css": css}
    text = str(value)
    return {"text": (column.labels or {}).get(text, text), "css": css}
