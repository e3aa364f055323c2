from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from conftest import ROOT, SHARED, copy_project
from evaltools.data import store
from evaltools.data.ingest import _other_models, ingest, inputs, is_current
from evaltools.errors import DataError, StudyError
from evaltools.study import Workspace, open_study

DIRTY = Path(__file__).parent / "data" / "dirty"
GOOD = sorted((DIRTY / "good").glob("*.yml"))
BROKEN = sorted((DIRTY / "broken").glob("*.yml"))
AREA = "Stadtraum;Name\nSR01;Äußere Neustadt\nSR02;Löbtau\nSR03;Weißer Hirsch\nSR04;Plauen\n"
STUDY = """\
title: Schmutzige Dateien
city: dirty
model_areas: [{area: SR01, start: 2020}]
notebooks: {}
"""


def dirty_study(root: Path, spec: Path) -> Workspace:
    """A study of its own whose counts come from one of the dirty files."""
    raw = root / "data" / "raw" / "dirty"
    raw.mkdir(parents=True, exist_ok=True)
    (root / "studies").mkdir(exist_ok=True)
    (root / "studies" / "dirty.yml").write_text(STUDY, encoding="utf-8")
    (raw / "gebiete.csv").write_text(AREA, encoding="utf-8")
    source = yaml.safe_load(spec.read_text(encoding="utf-8"))
    source["retrieved"] = str(source["retrieved"])
    shutil.copy(spec.with_name(source["file"]), raw)
    area = {
        "id": "gebiete",
        "file": "gebiete.csv",
        "table": "area",
        "provider": "Testamt",
        "licence": "keine",
        "retrieved": "2024-01-31",
        "columns": {"Stadtraum": "area_id", "Name": "name"},
    }
    content = {"city": "Teststadt", "sources": [area, source]}
    text = yaml.safe_dump(content, allow_unicode=True)
    # An anchor-free file: the same object is never dumped twice.
    (raw / "sources.yml").write_text(text, encoding="utf-8")
    return open_study("dirty", folder=root)


