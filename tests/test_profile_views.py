"""The Steckbrief and the index as tables: what is withheld, what is said where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from evaltools.release import index_views, profile_views, steckbrief_views
from evaltools.release.display import Prose
from evaltools.release.tables import HtmlTable
from evaltools.release.views import Tables
from evaltools.study import Study
from release_samples import AREA, PAYLOAD, RULES, study, tables

IDS = [f"SR{number:02d}" for number in range(1, 13)]
KINDS = {
    **dict.fromkeys(("area_id", "indicator", "unit"), "string"),
    "value": "Float64",
    "year": "Int64",
}
INDEX = {
    "index": {
        "name": "eigen",
        "label": "Eigener Index",
        "indicators": {"armut": {"weight": 2}, "einkommen": {"higher_is": "entlasteter"}},
        "published": "prekarisierungsindex",
        "digits": 1,
    }
}


def social(rows: list[tuple[str, int, str, float, str]]) -> pd.DataFrame:
    names = ["area_id", "year", "indicator", "value", "unit"]
    return pd.DataFrame(rows, columns=names).astype(KINDS)


def bare(**more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables without counts of helps."""
    return {"area": tables()["area"], **more}


def said(data: Tables, settings: Study | None = None, **given: object) -> dict[str, str]:
    made = steckbrief_views.steckbrief(data, settings or study(), AREA, RULES, **given)  # type: ignore[arg-type]
    return {str(row[0]): str(row[1]) for row in made.sheet.rows}


AMBULANT, STATIONARY = "Hilfen, ambulant", "Hilfen, stationär"
MEAN = "Kurzbefragung: Zustimmung zum Stadtraumtyp, Mittelwert"
N, SD = "Kurzbefragung: Zahl der Bewertungen", "Kurzbefragung: Standardabweichung"


def test_without_any_table_everything_is_said_to_be_unknown() -> None:
    found = said(bare())
    assert set(found.values()) == {"keine Angabe"}
    assert {"Stadtraumtyp", "Prekarisierungsindex", AMBULANT, STATIONARY, MEAN, N, SD} <= set(found)


def test_small_published_counts_of_helps_are_withheld() -> None:
    rows = [
        (AREA, 2017, "faelle_ambulant", 2.0, "Fälle"),
        (AREA, 2017, "faelle_stationaer", 9.0, "x"),
    ]
    found = said(bare(social_profile=social(rows)))
    assert (found[AMBULANT], found[STATIONARY]) == ("•", "9")


def test_beside_case_counts_no_published_count_of_helps_is_shown() -> None:
    rows = [(AREA, 2017, "faelle_ambulant", 30.0, "Fälle"), (AREA, 2017, "vk_differenz", 2.0, "VK")]
    found = said(tables() | {"social_profile": social(rows)})
    assert found[AMBULANT] == "•"
    assert found[STATIONARY] == "siehe Bericht zu den Fallzahlen"
    assert found["Veränderung der Vollkräfte"] == "2,00"
    data = tables() | {"social_profile": social(rows)}
    made = steckbrief_views.steckbrief(data, study(), AREA, replace(RULES, intern=True))
    assert {str(row[0]): row[1] for row in made.sheet.rows}[AMBULANT] == "30"


def answers(agreement: list[float | None]) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame({"agreement": agreement})
    frame["response_id"] = [f"K{n}" for n in range(len(frame))]
    frame = frame.assign(area_id=AREA, actor_group="asd", type_assigned="D")
    frame = frame.assign(scale_min=1.0, scale_max=7.0)
    kinds = {"agreement": "Float64", "scale_min": "Float64", "scale_max": "Float64"}
    texts = dict.fromkeys(("response_id", "area_id", "actor_group", "type_assigned"), "string")
    return {"short_survey": frame.astype(kinds | texts)}


def test_short_survey_shows_mean_spread_and_size() -> None:
    found = said(bare(), answers=answers([4, 5, 6, 4, 6, None]))
    assert (found[MEAN], found[N], found[SD]) == ("5,0", "5", "1,00")


def test_short_survey_of_too_few_is_withheld_altogether() -> None:
    found = said(bare(), answers=answers([4, 5]))
    assert [found[name] for name in (MEAN, N, SD)] == ["•"] * 3


def test_published_survey_needs_its_size() -> None:
    mean = (AREA, 2017, "kurzbefragung_mittelwert", 6.0, "Skala 1 bis 7")
    few = (AREA, 2017, "kurzbefragung_n", 2.0, "Bewertungen")
    for rows in ([mean], [mean, few]):
        assert said(bare(social_profile=social(rows)))[MEAN] == "•"
    assert said(bare(social_profile=social([mean, (*few[:3], 8.0, few[4])])))[MEAN] == "6,0"


def test_survey_is_no_row_of_the_social_indicators() -> None:
    rows = [(AREA, 2017, "kurzbefragung_mittelwert", 6.0, "Skala"), (AREA, 2017, "armut", 6.0, "%")]
    made = profile_views.social(bare(social_profile=social(rows)), AREA, RULES)
    assert isinstance(made, HtmlTable)
    assert [row[0] for row in made.sheet.rows] == ["armut"]


def test_forecast_and_staff_are_computed_where_none_is_published() -> None:
    people = tables()["population"]
    later = people[people["year"] == 2021].assign(year=2030, kind="forecast", n=1200)
    staff = pd.DataFrame(
        {"area_id": [AREA], "role": ["kifaz"], "year": [2020], "vzae": [1.5], "vzae_norm": [2.0]}
    ).astype({"vzae": "Float64", "vzae_norm": "Float64"})
    found = said(bare(population=pd.concat([people, later]), staffing=staff))
    assert found["Prognose der Bevölkerung unter 21 Jahren, Veränderung"] == "200"
    assert found["Fachkräfte: Differenz zur Bemessung"] == "−0,50"


