"""The checker's page, and signing: what is released was looked at, whole, and stays known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from city_samples import KINDS, MODEL, city, study, tables
from evaltools.data import store
from evaltools.data.findings import to_frame
from evaltools.errors import ReleaseError
from evaltools.release import plans, registry
from evaltools.reports import fingerprints, review
from evaltools.reports.manifest import Shelf
from evaltools.study import Workspace
from release_samples import PAYLOAD, provenance

AREA_PAGE, CITY_PAGE = f"{MODEL}/20_fallzahlen.html", "00_datenlage.html"
SIGNED = {"by": "A. Muster", "date": "2026-02-01"}
ONE_ENDED = {(MODEL, paragraph, "2015"): (12, int(paragraph == "31")) for paragraph, _ in KINDS}
MADE = provenance()


def entry(area: str, notebook: str, file: str, **changed: object) -> dict[str, object]:
    said = {"area": area, "notebook": notebook, "file": file, "title": notebook, "name": area}
    hashes = {file: "ab" * 32, f"tables/{file}.csv": "cd" * 32}
    return said | {"ok": True, "own": {}, "verdicts": {}, "sha256": hashes} | changed


def shelf(root: Path, **changed: object) -> Shelf:
    """Two pages as they lie there, made from the tables that lie there."""
    books = {"area": ["20_fallzahlen"], "city": ["00_datenlage"]}
    own = study(**({"notebooks": books, "disclosure": {"signed": SIGNED}} | changed))
    space = Workspace("muster", root, own, "0" * 64)
    entries = [entry(MODEL, "20_fallzahlen", AREA_PAGE), entry("", "00_datenlage", CITY_PAGE)]
    pages = {str(item["file"]): item for item in entries}
    hidden = ["SR01 2015 ended */*", "SR01 2015 started */*"]
    present = fingerprints.present(space, MADE)
    made_from = {name: present.of(str(item["notebook"]), ()) for name, item in pages.items()}
    notes = {
        name: {"reads": [], "made_from": made_from[name], "hidden": hidden * (name == AREA_PAGE)}
        for name in pages
    }
    return Shelf(space, MADE, pages, notes, present)


def other(made: Shelf, thing: str, *files: str) -> dict[str, Mapping[str, Any]]:
    """The notes of pages that were made from another `thing` than now."""
    notes = dict(made.notes)
    for file in files:
        old = {**notes[file]["made_from"], thing: "older"}
        notes[file] = {**notes[file], "made_from": old}
    return notes


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with one small count, ingested; tests must not release it."""
    root = tmp_path_factory.mktemp("small")
    ingested(root)
    return root


def ingested(root: Path) -> None:
    folder = root / "data" / "processed" / "muster"
    store.write(folder, tables(city(ONE_ENDED)), to_frame([]), MADE)


def text(made: Shelf) -> str:
    review.write(made)
    path = made.space.processed / review.FILE
    assert path.stat().st_mode & 0o077 == 0
    return path.read_text(encoding="utf-8")


def test_the_page_lists_pages_rules_and_hidden_counts_with_their_interval(small: Path) -> None:
    made = shelf(small)
    page = text(made)
    plan = plans.of(made.space, store.load(made.space))
    assert AREA_PAGE in page
    assert CITY_PAGE in page
    assert "ab" * 6 in page
    assert "cd" * 6 not in page
    for part in ("1 bis 2", "mindestens 2", "geheim halten", "A. Muster, 1. Februar 2026"):
        assert part in page or part.replace("1. Februar ", "01.02.") in page, part
    low, high = plan.intervals["SR01 2015 ended */*"]
    row = page.split("SR01, 2015: beendet</th>")[1].split("</tr>")[0]
    cells = [part.split("<")[0] for part in row.split('">')[1:]]
    assert "klein" in row
    shown = [float(cell.replace(".", "").replace(",", ".")) for cell in cells[-3:]]
    assert shown == pytest.approx([low, high, high - low], abs=0.05)
    assert "noch nichts freigegeben" in page
    assert page.count("SR01, ") >= len(plan.intervals)


def test_the_page_counts_what_is_hidden_on_each_page(small: Path) -> None:
    made = shelf(small)
    plan = plans.of(made.space, store.load(made.space))
    states = [plan.states[key] for key in made.notes[AREA_PAGE]["hidden"]]
    row = text(made).split(f"{AREA_PAGE}</th>")[1].split("</tr>")[0]
    wanted = ["1", str(states.count("primary")), str(states.count("secondary"))]
    assert [part.split("<")[0] for part in row.split('class="number">')[1:]] == wanted
    assert "primary" in states


