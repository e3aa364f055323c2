"""XML as text: elements, and a refusal of what XML cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from evaltools.errors import DataError

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, attributes: Mapping[str, str | None], *content: str) -> str:
    """Write an element; attributes that are None are left out, `content` is XML already."""
    head = "".join(f" {key}={quoteattr(v)}" for key, v in attributes.items() if v is not None)
    return f"<{name}{head}>{''.join(content)}</{name}>" if content else f"<{name}{head}/>"


def text(name: str, words: str | None) -> list[str]:
    """Write an element that holds words only; nothing when they are None."""
    return [] if words is None else [element(name, {}, escape(words, {"\r": "&#13;"}))]


def section(name: str, parts: Iterable[str]) -> list[str]:
    """Write an element around parts; nothing when there are none."""
    made = list(parts)
    return [element(name, {}, *made)] if made else []


def document(root: str) -> str:
    """Write a whole file around its root.

    Raises
    ------
    DataError
        When it has characters that XML cannot hold, not even escaped.
    """
    found = FORBIDDEN.search(root)
    if found:
        near = root[max(found.start() - 40, 0) : found.start()]
        raise DataError(
            f"the character U+{ord(found[0]):04X} cannot stand in XML (after {near!r}); "
            "remove it from the name or memo"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'
