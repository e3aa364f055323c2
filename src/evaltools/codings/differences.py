"""Where coders differ: the passages to talk about in the team."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.codings import units
from evaltools.codings.comparable import Coders
from evaltools.codings.model import Project
from evaltools.codings.units import Layout

Flags = npt.NDArray[np.bool_]
COLUMNS = {
    "doc_id": "string",
    "document": "string",
    "start": "Int64",
    "end": "Int64",
    "para_start": "Int64",
    "para_end": "Int64",
    "text": "string",
    "code_id": "string",
    "path": "string",
    "has": "string",
    "lacks": "string",
    "instead": "string",
    "other_bounds": "boolean",
}


def listing(
    project: Project,
    codes: str | Collection[str] | None = None,
    *,
    overlap: float = 0.5,
    coders: Coders = None,
) -> pd.DataFrame:
    """List the passages that some coders gave a code and others, who worked on the text, did not.

    Passages are those of the unit ``segment``: see :func:`evaltools.codings.units.ratings`.

    Parameters
    ----------
    project : Project
        With the codings of at least two coders.
    codes : str or collection of str, optional
        Ids or paths of codes, each for itself; without them all.
    overlap, coders
        As of :func:`evaltools.codings.units.ratings`.

    Returns
    -------
    DataFrame
        The columns of :data:`COLUMNS`, in the order of documents, positions and codes. ``start``,
        ``end`` and ``text`` are what those who gave the code marked; ``has`` and ``lacks`` are
        names of coders; ``instead`` are the paths of the codes that those who lack it gave to any
        part of the passage (empty: none); ``other_bounds`` is true when one of them gave the same
        code to a part of it, but overlapping too little to be the same passage.

    Raises
    ------
    DesignError
        As :func:`evaltools.codings.units.ratings`.
    """
    lay = units.layout(project, unit="segment", overlap=overlap, coders=coders)
    wanted = lay.codes.index if codes is None else units.code_ids(lay.codes, codes)
    order = pd.Series(range(len(lay.codes)), index=lay.codes.index)
    codings = lay.codings.assign(code=order.reindex(lay.codings["code_id"]).to_numpy())
    given, has = _given(codings[codings["code_id"].isin(wanted)], lay)
    lacks = lay.rated[given["place"].to_numpy()] & ~has
    kept = lacks.any(axis=1)
    given, has, lacks = given[kept], has[kept], lacks[kept]
    docs = project.documents.set_index("doc_id")[["name", "text"]]
    instead, same = _instead(given, lacks, codings, lay)
    found: pd.DataFrame = given.assign(
        document=docs["name"].reindex(given["doc_id"]).to_numpy(),
        text=_texts(given, docs["text"]),
        path=lay.codes.iloc[given["code"]].to_numpy(),
        has=_named(lay, has),
        lacks=_named(lay, lacks),
        instead=instead,
        other_bounds=same,
        rank=docs.index.get_indexer(pd.Index(given["doc_id"])),
    )
    found = found.sort_values(["rank", "start", "para_start", "end", "code"], kind="stable")
    return found[[*COLUMNS]].astype(COLUMNS).reset_index(drop=True)


def _given(codings: pd.DataFrame, lay: Layout) -> tuple[pd.DataFrame, Flags]:
    """Return one row a passage and code, and which coders gave it."""
    groups = codings.groupby(["place", "code"])
    given = groups.agg(
        doc_id=("doc_id", "first"),
        code_id=("code_id", "first"),
        start=("start", "min"),
        end=("end", "max"),
        para_start=("para_start", "min"),
        para_end=("para_end", "max"),
        text=("text", "first"),
    ).reset_index()
    has = np.zeros((len(given), len(lay.coders)), dtype=bool)
    has[groups.ngroup().to_numpy(), codings["coder"].to_numpy()] = True
    return given, has


def _texts(given: pd.DataFrame, texts: pd.Series) -> list[object]:
    whole = texts.reindex(given["doc_id"]).to_numpy()
    columns = (given[name].to_numpy(dtype=object) for name in ("start", "end", "text"))
    return [
        text[start:end] if isinstance(text, str) and not pd.isna(start) else words
        for text, start, end, words in zip(whole, *columns, strict=True)
    ]


def _instead(
    given: pd.DataFrame, lacks: Flags, codings: pd.DataFrame, lay: Layout
) -> tuple[list[str], list[bool]]:
    """Say what those who lack the code gave to any part of the passage."""
    names = ["start", "end", "place", "coder", "code"]
    known = codings[names].astype("Int64").fillna(-1).astype(np.int64)
    by_doc = {str(doc): rows.to_numpy().T for doc, rows in known.groupby(codings["doc_id"])}
    paths = [str(path) for path in lay.codes]
    told: list[str] = []
    same: list[bool] = []
    spots = given[["start", "end", "place", "code"]].astype("Int64").fillna(-1)
    rows = zip(given["doc_id"], spots.to_numpy(dtype=np.int64), lacks, strict=True)
    for doc, (start, end, place, code), lacking in rows:
        starts, ends, places, coders, codes = by_doc[doc]
        meets = (starts < end) & (ends > start) & (starts >= 0)
        there = (meets | (places == place)) & lacking[coders]
        others = sorted({*zip(coders[there].tolist(), codes[there].tolist(), strict=True)})
        each: dict[int, list[str]] = {}
        for coder, other in others:
            each.setdefault(coder, []).append(paths[other])
        alone = lacking.sum() == 1
        who = ("" if alone else f"{lay.coders[coder]}: " for coder in each)
        told.append(" | ".join(w + "; ".join(x) for w, x in zip(who, each.values(), strict=True)))
        same.append(code in codes[there])
    return told, same


def _named(lay: Layout, flags: Flags) -> list[str]:
    return [", ".join(lay.coders[at] for at in np.flatnonzero(row)) for row in flags]
