"""Codes against groups, areas, documents and fields: how many segments, in how many documents.

Segments and documents are counted apart: ten segments of one focus group are one voice, ten
documents are ten. Nothing here is cleared for publication, counts and quotes alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from evaltools.codings.model import DEEPEST, Project
from evaltools.errors import DataError, unknown

COUNTS = ("n_segments", "n_codings", "n_documents")


def counts(project: Project, by: str = "group", *, rolled_up: bool = False) -> pd.DataFrame:
    """Count every code in every group, area or document, zeros included.

    A segment is a stretch of a document: what two coders mark from the same to the same character
    is one segment, what they mark nearly alike are two. See :func:`stretches`.

    Parameters
    ----------
    project : Project
        The codings.
    by : str, optional
        Column of the documents: ``group``, ``area_id``, ``doc_id`` or another one.
    rolled_up : bool, optional
        Whether a code stands for itself and all codes below it. Each segment and document is
        still counted once, so a parent can have less than the sum of its children.

    Returns
    -------
    DataFrame
        code_id, path, `by`, n_segments, n_codings, n_documents (in which the code occurs) and
        n_documents_of_column (all of this group or area). Codes stand in the order of the
        project, groups in the order of its documents, documents without one last, as NA.

    Raises
    ------
    DataError
        When `by` is no column of the documents.
    """
    meant = lineage(project.codes).rename(columns={"ancestor_id": "label"})
    if not rolled_up:
        meant = meant[meant["code_id"] == meant["label"]]
    table = _crossed(project, meant, project.codes["code_id"].to_list(), by=by)
    paths = table["label"].map(project.codes.set_index("code_id")["path"])
    table.insert(1, "path", paths.astype("string"))
    return table.rename(columns={"label": "code_id"})


def fields(
    project: Project, paths: Mapping[str, Sequence[str]], *, by: str = "group"
) -> pd.DataFrame:
    """Count fields such as those of SONI, each made of several codes, in every group or area.

    Parameters
    ----------
    project : Project
        The codings.
    paths : mapping of str to sequence of str
        Names of the fields and their codes, by path or id; each means itself and all codes below.
    by : str, optional
        Column of the documents.

    Returns
    -------
    DataFrame
        field, `by` and the counts of :func:`counts`; a segment counts once in a field, but in
        each of several fields that its codes belong to.

    Raises
    ------
    DataError
        When there is no such code or column.
    """
    parts = [
        pd.DataFrame({"code_id": below(project.codes, named), "label": field})
        for field, named in paths.items()
    ]
    empty = pd.DataFrame({"code_id": [], "label": []}, dtype="string")
    meant = pd.concat([empty, *parts], ignore_index=True).astype("string")
    return _crossed(project, meant, list(paths), by=by).rename(columns={"label": "field"})


def grid(
    project: Project,
    paths: Mapping[str, Sequence[str]],
    *,
    by: str = "area_id",
    quotable: Sequence[str] = (),
) -> pd.DataFrame:
    """Lay out a summary grid: one cell a field and area, with its counts and one quote.

    The quote is the segment's text as the project has it: give a project that was pseudonymised
    already, and as `quotable` only what is cleared.

    Parameters
    ----------
    project : Project
        The codings.
    paths : mapping of str to sequence of str
        Fields and their codes, as in :func:`fields`.
    by : str, optional
        Column of the documents.
    quotable : sequence of str, optional
        Ids of the segments that may be quoted, the best first; each cell takes its first.

    Returns
    -------
    DataFrame
        `by`, field, n_segments, n_documents, segment_id and text; the last two are NA in cells
        without a quote.

    Raises
    ------
    DataError
        When there is no such code, column or segment.
    """
    texts = project.segments.set_index("segment_id")["text"]
    for segment in quotable:
        if segment not in texts.index:
            raise DataError(unknown("segment", segment, texts.index))
    cells = fields(project, paths, by=by)
    quotes = _quotes(project, paths, quotable)
    column = quotes["doc_id"].map(project.documents.set_index("doc_id")[by])
    quotes = quotes.assign(**{by: column.astype(cells[by].dtype)})[["field", by, "segment_id"]]
    table = cells.merge(quotes.drop_duplicates(["field", by]), on=["field", by], how="left")
    table["text"] = table["segment_id"].map(texts).astype("string")
    order = pd.factorize(table[by], use_na_sentinel=False)[0]
    table = table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    return table[[by, "field", "n_segments", "n_documents", "segment_id", "text"]]


def stretches(segments: pd.DataFrame) -> pd.Series:
    """Give each segment the number of the stretch it marks; equal stretches share theirs.

    Programs differ in whether a passage with two codes, or coded by two people, is one segment or
    two. So segments are the same when they run from the same to the same character, or, without
    offsets, when they have the same paragraphs and words.

    Parameters
    ----------
    segments : DataFrame
        Segments of a project.

    Returns
    -------
    Series
        Numbers from 0, by segment_id.
    """
    loose = segments["start"].isna() | segments["end"].isna()
    vague = loose & (segments["para_start"].isna() | segments["text"].isna())
    key = segments[["doc_id", "start", "end"]].assign(
        first=segments["para_start"].where(loose),
        last=segments["para_end"].where(loose),
        words=segments["text"].where(loose),
        own=segments["segment_id"].where(vague),
    )
    numbers = key.groupby([*key.columns], dropna=False, sort=False).ngroup()
    return pd.Series(numbers.to_numpy(), index=pd.Index(segments["segment_id"]), dtype="int64")


def lineage(codes: pd.DataFrame) -> pd.DataFrame:
    """List each code with itself and every code above it: code_id, ancestor_id."""
    parents = codes.set_index("code_id")["parent_id"]
    level = codes[["code_id"]].assign(ancestor_id=codes["code_id"])
    levels = [level]
    for _ in range(DEEPEST):
        above = level["ancestor_id"].map(parents).astype("string")
        level = level.assign(ancestor_id=above).dropna()
        if level.empty:
            break
        levels.append(level)
    return pd.concat(levels, ignore_index=True)


def below(codes: pd.DataFrame, named: Iterable[str]) -> list[str]:
    """Return the ids of the named codes and of all codes below them, in the order of `codes`.

    Parameters
    ----------
    codes : DataFrame
        Codes of a project.
    named : iterable of str
        Paths or ids; two codes of the same path are both meant.

    Raises
    ------
    DataError
        When a name is neither a path nor an id, which a name without its parents is not.
    """
    wanted: set[str] = set()
    for name in named:
        found = codes.loc[(codes["path"] == name) | (codes["code_id"] == name), "code_id"]
        if found.empty:
            raise DataError(unknown("code", name, codes["path"]))
        wanted |= set(found)
    line = lineage(codes)
    inside = set(line.loc[line["ancestor_id"].isin(wanted), "code_id"])
    return [code for code in codes["code_id"] if code in inside]


def _quotes(
    project: Project, paths: Mapping[str, Sequence[str]], quotable: Sequence[str]
) -> pd.DataFrame:
    """List which quotable segments belong to which field, the best first."""
    places = project.segments.set_index("segment_id")["doc_id"]
    rows = []
    for field, named in paths.items():
        coded = project.codings["code_id"].isin(below(project.codes, named))
        inside = set(project.codings.loc[coded, "segment_id"])
        rows += [(field, places[item], item) for item in quotable if item in inside]
    return pd.DataFrame(rows, columns=["field", "doc_id", "segment_id"], dtype="string")


def _crossed(
    project: Project, meant: pd.DataFrame, labels: Sequence[str], *, by: str
) -> pd.DataFrame:
    """Count the labels, each meaning some codes, in every column; zeros included."""
    documents = project.documents
    known = documents.columns.drop("text")
    if by not in known:
        raise DataError(unknown("column of the documents", by, known))
    place, columns = _columns(documents[by])
    places = pd.Series(place, index=pd.Index(documents["doc_id"]))
    codings = project.codings[["segment_id", "doc_id", "code_id"]].merge(meant, on="code_id")
    marks = pd.DataFrame(
        {
            "label": pd.Index(labels).get_indexer(pd.Index(codings["label"])),
            "place": codings["doc_id"].map(places).to_numpy(),
            "segment": codings["segment_id"].map(stretches(project.segments)).to_numpy(),
            "document": pd.factorize(codings["doc_id"])[0],
        }
    )
    cells = marks.groupby(["label", "place"])
    numbers = (cells["segment"].nunique(), cells.size(), cells["document"].nunique())
    found = pd.DataFrame(dict(zip(COUNTS, numbers, strict=True)))
    every = pd.MultiIndex.from_product([range(len(labels)), range(len(columns))])
    table = found.reindex(every, fill_value=0).astype("int64").reset_index(drop=True)
    sizes = np.bincount(place, minlength=len(columns))
    table["n_documents_of_column"] = np.tile(sizes, len(labels))
    rows = pd.Series(labels, dtype="string").repeat(len(columns)).reset_index(drop=True)
    heads = columns.take(np.tile(np.arange(len(columns)), len(labels))).reset_index(drop=True)
    return pd.concat([rows.rename("label"), heads.rename(by), table], axis=1)


def _columns(values: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Return each document's place among the columns, and the columns, NA last."""
    place, _ = pd.factorize(values)
    columns = values.dropna().drop_duplicates()
    if (place < 0).any():
        place = np.where(place < 0, len(columns), place)
        columns = pd.concat([columns, values[values.isna()].head(1)])
    return place, columns.reset_index(drop=True)
