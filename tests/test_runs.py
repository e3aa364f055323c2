"""The main job on the demo city, once, and what it does when something fails."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pandas as pd
import pytest
import yaml

from browser_samples import ARGS, CHROMIUM
from conftest import copy_project
from evaltools.data.ingest import ingest
from evaltools.errors import DataError
from evaltools.reports import jobs, plan, runs, site
from evaltools.reports.progress import Lines
from evaltools.study import Workspace, open_study
from robust_samples import public, torn


def links(page: Path) -> list[str]:
    return re.findall(r'href="([^"#]+\.html)"', page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo study with the before/after report of each model area and the city's page."""
    root = copy_project(tmp_path_factory.mktemp("run") / "p", "demo")
    space = open_study("demo", folder=root)
    ingest(space)
    wanted = plan.tasks(space, notebooks=["30_vorher_nachher", "00_datenlage"])
    tasks = [task for task in wanted if task.notebook[:2] == "30" or not task.area]
    outcomes = runs.run(space, tasks)
    assert [outcome.error for outcome in outcomes] == [""] * 4
    return space


def test_the_index_links_a_report_for_each_model_area(finished: Workspace) -> None:
    index = finished.reports / "index.html"
    assert links(index) == [
        "SR04/30_vorher_nachher.html",
        "SR10/30_vorher_nachher.html",
        "SR14/30_vorher_nachher.html",
        "stadt/00_datenlage.html",
    ]
    for link in links(index):
        page = finished.reports / link
        assert set(links(page)) == {"../index.html"}
        assert (page.parent / "../index.html").is_file()


def test_the_verdicts_on_the_board_agree_with_the_truth(finished: Workspace) -> None:
    told = yaml.safe_load((finished.raw / "truth.yml").read_text(encoding="utf-8"))
    truth, built = told["areas"], told["framework"]
    pages = json.loads((finished.reports / "run.json").read_text(encoding="utf-8"))["pages"]
    verdicts = {page["area"]: page["verdicts"] for page in pages if page["verdicts"]}
    assert set(verdicts) == set(truth)
    for area, fact in truth.items():
        supported = {number for number, given in verdicts[area].items() if given == "gestützt"}
        expected = {"1", "2", "3", "4"} if fact["kind"] == "effect" else set()
        expected |= {"5"} if area in built["acceptance"]["rises"] else set()
        expected |= {"7"} if area in built["cross_field"]["rises"] else set()
        assert supported == expected, area


def test_every_page_says_that_the_data_are_simulated(finished: Workspace) -> None:
    for page in [finished.reports / "index.html", *finished.reports.glob("*/*.html")]:
        text = page.read_text(encoding="utf-8")
        assert "Simulierte Daten" in text
        assert "Datenstand" in text
        assert finished.study.title in text


def test_run_json_records_inputs_versions_and_parameters(finished: Workspace) -> None:
    record = json.loads((finished.reports / "run.json").read_text(encoding="utf-8"))
    assert len(record["inputs"]) == 20
    office = {"faelle.csv", "familienbefragung.csv", "kurzbefragung.csv"}
    assert office.isdisjoint(record["inputs"])
    assert {"evaltools", "pandas", "python"} <= set(record["versions"])
    assert record["pages"][0]["parameters"] == {"study": "demo", "area": "SR04"}
    assert record["pages"][0]["ok"]
    assert {"finished", "state", "seconds"}.isdisjoint({*record, *record["pages"][0]})


def opened(space: Workspace) -> list[tuple[str, bytes]]:
    """Every public file with its bytes, workbooks with those of their parts."""
    found = []
    for file in sorted(space.reports.rglob("*")):
        if file.suffix == ".xlsx":
            with ZipFile(file) as book:
                found += [(f"{file.name}/{part}", book.read(part)) for part in book.namelist()]
        elif file.is_file():
            found.append((file.name, file.read_bytes()))
    assert {Path(name).suffix for name, _ in found} >= {".html", ".csv", ".xml", ".json"}
    return found


def test_nothing_of_this_machine_leaves(finished: Workspace) -> None:
    for name, content in opened(finished):
        assert str(finished.root).encode() not in content, name


def test_no_identifier_of_a_case_leaves(finished: Workspace) -> None:
    cases = pd.read_parquet(finished.processed / "hze_case.parquet")
    names = set(cases["case_id"]) | set(cases["person_id"]) | set(cases["family_id"])
    pattern = re.compile(r"\b[FPH]\d{5,6}\b")
    for file in finished.reports.rglob("*.html"):
        text = re.sub(r'"data:image[^"]*"', "", file.read_text(encoding="utf-8"))
        assert not set(pattern.findall(text)) & names, file.name


