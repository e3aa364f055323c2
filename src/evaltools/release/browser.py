"""Read the interviews in JupyterLab: filter, list, open a segment in its context.

On a page only its still side appears, the cleared quotes; whatever the widgets hold stays in the
notebook of the researcher, who sees everything but the names on the pseudonym list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import pandas as pd
from markupsafe import Markup, escape

from evaltools.codings import explore
from evaltools.codings.material import Material
from evaltools.codings.model import SEPARATOR, Project
from evaltools.errors import EvaltoolsError
from evaltools.release import browser_tabs, wording
from evaltools.release.display import Bundle, Prose
from evaltools.release.tables import HtmlTable
from evaltools.release.views import Tables
from evaltools.study import Study

ALL = "alle"
SHOWN = 90  # characters of a segment in the list
MOST = 500  # segments listed at once
AROUND = 400  # characters before and after an opened segment
WIDE = widgets.Layout(width="98%")
FILTER = widgets.Layout(width="49%")
MARKED = '<mark style="background:#fde68a">%s</mark>'


@dataclass(frozen=True)
class Browser:
    """Widgets for JupyterLab, and what a page shows in their place."""

    panel: Any
    still: HtmlTable | Prose

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        data, words = self.still._repr_mimebundle_()
        return {**self.panel._repr_mimebundle_(), **data}, words


@dataclass(frozen=True)
class _Controls:
    group: widgets.Dropdown
    area: widgets.Dropdown
    code: widgets.Dropdown
    coder: widgets.Dropdown
    words: widgets.Text
    found: widgets.Select
    told: widgets.HTML
    context: widgets.HTML


def browser(material: Material, study: Study, tables: Tables, still: HtmlTable | Prose) -> Browser:
    """Make the filters over all interviews of a study, and the tabs beside them.

    Parameters
    ----------
    material : Material
        The study's interviews, names replaced.
    study : Study
        For the overlap from which on coders agree.
    tables : mapping of str to DataFrame
        For the names of areas.
    still : HtmlTable or Prose
        What a page shows in place of the widgets; handed out by the release room.
    """
    project = material.project
    controls = _controls(project, tables)

    def listed(change: object = None) -> None:
        rows = _rows(project, controls)
        labels = [(_label(row), row.segment_id) for row in rows.head(MOST).itertuples()]
        controls.found.options = labels
        controls.found.value = labels[0][1] if labels else None
        more = f" Gezeigt sind die ersten {MOST}." if len(rows) > MOST else ""
        controls.told.value = f"{wording.number(len(rows))} Stellen.{more}"

    def opened(change: object = None) -> None:
        segment = controls.found.value
        controls.context.value = _context(project, segment) if segment else ""

    for control in (controls.group, controls.area, controls.code, controls.coder, controls.words):
        control.observe(listed, names="value")
    controls.found.observe(opened, names="value")
    listed()
    opened()
    tabs = {
        "Stellen": _laid_out(controls),
        "Wörter": browser_tabs.words(project),
        "Uneinigkeiten": browser_tabs.disagreements(project, study.codings.overlap),
        "Beim Lesen bemerkt": browser_tabs.noticed(project),
    }
    return Browser(widgets.Tab(list(tabs.values()), titles=list(tabs)), still)


def _controls(project: Project, tables: Tables) -> _Controls:
    documents = project.documents
    names = dict(zip(tables["area"]["area_id"], tables["area"]["name"], strict=True))
    codes = project.codes
    depth = [path.count(SEPARATOR) for path in codes["path"]]
    tree = [
        (f"{'   ' * deep}{name}", code)
        for deep, name, code in zip(depth, codes["name"], codes["code_id"], strict=True)
    ]
    return _Controls(
        group=_dropdown("Gruppe", documents["group"]),
        area=_dropdown("Raum", documents["area_id"], names),
        code=widgets.Dropdown(
            options=[(ALL, ""), *tree], value="", description="Code", layout=FILTER
        ),
        coder=_dropdown("Kodiert von", project.coders["name"]),
        words=widgets.Text(
            description="Wörter", placeholder="alle müssen vorkommen", layout=FILTER
        ),
        found=widgets.Select(rows=10, layout=WIDE, description="Stellen"),
        told=widgets.HTML(layout=FILTER),
        context=widgets.HTML(layout=WIDE),
    )


def _dropdown(
    label: str, values: Iterable[Any], names: Mapping[str, str] | None = None
) -> widgets.Dropdown:
    known = sorted({str(value) for value in values if not pd.isna(value)})
    options = [(ALL, ""), *(((names or {}).get(value, value), value) for value in known)]
    return widgets.Dropdown(options=options, value="", description=label, layout=FILTER)


def _laid_out(controls: _Controls) -> widgets.VBox:
    rows = (
        widgets.HBox([controls.group, controls.area]),
        widgets.HBox([controls.code, controls.coder]),
        widgets.HBox([controls.words, controls.told]),
        controls.found,
        controls.context,
    )
    return widgets.VBox(rows)


def _rows(project: Project, controls: _Controls) -> pd.DataFrame:
    """Return the segments that pass the filters, once each, in reading order."""
    try:
        rows = explore.select(
            project,
            groups=_given(controls.group),
            areas=_given(controls.area),
            codes=_given(controls.code),
            coders=_given(controls.coder),
            words=controls.words.value,
        )
    except EvaltoolsError:
        return pd.DataFrame(columns=explore.SELECTED)
    return rows.drop_duplicates("segment_id")


def _given(control: widgets.Dropdown) -> tuple[str, ...]:
    return (str(control.value),) if control.value else ()


def _label(row: Any) -> str:
    text = " ".join(str(row.text).split()) if not pd.isna(row.text) else "(ohne Text)"
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"{row.document}: {cut}"


def _context(project: Project, segment: str) -> str:
    """Show a segment in its context with its codes; everything in it is escaped."""
    around = explore.context(project, segment, before=AROUND, after=AROUND)
    own = project.codings[project.codings["segment_id"] == segment]
    paths = dict(zip(project.codes["code_id"], project.codes["path"], strict=True))
    coders = dict(zip(project.coders["coder_id"], project.coders["name"], strict=True))
    codes = "".join(
        f"<li>{escape(paths[code])} ({escape(coders.get(coder, 'ohne Angabe'))})</li>"
        for code, coder in zip(own["code_id"], own["coder_id"], strict=True)
    )
    before = f"{'… ' if around.cut_left else ''}{around.before}"
    after = f"{around.after}{' …' if around.cut_right else ''}"
    said = Markup(MARKED) % around.text
    words = Markup("{}{}{}").format(before, said, after)
    style = "white-space:pre-wrap;line-height:1.5;max-width:48em"
    return (
        f"<h4>{escape(around.document)}</h4><p style='{style}'>{words}</p>"
        f"<ul>{codes or '<li>ohne Code</li>'}</ul>"
    )
