"""The Data Package description holds, and the stored tables keep what it promises."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from frictionless import Package, system

from evaltools.study import Workspace


def as_csv(space: Workspace, folder: Path) -> Path:
    """Copy the package with its tables as CSV, which frictionless reads without an engine."""
    package = json.loads((space.processed / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        frame = pd.read_parquet(space.processed / resource["path"])
        resource["path"] = resource["path"].replace(".parquet", ".csv")
        resource["format"] = "csv"
        frame.to_csv(folder / resource["path"], index=False, date_format="%Y-%m-%d")
    file = folder / "datapackage.json"
    file.write_text(json.dumps(package), encoding="utf-8")
    return file


def test_frictionless_validates_description_and_content(demo: Workspace, tmp_path: Path) -> None:
    with system.use_context(trusted=True):
        report = Package(str(as_csv(demo, tmp_path))).validate()
    assert report.valid, report.flatten(["name", "fieldName", "rowNumber", "type", "note"])[:5]
    assert len(report.tasks) == 18


def test_frictionless_would_find_a_broken_promise(demo: Workspace, tmp_path: Path) -> None:
    file = as_csv(demo, tmp_path)
    counts = tmp_path / "hze_count.csv"
    frame = pd.read_csv(counts, dtype=str)
    frame.loc[3, "started"] = "-4"
    frame.loc[4, "form"] = "halb"
    frame.to_csv(counts, index=False)
    with system.use_context(trusted=True):
        report = Package(str(file)).validate()
    found = report.flatten(["fieldName", "type"])
    assert ["started", "constraint-error"] in found
    assert ["form", "constraint-error"] in found


def test_case_rows_are_no_part_of_the_package(demo: Workspace) -> None:
    package = json.loads((demo.processed / "datapackage.json").read_text(encoding="utf-8"))
    names = {resource["name"] for resource in package["resources"]}
    assert "hze-count" in names
    assert "hze-case" not in names
    assert (demo.processed / "hze_case.parquet").is_file()
    assert package["$schema"].endswith("/2.0/datapackage.json")
    assert package["licenses"] == [{"name": "CC0-1.0", "title": "CC0-1.0"}]
