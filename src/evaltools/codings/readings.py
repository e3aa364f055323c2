"""Which way of counting explains the positions of a project's selections.

The standard counts code points of the text as it stands in the file. Programs that write the
selected words beside the positions show that some count otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaltools.codings.counting import READINGS, STANDARD, Places, Reading, Text
from evaltools.codings.model import Problem
from evaltools.german import number

# Shorter names may stand at a place by chance and prove no other way of counting.
CLEAR = 8
# Names cut without a mark are known by their number: this many different ones of equal length.
CUT_NAMES = 3
# Names as long as this that stand in the text are words of it, no labels.
LONG = 20
# Short names that another reading explains, from which on chance is no longer the reason.
MANY = 3
_QUOTES = dict.fromkeys(map(ord, "»«„“”\"'‚‘’›‹"))
ELLIPSES = ("…", "...")


@dataclass(frozen=True)
class Selections:
    """The selections of one document, as the file gives them.

    Attributes
    ----------
    text : Text
        The document's text.
    starts, ends : array of int
        Positions.
    names : sequence of str
        Names of the selections, without blanks around them; many programs write the selected
        words there, others a label.
    """

    text: Text
    starts: Places
    ends: Places
    names: Sequence[str]


Hits = list[set[int]]


def choose(groups: Sequence[Selections]) -> tuple[Reading, list[Problem]]:
    """Choose how the positions of a project are read.

    Another reading than the standard's is taken only if it explains every selection whose name is
    its text under any reading, and the standard's does not. Of several such readings one that
    deviates in part of what another deviates in goes first; two that deviate in different things
    and give different places leave the standard's.

    Parameters
    ----------
    groups : sequence of Selections
        One a document with a text.

    Returns
    -------
    (Reading, list of Problem)
        The reading, and what the researcher must know of it.
    """
    cut = _cut_lengths(groups)
    named = [{at for at, name in enumerate(group.names) if name.strip()} for group in groups]
    sure = _explained(STANDARD, groups, named, cut)
    rest = [every - hits for every, hits in zip(named, sure, strict=True)]
    if not any(rest):
        return STANDARD, []
    found = _others(groups, rest, cut)
    carrying = [set[int]().union(*hits) for hits in zip(*found.values(), strict=True)]
    lost = [every - hits for every, hits in zip(rest, carrying, strict=True)]
    strays = _elsewhere(groups, lost)
    if not _longest(groups, carrying) >= CLEAR:
        short = sum(map(len, carrying))
        told = strays + (short if short >= MANY else 0)
        return STANDARD, [_doubt(told, "er steht an anderer Stelle")] if told else []
    full = [reading for reading, hits in found.items() if hits == carrying and not strays]
    kept = [one for one in full if _explained(one, groups, sure, cut) == sure]
    kept = [one for one in kept if not any(other.deviations < one.deviations for other in kept)]
    count = sum(map(len, carrying))
    if kept and _agree(kept, groups):
        return kept[0], [_accepted(kept[0], count + sum(map(len, sure)))]
    why = "mehrere andere Zählweisen passen" if kept else "keine Zählweise erklärt alle"
    return STANDARD, [_doubt(count + strays, why)]


def _accepted(reading: Reading, count: int) -> Problem:
    how = ", ".join(sorted(reading.deviations))
    text = f"Die Positionen sind anders gezählt als im Standard ({how}); so gelesen stimmen alle "
    text += f"{number(count)} Textstellen, die ihren Wortlaut nennen."
    return Problem("offsets", "", text)


def _doubt(count: int, why: str) -> Problem:
    text = f"Bei {number(count)} Textstellen steht an den Positionen nicht der genannte Wortlaut; "
    text += f"{why}, also wurde nach dem Standard gelesen. Die Stellen im Original prüfen."
    return Problem("offsets", "", text)


def _elsewhere(groups: Sequence[Selections], lost: Hits) -> int:
    """Count long names that stand elsewhere in their text; all others are taken for labels."""
    count = 0
    for group, ats in zip(groups, lost, strict=True):
        long = [name for at in ats if len(name := _bare(group.names[at])) >= LONG]
        whole = _bare(group.text.plain) if long else ""
        count += sum(name in whole for name in long)
    return count


def _bare(text: str) -> str:
    """Leave out what programs change in words: blanks, capitals and the kind of quotation marks."""
    return " ".join(text.translate(_QUOTES).casefold().split())


def _longest(groups: Sequence[Selections], hits: Hits) -> int:
    """Return the length of the longest name among some selections."""
    found = zip(groups, hits, strict=True)
    return max((len(group.names[at]) for group, ats in found for at in ats), default=0)


def _agree(readings: Sequence[Reading], groups: Sequence[Selections]) -> bool:
    """Tell whether readings give the same place for every selection, named or not."""
    for group in groups:
        first, *others = (one.spans(group.text, group.starts, group.ends) for one in readings)
        if not all(np.array_equal(first, other) for other in others):
            return False
    return True


def _explained(
    reading: Reading, groups: Sequence[Selections], wanted: Hits, cut: frozenset[int]
) -> Hits:
    """Return, for each document, the selections whose name is their text under a reading."""
    return [
        _hits(group, ats, reading.spans(group.text, group.starts[ats], group.ends[ats]), cut)
        for group, ats in zip(groups, map(sorted, wanted), strict=True)
    ]


def _others(groups: Sequence[Selections], wanted: Hits, cut: frozenset[int]) -> dict[Reading, Hits]:
    """Return the same for all readings but the standard's; most of them give equal places."""
    found: dict[Reading, Hits] = {reading: [] for reading in READINGS[1:]}
    for group, ats in zip(groups, map(sorted, wanted), strict=True):
        known: dict[tuple[bytes, bytes], set[int]] = {}
        for reading, hits in found.items():
            spans = reading.spans(group.text, group.starts[ats], group.ends[ats])
            key = (spans[0].tobytes(), spans[1].tobytes())
            if key not in known:
                known[key] = _hits(group, ats, spans, cut)
            hits.append(known[key])
    return found


def _hits(
    group: Selections, ats: Sequence[int], spans: tuple[Places, Places], cut: frozenset[int]
) -> set[int]:
    plain, names = group.text.plain, group.names
    return {
        at
        for at, start, end in zip(ats, spans[0].tolist(), spans[1].tolist(), strict=True)
        # Nearly all that differ do so in their first letter; the rest is slow.
        if 0 <= start < end
        and (plain[start : start + 1] == names[at][:1] or plain[start : start + 1].isspace())
        and _same(names[at], plain[start:end], cut)
    }


def _same(name: str, words: str, cut: frozenset[int]) -> bool:
    """Tell whether a name is some words, or their beginning where names were cut off."""
    if name == words:
        return True
    neat, neat_name = " ".join(words.split()), " ".join(name.split())
    if neat == neat_name:
        return True
    stem = next((neat_name.removesuffix(end) for end in ELLIPSES if neat_name.endswith(end)), "")
    is_cut = len(stem.rstrip()) >= CLEAR or len(name) in cut
    return is_cut and neat.startswith((stem or neat_name).rstrip())


def _cut_lengths(groups: Sequence[Selections]) -> frozenset[int]:
    """Return the lengths at which names were cut off: the greatest, and one less for a blank."""
    lengths = Counter(len(name) for name in {name for group in groups for name in group.names})
    longest = max(lengths, default=0)
    if longest < LONG or lengths[longest] + lengths[longest - 1] < CUT_NAMES:
        return frozenset()
    return frozenset((longest, longest - 1))
