"""What was fixed before the first result is written once, never overwritten, only added to."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from conftest import ROOT
from evaltools.data import record, store
from evaltools.errors import StudyError
from evaltools.reports import jobs, plan, runs, steps
from evaltools.study import ModelArea, Outcomes, Population, Selection, Study, Workspace, open_study
from evaltools.studyprofile import AreaChoice
from release_samples import provenance

FIRST, LATER = date(2025, 3, 1), date(2025, 4, 2)

# A field of the study file belongs to one of the two lists: it moves a verdict, or it does not.
JUDGED = {
    Study: {
        "city",  # whose data are read
        "period",
        "first",
        "last",
        "population",
        "model_areas",
        "excluded",
        "reference",
        "outcomes",
        "forms",  # which help counts as a placement
        "selection",  # written down before effects are looked at; only where there are criteria
    },
    ModelArea: {"area", "start", "comparison", "selection"},
    Outcomes: {"hze", "placements", "intensity", "weights", "relevant_change"},
    Selection: {"rule", "decided", "periods"},
    Population: {"age_from", "age_to", "lag_years"},
}
BESIDE = {
    Study: {
        "title",
        "help_label",
        "area_label",
        "whole_label",
        "nation_label",
        "events",  # bears on a guard, which moves no verdict
        "disclosure",
        "audience",
        "codings",
        "profile",
        "publisher",
        "notebooks",
    },
    ModelArea: {"neighbours", "note"},
    Outcomes: {"further", "unaffected"},
    Selection: set(),
    Population: set(),
}


STUDY = """\
# Drei Räume
title: "Musterstadt: drei Räume"
city: demo
last: 2024
population: {age_from: 0, age_to: 20}
model_areas:
  - area: SR04
    start: 2018
    comparison: untreated
    selection: {rule: "Höchste Belastung 2017", periods: [2017]}
  - area: SR10
    start: 2018
    selection: {rule: "Höchste Belastung 2017", periods: [2017]}
  - area: SR14
    start: 2018
reference: [state]
outcomes:
  hze: inanspruchnahme_lokal
disclosure: {threshold: 3}
notebooks:
  area: [00_datenlage]
  city: [00_datenlage]
