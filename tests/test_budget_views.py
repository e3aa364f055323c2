"""The action budget on a page: every regular task is listed, what is open is not refused."""

from __future__ import annotations

import pandas as pd

import concept_samples as samples
from evaltools.release import budget_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable
from release_samples import RULES

AREA = samples.AREA


def test_the_figure_tells_every_amount() -> None:
    shown = budget_views.euros(samples.tables(), AREA, RULES)
    assert isinstance(shown, Figure)
    assert shown.title == "Süderbrück: am meisten Euro bewilligt für Ausstattung (12.000)"
    assert "Ferien: beantragt 2.200, bewilligt 800, ausgegeben 780" in shown.alt
    assert "Begegnung: beantragt 5.000, bewilligt k. A., ausgegeben k. A." in shown.alt
    assert ("Bildung", 1, 900, 900, 850) in shown.data.sheet.rows


def test_nothing_granted_is_said() -> None:
    tables = samples.tables()
    tables["action_budget"] = tables["action_budget"].assign(eur_granted=0.0)
    shown = budget_views.euros(tables, AREA, RULES)
    assert isinstance(shown, Figure) and shown.title == "Süderbrück: nichts bewilligt"
    told = budget_views.regular_sentence(tables, AREA)
    assert told == Prose(("Aus dem Handlungsbudget wurde im Raum nichts bewilligt.",))


def test_euros_by_purpose_and_year_with_the_share_granted() -> None:
    shown = budget_views.by_purpose(samples.tables(), AREA, RULES)
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.rows[0][0] == "Begegnung"
    assert ("Ausstattung", "2021", 1, 0, 14300, 12000, 11000, 84, 0) in shown.sheet.rows
    assert ("Begegnung", "2020", 1, 1, 5000, *["k. A."] * 3, 0) in shown.sheet.rows


def test_days_to_decision() -> None:
    shown = budget_views.decisions(samples.tables(), AREA, RULES)
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.rows[:2] == (("2019", 2, 0, 19.5, 29), ("2020", 2, 1, 19.0, 19))
    tables = samples.tables()
    late = tables["action_budget"].assign(date_in=pd.Timestamp("2030-01-01"))
    refused = budget_views.decisions({"action_budget": late}, AREA, RULES)
    assert isinstance(refused, Prose) and "vor dem Eingang" in refused.sentences[0]


def test_every_regular_task_is_listed() -> None:
    tables = samples.tables()
    shown = budget_views.regular_tasks(tables, AREA, RULES)
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.rows == (("Bewilligung 1", "2020", "Beratung", 2400),)
    told = budget_views.regular_sentence(tables, AREA)
    sentence = "Als Regelaufgabe gekennzeichnet: 1 von 4 Bewilligungen; ohne Angabe dazu: 1."
    assert told == Prose((sentence,))


def test_no_regular_task_is_a_sentence_and_no_table() -> None:
    tables = samples.tables()
    tables["action_budget"] = tables["action_budget"].assign(regular_task=False)
    assert budget_views.regular_tasks(tables, AREA, RULES) == Prose(())
    told = budget_views.regular_sentence(tables, AREA)
    assert told == Prose(("Als Regelaufgabe gekennzeichnet: keine von 4 Bewilligungen.",))


def test_without_table_or_rows_every_view_says_so() -> None:
    for view in (budget_views.euros, budget_views.by_purpose, budget_views.decisions):
        lost, none = view({}, AREA, RULES), view(samples.tables(), "SR09", RULES)
        assert isinstance(lost, Prose) and "Handlungsbudget" in lost.sentences[0]
        assert isinstance(none, Prose) and "keine Angaben" in none.sentences[0]
    lost = budget_views.regular_sentence({}, AREA)
    assert isinstance(lost, Prose) and "Handlungsbudget" in lost.sentences[0]
    assert budget_views.regular_tasks({}, AREA, RULES) == Prose(())
