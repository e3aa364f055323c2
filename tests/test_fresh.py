"""What has to run after a change: exactly the pages that looked at what changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import robust_samples
from evaltools import program
from evaltools.data import digests, store
from evaltools.data.ingest import ingest
from evaltools.data.inputs import is_current
from evaltools.data.reads import Read
from evaltools.release import registry
from evaltools.reports import jobs, manifest, plan, runs
from evaltools.reports.kernel import Executed
from evaltools.reports.limits import Limits
from evaltools.reports.plan import Task
from evaltools.reports.status import status
from evaltools.study import Workspace, open_study

STUDY = """\
title: "Winzig: vier Räume"
city: tiny
model_areas: [{area: R1, start: 2018}, {area: R2, start: 2018}]
notebooks: {area: [00_probe, 30_probe], city: [70_probe]}
"""
AREAS = {("R1", "00"), ("R2", "00")}
EFFECTS = {("R1", "30"), ("R2", "30")}
CITY = {("", "70")}
ALL = AREAS | EFFECTS | CITY
Ran = set[tuple[str, str]]


def looked_at(task: Task) -> tuple[Read, ...]:
    """The first book looks at its own area, the second at a neighbour too, the third at all."""
    own = {"00": (task.area,), "30": ("R3", task.area), "70": ()}[task.notebook[:2]]
    planned = () if task.notebook.startswith("00") else (Read("plan"),)
    return (Read("area"), Read("hze_count", tuple(sorted(own))), *planned)


def recorded(space: Workspace, task: Task, *, limits: Limits) -> Executed:
    return replace(robust_samples.executed(space, task), reads=looked_at(task))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with all its pages; only to be copied."""
    root = tmp_path_factory.mktemp("finished") / "project"
    space = robust_samples.tiny(root)
    (root / "studies" / "tiny.yml").write_text(STUDY, encoding="utf-8")
    book = space.notebooks / "00_probe.ipynb"
    for name in ("30_probe", "70_probe"):
        shutil.copy(book, space.notebooks / f"{name}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "execute", recorded)
        assert ran(root) == ALL
    return root


@pytest.fixture
def root(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(jobs, "execute", recorded)
    shutil.copytree(finished, tmp_path / "project")
    return tmp_path / "project"


def ran(root: Path) -> Ran:
    """Read the raw files, run the study, and return what was not kept."""
    space = open_study("tiny", folder=root)
    if not is_current(space):
        ingest(space)
    outcomes = runs.run(space, plan.tasks(space))
    assert [outcome.error for outcome in outcomes] == [""] * len(ALL)
    return {(o.task.area, o.task.notebook[:2]) for o in outcomes if not o.kept}


def count(root: Path, area: str, n: int) -> None:
    """Set the count of one area in one year."""
    path = root / "data" / "raw" / "tiny" / "zahlen.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [f"{area};2012;{n}" if line.startswith(f"{area};2012;") else line for line in lines]
    assert changed != lines
    path.write_text("\n".join([*changed, ""]), encoding="utf-8")


def files(root: Path) -> dict[str, int]:
    made = [*(root / "reports").rglob("*"), root / "data" / "processed" / "tiny" / "pruefung.html"]
    return {str(path): path.stat().st_mtime_ns for path in made if path.is_file()}


def test_nothing_changed_runs_and_writes_nothing(root: Path) -> None:
    before = files(root)
    assert ran(root) == set()
    assert files(root) == before


@pytest.mark.parametrize(
    ("area", "wanted"),
    [
        ("R1", {("R1", "00"), ("R1", "30")} | CITY),
        ("R2", {("R2", "00"), ("R2", "30")} | CITY),
        ("R3", EFFECTS | CITY),
        ("R4", CITY),
    ],
)
def test_a_changed_count_runs_what_has_looked_at_its_area(
    root: Path, area: str, wanted: Ran
) -> None:
    count(root, area, 77)
    assert ran(root) == wanted
    assert ran(root) == set()


def test_a_count_that_is_hidden_now_runs_what_rests_on_the_plan(root: Path) -> None:
    count(root, "R1", 1)
    assert ran(root) == {("R1", "00")} | EFFECTS | CITY


def test_another_order_of_rows_runs_nothing(root: Path) -> None:
    path = root / "data" / "raw" / "tiny" / "zahlen.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    by_area = sorted(lines)  # within an area the order stays
    assert by_area != lines
    path.write_text("\n".join([head, *by_area, ""]), encoding="utf-8")
    assert ran(root) == CITY  # the whole table came in another order


def test_a_changed_notebook_runs_its_pages_only(root: Path) -> None:
    path = root / "notebooks" / "30_probe.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("Zeilen", "Reihen"), encoding="utf-8")
    assert ran(root) == EFFECTS


def test_a_changed_program_runs_all(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "digest", lambda: "another")
    assert ran(root) == ALL


def test_a_changed_study_file_runs_all(root: Path) -> None:
    path = root / "studies" / "tiny.yml"
    path.write_text(path.read_text(encoding="utf-8") + "events: []\n", encoding="utf-8")
    assert ran(root) == ALL


def test_a_release_that_hides_nothing_else_runs_nothing(root: Path) -> None:
    space = open_study("tiny", folder=root)
    before = files(root)
    registry.add(space, day="2026-03-01", by="A. Muster", counts={}, pages={})
    assert ran(root) == set()
    changed = {Path(name).name for name, time in files(root).items() if before.get(name) != time}
    assert "pruefung.html" in changed  # which lists all releases
    assert not {name for name in changed if name.endswith("probe.html")}


def test_a_table_that_is_added_runs_all(root: Path) -> None:
    raw = root / "data" / "raw" / "tiny"
    (raw / "traeger.csv").write_text("Nr;Name\nT1;Verein\n", encoding="utf-8")
    added = """\
  - {id: traeger, file: traeger.csv, table: provider, provider: Amt, licence: frei,
     retrieved: 2025-01-31, columns: {Nr: provider_id, Name: name},
     constants: {type: frei_gemeinnuetzig}}
"""
    path = raw / "sources.yml"
    path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")
    assert ran(root) == ALL
    (raw / "traeger.csv").write_text("Nr;Name\nT1;Anderer Verein\n", encoding="utf-8")
    before = files(root)
    assert ran(root) == set()  # no page has looked at it
    changed = {Path(name).name for name, time in files(root).items() if before.get(name) != time}
    assert changed == {"index.html", "run.json", "pruefung.html"}  # which list all sources


def test_a_page_that_is_lost_or_changed_runs_again(root: Path) -> None:
    (root / "reports" / "tiny" / "R1" / "00_probe.html").unlink()
    page = root / "reports" / "tiny" / "stadt" / "70_probe.html"
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert ran(root) == {("R1", "00")} | CITY


def edited_notes(root: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = root / "data" / "processed" / ".tiny.pages.json"
    notes = json.loads(path.read_text(encoding="utf-8"))
    change(notes["pages"]["R1/00_probe.html"])
    path.write_text(json.dumps(notes), encoding="utf-8")


def test_an_interrupted_run_leaves_an_index_that_marks_old_pages(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: Ran = set()

    def interrupted(space: Workspace, task: Task, *, limits: Limits) -> Executed:
        if placed:
            raise KeyboardInterrupt
        placed.add((task.area, task.notebook[:2]))
        return recorded(space, task, limits=limits)

    monkeypatch.setattr(jobs, "execute", interrupted)
    count(root, "R3", 77)
    with pytest.raises(KeyboardInterrupt):
        ran(root)
    index = (root / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    assert index.count("älterer Datenstand") == len(EFFECTS | CITY) - 1
    monkeypatch.setattr(jobs, "execute", recorded)
    assert ran(root) == (EFFECTS | CITY) - placed


@pytest.mark.parametrize("name", ["made_from", "reads"])
def test_a_page_of_which_too_little_is_known_runs_again(root: Path, name: str) -> None:
    edited_notes(root, lambda note: note.pop(name))
    assert ran(root) == {("R1", "00")}


def test_a_page_of_a_notebook_that_was_edited_meanwhile_runs_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = root / "notebooks" / "00_probe.ipynb"
    text = book.read_text(encoding="utf-8")
    book.write_text(text.replace("Zeilen", "Reihen"), encoding="utf-8")

    def while_it_runs(space: Workspace, task: Task, *, limits: Limits) -> Executed:
        made = recorded(space, task, limits=limits)
        book.write_text(text, encoding="utf-8")
        return made

    monkeypatch.setattr(jobs, "execute", while_it_runs)
    assert ran(root) == AREAS
    assert ran(root) == AREAS


def test_the_status_names_what_changed(root: Path) -> None:
    space = open_study("tiny", folder=root)
    assert status(space).is_fresh
    assert status(space).lines() == ("tiny: 5 of 5 pages are fresh",)
    count(root, "R1", 77)
    assert status(space).raw == ("zahlen.csv",)
    assert not status(space).is_fresh
    ingest(space)
    (space.reports / "R2" / "00_probe.html").unlink()
    assert status(space).lines() == (
        "plan     which counts are shown will be decided anew",
        "missing  R2  00_probe: page is missing",
        "stale    R1  00_probe: hze_count changed: R1",
        "stale    R1  30_probe: hze_count changed: R1; plan changed",
        "stale    R2  30_probe: plan changed",
        "stale    city  70_probe: hze_count changed: R1; plan changed",
        "tiny: 0 of 5 pages are fresh",
        "next: evaltools run tiny makes the others anew",
    )


def test_digests_of_tables_stay_in_the_office(root: Path) -> None:
    space = open_study("tiny", folder=root)
    notes = root / "data" / "processed" / ".tiny.pages.json"
    known = {code for parts in digests.read(space.processed).values() for code in parts.values()}
    assert known
    assert notes.stat().st_mode & 0o077 == 0
    assert any(code in notes.read_text(encoding="utf-8") for code in known)
    for name, data in robust_samples.public(space).items():
        text = data.decode("utf-8", "replace")
        assert not [code for code in known if code[:12] in text], name


def test_an_end_that_was_cut_off_is_made_up_for(root: Path) -> None:
    """Killed between index and the checker's page, the next run writes both, and runs nothing."""
    checked = root / "data" / "processed" / "tiny" / "pruefung.html"
    space = open_study("tiny", folder=root)
    shelf = manifest.read(space, store.ingested(space))
    assert manifest.settled(shelf)
    manifest.finish(shelf, "<p>another</p>", "now")
    assert not checked.exists()
    assert ran(root) == set()
    assert checked.is_file()
    assert manifest.settled(manifest.read(space, store.ingested(space)))
    assert "another" not in (space.reports / "index.html").read_text(encoding="utf-8")
