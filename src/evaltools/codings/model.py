"""One coded project as tidy tables, whatever program it was coded in.

Offsets count code points of the document's text (LF line ends, no byte order mark) and are
half-open: ``text[start:end]`` is the segment. Where the source has no offsets they are NA.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evaltools.errors import DataError

SEPARATOR = " > "
MOST_TOLD = 20
DEEPEST = 50  # levels of codes
MOST_IN_PATHS = 10_000_000  # characters; a hundred times the largest code tree
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "documents": {
        "doc_id": "string",
        "name": "string",
        "group": "string",
        "area_id": "string",
        "text": "string",
        "n_chars": "Int64",
    },
    "codes": {
        "code_id": "string",
        "name": "string",
        "parent_id": "string",
        "path": "string",
        "color": "string",
        "memo": "string",
        "codable": "boolean",
    },
    "coders": {"coder_id": "string", "name": "string"},
    "segments": {
        "segment_id": "string",
        "doc_id": "string",
        "start": "Int64",
        "end": "Int64",
        "text": "string",
        "para_start": "Int64",
        "para_end": "Int64",
    },
    "codings": {
        "coding_id": "string",
        "segment_id": "string",
        "doc_id": "string",
        "code_id": "string",
        "coder_id": "string",
        "memo": "string",
        "created": "string",
    },
    "cases": {"case_id": "string", "name": "string", "memo": "string"},
    "variables": {
        "variable_id": "string",
        "name": "string",
        "type": "string",
        "owner": "string",
        "owner_id": "string",
        "value": "string",
    },
}
KEYS = {
    "documents": "doc_id",
    "codes": "code_id",
    "coders": "coder_id",
    "segments": "segment_id",
    "codings": "coding_id",
    "cases": "case_id",
}
LINKS = (
    ("codes", "parent_id", "codes"),
    ("segments", "doc_id", "documents"),
    ("codings", "segment_id", "segments"),
    ("codings", "doc_id", "documents"),
    ("codings", "code_id", "codes"),
    ("codings", "coder_id", "coders"),
)
OPTIONAL = ("parent_id", "coder_id")


@dataclass(frozen=True)
class Problem:
    """Something a reader noticed and how it decided; German, for the researcher.

    Attributes
    ----------
    rule : str
        Short name of the rule, such as ``offsets``.
    place : str
        Document, code or member of the file; empty for the whole file.
    message : str
        What was found and what was done.
    """

    rule: str
    place: str
    message: str


@dataclass(frozen=True)
class Origin:
    """Where a project came from: program, format, name of the file (never its place)."""

    program: str
    format: str
    file: str


@dataclass(frozen=True)
class Project:
    """Documents, codes, coders, segments and codings of one or several files.

    Every table has the columns of :data:`COLUMNS` with these types. A segment without a coding is
    possible; a document, too. Codes are told apart by ``code_id`` or by their path of names from
    the top (``Bedarfe > Jugendhilfeplanung``), never by the name alone. ``variables`` has one row
    a value: ``owner`` is ``case`` or ``document``, ``owner_id`` its id.
    """

    documents: pd.DataFrame
    codes: pd.DataFrame
    coders: pd.DataFrame
    segments: pd.DataFrame
    codings: pd.DataFrame
    cases: pd.DataFrame
    variables: pd.DataFrame
    origin: tuple[Origin, ...]
    problems: tuple[Problem, ...] = ()

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by its name; KeyError when there is none."""
        if name not in COLUMNS:
            raise KeyError(name)
        found: pd.DataFrame = getattr(self, name)
        return found


def frame(name: str, rows: Iterable[Sequence[Any]] | pd.DataFrame) -> pd.DataFrame:
    """Return a typed table of the model from rows in the order of its columns.

    Parameters
    ----------
    name : str
        Name of the table, as in :data:`COLUMNS`.
    rows : iterable of sequences, or DataFrame
        One value a column; None is unknown. Of a frame its columns are taken by name, and those
        it lacks are unknown.
    """
    columns = COLUMNS[name]
    given = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=[*columns])
    return given.reindex(columns=[*columns]).astype(dict(columns)).reset_index(drop=True)


