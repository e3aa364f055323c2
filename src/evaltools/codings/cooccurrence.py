"""Which codes come together: in overlapping segments, the same one, near ones, one document.

All four are one product of sparse matrices. With C (units × codes: is the unit coded so?) and T
(units × units: do they touch?), Cᵀ T C counts the pairs of units that touch. Segments that touch
are found by a sweep over their sorted starts, so the work grows with what is found, never with
the square of the codings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from evaltools.codings.matrices import stretches
from evaltools.codings.model import Project
from evaltools.errors import DataError, DesignError, unknown

Kind = Literal["overlap", "segment", "near", "document"]
AT_ONCE = 5_000_000  # pairs of segments held in memory together
MOST_PAIRS = 20_000_000  # pairs of touching segments in one document


@dataclass(frozen=True)
class Spans:
    """Where segments stand, one row each, in characters or paragraphs.

    Attributes
    ----------
    start, end : ndarray of int64
        First position and the one after the last.
    unit : str
        ``characters``, or ``paragraphs`` where the source knows nothing better.
    """

    start: np.ndarray
    end: np.ndarray
    unit: Literal["characters", "paragraphs"]


def pairs(project: Project, kind: Kind = "overlap", *, distance: int = 0) -> pd.DataFrame:
    """Count how often each two codes come together; pairs that never do are left out.

    A segment is a stretch of text as in :func:`evaltools.codings.matrices.stretches`, so two
    coders who give the same stretch the same code count once. Codes below a code are not counted
    as this code.

    Parameters
    ----------
    project : Project
        The codings.
    kind : {'overlap', 'segment', 'near', 'document'}, optional
        What counts as coming together: segments that share a character, the same segment,
        segments at most `distance` apart (overlapping ones included), the same document.
    distance : int, optional
        For 'near': how many characters may lie between two segments; where the project has only
        paragraphs, by how many their numbers may differ (0 is the same paragraph).

    Returns
    -------
    DataFrame
        code_a, path_a, code_b, path_b (a before b in the order of the codes), n (pairs of
        segments for 'overlap' and 'near', else segments or documents), n_a and n_b (segments or
        documents with the code), with_b and with_a (those of a that have b by them, and the
        reverse) and jaccard. The latter is (with_b + with_a) / (2 n_a + 2 n_b − with_b − with_a):
        for 'segment' and 'document' the plain index n / (n_a + n_b − n), and between 0 and 1 also
        where one segment meets several.

    Raises
    ------
    DataError
        When the kind is unknown or the distance negative.
    DesignError
        When segments have no place in their text, or some count characters and some paragraphs.

    References
    ----------
    Jaccard (1912), The distribution of the flora in the alpine zone, doi:10.1111/j.1469-8137.
    1912.tb05611.x
    """
    if kind not in get_args(Kind):
        raise DataError(unknown("kind of co-occurrence", kind, get_args(Kind)))
    if distance < 0:
        raise DataError(f"distance={distance} is negative; 0 or more characters are needed")
    codings = project.codings
    columns = pd.Index(project.codes["code_id"]).get_indexer(pd.Index(codings["code_id"]))
    if kind == "document":
        rows = pd.factorize(codings["doc_id"])[0]
    else:
        rows = codings["segment_id"].map(stretches(project.segments)).to_numpy(dtype="int64")
    used, rows = np.unique(rows, return_inverse=True)
    coded = _incidence(rows, columns, (len(used), len(project.codes)))
    if kind in ("document", "segment"):
        counted = touching = _product(coded, coded)
    else:
        counted, touching = _swept(project, coded, rows, None if kind == "overlap" else distance)
    sizes = np.asarray(coded.sum(axis=0), dtype="int64").ravel()
    return _told(project.codes, counted, touching, sizes)


def by_coder(project: Project, kind: Kind = "overlap", *, distance: int = 0) -> pd.DataFrame:
    """Count what comes together in the work of each coder, and add the coders up.

    Two codes that two coders gave one passage are a disagreement, nothing that was said together.

    Parameters
    ----------
    project, kind, distance
        As of :func:`pairs`. Codings without a coder count as those of one.

    Returns
    -------
    DataFrame
        The columns of :func:`pairs`; all numbers are sums over the coders.

    Raises
    ------
    DataError, DesignError
        As of :func:`pairs`.
    """
    codings = project.codings
    coder = codings["coder_id"].fillna("")
    parts = [replace(project, codings=own) for _, own in codings.groupby(coder, sort=False)]
    found = pd.concat([pairs(part, kind, distance=distance) for part in parts or [project]])
    named = ["code_a", "path_a", "code_b", "path_b"]
    told = found.groupby(named, sort=False)[["n", "with_b", "with_a"]].sum().reset_index()
    unit = codings["doc_id"]
    if kind != "document":
        unit = codings["segment_id"].map(stretches(project.segments))
    used = pd.DataFrame({"coder": coder, "unit": unit, "code": codings["code_id"]})
    sizes = used.drop_duplicates()["code"].value_counts()
    told["n_a"], told["n_b"] = (told[name].map(sizes).astype("int64") for name in named[::2])
    met = told["with_a"] + told["with_b"]
    told["jaccard"] = met / (2 * (told["n_a"] + told["n_b"]) - met)
    order = pd.Index(project.codes["code_id"])
    places = [order.get_indexer(pd.Index(told[name])) for name in reversed(named[::2])]
    return told.iloc[np.lexsort(places)].reset_index(drop=True)[list(found)]


def spans(segments: pd.DataFrame, *, paragraphs: bool = True) -> Spans:
    """Return where segments stand, all in the same unit.

    Parameters
    ----------
    segments : DataFrame
        Segments of a project.
    paragraphs : bool, optional
        Whether paragraphs will do where there are no characters.

    Raises
    ------
    DesignError
        When not every segment has such a place.
    """
    known = segments["start"].notna() & segments["end"].notna()
    if known.all():
        return Spans(_whole(segments["start"]), _whole(segments["end"]), "characters")
    if paragraphs and not known.any() and segments["para_start"].notna().all():
        last = segments["para_end"].fillna(segments["para_start"])
        return Spans(_whole(segments["para_start"]), _whole(last) + 1, "paragraphs")
    without = int((~known).sum())
    raise DesignError(
        f"{without} of {len(segments)} segments have no offsets in characters; use "
        "kind='segment' or 'document', or a source that has them, such as .qdpx",
        german=f"Bei {without} von {len(segments)} Segmenten fehlt die Zeichenposition; ohne sie "
        "lässt sich nicht sagen, welche Segmente sich überlappen oder nahe beieinander liegen. "
        "Möglich bleiben dasselbe Segment und dasselbe Dokument; ein REFI-QDA-Projekt (.qdpx) "
        "enthält die Positionen.",
    )


def _whole(values: pd.Series) -> np.ndarray:
    return values.to_numpy(dtype="int64")


def _incidence(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """Return 1 where a unit has a code, however often it was given."""
    ones = np.ones(len(rows), dtype="int64")
    made = sparse.csr_array((ones, (rows, columns)), shape=shape)
    made.data[:] = 1
    return made


def _product(left: sparse.csr_array, right: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(left.T @ right)


def _swept(
    project: Project, coded: sparse.csr_array, rows: np.ndarray, distance: int | None
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Count pairs of touching segments a pair of codes, and segments that touch a code.

    `rows` are the rows of `coded` by coding.
    """
    codings = project.codings
    first = np.unique(rows, return_index=True)[1]
    place = pd.Index(project.segments["segment_id"]).get_indexer(
        pd.Index(codings["segment_id"].iloc[first])
    )
    segments = project.segments.iloc[place]
    found = spans(segments, paragraphs=distance is not None)
    document = pd.factorize(segments["doc_id"])[0]
    order = np.lexsort((found.start, document))
    document, coded = document[order], coded[order]
    reach = _reach(found, document, order, distance)
    size = coded.shape[1]
    counted, touching = (sparse.csr_array((size, size), dtype="int64") for _ in range(2))
    for low, high in _blocks(document, reach):
        block = coded[low:high]
        met = _touching(reach[low:high] - low) @ block
        counted = counted + _product(block, met)
        met.data[:] = 1
        touching = touching + _product(block, met)
    return counted, touching


