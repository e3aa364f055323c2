"""Names leave a project in every form in which people write them, and offsets follow."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coding_samples as samples
from evaltools.codings.model import COLUMNS, build
from evaltools.codings.pseudonyms import hits, names, pseudonymise, replaced
from evaltools.errors import DataError

LIST = {
    "Anna Müller": "[Person 1]",
    "Müller": "[Person 1]",
    "Gänseweg": "[Straße]",
    "Kita Tal": "[Kita]",
}
KNOWN = names(LIST)


@pytest.mark.parametrize(
    "text",
    [
        "Frau Müller sagt",
        "MÜLLER",
        "müllers Büro",
        "Mueller",
        unicodedata.normalize("NFD", "Müller"),
        "Mül\u00adler",
        "Mü\u200bller",
        "Mü\u200eller",
        "\u202aMüller\u202c",
        "Mül\ufe0fler",
        "Mül-\nler",
        "Mül-  \n  ler",
        "Müller1:",
        "Müller-Lüdenscheidt",
        "(Müller)",
        "Herr_Müller",
        "Müllerin",
        "Müllern",
        "Müllerstraße",
        "im Gänsewegs",
        "Gänsewegfest",
        "Kita Tal",
        "Kita\nTal",
        "Kita\xa0Tal",
        "Kita-Tal",
        "Kita »Tal«",
    ],
)
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    assert hits(text, KNOWN), text
    rest = replaced(text, KNOWN)
    assert not hits(rest, KNOWN)
    assert "ller" not in rest.casefold()


@pytest.mark.parametrize("text", ["Mühle", "Kita im Tal", "Talent", "Gans", "die Kita", "Mull"])
def test_other_words_stay(text: str) -> None:
    assert replaced(text, KNOWN) == text


def test_the_longer_name_is_replaced_as_one() -> None:
    assert replaced("Anna Müller und Müllers Kind", KNOWN) == "[Person 1] und [Person 1] Kind"


def test_a_short_name_is_not_found_in_longer_words() -> None:
    known = names({"Tal": "[Ort]"})
    assert replaced("Tal, Tals, Talent, Talstraße", known) == "[Ort], [Ort], Talent, Talstraße"


def test_a_list_that_would_leave_a_name_is_refused_without_telling_it() -> None:
    with pytest.raises(DataError) as told:
        names({"Müller": "Frau Maier", "Maier": "X"})
    assert "Maier" not in str(told.value)
    with pytest.raises(DataError, match="no letters"):
        names({" – ": "X"})


def test_a_part_of_a_longer_word_that_is_no_name_stays() -> None:
    text = "Die Ottomane steht da."
    rows = [("s", "d", 4, 8, "Otto", None, None)]
    tables = {"documents": [("d", "D", None, None, text, None)], "segments": rows}
    made = pseudonymise(build(samples.ORIGIN, tables), {"Otto": "[P]"})
    assert made.segments["text"].to_list() == ["Otto"]
    assert made.documents["text"].to_list() == [text]


def test_segments_follow_the_replaced_text() -> None:
    text = "Frau Müller wohnt im Gänseweg bei Müllers."
    parts = ("Frau Müller wohnt", "ller wohnt im Gän", "wohnt", "bei Müll", "Müllers.")
    rows = []
    for number, part in enumerate(parts):
        start = text.rindex(part)
        rows.append((str(number), "d", start, start + len(part), part, None, None))
    project = build(
        samples.ORIGIN,
        {
            "documents": [("d", "Müllers Gespräch", "Kita Tal", None, text, None)],
            "codes": [("c", "Müller", None, None, "#112233", "über Müller", True)],
            "segments": rows,
        },
    )
    made = pseudonymise(project, LIST)
    assert made.documents["text"][0] == "Frau [Person 1] wohnt im [Straße] bei [Person 1]."
    assert made.segments["text"].to_list() == [
        "Frau [Person 1] wohnt",
        "[Person 1] wohnt im [Straße]",
        "wohnt",
        "bei [Person 1]",
        "[Person 1].",
    ]
    assert made.documents["name"][0] == "[Person 1] Gespräch"
    assert made.documents["group"][0] == "[Kita]"
    assert made.codes["path"][0] == "[Person 1]"
    assert made.codes["memo"][0] == "über [Person 1]"
    assert project.documents["text"][0] == text


@settings(max_examples=12)
@given(samples.projects(), st.sampled_from(["Hilfe", "Zeit", "Planung", "a"]))
def test_no_table_keeps_a_name_and_nothing_else_changes(project: object, name: str) -> None:
    made = pseudonymise(project, {name: "[N]"})  # type: ignore[arg-type]
    known = names({name: "[N]"})
    for table in COLUMNS:
        shown = made.table(table).drop(columns=[c for c in COLUMNS[table] if c.endswith("_id")])
        for column in shown.columns[shown.dtypes == "string"]:
            part = (table, column) == ("segments", "text")  # may cut a longer word
            if not part and column not in ("color", "type", "owner", "created"):
                assert not any(hits(text, known) for text in shown[column].dropna())
    samples.same(pseudonymise(project, {}), project)  # type: ignore[arg-type]
