"""Milestones and dose on a page: states of the last year, words for every number, no crash."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import concept_samples as samples
from evaltools.errors import ReleaseError
from evaltools.measures import implementation
from evaltools.release import implementation_figures, implementation_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable
from release_samples import RULES, study

AREA = samples.AREA
STUDY = study(first=2015, last=2021)


def words(shown: object) -> str:
    assert isinstance(shown, Prose)
    return " ".join(shown.sentences)


def test_the_timeline_says_what_it_shows() -> None:
    shown = implementation_views.milestones(samples.tables(), STUDY, AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.title == "Süderbrück: 5 von 8 Bausteinen erreicht, 1 überfällig"
    assert "Planung: geplant 01.01.2019, überfällig" in shown.alt
    assert "ASD: ohne Termin, nicht erreicht" in shown.alt
    assert "Arbeitsgruppe: geplant 01.03.2017, erreicht 01.02.2017" in shown.alt
    assert "Handlungsbudget: geplant 01.06.2022" in shown.alt
    told = {row[0]: row[1:] for row in shown.data.sheet.rows}
    assert told["Planung"] == ("01.01.2019", "offen", "überfällig")
    assert shown == implementation_views.milestones(samples.tables(), STUDY, AREA, RULES)


def test_the_list_shows_scope_delay_and_that_there_is_evidence() -> None:
    shown = implementation_views.milestone_list(samples.tables(), STUDY, AREA, RULES)
    assert isinstance(shown, HtmlTable)
    rows = {row[0]: row[1:] for row in shown.sheet.rows}
    assert rows["Koordination"] == (
        *("dieser Raum", "01.01.2018", "01.04.2018", "erreicht"),
        *(90, "liegt vor"),
    )
    assert rows["Planung"][0] == "ganze Stadt" and rows["Planung"][4] == 1095
    assert "Protokoll" not in shown.html
    inside = replace(RULES, intern=True)
    office = implementation_views.milestone_list(samples.tables(), STUDY, AREA, inside)
    assert isinstance(office, HtmlTable)
    assert "Protokoll &lt;b&gt;1&lt;/b&gt;" in office.html and "<b>" not in office.html


def test_an_earlier_last_year_tells_an_earlier_state() -> None:
    early = implementation_views.milestones(samples.tables(), study(last=2018), AREA, RULES)
    assert isinstance(early, Figure)
    assert early.title == "Süderbrück: 3 von 8 Bausteinen erreicht, 1 überfällig"
    assert "01.02.2020" not in early.alt + early.data.html


def test_without_a_last_year_the_milestones_give_it() -> None:
    shown = implementation_views.milestone_list(samples.tables(), study(), AREA, RULES)
    assert isinstance(shown, HtmlTable)
    assert "Stand 31.12.2022" in shown.html
    bare = samples.tables()["milestone"][["element", "area_id"]]
    refused = implementation_views.milestones({"milestone": bare}, study(), AREA, RULES)
    assert "Weder die Studie noch die Meilensteine" in words(refused)


def test_milestones_without_any_day_are_drawn() -> None:
    tables = samples.tables()
    tables["milestone"] = tables["milestone"].drop(columns=["planned", "reached", "evidence"])
    shown = implementation_views.milestones(tables, STUDY, AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.title == "Süderbrück: 0 von 8 Bausteinen erreicht"
    assert isinstance(implementation_views.dose_path(tables, STUDY, AREA, RULES), Figure)


def test_the_dose_is_told_with_its_formula_and_what_it_rests_on() -> None:
    tables = samples.tables()
    told = words(implementation_views.dose(tables, STUDY, AREA))
    found = implementation.dose(tables, AREA, 2021)
    assert found.share == pytest.approx((3 + 0.75 + 1) / 8)
    assert "besetzten VZÄ geteilt durch 1,5" in told
    assert "beträgt der Umsetzungsgrad 59\N{NO-BREAK SPACE}%" in told
    assert "Erreicht sind 5 von 8 Bausteinen" in told
    assert "im Mittel zu 88\N{NO-BREAK SPACE}% der Norm besetzt" in told
    assert "nicht gezählt: Versäulungsanalyse." in told


def test_an_unknown_staffing_is_said() -> None:
    tables = {"milestone": samples.tables()["milestone"]}
    told = words(implementation_views.dose(tables, STUDY, AREA))
    assert "wie koordination und kifaz besetzt sind, ist nicht bekannt" in told.lower()
    assert "nan" not in told.lower()


def test_the_path_holds_every_year_of_the_study() -> None:
    tables = samples.tables()
    shown = implementation_views.dose_path(tables, STUDY, AREA, RULES)
    assert isinstance(shown, Figure)
    rows = shown.data.sheet.rows
    assert [row[0] for row in rows] == [str(year) for year in range(2015, 2022)]
    doses = implementation.dose_path(tables, AREA, range(2015, 2022))["dose"]
    assert [row[1] for row in rows] == [round(value * 100, 1) for value in doses]
    assert "Umsetzungsgrad: steigt von 0 auf 59 (2015 bis 2021)" in shown.alt


def test_what_is_missing_is_said() -> None:
    views = (
        implementation_views.milestones,
        implementation_views.milestone_list,
        implementation_views.dose_path,
    )
    own = samples.tables()["milestone"]
    other = {"milestone": own[own["area_id"] == AREA].assign(area_id="SR02")}
    for view in views:
        assert "Meilensteine (Tabelle milestone)" in words(view({}, STUDY, AREA, RULES))
        assert isinstance(view(other, STUDY, AREA, RULES), Prose)
    assert "kein Meilenstein vor" in words(implementation_views.dose(other, STUDY, AREA))
    double = {"milestone": pd.concat([own, own])}
    assert "steht zweimal" in words(implementation_views.milestones(double, STUDY, AREA, RULES))


def test_figures_take_what_was_released_only() -> None:
    for draw in (implementation_figures.hours, implementation_figures.euros):
        with pytest.raises(ReleaseError, match="Released"):
            draw(pd.DataFrame(), name="", caption="")  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match="Released"):
        implementation_figures.timeline(
            pd.DataFrame(),  # type: ignore[arg-type]
            name="",
            last=2020,
            start="",
            caption="",
        )