def _reach(
    found: Spans, document: np.ndarray, order: np.ndarray, distance: int | None
) -> np.ndarray:
    """Return for each segment, sorted by start, the place after the last one that it reaches."""
    start, end = found.start[order], found.end[order]
    known, rank = np.unique(start, return_inverse=True)
    # Paragraphs 3 and 4 differ by 1, though nothing lies between them.
    beyond = -1 if distance is None else min(distance, int(known.max(initial=0)))
    beyond -= beyond >= 0 and found.unit == "paragraphs"
    last = np.searchsorted(known - beyond, end, "right") - 1
    # Ranks, not positions: laid one document after the other they cannot overflow.
    laid = document * len(known)
    return np.asarray(np.searchsorted(laid + rank, laid + last, "right"), dtype="int64")


def _blocks(document: np.ndarray, reach: np.ndarray) -> list[tuple[int, int]]:
    """Cut the segments into runs of whole documents with not too many pairs each."""
    edges = [0, *(np.flatnonzero(np.diff(document)) + 1).tolist(), len(document)]
    made = np.concatenate([[0], np.cumsum(reach - np.arange(1, len(reach) + 1))])
    blocks, low = [], 0
    for begin, end in pairwise(edges):
        if made[end] - made[begin] > MOST_PAIRS:
            raise DesignError(
                f"one document has {made[end] - made[begin]:,} pairs of touching segments; at "
                f"most {MOST_PAIRS:,} are counted; use kind='segment' or a smaller distance",
                german="In einem Dokument berühren sich zu viele Segmente; bitte einen kleineren "
                "Abstand oder dasselbe Segment wählen.",
            )
        if made[end] - made[low] > AT_ONCE and begin > low:
            blocks.append((low, begin))
            low = begin
    return [*blocks, (low, len(document))]


