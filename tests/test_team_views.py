"""Posts, hours and meetings on a page: persons are counted only where they are enough."""

from __future__ import annotations

import pandas as pd

import concept_samples as samples
from evaltools.release import team_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable
from release_samples import RULES

AREA = samples.AREA


def rows(shown: object) -> list[tuple[object, ...]]:
    assert isinstance(shown, HtmlTable)
    return list(shown.sheet.rows)


def test_staff_against_its_norm() -> None:
    told = rows(team_views.staffing(samples.tables(), AREA, RULES))
    assert ("Sozialraumkoordination", "2021", 0.75, 1.0, -0.25, 75) in told
    assert ("Angebote", "2021", 2.0, "k. A.", "k. A.", "k. A.") in told


def test_few_visits_of_a_kifaz_are_withheld() -> None:
    told = rows(team_views.kifaz(samples.tables(), AREA, RULES))
    assert told[0] == ("Zentrum 1", "2020", 1.0, 0.75, "unter der Norm", 0.5, 0.25, "•", "nein")
    assert told[1] == ("Zentrum 1", "2021", 1.75, 1.0, "in der Norm", 0, 0, 2400, "ja")


def test_a_contradiction_is_told_and_stops_nothing() -> None:
    tables = samples.tables()
    tables["kifaz"] = tables["kifaz"].assign(vzae_coordinator=9.0)
    tables["area_team_meeting"] = tables["area_team_meeting"].assign(fields_present="Amt")
    shown = [view(tables, AREA, RULES) for view in (team_views.kifaz, team_views.meetings)]
    shown.append(team_views.presence(tables, AREA, RULES))
    for one in shown:
        assert isinstance(one, Prose)
        assert one.sentences[0].endswith("zu berichtigen.")


def test_few_cases_discussed_are_withheld() -> None:
    told = rows(team_views.meetings(samples.tables(), AREA, RULES))
    assert told == [("2019", 1, 3.0, "•", 2), ("2020", 2, 1.5, 7, 1)]


def test_presence_is_in_per_cent_of_the_meetings() -> None:
    told = {row[0]: row[1:] for row in rows(team_views.presence(samples.tables(), AREA, RULES))}
    assert told["ASD"] == (100, 100) and told["Schule"] == (100, 50) and told["Kita"] == (100, 0)
    assert len(told) == 13


def test_hours_are_drawn_for_the_first_and_last_year() -> None:
    shown = team_views.hours(samples.tables(), AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.title == "Süderbrück, 2021: die meisten Stunden für Vernetzung (510)"
    assert "Verwaltung: 2018 420, 2021 180" in shown.alt
    assert "Handlungsbudget: 2018 k. A., 2021 120" in shown.alt
    assert ("Vernetzung", "2021", 510, 47) in shown.data.sheet.rows


def test_one_year_of_hours_is_drawn_alone() -> None:
    tables = samples.tables()
    activity = tables["coordinator_activity"]
    tables["coordinator_activity"] = activity[activity["year"] == 2018]
    shown = team_views.hours(tables, AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.alt.endswith("Vernetzung: 2018 300; Gebietsteam: 2018 80; Verwaltung: 2018 420.")
    tables["coordinator_activity"] = activity.assign(hours=pd.NA)
    shown = team_views.hours(tables, AREA, RULES)
    assert isinstance(shown, Figure) and shown.title.endswith("Stunden für keine Angaben")


def test_hours_stand_by_year_and_unknown_ones_stay_unknown() -> None:
    told = rows(team_views.hours_by_year(samples.tables(), AREA, RULES))
    assert told[0] == ("Vernetzung", 300, 480, 510)
    assert ("Verwaltung", 420, "k. A.", 180) in told


def test_community_work_by_category_role_and_benefit() -> None:
    tables = samples.tables()
    category = {row[0]: row[1:] for row in rows(team_views.community(tables, AREA, RULES))}
    assert category["Projekte"] == (12, 18)
    assert category["Öffentlichkeit"] == (0, "k. A.")
    role = rows(team_views.community(tables, AREA, RULES, by="role"))
    assert role[0] == ("Anstoß", 12, 18) and role[-1] == ("keine Angabe", 0, "k. A.")
    assert rows(team_views.benefit(tables, AREA, RULES))[0] == ("2019", 42, 12, 29, 0)


def test_without_table_or_rows_every_view_says_so() -> None:
    for view in (
        team_views.staffing,
        team_views.kifaz,
        team_views.hours,
        team_views.hours_by_year,
        team_views.meetings,
        team_views.presence,
        team_views.community,
        team_views.benefit,
    ):
        lost, none = view({}, AREA, RULES), view(samples.tables(), "SR09", RULES)
        assert isinstance(lost, Prose) and "Es fehlt: " in lost.sentences[0]
        assert isinstance(none, Prose) and "keine Angaben" in none.sentences[0]
