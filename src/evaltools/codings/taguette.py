"""A Taguette project: its SQLite file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evaltools.codings.model import DEEPEST, Origin, Problem, Project, build
from evaltools.codings.sqlitefile import Tables, open_tables
from evaltools.codings.taguette_text import Plain, bare, plain
from evaltools.errors import DataError
from evaltools.german import listing, number

PROGRAM = "Taguette"
REQUIRED = ("projects", "documents", "highlights", "tags", "highlight_tags")
MOST_MARKS = 800_000  # tags and entities of all documents, and as many of all highlights
LONGEST_COMMAND = 20_000


class Highlight(NamedTuple):
    """A row of the table highlights."""

    id: int
    document: int
    start: int
    end: int
    snippet: str


def read(path: Path) -> Project:
    """Read a Taguette project from its SQLite file.

    Taguette keeps documents as HTML and counts highlights in UTF-8 bytes over the text of its
    text nodes. The text of the model is that text with a LF after every block element that is not
    already followed by one, so that words of two paragraphs never run together. A highlight is a
    segment, a highlight with a tag a coding. Whoever put the tag on the highlight is its coder;
    where the log of commands does not say, the one who made the highlight, and NA without a log.

    Parameters
    ----------
    path : Path
        ``project.sqlite3`` as exported, or the database of a Taguette on one's own machine.

    Returns
    -------
    Project
        A tag's parent is the longest beginning of its path, cut at a full stop, that is itself a
        tag; a tag's description is the code's memo and a document's description a variable.
        Highlights whose offsets do not give the words Taguette keeps beside them have these words
        and no offsets, and a problem says so.

    Raises
    ------
    DataError
        When the file is damaged, hostile or not Taguette's, or holds several projects.

    References
    ----------
    Rampin and Rampin (2021), Taguette, Journal of Open Source Software 6(68), 3522,
    https://doi.org/10.21105/joss.03522; offsets as in its module ``extract``, version 1.5.2.
    """
    with open_tables(path, PROGRAM, required=REQUIRED, optional=("commands",)) as tables:
        project = _project(tables)
        known = {id_ for id_, of in _pairs(tables, "documents", "project_id") if of == project}
        highlights = _highlights(tables, known)
        documents, segments, problems = _documents(tables, known, highlights)
        codes = _codes(tables, project)
        codings = _codings(tables, project, highlights, {int(code[0]) for code in codes})
        details = _details(tables, known)
    logins = sorted({coding[4] for coding in codings if coding[4] is not None})
    rows = {
        "documents": documents,
        "codes": codes,
        "coders": [(login, login) for login in logins],
        "segments": segments,
        "codings": codings,
        "variables": details,
    }
    return build(Origin(PROGRAM, "sqlite", path.name), rows, problems)


def _pairs(tables: Tables, table: str, column: str, *, key: str = "id") -> list[tuple[Any, ...]]:
    return list(tables.rows(table, {key: int, column: int}))


def _project(tables: Tables) -> int:
    """Return the number of the one project; of several the one with documents."""
    named: dict[int, str] = dict(tables.rows("projects", {"id": int, "name": str}))
    filled = {project for _, project in _pairs(tables, "documents", "project_id")} & set(named)
    chosen: list[int] = sorted(filled or set(named))
    if len(chosen) != 1:
        names = ", ".join(repr(str(named[id_])[:80]) for id_ in chosen[:20]) or "none"
        raise DataError(
            f"{tables.file}: {len(chosen)} projects ({names}), exactly one can be read; in "
            "Taguette open the one you want and export the project as SQLite"
        )
    return chosen[0]


def _highlights(tables: Tables, known: set[int]) -> dict[int, Highlight]:
    columns = {"id": int, "document_id": int, "start_offset": int, "end_offset": int}
    found: dict[int, Highlight] = {}
    marks = 0
    for row in tables.rows("highlights", columns | {"snippet": str}):
        item = Highlight(*row)
        if item.document in known:
            found[item.id] = item
            marks = _limited(tables, marks, item.snippet)
    return found


def _limited(tables: Tables, marks: int, html: str | None) -> int:
    """Add the tags and entities of a piece of HTML to those before it, up to the limit."""
    marks += (html or "").count("<") + (html or "").count("&")
    if marks > MOST_MARKS:
        raise DataError(
            f"{tables.file}: more than {MOST_MARKS:,} HTML tags; import the documents as plain "
            "text or divide the project"
        )
    return marks


def _documents(
    tables: Tables, known: set[int], highlights: Mapping[int, Highlight]
) -> tuple[list[Any], list[Any], list[Problem]]:
    grouped: dict[int, list[Highlight]] = defaultdict(list)
    for item in highlights.values():
        grouped[item.document].append(item)
    documents: list[Any] = []
    segments: list[Any] = []
    problems: list[Problem] = []
    marks = 0
    for id_, name, html in tables.rows("documents", {"id": int, "name": str, "contents": str}):
        if id_ not in known:
            continue
        marks = _limited(tables, marks, html)
        made = plain(html or "")
        documents.append((str(id_), name, None, None, made.text, None))
        segments += _segments(made, grouped[id_], str(name), problems)
        if not made.sound:
            text = "Ein HTML-Tag ist nicht geschlossen; ab dort steht der Text mit Auszeichnungen."
            problems.append(Problem("html", str(name), text))
    return documents, segments, problems


def _segments(
    made: Plain, highlights: Sequence[Highlight], name: str, problems: list[Problem]
) -> list[Any]:
    """Place the highlights of one document; those whose words stand elsewhere get no place."""
    starts = [-1 if item.start is None else item.start for item in highlights]
    ends = [-1 if item.end is None else item.end for item in highlights]
    rows: list[Any] = []
    lost: list[str] = []
    for item, place in zip(highlights, made.places(starts, ends), strict=True):
        words = made.text[slice(*place)] if place else None
        if place and words and bare(words) == bare(item.snippet or "", html=True):
            rows.append((str(item.id), str(item.document), *place, words, None, None))
            continue
        lost.append(str(item.id))
        words = plain(item.snippet or "").text.strip()
        rows.append((str(item.id), str(item.document), None, None, words, None, None))
    if lost:
        text = "Die Stelle im Text passt nicht zu den Worten, die Taguette dazu aufbewahrt; "
        text += f"diese {number(len(lost))} Markierungen behalten ihre Worte, aber keine Stelle: "
        problems.append(Problem("offsets", name, f"{text}{listing(lost)}."))
    return rows


def _details(tables: Tables, known: set[int]) -> list[Any]:
    """Return each document's description as a variable."""
    rows = tables.rows("documents", {"id": int, "description": str}, optional=("description",))
    return [
        ("description", "Beschreibung", "text", "document", str(id_), text)
        for id_, text in rows
        if id_ in known and text
    ]


