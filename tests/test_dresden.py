"""The Steckbrief of Dresden prints every published figure, and says elsewhere that there is none.

The published figures stand twice: in the raw files of the study, and in the reference data that
were typed apart from them.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from evaltools.data import ingest, store
from evaltools.data.tables import Tables
from evaltools.release import steckbrief_views, views
from evaltools.release.disclosure import Rule
from evaltools.study import Workspace, open_study

LABELS = {
    "prekarisierungsindex": "Prekarisierungsindex",
    "forecast_0_21_2021_diff": "Prognose der Bevölkerung 0 bis 21, Veränderung",
    "vk_diff_2018_2016": "Veränderung der Vollkräfte",
    "cases_ambulant": "Hilfen, ambulant",
    "cases_stationaer": "Hilfen, stationär",
}
NAMES = {
    "okja": "Offene Kinder- und Jugendarbeit",
    "schulsozialarbeit": "Schulsozialarbeit",
    "schuljugendarbeit": "Schuljugendarbeit",
    "beratung": "Beratungsstelle",
    "hort": "Hort",
    "kita": "Kita",
    "grundschule": "Grundschule",
    "oberschule": "Oberschule",
    "gymnasium": "Gymnasium",
    "gesamtschule": "Gesamtschule",
}
Known = tuple[Workspace, Tables, Rule]


@pytest.fixture(scope="module")
def dresden(tmp_path_factory: pytest.TempPathFactory) -> Known:
    root = tmp_path_factory.mktemp("dresden")
    for folder in ("studies", "notebooks", "data/raw/dresden"):
        shutil.copytree(ROOT / folder, root / folder)
    space = open_study("dresden", folder=root)
    ingest.ingest(space)
    return space, store.load(space), views.rules(space)


def shown(dresden: Known, area: str) -> dict[str, str]:
    space, tables, rules = dresden
    made = steckbrief_views.steckbrief(tables, space.study, area, rules)
    return {str(row[0]): str(row[1]) for row in made.sheet.rows}


def german(text: str) -> str:
    return text.replace(".", ",")


@pytest.mark.parametrize(("area", "number"), [("SR04", "4"), ("SR14", "14")])
def test_every_figure_of_the_reference_is_printed(
    dresden: Known, shared: Path, area: str, number: str
) -> None:
    path = shared / "reference" / "dresden_stadtraeume.csv"
    with path.open(encoding="utf-8", newline="") as file:
        (own,) = [row for row in csv.DictReader(file) if row["sr"] == number]
    said = shown(dresden, area)
    assert {label: said[label] for label in LABELS.values()} == {
        label: german(own[column]) for column, label in LABELS.items()
    }
    letter, _, name = own["stadtraumtyp_seed001"].partition(" ")
    assert said["Stadtraumtyp"] == f"{letter} ({name})"


@pytest.mark.parametrize("area", ["SR04", "SR14"])
def test_every_figure_of_the_raw_files_is_printed(dresden: Known, area: str) -> None:
    space, tables, rules = dresden
    made = steckbrief_views.steckbrief(tables, space.study, area, rules)
    printed = {(str(row[1]), str(row[2])) for row in made.sheet.rows}
    for file in ("merkmale", "einrichtungen"):
        path = ROOT / "data" / "raw" / "dresden" / f"{file}.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                if row["Stadtraum"] == area:
                    assert (row.get("Wert") or row["Anzahl"], row["Jahr"]) in printed, row


def test_pieschen_has_its_institutions_by_kind(dresden: Known) -> None:
    said = shown(dresden, "SR04")
    expected = dict(zip(NAMES, (9, 3, 1, 2, 3, 5, 3, 3, 2, 1), strict=True))
    assert {kind: said[name] for kind, name in NAMES.items()} == {
        kind: str(n) for kind, n in expected.items()
    }
    assert said["Kurzbefragung: Zustimmung zum Stadtraumtyp, Mittelwert"] == "6,0"
    assert said["Kurzbefragung: Zahl der Bewertungen"] == "8"


def test_what_is_not_published_is_said_in_full_words(dresden: Known) -> None:
    leuben = shown(dresden, "SR10")
    assert leuben.pop("Stadtraumtyp") == "C (Im Wandel)"
    assert set(leuben.values()) == {"keine Angabe"}
    plauen = shown(dresden, "SR14")
    assert {plauen[name] for name in NAMES.values()} == {"keine Angabe"}
    assert plauen["Kurzbefragung: Zahl der Bewertungen"] == "keine Angabe"
    assert set(leuben) | {"Stadtraumtyp"} == set(plauen) == set(shown(dresden, "SR04"))
