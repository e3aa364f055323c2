"""Exports of Taguette and QualCoder: what they hold is read, what they lack is said."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from evaltools.codings import exports
from evaltools.codings.model import Project
from evaltools.errors import DataError

HIGHLIGHTS = ["id", "document", "tag", "content"]
BOOK = ["tag", "description", "number of highlights", "number of documents"]


def table(path: Path, *rows: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    return path


def paths(project: Project) -> list[str]:
    joined = project.codings.merge(project.codes[["code_id", "path"]], on="code_id")
    return [str(path) for path in joined["path"]]


def rules(project: Project) -> list[str]:
    return [problem.rule for problem in project.problems]


def test_highlights_of_the_known_project_are_its_codings(shared: Path) -> None:
    folder = shared / "qda"
    project = exports.read_taguette(
        folder / "taguette" / "highlights_all.csv", codebook=folder / "taguette" / "codebook.csv"
    )
    gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    assert (len(project.documents), len(project.segments), len(project.codings)) == (3, 17, 20)
    joined = project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
    joined = joined.merge(project.codes, on="code_id").merge(project.documents, on="doc_id")
    read = Counter(zip(joined["name_y"], joined["name_x"], joined["text_x"], strict=True))
    known = Counter((item["document"], item["code"], item["text"]) for item in gold["codings"])
    assert read - known == Counter({("ER Pieschen", "=1+1", "Die Schere"): 1})
    assert not known - read
    assert project.coders.empty
    assert project.segments["start"].isna().all()
    assert rules(project) == ["umfang"]


def test_highlights_of_one_tag_keep_the_other_tags_of_their_places(shared: Path) -> None:
    project = exports.read_taguette(shared / "qda" / "taguette" / "highlights_Strukturlogiken.csv")
    assert (len(project.segments), len(project.codings)) == (8, 10)


def test_the_codebook_of_the_known_project(shared: Path) -> None:
    project = exports.read_taguette_codebook(shared / "qda" / "taguette" / "codebook.csv")
    assert len(project.codes) == 12
    assert project.codings.empty
    found = dict(zip(project.codes["path"], project.codes["memo"], strict=True))
    assert found["Strukturlogiken > Versäulung"] == "Definition: Strukturlogiken.Versäulung"
    assert found["=1+1"] == "@SUM(A1) injection probe"


@pytest.mark.parametrize("name", ["highlights_all.xlsx", "codebook.xlsx"])
def test_a_tag_that_is_a_live_formula_is_refused(name: str, shared: Path) -> None:
    read = exports.read_taguette if name[0] == "h" else exports.read_taguette_codebook
    with pytest.raises(DataError, match=rf"^{name}: cell [AC]1[36] holds a live formula") as told:
        read(shared / "qda" / "taguette" / name)
    assert "CSV" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_highlight_with_two_tags_is_one_segment(tmp_path: Path) -> None:
    rows = [["4", "FG", "A", "Worte"], ["4", "FG", "B", "Worte"], ["5", "FG", "A", "Worte"]]
    project = exports.read_taguette(table(tmp_path / "h.csv", HIGHLIGHTS, *rows))
    assert project.codings["segment_id"].tolist() == ["s1", "s1", "s2"]


def test_a_row_that_stands_twice_counts_once(tmp_path: Path) -> None:
    row = ["4", "FG", "A", "Worte"]
    project = exports.read_taguette(table(tmp_path / "h.csv", HIGHLIGHTS, row, row))
    assert len(project.codings) == 1
    assert rules(project) == ["umfang", "zeilen"]


def test_a_tag_lies_below_the_longest_other_tag_up_to_a_dot(tmp_path: Path) -> None:
    tags = ["A.B.C", "A", "A.B", "A.Bx", "z.B. Zeit", "A."]
    rows = [[tag, "", "0", "0"] for tag in tags]
    project = exports.read_taguette_codebook(table(tmp_path / "c.csv", BOOK, *rows))
    expected = ["A", "A > B", "A > B > C", "A > Bx", "z.B. Zeit", "A."]
    assert sorted(project.codes["path"]) == sorted(expected)
    assert rules(project) == ["codepfad"]


def test_words_keep_their_spaces(tmp_path: Path) -> None:
    rows = [["1", " FG ", " A ", " Worte\n mit Rand "]]
    project = exports.read_taguette(table(tmp_path / "h.csv", HIGHLIGHTS, *rows))
    assert project.segments["text"].tolist() == [" Worte\n mit Rand "]
    assert project.documents["name"].tolist() == ["FG"]


def test_another_table_is_refused_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^h\.csv: no column tag, content.*'ort'"):
        exports.read_taguette(table(tmp_path / "h.csv", ["id", "document", "ort"], ["1", "a", "b"]))


@pytest.mark.parametrize("tag", ["a." * 60_000, "." * 60_000])
def test_a_tag_of_dots_is_refused(tag: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 50 dots"):
        exports.read_taguette_codebook(table(tmp_path / "c.csv", BOOK, [tag, "", "0", "0"]))


BY_FILE = ["File", "Coder", "Coded", "Id", "Codename", "Coded_Memo"]
BY_CASE = ["Case", "Filename", *BY_FILE[1:]]


def test_a_report_by_file_gives_coders_and_categories(tmp_path: Path) -> None:
    rows = [
        ["FG", "Anna", "Worte", "ctid:1", "Hindernisse", "Notiz", "Praxis", "Dimensionen"],
        ["FG", "Björn", "Worte", "ctid:2", "Hindernisse", "", "Praxis", "Dimensionen"],
        ["FG", "Anna", "Worte", "ctid:3", "Bedarfe", ""],
        ["Bild", "Anna", "image", "imid:1", "Bedarfe", ""],
    ]
    file = table(tmp_path / "r.csv", [*BY_FILE, "Category", "Category"], *rows)
    project = exports.read_qualcoder(file)
    assert paths(project) == ["Dimensionen > Praxis > Hindernisse"] * 2 + ["Bedarfe"]
    assert project.coders["name"].tolist() == ["Anna", "Björn"]
    assert project.codings["memo"].tolist()[0] == "Notiz"
    assert len(project.segments) == 1
    assert project.documents["name"].tolist() == ["FG"]
    assert rules(project) == ["umfang", "medien"]


def test_the_same_words_at_two_places_are_two_segments(tmp_path: Path) -> None:
    rows = [["FG", "Anna", "ja", f"ctid:{n}", "Bedarfe", ""] for n in (1, 2)]
    project = exports.read_qualcoder(table(tmp_path / "r.csv", BY_FILE, *rows))
    assert len(project.segments) == len(project.codings) == 2


def test_variables_stand_under_their_headings_though_categories_are_missing(tmp_path: Path) -> None:
    headings = [*BY_CASE, "Category", "Category", "FileVar_Ort", "CaseVar_Alter"]
    rows = [
        ["P1", "FG", "Anna", "Worte", "ctid:1", "A", "", "Plauen", "40"],
        ["P2", "FG", "Anna", "Worte", "ctid:1", "A", "", "Plauen", "50"],
        ["P2", "ER", "Anna", "Satz", "ctid:2", "B", "", "oben", "Pieschen", "50"],
    ]
    project = exports.read_qualcoder(table(tmp_path / "r.csv", headings, *rows))
    assert paths(project) == ["A", "oben > B"]
    assert project.cases["name"].tolist() == ["P1", "P2"]
    values = project.variables[["owner", "owner_id", "name", "value"]].to_numpy().tolist()
    assert sorted(values) == [
        ["case", "f1", "Alter", "40"],
        ["case", "f2", "Alter", "50"],
        ["document", "d1", "Ort", "Plauen"],
        ["document", "d2", "Ort", "Pieschen"],
    ]


def test_a_report_may_be_a_workbook_but_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "r.xlsx"
    book = Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [*BY_FILE, "Category"])
    sheet.write_row(1, 0, ["FG", "Anna", "Worte", "ctid:1", "A", "", "=oben"])
    book.close()
    with pytest.raises(DataError, match="cell G2 holds a live formula"):
        exports.read_qualcoder(file)