def build(
    origin: Origin,
    tables: Mapping[str, Iterable[Sequence[Any]]],
    problems: Iterable[Problem] = (),
) -> Project:
    """Make a project from rows, with paths and lengths filled in, and validate it.

    Parameters
    ----------
    origin : Origin
        Where the rows came from.
    tables : mapping of str to iterable of sequences
        Rows by table, values in the order of :data:`COLUMNS`; tables left out are empty. ``path``
        of a code and ``n_chars`` of a document are worked out here.
    problems : iterable of Problem
        What the reader noticed.

    Raises
    ------
    DataError
        When the rows contradict each other; see :func:`validate`.
    """
    made = {name: frame(name, tables.get(name, ())) for name in COLUMNS}
    made["documents"]["n_chars"] = made["documents"]["text"].str.len().astype("Int64")
    made["codes"]["path"] = paths(made["codes"])
    return validate(Project(**made, origin=(origin,), problems=tuple(problems)))


def paths(codes: pd.DataFrame) -> pd.Series:
    """Work out each code's path of names from the top.

    Raises
    ------
    DataError
        When codes lie too deep or are their own ancestors.
    """
    named = dict(zip(codes["code_id"], codes["name"], strict=True))
    parents = dict(zip(codes["code_id"], codes["parent_id"], strict=True))
    found: dict[str, tuple[str, int]] = {}
    size = 0
    for code in named:
        chain: list[str] = []
        step = code
        while step not in found:
            chain.append(step)
            above = parents[step]
            if len(chain) > DEEPEST or pd.isna(above) or above not in named:
                break
            step = above
        for item in reversed(chain):
            before, depth = found.get(parents[item], ("", 0))
            path = f"{before}{SEPARATOR}{named[item]}" if depth else str(named[item])
            found[item] = path, depth + 1
            size += len(path)
        if found[code][1] > DEEPEST or size > MOST_IN_PATHS:
            raise DataError(
                f"code {str(named[code])[:80]!r} lies more than {DEEPEST} levels deep or is its "
                f"own ancestor, or all paths have more than {MOST_IN_PATHS:,} characters; mend the "
                "code tree"
            )
    return pd.Series([found[code][0] for code in codes["code_id"]], codes.index, dtype="string")


def validate(project: Project) -> Project:
    """Return the project when its tables hold together.

    Raises
    ------
    DataError
        Naming every fault: ids that are empty or given twice, links that lead nowhere, offsets
        outside the text, segments whose text is not what stands there.
    """
    faults = [*_identities(project), *_links(project), *_offsets(project)]
    if faults:
        told = "; ".join(faults[:MOST_TOLD])
        more = f"; {len(faults) - MOST_TOLD} more" if len(faults) > MOST_TOLD else ""
        files = ", ".join(item.file for item in project.origin)
        raise DataError(f"{files}: the codings contradict themselves: {told}{more}")
    return project


def _identities(project: Project) -> list[str]:
    faults = []
    for name, key in KEYS.items():
        values = project.table(name)[key]
        double = values[values.duplicated() & values.notna()].unique()
        faults += [f"{name}: {key} {value} is given twice" for value in double]
        if values.isna().any():
            faults.append(f"{name}: {int(values.isna().sum())} rows without {key}")
    return faults


def _links(project: Project) -> list[str]:
    faults = []
    for name, column, target in LINKS:
        values = project.table(name)[column]
        given = pd.Series(values.dropna().unique())
        lost = given[~given.isin(set(project.table(target)[KEYS[target]]))]
        faults += [f"{name}: {column} {value} is not among the {target}" for value in lost]
        if column not in OPTIONAL and values.isna().any():
            faults.append(f"{name}: {int(values.isna().sum())} rows without {column}")
    return faults


def _offsets(project: Project) -> list[str]:
    texts = dict(zip(project.documents["doc_id"], project.documents["text"], strict=True))
    faults = []
    placed = project.segments.dropna(subset=["start", "end", "doc_id"])
    names = ("segment_id", "doc_id", "start", "end", "text")
    columns = (placed[name].to_numpy(dtype=object) for name in names)
    for segment, doc, start, end, said in zip(*columns, strict=True):
        text = texts.get(doc)
        if not 0 <= start < end:
            faults.append(f"segment {segment}: {start} to {end} is no stretch of text")
        elif isinstance(text, str) and end > len(text):
            faults.append(f"segment {segment}: ends at {end}, its text has {len(text)} characters")
        elif isinstance(text, str) and not pd.isna(said) and text[start:end] != said:
            faults.append(f"segment {segment}: its words are not those at {start} to {end}")
    return faults
