"""Where units of text lie: coded segments linked to passages, documents cut into runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
POSITION = ["doc_id", "start", "end", "para_start", "para_end"]


def passages(codings: pd.DataFrame, overlap: float) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Link segments to passages, numbered by document and position."""
    by_words = codings.groupby(["doc_id", "para_start", "para_end", "text"], dropna=False).ngroup()
    group = by_words.to_numpy(dtype=np.int64) + len(codings)
    placed = codings["start"].notna().to_numpy()
    group[placed] = _linked(codings[placed], overlap)
    kept = codings[POSITION].groupby(group)
    places = kept.agg(
        {"doc_id": "first", "start": "min", "end": "max", "para_start": "min", "para_end": "max"}
    ).sort_values(["doc_id", "start", "para_start", "end"], kind="stable")
    return places.index.get_indexer(pd.Index(group)).astype(np.int64), places.reset_index(drop=True)


def _linked(placed: pd.DataFrame, overlap: float) -> npt.NDArray[Any]:
    """Return for each segment the number of its group of segments that share enough."""
    start, end = (placed[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    start, end = _one_line(placed["doc_id"], start, end)
    spots, which = np.unique(np.column_stack([start, end]), axis=0, return_inverse=True)
    start, end = spots.T
    # Sorted by start, a segment meets those after it that begin before its end.
    later = np.searchsorted(start, end) - np.arange(len(start)) - 1
    left = np.repeat(np.arange(len(start)), later)
    right = np.arange(later.sum()) - np.repeat(np.cumsum(later) - later, later) + left + 1
    shared = np.minimum(end[left], end[right]) - start[right]
    enough = shared >= overlap * np.maximum((end - start)[left], (end - start)[right]) - 1e-9
    links = coo_array(
        (np.ones(enough.sum()), (left[enough], right[enough])), shape=(len(start), len(start))
    )
    groups: npt.NDArray[Any] = connected_components(links, directed=False)[1]
    return groups[which.reshape(-1)]


def _one_line(
    docs: pd.Series, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    shift = pd.factorize(docs)[0].astype(np.int64) * (int(end.max(initial=0)) + 1)
    return start + shift, end + shift


def runs(places: pd.DataFrame, rows: pd.DataFrame, base: Floats) -> tuple[pd.DataFrame, Floats]:
    """Cut documents into runs of characters that every coder treats alike."""
    length = places["end"].to_numpy(dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(length)])
    at = rows["place"].to_numpy(dtype=np.int64)
    start, end = (rows[name].to_numpy(dtype=np.int64) + first[at] for name in ("start", "end"))
    cuts = np.unique(np.concatenate([first, start, end]))
    depth = np.zeros((len(cuts), base.shape[1]))
    np.add.at(depth, (np.searchsorted(cuts, start), rows["coder"].to_numpy()), 1)
    np.add.at(depth, (np.searchsorted(cuts, end), rows["coder"].to_numpy()), -1)
    covered = np.cumsum(depth, axis=0)[:-1] > 0
    doc = np.searchsorted(first, cuts[:-1], side="right") - 1
    found = pd.DataFrame(
        {
            "doc_id": places["doc_id"].to_numpy()[doc],
            "start": cuts[:-1] - first[doc],
            "end": cuts[1:] - first[doc],
        }
    )
    found = found.reindex(columns=POSITION)
    return found, np.where(np.isnan(base[doc]), np.nan, covered)
