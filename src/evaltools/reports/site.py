"""The index of a study: verdicts, every page by area, how to read them; and all studies."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaltools import __version__, files
from evaltools.data.provenance import Provenance
from evaltools.evaluation.titles import TITLES
from evaltools.reports import outline
from evaltools.reports.plan import PAGE
from evaltools.study import Workspace

KINDS: dict[str, type] = dict.fromkeys(("area", "name", "notebook", "title", "file"), str) | {
    "ok": bool,
    "own": dict,
    "verdicts": dict,
}
ON_EVERY_PAGE = ("begriffe", "tabellen-als-dateien", "rechenweg", "herkunft")
MARKS = {
    "gestützt": "verdict-ja",
    "nicht gestützt": "verdict-nein",
    "unklar": "verdict-offen",
    "nicht prüfbar": "verdict-offen",
}


def index(space: Workspace, made: Provenance, entries: Sequence[dict[str, Any]]) -> str:
    """Render ``index.html`` of a study.

    Parameters
    ----------
    space : Workspace
        The study.
    made : Provenance
        Where its processed tables came from.
    entries : sequence of dict
        The pages, as ``run.json`` lists them.

    Returns
    -------
    str
        The page; links are relative.

    Raises
    ------
    ReleaseError
        When it would hold more than text and the house's own markup.
    """
    # a run in which nothing changed reads the entries only, and waits for none of this
    from evaltools.reports import frame

    page = frame.page(space, made, title=space.study.title, area="", inputs=(), depth=0)
    template = frame.environment().get_template("site.html.j2")
    text = template.render(
        page=page,
        css=frame.css(),
        groups=_groups(space, entries),
        board=_board(entries),
        marks=MARKS,
        sections=_sections(space, entries),
    )
    return frame.finish(text, "the index")


def overview(root: Path) -> str:
    """Render ``index.html`` of a folder of public reports: every study whose pages lie there.

    Parameters
    ----------
    root : Path
        The folder with a folder for each study.
    """
    from evaltools.reports import frame

    found = []
    for path in sorted(root.glob("*/run.json")):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            there = raw["study"] == path.parent.name and path.with_name("index.html").is_file()
            shown = {name: raw[name] for name in ("study", "title", "simulated")}
            pages = sum(bool(item["ok"]) for item in raw["pages"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found += [{**shown, "pages": pages}] if there else []
    template = frame.environment().get_template("studies.html.j2")
    text = template.render(css=frame.css(), studies=found, version=__version__)
    return frame.finish(text, "the list of studies")


def list_studies(space: Workspace) -> None:
    """Write the list of all studies beside a public one, where it says something else."""
    path = space.reports.parent / "index.html"
    text = overview(path.parent)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        files.write(path, text)


def read_entries(space: Workspace) -> list[dict[str, Any]]:
    """Read the pages of earlier runs whose files are still there."""
    try:
        raw = json.loads((space.reports / "run.json").read_text(encoding="utf-8"))
        known = [item for item in raw["pages"] if _is_entry(item)]
        return [item for item in known if not item["ok"] or _there(space, item["file"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _is_entry(item: Any) -> bool:
    """Whether an entry is what a run writes; others could not be shown, or lead elsewhere."""
    kinds = isinstance(item, dict) and {name: type(item.get(name)) for name in KINDS} == KINDS
    if not kinds or not re.fullmatch(PAGE, item["file"]):
        return False
    pairs = [*item["own"].items(), *item["verdicts"].items()]
    return all(isinstance(text, str) for pair in pairs for text in pair)


def _there(space: Workspace, file: str) -> bool:
    path = (space.reports / file).resolve()
    return path.is_relative_to(space.reports.resolve()) and path.is_file()


def _groups(space: Workspace, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for item in entries:
        label = f"{item['name']} ({item['area']})" if item["area"] else space.study.whole_label
        note = ""
        if item["area"]:
            start = space.study.model_area(item["area"]).start
            note = f"Modellraum seit {start}" if start else "Modellraum, Beginn nicht angegeben"
        group = groups.setdefault(item["area"], {"name": label, "note": note, "pages": []})
        href = item["file"] if item["ok"] else ""
        own = [name for name in item.get("sha256", {}) if name.endswith(".xlsx")]
        group["pages"].append(
            {"title": item["title"], "href": href, "stale": item["stale"], "files": own}
        )
    return list(groups.values())


def _sections(space: Workspace, entries: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """List the headings of all pages, each with its address."""
    found = []
    for item in entries:
        path = space.reports / item["file"]
        if not item["ok"] or not path.is_file():
            continue
        page = f"{item['name'] or space.study.whole_label}: {item['title']}"
        for name, text in outline.sections(path.read_text(encoding="utf-8")):
            if name not in ON_EVERY_PAGE:
                href = f"{item['file']}#{name}"
                found.append({"href": href, "text": html.unescape(text), "page": page})
    return found


def _board(entries: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    columns = [item for item in entries if item["verdicts"] and item["ok"] and not item["own"]]
    if not columns:
        return None
    rows = [
        {
            "title": f"{number}. {title}",
            "verdicts": [item["verdicts"].get(str(number), "–") for item in columns],
        }
        for number, title in TITLES.items()
    ]
    return {"areas": [item["name"] for item in columns], "rows": rows}
