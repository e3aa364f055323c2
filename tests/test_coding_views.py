"""Tables and figures of the interviews: counts that add up, quotes that are cleared, no names."""

from __future__ import annotations

import pytest

import voice_samples as samples
from evaltools.release import coding_figures, coding_views, coreq
from evaltools.release.display import Prose
from evaltools.release.quotes import Quotes, quotes
from evaltools.release.speakers import Voices, voices
from evaltools.release.tables import HtmlTable

QUOTE = samples.DOCUMENTS["b"][3]
FIELDS = {"Bedarfe": ("1",)}
STUDY = samples.study(dimensions={"Bedarfe": ["Bedarfe"]}, coreq={1: "Wir zwei", 32: " "})


def page(*, intern: bool = False) -> tuple[Voices, Quotes]:
    material = samples.material(
        clearance=[("b", QUOTE, True, None), ("c", "Das sage nur ich.", False, None)], study=STUDY
    )
    found = voices(material, STUDY, samples.TABLES, samples.rules(intern=intern))
    return found, quotes(material, found)


def rows(table: HtmlTable | Prose) -> list[tuple[object, ...]]:
    assert isinstance(table, HtmlTable)
    return list(table.sheet.rows)


def test_the_extent_counts_interviews_people_and_segments_by_block() -> None:
    found, _ = page()
    assert rows(coding_views.extent(found, samples.rules())) == [
        ("Leitung", "Gesamte Stadt", 1, 6, 1),
        ("Runde", "Nord", 1, 4, 1),
        ("weitere Gruppen", "Süd", 2, 6, 2),
    ]


def test_a_code_counts_with_those_below_it_each_segment_once() -> None:
    found, _ = page()
    told = rows(coding_views.codes(found, samples.rules()))
    assert told[0] == ("Bedarfe", 1, 1, 2, 4, 4)
    assert told[1][1:] == told[0][1:]
    assert str(told[1][0]).endswith("Planung")


def test_the_grid_shows_the_cleared_quote_only() -> None:
    found, said = page()
    told = rows(coding_views.grid(found, said, FIELDS, samples.rules()))
    assert (f"„{QUOTE}“" in str(told)) and ("nur ich" not in str(told))
    assert [row[0] for row in told] == ["Gesamte Stadt", "Nord", "Süd"]


def test_the_list_of_quotes_names_group_and_area_but_no_person() -> None:
    found, said = page()
    told = rows(coding_views.quoted(found, said, samples.rules()))
    assert told == [(f"„{QUOTE}“", "Bedarfe › Planung", "Runde", "Nord")]


def test_pages_for_the_office_quote_no_more_than_others() -> None:
    found, said = page(intern=True)
    assert "nur ich" not in str(rows(coding_views.quoted(found, said, samples.rules(intern=True))))
    assert len(rows(coding_views.extent(found, samples.rules(intern=True)))) == 4


def test_without_enough_people_every_view_says_so() -> None:
    material = samples.material({"a": ("Leitung", None, 2, "Ja, aber.")})
    found = voices(material, STUDY, samples.TABLES, samples.rules())
    said = quotes(material, found)
    rules = samples.rules()
    shown = [
        coding_views.extent(found, rules),
        coding_views.codes(found, rules),
        coding_views.grid(found, said, FIELDS, rules),
        coding_views.quoted(found, said, rules),
        coding_views.together(found, rules),
        coding_views.fields(found, FIELDS, rules, caption="X"),
        coding_figures.matrix(found, FIELDS, rules, caption="X"),
        coding_figures.portraits(found, rules),
        coding_figures.code_map(found, rules),
    ]
    assert all(isinstance(item, Prose) and "als 3 Personen teil" in str(item) for item in shown)
    assert "Ja, aber" not in str(shown)


def test_figures_have_words_for_those_who_cannot_see_them() -> None:
    found, _ = page()
    matrix = coding_figures.matrix(found, FIELDS, samples.rules(), caption="Stellen.")
    assert isinstance(matrix, coding_figures.Figure)
    assert "Leitung: Bedarfe 1. Runde: Bedarfe 1. weitere Gruppen: Bedarfe 2." in matrix.alt
    drawn = coding_figures.portraits(found, samples.rules())
    assert isinstance(drawn, coding_figures.Figure)
    assert matrix.title == "Die meisten Stellen: Bedarfe"
    assert "Leitung" in drawn.alt and "Süd" not in drawn.alt  # one of its interviews had one voice


def test_the_notes_count_coders_and_never_name_them() -> None:
    material = samples.material()
    found, _ = page()
    told = " ".join(coding_views.notes(material, found).sentences)
    assert "eine Person hat kodiert" in told and "Karla" not in told


def test_the_checklist_has_32_items_and_says_what_is_missing() -> None:
    told = rows(coreq.checklist(STUDY, samples.material(), samples.rules()))
    assert len(told) == 32
    assert told[0] == ("1. Wer die Gespräche führte", "Forschungsteam und Reflexivität", "Wir zwei")
    assert told[31][2] == "nicht angegeben"
    assert [row[1] for row in told].count("Anlage der Studie") == 15
    assert (told[23][2], told[26][2]) == ("1", "evaltools")
    empty = coreq.checklist(samples.study(), samples.material(), samples.rules())
    assert "keine Angaben" in str(empty)
    assert "Zu 3 von 32 Punkten" in coreq.completeness(STUDY, samples.material()).sentences[0]


@pytest.mark.parametrize("view", [coding_views.fields, coding_figures.matrix])
def test_a_study_without_fields_says_so(view: object) -> None:
    found, _ = page()
    told = view(found, {}, samples.rules(), caption="X")  # type: ignore[operator]
    assert isinstance(told, Prose)
