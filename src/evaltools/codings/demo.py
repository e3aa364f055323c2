"""The invented focus groups of the simulated city *Musterstadt*, as a project and as files.

Transcripts and codings stand in ``demo.yml`` and are made up from first to last line. What is said
fits what is true of the city (:mod:`evaltools.data.demo`): SR04 tells of earlier help, SR10 of
structures that never came, SR14 doubts that the model explains the fall.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from evaltools.codings import refi_write, tables_write, xmltree
from evaltools.codings.model import SEPARATOR, Origin, Project, build
from evaltools.data.beside import Beside
from evaltools.errors import DataError

CODINGS, TABLE = "fokusgruppen.qdpx", "fokusgruppen_maxqda.xlsx"
Row = Sequence[Any]
_KINDS = {"person": "Person", "strasse": "Straße", "einrichtung": "Einrichtung"}
_CLEARED = {True: "ja", False: "nein", None: None}
# file → table of the schema, note, and ``header=column``
_TABLES = {
    "gespraeche": (
        "coding_document",
        "Erfundene Gespräche; ohne Stadtraum: stadtweit.",
        "Gespräch=document, Gruppe=group, Stadtraum=area_id, Datum=held, Personen=speakers",
    ),
    "freigabe": (
        "quote_clearance",
        "Zitate, wie sie gedruckt werden; leer: nicht entschieden.",
        "Gespräch=document, Zitat=quote, freigegeben=cleared, durch=cleared_by, am=cleared_on, "
        "Quelle=source",
    ),
    "pseudonyme": (
        "pseudonym",
        "Erfundene Namen und was an ihrer Stelle gedruckt wird.",
        "Name=name, Ersatz=replacement, Art=kind",
    ),
}
_id = partial(xmltree.new_guid, "evaltools", "Musterstadt")


def content() -> Mapping[str, Any]:
    """Return what ``demo.yml`` says, as it is written there."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))
    return found


def project() -> Project:
    """Return the invented conversations with the codings of both coders.

    Raises
    ------
    DataError
        When a quote does not stand exactly once in its document, or a code is not declared.
    """
    found = content()
    coders = {item["mark"]: item for item in found["coders"]}
    segments: dict[str, Row] = {}
    codings: list[Row] = []
    for doc in found["documents"]:
        for coding in doc["codings"]:
            segment = _segment(doc, coding["quote"])
            segments[segment[0]] = segment
            by = [coders[mark] for mark in coding["coder"].split()]
            codings += [_coding(segment, coding["code"], coder) for coder in by]
    tables: dict[str, Iterable[Row]] = {
        "documents": [
            (_id("document", doc["name"]), doc["name"], doc["group"], doc["area"], doc["text"], 0)
            for doc in found["documents"]
        ],
        "codes": [_code(code) for code in found["codes"]],
        "coders": [(_id("coder", item["name"]), item["name"]) for item in found["coders"]],
        "segments": [*segments.values()],
        "codings": codings,
    }
    return build(Origin("evaltools", "erfunden", "demo.yml"), tables)


def _code(code: Mapping[str, Any]) -> Row:
    above, _, name = code["path"].rpartition(SEPARATOR)
    parent = _id("code", above) if above else None
    codable = code.get("codable", True)
    return (_id("code", code["path"]), name, parent, None, code["color"], code["memo"], codable)


def _segment(doc: Mapping[str, Any], quote: str) -> Row:
    text: str = doc["text"]
    times = text.count(quote)
    if times != 1:
        raise DataError(
            f"demo.yml: the quote {quote[:40]!r} stands {times} times in {doc['name']}; "
            "choose words that stand there once"
        )
    start = text.index(quote)
    end = start + len(quote)
    segment = _id("segment", doc["name"], start, end)
    return (segment, _id("document", doc["name"]), start, end, quote, None, None)


def _coding(segment: Row, path: str, coder: Mapping[str, str]) -> Row:
    coded = _id("code", path), _id("coder", coder["name"])
    return (_id("coding", segment[0], *coded), *segment[:2], *coded, None, coder["coded"])


def files() -> Beside:
    """Return the conversations as files, with their entries for ``sources.yml``.

    The codings stand in a REFI-QDA project and, once more, in a table as MAXQDA exports it; only
    the former is listed as a source. The bytes are the same on every call.
    """
    made = project()
    tables = {f"{name}.csv": _csv(name, rows) for name, rows in _rows(content()).items()}
    with TemporaryDirectory() as folder:
        refi, table = Path(folder, CODINGS), Path(folder, TABLE)
        refi_write.project(made, refi)
        tables_write.maxqda(made, table)
        coded = {CODINGS: refi.read_bytes(), TABLE: table.read_bytes()}
    note = "Erfundene Gespräche, von zwei erfundenen Personen kodiert; REFI-QDA."
    codings = {"id": "fokusgruppen", "file": CODINGS} | _origin(note, coded[CODINGS])
    sources = tuple(_source(name, tables[f"{name}.csv"]) for name in _TABLES)
    return Beside(content=coded | tables, sources=sources, codings=(codings,))


def _rows(found: Mapping[str, Any]) -> Mapping[str, list[Row]]:
    documents, names = found["documents"], found["pseudonyms"]
    decided = found["cleared_by"], _day(found["cleared_on"])
    columns = ("name", "group", "area")
    return {
        "gespraeche": [
            (*(doc[column] for column in columns), _day(doc["held"]), doc["speakers"])
            for doc in documents
        ],
        "freigabe": [
            (item["document"], item["quote"], _CLEARED[item["cleared"]])
            + ((None, None) if item["cleared"] is None else decided)
            + ("erfundenes Gespräch",)
            for item in found["clearance"]
        ],
        "pseudonyme": [(item["name"], item["replacement"], _KINDS[item["kind"]]) for item in names],
    }


def _day(day: date) -> str:
    return day.strftime("%d.%m.%Y")


def _columns(name: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in _TABLES[name][2].split(", "))


def _csv(name: str, rows: list[Row]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows([[*_columns(name)], *rows])
    return buffer.getvalue().encode()


def _source(name: str, data: bytes) -> Mapping[str, Any]:
    table, note, _ = _TABLES[name]
    entry = {"id": name, "file": f"{name}.csv", "table": table} | _origin(note, data)
    entry["format"] = {"encoding": "utf-8", "delimiter": ";", "decimal": ",", "dates": "dmy"}
    entry["columns"] = _columns(name)
    codes = {"kind": {raw: kind for kind, raw in _KINDS.items()}}
    return entry | ({"codes": codes} if name == "pseudonyme" else {})


def _origin(note: str, data: bytes) -> dict[str, Any]:
    origin = {"provider": "evaltools (simulierte Daten)", "licence": "CC0-1.0"}
    return origin | {"retrieved": "2025-01-31", "note": note, "sha256": sha256(data).hexdigest()}
