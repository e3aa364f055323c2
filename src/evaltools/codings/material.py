"""The interviews of a study, ready to be counted: read, put together, placed, without names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evaltools import files
from evaltools.codings import pseudonyms
from evaltools.codings.merge import merge, renamed
from evaltools.codings.model import Problem, Project
from evaltools.codings.pseudonyms import Names
from evaltools.codings.reading import read
from evaltools.data import ingest, store
from evaltools.data.schema import TABLES
from evaltools.errors import DataError
from evaltools.study import Workspace

OFFICE_TABLES = ("coding_document", "quote_clearance", "pseudonym")
_ENDING = re.compile(r"\.(txt|docx?|rtf|odt|pdf|md|html?)$", re.I)


@dataclass(frozen=True)
class Material:
    """What a study knows of its interviews.

    Attributes
    ----------
    project : Project
        All files put together; groups and areas from the study's table; names replaced.
    speakers : Series of Int64 by doc_id
        How many people spoke; NA where the study does not say it.
    clearance : DataFrame
        The study's clearance table, with doc_id; its quotes as they are printed.
    names : Names
        What no page may hold.
    titles : mapping of str to str
        doc_id → name of the interview as the study's tables write it; for the office only.
    """

    project: Project
    speakers: pd.Series
    clearance: pd.DataFrame
    names: Names
    titles: Mapping[str, str]


def load(space: Workspace, *, codings: str = "") -> Material:
    """Read the interviews of a study.

    Parameters
    ----------
    space : Workspace
        The study; it must have been ingested.
    codings : str, optional
        A file of codings that takes the place of the study's own.

    Returns
    -------
    Material
        Names are replaced in everything it holds.

    Raises
    ------
    DataError
        When the study has no codings, a file cannot be read or has changed since the ingest.
    """
    store.require(space)
    projects = [read(Path(codings))] if codings else _own(space)
    tables = {name: _table(space, name) for name in OFFICE_TABLES}
    placed, speakers = _placed(merge(projects), tables["coding_document"])
    mapping = replacements(space)
    known = pseudonyms.names(mapping)
    project = pseudonyms.pseudonymise(placed, mapping)
    clearance = _clearance(tables["quote_clearance"], placed.documents, known)
    titles = dict(zip(placed.documents["doc_id"], placed.documents["name"], strict=True))
    return Material(project, speakers, clearance, known, titles)


def replacements(space: Workspace) -> Mapping[str, str]:
    """Return the study's list of names with what is printed in their place."""
    table = _table(space, "pseudonym")
    return dict(zip(table["name"], table["replacement"], strict=True))


def _own(space: Workspace) -> list[Project]:
    sources = ingest.load_sources(space)
    if not sources.codings:
        raise DataError(
            f"study {space.name} has no codings; name their files under codings: in "
            f"data/raw/{space.study.city}/sources.yml, or take the notebook out of the study"
        )
    known = store.require(space).inputs
    found = []
    for item in sources.codings:
        path = ingest.find_file(space, sources, item)
        if path is None or files.digest(path) != known.get(item.file):
            raise DataError(
                f"{item.file}: is missing or has changed since the study was read; run: "
                f"evaltools ingest {space.name}"
            )
        found.append(renamed(read(path), item.coder))
    return found


def _table(space: Workspace, name: str) -> pd.DataFrame:
    """Return a processed table, empty where the study has none."""
    if name in store.available(space):
        table = store.read(space, name)
        return table.reindex(columns=[*TABLES[name].names])
    kinds = {"integer": "Int64", "boolean": "boolean"}
    columns = TABLES[name].columns
    return pd.DataFrame(
        {item.name: pd.Series(dtype=kinds.get(item.kind, "string")) for item in columns}
    )


def _placed(project: Project, table: pd.DataFrame) -> tuple[Project, pd.Series]:
    """Set groups and areas as the study's table has them; what is not in it is put on record."""
    documents = project.documents
    keys = documents["name"].map(_plain)
    rows = table.assign(key=table["document"].map(_plain)).set_index("key")
    if not rows.index.is_unique:
        raise DataError(
            "coding_document: two rows name the same document, seen without ending and spaces; "
            "keep one"
        )
    there = keys.isin(rows.index)
    group = keys.map(rows["group"]).astype("string").fillna(documents["group"])
    area = keys.map(rows["area_id"]).astype("string").fillna(documents["area_id"])
    speakers = pd.Series(
        keys.map(rows["speakers"]).astype("Int64").to_numpy(),
        index=pd.Index(documents["doc_id"], name="doc_id"),
        dtype="Int64",
    )
    problems = [*project.problems, *_unplaced(documents["name"][~there], rows, keys)]
    placed = documents.assign(group=group, area_id=area)
    return replace(project, documents=placed, problems=tuple(problems)), speakers


def _unplaced(lost: Iterable[str], rows: pd.DataFrame, keys: pd.Series) -> list[Problem]:
    text = "Das Gespräch steht nicht in der Tabelle der Gespräche; die Zahl der Sprechenden ist "
    text += "unbekannt, deshalb zeigt kein Bericht es für sich."
    found = [Problem("ohne_angaben", str(name), text) for name in lost]
    surplus = "Die Tabelle der Gespräche nennt es, die Dateien der Kodierungen enthalten es nicht."
    missing = rows.loc[~rows.index.isin(keys), "document"]
    return found + [Problem("ohne_kodierung", str(name), surplus) for name in missing]


def _clearance(table: pd.DataFrame, documents: pd.DataFrame, known: Names) -> pd.DataFrame:
    ids = dict(zip(documents["name"].map(_plain), documents["doc_id"], strict=True))
    quotes = table["quote"].map(lambda text: pseudonyms.replaced(text, known))
    doc = table["document"].map(_plain).map(ids)
    return table.assign(doc_id=doc.astype("string"), quote=quotes.astype("string"))


def _plain(name: str) -> str:
    """Compare names of documents without the ending of a file, doubled spaces and capitals."""
    bare = _ENDING.sub("", unicodedata.normalize("NFC", name).strip())
    return " ".join(bare.split()).casefold()
