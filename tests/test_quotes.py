"""Only cleared words are quoted, and only as they were cleared."""

from __future__ import annotations

import unicodedata

import pytest

import voice_samples as samples
from evaltools.release.quotes import Quotes, quotes, sentence, shown
from evaltools.release.speakers import voices

TEXT = samples.DOCUMENTS["b"][3]


def found(*clearance: tuple[str | None, str, bool | None, str | None]) -> Quotes:
    material = samples.material(clearance=clearance)
    return quotes(material, voices(material, samples.study(), samples.TABLES, samples.rules()))


def test_a_cleared_quote_is_found_in_its_segment() -> None:
    said = found(("b", TEXT, True, None))
    assert said.cleared[["segment_id", "quote"]].to_numpy().tolist() == [["sb", TEXT]]
    assert (said.unmatched, said.undecided) == (0, 0)


@pytest.mark.parametrize("decision", [False, None])
def test_what_is_not_cleared_is_not_quoted(decision: bool | None) -> None:
    said = found(("b", TEXT, decision, None))
    assert said.cleared.empty
    assert said.undecided == (decision is None)


@pytest.mark.parametrize(
    "quote", ["Hier ist mehr los als früher.", "hier ist weniger los", "", "Das sage nur ich."]
)
def test_other_words_are_not_quoted_and_the_page_says_how_many(quote: str) -> None:
    said = found(("b", quote, True, None))
    assert said.cleared.empty
    assert "und deshalb fehlen: 1." in sentence(said)


@pytest.mark.parametrize(
    "quote",
    [
        f"»{TEXT}«",
        TEXT.replace(" ", "  "),
        TEXT.replace(" ", "\n"),
        unicodedata.normalize("NFD", TEXT),
        TEXT.replace("weniger", "we\u00adni\u200dger"),
        "weniger los als früher",
    ],
)
def test_spaces_marks_and_the_writing_of_umlauts_do_not_matter(quote: str) -> None:
    assert list(found(("b", quote, True, None)).cleared["segment_id"]) == ["sb"]


def test_a_quote_of_an_interview_that_is_not_there_is_not_shown() -> None:
    assert found((None, TEXT, True, None)).cleared.empty
    assert found(("a", TEXT, True, None)).cleared.empty


def test_the_source_stands_beside_a_quote() -> None:
    assert shown("»Ja.«", "Folie 12") == "„Ja.“ (Quelle: Folie 12)"
    assert shown("Ja.", None) == "„Ja.“"
    assert shown("»Versäulung« eben", None) == "„»Versäulung« eben“"
    assert shown("»Ja«, »nein«", None) == "„»Ja«, »nein«“"


def test_what_another_row_does_not_clear_is_not_quoted() -> None:
    said = found(("b", TEXT, True, None), ("b", f"»{TEXT}« ", False, None))
    assert said.cleared.empty and said.denied == 1
    said = found(("b", TEXT, True, None), ("b", "weniger los", False, None))
    assert said.cleared.empty
    said = found(("b", "weniger los", True, None), ("b", TEXT, False, None))
    assert len(said.cleared) == 1, "an excerpt may be cleared where the whole is not"
