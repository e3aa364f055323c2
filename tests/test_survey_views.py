"""Surveys on a page: no row, no small number, nothing that gives one back."""

from __future__ import annotations

import pandas as pd
import pytest

import concept_samples as samples
from evaltools.release import survey_views
from evaltools.release.display import Prose
from evaltools.release.tables import HtmlTable
from release_samples import RULES, study

AREA = samples.AREA
STUDY = study(last=2021)
FAMILY = "family_acceptance"


def rows(shown: object) -> list[tuple[object, ...]]:
    assert isinstance(shown, HtmlTable)
    return list(shown.sheet.rows)


def words(shown: object) -> str:
    assert isinstance(shown, Prose)
    return " ".join(shown.sentences)


def family(
    answers: dict[tuple[int, str], list[int | None]], **options: object
) -> dict[str, pd.DataFrame]:
    return {FAMILY: samples.families(answers, **options)}  # type: ignore[arg-type]


def test_waves_with_response_and_unanswered_questions() -> None:
    assert rows(survey_views.waves(samples.tables(), AREA, RULES)) == [
        ("2016", 40, 8, 20, 0),
        ("2021", 40, 9, 22, 0),
    ]


def test_few_who_did_not_answer_take_the_invited_with_them() -> None:
    tables = family({(2021, "a"): [1, 2, 3, 4, 5, 5]}, invited=8)
    assert rows(survey_views.waves(tables, AREA, RULES)) == [("2021", "•", 6, "•", 0)]
    bare = family({(2021, "a"): [1, 2, 3, 4, 5, 5]}, invited=None)
    assert rows(survey_views.waves(bare, AREA, RULES)) == [("2021", "k. A.", 6, "k. A.", 0)]


def test_few_answers_to_an_item_do_not_follow_from_the_unanswered() -> None:
    tables = family({(2021, "a"): [1, 2, 3, 4, 5], (2021, "b"): [1, None, None, None, None]})
    assert rows(survey_views.waves(tables, AREA, RULES)) == [("2021", 40, 5, 12, "•")]


def test_items_with_mean_interval_and_top_two() -> None:
    told = rows(survey_views.items(samples.tables(), AREA, RULES))
    assert [row[:4] for row in told[3:]] == [
        ("alle Fragen", "2021", "1 bis 5", 9),
        ("ernst genommen", "2021", "1 bis 5", 9),
        ("wieder kommen", "2021", "1 bis 5", 9),
    ]
    assert told[4][4:] == (3.89, "•", "•", "•", 67, 35, 88), "nine are too few to show the spread"
    assert told[3][8:] == ("k. A.",) * 3  # two highest points of a mean: not defined


def test_two_persons_are_shown_nothing_of() -> None:
    tables = family({(2021, "a"): [2, 4]})
    assert rows(survey_views.items(tables, AREA, RULES))[0][3:] == ("•",) * 8
    assert rows(survey_views.waves(tables, AREA, RULES)) == [("2021", 40, "•", "•", "•")]


@pytest.mark.parametrize("answers", [[1, 1, 1, 1, 1, 5], [5, 5, 5, 5, 5, 1]])
def test_few_inside_or_outside_a_share_withhold_it(answers: list[int]) -> None:
    told = rows(survey_views.items(family({(2021, "a"): answers}), AREA, RULES))[0]
    assert told[3] == 6 and told[4] != "•"
    assert told[8:] == ("•", "•", "•")


def test_nobody_outside_a_share_is_shown() -> None:
    told = rows(survey_views.items(family({(2021, "a"): [5, 5, 4, 5, 4]}), AREA, RULES))[0]
    assert told[8] == 100


def test_one_left_out_item_does_not_give_that_person_back() -> None:
    """With all three means, the one person's answer to `a` would be 2·mean·n − sum a − sum b."""
    answers = {(2021, "a"): [1, 2, 3, 4, 5, 5], (2021, "b"): [1, 2, 3, 4, 5, None]}
    told = {row[0]: row for row in rows(survey_views.items(family(answers), AREA, RULES))}
    assert told["alle Fragen"][4:8] == ("•",) * 4
    assert told["a"][4] == 3.33
    assert told["b"][3:8] == ("•",) * 5, "one person left it out"
    before = family({(2016, "a"): [1, 2, 3, 4, 5], (2016, "b"): [1, 2, 3, 4, 4]} | answers)
    moved = {row[0]: row for row in rows(survey_views.change(before, STUDY, AREA, RULES))}
    assert moved["alle Fragen"][3:8] == ("•",) * 5
    assert moved["a"][5] == 0.33


def test_two_who_left_out_different_items_are_too_few() -> None:
    answers = {(2021, "a"): [1, 2, 3, 4, None, 5], (2021, "b"): [1, 2, 3, 4, 5, None]}
    told = rows(survey_views.items(family(answers), AREA, RULES))
    assert told[0][4:8] == ("•",) * 4