"""


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A study without any data."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "studies" / "demo.yml").write_text(STUDY, encoding="utf-8")
    shutil.copy(ROOT / "notebooks" / "00_datenlage.ipynb", tmp_path / "notebooks")
    return open_study("demo", folder=tmp_path)


def rewritten(space: Workspace, old: str, new: str) -> Workspace:
    """The study after an edit of its file."""
    path = space.root / "studies" / "demo.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return open_study("demo", folder=space.root)


def file_of(space: Workspace) -> Path:
    return space.root / "studies" / "demo.record.json"


def left_behind(space: Workspace) -> list[str]:
    return sorted(path.name for path in (space.root / "studies").iterdir())


# --- when an entry is added -----------------------------------------------------------------------


def test_before_the_first_run_there_is_no_record(space: Workspace) -> None:
    assert record.read(space) == ()
    assert left_behind(space) == ["demo.yml"]


def test_first_note_writes_day_digest_and_hash(space: Workspace) -> None:
    (entry,) = record.note(space, FIRST)
    study_file = space.root / "studies" / "demo.yml"
    assert entry.day == "2025-03-01"
    assert entry.study_sha256 == sha256(study_file.read_bytes()).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", entry.digest)
    assert entry.specification == record.specification(space.study)
    said = json.dumps(dict(entry.specification), ensure_ascii=False, sort_keys=True)
    assert entry.digest == sha256(said.encode()).hexdigest()
    (stored,) = json.loads(file_of(space).read_text(encoding="utf-8"))
    assert set(stored) == {"day", "digest", "study_sha256", "specification"}
    assert record.read(space) == (entry,)
    assert left_behind(space) == ["demo.record.json", "demo.yml"]


def test_second_note_of_the_same_study_changes_no_byte(space: Workspace) -> None:
    first = record.note(space, FIRST)
    before, stamp = file_of(space).read_bytes(), file_of(space).stat().st_mtime_ns
    assert record.note(space, LATER) == first
    assert file_of(space).read_bytes() == before
    assert file_of(space).stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("start: 2018", "start: 2019", ["SR04.start: 2018 → 2019"]),
        (
            "comparison: untreated",
            "comparison: [SR01, SR02, SR03]",
            ['SR04.comparison: untreated → ["SR01", "SR02", "SR03"]'],
        ),
        (
            "hze: inanspruchnahme_lokal",
            "hze: inanspruchnahme",
            ["outcomes.hze: inanspruchnahme_lokal → inanspruchnahme"],
        ),
        ("periods: [2017]", "periods: [2016]", ["SR04.selection: {"]),
        ("last: 2024", "last: 2023", ["last: 2024 → 2023"]),
        ("reference: [state]", "reference: [nation]", ['reference: ["state"] → ["nation"]']),
        ("age_to: 20", "age_to: 26", ["population: {"]),
        ("reference:", "forms: {§ 34: stationaer}\nreference:", ["forms: {} → {"]),
        ("reference:", "excluded: {SR02: Reform}\nreference:", ["excluded: {} → {"]),
        (
            "disclosure:",
            "  relevant_change: 0.2\ndisclosure:",
            ["outcomes.relevant_change: 0.1 → "],
        ),
    ],
)
def test_changed_specification_adds_an_entry(
    space: Workspace, old: str, new: str, names: list[str]
) -> None:
    (first,) = record.note(space, FIRST)
    changed = rewritten(space, old, new)
    entries = record.note(changed, LATER)
    assert entries[0] == first
    assert [entry.day for entry in entries] == ["2025-03-01", "2025-04-02"]
    assert entries[1].study_sha256 == changed.digest != first.study_sha256
    assert entries[1].digest != first.digest
    found = record.differences(first.specification, entries[1].specification)
    assert len(found) == len(names)
    for said, expected in zip(found, names, strict=True):
        assert said.startswith(expected)
    assert record.read(changed) == entries
    assert record.note(changed, LATER) == entries


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Musterstadt:", "Neustadt:"),
        ("  city: [00_datenlage]", "  city: []"),
        ("threshold: 3", "threshold: 5"),
        ("reference:", "help_label: Hilfen\nreference:"),
        (
            "reference:",
            "events: [{period: 2019, kind: reform, label: Neu}]\nreference:",
        ),
        ("    start: 2018", "    start: 2018\n    neighbours: [SR03]\n    note: Beginn im Mai"),
        ("# Drei Räume", "# Drei Modellräume"),
    ],
)
def test_what_moves_no_verdict_adds_none(space: Workspace, old: str, new: str) -> None:
    first = record.note(space, FIRST)
    before = file_of(space).read_bytes()
    changed = rewritten(space, old, new)
    assert changed.digest != space.digest
    assert record.note(changed, LATER) == first
    assert file_of(space).read_bytes() == before


def test_return_to_an_earlier_specification_is_told_as_well(space: Workspace) -> None:
    record.note(space, FIRST)
    record.note(rewritten(space, "start: 2018", "start: 2019"), LATER)
    entries = record.note(rewritten(space, "start: 2019", "start: 2018"), LATER)
    assert len(entries) == 3
    assert entries[0].digest == entries[2].digest != entries[1].digest


def test_order_of_the_model_areas_is_no_change(space: Workspace) -> None:
    first = record.note(space, FIRST)
    turned = space.study.model_copy(update={"model_areas": space.study.model_areas[::-1]})
    assert record.note(replace(space, study=turned), LATER) == first


def test_model_area_that_is_added_or_dropped_is_named(space: Workspace) -> None:
    fewer = space.study.model_copy(update={"model_areas": space.study.model_areas[:2]})
    whole = record.specification(space.study)
    dropped = record.differences(whole, record.specification(fewer))
    assert [name.partition(":")[0] for name in dropped] == [
        "SR14.comparison",
        "SR14.selection",
        "SR14.start",
    ]
    assert dropped[2] == "SR14.start: 2018 → ohne"
    assert record.differences(record.specification(fewer), whole)[2] == "SR14.start: ohne → 2018"
    assert record.differences(whole, whole) == ()


def test_umlauts_survive(space: Workspace) -> None:
    changed = rewritten(space, "Höchste Belastung", "Größte Überlastung – „Süd“")
    record.note(changed, FIRST)
    text = file_of(space).read_bytes().decode("utf-8")
    assert "Größte Überlastung – „Süd“" in text
    assert "Höchste Belastung" in text  # of the other area
    assert "\\u" not in text
    (entry,) = record.read(changed)
    assert "Größte Überlastung – „Süd“" in entry.specification["SR04.selection"]
    (said,) = record.differences(record.specification(space.study), entry.specification)
    assert "Größte Überlastung" in said


# --- damage ---------------------------------------------------------------------------------------


def _entry(**changed: object) -> str:
    good = {"day": "2025-03-01", "digest": "0", "study_sha256": "0", "specification": {}}
    return json.dumps([good | changed])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"[]",
        b"{}",
        b"null",
        b"5",
        b'"text"',
        b'[{"day": "2025-03-01"}]',
        b"[1]",
        b"\xff\xfe[]",
        b'{"day": "2025-03-01"}',
        b"<<<<<<< HEAD\n[]",
        _entry(day="1.3.2025").encode(),
        _entry(day=20250301).encode(),
        _entry(author="x").encode(),
    ],
)
def test_damaged_record_is_refused_and_left_as_it_is(space: Workspace, content: bytes) -> None:
    file_of(space).write_bytes(content)
    for attempt in (lambda: record.read(space), lambda: record.note(space, LATER)):
        with pytest.raises(StudyError, match=r"demo\.record\.json: .* damaged; restore it"):
            attempt()
    assert file_of(space).read_bytes() == content
    assert left_behind(space) == ["demo.record.json", "demo.yml"]


@pytest.mark.parametrize(
    "method", ["replace", "write_text"], ids=["at the last moment", "while writing"]
)
def test_interrupted_write_leaves_the_old_record(
    space: Workspace, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.note(space, FIRST)
    before = file_of(space).read_bytes()
    changed = rewritten(space, "start: 2018", "start: 2019")

    def fails(path: Path, *args: object, **_: object) -> None:
        if method == "write_text":
            path.write_bytes(str(args[0])[:40].encode())
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, fails)
        with pytest.raises(OSError, match="no space left"):
            record.note(changed, LATER)
    assert file_of(space).read_bytes() == before
    assert len(record.note(changed, LATER)) == 2
    assert left_behind(space) == ["demo.record.json", "demo.yml"]


def test_interrupted_first_write_leaves_no_record(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(KeyboardInterrupt):
            record.note(space, FIRST)
    assert not file_of(space).exists()
    assert record.read(space) == ()
    assert len(record.note(space, FIRST)) == 1


# --- nothing is forgotten -------------------------------------------------------------------------


@pytest.mark.parametrize("model", JUDGED, ids=lambda model: model.__name__)
def test_every_field_of_the_study_is_fixed_or_known_to_move_no_verdict(model: type) -> None:
    """A new field must be put into one of the lists above, and into the record if it judges."""
    assert not JUDGED[model] & BESIDE[model]
    assert set(model.model_fields) == JUDGED[model] | BESIDE[model]  # type: ignore[attr-defined]


def test_specification_holds_exactly_what_judges(space: Workspace) -> None:
    names = set(record.specification(space.study))
    expected = JUDGED[Study] - {"model_areas", "outcomes", "selection"}
    expected |= {f"outcomes.{name}" for name in JUDGED[Outcomes]}
    for area in space.study.treated:
        expected |= {f"{area}.{name}" for name in JUDGED[ModelArea] - {"area"}}
    assert names == expected
    parts = record.specification(space.study)
    assert set(json.loads(parts["population"])) == JUDGED[Population]
    assert set(json.loads(parts["SR04.selection"])) == JUDGED[Selection]


CHOICE = AreaChoice.model_validate(
    {"criteria": [{"name": "a", "dimension": "sozialraum", "source": "social_profile:a"}]}
)
OTHER: dict[str, object] = {
    "selection": CHOICE,
    "city": "andere",
    "period": "quarter",
    "first": 2011,
    "last": 2023,
    "population": Population(lag_years=1),
    "excluded": {"SR01": "Umbau"},
    "reference": ("city",),
    "outcomes": Outcomes(weights={"beratung": 2}),
    "forms": {"§ 34": "stationaer"},
    "title": "Anders",
    "help_label": "Anders",
    "area_label": "Anders",
    "whole_label": "Anders",
    "nation_label": "Anders",
}


@pytest.mark.parametrize("name", OTHER)
def test_each_field_that_judges_changes_the_digest(space: Workspace, name: str) -> None:
    study = space.study.model_copy(update={name: OTHER[name]})
    changed = record.specification(study) != record.specification(space.study)
    assert changed is (name in JUDGED[Study])


# --- the run --------------------------------------------------------------------------------------


@pytest.fixture
def ingested(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The study as if its data had been read."""
    space.processed.mkdir(parents=True)
    for name in ("require", "ingested"):
        monkeypatch.setattr(store, name, lambda space: provenance())
    monkeypatch.setattr(steps, "prepare", lambda given: None)
    monkeypatch.setattr(plan, "area_names", lambda space: {"SR04": "Süd"})
    return space


