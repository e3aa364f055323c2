"""Ways to count the positions in a text: line ends, byte order mark, units, inclusive ends."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
_NONE: Places = np.empty(0, np.int64)
# Beyond each of these code points a character has one unit more.
_LIMITS: Mapping[str, tuple[int, ...]] = {
    "points": (),
    "utf16": (0xFFFF,),
    "utf8": (0x7F, 0x7FF, 0xFFFF),
}


@dataclass(frozen=True)
class Text:
    """The text of a document as its file holds it.

    Attributes
    ----------
    raw : str
        Decoded, line ends as they are, without byte order mark.
    bom : bool
        Whether the file began with a byte order mark.
    """

    raw: str
    bom: bool = False
    _counted: dict[tuple[str, str], Places] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def plain(self) -> str:
        """The text with LF line ends."""
        return self.raw.replace("\r\n", "\n").replace("\r", "\n")

    def counted(self, newline: str, unit: str) -> Places:
        """Return the counted positions at which a character counts once more than one."""
        if (newline, unit) not in self._counted:
            extra = self.pairs
            if (newline, unit) != ("file", "points"):
                extra = np.sort(np.concatenate([self.wide[newline], self.wide[unit]]))
            self._counted[newline, unit] = extra + np.arange(len(extra))
        return self._counted[newline, unit]

    @cached_property
    def wide(self) -> Mapping[str, Places]:
        """Where the plain text has characters that count more than one, by what counts so.

        A character stands in it once for each more that it counts; ``file`` are line ends of two
        characters, ``crlf`` all line ends, the others the units of :class:`Reading`.
        """
        codes = _codes(self.plain)
        found = {"crlf": np.flatnonzero(codes == 10)}
        for unit, limits in _LIMITS.items():
            more = [np.flatnonzero(codes > limit) for limit in limits]
            found[unit] = np.sort(np.concatenate([*more, _NONE]))
        return found | {"file": self.pairs, "lf": _NONE}

    @cached_property
    def pairs(self) -> Places:
        """Where line ends stand, in the plain text, that are two characters in the file."""
        if "\r\n" not in self.raw:
            return _NONE
        codes = _codes(self.raw)
        found = np.flatnonzero((codes[:-1] == 13) & (codes[1:] == 10))
        return found - np.arange(len(found))


@dataclass(frozen=True)
class Reading:
    """A way to count positions; as it stands by default, it is the standard's.

    Attributes
    ----------
    newline : str
        What a line end counts: ``file`` as it stands there, ``lf`` one, ``crlf`` two.
    first : str
        What the first character's number is: ``zero``, ``bom`` one if a byte order mark stands
        before it, ``one``.
    unit : str
        ``points`` of Unicode, ``utf16`` units or ``utf8`` bytes.
    inclusive : bool
        Whether the end is the last character, not the one after it.
    """

    newline: str = "file"
    first: str = "zero"
    unit: str = "points"
    inclusive: bool = False

    @property
    def deviations(self) -> frozenset[str]:
        """In what it deviates from the standard, in German."""
        return frozenset(
            _NAMED[value]
            for value in (self.newline, self.first, self.unit, self.inclusive)
            if value in _NAMED
        )

    def spans(self, text: Text, starts: Places, ends: Places) -> tuple[Places, Places]:
        """Return where selections lie in the plain text; what lies outside stays outside.

        A position within a character, such as between CR and LF, is taken for its beginning.
        """
        shift = int(self.first == "one" or (self.first == "bom" and text.bom))
        counted = text.counted(self.newline, self.unit)
        begin, end = starts - shift, ends - shift + self.inclusive
        return begin - np.searchsorted(counted, begin), end - np.searchsorted(counted, end)


STANDARD = Reading()
_NAMED: Mapping[str | bool, str] = {
    "lf": "Zeilenenden als ein Zeichen gezählt",
    "crlf": "Zeilenenden als zwei Zeichen gezählt",
    "bom": "Byte-Order-Mark mitgezählt",
    "one": "ab 1 statt ab 0 gezählt",
    "utf16": "UTF-16-Einheiten gezählt",
    "utf8": "UTF-8-Bytes gezählt",
    True: "Ende einschließlich gezählt",
}
_CHOICES = itertools.product(
    ("file", "lf", "crlf"), ("zero", "bom", "one"), ("points", "utf16", "utf8"), (False, True)
)
# Of two that come to the same, the one that deviates less is told.
READINGS = tuple(sorted(itertools.starmap(Reading, _CHOICES), key=lambda one: len(one.deviations)))


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
