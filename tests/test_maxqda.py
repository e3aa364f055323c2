"""MAXQDA's table of coded segments: in any language, with columns hidden or moved, never guessed
without a word."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from xlsxwriter import Workbook

from evaltools.codings import maxqda
from evaltools.codings.model import Project
from evaltools.errors import DataError


def headings(text: str) -> list[str]:
    return text.split(",")


GERMAN = headings(
    "Farbe,Kommentar,Dokumentgruppe,Dokumentname,Code,Anfang,Ende,Gewicht,Segment,"
    "Bearbeitet von,Bearbeitet am,Erstellt von,Erstellt am,Fläche,Abdeckungsgrad %"
)
ENGLISH = headings(
    "Color,Comment,Document group,Document name,Code,Beginning,End,Weight score,Segment,"
    "Modified by,Modified,Created by,Created,Area,Coverage %"
)
SPANISH = headings(
    "Color,Comentario,Grupo de documentos,Nombre del documento,Código,Inicio,Final,Peso,Segmento,"
    "Modificado por,Modificado,Creado por,Creado,Área,Cobertura %"
)
FRENCH = headings(
    "Couleur,Commentaire,Groupe de documents,Nom du document,Code,Début,Fin,Poids,Segment,"
    "Modifié par,Modifié le,Créé par,Créé le,Surface,Couverture %"
)
DATE = "12.03.2024 14:05:33"
ROWS = [
    ["", "", "FG", "Planung", "Bedarfe", "2", "3", "0", "Wir steigen\nfrüher ein. 🙂"],
    [
        "",
        "prüfen",
        "FG",
        "Planung",
        "Praxis > Hindernisse",
        "2",
        "3",
        "0",
        "Wir steigen\nfrüher ein. 🙂",
    ],
    ["", "", "FG", "ASD", "Praxis > Hindernisse", "7", "7", "0", "Uns fehlt die Zeit."],
    ["", "", "ER", "ASD", "Bedarfe", "7", "7", "0", "Uns fehlt die Zeit."],
]
BACK = ["Björn", "13.03.2024 08:00:00", "Anna", DATE, "29", "1,25"]
TABLE = [row + BACK for row in ROWS]


def as_csv(path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([headings, *rows])
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return path


def as_xlsx(path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    book = Workbook(path)
    sheet = book.add_worksheet()
    for number, row in enumerate([headings, *rows]):
        for column, cell in enumerate(row):
            if cell.isdigit():
                sheet.write_number(number, column, int(cell))
            else:
                sheet.write_string(number, column, cell)
    book.close()
    return path


def told(project: Project) -> list[tuple[object, ...]]:
    """Return the codings by what they mean, in order."""
    joined = (
        project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
        .merge(project.documents[["doc_id", "name", "group"]], on="doc_id")
        .merge(project.codes[["code_id", "path"]], on="code_id")
        .merge(project.coders.rename(columns={"name": "coder"}), on="coder_id", how="left")
    )
    columns = ["group", "name", "path", "para_start", "para_end", "text", "coder"]
    picked = joined[columns].astype(object)
    return list(picked.where(picked.notna(), None).itertuples(index=False, name=None))


EXPECTED = [(row[2], row[3], row[4], int(row[5]), int(row[6]), row[8], "Anna") for row in ROWS]
STANDING = {"umfang"}


def rules(project: Project) -> set[str]:
    return {problem.rule for problem in project.problems} - STANDING


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize("names", [GERMAN, ENGLISH])
def test_known_headings_are_read_without_a_word(write, names, tmp_path: Path) -> None:
    project = maxqda.read(write(tmp_path / "t.xlsx", names, TABLE))
    assert told(project) == EXPECTED
    assert rules(project) == set()
    assert project.origin[0].program == "MAXQDA"
    assert project.origin[0].format == "Übersicht Codings"
    assert set(project.codings["created"]) == {"2024-03-12T14:05:33"}
    assert project.codings["memo"].tolist()[1] == "prüfen"
    assert project.segments["start"].isna().all()


@pytest.mark.parametrize("names", [SPANISH, FRENCH])
def test_other_languages_are_told_by_place_and_shape_and_put_on_record(
    names: list[str], tmp_path: Path
) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", names, TABLE))
    assert told(project) == EXPECTED
    assert rules(project) == {"spalten"}
    message = next(p.message for p in project.problems if p.rule == "spalten")
    for heading in (names[2], names[3], names[5], names[11]):
        assert f"„{heading}“" in message


def test_who_coded_is_not_guessed_from_three_dates(tmp_path: Path) -> None:
    rows = [[*row, DATE] for row in TABLE]
    project = maxqda.read(as_csv(tmp_path / "t.csv", [*SPANISH, "Visto"], rows))
    assert project.coders.empty
    assert rules(project) == {"spalten", "coder"}


def test_moved_and_hidden_columns_are_found_by_their_headings(tmp_path: Path) -> None:
    order = [8, 4, 3, 11]
    rows = [[row[place] for place in order] for row in TABLE]
    project = maxqda.read(as_csv(tmp_path / "t.csv", [GERMAN[n] for n in order], rows))
    assert [(code, text) for _, _, code, _, _, text, _ in told(project)] == [
        (row[4], row[8]) for row in ROWS
    ]
    assert project.segments["para_start"].isna().all()
    assert project.documents["name"].tolist() == ["Planung", "ASD"]
    assert rules(project) == {"spalten"}


def test_a_foreign_table_without_colour_and_coverage_is_told(tmp_path: Path) -> None:
    picked = slice(2, 13)
    rows = [row[picked] for row in TABLE]
    project = maxqda.read(as_csv(tmp_path / "t.csv", SPANISH[picked], rows))
    assert told(project) == EXPECTED


@pytest.mark.parametrize("lost", [3, 4, 8])
def test_a_table_without_document_code_or_segment_is_refused(lost: int, tmp_path: Path) -> None:
    kept = [name for place, name in enumerate(GERMAN) if place != lost]
    rows = [[cell for place, cell in enumerate(row) if place != lost] for row in TABLE]
    name = {3: "document name", 4: "code", 8: "segment"}[lost]
    if lost == 8:
        rows = [["" if place > 6 else cell for place, cell in enumerate(row)] for row in rows]
    with pytest.raises(
        DataError, match=rf"^t\.csv: no column for {name}.*'Dokumentgruppe'"
    ) as told:
        maxqda.read(as_csv(tmp_path / "t.csv", kept, rows))
    assert "\n" not in str(told.value)


def test_an_unrelated_table_is_refused(tmp_path: Path) -> None:
    rows = [["2019", "Plauen", "12"], ["2020", "Pieschen", "13"]]
    with pytest.raises(DataError, match="no column for document name, code"):
        maxqda.read(as_csv(tmp_path / "t.csv", ["Jahr", "Ort", "Zahl"], rows))


def test_documents_of_one_name_in_two_groups_stay_two(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, TABLE))
    pairs = project.documents[["group", "name"]].to_numpy().tolist()
    assert pairs == [["FG", "Planung"], ["FG", "ASD"], ["ER", "ASD"]]


def test_one_segment_with_two_codes_is_one_segment(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, TABLE))
    assert len(project.codings) == 4
    assert len(project.segments) == 3
    assert project.codings["segment_id"].tolist()[:2] == ["s1", "s1"]


def test_the_same_words_coded_twice_by_one_person_are_two_places(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, [TABLE[0], TABLE[0]]))
    assert len(project.codings) == len(project.segments) == 2
    assert rules(project) == {"doppelt"}


def test_parents_of_paths_become_codes(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, TABLE))
    assert project.codes["path"].tolist() == ["Bedarfe", "Praxis", "Praxis > Hindernisse"]
    assert project.codes["parent_id"].isna().tolist() == [True, True, False]


def changed(**cells: str) -> list[list[str]]:
    row = [cells.get(f"c{place}", cell) for place, cell in enumerate(TABLE[0])]
    return [row, *TABLE[1:]]


def test_backslashes_separate_where_no_arrow_does(tmp_path: Path) -> None:
    rows = [[cell.replace(" > ", "\\") for cell in row] for row in TABLE]
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, rows))
    assert told(project) == EXPECTED
    assert rules(project) == set()


def test_both_separators_are_put_on_record(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, changed(c4="Bedarfe\\Zeit")))
    assert "Bedarfe\\Zeit" in project.codes["name"].tolist()
    assert rules(project) == {"codepfad"}


@pytest.mark.parametrize(
    ("begin", "end"), [("1: 340", "1: 377"), ("00:01:02.5", "00:01:09"), ("4", "3"), ("0", "1")]
)
def test_positions_that_are_no_paragraphs_are_unknown_and_told(
    begin: str, end: str, tmp_path: Path
) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, changed(c5=begin, c6=end)))
    assert pd.isna(project.segments["para_start"].iloc[0])
    assert rules(project) == {"absatz"}


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"c7": "70"}, "gewicht"),
        ({"c12": "3/12/2024 2:05 PM"}, "datum"),
        ({"c8": ""}, "segment"),
        ({"c11": ""}, "coder"),
        ({"c4": ""}, "zeilen"),
    ],
)
def test_what_is_lost_or_open_is_put_on_record(
    cells: dict[str, str], rule: str, tmp_path: Path
) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, changed(**cells)))
    assert rules(project) == {rule}


def test_the_option_names_who_coded_where_the_table_does_not(tmp_path: Path) -> None:
    file = as_csv(tmp_path / "t.csv", GERMAN, changed(c11=""))
    coders = maxqda.read(file, coder="Carla").codings["coder_id"]
    assert maxqda.read(file, coder="Carla").coders["name"].tolist() == ["Carla", "Anna"]
    assert coders.tolist() == ["p1", "p2", "p2", "p2"]


def test_a_live_formula_as_code_is_refused(tmp_path: Path) -> None:
    book = Workbook(tmp_path / "t.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Dokumentname", "Code", "Segment"])
    sheet.write_row(1, 0, ["FG", "=1+1", "Worte"])
    book.close()
    with pytest.raises(DataError, match="cell B2 holds a live formula"):
        maxqda.read(tmp_path / "t.xlsx")


def test_a_text_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    project = maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, changed(c4="=1+1")))
    assert project.codes["name"].tolist()[0] == "=1+1"


def test_a_code_of_endless_levels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 50 levels deep"):
        maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, changed(c4="a > " * 30_000)))


def test_a_number_of_endless_digits_is_no_position(tmp_path: Path) -> None:
    rows = changed(c5="1" * 9_000, c6="2" * 9_000)
    with pytest.raises(DataError, match="no column for"):
        maxqda.read(as_csv(tmp_path / "t.csv", [f"{n}" for n in range(15)], rows[:1]))
    assert rules(maxqda.read(as_csv(tmp_path / "t.csv", GERMAN, rows))) == {"absatz"}
