"""The template as an office gets it, fills it in and hands it back."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from conftest import ROOT
from evaltools import cli
from evaltools.data import store, template
from evaltools.data.headings import CODING_TABLES, SHEETS
from evaltools.data.ingest import ingest, is_current
from evaltools.data.schema import DTYPES, TABLES
from evaltools.errors import DataError, RunError, StudyError
from evaltools.study import Workspace, open_study
from template_samples import FIRST, MISTAKES, SOURCES, fill, findings, office, rows, spoil, study


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The template of the small study."""
    return template.workbook(study(tmp_path_factory.mktemp("blank")))


@pytest.fixture(scope="module")
def full(blank: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The template with rows in every sheet."""
    path = tmp_path_factory.mktemp("full") / "vorlage.xlsx"
    path.write_bytes(blank)
    fill(path, rows())
    return path.read_bytes()


@pytest.fixture
def whole(tmp_path: Path, full: bytes) -> Workspace:
    """A study that delivers every table in its template."""
    made = study(tmp_path)
    (made.raw / "vorlage.xlsx").write_bytes(full)
    return made


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A template of areas and providers, filled in."""
    made = office(tmp_path_factory.mktemp("few"), "provider")
    return (made.raw / "vorlage.xlsx").read_bytes()


@pytest.fixture
def space(tmp_path: Path, few: bytes) -> Workspace:
    """A study that delivers areas and providers in its template."""
    made = study(tmp_path)
    (made.raw / "vorlage.xlsx").write_bytes(few)
    return made


def book(space: Workspace) -> Any:
    return openpyxl.load_workbook(space.raw / "vorlage.xlsx")


def change(space: Workspace, sheet: str, **cells: object) -> pd.DataFrame:
    """Change cells of one sheet and return what is found."""
    made = book(space)
    for cell, value in cells.items():
        made[sheet][cell] = value
    made.save(space.raw / "vorlage.xlsx")
    return findings(space)


def test_the_template_is_the_same_every_time_and_holds_no_formula(
    blank: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "v.xlsx"
    made = study(tmp_path)
    assert template.write(made, path) == path
    assert path.read_bytes() == blank
    every = [cell for page in openpyxl.load_workbook(path) for row in page for cell in row]
    assert not [cell.coordinate for cell in every if cell.data_type == "f"]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    made, path = study(tmp_path), tmp_path / "v.xlsx"
    path.write_text("ausgefüllt", encoding="utf-8")
    with pytest.raises(RunError, match=r"v\.xlsx is there already"):
        template.write(made, path)
    assert path.read_text(encoding="utf-8") == "ausgefüllt"
    template.write(made, path, force=True)
    assert path.read_bytes()[:2] == b"PK"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_what_cannot_be_a_template_is_refused(tmp_path: Path) -> None:
    made = study(tmp_path)
    with pytest.raises(RunError, match=r"a template ends in \.xlsx"):
        template.write(made, tmp_path / "v.csv")
    with pytest.raises(RunError, match="unknown table 'ofer'; permitted: offer, provider"):
        template.write(made, tmp_path / "v.xlsx", tables=["ofer"])
    assert not list(tmp_path.glob("v.*"))


def test_the_command_writes_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["evaltools", "template", "muster", "--table", "offer"])
    for code, said in ((0, "muster-vorlage.xlsx"), (5, "is there already")):
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert int(caught.value.code or 0) == code
        assert said in "".join(capsys.readouterr())
    sheets = openpyxl.load_workbook(tmp_path / "muster-vorlage.xlsx").sheetnames
    assert sheets == ["Anleitung", "Angebote", "Listen"]


def test_one_sheet_a_table_with_lists_that_hold_every_label(blank: bytes, tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    path.write_bytes(blank)
    made = openpyxl.load_workbook(path)
    labels = [sheet.label for name, sheet in SHEETS.items() if name not in CODING_TABLES]
    assert made.sheetnames == ["Anleitung", *labels, "Listen"]
    assert made["Listen"].sheet_state == "hidden"
    lists = {
        f"Listen!${column[0].column_letter}$1": [cell.value for cell in column if cell.value]
        for column in made["Listen"].columns
    }
    for name in template.OFFICE_TABLES:
        page = made[SHEETS[name].label]
        assert page.freeze_panes == "C3"
        rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
        red = page.sheet_properties.tabColor
        assert (red is not None) == TABLES[name].case_level
        for place, column in enumerate(TABLES[name].columns, start=2):
            letter = page.cell(1, place).column_letter
            one = SHEETS[name].columns[column.name]
            assert page.cell(1, place).value == one.header + " *" * column.required
            rule = rules.get(f"{letter}{FIRST}:{letter}1048576")
            if one.codes and not one.several:
                assert rule is not None
                assert rule.type == "list"
                assert lists[rule.formula1.partition(":")[0]] == list(one.codes.values())
            if TABLES[name].foreign.get(column.name, ("",))[0] == "area":
                assert rule is not None
                assert "'Räume'!$B$4" in rule.formula1
                assert page.cell(3, place).value in (None, "SR01")


def test_the_guide_says_what_stays_in_the_office(blank: bytes, tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    path.write_bytes(blank)
    page = openpyxl.load_workbook(path)["Anleitung"]
    told = {row[0]: row[3] for row in page.iter_rows(values_only=True)}
    private = [one.label for name, one in SHEETS.items() if TABLES[name].case_level]
    assert {told[name] for name in private if name in told} == {"ja, bleibt im Amt"}
    assert not told["Angebote"]
    assert any("data/raw/muster/vorlage.xlsx" in str(text) for text in told)


def test_areas_are_filled_in_from_the_raw_files() -> None:
    found = template.areas(open_study("demo", folder=ROOT))
    assert list(found["area_id"])[:18] == [f"SR{n:02d}" for n in range(1, 19)]
    assert found.set_index("area_id").loc["SR18", "successor"] == "SR17"


def test_areas_that_nobody_delivers_are_those_of_the_study(tmp_path: Path) -> None:
    assert template.areas(study(tmp_path)).to_dict("list") == {"area_id": ["SR01"]}


def test_an_unfilled_template_lacks_only_the_names_of_the_areas(
    tmp_path: Path, blank: bytes
) -> None:
    made = study(tmp_path)
    (made.raw / "vorlage.xlsx").write_bytes(blank)
    found = findings(made)
    assert found[["rule", "row"]].to_numpy().tolist() == [["pflicht", FIRST]]
    assert found["message"][0] == "Blatt Räume, Zelle C4: Die Angabe „Name“ fehlt; sie ist Pflicht."


def test_every_sheet_reads_without_a_mapping(whole: Workspace) -> None:
    done = ingest(whole)
    assert set(done.findings["severity"]) == {"info"}
    expected = rows()
    made = store.read_provenance(whole.processed)
    assert made is not None
    assert "vorlage.xlsx" not in made.public_inputs  # it holds single helps
    assert done.rows == {name: len(part) for name, part in expected.items()}
    for name, part in expected.items():
        table, read = TABLES[name], store.read(whole, name)
        for column in (one for one in table.columns if part[0].get(one.name) is not None):
            given = pd.Series([row.get(column.name) for row in part])
            if column.name == "fields_present":
                given = pd.Series(["asd, schule, kita"])
            if column.kind == "date":
                given = pd.to_datetime(given)
            kind = DTYPES[column.kind]
            assert read[column.name].astype(kind).tolist() == given.astype(kind).tolist()


def test_codes_words_and_numbers_are_read_however_they_are_written(tmp_path: Path) -> None:
    space = office(tmp_path, "provider", "hze_count")
    made = book(space)
    counts, areas = made["Fallzahlen"], made["Räume"]
    counts["E4"], counts["E5"], counts["E6"] = "ambulant", "stationaer", "Alle Formen"
    counts["D4"], counts["D6"] = 31, "alle Paragrafen"
    counts["C4"], counts["C5"] = 2024.0, "2024"
    counts["F4"], counts["F5"], counts["F6"] = 14.0, "1.234", "k. A."
    areas["F4"], areas["F5"] = True, "Nein"
    areas["H4"], areas["H5"] = "01.01.2010", datetime(2012, 2, 3)
    providers = made["Träger"]
    providers["B5"] = 4.0
    made.save(space.raw / "vorlage.xlsx")
    assert findings(space).empty
    read = store.read(space, "hze_count").sort_values("form", ignore_index=True)
    assert read["form"].tolist() == ["alle", "ambulant", "stationaer"]
    assert read["paragraph"].tolist() == ["alle", "31", "34"]
    assert read["stock_3112"].fillna(-1).tolist() == [-1, 14, 1234]
    assert read["stock_3112_reason"][0] == "k. A.: keine Angabe"
    area = store.read(space, "area")
    assert area["is_model"].tolist() == [True, False]
    assert area["valid_from"].dt.strftime("%Y-%m-%d").tolist() == ["2010-01-01", "2012-02-03"]


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    space = office(tmp_path, "hze_count")
    ingest(space)
    before = store.read(space, "hze_count")
    made = book(space)
    page = made["Fallzahlen"]
    values = [list(row) for row in page.iter_rows(values_only=True)]
    turned = [*values[:3], *reversed(values[3:])]
    page.delete_rows(1, page.max_row)
    for row in turned:
        page.append([row[0], *row[:0:-1]])
    made.save(space.raw / "vorlage.xlsx")
    assert findings(space).empty
    again = store.read(space, "hze_count")[before.columns]
    order = ["period", "paragraph", "form"]
    pd.testing.assert_frame_equal(
        again.sort_values(order, ignore_index=True), before.sort_values(order, ignore_index=True)
    )


def test_twelve_mistakes_are_twelve_findings_that_name_sheet_cell_and_rule(
    whole: Workspace,
) -> None:
    spoil(whole.raw / "vorlage.xlsx", *MISTAKES)
    found = findings(whole)
    assert len(found) == len(MISTAKES) == 12
    assert set(found["severity"]) == {"error"}
    for rule, sheet, cell, _, said in MISTAKES.values():
        (one,) = found[
            found["message"].str.startswith(f"Blatt {sheet}, Zelle {cell}: ")
        ].itertuples()
        assert one.rule == rule
        assert said in one.message
        assert one.row == int(cell.lstrip("ABCDEFGHIJKLMNOPQ"))
    assert not found["message"].str.contains("sources.yml", regex=False).any()


def test_a_single_mistake_is_a_single_finding(space: Workspace) -> None:
    found = change(space, "Räume", B5="SR 2")
    assert found["rule"].tolist() == ["muster"]
    assert found["message"][0] == (
        "Blatt Räume, Zelle B5: Eine Kennung besteht aus Buchstaben ohne Umlaute, Ziffern, - und _ "
        "(höchstens 32 Zeichen)."
    )


def test_values_of_persons_are_told_nowhere(tmp_path: Path) -> None:
    space = office(tmp_path, "hze_case")
    made = book(space)
    page = made["Einzelne Hilfen"]
    page["C4"], page["H4"], page["B1"] = "Erika Mustermann", "31.02.1999", "Max Muster"
    page["B2"] = "Lieschen Müller"
    made.save(space.raw / "vorlage.xlsx")
    found = findings(space)
    assert sorted(found["rule"]) == ["datum", "kopfzeile", "muster"]
    told = " ".join(found.astype("string").fillna("").to_numpy().ravel())
    assert not [word for word in ("Must", "Max", "Müller", "1999") if word in told]


def test_an_unknown_sheet_is_an_error_and_an_empty_one_is_none(space: Workspace) -> None:
    made = book(space)
    made.create_sheet("Tabelle1")
    made.save(space.raw / "vorlage.xlsx")
    assert findings(space).empty
    made["Träger"].title = "Traeger neu"
    made.save(space.raw / "vorlage.xlsx")
    found = findings(space)
    assert found["rule"].tolist() == ["blatt"]
    assert "„Traeger neu“" in found["message"][0]


def test_a_column_of_the_office_is_a_warning_and_not_read(space: Workspace) -> None:
    found = change(space, "Träger", E1="Bemerkung", E4="neu")
    assert found["severity"].tolist() == ["warning"]
    assert found["message"][0].startswith("Blatt Träger, Zelle E1: Die Überschrift „Bemerkung“")


@pytest.mark.parametrize(
    ("sheet", "column", "said"),
    [
        ("Räume", "C", "„Name“ fehlt"),
        ("Träger", "B", "„Träger“ fehlt"),
        ("Träger", "A", "„Zeile“ fehlt"),
    ],
)
def test_a_lost_required_column_is_one_finding(
    space: Workspace, sheet: str, column: str, said: str
) -> None:
    made = book(space)
    made[sheet].delete_cols("ABC".index(column) + 1)
    made.save(space.raw / "vorlage.xlsx")
    found = findings(space)
    assert found["rule"].tolist() == ["spalte_fehlt"]
    assert said in found["message"][0]


def test_a_header_that_is_only_emptied_is_one_finding(space: Workspace) -> None:
    found = change(space, "Räume", C1=None)
    assert found["rule"].tolist() == ["kopfzeile"]
    assert found["message"][0] == (
        "Blatt Räume, Zelle C1: Die Überschrift fehlt; hier stand „Name“, wieder so benennen."
    )


def test_a_lost_optional_column_is_like_an_empty_one(tmp_path: Path) -> None:
    space = office(tmp_path, "offer")
    made = book(space)
    made["Angebote"].delete_cols(10)
    made.save(space.raw / "vorlage.xlsx")
    assert findings(space).empty
    assert "places" not in store.read(space, "offer")


def test_a_sheet_without_any_header_is_one_finding(tmp_path: Path) -> None:
    space = office(tmp_path, "offer")
    made = book(space)
    made["Angebote"].delete_rows(1, 3)
    made.save(space.raw / "vorlage.xlsx")
    found = findings(space)
    assert found["rule"].tolist() == ["kopfzeile"]
    assert found["message"][0].startswith("Blatt Angebote: Die Überschriften der Vorlage fehlen")


def test_a_header_twice_is_an_error(space: Workspace) -> None:
    found = change(space, "Träger", E1="Name *", E4="zwei", E5="zwei")
    assert found["severity"].tolist() == ["error"]
    assert "mehrmals" in found["message"][0]


def test_an_example_row_written_over_is_told_and_not_read(space: Workspace) -> None:
    found = change(space, "Träger", B3="T55", C3="Neu", D3="gewerblich")
    assert found[["severity", "rule"]].to_numpy().tolist() == [["warning", "beispiel"]]
    assert found["message"][0].startswith("Blatt Träger, Zelle A3: ")
    assert "T55" not in set(store.read(space, "provider")["provider_id"])


def test_an_example_row_that_lost_its_mark_is_an_error(space: Workspace) -> None:
    found = change(space, "Träger", A3=None)
    assert found[["severity", "rule", "row"]].to_numpy().tolist() == [["error", "beispiel", 3]]


def test_a_formula_is_told_with_its_cell(tmp_path: Path) -> None:
    space = office(tmp_path, "hze_count")
    found = change(space, "Fallzahlen", F4="=1+1")
    assert found["rule"].tolist() == ["formel"]
    assert found["message"][0].startswith("Blatt Fallzahlen, Zelle F4: enthält eine Formel")


def test_a_number_typed_in_per_cent_is_told_and_not_read_as_a_hundredth(tmp_path: Path) -> None:
    space = office(tmp_path, "social_profile")
    made = book(space)
    made["Soziale Merkmale"]["E4"] = 0.12
    made["Soziale Merkmale"]["E4"].number_format = "0.0 %"
    made.save(space.raw / "vorlage.xlsx")
    found = findings(space)
    assert found["rule"].tolist() == ["zahl"]
    assert found["message"][0].startswith("Blatt Soziale Merkmale, Zelle E4: Die Zahl ist mit Proz")


def test_an_unknown_field_of_a_meeting_is_told(tmp_path: Path) -> None:
    space = office(tmp_path, "area_team_meeting")
    found = change(space, "Sitzungen des Gebietsteams", D4="ASD; Schule, Feuerwehr")
    assert found["rule"].tolist() == ["code"]
    assert found["message"][0].startswith("Blatt Sitzungen des Gebietsteams, Zelle D4: Unbekannt")


def test_an_own_kind_is_read_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    space = office(tmp_path, "infrastructure")
    assert change(space, "Einrichtungen", D4="spielmobil").empty
    assert store.read(space, "infrastructure")["kind"].tolist() == ["spielmobil"]
    found = change(space, "Einrichtungen", D4="Spiel Mobil")
    assert found["rule"].tolist() == ["muster"]


def test_a_template_that_is_missing_or_damaged_is_told(space: Workspace) -> None:
    path = space.raw / "vorlage.xlsx"
    path.write_bytes(path.read_bytes()[:3000])
    assert "binaer" in set(findings(space)["rule"])
    path.unlink()
    assert "datei_fehlt" in set(findings(space)["rule"])


def test_a_template_beside_other_files_may_repeat_what_they_say(space: Workspace) -> None:
    other = "\n".join(
        [
            "sources:",
            "- {id: gebiete, file: gebiete.csv, table: area, provider: A, licence: k,",
            "   retrieved: 2024-01-31, columns: {Raum: area_id, Name: name}}",
        ]
    )
    raw = space.raw / "gebiete.csv"
    raw.write_text("Raum;Name\nSR01;Äußere Werft\nSR03;Neu\n", encoding="utf-8")
    again = study(space.root, sources=f"{SOURCES}{other}\n")
    assert findings(again).empty
    area = store.read(again, "area").set_index("area_id")
    assert area["name"].to_dict() == {
        "SR01": "Äußere Werft",
        "SR02": "Süßkirschgarten",
        "SR03": "Neu",
    }
    assert bool(area.loc["SR01", "is_model"])
    raw.write_text("Raum;Name\nSR01;Innere Werft\nSR03;Neu\n", encoding="utf-8")
    assert findings(again)["rule"].tolist() == ["zwei_quellen"]


def test_sources_without_tables_or_with_a_sheet_s_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="give sources: or templates:"):
        ingest(study(tmp_path, sources="city: X\n"))
    other = SOURCES + "sources:\n- {id: vorlage_x, file: a.csv, table: area, provider: A, "
    other += "licence: k, retrieved: 2024-01-31, columns: {a: area_id, b: name}}\n"
    with pytest.raises(StudyError, match="begins like a sheet of template vorlage"):
        ingest(study(tmp_path, sources=other))


def test_a_changed_template_is_read_again_and_told_by_its_hash(space: Workspace) -> None:
    ingest(space)
    assert is_current(space)
    made = store.read_provenance(space.processed)
    assert made is not None
    assert {source["table"] for source in made.sources} == {"area", "provider"}
    assert {source["file"] for source in made.sources} == {"vorlage.xlsx"}
    assert "vorlage.xlsx" in made.public_inputs
    text = SOURCES.replace("retrieved:", f"sha256: {made.inputs['vorlage.xlsx']}, retrieved:")
    again = study(space.root, sources=text)
    assert findings(again).empty
    assert change(again, "Träger", C4="Musterwerk")["rule"].tolist() == ["pruefwert"]
    (space.raw / "vorlage.xlsx").unlink()
    assert not is_current(again)


def test_what_is_stored_stays_when_the_template_is_wrong(space: Workspace) -> None:
    ingest(space)
    before = {file.name: file.read_bytes() for file in space.processed.iterdir()}
    spoil(space.raw / "vorlage.xlsx", "required cell empty")
    with pytest.raises(DataError, match="study muster: 1 errors"):
        ingest(space)
    assert {file.name: file.read_bytes() for file in space.processed.iterdir()} == before


def test_the_areas_given_are_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = study(tmp_path)
    given = pd.DataFrame(
        {"area_id": ["SR01"], "valid_from": [date(2020, 1, 1)], "is_model": [True]}
    )
    before = given.copy(deep=True)
    monkeypatch.setattr(template, "areas", lambda space: given)
    template.workbook(made, ("area",))
    pd.testing.assert_frame_equal(given, before)