def test_the_page_says_which_pages_are_missing_or_old(small: Path) -> None:
    made = shelf(small)
    pages = dict(made.pages) | {AREA_PAGE: made.pages[AREA_PAGE] | {"ok": False, "sha256": {}}}
    old = other(made, "state of data", CITY_PAGE)
    page = text(replace(made, pages=pages, notes=old))
    assert page.count("nicht erstellt") == 1
    assert page.count("älterer Datenstand") == 1


def test_names_are_text_and_never_markup(small: Path) -> None:
    made = shelf(small, title=PAYLOAD, disclosure={"signed": SIGNED | {"by": PAYLOAD}})
    page = text(made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_study_of_the_office_has_no_page(small: Path, tmp_path: Path) -> None:
    made = shelf(tmp_path, audience="intern")
    review.write(made)
    assert not (made.space.processed / review.FILE).exists()


# --- signing --------------------------------------------------------------------------------------


def refused(made: Shelf, by: str = "B. Beispiel") -> str:
    with pytest.raises(ReleaseError) as caught:
        review.sign(made, by=by, today="2026-03-01")
    assert registry.read(made.space) == ()
    return str(caught.value)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"audience": "intern"}, "audience: intern is never released"),
        ({"disclosure": {"threshold": 3}}, "disclosure: signed: (by, date) is missing"),
        ({"notebooks": {"area": ["20_fallzahlen", "31_methoden"]}}, "SR01 31_methoden"),
        ({"notebooks": {"city": ["00_datenlage", "21_stadt"]}}, "city 21_stadt"),
    ],
)
def test_what_is_not_ready_is_not_signed(small: Path, changed: dict, part: str) -> None:
    said = refused(shelf(small, **changed))
    assert part in said
    assert ";" not in said.split("cannot be released: ")[1].replace("; run the study again", "")


def test_missing_failed_and_old_pages_are_not_signed(small: Path) -> None:
    made = shelf(small)
    one = {CITY_PAGE: made.pages[CITY_PAGE]}
    assert f"{MODEL} 20_fallzahlen; run the study again" in refused(replace(made, pages=one))
    failed = dict(made.pages) | {AREA_PAGE: made.pages[AREA_PAGE] | {"ok": False}}
    assert f"{MODEL} 20_fallzahlen" in refused(replace(made, pages=failed))
    for thing in ("state of data", "notebook", "program"):
        said = refused(replace(made, notes=other(made, thing, CITY_PAGE)))
        assert f"pages made from something else than now: {CITY_PAGE}" in said


@pytest.mark.parametrize("by", ["", "  "])
def test_nobody_signs_without_a_name(small: Path, by: str) -> None:
    assert "give the name of who signs with --by" in refused(shelf(small), by)


def test_all_obstacles_are_told_at_once(small: Path) -> None:
    made = shelf(small, audience="intern", disclosure={})
    notes = other(made, "state of data", *made.pages)
    said = refused(replace(made, pages={CITY_PAGE: made.pages[CITY_PAGE]}, notes=notes), "")
    for part in ("intern", "signed:", "--by", "missing or were changed", "else than now"):
        assert part in said


def test_a_signed_release_is_on_record_and_part_of_the_next_plan(tmp_path: Path) -> None:
    ingested(tmp_path)
    made = shelf(tmp_path)
    given = store.load(made.space)
    before = plans.of(made.space, given)
    signed = review.sign(made, by=" B. Beispiel ", today="2026-03-01")
    assert registry.read(made.space) == (signed,)
    assert (signed.number, signed.day, signed.by) == (1, "2026-03-01", "B. Beispiel")
    assert {item.key: n for item, n in signed.counts.items()} == before.values
    hashes = {name: code for item in made.pages.values() for name, code in item["sha256"].items()}
    assert signed.pages == hashes
    hidden = {key for key, state in before.states.items() if state != "shown"}
    assert hidden
    assert not hidden & {item.key for item in signed.counts}
    after = plans.of(made.space, given)
    assert after.values == before.values
    page = text(made)
    assert "B. Beispiel" in page
    assert "noch nichts freigegeben" not in page
    other = {**given, "hze_count": given["hze_count"].copy()}
    other["hze_count"].loc[0, "ended"] += 1
    assert plans.of(made.space, other).set_aside
