from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_samples import texts
from evaltools.codings.counting import READINGS, STANDARD, Reading, Text
from evaltools.codings.readings import Selections, choose

PLAIN = "Erste Zeile – 🙂 lächelt\nZweite Zeile mit Säulen\nDritte Zeile am Schluß\n"
WORDS = ("Erste Zeile", "lächelt", "Zweite Zeile mit", "Säulen\nDritte", "am Schluß")


def counted(text: str, reading: Reading, *, bom: bool) -> list[int]:
    """Where each character begins, and the text ends, counted one by one."""
    places, at = [], int(reading.first == "one" or (reading.first == "bom" and bom))
    for sign in text.replace("\r\n", "\r"):
        places.append(at)
        size = {"points": 1, "utf16": len(sign.encode("utf-16-le")) // 2}.get(reading.unit)
        at += len(sign.encode()) if size is None else size
        if sign in "\r\n":
            at += {"file": int(sign == "\r"), "lf": 0, "crlf": 1}[reading.newline]
    return [*places, at]


def exported(
    reading: Reading, raw: str = PLAIN, *, bom: bool = True, words: Sequence[str] = WORDS
) -> Selections:
    """Selections as a program writes them that counts in that way; the names are the words."""
    plain, places = raw.replace("\r\n", "\n"), counted(raw, reading, bom=bom)
    spans = [(plain.index(part), plain.index(part) + len(part)) for part in words]
    starts = np.array([places[start] for start, _ in spans])
    ends = np.array([places[end] for _, end in spans]) - reading.inclusive
    return Selections(Text(raw, bom), starts, ends, list(words))


def renamed(group: Selections, names: Sequence[str]) -> Selections:
    return Selections(group.text, group.starts, group.ends, names)


def read(reading: Reading, group: Selections) -> list[str]:
    starts, ends = reading.spans(group.text, group.starts, group.ends)
    return [group.text.plain[s:e] for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize("raw", [PLAIN, PLAIN.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_every_way_of_counting_is_found_by_the_names(reading: Reading, raw: str) -> None:
    group = exported(reading, raw)
    chosen, problems = choose([group])
    assert read(chosen, group) == list(WORDS)
    standard = read(STANDARD, group) == list(WORDS)
    assert [problem.rule for problem in problems] == ([] if standard else ["offsets"])


@settings(max_examples=60)
@given(texts, st.sampled_from(READINGS), st.booleans(), st.data())
def test_counting_agrees_with_counting_one_by_one(
    text: str, reading: Reading, bom: bool, data: st.DataObject
) -> None:
    raw = text.replace("\n", data.draw(st.sampled_from(("\n", "\r\n"))))
    places = np.array(counted(raw, reading, bom=bom))
    starts, ends = reading.spans(Text(raw, bom), places, places - reading.inclusive)
    assert starts.tolist() == ends.tolist() == list(range(len(text) + 1))


def test_a_position_within_a_line_end_is_taken_for_its_beginning() -> None:
    starts, _ = STANDARD.spans(Text("a\r\nb"), np.array([2]), np.array([3]))
    assert starts.tolist() == [1]


def test_labels_contradict_nothing() -> None:
    group = renamed(exported(STANDARD), [f"Zitat {n}" for n in range(5)])
    assert choose([group]) == (STANDARD, [])


def test_labels_do_not_hide_shifted_positions() -> None:
    group = exported(Reading(newline="crlf"))
    mixed = renamed(group, [*WORDS[:2], "Zitat 3", *WORDS[3:]])
    assert choose([mixed])[0] == Reading(newline="crlf")


def test_without_names_the_standard_is_kept() -> None:
    group = renamed(exported(Reading(newline="crlf")), [""] * 5)
    assert choose([group]) == (STANDARD, [])


def test_a_short_name_proves_nothing() -> None:
    group = exported(Reading(first="one"), words=("mit", "am"))
    assert choose([group])[0] == STANDARD


def test_a_reading_that_leaves_one_text_unexplained_is_refused() -> None:
    shifted, plain = exported(Reading(newline="crlf")), exported(STANDARD)
    reading, problems = choose([shifted, plain])
    assert reading == STANDARD
    assert "keine Zählweise erklärt alle" in problems[0].message


def test_words_that_stand_elsewhere_forbid_another_reading() -> None:
    group = exported(Reading(newline="crlf"))
    names = [*WORDS[:4], "Zweite Zeile mit Säulen"]
    reading, problems = choose([renamed(group, names)])
    assert reading == STANDARD
    assert problems


def test_words_that_stand_elsewhere_are_counted() -> None:
    group = renamed(exported(STANDARD), ["Zweite Zeile mit Säulen", *WORDS[1:]])
    reading, problems = choose([group])
    assert reading == STANDARD
    assert problems[0].message.startswith("Bei 1 Textstellen")


def test_two_readings_that_differ_elsewhere_leave_the_standard() -> None:
    raw = "abcdefgh abcdefgh abcdefgh\n🙂 Schluss und Ende"
    # One more before "bcdefgh a": a byte order mark or counting from 1; they part in the second.
    marked = Selections(Text(raw, True), np.array([2]), np.array([11]), ["bcdefgh a"])
    bare = Selections(Text(raw, False), np.array([2]), np.array([11]), [""])
    reading, problems = choose([marked, bare])
    assert reading == STANDARD
    assert "mehrere andere Zählweisen" in problems[0].message


def test_names_that_were_cut_are_compared_as_far_as_they_go() -> None:
    raw = "".join(f"Satz {n}: Das ist ein ziemlich langer Satz ohne Ziel.\n" for n in range(6))
    words = tuple(line for line in raw.splitlines())
    group = exported(Reading(newline="crlf"), raw, words=words)
    for names in ([line[:25] for line in words], [f"{line[:20]}…" for line in words]):
        assert choose([renamed(group, names)])[0] == Reading(newline="crlf")


def test_blanks_in_names_may_differ() -> None:
    group = exported(Reading(newline="crlf"))
    names = [" ".join(part.split()) for part in WORDS]
    assert choose([renamed(group, names)])[0] == Reading(newline="crlf")
