"""The interviews of a study, ready to be counted: read, put together, placed, without names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evaltools import files
from evaltools.codings import pseudonyms
from evaltools.codings.merge import merge, renamed
from evaltools.codings.model import Problem, Project
from evaltools.codings.pseudonyms import Names
from evaltools.codings.reading import read
from evaltools.data import inputs, reads, store
from evaltools.data.schema import TABLES
from evaltools.errors import DataError, StudyError, unknown
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
    only_here : frozenset of str
        doc_ids of interviews whose people spoke in no other one, as the study says.
    clearance : DataFrame
        The study's clearance table, with doc_id; its quotes as they were cleared.
    names : Names
        What no page may hold.
    titles : mapping of str to str
        doc_id → name of the interview as the study's tables write it; for the office only.
    dimensions, soni : mapping of str to tuple of str
        Fields of the study file with the ids of their codes.
    joint : tuple of tuple of str
        Ids of the codes of each row of the joint display.
    """

    project: Project
    speakers: pd.Series
    only_here: frozenset[str]
    clearance: pd.DataFrame
    names: Names
    titles: Mapping[str, str]
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    soni: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joint: tuple[tuple[str, ...], ...] = ()


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
        When the study has no codings, a file cannot be read or has changed since the ingest, two
        documents have one name, or the table of interviews names one that is not there.
    StudyError
        When the study file names codes that are not there; in an own file they are left out.
    """
    store.ingested(space)
    if not codings:
        reads.note(reads.CODINGS)
    projects = [read(Path(codings))] if codings else _own(space)
    tables = {name: _table(space, name) for name in OFFICE_TABLES}
    merged = merge(projects)
    if not codings:
        _check(space, merged, tables["coding_document"])
    placed, speakers = _placed(merged, tables["coding_document"])
    mapping = replacements(space)
    known = pseudonyms.names(mapping)
    declared = space.study.codings
    return Material(
        project=_told(pseudonyms.pseudonymise(placed, mapping), space, known),
        speakers=speakers,
        only_here=_only_here(placed, tables["coding_document"]),
        clearance=_clearance(tables["quote_clearance"], placed.documents),
        names=known,
        titles=dict(zip(placed.documents["doc_id"], placed.documents["name"], strict=True)),
        dimensions=_ids(placed.codes, declared.dimensions),
        soni=_ids(placed.codes, declared.soni),
        joint=tuple(_found(placed.codes, row.codes) for row in declared.joint),
    )


def replacements(space: Workspace) -> Mapping[str, str]:
    """Return the study's list of names with what is printed in their place."""
    table = _table(space, "pseudonym")
    return dict(zip(table["name"], table["replacement"], strict=True))


def _own(space: Workspace) -> list[Project]:
    sources = inputs.load_sources(space)
    if not sources.codings:
        raise DataError(
            f"study {space.name} has no codings; name their files under codings: in "
            f"data/raw/{space.study.city}/sources.yml, or take the notebook out of the study"
        )
    known = store.ingested(space).inputs
    found = []
    for item in sources.codings:
        path = inputs.find_file(space, sources, item)
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


def _check(space: Workspace, project: Project, table: pd.DataFrame) -> None:
    """Refuse a study whose file or table names what the codings do not have; all at once."""
    declared = space.study.codings
    named = [("dimensions", path) for paths in declared.dimensions.values() for path in paths]
    named += [("soni", path) for paths in declared.soni.values() for path in paths]
    named += [("joint", path) for row in declared.joint for path in row.codes]
    known = set(project.codes["path"]) | set(project.codes["code_id"])
    lost = [
        f"{place}: {unknown('code', path, set(project.codes['path']), most=5)}"
        for place, path in dict.fromkeys(named)
        if path not in known
    ]
    if lost:
        raise StudyError(f"{space.name}.yml: codings: {'; '.join(lost)}")
    there = set(project.documents["name"].map(_plain))
    names = set(project.documents["name"])
    surplus = [name for name in table["document"] if _plain(name) not in there]
    if surplus:
        told = "; ".join(unknown("document", name, names, most=5) for name in surplus)
        raise DataError(f"coding_document: {told}; write the names as the coding program has them")


def _found(codes: pd.DataFrame, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of codes named by path or id; those that are not there are left out."""
    wanted = set(paths)
    rows = codes[codes["path"].isin(wanted) | codes["code_id"].isin(wanted)]
    return tuple(rows["code_id"])


def _ids(
    codes: pd.DataFrame, fields: Mapping[Any, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    found = {str(name): _found(codes, paths) for name, paths in fields.items()}
    return {name: ids for name, ids in found.items() if ids}


def _told(project: Project, space: Workspace, known: Names) -> Project:
    """Put on record that a study has no list of names."""
    if known.longest:
        return project
    text = "Die Studie hat keine Liste von Namen (pseudonym); kein Name ist ersetzt."
    return replace(project, problems=(*project.problems, Problem("namen", space.name, text)))


def _placed(project: Project, table: pd.DataFrame) -> tuple[Project, pd.Series]:
    """Set groups and areas as the study's table has them; what is not in it is put on record."""
    documents = project.documents
    keys = documents["name"].map(_plain)
    rows = table.assign(key=table["document"].map(_plain)).set_index("key")
    twice = sorted(set(documents["name"][keys.duplicated(keep=False)]))
    twice += sorted(set(rows["document"][rows.index.duplicated(keep=False)]))
    if twice:
        raise DataError(
            f"two documents have the same name, seen without ending and spaces: "
            f"{', '.join(map(repr, twice))}; rename one of them in the coding program and in the "
            "table coding_document"
        )
    there = keys.isin(rows.index)
    group = keys.map(rows["group"]).astype("string").fillna(documents["group"])
    area = keys.map(rows["area_id"]).astype("string").fillna(documents["area_id"])
    speakers = pd.Series(
        keys.map(rows["speakers"]).astype("Int64").to_numpy(),
        index=pd.Index(documents["doc_id"], name="doc_id"),
        dtype="Int64",
    )
    text = "Das Gespräch steht nicht in der Tabelle der Gespräche; die Zahl der Sprechenden ist "
    text += "unbekannt, deshalb zeigt kein Bericht es für sich."
    lost = tuple(Problem("ohne_angaben", str(name), text) for name in documents["name"][~there])
    placed = documents.assign(group=group, area_id=area)
    return replace(project, documents=placed, problems=(*project.problems, *lost)), speakers


def _only_here(project: Project, table: pd.DataFrame) -> frozenset[str]:
    """Return the interviews of which the study says that their people spoke nowhere else."""
    named = set(
        table.loc[table["only_here"].astype("boolean").fillna(False).astype(bool), "document"].map(
            _plain
        )
    )
    documents = project.documents
    return frozenset(documents.loc[documents["name"].map(_plain).isin(named), "doc_id"])


def _clearance(table: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Find the documents of the cleared quotes; the words stay as they were cleared."""
    ids = dict(zip(documents["name"].map(_plain), documents["doc_id"], strict=True))
    doc = table["document"].map(_plain).map(ids)
    return table.assign(doc_id=doc.astype("string"))


def _plain(name: str) -> str:
    """Compare names of documents without the ending of a file, doubled spaces and capitals."""
    bare = _ENDING.sub("", unicodedata.normalize("NFC", name).strip())
    return " ".join(bare.split()).casefold()
