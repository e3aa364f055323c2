"""Files of tables: what the page prints, the same bytes each time, and never a formula."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from python_calamine import CalamineWorkbook

from evaltools.release.disclosure import Count, Rule, release
from evaltools.release.display import MARK, Board, bundle, prose
from evaltools.release.tables import FOOTNOTES, Column, HtmlTable, facts, table
from evaltools.reports.export import SIMULATED, files, page_notes, tables
from release_samples import RULES, notebook, output, page

NOTES = ("Musterstudie, Oberau", SIMULATED)
TEMPLATE = Path(__file__).parents[1] / "src/evaltools/reports/template/frame.html.j2"
CELLS = [1234.56, -0.25, 0, 1, pd.NA]
DANGEROUS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\N{NO-BREAK SPACE}=1+1",
    '"=1+1',
    "'=1+1",
    "„=1+1",
    "\N{ZERO WIDTH SPACE}=1+1",
    "＝1+1",
    "＋1",
    "－1+1",
    "＠SUM(A1)",
    "﹦1+1",
    "x;=1+1",
    "x,=1+1",
    'x";"=1+1',
    "sep=;",
    '=HYPERLINK("http://x.example";"x")',
]


def _table(caption: str = "Hilfen", name: str = "Zeile", values: list | None = None) -> HtmlTable:
    """One text column, one number column with marks, one change."""
    cells = CELLS if values is None else values
    frame = pd.DataFrame({"name": [f"{name} {n}" for n, _ in enumerate(cells)], "ratio": 0.86})
    frame["n"] = pd.array(cells, dtype="Float64")
    handed = release(frame, RULES, counts={"n": Count()}, public=("name", "ratio"))
    columns = {
        "name": Column("Name"),
        "n": Column("Quote", "je 10.000", digits=1),
        "ratio": Column("Veränderung", change=True),
    }
    return table(handed, columns, caption=caption)


def _texts(*texts: str, heading: str = "Text") -> HtmlTable:
    frame = pd.DataFrame({"text": list(texts)})
    handed = release(frame, Rule(3, True, ""), counts={}, public=("text",))
    return table(handed, {"text": Column(heading)}, caption="Texte")


def _made(*shown: HtmlTable) -> dict[str, bytes]:
    return files(notebook(*map(output, shown)), "20_fallzahlen", notes=NOTES)


def _book(*shown: HtmlTable) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(_made(*shown)["20_fallzahlen.xlsx"]))


def _rows(*shown: HtmlTable) -> list[list[str]]:
    content = next(made for name, made in _made(*shown).items() if name.endswith(".csv"))
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def _parts(*shown: HtmlTable) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(_made(*shown)["20_fallzahlen.xlsx"])) as packed:
        return {name: packed.read(name).decode("utf-8") for name in packed.namelist()}


# --- which tables, under which names --------------------------------------------------------------


def test_each_table_is_a_csv_file_and_a_sheet_in_the_order_of_the_page() -> None:
    made = _made(_table("Größe: Übersicht §§ 28"), _table("Zweite"))
    assert list(made) == [
        "20_fallzahlen.xlsx",
        "20_fallzahlen_01_groesse-uebersicht-28.csv",
        "20_fallzahlen_02_zweite.csv",
    ]
    names = openpyxl.load_workbook(io.BytesIO(made["20_fallzahlen.xlsx"])).sheetnames
    assert names == ["Hinweise", "01 Größe Übersicht §§ 28", "02 Zweite"]


def test_only_marked_tables_are_taken() -> None:
    mark = {"table": output(_table("Fremd")).metadata[MARK]["table"]}
    unmarked = nbformat.v4.new_output("display_data", {"text/html": ""}, metadata={MARK: mark})
    false = {MARK: mark | {"released": False}}
    denied = nbformat.v4.new_output("display_data", {"text/html": ""}, metadata=false)
    printed = nbformat.v4.new_output("stream", name="stderr", text="Aktenzeichen 4711")
    frame = nbformat.v4.new_output("display_data", {"text/html": "<table>4711</table>"})
    others = [unmarked, denied, printed, frame, output(prose("4711")), output(Board({"2": "ja"}))]
    found = tables(notebook(*others, output(_table("Eigene"))))
    assert [sheet.caption for sheet in found] == ["Eigene"]


def test_a_notebook_without_tables_gives_no_files() -> None:
    assert files(notebook(output(prose("Satz."))), "x", notes=NOTES) == {}


def test_tables_survive_being_stored(tmp_path: Path) -> None:
    made = notebook(output(_table()))
    nbformat.write(made, tmp_path / "n.ipynb")
    stored = nbformat.read(tmp_path / "n.ipynb", as_version=4)
    assert files(stored, "x", notes=NOTES) == files(made, "x", notes=NOTES)


@pytest.mark.parametrize(
    "caption", ["", "History", "'a'", "[]:*?/\\", "a" * 40, "😀" * 40, "x'" * 15]
)
def test_any_caption_twice_gives_sheets_that_excel_opens(caption: str) -> None:
    names = _book(_table(caption), _table(caption)).sheetnames[1:]
    assert len({name.lower() for name in names}) == 2
    for name in names:
        assert len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)


@pytest.mark.parametrize("caption", ["", "../../etc", "a\\b:c", "ÄÖÜß" * 30])
def test_file_names_are_plain(caption: str) -> None:
    for name in _made(_table(caption)):
        assert re.fullmatch(r"20_fallzahlen(_01_[a-z0-9-]{1,40}\.csv|\.xlsx)", name)


# --- what stands in them --------------------------------------------------------------------------


def test_csv_opens_in_a_german_excel() -> None:
    (content,) = [made for name, made in _made(_table()).items() if name.endswith("_hilfen.csv")]
    assert content.decode("utf-8") == (
        "\ufeffName;Quote (je 10.000);Veränderung (Prozent)\r\n"
        "Zeile 0;1234,6;-14\r\n"
        "Zeile 1;-0,2;-14\r\n"
        "Zeile 2;0,0;-14\r\n"
        "Zeile 3;•;-14\r\n"
        "Zeile 4;k. A.;-14\r\n"
        "\r\n"
        "Tabelle: Hilfen\r\n"
        f"Hinweis: {FOOTNOTES['suppressed']}\r\n"
        f"Hinweis: {FOOTNOTES['unknown']}\r\n"
        "Hinweis: Quelle: Musterstadt.\r\n"
        "Hinweis: Musterstudie, Oberau\r\n"
        f"Hinweis: {SIMULATED}\r\n"
    )


def test_numbers_are_numbers_in_the_workbook() -> None:
    sheet = _book(_table())["01 Hilfen"]
    rows = [[cell.value for cell in row] for row in sheet["A1:C6"]]
    assert rows == [
        ["Name", "Quote (je 10.000)", "Veränderung (Prozent)"],
        ["Zeile 0", 1234.6, -14],
        ["Zeile 1", -0.2, -14],
        ["Zeile 2", 0, -14],
        ["Zeile 3", "•", -14],
        ["Zeile 4", "k. A.", -14],
    ]
    assert [cell.number_format for cell in sheet[2]] == ["General", "#,##0.0", "#,##0"]
    below = [sheet.cell(row, 1).value for row in range(7, sheet.max_row + 1)]
    notes = [FOOTNOTES["suppressed"], FOOTNOTES["unknown"], "Quelle: Musterstadt."]
    assert below == [None, "Tabelle: Hilfen", *(f"Hinweis: {note}" for note in notes)]


def test_a_reader_other_than_openpyxl_sees_the_same() -> None:
    content = _made(_table())["20_fallzahlen.xlsx"]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(1).to_python()
    assert rows[1:5] == [
        ["Zeile 0", 1234.6, -14.0],
        ["Zeile 1", -0.2, -14.0],
        ["Zeile 2", 0.0, -14.0],
        ["Zeile 3", "•", -14.0],
    ]


def test_the_header_row_is_bold_stays_in_view_and_heads_the_table() -> None:
    book = _book(_table(), facts({"a": "b"}, caption="c"))
    assert len(book.sheetnames) == 3
    for sheet, columns, rows in zip(book, (2, 3, 2), (8, 6, 2), strict=True):
        assert all(cell.font.bold for cell in sheet[1])
        assert not any(cell.font.bold for cell in sheet[2])
        assert sheet.freeze_panes == "A2"
        (made,) = sheet.tables.values()
        assert made.headerRowCount == 1
        assert made.ref == f"A1:{'ABC'[columns - 1]}{rows}"
        assert [item.name for item in made.tableColumns] == [cell.value for cell in sheet[1]]
        assert sheet.merged_cells.ranges == set()
    assert len({made.name for sheet in book for made in sheet.tables.values()}) == 3


def test_columns_are_wide_enough_and_no_wider_than_a_page() -> None:
    sheet = _book(_table(name="Ein längerer Name"), _texts("lang " * 100))["01 Hilfen"]
    assert sheet.column_dimensions["A"].width > len("Ein längerer Name 0")
    long = _book(_texts("lang " * 100))["01 Texte"]
    assert 40 < long.column_dimensions["A"].width < 80
    assert long["A2"].alignment.wrap_text


def test_the_first_sheet_holds_notes_captions_and_marks() -> None:
    sheet = _book(_table("Eine lange Überschrift, die kein Blatt so nennen kann"))["Hinweise"]
    assert [[cell.value for cell in row] for row in sheet] == [
        ["Stichwort", "Erläuterung"],
        ["Hinweis", "Musterstudie, Oberau"],
        ["Hinweis", SIMULATED],
        [
            "01 Eine lange Überschrift, die",
            "Eine lange Überschrift, die kein Blatt so nennen kann",
        ],
        ["Zeichen", FOOTNOTES["suppressed"]],
        ["Zeichen", FOOTNOTES["unknown"]],
        ["Zeichen", "0 genau null, oder gerundet null"],
    ]


def test_a_table_without_rows_stands() -> None:
    shown = _table(values=[])
    assert _book(shown)["01 Hilfen"]["A1"].value == "Name"
    assert _rows(shown)[:3] == [
        ["Name", "Quote (je 10.000)", "Veränderung (Prozent)"],
        [],
        ["Tabelle: Hilfen"],
    ]


def test_neither_hidden_nor_unrounded_values_are_in_any_file() -> None:
    frame = pd.DataFrame({"n": [7654, 99999], "rate": [7654.125, 55.123456]})
    handed = release(frame, Rule(9999, True, ""), counts={"n": Count(("rate",))})
    columns = {"n": Column("n", digits=0), "rate": Column("r", digits=1)}
    shown = table(handed, columns, caption="c")
    said = [*_parts(shown).values(), *("".join(row) for row in _rows(shown))]
    assert any("99999" in text for text in said)
    assert not any("7654" in text or "55.12" in text or "55,12" in text for text in said)


@pytest.mark.parametrize("simulated", [True, False])
def test_page_notes_say_what_the_page_says(simulated: bool) -> None:
    made = page_notes(page(simulated=simulated, inputs=("offers = a.csv",)))
    assert made[0] == "Fallzahlen, Oberau"
    assert "Studie: Musterstudie. Datenstand: 31.01.2025." in made[1]
    assert (SIMULATED in made) == simulated
    assert made[-2:] == (
        "Quelle: faelle.csv: Jugendamt, Lizenz dl-de/by-2-0, abgerufen am 31.01.2025",
        "An die Stelle der Studiendaten trat: offers = a.csv",
    )


def test_the_whole_city_is_named_where_no_area_is() -> None:
    assert page_notes(page(area=""))[0] == "Fallzahlen, Gesamte Stadt"


def test_files_and_pages_say_the_same_of_simulated_data() -> None:
    assert SIMULATED in TEMPLATE.read_text(encoding="utf-8")


# --- no formulas ----------------------------------------------------------------------------------


def _evaluated(field: str) -> bool:
    """Whether a spreadsheet, whatever its separator, would evaluate a piece of the field."""
    if re.fullmatch(r"[+-][0-9.]+(,[0-9]+)?( ?%)?", field):
        return False
    pieces = re.split(r"[,;|\t]", field)
    return field.lower().startswith("sep=") or any(
        piece.lstrip().lstrip('"').lstrip().startswith(tuple("=+-@＝＋－＠\t\r\n"))
        for piece in pieces
    )


@pytest.mark.parametrize("text", [text for text in DANGEROUS if text[0] not in "'„\u200b﹦"])
def test_the_oracle_knows_what_is_dangerous(text: str) -> None:
    assert _evaluated(text)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula(text: str) -> None:
    shown = _texts(text, "harmlos", heading=text)
    heading, first, second = _rows(shown)[:3]
    for (field,) in (heading, first):
        assert not _evaluated(field)
        assert field.count("'") == text.count("'") + 1
    assert second == ["harmlos"]
    sheet = _book(shown)["01 Texte"]
    assert [sheet[place].data_type for place in ("A1", "A2", "A3")] == ["s"] * 3
    assert sheet["A2"].value == re.sub(r"[\t\r\n]", " ", text).strip(" ")
    assert not sheet["A3"].quotePrefix
    parts = _parts(shown)
    assert not any("<f>" in part or "hyperlink" in part for part in parts.values())


@pytest.mark.parametrize("text", ["=1+1", " +1+1", "@a", '"=1'])
def test_a_cell_that_is_edited_stays_text(text: str) -> None:
    assert _book(_texts(text))["01 Texte"]["A2"].quotePrefix


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("−12\u00a0%", "-12 %"),
        ("+5\u00a0%", "+5 %"),
        ("-1.234,5", "-1.234,5"),
        ("–", "–"),
        ("−25\u00a0% bis −4\u00a0%", "−25\u00a0% bis −4\u00a0%"),
        ("+5\u00a0% bis +9\u00a0%", "'+5\u00a0% bis +9\u00a0%"),
        ("< 0,01", "< 0,01"),
        ("§ 27 (2), ambulant; „offen“", "§ 27 (2), ambulant; „offen“"),
        ("Bestand + beendet = Volumen", "Bestand + beendet = Volumen"),
        ("E-Mail a@b.de", "E-Mail a@b.de"),
    ],
)
def test_printed_texts_stay_readable(text: str, field: str) -> None:
    shown = _texts(text)
    assert _rows(shown)[1] == [field]
    assert _book(shown)["01 Texte"]["A2"].value == text


ODD = st.text(st.sampled_from("=+-@＝＋－＠\t\r\n\x00\x1f\x85\u2028 '\"„,;|a1%_x<>r/&\ufffe\ufeff"))


@given(st.lists(st.one_of(ODD, st.text()), min_size=1, max_size=4), st.one_of(ODD, st.text()))
def test_random_text_is_never_a_formula(texts: list[str], heading: str) -> None:
    shown = _texts(*texts, heading=heading)
    rows = _rows(shown)
    assert [len(row) for row in rows[: len(texts) + 1]] == [
        1 if row else 0 for row in rows[: len(texts) + 1]
    ]
    assert not any(_evaluated(field) for row in rows for field in row)
    book = _book(shown)
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n"}
    assert not any("<f>" in part for part in _parts(shown).values())


WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="_"), min_size=1)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_random_text_comes_back_from_the_workbook(texts: list[str]) -> None:
    content = _made(_texts(*texts))["20_fallzahlen.xlsx"]
    sheet = openpyxl.load_workbook(io.BytesIO(content))["01 Texte"]
    assert [sheet.cell(row, 1).value for row in range(2, len(texts) + 2)] == texts
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(1).to_python()
    assert [row[0] for row in rows[1 : len(texts) + 1]] == texts


def test_no_text_becomes_markup() -> None:
    text = "<r><t>fremd</t></r>"
    sheet = _book(_texts(text, heading=text))["01 Texte"]
    assert (sheet["A1"].value, sheet["A2"].value) == (f"{text} ", f"{text} ")


@pytest.mark.parametrize(
    "labels", [("bis", "Bis"), ("", ""), ("_x0041_", "a" * 300), ("\ud800", "\x00")]
)
def test_headings_are_such_as_excel_opens(labels: tuple[str, str]) -> None:
    frame = pd.DataFrame({"a": ["x"], "b": ["y"]})
    handed = release(frame, RULES, counts={}, public=("a", "b"))
    shown = table(handed, {"a": Column(labels[0]), "b": Column(labels[1])}, caption="c")
    sheet = _book(shown)["01 c"]
    (made,) = sheet.tables.values()
    names = [item.name for item in made.tableColumns]
    assert names == [cell.value for cell in sheet[1]]
    assert len({name.lower() for name in names}) == 2
    assert all(0 < len(name) <= 255 for name in names)
    assert not any(re.search("_x[0-9a-fA-F]{4}_", name) for name in names)


def test_an_endless_text_is_cut_where_a_cell_ends() -> None:
    value = _book(_texts("ab" * 40_000))["01 Texte"]["A2"].value
    assert value.endswith("aba…")
    assert 10_000 < len(value) < 32_767


# --- the same bytes, and nothing of this machine --------------------------------------------------

CHILD = """
import hashlib, sys, time, nbformat
from evaltools.reports.export import files
time.sleep(2)  # the clock of a ZIP file counts in steps of two seconds
made = files(nbformat.read(sys.argv[1], as_version=4), "x", notes=("Quelle", "Stand"))
for name, content in made.items():
    print(name, hashlib.sha256(content).hexdigest())
