"""What a page is made from: each read has its digest, and what differs is told by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaltools import program
from evaltools.data.reads import Read
from evaltools.reports import fingerprints
from evaltools.reports.fingerprints import Present
from evaltools.reports.plan import Task
from release_samples import provenance, workspace

(ONE,) = provenance().sources
FILES = {"hze_case": "faelle.csv", "coding": "stimmen.qdpx", "offer": "angebote.csv"}
MADE = provenance(
    sources=tuple({**ONE, "file": file, "table": table} for table, file in FILES.items()),
    inputs={file: f"{table} as it was" for table, file in FILES.items()},
)
COUNTS = {"": "whole", "R1": "one", "R2": "two"}
TABLES = {"hze_count": COUNTS, "offer": {"": "o", "R1": "x"}, "pseudonym": {"": "names"}}
GROUND = {"study file": "s", "program": "p", "names": "names"}


@pytest.fixture
def present(tmp_path: Path) -> Present:
    books = {"30_probe": "book"}
    return Present(workspace(tmp_path), MADE, GROUND, books, TABLES, "pattern")


def task(**parameters: str) -> Task:
    return Task("R1", "Raum", "30_probe", "Probe", {"study": "muster", "area": "R1", **parameters})


def test_ground_and_notebook_are_in_every_fingerprint(present: Present) -> None:
    found = present.of("30_probe", ())
    assert set(found) == {*GROUND, "notebook", "sources"}
    assert found["notebook"] == "book"


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        (Read("hze_count"), {"hze_count": "whole", "hze_count R1": "one", "hze_count R2": "two"}),
        (Read("hze_count", ("R2",)), {"hze_count R2": "two"}),
        (Read("hze_count", ("R9",)), {"hze_count R9": ""}),
        (Read("offer"), {"offer": "o"}),
        (Read("plan"), {"plan": "pattern"}),
        (Read("staffing"), {"staffing": ""}),
    ],
)
def test_each_read_has_its_digest(present: Present, read: Read, wanted: dict[str, str]) -> None:
    bare = present.of("30_probe", ())
    found = present.of("30_probe", (read,))
    assert {name: code for name, code in found.items() if name not in bare} == wanted


def test_everything_is_all_there_is(present: Present) -> None:
    names = {*present.of("30_probe", (Read("*"),))}
    reads = [Read(name) for name in (*TABLES, "plan", "codings", "provenance")]
    assert names == {name for read in reads for name in present.of("30_probe", (read,))}


@pytest.mark.parametrize(
    ("read", "file", "changed"),
    [
        ("codings", "stimmen.qdpx", True),
        ("codings", "faelle.csv", False),
        ("codings", "angebote.csv", False),
        ("provenance", "angebote.csv", True),
        ("offer", "angebote.csv", True),  # its hash stands on the page
        ("hze_count", "faelle.csv", False),  # whose hash does not
        ("plan", "angebote.csv", False),
    ],
)
def test_a_changed_file_reaches_who_has_looked_at_it(
    present: Present, read: str, file: str, changed: bool
) -> None:
    made = replace(MADE, inputs={**MADE.inputs, file: "as it is"})
    after = replace(present, made=made, _known={})
    seen = (Read(read),)
    assert (after.of("30_probe", seen) != present.of("30_probe", seen)) is changed


def test_what_a_user_sets_makes_a_page_of_its_own(present: Present) -> None:
    plain, started = present.of_task(task()), present.of_task(task(start="2019"))
    assert set(plain) == set(started) == {"parameters"}
    assert plain != started
    file = present.space.root / "own.csv"
    file.write_text("a", encoding="utf-8")
    before = present.of_task(task(offers="own.csv"))
    file.write_text("b", encoding="utf-8")
    assert present.of_task(task(offers="own.csv")) == before  # as it was when the run began
    assert replace(present, _files={}).of_task(task(offers="own.csv")) != before


def test_an_own_start_rests_on_all_that_plans_are_made_from(
    present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints.plans, "inputs", lambda space: "all of it")
    assert present.of("30_probe", (Read("plan"),), own=True)["plan"] == "all of it"
    assert "plan" not in present.of("30_probe", (Read("offer"),), own=True)


def test_what_differs_is_named_with_its_areas() -> None:
    before = {"notebook": "a", "hze_count": "1", "hze_count R1": "1", "hze_count R2": "1"}
    now = before | {"hze_count": "2", "hze_count R2": "2", "hze_count R3": "2", "offer": ""}
    names = fingerprints.differing(before, now)
    assert names == ("hze_count", "hze_count R2", "hze_count R3", "offer")
    assert fingerprints.told(names) == ("hze_count changed: R2, R3", "offer changed")
    assert fingerprints.told(fingerprints.differing({"study file": "a"}, {"study file": "b"})) == (
        "study file changed",
    )
    assert fingerprints.differing(before, before) == ()


def test_a_plan_that_is_not_made_is_never_the_one_that_was() -> None:
    assert fingerprints.differing({"plan": ""}, {"plan": ""}) == ("plan",)
    assert fingerprints.differing({"plan": "a"}, {"plan": "a"}) == ()


def test_the_program_is_its_code_and_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = program.digest.__wrapped__
    package = tmp_path / "evaltools"
    package.mkdir()
    (package / "a.py").write_text("1", encoding="utf-8")
    (tmp_path / "pandas-2.3.0.dist-info").mkdir()
    monkeypatch.setattr(program.evaltools, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(program.sys, "path", ["", str(tmp_path), str(tmp_path / "gone")])
    found = [digest(), digest()]
    for name in ("a.py", "page.css", "page.j2", "kernel.json"):
        (package / name).write_text("2", encoding="utf-8")
        found.append(digest())
    (package / "notes.txt").write_text("2", encoding="utf-8")
    found.append(digest())
    (tmp_path / "pandas-2.3.0.dist-info").rename(tmp_path / "pandas-2.3.1.dist-info")
    found.append(digest())
    assert found[0] == found[1]
    assert found[5] == found[6]
    assert len(set(found)) == 6
