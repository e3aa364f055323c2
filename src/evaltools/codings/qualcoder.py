"""A QualCoder project: ``X.qda/data.qda``, a SQLite file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evaltools.codings.model import Origin, Problem, Project, build
from evaltools.codings.sqlitefile import Tables, open_tables
from evaltools.german import listing, number

PROGRAM = "QualCoder"
REQUIRED = ("project", "source", "code_name", "code_cat", "code_text")
OPTIONAL = (
    "code_image",
    "code_av",
    "cases",
    "case_text",
    "attribute",
    "attribute_type",
    "annotation",
)
NEWEST = 17  # version of the tables this module was written for
UNREAD = {
    "code_image": "Codings von Bildausschnitten",
    "code_av": "Codings von Ton oder Film",
    "annotation": "Anmerkungen",
    "case_text": "Zuordnungen von Textstellen zu Fällen",
}
# Shorter words may stand at a place by chance and prove no other way of counting.
CLEAR = 8
OWNERS = {"case": "case", "file": "document"}
BOM = "\ufeff"
_LINES = re.compile("\r\n?|\u2029")  # Qt, in which QualCoder is written, ends lines by U+2029
Reading = Callable[[int], int]


class Coding(NamedTuple):
    """A row of the table code_text."""

    id: int
    code: int
    source: int
    words: str | None
    start: int
    end: int
    owner: str | None
    date: str | None
    memo: str | None


def read(path: Path) -> Project:
    """Read a QualCoder project.

    Parameters
    ----------
    path : Path
        The folder ``X.qda`` or the file ``data.qda`` in it.

    Returns
    -------
    Project
        Categories are codes one cannot code with, their ids begin with ``cat-``. All codings of
        one stretch of a document share a segment. Attributes of cases and files are the
        variables. Offsets are counted as QualCoder stores them, in code points over the stored
        text; another way of counting (LF line ends, UTF-16 as Qt counts) is taken only if it alone
        explains every coding of a document. A coding whose stretch holds other words than those
        kept beside it has these words and no offsets. Each is on record as a problem, as are
        codings of pictures and sound, annotations and parts of cases, which are not read.

    Raises
    ------
    DataError
        When the file is damaged, hostile or not QualCoder's.

    References
    ----------
    Curtain (2026), QualCoder 4.0, https://github.com/ccbogel/QualCoder; tables of version 17.
    """
    file = path / "data.qda" if path.is_dir() else path
    inside = file.name == "data.qda" and file.absolute().parent.suffix == ".qda"
    shown = file.absolute().parent.name if inside else file.name
    problems: list[Problem] = []
    with open_tables(file, PROGRAM, required=REQUIRED, optional=OPTIONAL) as tables:
        _note_version(tables, problems)
        texts = list(tables.rows("source", {"id": int, "name": str, "fulltext": str}))
        codes = _codes(tables, problems)
        found = _found(tables, {row[0] for row in texts}, {code[0] for code in codes}, problems)
        cases = _cases(tables)
        variables = _variables(tables, {row[0] for row in texts}, {case[0] for case in cases})
        _note_unread(tables, problems)
    segments, codings = _codings(texts, found, problems)
    rows = {
        "documents": [(str(id_), name, None, None, clean(text), None) for id_, name, text in texts],
        "codes": codes,
        "coders": [(name, name) for name in sorted({row[4] for row in codings if row[4]})],
        "segments": segments,
        "codings": codings,
        "cases": cases,
        "variables": variables,
    }
    return build(Origin(PROGRAM, "sqlite", shown), rows, problems)


def clean(text: str | None) -> str | None:
    """Write a stored text with LF line ends and without byte order mark."""
    return None if text is None else _LINES.sub("\n", text.removeprefix(BOM))


def _note_version(tables: Tables, problems: list[Problem]) -> None:
    columns = {"databaseversion": str}
    for (version,) in tables.rows("project", columns, optional=(*columns,)):
        digits = re.fullmatch(r"v([0-9]{1,4})", version or "")
        if digits and int(digits[1]) > NEWEST:
            text = f"Die Datei hat die Fassung {version}, bekannt sind die bis v{NEWEST}; gelesen "
            problems.append(Problem("version", "", f"{text}wurde, was gleich heißt. Nachprüfen."))


def _note_unread(tables: Tables, problems: list[Problem]) -> None:
    counts = {label: tables.count(table) for table, label in UNREAD.items()}
    told = [f"{number(count)} {label}" for label, count in counts.items() if count]
    if told:
        problems.append(Problem("ausgelassen", "", f"Nicht gelesen wurden {listing(told)}."))


def _codes(tables: Tables, problems: list[Problem]) -> list[Any]:
    """Return categories and codes, each under its parent where that is known."""
    own = {"memo": str, "color": str, "supercid": int, "catid": int}
    groups = list(
        tables.rows(
            "code_cat",
            {"catid": int, "name": str, "supercatid": int, "memo": str},
            optional=("supercatid", "memo"),
        )
    )
    codes = list(tables.rows("code_name", {"cid": int, "name": str, **own}, optional=(*own,)))
    known = {f"cat-{row[0]}" for row in groups} | {str(row[0]) for row in codes}
    made: list[Any] = []
    for id_, name, above, memo in groups:
        parent = None if above is None else f"cat-{above}"
        made.append((f"cat-{id_}", name, parent, None, None, memo or None, False))
    for id_, name, memo, color, code, group in codes:
        parent = f"cat-{group}" if group is not None else None
        parent = str(code) if code is not None else parent
        made.append((str(id_), name, parent, None, color or None, memo or None, True))
    lost = [str(row[1]) for row in made if row[2] is not None and row[2] not in known]
    if lost:
        text = f"Die Kategorie darüber fehlt; an oberster Stelle steht nun: {listing(lost)}."
        problems.append(Problem("codebaum", "", text))
    return [(*row[:2], row[2] if row[2] in known else None, *row[3:]) for row in made]


def _found(
    tables: Tables, sources: Collection[int], codes: Collection[str], problems: list[Problem]
) -> list[Coding]:
    """Return the codings of text whose document and code are there."""
    kinds = {"ctid": int, "cid": int, "fid": int, "seltext": str, "pos0": int, "pos1": int}
    kinds |= {"owner": str, "date": str, "memo": str}
    spare = ("ctid", "owner", "date", "memo")
    # Before version 4 codings had no number; their place in the table is one.
    rows = enumerate(tables.rows("code_text", kinds, optional=spare), start=1)
    read = [Coding(place if row[0] is None else row[0], *row[1:]) for place, row in rows]
    kept = [item for item in read if item.source in sources and str(item.code) in codes]
    if len(kept) < len(read):
        text = f"{number(len(read) - len(kept))} Codings gehören zu keinem vorhandenen Dokument "
        problems.append(Problem("verwaist", "", f"{text}oder Code und wurden ausgelassen."))
    return kept


def _codings(
    texts: Sequence[tuple[Any, ...]], found: Sequence[Coding], problems: list[Problem]
) -> tuple[list[Any], list[Any]]:
    """Place the codings, document by document."""
    grouped: dict[int, list[Coding]] = defaultdict(list)
    for item in found:
        grouped[item.source].append(item)
    segments: dict[str, Any] = {}
    codings: dict[int, Any] = {}
    for source, name, stored in texts:
        items = grouped[source]
        places = _places(stored or "", items, str(name), problems)
        text = clean(stored) or ""
        for item, place in zip(items, places, strict=True):
            key = f"{source}-{place[0]}-{place[1]}" if place else f"{source}-c{item.id}"
            words = text[slice(*place)] if place else _words(item.words)
            segments[key] = (key, str(source), *(place or (None, None)), words, None, None)
            link = (str(item.id), key, str(source), str(item.code))
            codings[item.id] = (*link, item.owner or None, item.memo or None, item.date or None)
    return [*segments.values()], [codings[item.id] for item in found]


def _places(
    stored: str, items: Sequence[Coding], name: str, problems: list[Problem]
) -> list[tuple[int, int] | None]:
    """Return where each coding lies in the cleaned text; None where its words do not stand."""
    text = clean(stored) or ""
    first: list[tuple[int, int] | None] | None = None
    for label, reading in _readings(stored, text):
        places = [_fitting(text, item, reading) for item in items]
        first = places if first is None else first
        proven = not label or any(len(item.words or "") >= CLEAR for item in items)
        if all(places) and proven:
            if label:
                told = f"QualCoder zählte hier {label}; die Stellen wurden umgerechnet."
                problems.append(Problem("offsets", name, told))
            return places
    assert first is not None
    lost = [str(item.id) for item, place in zip(items, first, strict=True) if not place]
    told = "An der gespeicherten Stelle stehen andere Worte, als QualCoder dazu aufbewahrt; diese "
    told += f"{number(len(lost))} Codings behalten ihre Worte, aber keine Stelle: {listing(lost)}."
    problems.append(Problem("offsets", name, told))
    return first


def _fitting(text: str, item: Coding, reading: Reading) -> tuple[int, int] | None:
    if item.start is None or item.end is None:
        return None
    start, end = reading(item.start), reading(item.end)
    if not 0 <= start < end <= len(text):
        return None
    same = item.words is None or text[start:end] == _words(item.words)
    return (start, end) if same else None


def _words(words: str | None) -> str | None:
    return None if words is None else _LINES.sub("\n", words)


def _readings(stored: str, text: str) -> Iterator[tuple[str, Reading]]:
    """Give the ways of counting that differ for this text, the declared one first."""
    yield "", _index(_kept(stored)) if stored != text else _same
    if stored != text:
        yield "die Zeilenenden einfach", _same
    wide = np.frombuffer(text.encode("utf-32-le"), np.uint32) > 0xFFFF
    if wide.any():
        units = np.append(0, np.cumsum(1 + wide))
        index = np.full(int(units[-1]) + 1, -1)
        index[units] = np.arange(len(units))
        yield "in UTF-16-Einheiten (Emojis doppelt)", _index(index)


def _same(position: int) -> int:
    return position


def _index(index: np.ndarray) -> Reading:
    return lambda position: int(index[position]) if 0 <= position < len(index) else -1


def _kept(stored: str) -> np.ndarray:
    """Return, for each place in the stored text, how many kept characters lie before it."""
    codes = np.frombuffer(stored.encode("utf-32-le"), np.uint32)
    pair = np.append((codes[:-1] == 13) & (codes[1:] == 10), False)
    keep = ~pair
    keep[0] &= not stored.startswith(BOM)
    return np.append(0, np.cumsum(keep))


def _cases(tables: Tables) -> list[Any]:
    rows = tables.rows("cases", {"caseid": int, "name": str, "memo": str}, optional=("memo",))
    return [(str(id_), name, memo or None) for id_, name, memo in rows]


def _variables(tables: Tables, sources: Collection[int], cases: Collection[str]) -> list[Any]:
    """Return the filled attributes of the cases and documents that are there."""
    kinds = {"name": str, "valuetype": str}
    types = dict(tables.rows("attribute_type", kinds, optional=("valuetype",)))
    there = {"case": {*cases}, "document": {str(id_) for id_ in sources}}
    columns = {"name": str, "attr_type": str, "id": int, "value": str}
    made = []
    for name, kind, id_, value in tables.rows("attribute", columns):
        owner = OWNERS.get(kind or "")
        if owner and str(id_) in there[owner] and value:
            made.append((f"{owner}:{name}", name, types.get(name), owner, str(id_), value))
    return made
