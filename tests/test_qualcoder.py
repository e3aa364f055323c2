from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from evaltools.codings import qualcoder
from evaltools.codings.model import Project
from evaltools.errors import DataError

SCHEMA = """
CREATE TABLE project (databaseversion TEXT);
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT, fulltext TEXT);
CREATE TABLE code_name (cid INTEGER PRIMARY KEY, name TEXT, memo TEXT, catid INTEGER, color TEXT);
CREATE TABLE code_cat (catid INTEGER PRIMARY KEY, name TEXT, supercatid INTEGER);
CREATE TABLE code_text (cid INTEGER, fid INTEGER, seltext TEXT, pos0 INTEGER, pos1 INTEGER,
    owner TEXT);
"""
FULL = "Anfang 🙂 und dann eine lange Stelle.\nNoch eine Zeile"


def made(folder: Path, script: str = "", *, rows: dict[str, list[tuple[object, ...]]]) -> Path:
    folder = folder / "X.qda"
    folder.mkdir(exist_ok=True)
    (folder / "data.qda").unlink(missing_ok=True)
    with sqlite3.connect(folder / "data.qda") as connection:
        connection.executescript(SCHEMA + script)
        for name, values in rows.items():
            for row in values:
                connection.execute(f"INSERT INTO {name} VALUES ({','.join('?' * len(row))})", row)
    connection.close()
    return folder


def coded(folder: Path, text: str, *codings: tuple[int, int, str | None]) -> Project:
    rows: dict[str, list[tuple[object, ...]]] = {
        "source": [(1, "D", text)],
        "code_name": [(1, "A", "", None, "")],
        "code_text": [(1, 1, words, start, end, "Anna") for start, end, words in codings],
    }
    return qualcoder.read(made(folder, rows=rows))


def test_the_shared_project_is_the_gold(shared: Path) -> None:
    gold = json.loads((shared / "qda" / "gold.json").read_text(encoding="utf-8"))
    folder = shared / "qda" / "qualcoder" / "Sozialraum.qda"
    project = qualcoder.read(folder)
    names = project.documents.set_index("doc_id")["name"]
    assert dict(zip(names, project.documents["text"], strict=True)) == gold["documents"]
    codes = project.codes.set_index("code_id")
    linked = project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
    found = sorted(
        (names[row.doc_id], codes["name"][row.code_id], row.coder_id, row.start, row.end, row.text)
        for row in linked.itertuples()
    )
    keys = ("document", "code", "coder", "start", "end", "text")
    assert found == sorted(tuple(coding[key] for key in keys) for coding in gold["codings"])
    assert codes["codable"].sum() == 8
    assert sorted(codes.loc[~codes["codable"], "name"]) == [
        "Sozialräumliche Praxis",
        "Strukturlogiken",
    ]
    assert {"Bedarfe > Jugendhilfeplanung", "Strukturlogiken > Versäulung"} <= set(codes["path"])
    assert (len(project.cases), len(project.variables)) == (8, 11)
    assert [problem.rule for problem in project.problems] == ["ausgelassen"]
    assert project.origin[0].file == "Sozialraum.qda"
    again = qualcoder.read(folder / "data.qda")
    assert again.codings.equals(project.codings)


def test_ids_of_categories_and_codes_never_collide(tmp_path: Path) -> None:
    rows: dict[str, list[tuple[object, ...]]] = {
        "code_cat": [(1, "K", None), (2, "L", 1), (3, "M", 9)],
        "code_name": [(1, "A", "Memo", 2, "#fff"), (2, "B", "", 8, "")],
    }
    project = qualcoder.read(made(tmp_path, rows=rows))
    assert list(project.codes["path"]) == ["K", "K > L", "M", "K > L > A", "B"]
    assert [problem.rule for problem in project.problems] == ["codebaum"]
    assert "M und B" in project.problems[0].message


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_stored_line_ends_and_byte_order_mark_are_counted_and_dropped(
    tmp_path: Path, start: str, end: str
) -> None:
    text = f"{start}eins{end}zwei"
    place = text.index("zwei")
    project = coded(tmp_path, text, (place, place + 4, "zwei"), (len(start), place + 1, None))
    assert project.documents["text"][0] == "eins\nzwei"
    assert list(project.segments["text"]) == ["zwei", "eins\nz"]
    assert project.problems == ()


