"""Words are found where they stand in the text as given, and texts are cut between words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.codings.words import find, unbroken, window
from evaltools.errors import DataError


def said(text: str, word: str, *, whole: bool = False) -> list[str]:
    return [text[start:end] for start, end in find(text, word, whole=whole)]


def test_case_and_sharp_s_do_not_matter_and_places_are_those_of_the_text() -> None:
    text = "Die Straße, die STRASSE, die Strasse."
    assert find(text, "straße") == [(4, 10), (16, 23), (29, 36)]
    assert find("ßßßAmt", "AMT") == [(3, 6)]


def test_half_a_letter_is_no_find() -> None:
    assert said("Straße", "s") == ["S"]
    assert said("sß", "ss") == ["ß"]
    assert said("mu\u0308de", "u") == []


def test_composed_and_decomposed_umlauts_are_the_same() -> None:
    assert said("Räume und Ra\u0308ume", "räume") == ["Räume", "Ra\u0308ume"]
    assert said("Räume und Ra\u0308ume", "RA\u0308UME") == ["Räume", "Ra\u0308ume"]


def test_whole_words_and_parts() -> None:
    text = "Amt, Jugendamt, Amt-Leitung, Ämter (amt)"
    assert len(find(text, "amt")) == 4
    assert find(text, "amt", whole=True) == [(0, 3), (16, 19), (36, 39)]


def test_signs_mean_themselves() -> None:
    assert find("a.b axb a*", "a.b") == [(0, 3)]
    assert find("a.b axb a*", "a*") == [(8, 10)]
    assert find("(x", "(") == [(0, 1)]


def test_a_space_is_any_white_space() -> None:
    assert said("freie\nTräger, freie  Träger", "freie träger") == [
        "freie\nTräger",
        "freie  Träger",
    ]


def test_nothing_is_no_word() -> None:
    with pytest.raises(DataError, match="empty"):
        find("Text", "  ")


@settings(max_examples=50)
@given(st.text("aAbBc .\n🙂é", max_size=30), st.text("aAb.é🙂", min_size=1, max_size=3))
def test_finds_are_those_of_a_plain_search_where_lengths_never_change(text: str, word: str) -> None:
    plain = [match.span() for match in re.finditer(re.escape(word.lower()), text.lower())]
    assert find(text, word) == plain


def test_texts_are_cut_between_words() -> None:
    text = "Die Planung der offenen Arbeit im Stadtraum"
    start = text.index("offenen")
    low, high = window(text, start, start + 7, before=7, after=9)
    assert text[low:high] == "der offenen Arbeit "
    assert window(text, start, start + 7, before=999, after=999) == (0, len(text))
    assert window(text, start, start + 7, before=-3, after=0) == (start, start + 7)


def test_a_cut_that_falls_between_words_stays() -> None:
    assert window("eins zwei drei", 5, 9, before=5, after=5) == (0, 14)
    assert window("a eins zwei drei b", 7, 11, before=5, after=5) == (2, 16)


@pytest.mark.parametrize("sign", ["e\u0301", "👩\u200d👧", "👍🏽", "🇩🇪", "\r\n", "❤\ufe0f"])
def test_signs_of_several_code_points_are_never_torn(sign: str) -> None:
    text = "x" + sign * 3 + "y"
    whole = {1 + len(sign) * count for count in range(4)} | {0, len(text)}
    assert {place for place in range(len(text) + 1) if unbroken(text, place)} == whole
    for before in range(len(text)):
        low, _ = window(text, len(text) - 1, len(text), before=before, after=0)
        assert low in whole
        _, high = window(text, 0, 1, before=0, after=before)
        assert high in whole
