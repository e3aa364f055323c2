"""Small projects coded by several people, written as rows of (coder, code, document, position)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaltools.codings.model import Origin, Project, build

ORIGIN = Origin("test", "rows", "test.qdpx")
CODES = ("bedarf", "netz", "praxis")


def project(
    codings: Iterable[tuple[str, str, str, int, int]], texts: Mapping[str, str | None]
) -> Project:
    """Project of (coder, code, document, start, end); a text of None has paragraphs only."""
    codings = [*codings]
    coders = dict.fromkeys(row[0] for row in codings)
    segments, rows = [], []
    for at, (coder, code, doc, start, end) in enumerate(codings):
        text = texts[doc]
        words = f"Absatz {start}" if text is None else text[start:end]
        place = (None, None, words, start, end) if text is None else (start, end, words, None, None)
        segments.append((f"s{at}", doc, *place))
        rows.append((f"c{at}", f"s{at}", doc, code, coder, None, None))
    tables = {
        "documents": [(doc, f"Doc {doc}", None, None, text, None) for doc, text in texts.items()],
        "codes": [(code, code.title(), None, None, None, None, True) for code in CODES],
        "coders": [(coder, coder.title()) for coder in coders],
        "segments": segments,
        "codings": rows,
    }
    return build(ORIGIN, tables)
