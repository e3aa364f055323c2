"""The invented focus groups: consistent, coded twice, nothing real, the same bytes every time."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaltools.codings import demo, maxqda, pseudonyms, refi
from evaltools.codings.model import KEYS, Project
from evaltools.data.beside import Beside
from evaltools.data.schema import TABLES
from evaltools.data.sources import CodingFile, Source
from evaltools.data.tidy import tidy
from evaltools.data.validate import check
from evaltools.errors import DataError
from test_demo import REAL

CSV = ("gespraeche.csv", "freigabe.csv", "pseudonyme.csv")


@pytest.fixture(scope="module")
def project() -> Project:
    return demo.project()


@pytest.fixture(scope="module")
def written() -> Beside:
    return demo.files()


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return {item["name"]: item["replacement"] for item in demo.content()["pseudonyms"]}


def _table(written: Beside, file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written.content[file].decode("utf-8")), delimiter=";"))


def _coded(project: Project) -> pd.DataFrame:
    coders = project.coders.rename(columns={"name": "coder"})
    return project.codings.merge(coders).merge(project.codes[["code_id", "path"]])


def test_every_document_says_that_it_is_invented(project: Project) -> None:
    assert project.documents["text"].str.startswith("Erfundenes Gespräch zur Erprobung").all()


def test_no_real_place_occurs(written: Beside, project: Project) -> None:
    texts = [*project.documents["text"], *(written.content[file].decode("utf-8") for file in CSV)]
    assert [name for name in REAL for text in texts if name in text] == []


def test_a_quote_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = demo.content()
    found["documents"][0]["codings"][0]["quote"] = "die"
    monkeypatch.setattr(demo, "content", lambda: found)
    with pytest.raises(DataError, match=r"'die' stands \d+ times in FG Planung und Steuerung"):
        demo.project()


def test_an_undeclared_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = demo.content()
    found["documents"][0]["codings"][0]["code"] = "Bedarfe > Personal"
    monkeypatch.setattr(demo, "content", lambda: found)
    with pytest.raises(DataError, match="is not among the codes"):
        demo.project()


def test_every_code_is_used_and_no_heading_is(project: Project) -> None:
    codable = project.codes.loc[project.codes["codable"], "code_id"]
    assert set(project.codings["code_id"]) == set(codable)
    assert set(project.codes.loc[~project.codes["codable"], "parent_id"].isna()) == {True}


def test_one_name_stands_for_two_codes(project: Project) -> None:
    paths = project.codes.loc[project.codes["name"] == "Personal", "path"]
    assert sorted(path.split(" > ")[1] for path in paths) == ["Hindernisse", "Voraussetzungen"]


def test_both_coders_coded_every_document_and_nothing_twice(project: Project) -> None:
    coded = _coded(project)
    assert (coded.groupby("doc_id")["coder"].nunique() == 2).all()
    assert coded["doc_id"].nunique() == len(project.documents)
    assert not coded.duplicated(["segment_id", "code_id", "coder_id"]).any()


def test_coders_agree_neither_wholly_nor_poorly(project: Project) -> None:
    coded = _coded(project)
    assert 120 <= len(coded) <= 200
    used = coded.groupby(["doc_id", "path"])["coder"].nunique()
    assert 0.65 < (used == 2).mean() < 0.9
    alike = coded.groupby(["segment_id", "code_id"])["coder"].nunique()
    assert 0.25 < (alike == 2).mean() < 0.7


def test_texts_hold_what_makes_offsets_hard(project: Project) -> None:
    text = "".join(project.documents["text"])
    assert any(ord(sign) > 0xFFFF for sign in text)
    assert any(unicodedata.combining(sign) for sign in text)
    assert "\r" not in text
    assert all(sign in text for sign in "äöüß»«§")
    coded = "".join(project.segments["text"])
    assert any(unicodedata.combining(sign) for sign in coded)
    emoji = next(place for place, sign in enumerate(text) if ord(sign) > 0xFFFF)
    first = project.documents["doc_id"].iloc[0]
    ends = project.segments.loc[project.segments["doc_id"] == first, "end"]
    assert ends.max() > emoji


def test_no_quote_goes_beyond_what_one_person_said(project: Project) -> None:
    assert not project.segments["text"].str.contains(r"\n|\b(?:P\d|Moderation):").any()


def test_names_of_the_list_occur_and_are_all_replaced(
    project: Project, names: dict[str, str]
) -> None:
    texts = " ".join(project.documents["text"])
    assert [name for name in names if name not in texts] == []
    assert sum(f"{name}s " in texts for name in names) >= 4
    clean = " ".join(pseudonyms.pseudonymise(project, names).documents["text"])
    assert [name for name in names if name in clean] == []


def test_every_decided_quote_is_a_segment_of_the_first_coder(
    project: Project, written: Beside, names: dict[str, str]
) -> None:
    printed = pseudonyms.pseudonymise(project, names)
    first = _coded(printed).query("coder == 'Kodierung A'")["segment_id"]
    segments = printed.segments[printed.segments["segment_id"].isin(first)]
    known = segments.merge(printed.documents[["doc_id", "name"]])
    offered = set(zip(known["name"], known["text"], strict=True))
    rows = _table(written, "freigabe.csv")
    assert [row for row in rows if (row["Gespräch"], row["Zitat"]) not in offered] == []
    assert len({(row["Gespräch"], row["Zitat"]) for row in rows}) == len(rows)
    assert not any(name in row["Zitat"] for row in rows for name in names)


def test_clearance_has_all_three_answers_in_every_model_area(written: Beside) -> None:
    areas = {row["Gespräch"]: row["Stadtraum"] for row in _table(written, "gespraeche.csv")}
    rows = _table(written, "freigabe.csv")
    given = [row["freigegeben"] for row in rows]
    assert (given.count("ja"), given.count("nein"), given.count("")) == (16, 4, 2)
    cleared = {areas[row["Gespräch"]] for row in rows if row["freigegeben"] == "ja"}
    assert cleared == {"SR04", "SR10", "SR14", ""}
    for row in rows:
        assert bool(row["durch"]) == bool(row["am"]) == bool(row["freigegeben"])


def test_one_group_has_too_few_speakers(written: Beside) -> None:
    speakers: dict[str, int] = {}
    for row in _table(written, "gespraeche.csv"):
        speakers[row["Gruppe"]] = speakers.get(row["Gruppe"], 0) + int(row["Personen"])
    assert [group for group, number in speakers.items() if number < 3] == ["Einzelgespräch"]


def test_as_many_people_speak_as_the_table_says(written: Beside, project: Project) -> None:
    texts = project.documents.set_index("name")["text"]
    for row in _table(written, "gespraeche.csv"):
        voices = {line.split(": ")[0] for line in texts[row["Gespräch"]].splitlines()[1:]}
        assert len(voices - {"Moderation"}) == int(row["Personen"])


def test_files_are_the_same_bytes_every_time(written: Beside) -> None:
    again = demo.files()
    assert dict(again.content) == dict(written.content)
    assert again.sources == written.sources
    assert again.codings == written.codings


def _checked(entry: Mapping[str, Any], written: Beside) -> None:
    assert entry["sha256"] == sha256(written.content[entry["file"]]).hexdigest()
    assert entry["licence"] == "CC0-1.0"


def test_sources_fit_the_files_and_the_schema(written: Beside) -> None:
    for entry in written.sources:
        source = Source.model_validate(entry)
        _checked(entry, written)
        assert list(_table(written, source.file)[0]) == [*source.columns]
        assert set(source.columns.values()) <= set(TABLES[source.table].names)
    assert {entry["file"] for entry in written.sources} == set(CSV)


def test_codings_are_listed_once_though_written_twice(written: Beside) -> None:
    (entry,) = written.codings
    assert CodingFile.model_validate(entry).file == demo.CODINGS
    _checked(entry, written)
    assert set(written.content) == {demo.CODINGS, demo.TABLE, *CSV}


def _written(written: Beside, folder: Path, file: str) -> Path:
    path = folder / file
    path.write_bytes(written.content[file])
    return path


def test_codings_read_back_as_they_are(project: Project, written: Beside, tmp_path: Path) -> None:
    found = refi.read(_written(written, tmp_path, demo.CODINGS))
    assert found.problems == ()
    for name in ("documents", "codes", "coders", "segments", "codings"):
        tables = (item.table(name) for item in (project, found))
        first, second = (item.sort_values(KEYS[name], ignore_index=True) for item in tables)
        pd.testing.assert_frame_equal(first, second)


def test_the_table_of_maxqda_holds_the_same_codings(
    project: Project, written: Beside, tmp_path: Path
) -> None:
    found = maxqda.read(_written(written, tmp_path, demo.TABLE))
    assert _said(found) == _said(project)


def _said(project: Project) -> list[tuple[str, ...]]:
    named = project.documents[["doc_id", "name", "group"]]
    coded = _coded(project).merge(named).merge(project.segments[["segment_id", "text"]])
    columns = ("name", "group", "path", "coder", "text")
    return sorted(zip(*(coded[column] for column in columns), strict=True))


def test_tables_read_back_as_they_are(written: Beside, tmp_path: Path) -> None:
    frames = {}
    for entry in written.sources:
        source = Source.model_validate(entry)
        tidied = tidy(_written(written, tmp_path, source.file), source)
        assert tidied.ok, tidied.findings
        assert check(tidied.frame, TABLES[source.table], source_id=source.id) == []
        frames[source.table] = tidied.frame
    told = demo.content()
    areas = [doc["area"] or "" for doc in told["documents"]]
    assert frames["coding_document"]["area_id"].fillna("").tolist() == areas
    cleared = pd.Series([item["cleared"] for item in told["clearance"]], dtype="boolean")
    assert frames["quote_clearance"]["cleared"].reset_index(drop=True).equals(cleared)
    # Tables are read composed; the interviews keep their combining marks.
    quotes = [unicodedata.normalize("NFC", item["quote"]) for item in told["clearance"]]
    assert frames["quote_clearance"]["quote"].tolist() == quotes
    kinds = [item["kind"] for item in told["pseudonyms"]]
    assert frames["pseudonym"]["kind"].tolist() == kinds
