"""Replace names of persons, streets and institutions, and find any that are left.

A name is found as whole words, whatever its case, with or without umlauts spelt out, with soft
hyphens and combining marks inside, with an ending (``Meiers``), and, from six letters on, at
the beginning of a longer word (``Lindenhoffest``). What is found is replaced as a whole word.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from evaltools.codings.model import COLUMNS, Problem, Project, paths, validate
from evaltools.errors import DataError

LONG_ENOUGH = 6  # letters from which on a name is also found in compounds
ENDINGS = frozenset({"", "s", "es", "n", "en", "ns", "ens", "er", "ern", "in"})
MOVED = ("start", "end", "text")
WIDEST_GAP = 3  # characters that may stand between the words of one name
_WORD = re.compile(r"[^\W\d_]+|\d+")
_BROKEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011]\s*\n\s*(?=[^\W\d_])")
_UNSEEN = ("Mn", "Me", "Cf")  # marks and signs that no reader sees
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_KEPT = frozenset(key for table in COLUMNS.values() for key in table if key.endswith("_id"))


@dataclass(frozen=True)
class Hit:
    """A name found in a text: where it stands and what takes its place."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class Names:
    """The names to look for, by their first word as it is compared."""

    by_word: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    longest: int


def names(mapping: Mapping[str, str]) -> Names:
    """Prepare a list of names with their replacements.

    Parameters
    ----------
    mapping : mapping of str to str
        Name → what is printed in its place.

    Raises
    ------
    DataError
        When a name has no letters, or a replacement holds a name of the list.
    """
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for place, (name, replacement) in enumerate(mapping.items(), start=1):
        words = tuple(folded for _, _, folded in _words(name))
        if not words:
            raise DataError(f"pseudonyms: entry {place} has no letters; mend or remove it")
        found.setdefault(words[0], []).append((words, replacement))
    ordered = {word: tuple(sorted(items, key=_length)) for word, items in found.items()}
    made = Names(ordered, max(map(len, found), default=0))
    for place, replacement in enumerate(mapping.values(), start=1):
        if hits(replacement, made):
            raise DataError(
                f"pseudonyms: the replacement of entry {place} holds a name of the list itself; "
                "choose another one"
            )
    return made


def hits(text: str, known: Names) -> list[Hit]:
    """Find all names in a text, in order, none overlapping another; of two the longer one.

    Parameters
    ----------
    text : str
        Any text; offsets of the hits count its code points.
    known : Names
        From :func:`names`.
    """
    words = _words(text)
    found: list[Hit] = []
    place = 0
    while place < len(words):
        best = _best(words, place, known)
        if best is None:
            place += 1
            continue
        length, replacement = best
        found.append(Hit(words[place][0], words[place + length - 1][1], replacement))
        place += length
    return found


def replaced(text: str, known: Names) -> str:
    """Return a text with all names replaced."""
    return _exchanged(text, hits(text, known))


def pseudonymise(project: Project, mapping: Mapping[str, str]) -> Project:
    """Return the project with all names replaced in every text, name and memo.

    Offsets follow; a segment that began or ended inside a name holds the whole replacement.

    Parameters
    ----------
    project : Project
        Not changed.
    mapping : mapping of str to str
        Name → replacement.

    Raises
    ------
    DataError
        See :func:`names`.
    """
    known = names(mapping)
    found = {
        doc: hits(text, known)
        for doc, text in zip(project.documents["doc_id"], project.documents["text"], strict=True)
        if not pd.isna(text)
    }
    tables = {name: _without_names(project.table(name), known) for name in COLUMNS}
    documents = tables["documents"]
    documents["n_chars"] = documents["text"].str.len().astype("Int64")
    tables["codes"]["path"] = paths(tables["codes"])
    tables["segments"] = _moved(tables["segments"], project.segments, found, documents)
    problems = tuple(
        Problem(item.rule, replaced(item.place, known), replaced(item.message, known))
        for item in project.problems
    )
    origin = tuple(replace(item, file=replaced(item.file, known)) for item in project.origin)
    return validate(Project(**tables, origin=origin, problems=problems))