def _touching(reach: np.ndarray) -> sparse.csr_array:
    """Return 1 where two segments touch, both ways and each with itself."""
    size = len(reach)
    here = np.arange(size)
    partners = reach - here - 1
    left = np.repeat(here, partners)
    right = np.arange(len(left)) - np.repeat(np.cumsum(partners) - partners, partners) + left + 1
    rows, columns = np.concatenate([left, right, here]), np.concatenate([right, left, here])
    ones = np.ones(len(rows), dtype="int64")
    return sparse.csr_array((ones, (rows, columns)), shape=(size, size))


def _told(
    codes: pd.DataFrame, counted: sparse.csr_array, touching: sparse.csr_array, sizes: np.ndarray
) -> pd.DataFrame:
    """Write the upper triangle as rows."""
    # All three have an entry where two codes meet at all, so their triangles go side by side.
    upper, with_b, with_a = (_triangle(table) for table in (counted, touching, touching.T))
    a, b = upper.coords
    n_a, n_b = sizes[a], sizes[b]
    met = with_a.data + with_b.data
    return pd.DataFrame(
        {
            "code_a": codes["code_id"].array.take(a),
            "path_a": codes["path"].array.take(a),
            "code_b": codes["code_id"].array.take(b),
            "path_b": codes["path"].array.take(b),
            "n": upper.data,
            "n_a": n_a,
            "n_b": n_b,
            "with_b": with_b.data,
            "with_a": with_a.data,
            "jaccard": met / (2 * (n_a + n_b) - met),
        }
    )


def _triangle(matrix: sparse.sparray) -> sparse.coo_array:
    """Return what stands above the diagonal, row by row."""
    rows = sparse.csr_array(matrix)
    rows.sort_indices()
    return sparse.coo_array(sparse.triu(rows, k=1, format="csr"))
