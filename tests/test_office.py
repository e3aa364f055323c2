"""The tables beside a page, opened in an office program: numbers are numbers, words stay words."""

from __future__ import annotations

import shutil
import subprocess

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from test_export import DANGEROUS, _made, _table, _texts

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
# What a German office takes a file of this kind for: semicolons, UTF-8, German numbers.
GERMAN = "--infilter=CSV:59,34,76,1,,1031,false,true"
pytestmark = pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on the PATH")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Worksheet]:
    """Let LibreOffice read all files and write what it understood as workbooks."""
    folder = tmp_path_factory.mktemp("office")
    files = _made(_table("Größe", name="Grünau, Ost"), _texts(*DANGEROUS))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    found = {}
    for ending, options in (("xlsx", []), ("csv", [GERMAN])):
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        named = [str(folder / name) for name in files if name.endswith(ending)]
        target = ["--convert-to", "xlsx", "--outdir", str(folder / ending)]
        command = [str(OFFICE), profile, "--headless", *options, *target, *named]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        books = [openpyxl.load_workbook(path) for path in sorted((folder / ending).iterdir())]
        sheets = books[0].worksheets[1:] if ending == "xlsx" else [b.worksheets[0] for b in books]
        found |= dict(zip((f"{ending} numbers", f"{ending} texts"), sheets, strict=True))
    return found


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_numbers_are_numbers(opened: dict[str, Worksheet], kind: str) -> None:
    columns = opened[f"{kind} numbers"].iter_cols(min_row=1, max_row=6, values_only=True)
    names, rates, changes = (list(column) for column in columns)
    assert names[1:] == [f"Grünau, Ost {n}" for n in range(5)]
    assert rates[0] == "Quote (je 10.000)"
    assert rates[1:4] == pytest.approx([1234.6, -0.2, 0])
    assert rates[4:] == ["•", "k. A."]
    assert changes[1:] == [-14] * 5


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_no_text_becomes_a_formula(opened: dict[str, Worksheet], kind: str) -> None:
    sheet = opened[f"{kind} texts"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > len(DANGEROUS)
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
