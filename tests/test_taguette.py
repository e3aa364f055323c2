from __future__ import annotations

import html
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.codings import taguette
from evaltools.codings.model import Project
from evaltools.codings.taguette_text import plain
from evaltools.errors import DataError

SCHEMA = """
CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE documents (id INTEGER PRIMARY KEY, project_id INTEGER, name TEXT, description TEXT,
    contents TEXT);
CREATE TABLE tags (id INTEGER PRIMARY KEY, project_id INTEGER, path TEXT, description TEXT);
CREATE TABLE highlights (id INTEGER PRIMARY KEY, document_id INTEGER, start_offset INTEGER,
    end_offset INTEGER, snippet TEXT);
CREATE TABLE highlight_tags (highlight_id INTEGER, tag_id INTEGER);
CREATE TABLE commands (id INTEGER PRIMARY KEY, project_id INTEGER, user_login TEXT, date TEXT,
    payload TEXT);
INSERT INTO projects VALUES (1, 'Eins');
"""
Rows = list[tuple[object, ...]]


def made(path: Path, tables: dict[str, Rows], *, drop: str = "") -> Path:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA + (f"DROP TABLE {drop};" if drop else ""))
        for name, rows in tables.items():
            for row in rows:
                connection.execute(f"INSERT INTO {name} VALUES ({','.join('?' * len(row))})", row)
    connection.close()
    return path


def added(highlight: int, *tags: int) -> str:
    return json.dumps({"type": "highlight_add", "highlight_id": highlight, "tags": tags})


def one(path: Path, contents: str, start: int, end: int, snippet: str) -> Project:
    tables: dict[str, Rows] = {
        "documents": [(1, 1, "D", "", contents)],
        "highlights": [(1, 1, start, end, snippet)],
    }
    return taguette.read(made(path / "t.sqlite3", tables))


def test_the_shared_project_has_the_codings_of_the_gold(shared: Path) -> None:
    gold = json.loads((shared / "qda" / "gold.json").read_text(encoding="utf-8"))
    project = taguette.read(shared / "qda" / "taguette" / "project.sqlite3")
    assert project.problems == ()
    names = project.documents.set_index("doc_id")["name"]
    assert dict(zip(names, project.documents["text"], strict=True)) == gold["documents"]
    codes = project.codes.set_index("code_id")["name"]
    linked = project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
    found = sorted(
        (names[row.doc_id], codes[row.code_id], row.start, row.end, row.text)
        for row in linked.itertuples()
    )
    keys = ("document", "code", "start", "end", "text")
    truth = [tuple(coding[key] for key in keys) for coding in gold["codings"]]
    assert found == sorted([*truth, ("ER Pieschen", "=1+1", 4, 14, "Die Schere")])
    assert (len(project.codes), len(project.segments)) == (12, 18)
    assert set(project.codings["coder_id"]) == {"admin"}
    assert "Sozialräumliche Praxis > Kooperation" in set(project.codes["path"])
    assert "Definition: Bedarfe" in set(project.codes["memo"])


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        ("<p>a</p><p>b</p>", "a\nb\n"),
        ("<p>a</p>\n<p>b</p>\n", "a\nb\n"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a</li><li><b>b</b>c</li></ul>d", "a\nbc\nd"),
        ("<p>a <em>b</em>c</p>", "a bc\n"),
        ("<p>1 &lt; 2 &amp; &uuml;&nbsp;x &unknown; a < b</p>", "1 < 2 & ü\xa0x &unknown; a < b\n"),
        ('<a title="a > b">c</a>', "c"),
        ("\r\n<p>a\r\nb</p>", "a\nb\n"),
        ("<pre>\na</pre>", "a\n"),
        ("\ufeff<p>a</p>", "\na\n"),
        ("", ""),
        (f"&#{'9' * 5000};", f"&#{'9' * 5000};"),
    ],
)
def test_text_of_a_document(contents: str, text: str) -> None:
    assert plain(contents).text == text


def test_words_of_neighbouring_paragraphs_stay_apart_and_offsets_right(tmp_path: Path) -> None:
    project = one(tmp_path, "<p>für</p><p>alle</p>", 1, 8, "<p>ür</p><p>alle</p>")
    row = project.segments.iloc[0]
    assert (row["start"], row["end"], row["text"]) == (1, 8, "ür\nalle")
    row = one(tmp_path, "<p>für</p><p>alle</p>", 4, 8, "<p>alle</p>").segments.iloc[0]
    assert (row["start"], row["end"], row["text"]) == (4, 8, "alle")


