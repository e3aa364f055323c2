"""Write projects (``.qdpx``) and codebooks (``.qdc``) of the exchange format REFI-QDA 1.0."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from evaltools import files
from evaltools.codings.model import Project, validate
from evaltools.codings.refi_xml import AREA, GROUP, NAMELESS
from evaltools.codings.xmltree import guid, is_guid, new_guid
from evaltools.codings.xmlwrite import FORBIDDEN, document, element, section, text
from evaltools.errors import DataError

ORIGIN = "evaltools"
NAMESPACE = "urn:QDA-XML:{}:1.0"
# The earliest date a ZIP file knows: the same project gives the same bytes on any day.
DATE = (1980, 1, 1, 0, 0, 0)
TYPES = {
    "Text": "",
    "Boolean": "true|false|0|1",
    "Integer": r"[+-]?\d+",
    "Float": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "Date": r"\d{4}-\d\d-\d\d",
    "DateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
}
_COLOR = re.compile(r"#([0-9A-Fa-f]{3}){1,2}")
Row = Mapping[str, Any]


def project(project: Project, path: Path) -> None:
    """Write a project; what was there before is replaced whole or not at all.

    Parameters
    ----------
    project : Project
        Read back, all tables are equal but for what the format cannot hold: numbers of
        paragraphs are left out, times that are no ISO times, too; ids that are no GUIDs become
        some, the same for the same id; a code of which is not known whether it is codable is.
    path : Path
        The ``.qdpx`` file.

    Raises
    ------
    DataError
        When segments have no positions in a text, or texts hold what the format forbids.
    """
    _check_places(validate(project))
    texts = {
        f"sources/{_id('documents', row['doc_id'])}.txt": _checked_text(row["name"], row["text"])
        for row in _rows(project.documents)
        if row["text"] is not None
    }
    members = {"project.qde": document(_Writer(project).project()), **texts}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])
    files.write(path, packed.getvalue())


def codebook(project: Project, path: Path) -> None:
    """Write the codes of a project as a codebook.

    Parameters
    ----------
    project : Project
        Of which only the codes are written.
    path : Path
        The ``.qdc`` file.

    Raises
    ------
    DataError
        When there are no codes, which the format forbids, or texts hold what it forbids.
    """
    if project.codes.empty:
        raise DataError(f"{path.name}: a codebook without codes cannot be written; add codes")
    head = {"xmlns": NAMESPACE.format("codebook"), "origin": ORIGIN}
    files.write(path, document(element("CodeBook", head, *_Writer(project).codes())))


class _Writer:
    """Elements of a project, each with its children in the order of the standard's schema."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._notes: list[str] = []
        self._kinds = _kinds(project)
        self._values: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in _rows(project.variables):
            self._values[row["owner"], row["owner_id"]].append(self._value(row))

    def project(self) -> str:
        origins = self._project.origin
        head = {
            "xmlns": NAMESPACE.format("project"),
            "name": PurePath(origins[0].file).stem if origins else ORIGIN,
            "origin": ORIGIN,
        }
        users = (
            element("User", {"guid": _id("coders", row["coder_id"]), "name": row["name"]})
            for row in _rows(self._project.coders)
        )
        sections = [
            *section("Users", users),
            *section("CodeBook", self.codes()),
            *section("Variables", self._variables()),
            *section("Cases", self._cases()),
            *section("Sources", self._sources()),
            *section("Notes", self._notes),
        ]
        return element("Project", head, *sections)

    def codes(self) -> Iterable[str]:
        below: dict[str | None, list[Row]] = defaultdict(list)
        for row in _rows(self._project.codes):
            below[row["parent_id"]].append(row)

        def code(row: Row) -> str:
            color = row["color"] or ""
            head = {
                "guid": _id("codes", row["code_id"]),
                "name": NAMELESS if row["name"] is None else row["name"],
                "isCodable": "false" if row["codable"] is False else "true",
                "color": color if _COLOR.fullmatch(color) else None,
            }
            memo = text("Description", row["memo"])
            return element("Code", head, *memo, *map(code, below[row["code_id"]]))

        return section("Codes", map(code, below[None]))

    def _variables(self) -> Iterator[str]:
        for own, (name, kind) in self._kinds.items():
            yield element("Variable", {"guid": own, "name": name, "typeOfVariable": kind})

    def _value(self, row: Row) -> str:
        own = _id("variables", row["variable_id"])
        kind = self._kinds[own][1]
        ref = element("VariableRef", {"targetGUID": own})
        return element("VariableValue", {}, ref, *text(f"{kind}Value", row["value"]))

    def _cases(self) -> Iterator[str]:
        for row in _rows(self._project.cases):
            head = {"guid": _id("cases", row["case_id"]), "name": row["name"]}
            values = self._values["case", row["case_id"]]
            yield element("Case", head, *text("Description", row["memo"]), *values)

    def _sources(self) -> Iterator[str]:
        placed: dict[str, list[Row]] = defaultdict(list)
        for row in _rows(self._project.segments):
            placed[row["doc_id"]].append(row)
        codings: dict[str, list[str]] = defaultdict(list)
        for row in _rows(self._project.codings):
            codings[row["segment_id"]].append(self._coding(row))
        for row in _rows(self._project.documents):
            own = _id("documents", row["doc_id"])
            path = None if row["text"] is None else f"internal://{own}.txt"
            segments = placed[row["doc_id"]]
            parts = [
                _selection(one, codings[one["segment_id"]])
                for one in segments
                if one["start"] is not None
            ]
            for one in segments:
                parts += codings[one["segment_id"]] if one["start"] is None else []
            parts += self._values["document", row["doc_id"]]
            parts += [self._value(beside) for beside in _beside(row)]
            head = {"guid": own, "name": row["name"], "plainTextPath": path}
            yield element("TextSource", head, *parts)

    def _coding(self, row: Row) -> str:
        own = _id("codings", row["coding_id"])
        coder = row["coder_id"]
        head = {
            "guid": own,
            "creatingUser": None if coder is None else _id("coders", coder),
            "creationDateTime": _when(row["created"]),
        }
        parts = [element("CodeRef", {"targetGUID": _id("codes", row["code_id"])})]
        if row["memo"] is not None:
            note = new_guid("note", own)
            content = text("PlainTextContent", row["memo"])
            self._notes.append(element("Note", {"guid": note}, *content))
            parts.append(element("NoteRef", {"targetGUID": note}))
        return element("Coding", head, *parts)


