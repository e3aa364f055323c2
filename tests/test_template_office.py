"""The template in the hands of LibreOffice: a script types the demo city into it, and mistakes.

A Basic macro opens the workbook without a window, types each text as a person in a German office
would (31.12.2024 becomes a date, 12,5 a number, 12 % a percentage) and saves it as XLSX.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from conftest import copy_project
from evaltools.data import cases, demo, store, template
from evaltools.data.headings import SHEETS
from evaltools.data.schema import DTYPES, TABLES
from evaltools.study import Workspace, open_study
from template_samples import FIRST, MISTAKES, SOURCES, findings, office, written

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on the PATH")
AREAS = ("SR04", "SR10")
GERMAN = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>de-DE</value></prop></item></oor:items>
"""
MACRO = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1"
 script:language="StarBasic">
Sub Main(Book As String, Typed As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden" : hidden(0).Value = True
  kind(0).Name = "FilterName" : kind(0).Value = "Calc MS Excel 2007 XML"
  doc = StarDesktop.loadComponentFromURL(Book, "_blank", 0, hidden())
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  text = createUnoService("com.sun.star.io.TextInputStream")
  text.setInputStream(files.openFileRead(Typed)) : text.setEncoding("UTF-8")
  Do While Not text.isEOF()
    part = Split(text.readLine(), Chr(9))
    If UBound(part) = 2 Then
      doc.Sheets.getByName(part(0)).getCellRangeByName(part(1)).FormulaLocal = part(2)
    End If
  Loop
  doc.storeToURL(Book, kind()) : doc.close(True)
End Sub
</script:module>
"""


@dataclass(frozen=True)
class Hands:
    """LibreOffice with a profile of its own, set to German."""

    folder: Path

    def call(self, *arguments: str) -> None:
        profile = f"-env:UserInstallation={(self.folder / 'profile').as_uri()}"
        command = [str(OFFICE), profile, "--headless", "--norestore", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=300)

    def type(self, book: Path, cells: Mapping[tuple[str, str], str]) -> None:
        """Type texts into the cells (sheet, address) of a workbook and save it."""
        typed = self.folder / "typed.txt"
        lines = [f"{sheet}\t{cell}\t{text}" for (sheet, cell), text in cells.items()]
        typed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = book.read_bytes()
        self.call(f'macro:///Standard.Module1.Main("{book.as_uri()}","{typed.as_uri()}")')
        assert book.read_bytes() != before


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Hands:
    made = Hands(tmp_path_factory.mktemp("office"))
    user = made.folder / "profile" / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(GERMAN, encoding="utf-8")
    empty = made.folder / "leer.csv"
    empty.write_text("a\n", encoding="utf-8")
    made.call("--convert-to", "xlsx", "--outdir", str(made.folder), str(empty))  # makes the profile
    (user / "basic" / "Standard" / "Module1.xba").write_text(MACRO, encoding="utf-8")
    return made


def keyed(value: object) -> str:
    """Write a value as one types it in a German office."""
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, float):
        return f"{value:.10g}".replace(".", ",")
    return "" if value is None else str(value)


def typed(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[tuple[str, str], str]]:
    for name, frame in tables.items():
        for place, column in enumerate(TABLES[name].names, start=1):
            values = frame.get(column, pd.Series(dtype=object))
            for row, value in enumerate(values, start=FIRST):
                given = None if pd.isna(value) else written(column, name, value)
                if given is not None:
                    yield (SHEETS[name].label, f"{chr(ord('A') + place)}{row}"), keyed(given)


@pytest.fixture(scope="module")
def city() -> dict[str, pd.DataFrame]:
    """What the demo city's office could deliver, of two areas and the last rows of each table."""
    tables = dict(demo.simulate().tables)
    counts = cases.count(tables.pop("hze_case"), period="year", first=2023, last=2024)
    tables["hze_count"] = counts[counts["form"] != "alle"]  # totals would lack their parts
    made = {}
    for name in (name for name in template.OFFICE_TABLES if name in tables and name != "area"):
        frame: pd.DataFrame = tables[name]
        own = frame[frame["area_id"].isin(AREAS)] if "area_id" in frame else frame
        names = [column for column in TABLES[name].names if column in frame]
        made[name] = own[names].tail(12).reset_index(drop=True)
    return made


@pytest.fixture(scope="module")
def filled(
    hands: Hands, city: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """The demo study, whose raw files are its own template, filled in."""
    root = copy_project(tmp_path_factory.mktemp("demo") / "p", "demo")
    space = open_study("demo", folder=root)
    book = template.workbook(space)
    shutil.rmtree(space.raw)
    space.raw.mkdir()
    (space.raw / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (space.raw / "vorlage.xlsx").write_bytes(book)
    hands.type(space.raw / "vorlage.xlsx", dict(typed(city)))
    return space


def test_the_demo_s_template_filled_in_libreoffice_ingests_with_no_finding(
    filled: Workspace, city: dict[str, pd.DataFrame]
) -> None:
    assert len(city) >= 18
    assert findings(filled).to_dict("records") == []
    assert len(store.read(filled, "area")) == 29
    for name, frame in city.items():
        read = store.read(filled, name)
        assert len(read) == len(frame) > 0
        for column in (str(one) for one in frame if frame[one].notna().any()):
            kind = DTYPES[TABLES[name].column(column).kind]
            expected = frame[column].astype(kind)
            pd.testing.assert_series_equal(
                read[column].astype(kind), expected, check_names=False, rtol=1e-9
            )


def test_lists_and_hidden_sheets_survive_libreoffice(filled: Workspace) -> None:
    book = openpyxl.load_workbook(filled.raw / "vorlage.xlsx")
    assert book["Listen"].sheet_state == "hidden"
    rules = {
        str(rule.sqref): str(rule.formula1)
        for rule in book["Angebote"].data_validations.dataValidation
    }
    (areas,) = [text for place, text in rules.items() if place.startswith("D4")]
    assert "OFFSET(" in areas
    assert "Räume" in areas
    assert sum("Listen" in text for text in rules.values()) >= 5


def test_twelve_mistakes_typed_in_libreoffice_are_twelve_findings(
    hands: Hands, tmp_path: Path
) -> None:
    labels = {sheet for _, sheet, _, _, _ in MISTAKES.values()}
    tables = [name for name, sheet in SHEETS.items() if sheet.label in labels]
    space = office(tmp_path, *tables)
    cells = {(sheet, cell): keyed(value) for _, sheet, cell, value, _ in MISTAKES.values()}
    hands.type(space.raw / "vorlage.xlsx", cells)
    found = findings(space)
    assert len(found) == len(MISTAKES) == 12
    assert set(found["severity"]) == {"error"}
    for rule, sheet, cell, value, said in MISTAKES.values():
        (one,) = found[
            found["message"].str.startswith(f"Blatt {sheet}, Zelle {cell}: ")
        ].itertuples()
        assert one.rule == rule
        assert said in one.message, value