def _words(text: str) -> list[tuple[int, int, str]]:
    """Cut a text into words: where each stands, and how it is compared.

    Marks and invisible signs, and the hyphen of a word broken at the end of a line, part no word.
    """
    if text.isascii() and "-" not in text:
        return [(hit.start(), hit.end(), hit[0].lower()) for hit in _WORD.finditer(text)]
    broken = {at for hit in _BROKEN.finditer(text) for at in range(*hit.span())}
    seen = [
        at
        for at, sign in enumerate(text)
        if at not in broken and (sign.isascii() or unicodedata.category(sign) not in _UNSEEN)
    ]
    bare = "".join(text[at] for at in seen)
    ends = [*seen[1:], len(text)]
    return [
        (
            seen[hit.start()],
            ends[hit.end() - 1],
            _folded(text[seen[hit.start()] : ends[hit.end() - 1]]),
        )
        for hit in _WORD.finditer(bare)
    ]


def _folded(word: str) -> str:
    composed = unicodedata.normalize("NFKC", word).casefold().translate(_SPELT)
    bare = unicodedata.normalize("NFKD", composed)
    return "".join(sign for sign in bare if sign.isalnum())


def _length(item: tuple[tuple[str, ...], str]) -> int:
    return -sum(map(len, item[0]))


def _best(words: list[tuple[int, int, str]], place: int, known: Names) -> tuple[int, str] | None:
    """Return how many words the longest name here has, with its replacement."""
    first = words[place][2]
    for size in range(min(len(first), known.longest), 0, -1):
        for name, replacement in known.by_word.get(first[:size], ()):
            there = words[place : place + len(name)]
            if _matches(there, name):
                return len(name), replacement
    return None


def _matches(there: list[tuple[int, int, str]], name: tuple[str, ...]) -> bool:
    if len(there) < len(name):
        return False
    gaps = (after[0] - before[1] for before, after in pairwise(there))
    if any(gap > WIDEST_GAP for gap in gaps):
        return False
    *said, last = (word for _, _, word in there)
    if said != list(name[:-1]) or not last.startswith(name[-1]):
        return False
    rest = last.removeprefix(name[-1])
    return rest in ENDINGS or len(name[-1]) >= LONG_ENOUGH


def _exchanged(text: str, found: Iterable[Hit]) -> str:
    pieces, done = [], 0
    for hit in found:
        pieces += [text[done : hit.start], hit.replacement]
        done = hit.end
    return "".join([*pieces, text[done:]])


def _without_names(table: pd.DataFrame, known: Names) -> pd.DataFrame:
    """Replace names in all columns of words; ids, dates and colours hold none."""
    made = table.copy()
    for column in made.columns[made.dtypes == "string"]:
        if column not in _KEPT and column not in ("color", "created", "type", "owner"):
            made[column] = made[column].map(lambda text: replaced(text, known), na_action="ignore")
            made[column] = made[column].astype("string")
    return made


def _moved(
    segments: pd.DataFrame,
    before: pd.DataFrame,
    found: Mapping[str, list[Hit]],
    documents: pd.DataFrame,
) -> pd.DataFrame:
    """Let offsets follow the replaced texts; the segments' own words are cut out anew."""
    texts = dict(zip(documents["doc_id"], documents["text"], strict=True))
    shifts = {doc: _Shift.of(items) for doc, items in found.items()}
    moved = []
    columns = (before[name] for name in ("doc_id", "start", "end"))
    for doc, start, end, words in zip(*columns, segments["text"], strict=True):
        if pd.isna(start) or pd.isna(end) or pd.isna(texts[doc]):
            moved.append((start, end, words))
            continue
        shift = shifts[doc]
        new = shift.at(int(start), end=False), shift.at(int(end), end=True)
        moved.append((*new, texts[doc][new[0] : new[1]]))
    sides = zip(MOVED, zip(*moved, strict=True), strict=False)
    made = {name: list(values) for name, values in sides}
    return segments.assign(**made).astype(dict(COLUMNS["segments"]))


@dataclass(frozen=True)
class _Shift:
    """How places in a text move when names in it are replaced."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sizes: tuple[int, ...]
    before: tuple[int, ...]

    @classmethod
    def of(cls, found: list[Hit]) -> _Shift:
        before = [0]
        for hit in found:
            before.append(before[-1] + len(hit.replacement) - (hit.end - hit.start))
        return cls(
            tuple(hit.start for hit in found),
            tuple(hit.end for hit in found),
            tuple(len(hit.replacement) for hit in found),
            tuple(before),
        )

    def at(self, place: int, *, end: bool) -> int:
        """Return the new place; inside a name it is the replacement's beginning or end."""
        number = bisect_right(self.starts, place - 1) if end else bisect_right(self.starts, place)
        if number and place < self.ends[number - 1]:
            return self.starts[number - 1] + self.before[number - 1] + end * self.sizes[number - 1]
        return place + self.before[number]
