"""The mark of the release room, sentences and the board."""

from __future__ import annotations

from evaltools.release.display import MARK, Board, bundle, prose
from release_samples import PAYLOAD


def test_bundle_carries_the_mark_and_the_words() -> None:
    data, metadata = bundle("image/svg+xml", "<svg/>", {"alt": "a"})
    assert data == {"image/svg+xml": "<svg/>"}
    assert metadata == {MARK: {"released": True}, "image/svg+xml": {"alt": "a"}}


def test_sentences_become_escaped_paragraphs() -> None:
    data, metadata = prose("Eins.", "", PAYLOAD)._repr_mimebundle_()
    html = data["text/html"]
    assert html.count("<p>") == 2
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert metadata[MARK]["released"]


def test_list_has_one_item_a_sentence() -> None:
    html = prose("Eins.", "Zwei.", listed=True)._repr_mimebundle_()[0]["text/html"]
    assert html.startswith("<ul>")
    assert html.count("<li>") == 2


def test_board_shows_nothing_and_carries_verdicts() -> None:
    data, metadata = Board({"2": "gestützt"})._repr_mimebundle_()
    assert data == {"text/html": ""}
    assert metadata[MARK] == {"released": True, "verdicts": {"2": "gestützt"}}
