"""The sections of a finished page: an address for each heading, and the table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaltools.german import slug

LEAST = 3  # headings from which on a page has a table of contents
OPENED = '<nav class="toc" aria-label="Auf dieser Seite">'
EMPTY = f"{OPENED}</nav>\n"
_BARE = re.compile(r"<h2>(.*?)</h2>", re.S)
_NAMED = re.compile(r'<h2 id="([a-z][a-z0-9-]*)">(.*?)</h2>', re.S)
_TAG = re.compile(r"<[^<>]*>")


def numbered(page: str) -> str:
    """Give each second-level heading an address and fill the table of contents.

    Parameters
    ----------
    page : str
        A finished page; with an empty list of contents where it has one.

    Returns
    -------
    str
        The page; as it was when this was done before.
    """
    taken = {name for name, _ in sections(page)} | {"inhalt"}

    def named(hit: re.Match[str]) -> str:
        base = slug(_TAG.sub("", hit[1])) or "abschnitt"
        base = base if base[0].isalpha() else f"abschnitt-{base}"
        names = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        return f'<h2 id="{name}">{hit[1]}</h2>'

    whole = _BARE.sub(named, page)
    return whole.replace(EMPTY, _contents(list(sections(whole))))


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Yield address and text (escaped, without markup) of each second-level heading."""
    for name, inner in _NAMED.findall(page):
        yield name, _TAG.sub("", inner)


def _contents(found: list[tuple[str, str]]) -> str:
    if len(found) < LEAST:
        return ""
    items = "\n".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in found)
    return (
        f"{OPENED}<details><summary>Auf dieser Seite</summary>\n<ol>\n{items}\n</ol></details>"
        "</nav>\n"
    )
