"""What a page shows of offers: full counts in the open, families only above the threshold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from evaltools.release import offer_figures, offer_lists, offer_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable
from release_samples import AREA, PAYLOAD, RULES, study
from test_offers import families, offer_table, people
from test_views import rows_of, text_of

Tables = dict[str, pd.DataFrame]
STUDY = study(last=2021)


def shown_by_all() -> Mapping[str, Callable[[Tables], object]]:
    """Each view of the notebook, called as it calls them."""
    return {
        "matrix": lambda data: offer_figures.matrix(data, STUDY, AREA, RULES),
        "gap_read": lambda data: offer_lists.gap_read(data, STUDY, AREA),
        "gaps": lambda data: offer_lists.gaps(data, STUDY, AREA, RULES),
        "change_read": lambda data: offer_views.change_read(data, STUDY, AREA),
        "changes": lambda data: offer_views.changes(data, STUDY, AREA, RULES),
        "sizes": lambda data: offer_views.sizes(data, STUDY, AREA, RULES),
        "laws": lambda data: offer_views.split(data, STUDY, AREA, RULES, by="paragraph"),
        "targets": lambda data: offer_views.split(data, STUDY, AREA, RULES, by="target_exclusive"),
        "reach": lambda data: offer_views.reach(data, STUDY, AREA, RULES),
        "parallel": lambda data: offer_lists.parallel(data, STUDY, AREA, RULES),
        "kita": lambda data: offer_lists.kita(data, STUDY, AREA, RULES),
        "transition_read": lambda data: offer_lists.transition_read(data, STUDY, AREA),
        "transitions": lambda data: offer_lists.transitions(data, STUDY, AREA, RULES),
        "funding_read": lambda data: offer_lists.funding_read(data, STUDY, AREA),
        "funding": lambda data: offer_lists.funding(data, STUDY, AREA, RULES),
    }


VIEWS = shown_by_all()


@pytest.fixture
def city() -> Tables:
    """Two offers before; four after, two of them parallel; one provider serves the transition."""
    here: dict[str, Any] = {"area_id": AREA}
    offer = offer_table(
        here | {"paragraph_2": "11", "funding_until": "2022-06-30"},
        here | {"life_phase": "jugend", "end": "2019-12-31"},
        here | {"provider_id": "T2", "begin": "2019-01-01"},
        here | {"life_phase": "grundschule", "begin": "2019-01-01", "hours_week": pd.NA},
        here | {"life_phase": pd.NA, "begin": "2020-01-01", "funding_until": "2021-12-31"},
        {"area_id": "SR02"},
        {"area_id": "SR03", "begin": "2020-01-01"},
    )
    provider = pd.DataFrame(
        {"provider_id": ["T1", "T2"], "name": ["Müllers Höfe e. V.", "Haus Ähre"]}, dtype="string"
    )
    area = pd.DataFrame({"area_id": [AREA, "SR02", "SR03"], "name": ["Oberau", "Au", "Ufer"]})
    crowd = [people((0, 5, 400), (6, 9, 250), area=AREA, year=year) for year in (2017, 2021)]
    return {"offer": offer, "provider": provider, "area": area, "population": pd.concat(crowd)}


# --- tables ---------------------------------------------------------------------------------------


def test_laws_count_an_offer_under_each_and_share_of_all_offers(city: Tables) -> None:
    shown = VIEWS["laws"](city)
    assert isinstance(shown, HtmlTable)
    rows = {row[0]: row[1:] for row in rows_of(shown)}
    assert rows["§ 16 Familienförderung"] == ["2", "100", "4", "100"]
    assert rows["§ 11 Jugendarbeit"] == ["1", "50", "1", "25"]
    assert rows["KKG (Kinderschutz, Frühe Hilfen)"] == ["–", "–", "–", "–"]
    assert "31.12.2017: 2, 31.12.2021: 4" in shown.sheet.caption


def test_changes_stand_beside_the_comparison_areas(city: Tables) -> None:
    rows = {row[0]: row[1:] for row in rows_of(VIEWS["changes"](city))}
    assert rows["alle Angebote"] == ["2", "4", "3", "1", "2,00", "0,29", "22,11", "1", "2", "2,00"]
    assert rows["Grundschule"][4:7] == ["∞", "0,03", "∞"]
    assert rows["Eltern"][4] == "k. A."
    assert rows["nicht angegeben"][:2] == ["–", "1"]


def test_change_is_read_with_its_interval_and_its_comparison(city: Tables) -> None:
    said = text_of(VIEWS["change_read"](city))
    assert "2 am 31.12.2017, 4 am 31.12.2021 (3 neu, 1 weggefallen)" in said
    assert "In den 2 Vergleichsräumen zusammen waren es 1 und 2 (+100" in said
    assert "auch ohne Änderung der Lage" in said
    many = offer_table(
        {"area_id": AREA}, *[{"area_id": AREA, "begin": "2019-01-01"} for _ in range(30)]
    )
    assert "kaum aus Zufall" in text_of(VIEWS["change_read"](city | {"offer": many}))
    none = offer_table({"area_id": AREA, "begin": "2019-01-01"})
    assert "lässt sich nicht angeben" in text_of(VIEWS["change_read"](city | {"offer": none}))


def test_hours_say_how_many_offers_lack_them(city: Tables) -> None:
    shown = VIEWS["sizes"](city)
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.headings.count("davon ohne Angabe (Angebote)") == 1
    rows = {row[0]: row[1:] for row in rows_of(shown)}
    assert rows["Grundschule"][:3] == ["–", "k. A.", "1"]
    assert rows["Kita"] == ["8,50", "17,00", "–", "0,50", "1,00"]


def test_reach_prints_the_ages_it_is_computed_over(city: Tables) -> None:
    rows = rows_of(VIEWS["reach"](city))
    kita = [row for row in rows if row[0] == "Kita"]
    assert kita[1] == ["Kita", "2021", "2", "–", "20", "0 bis 5 Jahre statt 3 bis 5", "400", "50,0"]
    ages = {row[0]: row[5] for row in rows}
    assert ages["Grundschule"] == "6 bis 9 Jahre"
    assert ages["Jugend"] == "keine passenden Altersgruppen geliefert"
    assert ages["Eltern"] == "keine Altersgruppe"
    old = city | {"population": city["population"].query("year == 2017")}
    later = [row for row in rows_of(VIEWS["reach"](old)) if row[1] == "2021"]
    assert {row[5] for row in later} == {"keine Bevölkerungszahl", "keine Altersgruppe"}


# --- lists ----------------------------------------------------------------------------------------


def test_parallel_offers_are_named_by_provider_and_phase(city: Tables) -> None:
    rows = rows_of(VIEWS["parallel"](city))
    assert [row[:3] for row in rows] == [
        ["1", "Müllers Höfe e. V.", "Kita"],
        ["1", "Haus Ähre", "Kita"],
    ]
    bare = {name: frame for name, frame in city.items() if name != "provider"}
    assert [row[1] for row in rows_of(VIEWS["parallel"](bare))] == ["k. A.", "k. A."]
    apart = city | {"offer": city["offer"].query("provider_id == 'T1'")}
    assert "keine Angebote verschiedener Träger" in text_of(VIEWS["parallel"](apart))


def test_gaps_are_said_and_listed(city: Tables) -> None:
    said = text_of(VIEWS["gap_read"](city))
    assert "28 von 30 Feldern leer (am 31.12.2017: 28)" in said
    assert "Neu besetzt: Grundschule (offen)." in said
    assert "Neu leer: Jugend (offen)." in said
    assert "bei denen Lebensphase oder Zugang fehlt: 1." in said
    rows = {row[0]: row[1:] for row in rows_of(VIEWS["gaps"](city))}
    assert rows["Eltern"] == ["alle", "alle"]
    assert rows["Jugend"] == ["niedrigschwellig, aufsuchend, vermittelt, bewilligt", "alle"]


def test_kita_and_transition_offers_are_listed(city: Tables) -> None:
    rows = rows_of(VIEWS["kita"](city))
    assert [row[0] for row in rows] == ["Haus Ähre", "Müllers Höfe e. V."]
    assert rows[1][1] == "§ 16 Familienförderung und § 11 Jugendarbeit"
    assert [row[:2] for row in rows_of(VIEWS["transitions"](city))] == [
        ["Müllers Höfe e. V.", "Kita"],
        ["Müllers Höfe e. V.", "Grundschule"],
    ]
    said = text_of(VIEWS["transition_read"](city))
    assert "Am 31.12.2017 gehörten 0 von 1 Angeboten" in said
    assert "Am 31.12.2021 gehörten 2 von 3 Angeboten" in said


def test_funding_that_ends_is_listed_and_the_rest_counted(city: Tables) -> None:
    assert [row[3] for row in rows_of(VIEWS["funding"](city))] == ["30.06.2022"]
    said = text_of(VIEWS["funding_read"](city))
    assert "endet bei 1 von ihnen im Jahr 2022, bei 0 später; bei 2 ist kein Ende" in said
    assert "obwohl sie als laufend geliefert sind: 1." in said
    without = city | {"offer": city["offer"].drop(columns="funding_until")}
    assert "Für kein laufendes Angebot" in text_of(VIEWS["funding"](without))


# --- figure ---------------------------------------------------------------------------------------


def test_matrix_says_what_it_shows_and_holds_its_numbers(city: Tables) -> None:
    shown = VIEWS["matrix"](city)
    assert isinstance(shown, Figure)
    assert shown.title == "Oberau: 28 von 30 Feldern leer (31.12.2021), vorher 28 (31.12.2017)"
    assert (
        "31.12.2021: Kita, offen: 2; Grundschule, offen: 1; nicht angegeben, offen: 1" in shown.alt
    )
    rows = {(row[0], row[1]): row[2:] for row in rows_of(shown.data)}
    assert rows["Kita", "offen"] == ["1", "2"]
    assert len(rows) == 7 * 5
    assert RULES.note in shown.caption


def test_matrix_of_one_year_has_one_panel(city: Tables) -> None:
    late = study(last=2021, model_areas=({"area": AREA, "start": "2022"},))
    shown = offer_figures.matrix(city, late, AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.title == "Oberau: 28 von 30 Feldern leer (31.12.2021)"
    assert shown.data.sheet.headings == ("Lebensphase", "Zugang", "31.12.2021 (Angebote)")
    assert "kein Vorher" in text_of(offer_views.changes(city, late, AREA, RULES))
    assert "kein Vorher" in text_of(offer_views.change_read(city, late, AREA))


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_counts_can_be_read_on_every_shade() -> None:
    """WCAG 2.1 asks for a contrast of 4.5 to 1."""
    for n, shade in enumerate(offer_figures.SHADES, 1):
        text = "#ffffff" if n >= offer_figures.DARK_FROM else offer_figures.INK
        low, high = sorted((_luminance(shade), _luminance(text)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, shade


# --- Frühe Hilfen ---------------------------------------------------------------------------------


def test_few_families_are_withheld_with_all_that_gives_them_back() -> None:
    table = families(
        ("T1", AREA, 2020, "begruessungsbesuch", 90, 200),
        ("T1", AREA, 2020, "treff", 2, 200),
        ("T1", AREA, 2020, "mobil", 20, 200),
        ("T1", AREA, 2020, "elterncafe", 20, 200),
    )
    table["referred_to"] = pd.array([9, 0, 19, 2], dtype="Int64")
    data = {"early_help": table}
    rows = {row[0]: row[3:] for row in rows_of(offer_views.early_help_latest(data, AREA, RULES))}
    assert rows["Begrüßungsbesuch"] == ["90", "200", "45,0", "9"]
    assert rows["Treff"] == ["•", "200", "•", "•"]
    assert rows["mobiles Angebot"] == ["20", "200", "10,0", "•"]  # one was not referred
    assert rows["Elterncafé"] == ["20", "200", "10,0", "•"]
    (yearly,) = rows_of(offer_views.early_help(data, AREA, RULES))
    assert yearly == ["2020", "45,0", "10,0", "•", "10,0"]
    intern = replace(RULES, intern=True)
    assert rows_of(offer_views.early_help(data, AREA, intern))[0][3] == "1,0"


def test_rates_over_few_births_are_withheld() -> None:
    data = {"early_help": families(("T1", AREA, 2020, "treff", 10, 40))}
    strict = replace(RULES, minimum_denominator=50)
    assert rows_of(offer_views.early_help(data, AREA, strict)) == [["2020", "/"]]


def test_contradicting_births_are_told_and_not_shown() -> None:
    rows = (("T1", AREA, 2020, "treff", 10, 40), ("T1", AREA, 2020, "mobil", 10, 41))
    said = text_of(offer_views.early_help({"early_help": families(*rows)}, AREA, RULES))
    assert said == "Nicht dargestellt. Für 2020 sind verschiedene Geburtenzahlen geliefert."
    empty = {"early_help": families(*rows)}
    assert "keine Angaben" in text_of(offer_views.early_help(empty, "SR09", RULES))
    assert "Frühe Hilfen" in text_of(offer_views.early_help_latest({}, AREA, RULES))


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VIEWS)
def test_without_offers_each_view_says_so(city: Tables, name: str) -> None:
    without = {key: frame for key, frame in city.items() if key != "offer"}
    assert "Angebote (Tabelle offer)" in text_of(VIEWS[name](without))
    elsewhere = city | {"offer": city["offer"].query(f"area_id != '{AREA}'")}
    assert "liegen dazu keine Angaben vor" in text_of(VIEWS[name](elsewhere))


@pytest.mark.parametrize("name", VIEWS)
def test_the_columns_that_must_be_there_suffice(city: Tables, name: str) -> None:
    needed = ["offer_id", "area_id", "paragraph", "begin"]
    shown = VIEWS[name](city | {"offer": city["offer"][needed]})
    assert isinstance(shown, HtmlTable | Figure | Prose)


@pytest.mark.parametrize("name", VIEWS)
def test_views_leave_their_tables_as_they_were(city: Tables, name: str) -> None:
    copies = {key: frame.copy(deep=True) for key, frame in city.items()}
    VIEWS[name](city)
    for key, frame in city.items():
        pd.testing.assert_frame_equal(frame, copies[key])


def test_names_of_providers_and_areas_are_escaped(city: Tables) -> None:
    named = city["provider"].assign(name=pd.array([PAYLOAD] * 2, dtype="string"))
    evil = city | {"provider": named, "area": city["area"].assign(name=PAYLOAD)}
    for name in ("parallel", "kita", "transitions", "funding"):
        shown = VIEWS[name](evil)
        assert isinstance(shown, HtmlTable)
        assert "&lt;script&gt;" in shown.html
        assert "<script" not in shown.html
    figure = VIEWS["matrix"](evil)
    assert isinstance(figure, Figure)
    assert not re.search("<script", figure.svg + figure.data.html)
