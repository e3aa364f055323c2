"""What the elements of a REFI-QDA file say, before its texts are read and its ids are resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from evaltools.codings.xmltree import guid, new_guid, text_of

NAMELESS = "(ohne Namen)"
# The standard knows no group and no area of a document; they travel as variables of these names.
GROUP, AREA = "Dokumentgruppe", "Gebiet"
# No text has so many characters; beyond 64 bits a position could not even be computed with.
MAX_POSITION = 2**40
_COLOR = re.compile(r"#([0-9A-Fa-f]{3}){1,2}")


class Memo(NamedTuple):
    """A description and the ids of the notes beside it."""

    text: str | None = None
    notes: tuple[str, ...] = ()


class Coding(NamedTuple):
    """A coding as it stands; what it lacks is None."""

    coding_id: str
    code_id: str | None
    coder_id: str | None
    memos: tuple[Memo, ...]
    created: str | None


class Selection(NamedTuple):
    """A stretch of plain text with its codings."""

    segment_id: str
    start: int
    end: int
    name: str
    codings: tuple[Coding, ...]


class Content(NamedTuple):
    """A text, embedded or in a file."""

    text: str | None
    path: str | None


@dataclass
class Document:
    """A source; ``skipped`` counts selections that are not of plain text."""

    doc_id: str
    name: str
    content: Content
    selections: list[Selection]
    codings: tuple[Coding, ...]
    skipped: int


@dataclass
class Found:
    """All that a file says; values are (variable, owner, owner's id, value)."""

    root: str = ""
    program: str = ""
    coders: list[tuple[str, str | None]] = field(default_factory=list)
    codes: list[tuple[Any, ...]] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    cases: list[tuple[str, str | None, Memo]] = field(default_factory=list)
    variables: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    values: list[tuple[str | None, str, str, str | None]] = field(default_factory=list)
    notes: dict[str, tuple[Memo, Content]] = field(default_factory=dict)


def collect(parts: Iterable[tuple[str, Element]]) -> Found:
    """Gather what a project or codebook says.

    Parameters
    ----------
    parts : iterable of (str, Element)
        As :func:`evaltools.codings.xmltree.parts` gives them.
    """
    found = Found()
    for section, item in parts:
        if not section:
            found.root, found.program = item.tag, item.get("origin") or ""
        elif section == "CodeBook":
            for code in item.findall("Code"):
                found.codes += _codes(code, None, len(found.codes))
        elif section == "Codes" and item.tag == "Code":
            found.codes += _codes(item, None, len(found.codes))
        elif section == "Sources" and item.tag.endswith("Source"):
            _add_document(found, item)
        else:
            _add_other(found, section, item)
    return found


def _add_other(found: Found, section: str, item: Element) -> None:
    own = guid(item.get("guid"))
    if section == "Users" and own:
        found.coders.append((own, item.get("name")))
    elif section == "Variables" and own:
        found.variables[own] = (item.get("name", NAMELESS), item.get("typeOfVariable"))
    elif section == "Cases":
        own = own or new_guid("case", len(found.cases))
        found.cases.append((own, item.get("name"), Memo(text_of(item, "Description"))))
        found.values += _values(item, "case", own)
    elif section == "Notes" and own:
        found.notes[own] = (Memo(text_of(item, "Description")), _content(item))


def _codes(item: Element, above: str | None, number: int) -> Iterator[tuple[Any, ...]]:
    own = guid(item.get("guid")) or new_guid("code", above, number)
    name, color = item.get("name", NAMELESS), item.get("color") or ""
    if re.fullmatch("[0-9A-Fa-f]{6}", color):
        color = f"#{color}"
    codable = {"true": True, "1": True, "false": False, "0": False}.get(item.get("isCodable", ""))
    yield own, name, above, color if _COLOR.fullmatch(color) else None, _memo(item), codable
    for place, below in enumerate(item.findall("Code")):
        yield from _codes(below, own, place)


def _add_document(found: Found, item: Element) -> None:
    own = guid(item.get("guid")) or new_guid("document", len(found.documents))
    # A PDF's words are selected in the text that stands for it.
    body = item if item.tag == "TextSource" else item.find("Representation")
    selections: list[Selection] = []
    if body is not None:
        made = (_selection(child, own, n) for n, child in enumerate(body))
        selections = [one for one in made if one is not None]
    every = sum(child.tag.endswith("Selection") for child in item.iter())
    content = Content(None, None) if body is None else _content(body)
    codings = [*_codings(item, Memo(), own, None)]
    if body is not None and body is not item:
        codings += _codings(body, Memo(), own, None)
    skipped = every - len(selections)
    name = item.get("name", NAMELESS)
    found.documents.append(Document(own, name, content, selections, tuple(codings), skipped))
    found.values += _values(item, "document", own)


def _selection(item: Element, doc: str, number: int) -> Selection | None:
    """Return a selection of plain text; None for what is none or has no usable positions."""
    if item.tag != "PlainTextSelection":
        return None
    try:
        start, end = int(item.get("startPosition", "")), int(item.get("endPosition", ""))
    except ValueError:
        return None
    if max(abs(start), abs(end)) > MAX_POSITION:
        return None
    own = guid(item.get("guid")) or new_guid("selection", doc, number)
    codings = tuple(_codings(item, _memo(item), own, item))
    return Selection(own, start, end, item.get("name") or "", codings)


def _codings(item: Element, memo: Memo, owner: str, selection: Element | None) -> Iterator[Coding]:
    beside = {} if selection is None else selection.attrib
    for number, coding in enumerate(item.findall("Coding")):
        ref = coding.find("CodeRef")
        yield Coding(
            guid(coding.get("guid")) or new_guid("coding", owner, number),
            None if ref is None else guid(ref.get("targetGUID")),
            guid(coding.get("creatingUser") or beside.get("creatingUser")),
            tuple(one for one in (memo, _memo(coding)) if one != Memo()),
            coding.get("creationDateTime") or beside.get("creationDateTime"),
        )


def _memo(item: Element) -> Memo:
    notes = (guid(ref.get("targetGUID")) for ref in item.findall("NoteRef"))
    return Memo(text_of(item, "Description"), tuple(note for note in notes if note))


def _content(item: Element) -> Content:
    return Content(text_of(item, "PlainTextContent"), item.get("plainTextPath") or None)


def _values(
    item: Element, owner: str, owner_id: str
) -> Iterator[tuple[str | None, str, str, str | None]]:
    for pair in item.findall("VariableValue"):
        ref = pair.find("VariableRef")
        texts = [child.text or "" for child in pair if child.tag.endswith("Value")]
        variable = None if ref is None else guid(ref.get("targetGUID"))
        yield variable, owner, owner_id, texts[0] if texts else None