def test_two_runs_give_the_same_bytes(finished: Workspace) -> None:
    (task,) = plan.tasks(finished, areas=["SR04"], notebooks=["30_vorher_nachher"])
    before = public(finished)
    (outcome,) = runs.run(finished, [task], fresh=True)
    assert not outcome.kept
    assert public(finished) == before
    assert torn(finished) == []


def test_a_second_run_keeps_every_page(
    finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = public(finished)
    wanted = plan.tasks(finished, notebooks=["30_vorher_nachher"])
    monkeypatch.setattr(jobs, "execute", lambda *_, **__: pytest.fail("a notebook ran"))
    outcomes = runs.run(finished, wanted)
    assert [outcome.kept for outcome in outcomes] == [True] * 3
    assert all(outcome.verdicts for outcome in outcomes)
    assert public(finished) == before


def break_notebook(space: Workspace, name: str, code: str) -> None:
    path = space.notebooks / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, path)


@pytest.fixture
def small(tmp_path: Path, demo: Workspace) -> Workspace:
    """The ingested demo with two quick notebooks for one area."""
    root = copy_project(tmp_path / "p", "demo")
    study = root / "studies" / "demo.yml"
    text = study.read_text(encoding="utf-8")
    text = re.sub(r"  area: \[00_.*\]", "  area: [00_datenlage, 10_sozialraumprofil]", text)
    study.write_text(text, encoding="utf-8")
    space = open_study("demo", folder=root)
    ingest(space)
    return space


def test_one_failing_notebook_stops_no_other(
    small: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "Aktenzeichen 4711"
    break_notebook(small, "00_datenlage", "raise ValueError('Aktenzeichen ' + str(4711))")
    tasks = plan.tasks(small, areas=["SR04"])
    outcomes = runs.run(small, tasks, report=Lines().ended)
    assert [outcome.ok for outcome in outcomes] == [False, True]
    assert re.fullmatch(r"cell \d+: ValueError; its message is withheld, .*", outcomes[0].error)
    told = capsys.readouterr().err
    assert "FAILED SR04 00_datenlage" in told
    assert secret not in told
    assert not (small.reports / "SR04/00_datenlage.html").exists()
    kept = small.processed / "failed" / "SR04_00_datenlage.ipynb"
    assert secret not in kept.read_text(encoding="utf-8")
    index = (small.reports / "index.html").read_text(encoding="utf-8")
    assert "Datenlage: nicht erstellt" in index
    for name, content in opened(small):
        assert secret.encode() not in content, name


def test_a_notebook_that_shows_unreleased_data_makes_no_page(small: Workspace) -> None:
    break_notebook(small, "00_datenlage", "data['hze_count'].head()")
    (outcome,) = runs.run(small, plan.tasks(small, areas=["SR04"], notebooks=["00_datenlage"]))
    assert "disclosure control has not handed out" in outcome.error
    assert not (small.reports / "SR04/00_datenlage.html").exists()


def test_a_dead_kernel_is_a_failed_task(small: Workspace) -> None:
    break_notebook(small, "00_datenlage", "import os; os._exit(1)")
    (outcome,) = runs.run(small, plan.tasks(small, areas=["SR04"], notebooks=["00_datenlage"]))
    assert "kernel died" in outcome.error


def test_pages_of_an_earlier_state_are_marked(small: Workspace) -> None:
    (task,) = plan.tasks(small, areas=["SR04"], notebooks=["10_sozialraumprofil"])
    runs.run(small, [task])
    file = small.raw / "sozialprofil.csv"
    file.write_bytes(file.read_bytes().replace(b";5,2;", b";5,3;", 1))
    ingest(small)
    (other,) = plan.tasks(small, areas=["SR10"], notebooks=["10_sozialraumprofil"])
    runs.run(small, [other])
    entries = {entry["area"]: entry for entry in site.read_entries(small)}
    assert (entries["SR04"]["stale"], entries["SR10"]["stale"]) == (True, False)
    assert "älterer Datenstand" in (small.reports / "index.html").read_text(encoding="utf-8")


def test_a_run_without_data_says_what_to_do(tmp_path: Path) -> None:
    space = open_study("demo", folder=copy_project(tmp_path / "p", "demo"))
    with pytest.raises(DataError, match="evaltools ingest demo"):
        runs.run(space, [])


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
def test_every_real_page_is_quiet_and_fetches_nothing(finished: Workspace) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    pages = [finished.reports / "index.html", *sorted(finished.reports.glob("*/*.html"))]
    assert len(pages) == 5
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for file in pages:
            said: list[str] = []
            asked: list[str] = []
            page = browser.new_page(viewport={"width": 320, "height": 700})
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(file.as_uri())
            assert said == [], file.name
            assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, file.name
            assert page.locator("h1").count() == 1
            page.close()
        browser.close()
