"""XLSX: cells as text, sheets, damaged and hostile files, what cells hide."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from test_read import DIRTY, errors, quick, rules, written


def test_excel_dates_read_as_iso() -> None:
    path = DIRTY / "good" / "08_offset_nfd_dates.xlsx"
    raw = quick(path, "Stadtraum", "Stichtag")
    assert set(raw.frame["Stichtag"]) == {"2019-12-31", "2020-12-31"}


def excel(folder: Path, rows: list[list[object]], name: str = "t.xlsx") -> Path:
    path = folder / name
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet("Blatt")
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return path


def test_excel_cells_as_plain_text(tmp_path: Path) -> None:
    day, moment = pd.Timestamp("2020-01-02"), pd.Timestamp("2020-01-02 08:15")
    values = [12.0, 1234.5, 0.1 + 0.2, 1.234, -1.5, True, day, moment, "1.234", 1e12, " a\u00a0"]
    path = excel(tmp_path, [["k", "v"], *([n, value] for n, value in enumerate(values))])
    assert quick(path, "v").frame["v"].to_list() == [
        *("12", "1234.5", "0.3", "1.2340", "-1.5", "true", "2020-01-02", "2020-01-02T08:15:00"),
        *("1.234", "1000000000000", "a"),
    ]


def test_error_cells_formulas_and_hidden_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["a", "b", "rest"], ["x", 1, "=1+1"], ["y", "=B2*2", "#REF!"], ["z", "#DIV/0!", 1]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.save(path)
    raw = quick(path, "a", "b")
    assert [(f.rule, f.row, f.value) for f in errors(raw.findings)] == [
        ("formel", 3, "B3"),
        ("fehlerwert", 4, "B4"),
    ]
    assert [f.column for f in raw.findings if f.rule == "versteckt"] == ["", "b"]


def test_stray_cell_far_away_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "n"])
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    assert rules(errors(quick(path, "a").findings)) == ["groesse"]


def test_styled_empty_cell_far_away_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, ["a", "x"])
    sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    book.close()
    assert quick(path, "a").frame["a"].to_list() == ["x"]


def test_sheets(tmp_path: Path) -> None:
    path = DIRTY / "broken" / "two_sheets.xlsx"
    assert quick(path, "Stadtraum", sheet="2020").ok
    unknown = errors(quick(path, "Stadtraum", sheet="2021").findings)
    assert rules(unknown) == ["blatt"] and "2019, 2020, leer" in unknown[0].message
    assert rules(errors(quick(path, "Stadtraum", sheet="leer").findings)) == ["leer"]
    empty = excel(tmp_path, [])
    assert rules(errors(quick(empty, "a").findings)) == ["leer"]


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"a;b\n1;2\n", "binaer"),
        (b"", "leer"),
        (b"PK\x03\x04 kaputt", "binaer"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binaer"),
        (archive({"content.xml": b"<x/>"}), "binaer"),
        (archive({"xl/workbook.xml": b"<x/>"}), "binaer"),
        (archive({"xl/workbook.xml": b"0" * 5_000_000}), "groesse"),
    ],
)
def test_unusable_xlsx(tmp_path: Path, content: bytes, rule: str) -> None:
    raw = quick(written(tmp_path, content, "t.xlsx"), "a")
    assert not raw.ok and rules(errors(raw.findings)) == [rule]
    assert not any(str(tmp_path) in finding.message for finding in raw.findings)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_or_flipped_xlsx_never_raises(tmp_path: Path, share: float) -> None:
    data = bytearray((DIRTY / "good" / "07_merged.xlsx").read_bytes())
    cut = int(len(data) * share)
    assert not quick(written(tmp_path, bytes(data[:cut]), "t.xlsx"), "Stadtraum").ok
    data[cut : cut + 40] = bytes(40)
    raw = quick(written(tmp_path, bytes(data), "t.xlsx"), "Stadtraum")
    assert raw.ok or errors(raw.findings)