@pytest.mark.parametrize(
    ("start", "end"),
    [(2, 4), (0, 99), (4, 4), (-1, 3), (5, 1), (0, 1), (0, 2**62)],
)
def test_offsets_that_do_not_give_the_snippet_are_told(
    tmp_path: Path, start: int, end: int
) -> None:
    project = one(tmp_path, "<p>für alle</p>", start, end, "<p>ür &amp; alle</p>")
    row = project.segments.iloc[0]
    assert row[["start", "end"]].isna().all()
    assert row["text"] == "ür & alle"
    assert [problem.rule for problem in project.problems] == ["offsets"]


def test_a_tag_never_closed_is_told_and_nothing_hidden(tmp_path: Path) -> None:
    project = one(tmp_path, "<p>für <b alle", 0, 4, "für")
    assert project.documents["text"][0] == "für <b alle"
    assert "html" in [problem.rule for problem in project.problems]


def test_a_full_stop_makes_a_parent_only_where_there_is_one(tmp_path: Path) -> None:
    paths = ["A", "A.B", "A.B.C.D", "27 ff. SGB", "x.y", ".z", "A."]
    tags: Rows = [(n, 1, path, "") for n, path in enumerate(paths)]
    project = taguette.read(made(tmp_path / "t.sqlite3", {"tags": tags}))
    assert list(project.codes["path"]) == [
        *("A", "A > B", "A > B > C.D", "27 ff. SGB", "x.y", ".z", "A."),
    ]


def test_the_coder_is_who_put_the_tag_on(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "documents": [(1, 1, "D", "", "<p>abc</p>")],
        "tags": [(1, 1, "A", ""), (2, 1, "B", ""), (3, 1, "C", "")],
        "highlights": [(1, 1, 0, 1, "a"), (2, 1, 1, 2, "b")],
        "highlight_tags": [(1, 1), (1, 2), (1, 3), (2, 1)],
        "commands": [
            (1, 1, "anna", "d1", added(1, 1)),
            (2, 1, "björn", "d2", added(1, 1, 2)),
            (3, 1, "x", "d3", '{"type": "highlight_add"'),
            (4, 1, "x", "d3", "[" * 10_000 + '"highlight_add"'),
            (5, 1, "x", "d3", '["highlight_add"]'),
        ],
    }
    codings = taguette.read(made(tmp_path / "t.sqlite3", tables)).codings
    found = codings.set_index("coding_id")[["coder_id", "created"]].astype(object)
    assert found.loc["1-1"].tolist() == ["anna", "d1"]
    assert found.loc["1-2"].tolist() == ["björn", "d2"]
    assert found.loc["1-3"].tolist() == ["anna", "d1"]
    assert found.loc["2-1"].isna().all()
    del tables["commands"]
    without = taguette.read(made(tmp_path / "t.sqlite3", tables, drop="commands"))
    assert without.codings["coder_id"].isna().all()
    assert without.coders.empty


def test_of_several_projects_the_one_with_documents_is_read(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"projects": [(2, "Zwei")], "documents": [(1, 2, "D", "x", "a")]}
    project = taguette.read(made(tmp_path / "t.sqlite3", tables))
    assert project.variables[["owner_id", "value"]].to_numpy().tolist() == [["1", "x"]]
    tables["documents"].append((2, 1, "E", "", "b"))
    with pytest.raises(DataError, match=r"2 projects \('Eins', 'Zwei'\).*export the project"):
        taguette.read(made(tmp_path / "t.sqlite3", tables))


def test_markup_beyond_measure_is_refused(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"documents": [(1, 1, "D", "", "<p>" * 800_001)]}
    with pytest.raises(DataError, match="800,000 HTML tags"):
        taguette.read(made(tmp_path / "t.sqlite3", tables))


words = st.text(st.sampled_from("ab äß„🙂👩\u200d👧e\u0301<&>"), min_size=1, max_size=12)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words.filter(lambda word: word.strip() == word), min_size=1, max_size=5), st.data())
def test_random_highlights_read_back_their_words(
    tmp_path: Path, paragraphs: list[str], data: st.DataObject
) -> None:
    own = "".join(paragraphs)
    start = data.draw(st.integers(0, len(own) - 1))
    end = data.draw(st.integers(start + 1, len(own)))
    contents = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    first, last = (len(own[:place].encode()) for place in (start, end))
    project = one(tmp_path, contents, first, last, html.escape(own[start:end]))
    assert project.problems == ()
    assert project.documents["text"][0] == "".join(f"{text}\n" for text in paragraphs)
    assert project.segments["text"][0].replace("\n", "") == own[start:end]