def counts(space: Workspace) -> pd.DataFrame:
    frame = store.read(space, "hze_count")
    columns = [name for name in frame if not str(name).endswith("_reason")]
    return frame[columns].sort_values(["area_id", "period"], ignore_index=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The tidy table, from the plainest of the files."""
    space = dirty_study(tmp_path_factory.mktemp("plain"), GOOD[0])
    ingest(space)
    return counts(space)


def test_there_are_ten_good_and_ten_broken_files() -> None:
    assert (len(GOOD), len(BROKEN)) == (10, 10)


@pytest.mark.parametrize("spec", GOOD, ids=lambda path: path.stem)
def test_files_as_offices_deliver_them_give_the_same_table(
    spec: Path, tmp_path: Path, expected: pd.DataFrame
) -> None:
    space = dirty_study(tmp_path, spec)
    done = ingest(space)
    assert set(done.findings["severity"]) == {"info"}
    found = counts(space)
    assert len(found) == 8
    shared = [name for name in expected if name in found]
    assert "stock_3112" in shared
    pd.testing.assert_frame_equal(found[shared], expected[shared])


def test_the_plain_file_reads_as_written(expected: pd.DataFrame) -> None:
    assert expected["stock_3112"].max() > 1000
    assert expected[["stock_3112", "started", "ended"]].isna().to_numpy().sum() == 2


# What each broken file must at least say, all in one go: rule and row.
SAID = {
    "binary": {("binaer", None)},
    "duplicate_keys": {("schluessel", None)},
    "empty": {("leer", None)},
    "formula": {("formel", None)},
    "missing_column": {("spalte_fehlt", None)},
    "negative": {("minimum", None)},
    "text_in_number": {("zahl", None)},
    "two_sheets": {("blatt", None)},
    "unknown_area": {("fremdschluessel", None)},
    "year_20188": {("muster", None)},
}
SEVERAL = {"duplicate_keys", "formula", "missing_column", "negative", "text_in_number"}
SEVERAL |= {"unknown_area", "year_20188"}


@pytest.mark.parametrize("spec", BROKEN, ids=lambda path: path.stem)
def test_broken_files_give_all_findings_and_leave_processed_data(
    spec: Path, tmp_path: Path
) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    ingest(space)
    before = {file.name: file.read_bytes() for file in space.processed.iterdir()}
    space = dirty_study(tmp_path, spec)
    with pytest.raises(DataError) as caught:
        ingest(space)
    findings = caught.value.findings
    assert findings is not None
    errors = findings[findings["severity"] == "error"]
    assert {rule for rule, _ in SAID[spec.stem]} <= set(errors["rule"])
    if spec.stem in SEVERAL:
        assert len(errors) >= 2
    assert errors["message"].str.len().min() > 20
    assert re.search(r"study dirty: \d+ errors", str(caught.value))
    assert {file.name: file.read_bytes() for file in space.processed.iterdir()} == before


def test_errors_of_several_files_come_together(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, DIRTY / "broken" / "negative.yml")
    (space.raw / "gebiete.csv").write_text(AREA + "SR 5;Neu\nSR06;\nSR07;Ende\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        ingest(space)
    assert caught.value.findings is not None
    errors = caught.value.findings.query("severity == 'error'")
    assert {"gebiete"} < set(errors["source_id"])
    assert {"muster", "pflicht", "minimum"} <= set(errors["rule"])


def edit(space: Workspace, old: str, new: str) -> Workspace:
    path = space.raw / "sources.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return open_study(space.name, folder=space.root)


def rules(space: Workspace, severity: str = "error") -> set[str]:
    with pytest.raises(DataError) as caught:
        ingest(space)
    assert caught.value.findings is not None
    return set(caught.value.findings.query(f"severity == '{severity}'")["rule"])


def test_a_missing_file_names_where_to_get_it(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    (space.raw / "gebiete.csv").unlink()
    assert {"datei_fehlt", "tabelle_fehlt"} <= rules(space)


def test_a_required_column_that_nobody_maps_is_an_error(tmp_path: Path) -> None:
    space = edit(dirty_study(tmp_path, GOOD[0]), "form: alle", "young_people: '3'")
    assert "spalte_fehlt" in rules(space)


def test_a_study_area_that_is_unknown_is_an_error(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    (space.raw / "gebiete.csv").write_text(AREA.replace("SR01", "SR09"), encoding="utf-8")
    assert {"studie", "fremdschluessel"} <= rules(space)


def test_a_changed_file_is_a_warning(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    space = edit(space, "id: gebiete", "id: gebiete\n  sha256: " + "0" * 64)
    done = ingest(space)
    assert done.findings.query("severity == 'warning'")["rule"].tolist() == ["pruefwert"]


def test_a_correction_of_an_unknown_table_or_lost_value_is_an_error(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    text = (
        "corrections:\n- {table: %s, area: SR01, period: '2019', column: started, old: '99999',"
        " new: '1', reason: Tippfehler, decided_by: Amt}\n"
    )
    for table in ("hze_count", "hze_cuont"):
        (space.raw / "corrections.yml").write_text(text % table, encoding="utf-8")
        assert rules(space) == {"korrektur"}


def test_unknown_tables_and_columns_are_refused_before_reading(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    with pytest.raises(StudyError, match="unknown table 'aera'; permitted: area"):
        ingest(edit(space, "table: area", "table: aera"))
    with pytest.raises(StudyError, match="unknown column of area 'nmae'"):
        ingest(edit(edit(space, "table: aera", "table: area"), "Name: name", "Name: nmae"))


def test_two_sources_of_one_table_are_put_together_by_key(tmp_path: Path) -> None:
    space = dirty_study(tmp_path, GOOD[0])
    second = tmp_path / "data" / "raw" / "dirty" / "neu.csv"
    second.write_text("Raum;Jahr;Kosten\nSR01;2019;1234,5\nSR01;2021;7\n", encoding="utf-8")
    more = """
- id: kosten
  file: neu.csv
  table: hze_count
  provider: Amt
  licence: keine
  retrieved: '2024-01-31'
  columns: {Raum: area_id, Jahr: period, Kosten: cost_eur}
  constants: {paragraph: alle, form: alle}
"""
    path = space.raw / "sources.yml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    ingest(open_study("dirty", folder=tmp_path))
    merged = store.read(space, "hze_count").set_index(["area_id", "period"])
    assert merged.loc[("SR01", "2019"), "cost_eur"] == 1234.5
    assert merged.loc[("SR01", "2019"), "stock_3112"] > 0
    assert pd.isna(merged.loc[("SR01", "2021"), "stock_3112"])
    clash = second.read_text(encoding="utf-8").replace("Kosten", "Bestand")
    second.write_text(clash, encoding="utf-8")
    path.write_text(
        path.read_text(encoding="utf-8").replace("Kosten: cost_eur", "Bestand: ended"), "utf-8"
    )
    second.write_text("Raum;Jahr;Bestand\nSR02;2019;5\n", encoding="utf-8")
    assert rules(open_study("dirty", folder=tmp_path)) == {"zwei_quellen"}


def test_the_demo_is_current_until_a_file_changes(tmp_path: Path) -> None:
    space = open_study("demo", folder=copy_project(tmp_path / "p", "demo"))
    assert not is_current(space)
    ingest(space)
    assert is_current(space)
    file = space.raw / "traeger.csv"
    file.write_bytes(file.read_bytes() + b"T99,Neu,frei\n")
    assert not is_current(space)
    ingest(space)
    (space.processed / "digests.json").unlink()  # as an earlier version left it
    assert not is_current(space)


def test_the_boundary_change_of_the_demo_is_carried_and_recorded(demo: Workspace) -> None:
    counted = store.read(demo, "hze_count")
    assert "SR18" not in set(counted["area_id"])
    found = store.read(demo, "findings")
    assert "SR18" in set(found.query("rule == 'gebietsstand'")["value"])
    assert "korrektur" in set(found["rule"])


def test_the_form_mapping_of_the_study_outranks_the_file(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "p", "demo")
    study = root / "studies" / "demo.yml"
    study.write_text(study.read_text("utf-8") + "forms: {'32': ambulant}\n", "utf-8")
    space = open_study("demo", folder=root)
    ingest(space)
    counted = store.read(space, "hze_count")
    assert set(counted.loc[counted["paragraph"] == "32", "form"]) == {"ambulant"}
    assert set(counted.loc[counted["paragraph"] == "33", "form"]) == {"stationaer"}


def test_dresden_holds_the_published_facts(tmp_path: Path) -> None:
    space = open_study("dresden", folder=copy_project(tmp_path / "p", "dresden"))
    done = ingest(space)
    assert done.rows == {"area": 17, "social_profile": 12, "infrastructure": 10}
    area = store.read(space, "area").set_index("area_id")
    assert list(area.index[area["is_model"]]) == ["SR04", "SR10", "SR14"]
    facts = store.read(space, "social_profile").set_index(["area_id", "indicator"])["value"]
    assert facts["SR04"].to_dict() == {
        "prekarisierungsindex": 0.002,
        "prognose_0_21_differenz": 733,
        "vk_differenz": 2.0,
        "faelle_ambulant": 26,
        "faelle_stationaer": 15,
        "kurzbefragung_n": 8,
        "kurzbefragung_mittelwert": 6.0,
    }
    assert facts["SR14", "vk_differenz"] == 2.52
    kinds = store.read(space, "infrastructure").set_index("kind")["n"]
    assert (kinds["okja"], kinds["kita"], kinds.sum()) == (9, 5, 32)


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    if not (SHARED / "england_cin").is_dir():
        pytest.skip("../shared/data/england_cin is not here; the raw files are not in the project")
    root = copy_project(tmp_path_factory.mktemp("e") / "p", "england")
    for file in (SHARED / "england_cin").glob("*.csv"):
        shutil.copy(file, root / "data" / "raw" / "england")
    space = open_study("england", folder=root)
    ingest(space)
    return space


def test_england_national_figures_come_out_unchanged(england: Workspace) -> None:
    nation = store.read(england, "reference_trend").set_index("period")
    assert nation.loc["2025", "stock_3112"] == 402_400
    assert nation.loc["2025", "started"] == 396_870
    assert nation.loc["2025", "ended"] == 353_720
    assert nation.loc["2024", "population"] == 12_183_016
    areas = store.read(england, "area")
    assert areas["name"].nunique() == 157


def test_england_missing_codes_are_unknown_with_their_reason(england: Workspace) -> None:
    counted = store.read(england, "hze_count").set_index(["area_id", "period"])
    scilly = counted.loc[("420", "2023")]
    assert pd.isna(scilly["stock_3112"])
    assert scilly["stock_3112_reason"] == "c: vertraulich"
    assert scilly["started"] == 9
    hampshire = counted.loc[("850", "2024")]
    assert hampshire[["stock_3112", "started", "ended"]].isna().all()
    assert hampshire["started_reason"] == "u: Angabe unzuverlässig"
    reasons = counted["stock_3112_reason"].str[0].value_counts().to_dict()
    assert reasons == {"x": 6, "c": 2, "u": 1}
    assert not (counted["stock_3112"] == 0).any()


def test_the_project_ships_no_raw_file_of_england() -> None:
    assert [file.name for file in (ROOT / "data/raw/england").iterdir()] == ["sources.yml"]


def test_inputs_name_every_file_with_its_hash(demo: Workspace) -> None:
    made = inputs(demo)
    assert len(made) == 27
    assert all(len(digest) == 64 for digest in made.values())


def test_model_areas_that_table_and_study_name_differently_are_warned_of() -> None:
    area = pd.DataFrame({"area_id": ["SR04", "SR10", "SR99"], "is_model": [True, False, True]})
    found = _other_models(area, open_study("dresden").study)
    assert [(item.severity, item.value) for item in found] == [
        *(("warning", "SR10"), ("warning", "SR14"), ("warning", "SR99")),
    ]
    assert _other_models(area.assign(is_model=False), open_study("demo").study) == []
