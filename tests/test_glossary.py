"""Terms are marked once, in prose only, and explained when they occur."""

from __future__ import annotations

import re

import pytest

from evaltools.german import slug
from evaltools.reports import glossary


def page(inner: str) -> str:
    return f"{glossary.MAIN}{inner}{glossary.EMPTY}{glossary.END}"


def links(text: str) -> list[str]:
    return re.findall(r'<a class="term" href="#begriff-([a-z0-9-]+)">', text)


def test_first_use_is_marked_and_explained() -> None:
    shown = glossary.explained(page("<p>Der Placebo-Rang zählt. Der Placebo-Rang ist 1.</p>"))
    assert links(shown) == ["placebo-rang"]
    assert shown.count("Placebo-Rang</a> zählt") == 1
    assert '<dt id="begriff-placebo-rang">Placebo-Rang</dt>' in shown


@pytest.mark.parametrize(
    "inner",
    [
        "<h2>Placebo-Rang</h2>",
        "<table><tr><td><p>Placebo-Rang</p></td></tr></table>",
        '<p><a href="#x">Placebo-Rang</a></p>',
        "<p><code>Placebo-Rang</code></p>",
        "<p>Nichtplacebo-Rangfolge</p>",
        "<figure><figcaption>Placebo-Rang</figcaption></figure>",
        '<p class="note">Placebo-Rang</p>',
        '<ul><li><p class="note">Placebo-Rang</p></li></ul>',
    ],
)
def test_elsewhere_nothing_is_marked(inner: str) -> None:
    assert glossary.explained(page(inner)) == page(inner).replace(glossary.EMPTY, "")


def test_text_stays_the_same() -> None:
    inner = "<p>Im Modellraum sinkt die Inanspruchnahmequote <em>ohne</em> Beratung (p = 0,07).</p>"
    shown = glossary.explained(page(inner))
    assert links(shown) == ["modellraum", "inanspruchnahmequote", "p"]
    assert re.sub("<[^>]*>", "", shown.partition("<h2>")[0]) == re.sub("<[^>]*>", "", inner)


def test_twice_is_once() -> None:
    shown = glossary.explained(page("<p>Ein Intervall.</p>"))
    assert glossary.explained(shown) == shown


@pytest.mark.parametrize("term", glossary.TERMS, ids=lambda term: term.name)
def test_a_term_finds_itself(term: glossary.Term) -> None:
    shown = glossary.explained(page(f"<p>Zu {term.name} = siehe unten.</p>"))
    assert slug(term.name) in links(shown)


def test_no_page_without_its_list() -> None:
    assert glossary.explained("<p>Placebo-Rang</p>") == "<p>Placebo-Rang</p>"