def test_an_item_of_two_persons_takes_the_mean_over_all_with_it() -> None:
    answers = {(2021, "a"): [1, 2, 3, 4, 5, 5], (2021, "b"): [1, 2, None, None, None, None]}
    told = {row[0]: row for row in rows(survey_views.items(family(answers), AREA, RULES))}
    assert told["alle Fragen"][4] == told["b"][4] == "•" and told["a"][4] == 3.33


def test_enough_left_out_items_let_the_mean_over_all_stand() -> None:
    answers = {(2021, "a"): [1, 2, 3, 4, 5, 5], (2021, "b"): [1, 2, 3, None, None, None]}
    told = rows(survey_views.items(family(answers), AREA, RULES))[0]
    assert (told[0], told[4]) == ("alle Fragen", 3.33)


def test_change_takes_the_last_wave_before_the_start() -> None:
    extra = samples.families({(2012, "ernst_genommen"): [1] * 6})
    tables = {FAMILY: pd.concat([samples.tables()[FAMILY], extra])}
    shown = survey_views.change(tables, STUDY, AREA, RULES)
    assert isinstance(shown, HtmlTable) and "Veränderung von 2016 auf 2021" in shown.html
    told = {row[0]: row[1:] for row in rows(shown)}
    assert told["alle Fragen"] == (8, 9, 2.81, 3.78, 0.97, "•", "•", *["1 bis 5"] * 3)


def test_two_waves_after_the_start_are_said_to_be_so() -> None:
    shown = survey_views.change(
        samples.tables(), study(model_areas=({"area": AREA, "start": "2010"},)), AREA, RULES
    )
    assert isinstance(shown, HtmlTable) and "(beide nach dem Beginn)" in shown.html


def test_other_scales_are_brought_to_one_and_all_are_printed() -> None:
    tables = {FAMILY: samples.families(high={2021: 10})}
    told = rows(survey_views.change(tables, STUDY, AREA, RULES))
    assert [row[0] for row in told] == ["ernst genommen", "wieder kommen"]
    assert told[0][3] == pytest.approx((23 / 8 - 1) / 4 * 100, abs=0.0051)
    assert told[0][8:] == ("0 bis 100", "1 bis 5", "1 bis 10")


def test_few_in_one_wave_withhold_the_difference_too() -> None:
    tables = family({(2016, "a"): [1, 2], (2021, "a"): [1, 2, 3, 4, 5, 5]})
    told = rows(survey_views.change(tables, STUDY, AREA, RULES))
    assert len(told) == 1  # one item: all items are the same
    assert told[0][1:8] == ("•", 6, "•", 3.33, "•", "•", "•")


def test_one_wave_and_different_items_are_not_compared() -> None:
    one = family({(2021, "a"): [1, 2, 3, 4]})
    assert "zwei Befragungen nötig" in words(survey_views.change(one, STUDY, AREA, RULES))
    other = family({(2016, "b"): [1, 2, 3], (2021, "a"): [1, 2, 3, 4]})
    assert "keine gleiche Frage" in words(survey_views.change(other, STUDY, AREA, RULES))


def test_contradictions_are_told() -> None:
    wrong = {FAMILY: samples.families(invited=2)}
    for view in (survey_views.waves, survey_views.items):
        assert "widersprüchlich" in words(view(wrong, AREA, RULES))


def test_without_table_or_rows_every_view_says_so() -> None:
    for view in (survey_views.waves, survey_views.items):
        assert "Es fehlt: " in words(view({}, AREA, RULES))
        assert "keine Angaben" in words(view(samples.tables(), "SR09", RULES))
    assert "Es fehlt: " in words(survey_views.change({}, STUDY, AREA, RULES))


def test_no_answer_of_a_person_stands_on_a_page() -> None:
    tables = samples.tables()
    tables[FAMILY]["response_id"] = "geheime-" + tables[FAMILY]["response_id"]
    shown = [
        survey_views.waves(tables, AREA, RULES),
        survey_views.items(tables, AREA, RULES),
        survey_views.change(tables, STUDY, AREA, RULES),
    ]
    assert "geheime-" not in "".join(one.html for one in shown if isinstance(one, HtmlTable))
    assert all(isinstance(one, HtmlTable) for one in shown)


def test_the_spread_of_few_answers_does_not_give_them_back() -> None:
    """Mean 1.67 and standard deviation 1.63 of six answers can only be five ones and a five."""
    told = rows(survey_views.items(family({(2021, "a"): [1, 1, 1, 1, 1, 5]}), AREA, RULES))
    assert told[0][4:] == (1.67, "•", "•", "•", "•", "•", "•")
    many = {(2021, "a"): [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]}
    told = rows(survey_views.items(family(many), AREA, RULES))
    assert "•" not in told[0]


def test_a_mean_of_which_all_answered_alike_is_withheld() -> None:
    told = rows(survey_views.items(family({(2021, "a"): [5] * 12}), AREA, RULES))
    assert told[0][4:] == ("•",) * 7
