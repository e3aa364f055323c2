"""The last look for names: no file of a page may hold one of the study's pseudonym list."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from evaltools.codings import pseudonyms
from evaltools.errors import ReleaseError

_STYLE = re.compile(r"<(style|script)>.*?</\1>", re.S)
_SPOKEN = re.compile(r'(?:alt|aria-label|title)="([^"]*)"')
_INLINE = re.compile(r"</?(?:em|strong|span|code|del|a)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def check(contents: Mapping[str, bytes], names: Mapping[str, str]) -> None:
    """Refuse files that hold a name that has to be replaced.

    HTML is read with its attributes (texts of pictures stand there) and without its style sheet;
    workbooks hold the same texts as the CSV files beside them.

    Parameters
    ----------
    contents : mapping of str to bytes
        Files of a page by path.
    names : mapping of str to str
        Name → replacement; nothing is checked when it is empty.

    Raises
    ------
    ReleaseError
        Naming the file and the row of the list; never the name.
    """
    if not names:
        return
    known = [(row, pseudonyms.names({name: ""})) for row, name in enumerate(names, start=1)]
    everything = pseudonyms.names(dict.fromkeys(names, ""))
    for path, data in contents.items():
        if path.endswith(".xlsx"):
            continue
        text = _words(data.decode("utf-8"), markup=path.endswith(".html"))
        if pseudonyms.hits(text, everything):
            rows = [str(row) for row, single in known if pseudonyms.hits(text, single)]
            raise ReleaseError(
                f"{path.rpartition('/')[2]}: holds the names of entry {', '.join(rows)} of the "
                "pseudonym list; take them out of the study file, the table of interviews or the "
                "area names, or correct the list"
            )


def _words(text: str, *, markup: bool) -> str:
    if not markup:
        return text
    page = _STYLE.sub(" ", text)
    spoken = _SPOKEN.findall(page)
    return html.unescape("\n".join([*spoken, _TAG.sub(" ", _INLINE.sub("", page))]))