def test_names_from_the_data_are_escaped() -> None:
    area = tables()["area"].assign(name=PAYLOAD, area_type="D")
    places = pd.DataFrame({"area_id": [AREA], "kind": [PAYLOAD], "year": [2020], "n": [4]})
    named = study(profile={"types": {"D": PAYLOAD[:70]}})
    html = steckbrief_views.steckbrief(
        {"area": area, "infrastructure": places}, named, AREA, RULES
    ).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_institutions_not_counted_here_are_unknown_not_zero() -> None:
    places = pd.DataFrame(
        {
            "area_id": [AREA, AREA, "SR02"],
            "kind": ["kita", "kita", "hort"],
            "year": [2018, 2020, 2020],
        }
    ).assign(n=pd.array([3, 0, 5], dtype="Int64"))
    found = said(bare(infrastructure=places))
    assert (found["Kita"], found["Hort"]) == ("0", "keine Angabe")


# --- the index ------------------------------------------------------------------------------------


def poverty(published: float = 0.0) -> pd.DataFrame:
    rows = []
    for place, area in enumerate(IDS):
        rows += [
            (area, 2020, "armut", 10.0 + place, "%"),
            (area, 2020, "einkommen", 50.0 - place, "Euro"),
            (area, 2020, "prekarisierungsindex", 10.0 * place + published * (place == 3), "Index"),
        ]
    return social(rows)


def test_index_lists_all_areas_the_most_burdened_first() -> None:
    data = bare(social_profile=poverty())
    made = index_views.index(data, study(profile=INDEX), AREA, RULES)
    assert isinstance(made, HtmlTable)
    assert [row[1] for row in made.sheet.rows] == [str(n) for n in range(1, 13)]
    assert made.sheet.rows[-1][0] == "Oberau (dieser Raum)"
    assert "2 × armut + 1 × −einkommen; hoch heißt belastet" in made.sheet.caption


def test_agreement_says_reproduced_or_by_how_much_not() -> None:
    same = index_views.agreement(bare(social_profile=poverty()), study(profile=INDEX), AREA)
    assert isinstance(same, Prose)
    assert "gibt den veröffentlichten (Prekarisierungsindex, 2020) wieder" in same.sentences[0]
    data = bare(social_profile=poverty(published=8.0))
    other = index_views.agreement(data, study(profile=INDEX), AREA)
    assert isinstance(other, Prose)
    assert "nicht wieder" in other.sentences[0]
    assert "(Raum SR04); durch Runden erklärlich wären 0,05" in other.sentences[0]


def test_index_says_what_is_missing() -> None:
    assert "legt keinen Index fest" in str(index_views.index(bare(), study(), AREA, RULES))
    assert "Es fehlt" in str(index_views.index(bare(), study(profile=INDEX), AREA, RULES))
    data = bare(social_profile=poverty()[lambda frame: frame["indicator"] == "armut"])
    refused = index_views.index(data, study(profile=INDEX), AREA, RULES)
    assert "Das Merkmal einkommen ist nicht geliefert." in str(refused)


# --- differences inside ---------------------------------------------------------------------------


@pytest.fixture
def parted() -> dict[str, pd.DataFrame]:
    ids = [AREA, "SR02", "a", "b", "c", "d"]
    parents = [None, None, AREA, AREA, "SR02", "SR02"]
    area = pd.DataFrame({"area_id": ids, "name": ids, "parent_id": parents}, dtype="string")
    rows = [
        (one, 2020, "armut", value, "%") for one, value in zip("abcd", (4, 36, 9, 10), strict=True)
    ]
    people = pd.DataFrame(
        [[one, 2020, "alle", 0, 20, 100, "actual"] for one in "abcd"],
        columns=["area_id", "year", "sex", "age_from", "age_to", "n", "kind"],
    ).astype({"n": "Int64", "year": "Int64"})
    return {"area": area, "social_profile": social(rows), "population": people}


def test_heterogeneity_shows_the_parts_of_the_area(parted: dict[str, pd.DataFrame]) -> None:
    made = index_views.heterogeneity(parted, study(), AREA, RULES)
    assert isinstance(made, HtmlTable)
    (row,) = made.sheet.rows
    assert row[:8] == ("armut", "%", "2020", 2, 4.0, 36.0, 32.0, 0.8)
    assert row[8] == 0.368  # 0.2 · ln 0.2 / 2 + 1.8 · ln 1.8 / 2
    assert "mit der Bevölkerung gewichtet" in made.sheet.caption


def test_area_without_parts_says_so(parted: dict[str, pd.DataFrame]) -> None:
    for data in (bare(social_profile=poverty()), parted):
        shown = index_views.heterogeneity(data, study(), "c" if data is parted else AREA, RULES)
        assert shown == Prose((index_views.NO_PARTS,))


def test_views_leave_their_tables_alone(parted: dict[str, pd.DataFrame]) -> None:
    data = bare(social_profile=poverty()) | {"population": tables()["population"]}
    for given in (data, parted):
        copies = {name: frame.copy(deep=True) for name, frame in given.items()}
        steckbrief_views.steckbrief(given, study(), AREA, RULES, answers=answers([3, 4, 5]))
        index_views.index(given, study(profile=INDEX), AREA, RULES)
        index_views.heterogeneity(given, study(), AREA, RULES)
        for name, frame in given.items():
            pd.testing.assert_frame_equal(frame, copies[name])