def test_run_writes_the_record_before_the_first_notebook(
    ingested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def notebook(*_: object, limits: object) -> None:
        seen.append(file_of(ingested).read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "execute", notebook)
    with pytest.raises(KeyboardInterrupt):
        runs.run(ingested, plan.tasks(ingested, areas=["SR04"]))
    assert len(seen) == 1
    (entry,) = json.loads(seen[0])
    assert entry["study_sha256"] == ingested.digest
    assert date.fromisoformat(entry["day"]) <= date.today()


def test_run_stops_at_a_damaged_record_before_any_notebook(
    ingested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(ingested).write_text("[]", encoding="utf-8")
    monkeypatch.setattr(jobs, "execute", lambda *_, limits: pytest.fail("a notebook ran"))
    with pytest.raises(StudyError, match="damaged"):
        runs.run(ingested, plan.tasks(ingested, areas=["SR04"]))


# --- damage ---------------------------------------------------------------------------------------


def test_specification_edited_by_hand_is_noticed(space: Workspace) -> None:
    record.note(space, FIRST)
    text = file_of(space).read_text(encoding="utf-8")
    assert '"SR04.start": "2018"' in text
    text = text.replace('"SR04.start": "2018"', '"SR04.start": "2016"')
    file_of(space).write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="damaged"):
        record.read(space)


def test_day_that_does_not_exist_is_refused(space: Workspace) -> None:
    file_of(space).write_text(_entry(day="2025-13-45"), encoding="utf-8")
    with pytest.raises(StudyError, match="damaged"):
        record.read(space)
