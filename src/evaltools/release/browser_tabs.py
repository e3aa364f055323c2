"""The further tabs of the researcher's notebook: words in context, disagreements, reading notes."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
import pandas as pd
from markupsafe import Markup, escape

from evaltools.codings import differences, explore
from evaltools.codings.model import Project
from evaltools.errors import EvaltoolsError
from evaltools.release import wording

MOST = 300  # rows of a table
_TABLE = Markup(
    "<div style='max-height:28em;overflow:auto'><table style='line-height:1.4'>"
    "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}"
)


def words(project: Project) -> widgets.VBox:
    """Look a word up in all interviews, each place with what stands before and after."""
    asked = widgets.Text(description="Wort", placeholder="Wort oder Wortteil, dann Eingabetaste")
    asked.continuous_update = False
    shown = widgets.HTML()

    def looked_up(change: object = None) -> None:
        if not asked.value.strip():
            shown.value = ""
            return
        lines = explore.kwic(project, asked.value.strip())
        columns = ("document", "group", "left", "keyword", "right")
        shown.value = table(lines, columns, ("Gespräch", "Gruppe", "davor", "Wort", "danach"))

    asked.observe(looked_up, names="value")
    return widgets.VBox([asked, shown])


def disagreements(project: Project, overlap: float) -> widgets.HTML:
    """List the segments that some coders gave a code and others did not, to talk about."""
    try:
        found = differences.listing(project, overlap=overlap)
    except EvaltoolsError as refusal:
        return widgets.HTML(str(escape(getattr(refusal, "german", str(refusal)))))
    columns = ("document", "path", "has", "lacks", "instead", "text")
    headings = ("Gespräch", "Code", "vergeben von", "nicht von", "dort stattdessen", "Stelle")
    return widgets.HTML(table(found, columns, headings))


def noticed(project: Project) -> widgets.HTML:
    """List what the readers noticed in the files, and how they decided."""
    rows = [(item.place, item.message) for item in project.problems]
    frame = pd.DataFrame(rows, columns=["place", "message"])
    return widgets.HTML(table(frame, ("place", "message"), ("Wo", "Was")))


def table(frame: pd.DataFrame, columns: Sequence[str], headings: Sequence[str]) -> str:
    """Return rows as HTML, every cell escaped; says so when there are more than are shown."""
    if frame.empty:
        return "<p>Nichts gefunden.</p>"
    cell = Markup("<td style='text-align:left;vertical-align:top;padding:.2em .6em'>{}</td>")
    rows = frame[list(columns)].astype("string").fillna("").head(MOST)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(cell.format(text) for text in row))
        for row in rows.itertuples(index=False)
    )
    head = Markup("").join(
        Markup("<th style='text-align:left'>{}</th>").format(h) for h in headings
    )
    more = f"Gezeigt sind {MOST} von {wording.number(len(frame))} Zeilen."
    return str(_TABLE.format(head, body, more if len(frame) > MOST else ""))
