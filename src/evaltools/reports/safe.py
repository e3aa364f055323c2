"""The last gate before a page is written: plain text and the house's own markup, nothing else.

A tolerant parser reads a broken tag in one way and a browser in another; attacks live in between.
So the gate tolerates nothing: :data:`_PIECE` is the whole grammar of a page, and what it does not
match is refused, as is every element, attribute and value that :mod:`evaltools.reports.markup` does
not list.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from evaltools.errors import ReleaseError
from evaltools.reports.markup import (
    BODY,
    CELL,
    DRAWN,
    DRAWN_IN,
    FORMULA,
    LINK,
    PICTURE,
    PLACES,
    PROSE,
    RDF,
    STROKES,
    SVG,
    VALUES,
    VOID,
)

# The script that every page carries in its head, with its hash in the policy.
SCRIPT = (Path(__file__).parent / "template" / "page.js").read_text(encoding="utf-8")
HEAD = (
    '<html lang="de">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta content="width=device-width, initial-scale=1" name="viewport">',
    '<meta content="{policy}" http-equiv="Content-Security-Policy">',
    '<meta content="no-referrer" name="referrer">',
    '<link href="data:," rel="icon">',
)
_PIECE = re.compile(
    r"[^<]+|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)"
    r"""(?P<given>(?: [a-z][a-z-]*(?:="[^"<>]*"|='[^'<>]*')?)*) ?/?>"""
)
_ATTRIBUTE = re.compile(r""" ([a-z][a-z-]*)(?:=(["'])(.*?)\2)?""", re.S)
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


@dataclass(frozen=True)
class Tag:
    """A tag: its name, its attributes in order, whether it closes."""

    name: str
    given: tuple[tuple[str, str], ...]
    closing: bool

    def __str__(self) -> str:
        given = "".join(f' {name}="{value}"' for name, value in sorted(self.given))
        return f"<{'/' if self.closing else ''}{self.name}{given}>"


def policy(css: str) -> str:
    """Return the Content Security Policy: this style sheet, the one script, embedded pictures."""
    return (
        f"default-src 'none'; style-src {_hash(_styled(css))}; img-src data:; "
        f"script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
    )


def visible(text: str) -> str:
    """Replace what steers instead of being read: control characters, reversed reading order."""
    return _UNSEEN.sub("\ufffd", text)


def check_part(text: str, place: str, *, prose: bool = False) -> None:
    """Refuse a piece of a page, such as one cell's output, that is not plain.

    Parameters
    ----------
    text : str
        Its HTML.
    place : str
        Named in the message, such as ``cell 3``.
    prose : bool, optional
        Whether it was written as Markdown, where formulas may stand.

    Raises
    ------
    ReleaseError
        Naming place, element and attribute; never the content.
    """
    for _ in _checked(text, PROSE if prose else CELL, place, []):
        pass


def check_page(text: str, css: str, place: str) -> None:
    """Refuse a finished page that holds anything but the house's own markup.

    Parameters
    ----------
    text : str
        The whole file.
    css : str
        The one style sheet it may carry.
    place : str
        Named in the message, such as ``the page``.

    Raises
    ------
    ReleaseError
        Naming place, element and attribute; never the content.
    """
    head, end, body = text.partition("</head>")
    _check_head(head + end, css, place)
    names: list[str] = []
    ids: set[str] = set()
    for tag, where in _checked(body, BODY, place, ["html"]):
        names.append(tag.name)
        if tag.name == "img":
            _check_embedded(dict(tag.given).get("src", ""), where)
        name = dict(tag.given).get("id", "")
        if name and name in ids:
            raise _refusal(where, f"element {tag.name} with an id that stands twice")
        ids.add(name)
    for name in ("body", *PLACES):
        if names.count(name) != 1:
            raise _refusal(place, f"element {name} stands {names.count(name)} times, not once")


def check_picture(svg: str, place: str) -> None:
    """Refuse a picture that could do more than be looked at.

    Parameters
    ----------
    svg : str
        The SVG.
    place : str
        Named in the message.

    Raises
    ------
    ReleaseError
        Naming place, element and attribute; never the content.
    """
    if re.search(r"<[?!]", re.sub(r"<!--.*?-->", "", svg, flags=re.S)):
        raise _refusal(place, "a picture with declarations or instructions")
    try:
        root: Element = fromstring(svg, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise _refusal(place, "a picture that is no well-formed SVG") from None
    if root.tag != f"{SVG}svg":
        raise _refusal(place, "a picture that is no SVG")
    for item in root.iter():
        name = str(item.tag).rpartition("}")[2]
        if item.tag not in DRAWN:
            raise _refusal(place, f"a picture with element {name}")
        if name == "style" and not _is_harmless(item.text or ""):
            raise _refusal(place, "a picture with a style sheet that fetches")
        for key, value in item.attrib.items():
            if key not in STROKES or not _is_drawing(key, value):
                raise _refusal(place, f"a picture with {name}, attribute {key.rpartition('}')[2]}")


def _check_head(text: str, css: str, place: str) -> None:
    """Permit one head only: the policy before all else, a title of plain text, the style sheet."""
    rest = text.removeprefix("<!DOCTYPE html>")
    found = "".join(str(piece) for piece in _pieces(rest, f"{place}, head") if str(piece).strip())
    begun = "".join(HEAD).replace("{policy}", policy(css))
    closed = f"</title><style>{_styled(css)}</style><script>{SCRIPT}</script></head>"
    wanted = f"{re.escape(begun)}<title>[^<]*{re.escape(closed)}"
    if rest == text or not re.fullmatch(wanted, found):
        raise _refusal(f"{place}, head", "policy, metadata or style sheet are not the house's own")


def _checked(
    text: str, permitted: Mapping[str, frozenset[str]], place: str, opened: list[str]
) -> Iterator[tuple[Tag, str]]:
    """Yield each opening tag with its place; refuse what is not permitted or not nested."""
    for tag in _pieces(text, place):
        if isinstance(tag, str):
            continue
        where = ", ".join([place, *(name for name in opened if name in PLACES)])
        if tag.closing:
            if not opened or opened.pop() != tag.name:
                raise _refusal(where, f"element {tag.name} is closed where it was not opened")
            continue
        if tag.name not in permitted:
            raise _refusal(where, f"element {tag.name}")
        if tag.name != "math" and (tag.name in FORMULA) != ("math" in opened):
            raise _refusal(where, f"element {tag.name} in or outside a formula")
        for name, value in tag.given:
            if name not in permitted[tag.name] or not re.fullmatch(VALUES[name], value):
                raise _refusal(where, f"element {tag.name}, attribute {name}")
        if len(dict(tag.given)) < len(tag.given):
            raise _refusal(where, f"element {tag.name} with an attribute given twice")
        if tag.name not in VOID:
            opened.append(tag.name)
        yield tag, where
    if opened:
        raise _refusal(place, f"element {opened[-1]} is not closed")


def _pieces(text: str, place: str) -> Iterator[Tag | str]:
    """Yield tags and the texts between them; whatever is neither is refused."""
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if not piece or (piece["end"] and piece["given"]):
            raise _refusal(place, "something that is neither text nor a plain tag")
        position = piece.end()
        found = _ATTRIBUTE.findall(piece["given"] or "")
        given = tuple((name, value) for name, _, value in found)
        yield Tag(piece["name"], given, bool(piece["end"])) if piece["name"] else piece[0]


def _check_embedded(source: str, place: str) -> None:
    try:
        svg = base64.b64decode(source.removeprefix(PICTURE), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _refusal(place, "a picture that cannot be read") from None
    check_picture(svg, place)


def _is_drawing(key: str, value: str) -> bool:
    """Whether an attribute only draws: references stay inside the picture."""
    if key == LINK + "href":
        return bool(re.fullmatch(r"#[A-Za-z0-9_.-]+", value))
    return value == DRAWN_IN if key == RDF + "resource" else _is_harmless(value)


def _is_harmless(text: str) -> bool:
    """Whether a style or attribute fetches nothing: no address, no escape, no at-rule."""
    rest = re.sub(r"url\(#[A-Za-z0-9_.-]+\)", "", text)
    return bool(re.fullmatch(r"[\w\s#.,:;()%+*{}/-]*", rest)) and "url(" not in rest.lower()


def _styled(css: str) -> str:
    return f"\n{css}\n"


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


def _refusal(place: str, what: str) -> ReleaseError:
    return ReleaseError(
        f"{place}: {what}; a page holds text and the house's own markup only, "
        "so show what evaltools.release returns and write prose as Markdown without HTML"
    )
