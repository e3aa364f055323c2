"""Marks an output as handed out by the release room; a page shows nothing without the mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

MARK = "evaltools"
Bundle = tuple[dict[str, str], dict[str, Any]]
Printed = str | int | float


def bundle(mime: str, content: str, words: Mapping[str, str] | None = None) -> Bundle:
    """Make a marked output for Jupyter.

    Parameters
    ----------
    mime : str
        Type of the content.
    content : str
        The content.
    words : mapping of str to str, optional
        Text alternative and caption, as the template reads them.
    """
    return {mime: content}, {MARK: {"released": True}, mime: dict(words or {})}


@dataclass(frozen=True)
class Sheet:
    """What a table prints, for a file: no digit more than the page shows.

    Attributes
    ----------
    caption : str
        The table's caption.
    headings : tuple of str
        One a column, with its unit in brackets.
    digits : tuple of (int or None)
        Printed digits after the comma; None in a column of texts.
    rows : tuple of tuple of (str or int or float)
        Numbers as printed, exact zeros as 0, texts, and the marks ``•`` and ``k. A.``.
    notes : tuple of str
        What the marks mean, and the source line.
    """

    caption: str
    headings: tuple[str, ...]
    digits: tuple[int | None, ...]
    rows: tuple[tuple[Printed, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Prose:
    """Plain sentences; shown as one escaped paragraph each, or as a list."""

    sentences: tuple[str, ...]
    listed: bool = False

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        tag = "li" if self.listed else "p"
        inner = "\n".join(f"<{tag}>{escape(text)}</{tag}>" for text in self.sentences)
        html = f"<ul>\n{inner}\n</ul>" if self.listed else inner
        return bundle("text/html", html)


@dataclass(frozen=True)
class Board:
    """Results that the index shows: claim number → verdict; carried as output metadata."""

    verdicts: Mapping[str, str]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        data, words = bundle("text/html", "")
        words[MARK]["verdicts"] = dict(self.verdicts)
        return data, words


def prose(*sentences: str, listed: bool = False) -> Prose:
    """Show sentences in a report; empty ones are left out."""
    return Prose(tuple(text for text in sentences if text), listed)
