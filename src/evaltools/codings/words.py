"""Find words in a text whatever their case, and cut around them without tearing a word apart."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from evaltools.errors import DataError

_FLAGS = range(0x1F1E6, 0x1F200)
_JOINER = "\u200d"
# What changes the sign before it: skin tones, and the letters that make a flag of a region.
_CHANGES = (range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080))


def find(text: str, word: str, *, whole: bool = False) -> list[tuple[int, int]]:
    """Find a word or phrase, in upper or lower case, composed or decomposed; ``ß`` is ``ss``.

    Parameters
    ----------
    text : str
        Where to look.
    word : str
        What to find; every sign means itself, and a space any white space.
    whole : bool, optional
        Whether no letter or digit may stand right before or after it.

    Returns
    -------
    list of (int, int)
        Start and end in `text` as it is given, half-open and not overlapping.

    Raises
    ------
    DataError
        When the word is empty.
    """
    parts = [unicodedata.normalize("NFD", part.casefold()) for part in word.split()]
    if not parts:
        raise DataError("the word to look for is empty; give at least one letter")
    pattern = re.compile(r"\s+".join(map(re.escape, parts)))
    folds = {ord(sign): unicodedata.normalize("NFD", sign.casefold()) for sign in set(text)}
    folded = text.translate(folds)
    found = pattern.search(folded)
    starts = _starts(text, folds) if found else np.zeros(1)
    hits = []
    while found:
        low, high = (int(place) for place in np.searchsorted(starts, found.span()))
        # Half of an ß or of an umlaut is no place where a word begins or ends.
        fits = starts[low] == found.start() and starts[high] == found.end()
        fits = fits and unbroken(text, low) and unbroken(text, high)
        if fits and not (whole and _goes_on(text, low, high)):
            hits.append((low, high))
            found = pattern.search(folded, found.end())
        else:
            found = pattern.search(folded, found.start() + 1)
    return hits


def window(text: str, start: int, end: int, *, before: int, after: int) -> tuple[int, int]:
    """Return from where to where to show a passage with its surroundings, cut between words.

    A word longer than the surroundings is cut, too, but no sign of several code points is.

    Parameters
    ----------
    text : str
        The whole text.
    start, end : int
        The passage, half-open.
    before, after : int
        How many characters to show around it at most.
    """
    low, high = max(0, start - max(before, 0)), min(len(text), end + max(after, 0))
    if 0 < low < start and not text[low - 1].isspace():
        begun = re.match(r"\S*\s", text[low:start])
        low += begun.end() if begun else 0
    if end < high < len(text) and not text[high].isspace():
        kept = re.match(r".*\s", text[end:high], re.DOTALL)
        high = end + kept.end() if kept else high
    while low < start and not unbroken(text, low):
        low += 1
    while high > end and not unbroken(text, high):
        high -= 1
    return low, high


def unbroken(text: str, place: int) -> bool:
    """Tell whether a text can be cut here without tearing a sign of several code points apart.

    The common part of the rules of Unicode Standard Annex 29: combining marks, joined and toned
    emoji, flags, line ends.
    """
    if not 0 < place < len(text):
        return True
    last, here = text[place - 1], text[place]
    if unicodedata.category(here).startswith("M") or _JOINER in (last, here):
        return False
    if any(ord(here) in changes for changes in _CHANGES) or (last, here) == ("\r", "\n"):
        return False
    if ord(here) in _FLAGS:
        begun = place
        while begun and ord(text[begun - 1]) in _FLAGS:
            begun -= 1
        return (place - begun) % 2 == 0
    return True


def _starts(text: str, folds: dict[int, str]) -> np.ndarray:
    """Return where each sign of the text begins in the folded text, and where that ends."""
    widths = np.ones(max(folds) + 1, dtype="int64")
    widths[list(folds)] = [len(fold) for fold in folds.values()]
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return np.concatenate([[0], np.cumsum(widths[points])])


def _goes_on(text: str, low: int, high: int) -> bool:
    return text[max(low - 1, 0) : low].isalnum() or text[high : high + 1].isalnum()