def test_positions_of_qt_are_turned_and_told(tmp_path: Path) -> None:
    words = "lange Stelle.\nNoch"
    place = FULL.index(words) + 1
    project = coded(tmp_path, FULL, (place, place + len(words), words), (0, 6, "Anfang"))
    assert list(project.segments["start"]) == [place - 1, 0]
    assert [problem.rule for problem in project.problems] == ["offsets"]
    assert "UTF-16" in project.problems[0].message


def test_line_ends_counted_once_are_turned_and_told(tmp_path: Path) -> None:
    project = coded(tmp_path, "eins\r\nzwei und drei", (5, 18, "zwei und drei"))
    assert list(project.segments["start"]) == [5]
    assert "Zeilenenden" in project.problems[0].message


def test_no_reading_that_fits_some_codings_only_is_taken(tmp_path: Path) -> None:
    words = "lange Stelle"
    place = FULL.index(words)
    project = coded(
        tmp_path, FULL, (place, place + 12, words), (place + 1, place + 13, words), (0, 3, "xyz")
    )
    assert list(project.segments["start"].astype(object).fillna(-1)) == [place, -1, -1]
    assert list(project.segments["text"]) == [words, words, "xyz"]
    assert "2 Codings" in project.problems[0].message


def test_a_short_word_proves_no_other_counting(tmp_path: Path) -> None:
    project = coded(tmp_path, "🙂 so so", (3, 5, "so"))
    assert project.segments["start"].isna().all()
    assert "keine Stelle" in project.problems[0].message


@pytest.mark.parametrize("place", [(-1, 3), (3, 3), (0, 99), (5, 2)])
def test_positions_outside_the_text_are_told(tmp_path: Path, place: tuple[int, int]) -> None:
    project = coded(tmp_path, "kurz", (*place, "kur"))
    assert project.segments["start"].isna().all()
    assert [problem.rule for problem in project.problems] == ["offsets"]


def test_codings_of_one_stretch_share_their_segment(tmp_path: Path) -> None:
    project = coded(tmp_path, "abc", (0, 2, "ab"), (0, 2, "ab"), (1, 2, "b"))
    assert (len(project.codings), len(project.segments)) == (3, 2)


def test_orphans_media_and_newer_versions_are_told(tmp_path: Path) -> None:
    script = "CREATE TABLE code_av (a); INSERT INTO code_av VALUES (1), (2);"
    script += "CREATE TABLE code_image (a); INSERT INTO code_image VALUES (1);"
    script += "INSERT INTO project VALUES ('v18');"
    rows: dict[str, list[tuple[object, ...]]] = {
        "source": [(1, "Film", None)],
        "code_name": [(1, "A", "", None, "")],
        "code_text": [(1, 7, "x", 0, 1, "Anna"), (9, 1, "x", 0, 1, "Anna")],
    }
    project = qualcoder.read(made(tmp_path, script, rows=rows))
    told = {problem.rule: problem.message for problem in project.problems}
    assert set(told) == {"version", "verwaist", "ausgelassen"}
    assert "1 Codings von Bildausschnitten und 2 Codings von Ton" in told["ausgelassen"]
    assert project.codings.empty
    assert project.documents["text"].isna().all()


def test_attributes_become_variables_of_their_owners(tmp_path: Path) -> None:
    script = """
    CREATE TABLE cases (caseid INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE attribute_type (name TEXT, valuetype TEXT);
    CREATE TABLE attribute (name TEXT, attr_type TEXT, id INTEGER, value TEXT);
    """
    rows: dict[str, list[tuple[object, ...]]] = {
        "cases": [(1, "P1")],
        "attribute_type": [("Jahre", "numeric")],
        "attribute": [
            ("Jahre", "case", 1, "6"),
            ("Jahre", "case", 9, "7"),
            ("X", "journal", 1, ""),
        ],
    }
    project = qualcoder.read(made(tmp_path, script, rows=rows))
    assert project.variables.to_numpy().tolist() == [
        ["case:Jahre", "Jahre", "numeric", "case", "1", "6"]
    ]


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        qualcoder.read(tmp_path)
    path = tmp_path / "data.qda"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE source (id)")
    connection.close()
    with pytest.raises(DataError, match="no project of QualCoder"):
        qualcoder.read(path)