def _selection(row: Row, codings: Iterable[str]) -> str:
    # The words beside the positions let other programs, and this one, notice shifted positions.
    name = row["text"]
    head = {
        "guid": _id("segments", row["segment_id"]),
        "name": name if name is None or not FORBIDDEN.search(name) else None,
        "startPosition": str(row["start"]),
        "endPosition": str(row["end"]),
    }
    return element("PlainTextSelection", head, *codings)


def _beside(row: Row) -> Iterator[Row]:
    """Give a document's group and area as values of variables."""
    for name, column in ((GROUP, "group"), (AREA, "area_id")):
        if row[column] is not None:
            yield {"variable_id": new_guid("variable", name), "value": row[column]}


def _kinds(project: Project) -> dict[str, tuple[str, str]]:
    """Return name and type of each variable; values that break their type make it a text."""
    found: dict[str, tuple[str, str]] = {}
    known = {kind.casefold(): kind for kind in TYPES}
    for row in _rows(project.variables):
        own = _id("variables", row["variable_id"])
        name, kind = found.get(own, (row["name"], None))
        kind = kind or known.get((row["type"] or "").casefold(), "Text")
        fits = kind == "Text" or row["value"] is None or _fits(kind, row["value"])
        found[own] = (NAMELESS if name is None else name, kind if fits else "Text")
    for row in _rows(project.documents):
        for name, beside in zip((GROUP, AREA), (row["group"], row["area_id"]), strict=True):
            if beside is not None:
                found[new_guid("variable", name)] = (name, "Text")
    return found


def _fits(kind: str, value: str) -> bool:
    if not re.fullmatch(TYPES[kind], value, re.ASCII):
        return False
    if kind in ("Date", "DateTime"):
        return _when(value) is not None
    return True


def _when(text: str | None) -> str | None:
    """Write a time as the schema wants it; None when it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return text if re.fullmatch(TYPES["DateTime"], text or "", re.ASCII) else moment.isoformat()


def _check_places(project: Project) -> None:
    """Refuse segments the format has no place for."""
    segments, documents = project.segments, project.documents
    placed = segments["start"].notna() & segments["end"].notna()
    placed &= segments["doc_id"].isin(documents.loc[documents["text"].notna(), "doc_id"])
    # A whole document may be coded: one segment that says nothing of its place.
    bare = segments[["start", "end", "text", "para_start", "para_end"]].isna().all(axis=1)
    several = segments["doc_id"].where(bare).duplicated(keep=False)
    lost = int((~placed & (~bare | several)).sum())
    if lost:
        raise DataError(
            f"{lost} segments have no positions in a text, which a REFI-QDA project cannot hold; "
            "write them as a table instead"
        )


def _checked_text(name: str | None, text: str) -> str:
    if "\r" in text or "\0" in text or text.startswith("\ufeff"):
        raise DataError(
            f"the text of {name!r} holds a CR, a zero or a byte order mark, by which positions "
            "would shift; clean the text and code it again"
        )
    return text


def _id(table: str, own: str) -> str:
    found = guid(own) or ""
    return found if is_guid(found) else new_guid(table, own)


def _rows(table: pd.DataFrame) -> Iterator[Row]:
    plain = table.astype(object).where(table.notna(), None)
    columns = list(plain.columns)
    for values in plain.itertuples(index=False, name=None):
        yield dict(zip(columns, values, strict=True))
