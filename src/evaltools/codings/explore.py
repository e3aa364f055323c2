"""Look into codings: filter them, read a segment in its context, find a word wherever it is said.

For the researcher's own eyes: what comes out holds words of persons and passes no disclosure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from evaltools.codings.matrices import below
from evaltools.codings.model import Project
from evaltools.codings.words import find, window
from evaltools.errors import DataError, unknown

PLACE = ["doc_id", "document", "group", "area_id"]
SPAN = ["start", "end"]
CODING = ["coding_id", "segment_id", *PLACE, "code_id", "path", "coder"]
SELECTED = [*CODING, *SPAN, "para_start", "para_end", "text"]
LINES = [*PLACE, "segment_id", *SPAN, "left", "keyword", "right"]


@dataclass(frozen=True)
class Context:
    """A segment and what is said around it.

    Attributes
    ----------
    before, text, after : str
        The words, as they stand in the document.
    document : str
        Name of the document.
    cut_left, cut_right : bool
        Whether the document goes on beyond what is shown, or may do so: where the source has no
        text or offsets, nothing stands around the segment and both are True.
    """

    before: str
    text: str
    after: str
    document: str
    cut_left: bool
    cut_right: bool


def select(
    project: Project,
    *,
    groups: Collection[str] = (),
    areas: Collection[str] = (),
    codes: Collection[str] = (),
    coders: Collection[str] = (),
    words: str = "",
) -> pd.DataFrame:
    """Return the codings that pass every filter, one row each, in reading order.

    Segments without a coding are listed as well, unless codes or coders are asked for.

    Parameters
    ----------
    project : Project
        The codings.
    groups, areas : collection of str, optional
        Groups and area_ids of the documents; empty means all.
    codes : collection of str, optional
        Paths or ids; each means itself and all codes below.
    coders : collection of str, optional
        Names or ids.
    words : str, optional
        Words that the segment has to contain, all of them, in whatever case.

    Returns
    -------
    DataFrame
        The columns of :data:`SELECTED`.

    Raises
    ------
    DataError
        When there is no such group, area, code or coder.
    """
    documents = project.documents
    documents = documents[_among(documents["group"], groups) & _among(documents["area_id"], areas)]
    documents = documents.reset_index(drop=True).rename_axis("place").reset_index()
    codings = project.codings.drop(columns="doc_id")
    if codes:
        codings = codings[codings["code_id"].isin(below(project.codes, codes))]
    if coders:
        codings = codings[codings["coder_id"].isin(_coders(project.coders, coders))]
    segments = project.segments
    for word in words.split():
        said = segments["text"].str.normalize("NFC").str.casefold()
        segments = segments[said.str.contains(_folded(word), regex=False).fillna(False)]
    how: Literal["inner", "left"] = "inner" if codes or coders else "left"
    table = segments.merge(codings, on="segment_id", how=how)
    table = table.merge(documents.drop(columns="text"), on="doc_id")
    table = table.merge(project.codes[["code_id", "path"]], on="code_id", how="left")
    named = project.coders.rename(columns={"name": "coder"})
    table = table.merge(named, on="coder_id", how="left")
    order = ["place", "start", "para_start", "end", "coding_id", "segment_id"]
    table = table.sort_values(order, ignore_index=True)
    return table.rename(columns={"name": "document"})[SELECTED]


def context(project: Project, segment_id: str, *, before: int = 200, after: int = 200) -> Context:
    """Return a segment with the words around it, cut between words.

    Parameters
    ----------
    project : Project
        The codings.
    segment_id : str
        The segment.
    before, after : int, optional
        How many characters to show around it at most.

    Raises
    ------
    DataError
        When there is no such segment.
    """
    segment = _row(project.segments, "segment_id", segment_id, "segment")
    document = _row(project.documents, "doc_id", segment["doc_id"], "document")
    name, text, said = (
        _plain(value) for value in (document["name"], document["text"], segment["text"])
    )
    if not text or pd.isna(segment["start"]) or pd.isna(segment["end"]):
        return Context("", said, "", name, True, True)
    start, end = int(segment["start"]), int(segment["end"])
    low, high = window(text, start, end, before=before, after=after)
    cut_left, cut_right = bool(text[:low].strip()), bool(text[high:].strip())
    return Context(text[low:start], text[start:end], text[end:high], name, cut_left, cut_right)


def kwic(project: Project, word: str, *, width: int = 60, whole: bool = False) -> pd.DataFrame:
    """List every place where a word is said, with what stands left and right of it.

    Documents whose source gives no text are searched in their segments.

    Parameters
    ----------
    project : Project
        The codings.
    word : str
        Word or phrase, in whatever case; signs such as ``.`` or ``*`` mean themselves.
    width : int, optional
        How many characters to show on each side at most; words stay whole, and line ends
        become spaces.
    whole : bool, optional
        Whether only whole words count: not ``Jugendamt`` for ``Jugend``.

    Returns
    -------
    DataFrame
        The columns of :data:`LINES`, in reading order; start and end are those of the document's
        own text. For places in segments these are NA, elsewhere segment_id is.

    Raises
    ------
    DataError
        When the word is empty.
    """
    rows = []
    for head, segment, text in _passages(project):
        for start, end in find(text, word, whole=whole):
            low, high = window(text, start, end, before=width, after=width)
            shown = (text[low:start], text[start:end], text[end:high])
            place = (start, end) if segment is None else (None, None)
            rows.append((*head, segment, *place, *(part.replace("\n", " ") for part in shown)))
    kinds = dict.fromkeys(LINES, "string") | {"start": "Int64", "end": "Int64"}
    return pd.DataFrame(rows, columns=LINES).astype(kinds)


def _passages(project: Project) -> Iterator[tuple[tuple[Any, ...], str | None, str]]:
    """Yield what can be searched: each document's text or, without one, its segments'."""
    alike = ["doc_id", "para_start", "para_end", "text"]
    said = project.segments.dropna(subset=["text"]).drop_duplicates(alike)
    parts = {str(key): own for key, own in said.groupby("doc_id")}
    columns = ("doc_id", "name", "group", "area_id", "text")
    for *head, text in project.documents[[*columns]].itertuples(index=False, name=None):
        if isinstance(text, str):
            yield tuple(head), None, text
        elif head[0] in parts:
            own = parts[head[0]]
            for segment, words in zip(own["segment_id"], own["text"], strict=True):
                yield tuple(head), segment, words


def _among(values: pd.Series, wanted: Collection[str]) -> pd.Series:
    """Tell which values are wanted, all when none is named."""
    known = values.dropna().unique()
    for value in wanted:
        if value not in known:
            raise DataError(unknown(str(values.name).removesuffix("_id"), value, list(known)))
    return values.isin(wanted) | (not wanted)


def _coders(coders: pd.DataFrame, wanted: Collection[str]) -> list[str]:
    found: list[str] = []
    for value in wanted:
        ids = coders.loc[(coders["name"] == value) | (coders["coder_id"] == value), "coder_id"]
        if ids.empty:
            raise DataError(unknown("coder", value, list(coders["name"].dropna())))
        found += ids.to_list()
    return found


def _row(table: pd.DataFrame, key: str, value: str, kind: str) -> pd.Series:
    found = table[table[key] == value]
    if found.empty:
        raise DataError(unknown(kind, value, list(table[key])))
    return found.iloc[0]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()
