"""PDF from a browser that is installed, or a clear word that there is none."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from browser_samples import needed
from conftest import copied
from evaltools.errors import RunError
from evaltools.reports import html, manifest, plan, printing, runs
from evaltools.study import Workspace
from release_samples import notebook, output, page
from test_export import _table

PDFTOTEXT = shutil.which("pdftotext")


def test_only_links_within_the_page_and_to_sources_are_printed() -> None:
    text = (
        '<a class="skip" href="#inhalt">Zum Inhalt</a> <a href="../index.html#a">Alle</a> '
        '<a href="tables/a.csv" download="">a.csv</a> <a href="https://doi.org/10.1/x">Quelle</a>'
    )
    assert printing.bare(text) == (
        '<a class="skip" href="#inhalt">Zum Inhalt</a> Alle a.csv '
        '<a href="https://doi.org/10.1/x">Quelle</a>'
    )


@needed
def test_a_printed_page_is_tagged_and_has_bookmarks_and_leaves_with_its_page(
    finished_demo: Workspace, tmp_path: Path
) -> None:
    space = copied(finished_demo, tmp_path / "p")
    (made,) = printing.printed(space, ["Kesselwiese"])
    assert made == space.reports / "SR04" / "30_vorher_nachher.pdf"
    content = made.read_bytes()
    assert content.startswith(b"%PDF-")
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Outlines", b"/Lang"):
        assert mark in content
    assert b"file:" not in content
    assert str(tmp_path).encode() not in content
    pages = max(int(n) for n in re.findall(rb"/Type /Pages\s+/Count (\d+)", content))
    assert 3 <= pages <= 12
    tasks = plan.tasks(space, areas=["SR04"], notebooks=["30_vorher_nachher"])
    runs.run(space, tasks, fresh=True)
    assert not made.is_file()


@needed
@pytest.mark.skipif(PDFTOTEXT is None, reason="no pdftotext on the PATH")
def test_headers_of_a_long_table_stand_on_every_sheet(tmp_path: Path) -> None:
    """Columns can be sorted by buttons in the header, which Chromium would print only once."""
    file = tmp_path / "page.html"
    shown = _table("Lang", values=[*range(10, 100)])
    file.write_text(html.render(notebook(output(shown)), page()), encoding="utf-8")
    made = printing._one(printing.browser(), file)
    told = subprocess.run([str(PDFTOTEXT), made, "-"], capture_output=True, text=True, check=True)
    sheets = [sheet for sheet in told.stdout.split("\f") if "Zeile" in sheet]
    assert len(sheets) > 1
    assert all("Quote" in sheet for sheet in sheets)


def test_without_a_browser_the_message_says_what_to_do(
    finished_demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("no-such-browser",))
    with pytest.raises(RunError, match=r"no Chromium is installed.*apt-get install chromium"):
        printing.printed(finished_demo)


def test_a_browser_that_prints_nothing_is_an_error(
    finished_demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("true",))
    with pytest.raises(RunError, match="printed nothing"):
        printing.printed(finished_demo)


@pytest.mark.parametrize(("area", "message"), [("SR99", "SR04"), ("", "no pages yet")])
def test_what_cannot_be_printed_is_named(
    planned_demo: Workspace, monkeypatch: pytest.MonkeyPatch, area: str, message: str
) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("true",))
    with pytest.raises(RunError, match=message):
        printing.printed(planned_demo, [area] if area else [])


def test_pages_of_an_older_state_are_not_printed(
    finished_demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("true",))
    monkeypatch.setattr(manifest.Shelf, "is_old", lambda *_: True)
    with pytest.raises(RunError, match="of an older state; run: evaltools run demo"):
        printing.printed(finished_demo)
