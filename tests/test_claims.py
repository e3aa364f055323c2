"""The verdict rule of ``docs/methods.md``, at its boundaries, and what is missing by name."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import pandas as pd
import pytest

from evaltools.effects.among import among
from evaltools.effects.results import Effect, PreTrend
from evaltools.evaluation.claims import MISSING, Claim, Outcome, judge, verdict
from evaltools.evaluation.structure import Judged, Standing, Unit, Verdict
from evaltools.measures.change import Change
from evaltools.study import ModelArea, Notebooks, Study

BELOW = math.nextafter(1, 0)
STUDY = Study(
    title="t",
    city="c",
    model_areas=(ModelArea(area="SR04", start="2018"),),
    reference=("state",),
    notebooks=Notebooks(),
)
BUILT = {number: Judged("nicht prüfbar", "r", (f"table {number}",)) for number in (5, 7)}


def change(label: str, ratio: float) -> Change:
    return Change(label, 100, 100 * ratio, 1000, 1000)


@pytest.fixture
def supported() -> Effect:
    """An effect for which everything that the rule asks for holds."""
    return Effect(
        method="m",
        measure="inanspruchnahme",
        area="SR04",
        start="2018",
        estimate=0.75,
        low=0.65,
        high=0.85,
        level=0.9,
        origin="o",
        rank=1,
        n=17,
        n_areas=17,
        n_periods=14,
        n_before=7,
        placebos=pd.DataFrame({"area_id": ["SR04"], "studentised": [-4.0]}),
        series=pd.DataFrame(),
        source="s",
        fall_rank=1,
        changes={
            "own": change("SR04", 0.8),
            "comparison": change("Vergleich", 1.1),
            "state": change("Land", 1.05),
        },
        pre_trend=PreTrend(1.0, 8, 17),
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.65, 0.85, "gestützt"),
        (0.65, BELOW, "gestützt"),
        (0.65, 1.0, "unklar"),
        (0.95, 0.99, "gestützt"),  # small, but every value is a fall
        (0.9, 1.0, "unklar"),
        (math.nextafter(0.9, 1), 1.0, "nicht gestützt"),
        (1.1, 1.3, "nicht gestützt"),
        (0.8, 1.3, "unklar"),
        (0.0, math.inf, "unklar"),
    ],
)
def test_verdict_follows_the_interval(
    supported: Effect, low: float, high: float, expected: str
) -> None:
    assert verdict(replace(supported, low=low, high=high), 0.1)[0] == expected


@pytest.mark.parametrize("estimate", [0.3, 0.95, 1.4])
def test_verdict_never_follows_the_point(supported: Effect, estimate: float) -> None:
    for low, high, expected in ((0.5, 0.9, "gestützt"), (0.8, 1.2, "unklar")):
        made = replace(supported, estimate=estimate, low=low, high=high)
        assert verdict(made, 0.1)[0] == expected


@pytest.mark.parametrize(
    ("pre_trend", "n_before", "expected"),
    [
        (PreTrend(1.0, 2, 19), 4, "gestützt"),  # p = 0.105
        (PreTrend(1.0, 2, 20), 4, "unklar"),  # p = 0.10
        (PreTrend(1.0, 1, 17), 4, "unklar"),
        (PreTrend(1.0, 9, 17), 3, "unklar"),
    ],
)
def test_support_asks_for_a_pre_trend_that_is_tested_and_not_conspicuous(
    supported: Effect, pre_trend: PreTrend, n_before: int, expected: str
) -> None:
    made = replace(supported, pre_trend=pre_trend, n_before=n_before)
    given, reason = verdict(made, 0.1)
    assert given == expected
    assert (given == "gestützt") != reason.startswith("Der Rückgang hebt sich ab")


def test_support_asks_for_a_pre_trend_at_all(supported: Effect) -> None:
    given, reason = verdict(replace(supported, pre_trend=None), 0.1)
    assert given == "unklar"
    assert reason.endswith("der Verlauf vor dem Beginn ließ sich nicht prüfen.")


@pytest.mark.parametrize(
    ("fall_rank", "n", "expected"),
    [
        (1, 17, "gestützt"),  # 5 % of 17 are less than one: the deepest fall is asked for
        (2, 17, "unklar"),
        (2, 39, "unklar"),
        (2, 40, "gestützt"),
        (3, 40, "unklar"),
        (6, 136, "gestützt"),
        (7, 136, "unklar"),
        (34, 680, "gestützt"),
        (35, 680, "unklar"),
    ],
)
def test_support_asks_for_one_of_the_deepest_falls(
    supported: Effect, fall_rank: int, n: int, expected: str
) -> None:
    given, reason = verdict(replace(supported, fall_rank=fall_rank, n=n), 0.1)
    assert given == expected
    named = f"Rang {fall_rank} der Rückgänge, nötig ist mindestens Rang {max(1, n // 20)} von {n}."
    assert (given == "gestützt") != reason.endswith(named)


@pytest.mark.parametrize("n", [17, 1000])
def test_fall_that_was_never_ranked_is_in_doubt(supported: Effect, n: int) -> None:
    """0 stands for a rank that was not computed; it must not pass for the deepest."""
    given, reason = verdict(replace(supported, fall_rank=0, n=n), 0.1)
    assert given == "unklar"
    assert "Rang 0 der Rückgänge" in reason
    assert verdict(replace(supported, fall_rank=0, low=0.92), 0.1)[0] == "nicht gestützt"


def test_a_rank_that_is_not_the_deepest_does_not_deny(supported: Effect) -> None:
    open_ = replace(supported, low=0.8, high=1.1, fall_rank=9)
    assert verdict(open_, 0.1)[0] == "unklar"
    excluded = replace(supported, low=0.92, high=0.98, fall_rank=9)
    assert verdict(excluded, 0.1)[0] == "nicht gestützt"


def test_a_relevant_fall_is_excluded_whatever_the_pre_trend(supported: Effect) -> None:
    made = replace(supported, low=0.92, high=0.98, pre_trend=PreTrend(1.0, 1, 17))
    assert verdict(made, 0.1)[0] == "nicht gestützt"


def test_smallest_relevant_change_moves_only_the_denial(supported: Effect) -> None:
    open_ = replace(supported, low=0.85, high=1.1)
    assert [verdict(open_, margin)[0] for margin in (0.1, 0.2)] == ["unklar", "nicht gestützt"]
    assert [verdict(supported, margin)[0] for margin in (0.1, 0.5)] == ["gestützt"] * 2


def claims(effect: Effect, tables: dict[str, pd.DataFrame] | None = None) -> dict[int, Claim]:
    outcomes = dict.fromkeys(("hze", "placements", "intensity"), Outcome(effect, (), ""))
    return {claim.number: claim for claim in judge(outcomes, tables or {}, STUDY, BUILT)}


def test_seven_claims_in_order(supported: Effect) -> None:
    found = claims(supported)
    assert list(found) == [1, 2, 3, 4, 5, 6, 7]
    assert [found[n].verdict for n in (1, 2, 3, 4)] == ["gestützt"] * 4
    assert [found[n].verdict for n in (5, 6, 7)] == ["nicht prüfbar"] * 3


@pytest.mark.parametrize(
    ("key", "ratio", "expected"),
    [
        ("state", 0.81, "gestützt"),
        ("state", 0.8, "unklar"),
        ("comparison", 0.7, "unklar"),
        ("state", math.nan, "unklar"),
        ("selection", 0.1, "gestützt"),
    ],
)
def test_counter_trend_lies_below_every_other_trend(
    supported: Effect, key: str, ratio: float, expected: str
) -> None:
    changes = {**supported.changes, key: change("Land", ratio)}
    found = claims(replace(supported, changes=changes))
    assert found[1].verdict == expected
    assert found[2].verdict == "gestützt"
    if expected == "unklar":
        assert found[1].reason == (
            "Der Rückgang hebt sich ab, aber die eigene Veränderung liegt nicht unter der von: "
            "Land."
        )


def test_doubt_about_the_pre_trend_comes_before_the_counter_trend(supported: Effect) -> None:
    changes = {**supported.changes, "state": change("Land", 0.1)}
    made = replace(supported, changes=changes, pre_trend=PreTrend(1.0, 1, 17))
    assert "schon vor dem Beginn anders" in claims(made)[1].reason
    excluded = replace(supported, changes=changes, low=0.92, high=0.98)
    assert claims(excluded)[1].verdict == "nicht gestützt"


def test_counter_trend_without_its_reference_is_not_testable(supported: Effect) -> None:
    changes = {key: item for key, item in supported.changes.items() if key != "state"}
    found = claims(replace(supported, changes=changes))
    assert found[1].verdict == "nicht prüfbar"
    assert found[1].missing == ("reference_trend: level=state mit population",)
    assert found[2].verdict == "gestützt"


def test_missing_tables_are_named_with_their_columns() -> None:
    lost = Outcome(None, ("hze_count: area_id, period", "population: area_id, year"), "")
    refused = Outcome(None, (), "start=2011 leaves 1 periods before it")
    outcomes = {"hze": lost, "placements": refused, "intensity": lost}
    found = {claim.number: claim for claim in judge(outcomes, {}, STUDY, BUILT)}
    assert {found[n].verdict for n in found} == {"nicht prüfbar"}
    assert found[1].missing == found[2].missing == lost.missing
    assert found[3].missing == ()
    assert found[3].reason == (
        "Das Verfahren lehnt die Daten ab: start=2011 leaves 1 periods before it"
    )
    assert found[2].effect is None


def test_claims_of_structure_are_carried_with_what_they_rest_on(supported: Effect) -> None:
    outcomes = dict.fromkeys(("hze", "placements", "intensity"), Outcome(supported, (), ""))
    judged = Judged("gestützt", "weil", standing=Standing(among(3, (0, 1, 2)), Unit("Punkte", 1)))
    found = {item.number: item for item in judge(outcomes, {}, STUDY, {**BUILT, 5: judged})}
    assert (found[5].verdict, found[5].reason) == ("gestützt", "weil")
    assert found[5].standing == judged.standing
    assert "Befragungen" in found[5].evidence
    assert (found[7].evidence, found[7].missing) == ("keine", ("table 7",))


@pytest.mark.parametrize("number", MISSING)
def test_claims_without_a_method_name_all_that_they_need(supported: Effect, number: int) -> None:
    assert claims(supported)[number].missing == MISSING[number]


def test_every_verdict_is_one_of_four(supported: Effect) -> None:
    assert get_args(Verdict) == ("gestützt", "nicht gestützt", "unklar", "nicht prüfbar")
    assert {claim.verdict for claim in claims(supported).values()} <= {*get_args(Verdict)}


def test_what_is_there_is_not_called_missing(supported: Effect) -> None:
    tables = {
        "unit_cost": pd.DataFrame({"form": ["a"], "year": [1], "eur": [2], "per": ["case"]}).assign(
            source="x"
        ),
        "hze_count": pd.DataFrame({"cost_eur": [1.0, None]}),
        "staffing": pd.DataFrame({"role": ["case_manager"], "vzae": [1.0]}),
    }
    assert claims(supported, tables)[6].missing == ()
    assert claims(supported, tables)[6].verdict == "nicht prüfbar"


def test_empty_column_or_other_role_is_missing(supported: Effect) -> None:
    tables = {
        "hze_count": pd.DataFrame({"cost_eur": [None, None]}),
        "staffing": pd.DataFrame({"role": ["coordinator"], "vzae": [1.0]}),
    }
    assert claims(supported, tables)[6].missing == MISSING[6]


def test_label_of_the_area_and_order_of_changes_do_not_matter(supported: Effect) -> None:
    turned = replace(supported, area="X", changes=dict(reversed(supported.changes.items())))
    for ours, theirs in zip(claims(supported).values(), claims(turned).values(), strict=True):
        assert (ours.verdict, ours.reason) == (theirs.verdict, theirs.reason)


def test_tables_are_left_as_they_were(supported: Effect) -> None:
    table = pd.DataFrame({"role": ["case_manager"], "vzae": [1.0]})
    before = table.copy(deep=True)
    claims(supported, {"staffing": table})
    pd.testing.assert_frame_equal(table, before)
