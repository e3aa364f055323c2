from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from conftest import copy_project
from evaltools.data import content, digests, reads, store
from evaltools.data.findings import to_frame
from evaltools.data.ingest import ingest
from evaltools.data.reads import Read
from evaltools.errors import DataError, RunError
from evaltools.study import Workspace, open_study


def test_provenance_names_inputs_versions_and_no_path(demo: Workspace) -> None:
    made = store.read_provenance(demo.processed)
    assert made is not None
    assert made.simulated
    assert made.is_this_version
    assert made.retrieved == "2025-01-31"
    assert {"faelle.csv", "sources.yml", "studies/demo.yml", "corrections.yml"} <= set(made.inputs)
    assert all(len(digest) == 64 for digest in made.inputs.values())
    assert [item["table"] for item in made.corrections] == ["staffing"]
    text = (demo.processed / "provenance.json").read_text(encoding="utf-8")
    assert str(demo.root) not in text


def test_a_table_that_is_not_there_is_named_with_those_that_are(demo: Workspace) -> None:
    with pytest.raises(
        DataError, match=r"unknown table of study demo 'unit_cost'; permitted: .*action_budget"
    ):
        store.read(demo, "unit_cost")


def test_a_study_without_data_says_what_to_run(demo: Workspace, tmp_path: Path) -> None:
    empty = Workspace("demo", tmp_path, demo.study, demo.digest)
    with pytest.raises(DataError, match="run: evaltools ingest demo"):
        store.read(empty, "area")
    assert store.read_provenance(empty.processed) is None


def test_case_rows_are_not_loaded_for_notebooks(demo: Workspace) -> None:
    tables = store.load(demo)
    assert "hze_count" in tables
    assert "hze_case" not in tables
    assert "findings" not in tables


def test_an_own_file_takes_the_place_of_a_table(demo: Workspace, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "area_id;period;paragraph;form;started\nSR01;2019;alle;alle;1.234\nSR02;2019;alle;alle;7\n",
        encoding="utf-8",
    )
    tables = store.load(demo, case_counts=str(own))
    assert tables["hze_count"]["started"].tolist() == [1234, 7]
    parquet = tmp_path / "own.parquet"
    tables["hze_count"].to_parquet(parquet)
    again = store.load(demo, case_counts=str(parquet))
    pd.testing.assert_frame_equal(again["hze_count"], tables["hze_count"], check_dtype=False)