"""


def test_another_time_process_and_hash_seed_give_the_same_bytes(tmp_path: Path) -> None:
    shown = notebook(output(_table()), output(_texts("=1", "ß", "k. A.")), output(_table("Zwei")))
    path = tmp_path / "n.ipynb"
    nbformat.write(shown, path)
    here = files(shown, "x", notes=("Quelle", "Stand"))
    elsewhere = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [f"{name} {hashlib.sha256(made).hexdigest()}" for name, made in here.items()]
    assert len(expected) == 4
    assert done.stdout.splitlines() == expected


def test_nothing_of_this_machine_or_moment_is_in_the_workbook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "erika.muster")
    content = _made(_table())["20_fallzahlen.xlsx"]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        entries = packed.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.extra + entry.comment for entry in entries} == {b""}
    parts = _parts(_table())
    core = parts["docProps/core.xml"]
    assert re.findall("<dc:creator>(.*?)</dc:creator>", core) == [""]
    assert re.findall("<cp:lastModifiedBy>(.*?)</cp:lastModifiedBy>", core) == [""]
    assert set(re.findall(r"[0-9-]+T[0-9:]+Z", core)) == {"1980-01-01T00:00:00Z"}
    assert re.findall("<Company>(.*?)</Company>", parts["docProps/app.xml"]) == [""]
    here = ["erika", str(Path.home()), str(Path.cwd()), sys.prefix, "xlsxwriter", "python", "/tmp"]
    for name, part in parts.items():
        assert not [word for word in here if word.lower() in part.lower()], name


def test_a_figure_is_not_taken_for_a_table() -> None:
    data, words = bundle("image/svg+xml", "<svg/>", {"alt": "a"})
    shown = nbformat.v4.new_output("display_data", data=data, metadata=words)
    assert tables(notebook(shown)) == ()
