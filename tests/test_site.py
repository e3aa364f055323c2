"""The index of a study: verdicts, links, failures; relative links only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaltools.errors import ReleaseError
from evaltools.evaluation.titles import TITLES
from evaltools.reports import frame, site
from evaltools.study import Publisher
from release_samples import AREA, PAYLOAD, provenance, workspace
from test_html import Page
from test_tables import Cells


def entry(**changed: Any) -> dict[str, Any]:
    made = {
        "area": AREA,
        "name": "Oberau",
        "notebook": "20_fallzahlen",
        "title": "Fallzahlen",
        "file": f"{AREA}/20_fallzahlen.html",
        "ok": True,
        "stale": False,
        "verdicts": {},
        "own": {},
    }
    return made | changed


def _index(tmp_path: Path, *entries: dict[str, Any], **changed: Any) -> str:
    return site.index(workspace(tmp_path, **changed), provenance(), entries)


def test_pages_are_linked_relatively(tmp_path: Path) -> None:
    city = entry(area="", name="", title="Datenlage", file="stadt/00_datenlage.html")
    text = _index(tmp_path, entry(), city)
    links = [str(link["href"]) for link in Page(text).all("a")]
    links = [link for link in links if link == "#inhalt" or not link.startswith("#")]
    assert links == ["#inhalt", f"{AREA}/20_fallzahlen.html", "stadt/00_datenlage.html"]
    assert f"Oberau ({AREA})" in text
    assert "Modellraum seit 2018" in text
    assert "Gesamte Stadt" in text


def test_board_shows_all_claims_of_each_area(tmp_path: Path) -> None:
    verdicts = {"1": "gestützt", "2": "nicht gestützt", "3": "unklar", "4": "nicht prüfbar"}
    text = _index(tmp_path, entry(verdicts=verdicts), entry(ok=False, verdicts={"1": "unklar"}))
    cells = Cells(text).texts
    assert cells[:2] == ["Aussage", "Oberau"]
    assert len(cells) == 2 + 2 * len(TITLES)
    for number, title in TITLES.items():
        place = cells.index(f"{number}. {title}")
        assert cells[place + 1] == verdicts.get(str(number), "–")


def test_without_verdicts_there_is_no_board(tmp_path: Path) -> None:
    assert "<table" not in _index(tmp_path, entry())


def test_failed_page_is_said_and_not_linked(tmp_path: Path) -> None:
    text = _index(tmp_path, entry(ok=False))
    assert "Fallzahlen: nicht erstellt" in text
    assert f"{AREA}/20" not in text


def test_stale_page_is_said(tmp_path: Path) -> None:
    assert "älterer Datenstand" in _index(tmp_path, entry(stale=True))
    assert "älterer Datenstand" not in _index(tmp_path, entry())


def test_index_is_escaped_and_fetches_nothing(tmp_path: Path) -> None:
    hostile = entry(name=PAYLOAD, title=PAYLOAD, verdicts={"1": PAYLOAD})
    text = _index(tmp_path, hostile, title=PAYLOAD)
    assert text.count("<script") == 1
    assert "default-src 'none'" in text
    assert "https:" not in text
    assert "http:" not in text


@pytest.mark.parametrize(
    "file", ["javascript:alert(1)", "https://x.de/a.html", "//x/a.html", PAYLOAD]
)
def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path, file: str) -> None:
    with pytest.raises(ReleaseError, match="the index, main: element a, attribute href") as caught:
        _index(tmp_path, entry(file=file))
    assert "alert" not in str(caught.value)


def test_characters_that_turn_the_reading_order_are_seen(tmp_path: Path) -> None:
    text = _index(tmp_path, entry(title="a\u202eb\u0007c"))
    assert "a\ufffdb\ufffdc" in text


def test_index_is_well_built(tmp_path: Path) -> None:
    read = Page(_index(tmp_path, entry()))
    assert read.all("html") == [{"lang": "de"}]
    assert len(read.all("h1")) == 1


def test_simulated_data_are_called_so(tmp_path: Path) -> None:
    assert "Simulierte Daten" in _index(tmp_path, entry())
    real = site.index(workspace(tmp_path), provenance(simulated=False), [entry()])
    assert "Simulierte Daten" not in real


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "{", '{"pages": 3}', '{"pages": [{}]}'])
def test_unreadable_run_counts_as_none(tmp_path: Path, text: str | None) -> None:
    space = workspace(tmp_path)
    space.reports.mkdir(parents=True)
    if text is not None:
        (space.reports / "run.json").write_text(text)
    assert site.read_entries(space) == []


def test_earlier_pages_count_while_their_file_is_there(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    there, outside = entry(), entry(file="../../secret.html")
    (space.reports / AREA).mkdir(parents=True)
    (space.reports / there["file"]).write_text("x")
    (tmp_path / "secret.html").write_text("x")
    pages = [there, entry(file=f"{AREA}/30_gone.html"), outside]
    pages.append(entry(ok=False, file=f"{AREA}/31_failed.html"))
    (space.reports / "run.json").write_text(json.dumps({"pages": pages}))
    assert site.read_entries(space) == [there, pages[3]]


@pytest.mark.parametrize(
    "changed",
    [
        {"file": "javascript:alert(1)"},
        {"file": "../index.html"},
        {"file": f"{AREA}/../../x.html"},
        {"file": f"{AREA}/20_x.html\n"},
        {"title": ["x"]},
        {"name": None},
        {"ok": "yes"},
        {"own": [1]},
        {"own": {"start": 2019}},
        {"verdicts": {"1": {"x": "y"}}},
    ],
)
def test_an_entry_that_no_run_writes_does_not_count(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    space = workspace(tmp_path)
    space.reports.mkdir(parents=True)
    pages = [entry(ok=False), entry(**{"ok": False} | changed)]
    (space.reports / "run.json").write_text(json.dumps({"pages": pages}))
    assert site.read_entries(space) == [pages[0]]


def test_a_what_if_page_is_listed_but_never_on_the_board(tmp_path: Path) -> None:
    own = entry(
        title="Vorher und nachher · start = 2019",
        file=f"{AREA}/30_vorher_nachher_start-2019.html",
        verdicts={"2": "gestützt"},
        own={"start": "2019"},
    )
    page = _index(tmp_path, own)
    assert "start = 2019" in page
    assert "Urteile je Aussage" not in page


def test_pages_and_their_tables_and_sections_are_listed(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    file = space.reports / AREA / "20_fallzahlen.html"
    file.parent.mkdir(parents=True)
    heads = '<h2 id="verlauf">Verl&amp;uf</h2><h2 id="herkunft">Herkunft</h2>'
    file.write_text(heads, encoding="utf-8")
    hashes = {f"{AREA}/20_fallzahlen.html": "", f"{AREA}/tables/20_fallzahlen.xlsx": ""}
    text = site.index(space, provenance(), [entry(sha256=hashes)])
    assert f'<a href="{AREA}/20_fallzahlen.html#verlauf">Verl&amp;uf</a>' in text
    assert "#herkunft" not in text.partition("<footer>")[0].partition("</nav>")[2]
    assert f'<a href="{AREA}/tables/20_fallzahlen.xlsx" download=""' in text


def test_who_answers_for_the_pages_is_named_and_linked(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    said = Publisher(imprint="Amt <b>A</b>\n\nZeile zwei", contact="", accessibility="Für alle.")
    told = replace(space, study=space.study.model_copy(update={"publisher": said}))
    text = site.index(told, provenance(), [entry()])
    assert "<p>Amt &lt;b&gt;A&lt;/b&gt;</p>\n<p>Zeile zwei</p>" in text
    assert '<h2 id="impressum">Impressum</h2>' in text
    assert '<h2 id="barrierefreiheit">Barrierefreiheit</h2>' in text
    assert "Kontakt" not in text


def test_an_imprint_is_markdown_of_the_house_and_links_nowhere() -> None:
    text = "# Amt\n\n- **A** [Post](mailto:a@b.de)\n- <http://c.de> ![x](http://d.de/y)\n\n```\neins\n```"
    assert frame.notice(text) == (
        "<h3>Amt</h3>\n<ul>\n<li><strong>A</strong> Post (a@b.de)</li>\n"
        "<li>http://c.de x</li>\n</ul>\n<pre>eins\n</pre>\n"
    )


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "<b>&"])
def test_nothing_in_an_imprint_runs(tmp_path: Path, text: str) -> None:
    space = workspace(tmp_path)
    told = space.study.model_copy(update={"publisher": Publisher(imprint=text)})
    shown = site.index(replace(space, study=told), provenance(), [entry()])
    assert "<b>" not in shown
    assert shown.count("<script") == 1
    assert 'href="javascript' not in shown


def test_all_studies_are_listed_and_nothing_else(tmp_path: Path) -> None:
    for name, simulated in (("b-stadt", False), ("a-stadt", True)):
        folder = tmp_path / name
        folder.mkdir()
        made = {"study": name, "title": f"<{name}>", "simulated": simulated, "pages": [{"ok": 1}]}
        (folder / "run.json").write_text(json.dumps(made), encoding="utf-8")
        (folder / "index.html").write_text("", encoding="utf-8")
    for name, content in (("broken", "{"), ("moved", '{"study": "elsewhere"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(content, encoding="utf-8")
    text = site.overview(tmp_path)
    links = [str(link["href"]) for link in Page(text).all("a")]
    assert links == ["#inhalt", "a-stadt/index.html", "b-stadt/index.html"]
    assert text.count("Simulierte Daten") == 1
    assert "&lt;a-stadt&gt;" in text