def test_an_own_file_with_errors_is_refused_with_all_of_them(
    demo: Workspace, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text("area_id;period;paragraph;form;started\nSR99;2019;alle;alle;-5\n", "utf-8")
    with pytest.raises(DataError, match=r"own.csv: 2 errors") as caught:
        store.load(demo, case_counts=str(own))
    assert caught.value.findings is not None
    assert set(caught.value.findings["rule"]) >= {"minimum", "fremdschluessel"}
    with pytest.raises(DataError, match=r"gone.csv: no such file"):
        store.load(demo, offers=str(tmp_path / "gone.csv"))


def made_from(demo: Workspace) -> store.Provenance:
    made = store.read_provenance(demo.processed)
    assert made is not None
    return made


def test_a_write_that_fails_leaves_the_last_state(
    demo: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    area = store.read(demo, "area")
    store.write(folder, {"area": area}, to_frame([]), made_from(demo))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def full(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store, "_json", full)
    with pytest.raises(OSError, match="disk full"):
        store.write(folder, {"area": area.iloc[:2]}, to_frame([]), made_from(demo))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [item.name for item in tmp_path.iterdir()] == ["study"]


def test_an_interruption_between_the_two_renames_is_mended(demo: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    store.write(folder, {"area": store.read(demo, "area")}, to_frame([]), made_from(demo))
    folder.rename(tmp_path / ".study.old")
    assert store.read_provenance(folder) == made_from(demo)
    assert (folder / "area.parquet").is_file()


def test_an_ingest_killed_after_the_renames_leaves_no_old_rows(
    demo: Workspace, tmp_path: Path
) -> None:
    space = Workspace("study", tmp_path, demo.study, demo.digest)
    folder = space.processed
    store.write(folder, {"area": store.read(demo, "area")}, to_frame([]), made_from(demo))
    (folder.parent / ".study.old").mkdir()
    (folder.parent / ".study.new-x").mkdir()
    with store.locked(space):
        assert sorted(path.name for path in folder.parent.glob(".study.*")) == [
            ".study.holder",
            ".study.lock",
        ]
    assert (folder / "area.parquet").is_file()


def test_an_ingest_killed_between_the_renames_keeps_the_last_state(
    demo: Workspace, tmp_path: Path
) -> None:
    space = Workspace("study", tmp_path, demo.study, demo.digest)
    folder = space.processed
    store.write(folder, {"area": store.read(demo, "area")}, to_frame([]), made_from(demo))
    folder.rename(folder.parent / ".study.old")
    with store.locked(space):
        assert (folder / "area.parquet").is_file()


def test_a_broken_provenance_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "provenance.json").write_text("{", encoding="utf-8")
    assert store.read_provenance(tmp_path) is None
    (tmp_path / "provenance.json").write_text(json.dumps({"sources": []}), encoding="utf-8")
    assert store.read_provenance(tmp_path) is None


def test_hashes_of_counts_stay_in_the_office(demo: Workspace) -> None:
    made = made_from(demo)
    assert "faelle.csv" in made.inputs
    assert "faelle.csv" not in made.public_inputs
    assert "bevoelkerung.xlsx" in made.public_inputs


def test_the_state_changes_with_the_inputs_only(tmp_path: Path) -> None:
    space = open_study("demo", folder=copy_project(tmp_path / "p", "demo"))
    ingest(space)
    first = made_from(space).state
    ingest(space)
    assert made_from(space).state == first
    file = space.raw / "traeger.csv"
    file.write_bytes(file.read_bytes() + b"T99,Neu,frei\n")
    ingest(space)
    assert made_from(space).state != first


def test_a_study_is_held_by_one_process_at_a_time(demo: Workspace) -> None:
    told = rf"another run of study demo is under way \(process {os.getpid()}, since 20.*\); wait"
    with (
        store.locked(demo),
        pytest.raises(RunError, match=told),
        store.locked(demo),
    ):
        pass
    with store.locked(demo):
        pass


def test_digests_tell_what_changed_by_table_and_area(demo: Workspace, tmp_path: Path) -> None:
    names = ("area", "hze_count", "hze_case", "reference_trend")
    frames = {name: store.read(demo, name) for name in names}
    folder = tmp_path / "study"
    store.write(folder, frames, to_frame([]), made_from(demo))
    assert (folder / digests.FILE).stat().st_mode & 0o077 == 0
    before = digests.read(folder)
    assert set(before) == {*frames, "findings"}
    assert set(before["hze_count"]) == {digests.WHOLE, *frames["hze_count"]["area_id"]}
    assert set(before["hze_case"]) == {digests.WHOLE}  # case rows are not told apart
    counts = frames["hze_count"]
    row = counts.index[counts["area_id"] == "SR10"][0]
    counts.loc[row, "started"] += 1
    by_area = counts.sort_values("area_id", kind="stable", ascending=False)
    store.write(folder, {**frames, "hze_count": by_area}, to_frame([]), made_from(demo))
    after = digests.read(folder)
    changed = {(t, a) for t, parts in after.items() for a, n in parts.items() if before[t][a] != n}
    assert changed == {("hze_count", digests.WHOLE), ("hze_count", "SR10")}


def test_digests_are_those_of_the_tables_as_they_are_read(demo: Workspace) -> None:
    found = digests.read(demo.processed)
    assert set(found) == set(store.available(demo))
    for name, parts in found.items():
        assert content.digest(store.read(demo, name)) == parts[digests.WHOLE], name
    narrowed = store.load(demo).only(["SR04"])["hze_count"]
    assert content.digest(narrowed) == found["hze_count"]["SR04"]


def test_broken_digests_count_as_none(tmp_path: Path) -> None:
    assert digests.read(tmp_path) == {}
    for text in ("{", "[]", '{"area": 1}'):
        (tmp_path / digests.FILE).write_text(text, encoding="utf-8")
        assert digests.read(tmp_path) == {}


def test_results_and_plans_outlive_an_ingest(demo: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    area = {"area": store.read(demo, "area")}
    store.write(folder, area, to_frame([]), made_from(demo))
    for name in (*store.CACHES, "other"):
        (folder / name).mkdir(mode=0o700)
        (folder / name / "kept").write_text("x", encoding="utf-8")
    store.write(folder, area, to_frame([]), made_from(demo))
    for name in store.CACHES:
        assert (folder / name / "kept").read_text(encoding="utf-8") == "x"
        assert (folder / name).stat().st_mode & 0o777 == 0o700
    assert not (folder / "other").exists()
    assert [item.name for item in tmp_path.iterdir()] == ["study"]


def test_names_of_areas_are_known_without_reading_a_table(demo: Workspace, tmp_path: Path) -> None:
    named = store.area_names(demo)
    frame = store.read(demo, "area")
    assert named == dict(zip(frame["area_id"], frame["name"], strict=True))
    folder = tmp_path / "data" / "processed" / "study"
    store.write(folder, {"area": frame}, to_frame([]), made_from(demo))
    (folder / store.NAMES).unlink()  # as an earlier version left it
    assert store.area_names(Workspace("study", tmp_path, demo.study, demo.digest)) == named


def test_who_reads_is_on_record(demo: Workspace, tmp_path: Path) -> None:
    reads.listen(tmp_path / "reads")
    try:
        data = store.load(demo)
        store.ingested(demo)
        assert reads.parse(tmp_path / "reads") == ()
        data["offer"]
        store.read(demo, "hze_case")
        store.require(demo)
    finally:
        reads.stop()
    wanted = (Read("hze_case"), Read("offer"), Read("provenance"))
    assert reads.parse(tmp_path / "reads") == wanted
    assert data.kept == demo.processed / "effects"
