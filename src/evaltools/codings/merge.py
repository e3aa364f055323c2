"""Several files of the same interviews as one project, such as one file a coder."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from evaltools.codings.model import COLUMNS, KEYS, Problem, Project, frame, validate
from evaltools.errors import DataError

Keys = Mapping[str, pd.Series]
MARK = "\x02"  # between the number of a file and its own ids
COPY = "copy"  # of codings that one file has twice: they stay two
SAME: Mapping[str, tuple[str, ...]] = {
    "documents": ("group", "name"),
    "codes": ("path",),
    "coders": ("name",),
    "segments": ("doc_id", "start", "end", "para_start", "para_end", "text"),
    "codings": ("segment_id", "code_id", "coder_id", COPY),
    "cases": ("name",),
}


def merge(projects: Sequence[Project]) -> Project:
    """Put several projects together.

    Documents are the same when group and name are (a group that only one file knows does not tell
    them apart), codes when their paths are, coders when their names are, segments when they cover
    the same stretch, codings when segment, code and coder are. What the files say twice is kept
    once; the first file's ids, memos and colours stay.

    Parameters
    ----------
    projects : sequence of Project
        At least one; not changed.

    Raises
    ------
    DataError
        When there is none, or documents of the same name have different texts.
    """
    if not projects:
        raise DataError("no file of codings to put together; name one under codings: in the study")
    if len(projects) == 1:
        return projects[0]
    numbered = [_numbered(project, place) for place, project in enumerate(projects)]
    tables: dict[str, pd.DataFrame] = {}
    moved: dict[str, pd.Series] = {}
    problems = [item for project in projects for item in project.problems]
    for name in ("documents", "codes", "coders", "cases", "segments", "codings", "variables"):
        parts = pd.concat([part[name] for part in numbered], ignore_index=True)
        linked = _linked(parts, moved)
        if name == "documents":
            linked = _same_groups(linked)
            _check_texts(linked)
        if name == "codings":
            linked[COPY] = linked.groupby(
                [linked["coding_id"].map(_file), *SAME[name][:-1]], dropna=False
            ).cumcount()
        if name not in SAME:
            tables[name] = frame(name, linked.drop_duplicates(["name", "owner", "owner_id"]))
            continue
        kept, moved[KEYS[name]] = _once(linked, name)
        if name == "codes":
            kept = _linked(kept, {"code_id": moved["code_id"]})
        if name == "codings" and len(kept) < len(linked):
            problems.append(_twice(len(linked) - len(kept)))
        tables[name] = frame(name, kept)
    origin = tuple(item for project in projects for item in project.origin)
    return validate(Project(**tables, origin=origin, problems=tuple(problems)))


def _file(identity: str) -> str:
    """Return which file an id of :func:`_numbered` comes from."""
    place, mark, _ = identity.partition(MARK)
    return place if mark else "0"


def _numbered(project: Project, place: int) -> dict[str, pd.DataFrame]:
    """Return the tables with ids that no other file has; those of the first stay as they are."""
    return {
        name: _prefixed(project.table(name), f"{place}{MARK}" if place else "") for name in COLUMNS
    }


def _prefixed(table: pd.DataFrame, before: str) -> pd.DataFrame:
    names = map(str, table.columns)
    ids = [name for name in names if name.endswith("_id") and name != "area_id"]
    return table.assign(**{column: before + table[column] for column in ids})


def _linked(table: pd.DataFrame, moved: Keys) -> pd.DataFrame:
    """Let links lead to the rows that were kept."""
    made = table.copy()
    for column in made:
        target = "code_id" if column == "parent_id" else str(column)
        if target in moved:
            made[column] = made[column].map(moved[target], na_action="ignore").astype("string")
    if "owner_id" in made and moved:
        everyone = pd.concat([moved["doc_id"], moved["case_id"]])
        everyone = everyone[~everyone.index.duplicated()]
        made["owner_id"] = made["owner_id"].map(everyone).astype("string")
    return made


def _same_groups(documents: pd.DataFrame) -> pd.DataFrame:
    """Fill in a group that one file knows and another leaves out."""
    known = documents.dropna(subset=["group"]).drop_duplicates(["name", "group"])
    single = known[~known["name"].duplicated(keep=False)]
    groups = dict(zip(single["name"], single["group"], strict=True))
    found = documents["name"].map(groups).astype("string")
    return documents.assign(group=documents["group"].fillna(found))


def _check_texts(documents: pd.DataFrame) -> None:
    """Refuse documents of one name with different texts: offsets would mean other words."""
    with_text = documents.dropna(subset=["text"])
    keys = _key(with_text, "documents")
    unlike = with_text.groupby(keys)["text"].nunique() > 1
    for key in unlike[unlike].index:
        same = with_text[keys == key]
        first, second = same["text"].iloc[0], same["text"].drop_duplicates().iloc[1]
        place = _first_difference(first, second)
        raise DataError(
            f"document {same['name'].iloc[0]!r} has different texts in two files, from character "
            f"{place} on; export both from the same version of the text"
        )


def _first_difference(one: str, other: str) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _key(table: pd.DataFrame, name: str) -> pd.Series:
    """Return what makes a row the same as another, as one text."""
    parts = []
    for column in SAME[name]:
        values = table[column].astype("string").fillna("\x00")
        parts.append(values.map(lambda text: unicodedata.normalize("NFC", text).strip()))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "\x01" + part
    return joined.astype("string")


def _once(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Keep the first of equal rows; return id → id that was kept.

    Of documents the text is taken from whatever file has it.
    """
    key = _key(table, name)
    ids = table[KEYS[name]]
    first = ids.groupby(key).transform("first")
    kept = table[~key.duplicated()]
    if name == "documents":
        for column in ("text", "n_chars", "area_id"):
            known = table[column].groupby(key).first()
            kept = kept.assign(**{column: key[kept.index].map(known)})
    return kept, pd.Series(first.to_numpy(), index=ids.to_numpy(), dtype="string")


def _twice(number: int) -> Problem:
    text = f"{number} Kodierungen stehen in mehreren Dateien gleich und zählen einmal."
    return Problem("doppelt", "", text)


def renamed(project: Project, coder: str) -> Project:
    """Return the project with `coder` for all who coded it, whatever the file calls them.

    Parameters
    ----------
    project : Project
        Not changed.
    coder : str
        Name of the coder; empty changes nothing.
    """
    if not coder:
        return project
    coders = frame("coders", [("coder", coder)])
    codings = project.codings.assign(coder_id="coder").astype({"coder_id": "string"})
    return validate(replace(project, coders=coders, codings=codings))
