"""What the pages give away of the counts is declared, so that nothing else is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from city_samples import AREAS, MODEL, YEARS, city, study, tables
from evaltools.errors import ReleaseError
from evaltools.evaluation.appendix import appendix
from evaltools.evaluation.before_after import before_after
from evaltools.measures.catalogue import LOCAL, VOLUME, Pick, indicator
from evaltools.measures.sums import Sum
from evaltools.release import (
    claim_views,
    count_views,
    describe_views,
    estimates,
    protection,
    published,
    sensitivity_views,
)
from evaltools.release.disclosure import Rule
from evaltools.release.plan import Plan
from evaltools.release.published import PLACEBO, said

LOCAL_VOLUME = Pick(VOLUME, without=LOCAL)
COUNT = city()
STUDY = study()
OTHERS = tuple(AREAS[1:])
BEFORE, AFTER = tuple(YEARS[:4]), tuple(YEARS[4:])


@cache
def found() -> published.Published:
    return published.published(tables(COUNT), STUDY)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return protection.plan(tables(COUNT), STUDY, {})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sum]]:
    """The sums that views ask the plan for."""
    items: list[Sum] = []
    usual = Plan.shows

    def shows(self: Plan, item: Sum) -> bool:
        items.append(item)
        return usual(self, item)

    monkeypatch.setattr(Plan, "shows", shows)
    yield items


def rules(plan: Plan) -> Rule:
    return Rule(3, True, "Quelle.", plan)


# --- every sum that a view asks for ---------------------------------------------------------------


def test_every_count_of_the_count_pages_is_declared(plan: Plan, asked: list[Sum]) -> None:
    given, name = tables(COUNT), STUDY.outcomes.hze
    for view in (count_views.trend_figure, count_views.yearly, count_views.standardised):
        view(given, STUDY, MODEL, name, rules(plan))
        assert asked, view.__name__
        assert set(asked) <= set(found().costs)
        asked.clear()
    for table in (count_views.movement, count_views.by_form):
        table(COUNT, MODEL, rules(plan))
        assert asked, table.__name__
        assert set(asked) <= set(found().costs)
        asked.clear()


def test_every_count_behind_the_estimates_is_declared(plan: Plan, asked: list[Sum]) -> None:
    given = tables(COUNT)
    result = before_after(given, STUDY, MODEL)
    more = appendix(given, STUDY, result)
    effect = result.effect()
    assert effect is not None
    assert more is not None
    claim_views.counterfactual_figure(result, STUDY, rules(plan))
    assert {item.periods for item in asked} == {(year,) for year in YEARS}
    asked.clear()
    describe_views.intrusion(given, STUDY, result, rules(plan))
    assert {item.periods for item in asked} == {BEFORE, AFTER}
    sensitivity_views.event_figure(more, result, STUDY, rules(plan))
    assert set(asked) <= set(found().costs)
    shown = estimates.release_placebos(effect, rules(plan)).frame
    assert len(shown) == len(AREAS)
    assert estimates.permitted(effect, rules(plan))


def test_a_count_that_is_not_declared_is_refused(plan: Plan) -> None:
    other = "hze_dichte_ambulant"
    with pytest.raises(ReleaseError, match=r"declare it in\s+release\.published"):
        count_views.yearly(tables(COUNT), STUDY, MODEL, other, rules(plan))
    with pytest.raises(ReleaseError, match=r"SR02 2013 .* is not among those"):
        count_views.movement(COUNT, "SR02", rules(plan))


def test_a_count_that_changed_since_the_plan_is_refused(plan: Plan) -> None:
    other = COUNT.copy()
    other.loc[other["area_id"] == MODEL, "ended"] += 1
    with pytest.raises(ReleaseError, match="is another one in the study's plan"):
        count_views.movement(other, MODEL, rules(plan))


# --- what is declared -----------------------------------------------------------------------------


def test_estimates_rest_on_both_sides_of_the_area_and_of_its_comparison() -> None:
    wanted = {
        Sum(areas, span, LOCAL_VOLUME) for areas in ((MODEL,), OTHERS) for span in (BEFORE, AFTER)
    }
    assert set(found().estimates[MODEL, STUDY.outcomes.hze]) == wanted
    declared = found().costs
    assert all(item in declared for rests in found().estimates.values() for item in rests)


def test_a_dot_of_the_placebo_figure_rests_on_its_own_area() -> None:
    key = (MODEL, STUDY.outcomes.hze, PLACEBO, "SR03")
    wanted = {Sum(("SR03",), span, LOCAL_VOLUME) for span in (BEFORE, AFTER)}
    assert set(found().estimates[key]) == wanted
    assert {key[3] for key in found().estimates if PLACEBO in key} == set(OTHERS)


def test_a_series_is_whole_with_the_periods_of_the_selection() -> None:
    chosen = {"rule": "Höchste Belastung", "periods": ["2016"]}
    areas = ({"area": MODEL, "start": "2017", "selection": chosen},)
    own = published.published(tables(COUNT), study(model_areas=areas))
    periods = {item.periods for item in own.series[MODEL]}
    assert periods == {(year,) for year in YEARS}
    rests = own.estimates[MODEL, STUDY.outcomes.hze]
    assert {item.periods for item in rests} == {BEFORE[:-1], AFTER}


def test_hiding_costs_most_where_the_question_depends_on_it() -> None:
    costs = found().costs
    assert costs[Sum((MODEL,), BEFORE, LOCAL_VOLUME)] == published.PRIMARY
    intensity = Sum((MODEL,), BEFORE, indicator("anteil_stationaer_begonnen").numerator)
    assert costs[intensity] == published.SECONDARY
    assert costs[Sum(OTHERS, ("2015",), LOCAL_VOLUME)] == published.TOGETHER
    assert costs[Sum((MODEL,), ("2015",), Pick(("ended",)))] == published.YEAR
    assert published.PRIMARY > published.SECONDARY > published.FURTHER > published.YEAR


def test_all_areas_together_are_declared_for_each_year() -> None:
    assert {(year,) for year in YEARS} == {
        item.periods for item in found().costs if item.areas == tuple(AREAS)
    }


@pytest.mark.parametrize("missing", ["hze_count", "population"])
def test_without_a_table_less_is_declared(missing: str) -> None:
    given = {name: table for name, table in tables(COUNT).items() if name != missing}
    own = published.published(given, STUDY)
    based = {name for _, name, *_ in own.estimates}
    assert based <= ({"anteil_stationaer_begonnen"} if missing == "population" else set())
    flows = {Sum((MODEL,), (year,), Pick((name,))) for year in YEARS for name in published.FLOWS}
    assert (flows <= set(own.costs)) == (missing == "population")


def test_an_area_without_a_start_has_counts_but_no_estimate() -> None:
    own = published.published(tables(COUNT), study(model_areas=({"area": MODEL},)))
    assert own.costs
    assert not own.estimates
    assert not own.series


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (Sum(("SR04",), ("2015",), Pick(VOLUME)), "SR04, 2015: Bestand + beendet"),
        (
            Sum(("SR04",), ("2015",), Pick(VOLUME, (("*", "teilstationaer"),))),
            "SR04, 2015: Bestand + beendet, teilstationär",
        ),
        (
            Sum(("A", "B"), ("2014", "2015"), LOCAL_VOLUME),
            "A, B, 2014 bis 2015 (2 Zeiträume): Bestand + beendet, ohne § 28, § 35a",
        ),
        (
            Sum(("A", "B", "C", "D"), ("2015",), Pick(("started",), (("33", "*"), ("34", "*")))),
            "4 Räume, 2015: begonnen, § 33, § 34",
        ),
        (
            Sum(("A",), ("2015-Q1",), Pick(("young_people",), (("27_2", "stationaer"),))),
            "A, 2015-Q1: junge Menschen, § 27_2 stationär",
        ),
        (
            Sum(("A",), ("2015",), Pick(("started",)), (("ambulant", 2.0),)),
            "A, 2015: begonnen, gewichtet",
        ),
    ],
)
def test_a_sum_says_in_german_what_it_counts(item: Sum, text: str) -> None:
    assert said(item) == text
