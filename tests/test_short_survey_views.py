"""Groups of professionals: a second one is withheld where the whole would give a small one back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

import concept_samples as samples
from evaltools.release import short_survey_views
from evaltools.release.display import Prose
from evaltools.release.short_survey_views import withheld
from evaltools.release.tables import HtmlTable
from release_samples import RULES

AREA = samples.AREA


def rows(shown: object) -> list[tuple[object, ...]]:
    assert isinstance(shown, HtmlTable)
    return list(shown.sheet.rows)


def test_groups_with_the_whole_hide_a_second_one() -> None:
    told = rows(short_survey_views.groups(samples.tables(), AREA, RULES))
    assert told[0] == ("alle Befragten", 11, 3.36, 1.12)
    assert told[1:] == [
        ("ASD", "•", "•", "•"),
        ("Schule", "•", "•", "•"),
        ("Träger", 6, 3.17, 1.17),
    ]


def test_groups_that_cannot_be_hidden_are_not_named() -> None:
    tables = {"short_survey": samples.professionals(("Träger", 2), ("ASD", 1))}
    assert rows(short_survey_views.groups(tables, AREA, RULES)) == [("alle Befragten", 3, "•", "•")]
    two = {"short_survey": samples.professionals(("Träger", 2))}
    assert rows(short_survey_views.groups(two, AREA, RULES)) == [("alle Befragten", "•", "•", "•")]


def test_the_office_sees_every_group() -> None:
    told = rows(short_survey_views.groups(samples.tables(), AREA, replace(RULES, intern=True)))
    assert [row[1] for row in told] == [11, 4, 1, 6]


@pytest.mark.parametrize("threshold", [3, 5])
def test_no_withheld_group_follows_from_the_whole(threshold: int) -> None:
    """By trial of every size: what an outsider allows each withheld group spans at least two."""
    rules = replace(RULES, threshold=threshold)
    for sizes in itertools.product((0, 1, 2, 3, 4, 7), repeat=4):
        hidden = withheld(sizes, rules)
        if hidden is None or not any(hidden):
            assert hidden is None or not any(0 < size < threshold for size in sizes)
            continue
        assert all(taken for size, taken in zip(sizes, hidden, strict=True) if 0 < size < threshold)
        inside = [size for size, taken in zip(sizes, hidden, strict=True) if taken]
        assert sum(inside) >= threshold
        possible = {
            guess[0]
            for guess in itertools.product(range(1, sum(inside) + 1), repeat=len(inside))
            if sum(guess) == sum(inside)
        }
        assert max(possible) - min(possible) >= 2


def test_groups_do_not_depend_on_order_and_large_ones_stay() -> None:
    assert withheld([9, 1, 4, 8], RULES) == [False, True, True, False]
    assert withheld([4, 8, 9, 1], RULES) == [True, False, False, True]
    assert withheld([9, 4, 8], RULES) == [False] * 3
    assert withheld([], RULES) == []


def test_two_types_in_an_area_are_told() -> None:
    table = samples.professionals(("Träger", 4))
    table.loc[0, "type_assigned"] = "D"
    shown = short_survey_views.groups({"short_survey": table}, AREA, RULES)
    assert isinstance(shown, Prose) and "verschiedene Stadtraumtypen" in shown.sentences[0]


def test_without_table_or_rows_the_view_says_so() -> None:
    lost = short_survey_views.groups({}, AREA, RULES)
    none = short_survey_views.groups(samples.tables(), "SR09", RULES)
    assert isinstance(lost, Prose) and "Kurzbefragung" in lost.sentences[0]
    assert isinstance(none, Prose) and "keine Angaben" in none.sentences[0]