def _codes(tables: Tables, project: int) -> list[Any]:
    columns = {"id": int, "project_id": int, "path": str, "description": str}
    rows = tables.rows("tags", columns, optional=("description",))
    tags = [(id_, path or "", memo) for id_, of, path, memo in rows if of == project]
    ids = {path: str(id_) for id_, path, _ in tags}
    found = []
    for id_, path, memo in tags:
        above = _above(path, ids)
        name = path[len(above) + 1 :] if above else path
        found.append((str(id_), name, ids.get(above), None, None, memo or None, True))
    return found


def _above(path: str, ids: Mapping[str, str]) -> str:
    """Return the longest beginning of a tag's path that is itself a tag; empty without one."""
    cut = len(path)
    for _ in range(DEEPEST):
        cut = path.rfind(".", 1, cut)
        if cut < 1:
            break
        if path[:cut] in ids and cut + 1 < len(path):
            return path[:cut]
    return ""


def _codings(
    tables: Tables, project: int, highlights: Mapping[int, Highlight], codes: set[int]
) -> list[Any]:
    taggers, makers = _coders(tables, project, highlights)
    codings = []
    for highlight, tag in _pairs(tables, "highlight_tags", "tag_id", key="highlight_id"):
        if highlight in highlights and tag in codes:
            maker = taggers.get((highlight, tag)) or makers.get(highlight)
            coder, created = maker or (None, None)
            place = (str(highlight), str(highlights[highlight].document), str(tag))
            codings.append((f"{highlight}-{tag}", *place, coder, None, created))
    return codings


def _coders(
    tables: Tables, project: int, highlights: Mapping[int, Highlight]
) -> tuple[dict[tuple[int, int], tuple[str, str]], dict[int, tuple[str, str]]]:
    """Find who put which tag on a highlight, and who made it, each with the date.

    Taguette logs a change of a highlight as if it were added anew, with all its tags: who logs a
    tag first put it there. Tags that were merged keep the maker of the highlight.
    """
    taggers: dict[tuple[int, int], tuple[str, str]] = {}
    makers: dict[int, tuple[str, str]] = {}
    columns = {"project_id": int, "user_login": str, "date": str, "payload": str}
    for of, login, date, payload in tables.rows("commands", columns):
        if of != project or not login or '"highlight_add"' not in (payload or ""):
            continue
        id_, tags = _added(payload)
        if id_ in highlights:
            makers.setdefault(id_, (login, date))
            for tag in tags:
                taggers.setdefault((id_, tag), (login, date))
    return taggers, makers


def _added(payload: str) -> tuple[int, list[int]]:
    """Return highlight and tags of a command; -1 when it does not add a highlight."""
    try:
        said = json.loads(payload) if len(payload) < LONGEST_COMMAND else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("type") != "highlight_add":
        return -1, []
    id_ = said.get("highlight_id", said.get("id"))
    tags = said.get("tags")
    whole = [tag for tag in tags if isinstance(tag, int)] if isinstance(tags, list) else []
    return (id_, whole) if isinstance(id_, int) else (-1, [])
