"""The interviews of a study: what does not fit together is named, nothing is shown by mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from conftest import copy_project
from evaltools.codings import demo as spoken
from evaltools.codings import material
from evaltools.codings.pseudonyms import hits
from evaltools.data.ingest import ingest
from evaltools.errors import DataError, StudyError
from evaltools.study import Workspace, open_study

KEPT = ("gebiete", "gespraeche", "freigabe", "pseudonyme")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The demo city with its areas and interviews only, so that it is read at once."""
    root = copy_project(tmp_path / "p", "demo")
    file = root / "data" / "raw" / "demo" / "sources.yml"
    sources = yaml.safe_load(file.read_text("utf-8"))
    sources["sources"] = [item for item in sources["sources"] if item["id"] in KEPT]
    (root / "data" / "raw" / "demo" / "corrections.yml").unlink()
    file.write_text(yaml.safe_dump(sources, allow_unicode=True), "utf-8")
    return root


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def read(root: Path) -> Workspace:
    space = open_study("demo", folder=root)
    ingest(space)
    return space


def test_groups_areas_speakers_and_names_come_from_the_tables(root: Path) -> None:
    made = material.load(read(root))
    documents = made.project.documents.set_index("name")
    assert documents.at["ER Kesselwiese Organisation", "area_id"] == "SR04"
    assert made.speakers.sum() == 31
    assert not any(hits(text, made.names) for text in made.project.documents["text"])
    assert any(hits(text, made.names) for text in spoken.project().documents["text"])
    assert set(made.soni) == {"Sozialstruktur", "Organisation", "Netzwerk", "Individuum"}
    assert len(made.joint) == 9


def test_misspelt_codes_of_the_study_are_named_all_at_once(root: Path) -> None:
    edit(root, "studies/demo.yml", "Bedarfe: [Bedarfe]", "Bedarfe: [Bedarf]")
    edit(
        root, "studies/demo.yml", '["SONI > Netzwerk", "Struktur', '["SONI > Netzwerke", "Struktur'
    )
    with pytest.raises(StudyError) as told:
        material.load(read(root))
    assert "dimensions: unknown code 'Bedarf'; permitted: Bedarfe" in str(told.value)
    assert "joint: unknown code 'SONI > Netzwerke'; permitted: SONI > Netzwerk" in str(told.value)


def test_an_own_file_is_read_without_the_codes_it_does_not_have(root: Path, shared: Path) -> None:
    space = read(root)
    own = shared / "qda" / "refi" / "variants" / "no_users.qdpx"
    made = material.load(space, codings=str(own))
    assert list(made.dimensions) == ["Strukturlogiken", "Sozialraumverständnis", "Bedarfe"]
    assert made.soni == {}
    assert made.speakers.isna().sum() == 2  # one has the name of an interview of the demo


def test_a_misspelt_interview_is_named_with_the_likeliest(root: Path) -> None:
    raw = "data/raw/demo"
    edit(root, f"{raw}/gespraeche.csv", "ER Kesselwiese", "ER Kesselwise")
    edit(root, f"{raw}/freigabe.csv", "ER Kesselwiese", "ER Kesselwise")
    with pytest.raises(DataError, match="unknown document 'ER Kesselwise Organisation'; permit"):
        material.load(read(root))


def test_two_interviews_of_one_name_are_refused(root: Path) -> None:
    line = "FG Planung und Steuerung.docx;Planung und Steuerung;;14.05.2024;6\r\n"
    file = root / "data" / "raw" / "demo" / "gespraeche.csv"
    file.write_bytes(file.read_bytes() + line.encode())
    with pytest.raises(DataError, match=r"two documents have the same name.*FG Planung"):
        material.load(read(root))


def test_an_interview_that_no_table_names_has_no_speakers_and_is_told(root: Path) -> None:
    file = root / "data" / "raw" / "demo" / "gespraeche.csv"
    rows = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(row for row in rows if "Einzelgespräch" not in row), "utf-8")
    freed = root / "data" / "raw" / "demo" / "freigabe.csv"
    rows = freed.read_text("utf-8").splitlines(keepends=True)
    freed.write_text("".join(row for row in rows if "Einzelgespräch" not in row), "utf-8")
    made = material.load(read(root))
    assert made.speakers.isna().sum() == 1
    assert [item.rule for item in made.project.problems] == ["ohne_angaben"]


def test_files_that_changed_since_the_ingest_are_not_read(root: Path) -> None:
    space = read(root)
    file = root / "data" / "raw" / "demo" / "fokusgruppen.qdpx"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DataError, match="has changed since the study was read; run: evaltools"):
        material.load(space)


def test_a_study_without_codings_or_names_says_so(root: Path) -> None:
    file = root / "data" / "raw" / "demo" / "sources.yml"
    sources = yaml.safe_load(file.read_text("utf-8"))
    sources["sources"] = [item for item in sources["sources"] if item["id"] != "pseudonyme"]
    file.write_text(yaml.safe_dump(sources, allow_unicode=True), "utf-8")
    made = material.load(read(root))
    assert "namen" in {item.rule for item in made.project.problems}
    del sources["codings"]
    file.write_text(yaml.safe_dump(sources, allow_unicode=True), "utf-8")
    with pytest.raises(DataError, match="study demo has no codings"):
        material.load(read(root))


def test_a_qualcoder_folder_is_a_file_of_codings(root: Path, shared: Path) -> None:
    raw = root / "data" / "raw" / "demo"
    shutil.copytree(shared / "qda" / "qualcoder" / "Sozialraum.qda", raw / "Sozialraum.qda")
    file = raw / "sources.yml"
    sources = yaml.safe_load(file.read_text("utf-8"))
    kept = [item for item in sources["sources"] if item["id"] in ("gebiete", "pseudonyme")]
    codings = [dict(sources["codings"][0], file="Sozialraum.qda")]
    codings[0].pop("sha256")
    file.write_text(yaml.safe_dump(sources | {"sources": kept, "codings": codings}), "utf-8")
    study = root / "studies" / "demo.yml"
    text = yaml.safe_load(study.read_text("utf-8"))
    text.pop("codings")
    study.write_text(yaml.safe_dump(text), "utf-8")
    made = material.load(read(root))
    assert len(made.project.codings) == 19
