"""Read projects (``.qdpx``) and codebooks (``.qdc``) of the exchange format REFI-QDA.

The format is described in "REFI-QDA Standard 1.5" (qdasoftware.org); what programs write beside it
(drafts' namespaces, other folders and cases of names, positions counted otherwise) is read, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evaltools.codings import archive, readings, refi_texts, refi_xml, xmltree
from evaltools.codings.counting import Reading, Text
from evaltools.codings.model import Origin, Problem, Project, build
from evaltools.codings.refi_xml import AREA, GROUP, Coding, Content, Document, Found, Memo
from evaltools.codings.xmltree import new_guid
from evaltools.errors import DataError
from evaltools.german import number

FORMAT = "REFI-QDA"
# 100,000 codings with the words they select have 60 MB.
MAX_XML = 300_000_000
_LOST = {
    "code": "{} Kodierungen nennen einen Code, den das Projekt nicht hat; sie wurden ausgelassen.",
    "coder": "Bei {} Kodierungen fehlt die Person, die kodiert hat, in der Liste der Personen; "
    "sie gelten als ohne Angabe.",
    "double": "{} Kodierungen stehen doppelt in der Datei; sie zählen einmal.",
    "id": "{} Textstellen oder Kodierungen tragen eine vergebene Kennung; sie erhielten neue.",
    "variable": "{} Werte nennen eine Variable, die das Projekt nicht hat; sie wurden ausgelassen.",
}


def read(path: Path) -> Project:
    """Read a project.

    Parameters
    ----------
    path : Path
        The ``.qdpx`` file.

    Returns
    -------
    Project
        Its ``problems`` say what could not be read and whether positions were counted otherwise
        than in the standard; see :func:`evaltools.codings.readings.choose`.

    Raises
    ------
    DataError
        When the file is damaged, made to harm, or no project.
    """
    with archive.opened(path) as source:
        member = _project_member(source)
        with source.open(member, MAX_XML) as file:
            found = refi_xml.collect(xmltree.parts(file, path.name))
        _check_root(path.name, found, "Project")
        folder = member.rpartition("/")[0]
        return _Reader(source, f"{folder}/" if folder else "", found).project()


def read_codebook(path: Path) -> Project:
    """Read a codebook: a project that has codes only.

    Parameters
    ----------
    path : Path
        The ``.qdc`` file.

    Raises
    ------
    DataError
        When the file is damaged, made to harm, or no codebook.
    """
    try:
        size = path.stat().st_size
        if size > MAX_XML:
            raise DataError(f"{path.name}: has {size:,} bytes, over {MAX_XML:,}; export it again")
        with path.open("rb") as file:
            found = refi_xml.collect(xmltree.parts(file, path.name))
    except OSError as error:
        raise DataError(f"{path.name}: cannot be opened ({error.strerror})") from error
    _check_root(path.name, found, "CodeBook")
    codes = [(*row[:3], None, row[3], row[4].text, row[5]) for row in found.codes]
    return build(Origin(found.program or FORMAT, FORMAT, path.name), {"codes": codes})


def _project_member(source: archive.Archive) -> str:
    names = [name for name in source.members if name.casefold().endswith(".qde")]
    names = [name for name in names if "__MACOSX" not in name]
    if len(names) != 1:
        raise DataError(
            f"{source.name}: holds {len(names)} files .qde, a project has exactly one; "
            "export the project again"
        )
    return names[0]


def _check_root(name: str, found: Found, root: str) -> None:
    if found.root != root:
        raise DataError(
            f"{name}: the XML holds {found.root[:40]!r} where {root!r} is expected; a project has "
            "the ending .qdpx, a codebook .qdc"
        )


# A thousand long transcripts; several documents may claim the same member.
MAX_TEXTS = 60_000_000


@dataclass
class _Reader:
    """Resolves what a project's file says into the rows of the model."""

    source: archive.Archive
    folder: str
    found: Found
    size: int = 0
    problems: list[Problem] = field(default_factory=list)
    segments: dict[str, Sequence[Any]] = field(default_factory=dict)
    codings: dict[str, Sequence[Any]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    def project(self) -> Project:
        texts = [self._text_of(document) for document in self.found.documents]
        self._place(texts)
        tables: dict[str, Iterable[Sequence[Any]]] = {
            "documents": self._documents(texts),
            "codes": [
                (*row[:3], None, row[3], self._joined((row[4],)), row[5])
                for row in self.found.codes
            ],
            "coders": self.found.coders,
            "segments": self.segments.values(),
            "codings": self.codings.values(),
            "cases": [(own, name, memo.text) for own, name, memo in self.found.cases],
            "variables": self._variables(),
        }
        told = (Problem(rule, "", _LOST[rule].format(number(n))) for rule, n in self.lost.items())
        origin = Origin(self.found.program or FORMAT, FORMAT, self.source.name)
        return build(origin, tables, [*self.problems, *told])

    def _text_of(self, document: Document) -> Text | None:
        """Return a document's text; where there is none, say what is left out."""
        if document.content == Content(None, None):
            text: Text | str = "hat keinen Text (Bild, Ton, Film oder PDF)"
        else:
            text = refi_texts.find(self.source, self.folder, document.content)
        skipped = document.skipped
        if isinstance(text, str):
            self._tell("text", document.name, f"Das Dokument {text}")
            skipped += len(document.selections)
        if skipped:
            message = f"{number(skipped)} Markierungen ohne lesbare Textstelle wurden ausgelassen"
            self._tell("selection", document.name, message)
        if isinstance(text, str):
            return None
        self.size += len(text.plain)
        if self.size > MAX_TEXTS:
            raise DataError(
                f"{self.source.name}: its texts have more than {MAX_TEXTS:,} characters in all; "
                "export the project in parts"
            )
        return text

    def _place(self, texts: Sequence[Text | None]) -> None:
        """Turn selections into segments, read the way that explains them."""
        groups = [
            (document, _group(document, text))
            for document, text in zip(self.found.documents, texts, strict=True)
            if text is not None
        ]
        reading, told = readings.choose([group for _, group in groups])
        self.problems += told
        for document, group in groups:
            self._add_segments(document, group, reading)
        for document, text in zip(self.found.documents, texts, strict=True):
            self._add_whole(document, text)

    def _add_segments(
        self, document: Document, group: readings.Selections, reading: Reading
    ) -> None:
        plain, outside = group.text.plain, 0
        starts, ends = reading.spans(group.text, group.starts, group.ends)
        spans = zip(document.selections, starts.tolist(), ends.tolist(), strict=True)
        for selection, start, given in spans:
            end = min(given, len(plain))
            outside += not 0 <= start < end or end < given
            if 0 <= start < end:
                place = (document.doc_id, start, end, plain[start:end], None, None)
                self._add(selection.segment_id, place, selection.codings)
        if outside:
            message = f"{number(outside)} Textstellen sind leer oder reichen über den Text hinaus; "
            message += "sie wurden auf ihn gekürzt oder, wo nichts blieb, ausgelassen"
            self._tell("outside", document.name, message)

    def _add_whole(self, document: Document, text: Text | None) -> None:
        if not document.codings:
            return
        plain = text.plain if text else ""
        place = (0, len(plain), plain) if plain else (None, None, None)
        own = new_guid("document", document.doc_id)
        self._add(own, (document.doc_id, *place, None, None), document.codings)
        message = f"{number(len(document.codings))} Kodierungen gelten dem ganzen Dokument; "
        self._tell("document", document.name, f"{message}sie stehen an seinem ganzen Text")

    def _add(self, own: str, place: Sequence[Any], codings: Iterable[Coding]) -> None:
        if self.segments.get(own, (own, *place)) != (own, *place):
            own = new_guid(own, *place[:3])
            self.lost["id"] += 1
        self.segments[own] = (own, *place)
        for coding in codings:
            self._add_coding(own, place[0], coding)

    def _add_coding(self, segment: str, doc: str, coding: Coding) -> None:
        if coding.code_id not in self._known[0]:
            self.lost["code"] += 1
            return
        coder = coding.coder_id
        if coder is not None and coder not in self._known[1]:
            self.lost["coder"] += 1
            coder = None
        row = (segment, doc, coding.code_id, coder, self._joined(coding.memos), coding.created)
        own = coding.coding_id
        if self.codings.get(own) == (own, *row):
            self.lost["double"] += 1
            return
        if own in self.codings:
            self.lost["id"] += 1
            own = new_guid(own, *row[:4])
        self.codings[own] = (own, *row)

    @cached_property
    def _known(self) -> tuple[set[str], set[str]]:
        """Ids of codes and of coders."""
        return {row[0] for row in self.found.codes}, {row[0] for row in self.found.coders}

    def _joined(self, memos: Iterable[Memo]) -> str | None:
        """Join descriptions and the texts of notes; None when there are none, not even empty."""
        parts = [memo.text for memo in memos]
        parts += [self._note(note) for memo in memos for note in memo.notes]
        told = [part for part in parts if part is not None]
        return "\n\n".join(part for part in told if part) if told else None

    def _note(self, note: str) -> str | None:
        if note not in self.found.notes:
            return None
        memo, content = self.found.notes[note]
        if content.path is None:
            return memo.text if content.text is None else content.text
        text = refi_texts.find(self.source, self.folder, content)
        if isinstance(text, str):
            self._tell("note", "", f"Eine Notiz {text}")
            return memo.text
        return text.raw

    def _documents(self, texts: Sequence[Text | None]) -> list[Sequence[Any]]:
        named = {
            (owner_id, self.found.variables[variable][0]): value
            for variable, owner, owner_id, value in self.found.values
            if owner == "document" and variable in self.found.variables
        }
        rows: list[Sequence[Any]] = []
        for document, text in zip(self.found.documents, texts, strict=True):
            own, plain = document.doc_id, None if text is None else text.plain
            beside = (named.get((own, GROUP)), named.get((own, AREA)))
            rows.append((own, document.name, *beside, plain, None))
        return rows

    def _variables(self) -> list[Sequence[Any]]:
        rows: list[Sequence[Any]] = []
        for variable, owner, owner_id, value in self.found.values:
            if variable not in self.found.variables:
                self.lost["variable"] += 1
                continue
            name, kind = self.found.variables[variable]
            if owner == "case" or name not in (GROUP, AREA):
                rows.append((variable, name, kind, owner, owner_id, value))
        return rows

    def _tell(self, rule: str, place: str, message: str) -> None:
        self.problems.append(Problem(rule, place, f"{message}."))


def _group(document: Document, text: Text) -> readings.Selections:
    chosen = document.selections
    starts = np.array([one.start for one in chosen], np.int64)
    ends = np.array([one.end for one in chosen], np.int64)
    return readings.Selections(text, starts, ends, [one.name.strip() for one in chosen])
