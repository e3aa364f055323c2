"""From one row a coding, as tables have it, to a project of documents, codes and segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaltools.codings.model import DEEPEST, Origin, Problem, Project, build
from evaltools.errors import DataError

Names = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One coding as a table tells it.

    Attributes
    ----------
    group, document : str
        Together they name the document; the group may be empty.
    code : tuple of str
        Names from the top.
    text : str
        Words of the segment; empty when unknown.
    place : hashable
        What rows about the same segment of a document share, besides its words.
    coder, memo, created : str, optional
        Empty when unknown.
    paragraphs : tuple of int, optional
        First and last paragraph, counted from 1.
    """

    group: str
    document: str
    code: Names
    text: str
    place: Hashable = None
    coder: str = ""
    memo: str = ""
    created: str = ""
    paragraphs: tuple[int, int] | None = None


@dataclass(frozen=True)
class Variable:
    """A value that a table gives for a document (group and name) or for a case (its name)."""

    owner: Names
    name: str
    value: str


@dataclass(frozen=True)
class _Ids:
    """Ids by what they stand for; they count it in the order in which it occurs."""

    documents: Mapping[tuple[str, str], str]
    codes: Mapping[Names, str]
    coders: Mapping[str, str]
    segments: Mapping[Hashable, str]
    cases: Mapping[str, str]


def assemble(
    origin: Origin,
    rows: Sequence[Row],
    problems: Iterable[Problem] = (),
    *,
    codes: Mapping[Names, str] | None = None,
    variables: Sequence[Variable] = (),
    cases: Iterable[str] = (),
) -> Project:
    """Make a project of rows.

    Rows with the same document, place and words are one segment. When the same coder gave such a
    segment the same code twice, the words stand at two places, and it is two segments.

    Parameters
    ----------
    origin : Origin
        Where the rows came from.
    rows : sequence of Row
        One a coding.
    problems : iterable of Problem
        What the reader noticed.
    codes : mapping of tuple to str, optional
        Names from the top → memo of codes known beside those of the rows; they come first.
    variables : sequence of Variable, optional
        Values of documents and cases.
    cases : iterable of str, optional
        Names of the cases.

    Raises
    ------
    DataError
        When the codes lie too deep.
    """
    memos = codes or {}
    _check_depth(origin, [*memos, *(row.code for row in rows)])
    places = _places(rows)
    ids = _Ids(
        _numbered("d", [(row.group, row.document) for row in rows]),
        _numbered("c", _with_parents([*memos, *(row.code for row in rows)])),
        _numbered("p", [row.coder for row in rows if row.coder]),
        _numbered("s", places),
        _numbered("f", cases),
    )
    tables: dict[str, list[tuple[Any, ...]]] = {
        "documents": [
            (key, name, group or None, None, None, None)
            for (group, name), key in ids.documents.items()
        ],
        "codes": [
            (key, path[-1], ids.codes.get(path[:-1]), None, None, memos.get(path) or None, True)
            for path, key in ids.codes.items()
        ],
        "coders": [(key, name) for name, key in ids.coders.items()],
        "cases": [(key, name, None) for name, key in ids.cases.items()],
        "variables": _variables(variables, ids),
        **_coded(rows, places, ids),
    }
    return build(origin, tables, problems)


def _check_depth(origin: Origin, paths: Iterable[Names]) -> None:
    """Refuse paths so deep that their parents alone would fill the memory."""
    if any(len(path) > DEEPEST for path in paths):
        raise DataError(
            f"{origin.file}: a code lies more than {DEEPEST} levels deep; mend the code tree"
        )


def _numbered(letter: str, items: Iterable[Hashable]) -> dict[Any, str]:
    return {item: f"{letter}{n}" for n, item in enumerate(dict.fromkeys(items), start=1)}


def _with_parents(paths: Iterable[Names]) -> Iterator[Names]:
    for path in dict.fromkeys(paths):
        yield from (path[:depth] for depth in range(1, len(path) + 1))


def _places(rows: Sequence[Row]) -> list[Hashable]:
    """Tell segments apart: by place and words, and by how often a coder gave them this code."""
    seen: Counter[Hashable] = Counter()
    found: list[Hashable] = []
    for row in rows:
        place = (row.group, row.document, row.place, row.text)
        coding = (place, row.code, row.coder)
        found.append((place, seen[coding]))
        seen[coding] += 1
    return found


def _coded(
    rows: Sequence[Row], places: Sequence[Hashable], ids: _Ids
) -> dict[str, list[tuple[Any, ...]]]:
    segments: dict[Hashable, tuple[Any, ...]] = {}
    codings: list[tuple[Any, ...]] = []
    for row, place in zip(rows, places, strict=True):
        document, segment = ids.documents[row.group, row.document], ids.segments[place]
        first, last = row.paragraphs or (None, None)
        entry = (segment, document, None, None, row.text or None, first, last)
        segments.setdefault(place, entry)
        links = (segment, document, ids.codes[row.code], ids.coders.get(row.coder))
        codings.append((f"k{len(codings) + 1}", *links, row.memo or None, row.created or None))
    return {"segments": list(segments.values()), "codings": codings}


def _variables(variables: Sequence[Variable], ids: _Ids) -> list[tuple[Any, ...]]:
    names = _numbered("v", [(len(item.owner), item.name) for item in variables])
    return [
        (
            names[len(item.owner), item.name],
            item.name,
            "Text",
            *(
                ("document", ids.documents[item.owner[0], item.owner[1]])
                if len(item.owner) == 2
                else ("case", ids.cases[item.owner[0]])
            ),
            item.value,
        )
        for item in dict.fromkeys(variables)
        if len(item.owner) == 1 or item.owner in ids.documents
    ]
