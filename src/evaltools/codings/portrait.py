"""Draw a document by its codes: where each one stands, and which one fills each part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.codings.cooccurrence import spans
from evaltools.codings.matrices import lineage
from evaltools.codings.model import Project
from evaltools.errors import DataError, unknown


def codeline(project: Project, doc_id: str) -> pd.DataFrame:
    """Return where each code stands in a document, one row a code and stretch.

    Parameters
    ----------
    project : Project
        The codings.
    doc_id : str
        The document.

    Returns
    -------
    DataFrame
        code_id, path, color, start, end (half-open), unit (characters, or paragraphs where the
        source counts those) and n_coders (0 where nobody is named), in the order of the codes.

    Raises
    ------
    DataError
        When there is no such document.
    DesignError
        When its segments have no place in it.
    """
    if doc_id not in project.documents["doc_id"].to_list():
        raise DataError(unknown("document", doc_id, list(project.documents["doc_id"])))
    segments = project.segments[project.segments["doc_id"] == doc_id]
    found = spans(segments)
    placed = segments[["segment_id"]].assign(start=found.start, end=found.end)
    line = project.codings[["segment_id", "code_id", "coder_id"]].merge(placed, on="segment_id")
    line["code"] = pd.Index(project.codes["code_id"]).get_indexer(pd.Index(line["code_id"]))
    by = line.groupby(["code", "start", "end"])
    told = by["coder_id"].nunique().rename("n_coders").reset_index()
    named = project.codes[["code_id", "path", "color"]].iloc[told["code"]].reset_index(drop=True)
    unit = pd.Series(found.unit, index=told.index, name="unit", dtype="string")
    return pd.concat([named, told[["start", "end"]], unit, told["n_coders"]], axis=1)


def tiles(project: Project, doc_id: str, *, n: int = 40) -> pd.DataFrame:
    """Cut a document into equal tiles and name the code that covers most of each.

    Parameters
    ----------
    project : Project
        The codings.
    doc_id : str
        The document.
    n : int, optional
        How many tiles; a document with fewer characters has one a character.

    Returns
    -------
    DataFrame
        tile (from 1), start, end, unit, code_id, path, color, n_covered (characters or paragraphs
        of the tile with this code), top_path and top_color (of the code's top level). Of two
        codes with as much the first in the order of the codes is named; NA is an uncoded tile.
        Where the source has no text, the last segment ends the picture.

    Raises
    ------
    DataError
        When there is no such document, or less than one tile is wanted.
    DesignError
        When its segments have no place in it.
    """
    if n < 1:
        raise DataError(f"n={n} tiles draw nothing; at least 1 is needed")
    line = codeline(project, doc_id)
    edges = _edges(project, doc_id, line, n)
    best, most = _best(project.codes, line, edges)
    table = pd.DataFrame({"tile": np.arange(1, len(edges)), "start": edges[:-1], "end": edges[1:]})
    unit = line["unit"].iloc[0] if len(line) else "characters"
    table["unit"] = pd.Series(unit, index=table.index, dtype="string")
    top = np.where(best >= 0, np.append(_tops(project.codes), -1)[best], -1)
    for column in ("code_id", "path", "color"):
        table[column] = project.codes[column].array.take(best, allow_fill=True)
    table["n_covered"] = most
    for column in ("path", "color"):
        table[f"top_{column}"] = project.codes[column].array.take(top, allow_fill=True)
    return table


def _best(
    codes: pd.DataFrame, line: pd.DataFrame, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each tile the row of the code that covers most of it, or −1, and how much."""
    covered = np.zeros((len(codes) + 1, len(edges) - 1), dtype="int64")
    place = pd.Index(codes["code_id"]).get_indexer(pd.Index(line["code_id"]))
    for code in np.unique(place):
        own = line[place == code]
        covered[code] = _covered(own["start"].to_numpy(), own["end"].to_numpy(), edges)
    most = covered.max(axis=0)
    return np.where(most > 0, covered.argmax(axis=0), -1), most


def _tops(codes: pd.DataFrame) -> np.ndarray:
    """Return the row of the top level of each code."""
    top = lineage(codes).groupby("code_id")["ancestor_id"].last().reindex(codes["code_id"])
    return np.asarray(pd.Index(codes["code_id"]).get_indexer(pd.Index(top)))


def _edges(project: Project, doc_id: str, line: pd.DataFrame, n: int) -> np.ndarray:
    """Return where tiles begin and the last one ends."""
    size = project.documents.set_index("doc_id")["n_chars"][doc_id]
    first, last = 0, int(line["end"].max()) if len(line) else 0
    if (line["unit"] == "paragraphs").any():
        first = min(1, int(line["start"].min()))
    elif not pd.isna(size):
        last = int(size)
    return np.unique(np.linspace(first, last, n + 1).round().astype("int64"))


def _covered(start: np.ndarray, end: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the positions of each tile that at least one stretch covers."""
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    furthest = np.maximum.accumulate(end)
    # What earlier stretches have covered already is taken off, so that nothing counts twice.
    start = np.minimum(np.maximum(start, np.concatenate([start[:1], furthest[:-1]])), end)
    before = np.clip(edges, start[:, None], end[:, None]) - start[:, None]
    return np.asarray(np.diff(before.sum(axis=0)))
