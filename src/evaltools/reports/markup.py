"""What a page may hold: its elements, their attributes and values, and those of its pictures.

Links lead into the report itself or to a DOI; they are followed, never loaded. Nothing here could
fetch or run anything. :mod:`evaltools.reports.safe` refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PICTURE = "data:image/svg+xml;base64,"
REFERENCE = (
    r"#[a-z][a-z0-9-]*"
    r"|(?:\.\./)*(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_.-]+\.(?:html|csv|xlsx)(?:#[a-z][a-z0-9-]*)?"
    r"|https://doi\.org/10\.[0-9]{4,9}/[A-Za-z0-9._;()/:-]+"
)
_CLASS = frozenset({"class"})
# MathML Core, as far as formulas of notebooks need it; nothing of it leads anywhere.
FORMULA: dict[str, frozenset[str]] = {
    **dict.fromkeys(("mrow", "mi", "mn", "mtext", "msub", "msup", "msubsup"), frozenset()),
    **dict.fromkeys(("msqrt", "mroot", "mtable", "mtr"), frozenset()),
    "mfrac": frozenset({"linethickness"}),
    **dict.fromkeys(("munder", "mover", "munderover"), frozenset({"accent"})),
    "math": frozenset({"xmlns", "display"}),
    "mi": frozenset({"mathvariant"}),
    "mo": frozenset({"accent", "fence", "form", "movablelimits", "separator", "stretchy"})
    | {"maxsize", "minsize"},
    "mspace": frozenset({"width"}),
    "mtd": frozenset({"columnalign"}),
}
CELL: dict[str, frozenset[str]] = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"), _CLASS),
    **dict.fromkeys(("ul", "li", "dl", "dt", "dd", "span", "em", "strong", "del", "code"), _CLASS),
    **dict.fromkeys(("br", "table", "caption", "thead", "tbody", "tr", "td"), _CLASS),
    "a": frozenset({"class", "href", "title", "download"}),
    "div": frozenset({"class", "role", "tabindex", "aria-label"}),
    "ol": frozenset({"class", "start"}),
    "th": frozenset({"class", "scope"}),
}
PROSE: dict[str, frozenset[str]] = (
    CELL | FORMULA | {"span": frozenset({"class", "role", "tabindex", "aria-label"})}
)
BODY: dict[str, frozenset[str]] = PROSE | {
    **dict.fromkeys(("html", "body", "header", "footer", "figure", "figcaption"), frozenset()),
    "code": frozenset({"class", "lang"}),
    "details": _CLASS,
    "summary": frozenset(),
    "dt": frozenset({"id"}),
    "h2": frozenset({"id"}),
    "img": frozenset({"src", "alt"}),
    "main": frozenset({"id"}),
    "nav": frozenset({"class", "aria-label"}),
}
VALUES: Mapping[str, str] = {
    **dict.fromkeys(("alt", "aria-label", "title"), r"[^<>]*"),
    "class": r"[a-z][a-z0-9 -]*",
    "download": "",
    "href": REFERENCE,
    "lang": "en",
    **dict.fromkeys(("accent", "fence", "movablelimits", "separator", "stretchy"), "true|false"),
    "columnalign": "left|center|right",
    "display": "inline|block",
    "form": "prefix|infix|postfix",
    "linethickness": "0",
    **dict.fromkeys(("maxsize", "minsize"), r"[0-9]{1,2}(?:\.[0-9]{1,4})?em"),
    "mathvariant": "[a-z-]{1,30}",
    "width": r"-?[0-9]{0,2}(?:\.[0-9]{1,4})?em",
    "xmlns": re.escape("http://www.w3.org/1998/Math/MathML"),
    "id": r"[a-z][a-z0-9-]{0,63}",
    "role": "region|group",
    "scope": "col|row",
    "src": re.escape(PICTURE) + "[A-Za-z0-9+/]+={0,2}",
    "start": "[0-9]{1,9}",
    "tabindex": "0",
}
VOID = frozenset({"br", "hr", "img"})
PLACES = ("header", "main", "footer")
SVG, RDF, LINK = (
    "{http://www.w3.org/2000/svg}",
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}",
    "{http://www.w3.org/1999/xlink}",
)
DRAWN = frozenset(
    {RDF + "RDF", "{http://creativecommons.org/ns#}Work"}
    | {"{http://purl.org/dc/elements/1.1/}" + name for name in ("type", "format")}
    | {SVG + name for name in ("svg", "metadata", "defs", "style", "clipPath")}
    | {SVG + name for name in ("g", "path", "use", "rect", "pattern")}
)
STROKES = frozenset(
    {"width", "height", "version", "viewBox", "type", "id", "class", "style", "transform"}
    | {"clip-path", "d", "x", "y", "fill", "patternUnits", LINK + "href", RDF + "resource"}
)
DRAWN_IN = "http://purl.org/dc/dcmitype/StillImage"
