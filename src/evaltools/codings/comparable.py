"""Who and what can be compared: the coders, and the documents at least two of them worked on."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from evaltools import german
from evaltools.codings.model import Project
from evaltools.errors import DesignError, unknown

Coders = Collection[str] | Mapping[str, Collection[str]] | None
ALONE = "nicht von mindestens zwei der verglichenen Personen bearbeitet"
UNPLACED = "Lage kodierter Stellen nicht einheitlich bekannt"
UNMEASURED = "Zeichenpositionen oder Länge des Textes nicht bekannt"


def chosen(project: Project, coders: Coders) -> list[str]:
    """Return the ids of the coders compared."""
    present = set(project.codings["coder_id"].dropna())
    ids = [code for code in project.coders["coder_id"] if code in present]
    if coders is not None:
        for coder in coders:
            if coder not in set(project.coders["coder_id"]):
                names = set(project.coders["coder_id"])
                raise DesignError(
                    unknown("coder", coder, names),
                    german=f"Die Person „{coder}“ steht nicht unter den Kodierenden.",
                )
        ids = [*dict.fromkeys(coders)]
    if len(ids) < 2:
        raise DesignError(
            f"agreement needs at least 2 coders; {len(ids)} coded here; merge the coders' files",
            german="Übereinstimmung braucht mindestens zwei Kodierende; zuerst die Dateien der "
            "Kodierenden zusammenführen.",
        )
    return ids


def worked(project: Project, ids: list[str], coders: Coders) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the codings compared, and who worked on which document (documents, coders)."""
    columns = ["segment_id", "start", "end", "text", "para_start", "para_end"]
    codings = project.codings.merge(project.segments[columns], on="segment_id", how="left")
    places = pd.Series(range(len(ids)), index=ids)
    codings = codings[codings["coder_id"].isin(ids)]
    codings = codings.assign(coder=places.loc[codings["coder_id"]].to_numpy())
    docs = pd.Index(project.documents["doc_id"])
    seen = np.zeros((len(docs), len(ids)), dtype=bool)
    if isinstance(coders, Mapping):
        for at, coder in enumerate(ids):
            for doc in coders[coder]:
                if doc not in docs:
                    told = f"Das Dokument „{doc}“ gibt es nicht."
                    raise DesignError(unknown("document", doc, set(docs)), german=told)
                seen[docs.get_loc(doc), at] = True
    else:
        seen[docs.get_indexer(codings["doc_id"]), codings["coder"]] = True
    mine = seen[docs.get_indexer(codings["doc_id"]), codings["coder"]]
    return codings[mine], pd.DataFrame(seen, index=docs)


def reasons(
    project: Project, codings: pd.DataFrame, seen: pd.DataFrame, unit: str
) -> dict[str, str]:
    """Say of each document that cannot be compared why."""
    found = dict.fromkeys(seen.index[seen.sum(axis=1) < 2], ALONE)
    why = UNMEASURED if unit == "character" else UNPLACED
    for doc in sorted(_unusable(project, codings, unit) - set(found)):
        found[doc] = why
    if len(found) == len(seen):
        told = german.listing(sorted({*found.values()}))
        raise DesignError(
            f"none of {len(seen)} documents can be compared by the unit {unit}: each lacks a "
            "second coder or known positions; take another unit, such as document",
            german=f"Kein Dokument lässt sich vergleichen ({told}).",
        )
    return found


def _unusable(project: Project, codings: pd.DataFrame, unit: str) -> set[str]:
    """Return the documents whose codings cannot be placed as the unit needs it."""
    if unit == "document":
        return set()
    placed = codings["start"].notna() & codings["end"].notna()
    if unit == "character":
        length = project.documents.set_index("doc_id")["n_chars"]
        unknown_length = set(length.index[length.fillna(0) == 0])
        return unknown_length | set(codings.loc[~placed, "doc_id"])
    mixed = placed.groupby(codings["doc_id"]).nunique() > 1
    nowhere = codings.loc[~placed & codings["para_start"].isna(), "doc_id"]
    return {*mixed.index[mixed], *nowhere}


def names(project: Project, ids: list[str]) -> tuple[str, ...]:
    """Names of the coders, with the id where a name is missing or shared."""
    known = project.coders.set_index("coder_id")["name"].reindex(ids)
    shared = known.duplicated(keep=False) | known.isna()
    return tuple(
        f"{'' if pd.isna(name) else name} ({coder})".strip() if double else str(name)
        for coder, name, double in zip(ids, known, shared, strict=True)
    )
