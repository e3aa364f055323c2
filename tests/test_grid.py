"""Header, remarks, broken rows and gaps of a grid, each from a file as it is delivered."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from evaltools.data.read import read
from evaltools.data.sources import Format
from test_read import errors, quick, rules, written


def test_number_with_unquoted_delimiter_is_an_error_not_a_shift(tmp_path: Path) -> None:
    path = written(tmp_path, "area,n,m\nA,1,234,5\nB,6,7\nC,8\nD,1,2,\n")
    raw = quick(path, "area", "n", "m")
    found = errors(raw.findings)
    assert [(f.rule, f.row) for f in found] == [("zellenzahl", 2), ("zellenzahl", 4)]
    assert "mehr Zellen (4)" in found[0].message and "weniger Zellen (2)" in found[1].message
    assert raw.frame["area"].to_list() == ["B", "D"]


def test_partly_filled_last_row_stays(tmp_path: Path) -> None:
    raw = quick(written(tmp_path, "area;year;n\nA;2019;1\nB;2019;\n"), "area", "year", "n")
    assert raw.frame["area"].to_list() == ["A", "B"]


def test_lone_key_written_like_the_others_stays(tmp_path: Path) -> None:
    raw = quick(written(tmp_path, "area;n\nSR01;1\nSR02;\nvorläufig;\n"), "area", "n")
    assert raw.frame["area"].to_list() == ["SR01", "SR02"]
    assert [finding.row for finding in raw.findings if finding.rule == "fussnote"] == [4]


def test_area_that_begins_like_a_mark_stays(tmp_path: Path) -> None:
    rows = "Standort Nord;1\nQuellenweg;2\n"
    raw = quick(written(tmp_path, f"area;n\n{rows}Stand 2024;\n"), "area", "n")
    assert raw.frame["area"].to_list() == ["Standort Nord", "Quellenweg"]


def test_footnote_with_delimiters_in_it(tmp_path: Path) -> None:
    path = written(tmp_path, "area,year,n,m\nA,2019,1,2\nQuelle: Amt, Stand 2024\n")
    raw = quick(path, "area", "year", "n", "m")
    assert raw.ok and not errors(raw.findings) and len(raw.frame) == 1


def test_long_footnote_is_cut_and_hidden_in_case_files(tmp_path: Path) -> None:
    path = written(tmp_path, "area;n\nA;1\n* " + "x" * 200 + ";\n")
    assert [len(f.value) for f in quick(path, "area", "n").findings if f.rule == "fussnote"] == [80]
    hidden = quick(path, "area", "n", table="hze_case").findings
    assert [f.value for f in hidden if f.rule == "fussnote"] == ["(nicht gezeigt)"]


def test_case_file_without_header_shows_nobody(tmp_path: Path) -> None:
    path = written(tmp_path, "Erika Muster;2010-01-01\nMax Muster;2011-01-01\n")
    raw = quick(path, "Fall", "Beginn", table="hze_case")
    assert not raw.ok
    assert not any("Muster" in finding.message + finding.value for finding in raw.findings)


def test_header_is_compared_without_case_and_spacing(tmp_path: Path) -> None:
    path = written(tmp_path, '"BESTAND\u00a0 am\n31.12.";"Stra\u00dfe\u200b"\n1;x\n')
    raw = quick(path, "Bestand am 31.12.", "STRASSE")
    assert raw.frame.columns.to_list() == ["Bestand am 31.12.", "STRASSE"]


def test_doubled_header_is_an_error(tmp_path: Path) -> None:
    raw = quick(written(tmp_path, "a;b;b\n1;2;3\n"), "a", "b")
    assert not raw.ok and rules(errors(raw.findings)) == ["spalte_doppelt"]


def test_fill_down(tmp_path: Path) -> None:
    path = written(tmp_path, "area;year;n\nA;2019;1\n;2020;2\nB;2019;3\n;2020;4\n")
    raw = read(
        path,
        source_id="s",
        table="t",
        wanted=["area", "year", "n"],
        fmt=Format(),
        fill_down=["AREA"],
    )
    assert raw.frame["area"].to_list() == ["A", "A", "B", "B"]
    assert "auffuellen" in rules(raw.findings)
    wrong = read(
        path, source_id="s", table="t", wanted=["area"], fmt=Format(), fill_down=["Gebiet"]
    )
    assert not wrong.ok


def test_two_row_header_with_columns_outside_the_group(tmp_path: Path) -> None:
    path = written(tmp_path, ";;Hilfen;;\narea;year;neu;alt;Kosten\nA;2019;1;2;3\n")
    assert quick(path, "area", "Hilfen neu", "Kosten").frame.iloc[0].to_list() == ["A", "1", "3"]


@pytest.mark.parametrize("header", ["2019", "2019,0", "2019.0", " 2019 "])
def test_wide_year_headers(tmp_path: Path, header: str) -> None:
    path = written(tmp_path, f'area;"{header}";2020\nA;1;2\n')
    raw = read(path, source_id="s", table="t", wanted=["area"], fmt=Format(), wide=r"(\d{4})")
    assert raw.frame.columns.to_list() == ["area", "2019", "2020"]
    none = read(path, source_id="s", table="t", wanted=["area"], fmt=Format(), wide="Jahr")
    assert rules(errors(none.findings)) == ["spalte_fehlt"]
    bad = read(path, source_id="s", table="t", wanted=["area"], fmt=Format(), wide="(")
    assert rules(errors(bad.findings)) == ["muster"]


def test_long_lists_are_cut(tmp_path: Path) -> None:
    header = ";".join(f"c{n}" for n in range(40))
    path = written(tmp_path, f"a;{header}\n{';'.join('1' * 41)}\n")
    extra = [f.message for f in quick(path, "a").findings if f.rule == "spalten_uebrig"]
    assert len(extra) == 1 and "c19" in extra[0] and "c20" not in extra[0]


def test_row_errors_are_capped(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b\n1;2\n" + "1;2;3\n" * 80)
    found = errors(quick(path, "a", "b").findings)
    assert len(found) == 51 and found[-1].message == "… und 30 weitere."


def test_merged_numbers_warn(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "n"])
    sheet.write_row(1, 0, ["x"])
    sheet.write_row(2, 0, ["y"])
    sheet.merge_range(1, 1, 2, 1, 500)
    book.close()
    raw = quick(path, "a", "n")
    assert raw.frame["n"].to_list() == ["500", "500"]
    assert [f.severity for f in raw.findings if f.rule == "verbunden"] == ["warning"]
