"""Notebooks stay thin: they tell, the library computes."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from evaltools.reports.plan import declared

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PARAMETERS = ["study", "area", "start", "case_counts", "offers"]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "00_datenlage",
        "10_sozialraumprofil",
        "11_bezugsraumauswahl",
        "20_fallzahlen",
        "30_vorher_nachher",
        "31_methoden",
        "50_angebote",
        "51_kooperation",
        "52_umsetzung",
        "60_fokusgruppen",
        "70_zusammenschau",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs_and_thin(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    headings = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings += sum(line.startswith("# ") for line in cell.source.splitlines())
            continue
        assert cell.outputs == []
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= 12
        tree = ast.parse(cell.source)
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    assert headings == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_declares_the_house_parameters(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    voices = ["codings"] if path.stem[0] in "67" else []
    assert list(declared(path)) == PARAMETERS + voices
