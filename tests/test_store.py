from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from conftest import copy_project
from evaltools.data import store
from evaltools.data.findings import to_frame
from evaltools.data.ingest import ingest
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
        DataError, match=r"unknown table of study demo 'cooperation'; permitted: area"
    ):
        store.read(demo, "cooperation")


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
