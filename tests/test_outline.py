"""Headings get an address each, and the list of contents names them all."""

from __future__ import annotations

import re

from evaltools.reports import outline

PAGE = f"<main>{outline.EMPTY}<h2>Überblick &amp; Größe</h2><h2>Verlauf</h2><h2>Verlauf</h2></main>"


def test_addresses_are_readable_and_differ() -> None:
    found = list(outline.sections(outline.numbered(PAGE)))
    assert found == [
        ("ueberblick-amp-groesse", "Überblick &amp; Größe"),
        ("verlauf", "Verlauf"),
        ("verlauf-2", "Verlauf"),
    ]


def test_contents_lead_to_every_section() -> None:
    whole = outline.numbered(PAGE)
    links = re.findall(r'<a href="#([a-z0-9-]+)">', whole)
    assert links == [name for name, _ in outline.sections(whole)]
    assert outline.EMPTY not in whole


def test_a_short_page_has_no_contents() -> None:
    whole = outline.numbered(f"{outline.EMPTY}<h2>Eins</h2><h2>Zwei</h2>")
    assert "nav" not in whole


def test_markup_in_a_heading_stays_out_of_the_contents() -> None:
    whole = outline.numbered(f"{outline.EMPTY}<h2>a</h2><h2><em>b</em> c</h2><h2>2018</h2>")
    assert '<h2 id="b-c"><em>b</em> c</h2>' in whole
    assert '<a href="#b-c">b c</a>' in whole
    assert '<h2 id="abschnitt-2018">2018</h2>' in whole


def test_twice_is_once() -> None:
    whole = outline.numbered(PAGE)
    assert outline.numbered(whole) == whole
