"""Interviews of a small study for tests of what may be shown of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

import coding_samples as samples
from evaltools.codings import pseudonyms
from evaltools.codings.material import Material
from evaltools.codings.model import build
from evaltools.release import disclosure
from evaltools.release.disclosure import Rule
from evaltools.study import Study
from evaltools.studyparts import Disclosure

TABLES = {
    "area": pd.DataFrame(
        {"area_id": ["SR01", "SR02", "SR03"], "name": ["Nord", "Süd", "West"]}, dtype="string"
    )
}
COLUMNS = ("doc_id", "quote", "cleared", "source", "document", "cleared_by", "cleared_on")
# document: group, area, speakers, text; the whole text is one segment of the code "Bedarfe"
DOCUMENTS: Mapping[str, tuple[str | None, str | None, int | None, str]] = {
    "a": ("Leitung", None, 6, "Alle reden von Prävention."),
    "b": ("Runde", "SR01", 4, "Hier ist weniger los als früher."),
    "c": ("Runde", "SR02", 1, "Das sage nur ich."),
    "d": ("Träger", "SR02", 5, "Wir arbeiten zusammen."),
}


def rules(*, intern: bool = False) -> Rule:
    return disclosure.rule(Disclosure(), note="Quelle: Probe.", plan=None, intern=intern)


def study(**codings: Any) -> Study:
    return Study.model_validate(
        {
            "title": "Probe",
            "city": "probe",
            "model_areas": [{"area": "SR01", "start": "2018"}],
            "codings": codings,
            "notebooks": {},
        }
    )


STUDY = study()


def material(
    documents: Mapping[str, tuple[str | None, str | None, int | None, str]] = DOCUMENTS,
    clearance: Sequence[tuple[str | None, str, bool | None, str | None]] = (),
    names: Mapping[str, str] | None = None,
    study: Study | None = None,
    only_here: bool = True,
) -> Material:
    """Interviews of which each is coded from beginning to end."""
    project = build(
        samples.ORIGIN,
        {
            "documents": [
                (doc, f"Gespräch {doc}", group, area, text, None)
                for doc, (group, area, _, text) in documents.items()
            ],
            "codes": [
                ("1", "Bedarfe", None, None, None, None, True),
                ("2", "Planung", "1", None, None, None, True),
            ],
            "coders": [("k", "Karla Kodiererin")],
            "segments": [
                (f"s{doc}", doc, 0, len(row[3]), row[3], None, None)
                for doc, row in documents.items()
            ],
            "codings": [(f"c{doc}", f"s{doc}", doc, "2", "k", None, None) for doc in documents],
        },
    )
    speakers = pd.Series([row[2] for row in documents.values()], [*documents], dtype="Int64")
    table = pd.DataFrame(list(clearance), columns=[*COLUMNS[:4]]).reindex(columns=[*COLUMNS])
    table = table.astype({name: "boolean" if name == "cleared" else "string" for name in COLUMNS})
    titles = {doc: f"Gespräch {doc}" for doc in documents}
    known = dict(zip(project.codes["path"], project.codes["code_id"], strict=True))
    declared = (study or STUDY).codings
    return Material(
        project=project,
        speakers=speakers,
        only_here=frozenset(documents) if only_here else frozenset(),
        clearance=table,
        names=pseudonyms.names(names or {}),
        titles=titles,
        dimensions={
            name: tuple(known[path] for path in paths)
            for name, paths in declared.dimensions.items()
        },
        joint=tuple(tuple(known[path] for path in row.codes) for row in declared.joint),
    )
