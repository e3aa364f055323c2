"""Projects as XLSX: nothing in them is computed, and MAXQDA's table reads back the same."""

from __future__ import annotations

import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.codings import maxqda, tables_write
from evaltools.codings.model import COLUMNS, Origin, Problem, Project, build
from evaltools.codings.tables_write import paragraphs
from evaltools.errors import DataError

TEXT = "Erste Zeile 🙂\nZweite Zeile\n\nVierte"
ORIGIN = Origin("Test", "von Hand", "probe.qdpx")


def project(**changed: list[tuple[object, ...]]) -> Project:
    tables: dict[str, list[tuple[object, ...]]] = {
        "documents": [("d1", "FG", "Fokusgruppe", None, TEXT, None)],
        "codes": [
            ("c1", "=1+1", None, None, "#ff0000", "@SUM(A1)", True),
            ("c2", "Bedarfe", "c1", None, None, None, False),
        ],
        "coders": [("p1", "Anna")],
        "segments": [("s1", "d1", 6, 18, TEXT[6:18], None, None)],
        "codings": [("k1", "s1", "d1", "c2", "p1", "+Notiz", "2024-03-12T14:05:33")],
    }
    return build(ORIGIN, tables | changed, [Problem("probe", "FG", "Ein Hinweis.")])


def test_paragraphs_are_counted_from_one_and_a_break_ends_its_own() -> None:
    assert paragraphs(TEXT, 0, 5) == (1, 1)
    assert paragraphs(TEXT, 0, 14) == (1, 1)
    assert paragraphs(TEXT, 0, 15) == (1, 2)
    assert paragraphs(TEXT, 13, 14) == (1, 1)
    assert paragraphs(TEXT, 14, len(TEXT)) == (2, 4)
    assert paragraphs("eine", 0, 4) == (1, 1)


