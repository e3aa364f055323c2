"""What a page shows of the choice of areas: the record, ranks, and a group that gives no count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.measures.sums import Sum
from evaltools.release import selection_views
from evaltools.release.display import Prose
from evaltools.release.tables import HtmlTable
from evaltools.study import Study
from plan_samples import everything, rules_on
from release_samples import AREA, PAYLOAD, RULES, study, tables

IDS = [f"SR{number:02d}" for number in range(1, 13)]
HIDDEN = "Fallzahlen nicht zur Veröffentlichung bestimmt"
NETZ = {"name": "netz", "dimension": "sozialraum", "source": "selection_criterion:netz"}
LAST = {"name": "last", "dimension": "bedarf_leistung", "source": "selection_criterion:last"}
ARM = {
    "name": "armut",
    "dimension": "sozialstruktur",
    "source": "social_profile:armut",
    "label": "Armut",
}


def chosen(*criteria: dict[str, Any], **given: Any) -> Study:
    return study(selection={"criteria": criteria, **given})


def data() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(6)
    social = pd.DataFrame({"area_id": IDS, "value": rng.normal(20, 4, 12).round(1)})
    social = social.assign(year=2016, indicator="armut", unit="%")
    own = pd.concat(
        [
            pd.DataFrame({"area_id": IDS, "criterion": name, "value": rng.integers(1, 9, 12)})
            for name in ("netz", "last")
        ]
    )
    kinds = {"area_id": "string", "value": "Float64"}
    return tables() | {
        "social_profile": social.astype(kinds | {"unit": "string", "indicator": "string"}),
        "selection_criterion": own.reset_index(drop=True).astype(kinds),
    }


def rows_of(shown: object) -> list[tuple[Any, ...]]:
    assert isinstance(shown, HtmlTable), shown
    return list(shown.sheet.rows)


def test_decision_prints_when_and_by_whom() -> None:
    settings = chosen(ARM, decided="2017-11-30", by="Planungsgruppe")
    found = dict(rows_of(selection_views.decision(settings, AREA)))
    assert found["Kriterien festgelegt"] == "30.11.2017"
    assert found["Kriterien festgelegt durch"] == "Planungsgruppe"
    assert found["Regel der Auswahl"] == "Höchste Belastung 2017"
    assert found["Auswahl entschieden"] == "keine Angabe"
    assert found["Vergleich der Auswertung"] == "alle Räume ohne Modell"


def test_decision_of_an_undecided_study_is_unknown() -> None:
    bare = study(model_areas=({"area": AREA},))
    found = dict(rows_of(selection_views.decision(bare, AREA)))
    assert found.pop("Vergleich der Auswertung") == "alle Räume ohne Modell"
    assert set(found.values()) == {"keine Angabe"}


def test_criteria_are_listed_with_weight_and_use() -> None:
    settings = chosen(ARM | {"weight": 3}, NETZ | {"higher_is": "ungeeigneter"})
    found = rows_of(selection_views.criteria(data(), settings, RULES))
    assert found[0][:4] == ("Armut", "Sozialstruktur", 75, "hoch spricht dafür")
    assert found[0][4:] == ("soziale Merkmale: armut (2016)", "ja")
    assert found[1][2:4] == (25, "hoch spricht dagegen")


def test_what_rests_on_helps_is_left_out_of_public_ranks() -> None:
    settings = chosen(ARM, NETZ, LAST)
    found = rows_of(selection_views.criteria(data(), settings, RULES))
    assert found[2][5].startswith("beruht auf Hilfen")
    public = selection_views.ranking(data(), settings, AREA, RULES)
    assert "Bedarf und Leistung (Rang)" not in public.sheet.headings
    without = selection_views.ranking(data(), chosen(ARM, NETZ), AREA, RULES)
    assert rows_of(public) == rows_of(without)


def test_what_rests_on_helps_is_used_in_the_office_and_where_it_does_not() -> None:
    intern = replace(RULES, intern=True)
    said_so = LAST | {"rests_on_helps": False}
    office = selection_views.ranking(data(), chosen(ARM, NETZ, LAST), AREA, intern)
    declared = selection_views.ranking(data(), chosen(ARM, NETZ, said_so), AREA, RULES)
    assert "Bedarf und Leistung (Rang)" in office.sheet.headings
    assert rows_of(office) == rows_of(declared)


def test_ranking_names_the_model_area_and_escapes() -> None:
    given = data()
    given["area"] = given["area"].assign(area_type="D")
    given["area"].loc[1, "name"] = PAYLOAD
    shown = selection_views.ranking(given, chosen(ARM, NETZ), AREA, RULES)
    names = [row[0] for row in rows_of(shown)]
    assert "Oberau (dieser Raum)" in names
    assert "<script" not in shown.html
    assert {row[1] for row in rows_of(shown)} == {"D"}


def test_sensitivity_is_told_in_sentences() -> None:
    told = selection_views.sensitivity(data(), chosen(ARM, NETZ), RULES)
    assert "1.000-mal neu gezogen" in told.sentences[0]
    single = selection_views.sensitivity(data(), chosen(ARM), RULES)
    assert "nur einem Kriterium" in single.sentences[0]


def test_without_criteria_or_tables_the_page_says_so() -> None:
    for shown in (
        selection_views.criteria(data(), study(), RULES),
        selection_views.ranking(data(), study(), AREA, RULES),
        selection_views.sensitivity(data(), study(), RULES),
    ):
        assert shown == Prose((selection_views.NO_CRITERIA,))
    bare = {"area": tables()["area"]}
    assert "Für eine Rangfolge fehlen Angaben" in str(
        selection_views.ranking(bare, chosen(ARM), AREA, RULES)
    )
    assert "Es fehlt" in str(selection_views.comparison(bare, study(), AREA, RULES))


# --- the comparison group -------------------------------------------------------------------------


def test_group_shows_ranks_and_rounded_distances_only() -> None:
    settings = study(selection={"nearest": 3})
    shown = selection_views.comparison(data(), settings, AREA, everything())
    found = rows_of(shown)
    assert shown.sheet.headings == (
        *("Stadtraum", "Typ", "Rang", "Abstand (Standardabweichungen)", "Vergleichsgruppe"),
    )
    assert [row[4] for row in found] == ["ja"] * 3 + ["nein"] * 8
    assert [row[3] for row in found] == sorted(row[3] for row in found)
    assert all(round(float(row[3]), 1) == row[3] for row in found)
    assert "5 Zeiträume von 2012 bis 2016" in shown.sheet.caption


def test_area_whose_sums_are_hidden_is_left_out_and_changes_no_other_distance() -> None:
    def of_sr05(item: Sum) -> bool:
        return item.areas == ("SR05",)

    settings = study()
    rules = rules_on(data(), settings, of_sr05)
    names = [row[0] for row in rows_of(selection_views.comparison(data(), settings, AREA, rules))]
    assert "Raum SR05" not in names
    assert len(names) == 10
    reasons = dict(rows_of(selection_views.excluded(data(), settings, AREA, rules)))
    assert reasons == {"Raum SR05": HIDDEN}
    # Nothing that is shown depends on the hidden counts.
    other = data()
    hit = other["hze_count"]["area_id"] == "SR05"
    other["hze_count"].loc[hit, ["stock_3112", "ended"]] *= 3
    again = selection_views.comparison(other, settings, AREA, rules)
    assert rows_of(again) == rows_of(selection_views.comparison(data(), settings, AREA, rules))


def test_hidden_model_area_and_missing_plan_show_no_distance() -> None:
    settings = study()
    hidden = rules_on(data(), settings, lambda item: item.areas == (AREA,))
    for rules in (hidden, RULES):
        shown = selection_views.comparison(data(), settings, AREA, rules)
        assert isinstance(shown, Prose)
        assert "nicht zur Veröffentlichung bestimmt" in shown.sentences[0]


def test_the_office_sees_every_area() -> None:
    shown = selection_views.comparison(data(), study(), AREA, replace(RULES, intern=True))
    assert len(rows_of(shown)) == 11


def test_neighbours_are_listed_with_their_reason_without_any_counts() -> None:
    model = {"area": AREA, "start": "2018", "neighbours": ["SR02"]}
    settings = study(model_areas=(model,), excluded={"SR03": "Umbau"})
    for given in ({"area": tables()["area"]}, data()):
        found = dict(rows_of(selection_views.excluded(given, settings, AREA, RULES)))
        assert found["Raum SR02"].startswith("Nachbar des Modellraums")
        assert found["Raum SR03"] == "eigene Maßnahme: Umbau"


def test_warning_tells_of_regression_to_the_mean() -> None:
    told = selection_views.warning(study(), AREA)
    assert "Rückkehr zum Üblichen" in told.sentences[0]
    assert "Höchste Belastung 2017" in told.sentences[0]


@pytest.mark.parametrize("measure", ["anteil_stationaer_begonnen", "intensitaet"])
def test_outcome_that_is_no_count_over_people_is_refused(measure: str) -> None:
    settings = study(outcomes={"hze": measure})
    shown = selection_views.comparison(data(), settings, AREA, replace(RULES, intern=True))
    assert isinstance(shown, Prose)
    assert "keinen Vergleich von Niveau und Verlauf" in shown.sentences[0]


def test_tables_are_left_as_they_were() -> None:
    given, settings = data(), chosen(ARM, NETZ)
    copies = {name: frame.copy(deep=True) for name, frame in given.items()}
    selection_views.ranking(given, settings, AREA, RULES)
    selection_views.comparison(given, settings, AREA, everything())
    selection_views.excluded(given, settings, AREA, everything())
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, copies[name])
