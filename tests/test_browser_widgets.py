"""The filters of the researcher's notebook, moved by hand; a page shows their still side only."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

import voice_samples as samples
from evaltools.release.browser import browser
from evaltools.release.browser_tabs import MOST, table
from evaltools.release.display import MARK, prose

STILL = prose("Kein Zitat ist freigegeben.")


def made() -> tuple[dict[str, Any], Any]:
    documents = dict(samples.DOCUMENTS) | {"e": ("Runde", "SR03", 4, "<b>Fett</b> & böse.")}
    shown = browser(samples.material(documents), samples.study(), samples.TABLES, STILL)
    parts: dict[str, Any] = {}
    for item in shown.panel.children[0].children:
        for control in getattr(item, "children", (item,)):
            parts[control.description or f"html{len(parts)}"] = control
    return parts, shown


def listed(parts: dict[str, Any]) -> list[str]:
    return [label for label, _ in parts["Stellen"].options]


def test_filters_narrow_the_list_and_open_a_segment_in_its_context() -> None:
    parts, _ = made()
    assert len(listed(parts)) == 5
    parts["Gruppe"].value = "Runde"
    assert len(listed(parts)) == 3
    parts["Raum"].value = "SR01"
    assert listed(parts) == ["Gespräch b: Hier ist weniger los als früher."]
    parts["Wörter"].value = "nirgends"
    assert listed(parts) == []
    parts["Wörter"].value = "FRÜHER"
    context = next(
        part for part in parts.values() if isinstance(part, widgets.HTML) and "mark" in part.value
    )
    assert "Hier ist weniger los" in context.value and "Bedarfe &gt; Planung" in context.value


def test_a_code_means_all_codes_below_it() -> None:
    parts, _ = made()
    parts["Code"].value = "1"
    assert len(listed(parts)) == 5


def test_words_of_an_interview_are_never_markup() -> None:
    parts, _ = made()
    parts["Wörter"].value = "böse"
    shown = [part.value for part in parts.values() if isinstance(part, widgets.HTML)]
    assert not any("<b>" in text for text in shown)
    assert any("&lt;b&gt;Fett" in text for text in shown)


def test_a_page_gets_the_released_side_and_jupyter_the_widgets() -> None:
    _, shown = made()
    data, words = shown._repr_mimebundle_()
    assert words[MARK]["released"]
    assert data["text/html"] == STILL._repr_mimebundle_()[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_other_tabs_find_words_and_say_what_coders_disagree_on() -> None:
    _, shown = made()
    assert [*shown.panel.titles] == ["Stellen", "Wörter", "Uneinigkeiten", "Beim Lesen bemerkt"]
    asked, lines = shown.panel.children[1].children
    asked.value = "BÖSE"
    assert "&lt;b&gt;Fett" in lines.value and "<b>" not in lines.value
    asked.value = " "
    assert lines.value == ""
    assert "zwei" in shown.panel.children[2].value  # only one person coded
    assert "Nichts gefunden" in shown.panel.children[3].value


def test_a_long_table_says_that_it_is_cut() -> None:
    frame = pd.DataFrame({"a": [f"<{number}>" for number in range(MOST + 1)]})
    shown = table(frame, ("a",), ("A",))
    assert f"Gezeigt sind {MOST} von {MOST + 1} Zeilen" in shown
    assert "&lt;0&gt;" in shown