@given(st.lists(st.text("ab🙂", max_size=3), min_size=1, max_size=6), st.data())
def test_paragraphs_are_those_of_the_characters(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join([*lines, "z"])
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    of_character = [text[:place].count("\n") + 1 for place in range(len(text))]
    assert paragraphs(text, start, end) == (of_character[start], of_character[end - 1])


def test_every_table_is_a_sheet_with_the_columns_of_the_model(tmp_path: Path) -> None:
    tables_write.workbook(project(), tmp_path / "p.xlsx")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    assert book.sheetnames == ["Hinweise", *tables_write.SHEETS.values()]
    for name, sheet in tables_write.SHEETS.items():
        rows = list(book[sheet].iter_rows(values_only=True))
        assert list(rows[0]) == [*COLUMNS[name]]
        assert len(rows) == len(project().table(name)) + 1
    notes = [row[0] for row in book["Hinweise"].iter_rows(values_only=True)]
    assert notes[1:] == ["Herkunft: Test, von Hand, probe.qdpx", "probe: FG Ein Hinweis."]


@pytest.mark.parametrize("write", [tables_write.workbook, tables_write.maxqda])
def test_no_cell_is_a_formula(write, tmp_path: Path) -> None:
    write(project(), tmp_path / "p.xlsx")
    with zipfile.ZipFile(tmp_path / "p.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/" in name]
    assert sheets
    assert not any(b"<f>" in sheet for sheet in sheets)
    cells = [
        cell
        for sheet in openpyxl.load_workbook(tmp_path / "p.xlsx")
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith(("=", "+", "@"))
    ]
    assert cells
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


@pytest.mark.parametrize("write", [tables_write.workbook, tables_write.maxqda])
def test_the_same_project_gives_the_same_bytes_and_stays_as_it_is(write, tmp_path: Path) -> None:
    given_project = project()
    write(given_project, tmp_path / "a.xlsx")
    write(given_project, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    for name in COLUMNS:
        pd.testing.assert_frame_equal(given_project.table(name), project().table(name))


def test_a_text_too_long_for_a_cell_is_cut_and_noted(tmp_path: Path) -> None:
    long = "ä🙂" * 20_000
    made = project(
        documents=[("d1", "FG", None, None, long, None)],
        segments=[("s1", "d1", 0, 40_000, long, None, None)],
    )
    tables_write.maxqda(made, tmp_path / "p.xlsx")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    assert book.sheetnames == ["Übersicht Codings", "Hinweise"]
    shown = book["Übersicht Codings"].cell(2, 9).value
    assert long.startswith(shown)
    assert len(shown.encode("utf-16-le")) // 2 in (32_766, 32_767)
    assert "Zeile 2, Spalte 9" in book["Hinweise"].cell(2, 1).value


def test_paragraphs_come_from_the_text_or_else_from_the_segment(tmp_path: Path) -> None:
    tables_write.maxqda(project(), tmp_path / "a.xlsx")
    counted = maxqda.read(tmp_path / "a.xlsx").segments
    assert counted[["para_start", "para_end"]].to_numpy().tolist() == [[1, 2]]
    without = project(
        documents=[("d1", "FG", None, None, None, None)],
        segments=[("s1", "d1", None, None, "Worte", 7, 8)],
    )
    tables_write.maxqda(without, tmp_path / "b.xlsx")
    told = maxqda.read(tmp_path / "b.xlsx").segments
    assert told[["para_start", "para_end"]].to_numpy().tolist() == [[7, 8]]


@pytest.mark.parametrize("name", ["A > B", "A\\B"])
def test_a_code_whose_name_would_read_as_levels_is_refused(name: str, tmp_path: Path) -> None:
    made = project(codes=[("c2", name, None, None, None, None, True)])
    with pytest.raises(DataError, match="separate the levels"):
        tables_write.maxqda(made, tmp_path / "p.xlsx")
    assert not (tmp_path / "p.xlsx").exists()


def test_two_documents_of_one_name_are_refused(tmp_path: Path) -> None:
    twins = [(f"d{n}", "FG", "Fokusgruppe", None, TEXT, None) for n in (1, 2)]
    with pytest.raises(DataError, match="'FG' is the name of two documents"):
        tables_write.maxqda(project(documents=twins), tmp_path / "p.xlsx")


def told(project: Project) -> Counter[tuple[object, ...]]:
    joined = (
        project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
        .merge(project.documents[["doc_id", "name", "group"]], on="doc_id")
        .merge(project.codes[["code_id", "path"]], on="code_id")
        .merge(project.coders.rename(columns={"name": "coder"}), on="coder_id", how="left")
    )
    columns = ["group", "name", "path", "coder", "para_start", "para_end", "text", "memo"]
    picked = joined[columns].astype(object)
    return Counter(picked.where(picked.notna(), None).itertuples(index=False, name=None))


SIGNS = st.sampled_from([*"aB=+@-ä\u0301🙂<>&\"';,_x000D>", " ", "\n", "<r>", "</r>", "_x0041_"])
WORDS = st.lists(SIGNS, min_size=1, max_size=12).map("".join)
NAMES = WORDS.map(lambda name: name.replace("\n", "").replace(" > ", "").strip()).filter(bool)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    texts = draw(st.lists(WORDS, min_size=1, max_size=3))
    names = draw(st.lists(NAMES, min_size=len(texts), max_size=len(texts), unique=True))
    codes = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    parents = [f"c{n - 1}" if n and draw(st.booleans()) else None for n in range(len(codes))]
    coders = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    segments, codings = [], []
    for number in range(draw(st.integers(1, 6))):
        document = draw(st.integers(0, len(texts) - 1))
        start = draw(st.integers(0, len(texts[document]) - 1))
        end = draw(st.integers(start + 1, len(texts[document])))
        links = (f"s{number}", f"d{document}")
        segments.append((*links, start, end, texts[document][start:end], None, None))
        code, coder = (draw(st.integers(0, len(item) - 1)) for item in (codes, coders))
        memo = draw(st.none() | NAMES)
        codings.append((f"k{number}", *links, f"c{code}", f"p{coder}", memo, None))
    return build(
        ORIGIN,
        {
            "documents": [
                (f"d{n}", name, draw(st.none() | NAMES), None, text, None)
                for n, (name, text) in enumerate(zip(names, texts, strict=True))
            ],
            "codes": [
                (f"c{n}", name, parent, None, None, None, True)
                for n, (name, parent) in enumerate(zip(codes, parents, strict=True))
            ],
            "coders": [(f"p{n}", name) for n, name in enumerate(coders)],
            "segments": segments,
            "codings": codings,
        },
    )


@settings(max_examples=10)
@given(projects())
def test_codings_read_back_as_they_were_written(made: Project) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tables_write.maxqda(made, Path(folder) / "p.xlsx")
        read = maxqda.read(Path(folder) / "p.xlsx")
    expected = made.segments.copy()
    texts = made.documents.set_index("doc_id")["text"]
    spans = [paragraphs(texts[row.doc_id], row.start, row.end) for row in expected.itertuples()]
    expected["para_start"], expected["para_end"] = zip(*spans, strict=True)
    tables = {name: made.table(name) for name in COLUMNS} | {"segments": expected}
    assert told(read) == told(Project(**tables, origin=made.origin))
