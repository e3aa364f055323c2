"""An XML file of unknown origin, read piece by piece: no DTD, no entities, bounded depth and size.

Element names come without their namespace: programs still write those of drafts of the standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from evaltools.errors import DataError

# Codes lie at most 50 levels deep; nothing else in the standard nests.
MAX_DEPTH = 100
# 100,000 codings, each with its memo, are 700,000 elements.
MAX_ELEMENTS = 1_000_000
# Whole documents stand in an attribute where a selection is named by its words.
MAX_TOKEN = 4_000_000
CHUNK = 262_144
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parts(file: IO[bytes], name: str) -> Iterator[tuple[str, Element]]:
    """Read a file and give its root, then each grandchild of the root once it is complete.

    Parameters
    ----------
    file : binary file
        The XML.
    name : str
        Name of the file, for messages.

    Yields
    ------
    (str, Element)
        Name of the element it lies in (empty for the root, of which only name and attributes are
        known) and the element.

    Raises
    ------
    DataError
        When the file is no XML, declares a document type, is too deep or too large.
    """
    try:
        yield from _parts(file, name)
    except DefusedXmlException as error:
        raise DataError(
            f"{name}: the XML declares a document type or entities, which such files never need; "
            "export it again"
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise DataError(f"{name}: this is no sound XML ({error}); export it again") from error


def _parts(file: IO[bytes], name: str) -> Iterator[tuple[str, Element]]:
    builder = _Builder(name)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    fed = 0
    while piece := file.read(CHUNK):
        parser.feed(piece)
        fed += len(piece)
        # The parser looks at an unfinished token from its beginning with every further piece.
        if fed - parser.parser.CurrentByteIndex > MAX_TOKEN:
            raise DataError(
                f"{name}: an attribute or remark of the XML has more than {MAX_TOKEN:,} "
                "characters; export it again"
            )
        yield from builder.taken()
    parser.close()
    yield from builder.taken()


class _Builder(TreeBuilder):
    """Builds elements, and lets go of each grandchild of the root once it is complete."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._count = name, 0
        self._open: list[Element] = []
        self._done: list[tuple[str, Element]] = []

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._count += 1
        if len(self._open) == MAX_DEPTH or self._count == MAX_ELEMENTS:
            raise DataError(
                f"{self._name}: the XML is deeper than {MAX_DEPTH} levels or has more than "
                f"{MAX_ELEMENTS:,} elements; export it again, in parts"
            )
        element: Element = super().start(tag.rpartition("}")[2], attrs)
        if not self._open:
            self._done.append(("", element))
        self._open.append(element)
        return element

    def end(self, tag: str, /) -> Element:
        element = super().end(tag)
        self._open.pop()
        if len(self._open) == 2:
            self._done.append((self._open[1].tag, element))
        if self._open and len(self._open) <= 2:
            del self._open[-1][:]
        return element

    def taken(self) -> list[tuple[str, Element]]:
        """Give what was completed since the last call."""
        done, self._done = self._done, []
        return done


def guid(text: str | None) -> str | None:
    """Write an id as the standard does, in lower case without braces; None when there is none."""
    return (text or "").strip().strip("{}").casefold() or None


def is_guid(text: str) -> bool:
    """Tell whether an id is a GUID in lower case without braces."""
    return _GUID.fullmatch(text) is not None


def new_guid(*names: object) -> str:
    """Make a GUID out of names: the same for the same names."""
    return str(uuid5(NAMESPACE_URL, "\x1f".join(map(str, names))))


def text_of(element: Element, name: str) -> str | None:
    """Return the text of a child element: empty when it is, None when there is no such child."""
    child = element.find(name)
    return None if child is None else child.text or ""
