"""The text of Taguette's HTML documents, and where its byte offsets lie in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

import numpy as np
import numpy.typing as npt

# Elements that stand on lines of their own, as far as Taguette keeps or ever kept them.
BLOCKS = frozenset(
    {
        *("p", "br", "hr", "pre", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("ul", "ol", "li", "dl", "dt", "dd"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    }
)
BOM = "\ufeff"
# Possessive, so that a tag that is never closed costs one look and not one per character.
_MARK = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9]*+)(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>|<(?=[/!?A-Za-z])"
)
_CR = re.compile("\r\n?")


@dataclass(frozen=True)
class Plain:
    """The text of an HTML document, and where Taguette's byte offsets lie in it.

    Attributes
    ----------
    text : str
        The text, with a LF after each block element.
    own : str
        The text as Taguette counts it.
    added : ndarray of int
        Where in ``own`` a LF was added, ascending.
    shift : int
        Characters of ``own`` that are not in ``text``: a byte order mark.
    sound : bool
        Whether every tag was closed.
    """

    text: str
    own: str
    added: npt.NDArray[np.int64]
    shift: int
    sound: bool

    def places(self, starts: Sequence[int], ends: Sequence[int]) -> list[tuple[int, int] | None]:
        """Turn byte offsets into places in ``text``; None where there is no such place."""
        codes = np.frombuffer(self.own.encode(), np.uint8)
        leads = (codes & 0xC0) != 0x80
        points = np.where(leads, np.cumsum(leads, dtype=np.int32) - 1, -1)
        points = np.append(points, len(self.own))
        first, last = np.array(starts, np.int64), np.array(ends, np.int64)
        inside = (first >= 0) & (first < last) & (last < len(points))
        first, last = points[np.where(inside, first, 0)], points[np.where(inside, last, 0)]
        left = np.maximum(first + np.searchsorted(self.added, first, "right") - self.shift, 0)
        right = last + np.searchsorted(self.added, last, "left") - self.shift
        inside &= (first >= 0) & (last >= 0) & (left < right)
        found = zip(left.tolist(), right.tolist(), inside.tolist(), strict=True)
        return [(start, end) if there else None for start, end, there in found]


def plain(html: str) -> Plain:
    """Take the text out of an HTML document as Taguette stores it.

    Parameters
    ----------
    html : str
        The body of a document or a snippet; Taguette keeps only clean markup.

    Returns
    -------
    Plain
        What stands behind a tag that is never closed is kept as it is.
    """
    pieces, sound = _pieces(_CR.sub("\n", html).lstrip(" \t\n\f"))
    text: list[str] = []
    added: list[int] = []
    length, last = 0, "\n"
    for piece, apart in pieces:
        if apart and last != "\n" and piece[:1] != "\n":
            text.append("\n")
            added.append(length)
        text.append(piece)
        length += len(piece)
        last = piece[-1:]
    own = "".join(piece for piece, _ in pieces)
    shift = len(own) - len(own.removeprefix(BOM))
    made = "".join(text).removeprefix(BOM)
    return Plain(made, own, np.array(added, dtype=np.int64), shift, sound)


def _pieces(html: str) -> tuple[list[tuple[str, bool]], bool]:
    """Cut HTML into pieces of text, each with whether a block's edge lies before it.

    The last piece is empty unless a tag is never closed: then it is the rest as it stands, and the
    second value is False.
    """
    pieces: list[tuple[str, bool]] = []
    position, apart, name = 0, False, ""
    for mark in _MARK.finditer(html):
        piece = _characters(html[position : mark.start()])
        # HTML takes a line end right behind <pre> for part of the tag.
        piece = piece.removeprefix("\n") if name == "pre" else piece
        if piece:
            pieces.append((piece, apart))
            apart = False
        if mark[2] is None:
            return [*pieces, (html[mark.start() :], apart)], False
        position, name = mark.end(), mark[1] + mark[2].lower()
        apart |= mark[2].lower() in BLOCKS
    rest = _characters(html[position:])
    return [*pieces, (rest, apart), *([("", False)] if rest else [])], True


def _characters(html: str) -> str:
    if "&" not in html:
        return html
    try:
        return unescape(html).replace("\r", "\n")
    except ValueError:  # a number of thousands of digits
        return html


def bare(text: str, *, html: bool = False) -> str:
    """Return a text's words without any white space, to compare them.

    Parameters
    ----------
    text : str
        A text or HTML.
    html : bool, optional
        Whether it is HTML.
    """
    return "".join((_characters(_MARK.sub("", text)) if html else text).split())
