"""Estimates: told only where every sum behind them is shown, and never to more than whole %."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from evaltools.effects.results import Effect
from evaltools.errors import ReleaseError
from evaltools.release import estimates, figures
from evaltools.release.disclosure import SUPPRESSED, Released, Rule
from evaltools.release.estimates import (
    LEFT_OUT,
    permit_effect,
    permitted,
    release_change,
    release_placebos,
    release_series,
)
from evaltools.release.published import by_period
from plan_samples import holds, rules_for
from release_samples import AREA, RULES, change, effect, study

REFERENCE = {"state": change("Land", 9000, 8000)}


def _counts(**periods: float) -> Effect:
    """The made-up effect with other counts in some periods: ``y2013=2``."""
    made = effect()
    series = made.series.copy()
    for name, n in periods.items():
        series.loc[series["period"] == name[1:], "observed"] = n
    return replace(made, series=series)


def _series(made: Effect, rules: Rule, per: float = 10_000) -> Released:
    return release_series(made, rules, per=per, sums=by_period(made, study()), beside={})


def _observed(handed: Released) -> pd.Series:
    return handed.frame.set_index("period")["observed"]


# --- permission -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [RULES, rules_for(effect(), permitted=False)])
def test_effect_on_a_hidden_sum_is_refused(rules: Rule) -> None:
    made = effect()
    assert not permitted(made, rules)
    for hand in (release_placebos, permit_effect):
        with pytest.raises(ReleaseError, match="rests on a sum that is not shown"):
            hand(made, rules)
    with pytest.raises(ReleaseError, match="rests on a sum that is not shown"):
        _series(made, rules)


def test_effect_on_shown_sums_is_permitted() -> None:
    made = effect()
    assert permitted(made, rules_for(made))
    permit_effect(made, rules_for(made))


def test_permission_is_for_one_area_one_measure_and_one_specification() -> None:
    made, rules = effect(), rules_for(effect())
    assert not permitted(replace(made, area="SR02"), rules)
    assert not permitted(replace(made, measure="zugangsquote"), rules)
    assert not permitted(made, rules, "mit Nachbarn", "wie festgelegt")


# --- change before and after ----------------------------------------------------------------------


def _changes(rules: Rule, **changes: Any) -> Released:
    made = effect()
    return release_change(
        replace(made, changes=dict(made.changes) | changes), rules, per=10_000, own="Oberau"
    )


def test_changes_are_told_where_the_sums_are_shown() -> None:
    handed = _changes(rules_for(effect()), **REFERENCE)
    assert handed.frame["group"].tolist() == ["Oberau", "Vergleich", "Land"]
    assert handed.frame["before"].tolist() == pytest.approx([400, 1800, 18000])
    assert handed.frame["ratio"].notna().all()
    assert handed.n_suppressed == 0


@pytest.mark.parametrize("rules", [RULES, rules_for(effect(), permitted=False)])
def test_area_and_comparison_go_together_and_references_stay(rules: Rule) -> None:
    """What others published may be told; area and comparison give away the hidden sum."""
    handed = _changes(rules, **REFERENCE)
    for name in ("before", "after", "ratio"):
        assert handed.frame[name].isna().tolist() == [True, True, False]
        assert handed.reasons[name].tolist() == [SUPPRESSED, SUPPRESSED, ""]
    assert not holds(handed, 200 / 5000 * 10_000)
    assert not holds(handed, 0.8)


def test_selection_year_is_no_change_of_its_own() -> None:
    handed = _changes(rules_for(effect()), selection=change("Auswahljahr", 1234, 90))
    assert handed.frame["group"].tolist() == ["Oberau", "Vergleich"]
    assert not holds(handed, 1234 / 5000 * 10_000)


# --- series ---------------------------------------------------------------------------------------


def test_series_hides_what_the_plan_hides_and_leaves_the_selection_year_empty() -> None:
    made = _counts(y2013=2, y2015=30)
    handed = _series(made, rules_for(made, hidden=("2013", "2015")))
    shown, reasons = _observed(handed), handed.reasons.set_index(handed.frame["period"])
    assert list(shown.index[shown.isna()]) == ["2013", "2015", "2017"]
    assert shown["2012"] == pytest.approx(400)
    assert reasons["observed"]["2013"] == SUPPRESSED
    assert reasons["observed"]["2017"] == LEFT_OUT
    assert len(handed.hidden) == 2
    assert all(str(year) in key for year, key in zip((2013, 2015), handed.hidden, strict=True))


def test_small_period_is_shown_only_if_the_plan_shows_it() -> None:
    """The plan alone decides: it knows what the count would give away."""
    made = _counts(y2013=2)
    assert _observed(_series(made, rules_for(made)))["2013"] == pytest.approx(20)


def test_series_of_other_counts_than_the_plans_is_refused() -> None:
    with pytest.raises(ReleaseError, match="another one in the study's plan"):
        _series(_counts(y2013=41), rules_for(effect()))


def test_series_in_the_selection_year_needs_no_sum() -> None:
    made = effect()
    sums = by_period(made, study())
    assert "2017" not in sums
    assert _observed(_series(made, rules_for(made))).notna().sum() == 9


@pytest.mark.parametrize("hidden", ["2012", "2015", "2021"])
def test_series_and_its_figure_do_not_depend_on_a_hidden_count(hidden: str) -> None:
    drawn = []
    for n in (1.0, 2.0, 1234.0):
        made = _counts(**{f"y{hidden}": n})
        handed = _series(made, rules_for(made, hidden=(hidden,)))
        assert not holds(handed, 1234.0)
        assert not holds(handed, 12_340.0)
        drawn.append(
            figures.counterfactual(handed, unit="", title="", caption="", start="2018", name="A")
        )
    assert drawn[0] == drawn[1] == drawn[2]
    assert drawn[0].hidden
    assert not holds(drawn[0], 12_340)


def test_rounded_series_is_computed_from_rounded_counts() -> None:
    made = _counts(y2012=2, y2013=4321, y2014=4678)
    handed = _series(made, rules_for(made, method="rounded"), per=1000)
    assert handed.rounded
    shown = _observed(handed)
    assert [shown[year] for year in ("2012", "2013", "2014")] == pytest.approx([0, 4320, 4680])
    assert shown.isna().sum() == 1
    for exact in (4321, 4678):
        assert not holds(handed, exact)


# --- placebo dots ---------------------------------------------------------------------------------


def test_dots_name_no_area() -> None:
    handed = release_placebos(effect(), rules_for(effect())).frame
    assert list(handed) == ["estimate", "own"]
    assert handed["own"].sum() == 1
    assert len(handed) == 10


def test_area_whose_sums_are_hidden_has_no_dot() -> None:
    made = effect()
    handed = release_placebos(made, rules_for(made, dots=("SR02", "SR10")))
    assert handed.frame["estimate"].tolist() == [0.8, 0.9, 1.1]
    assert handed.frame["own"].tolist() == [True, False, False]
    assert handed.hidden == ()


def test_dots_are_rounded_to_whole_per_cent() -> None:
    made = effect()
    placebos = made.placebos.assign(estimate=[0.80123, *[0.91234 + n / 100 for n in range(9)]])
    handed = release_placebos(replace(made, placebos=placebos), rules_for(made))
    assert handed.frame["estimate"].tolist() == pytest.approx(
        [0.8, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99], abs=1e-12
    )
    assert not holds(handed, 0.80123)
    assert not holds(handed, 0.91234)


def test_figure_of_dots_does_not_depend_on_a_hidden_area() -> None:
    drawn = []
    for value in (0.95, 7.654321):
        made = effect()
        made.placebos.loc[made.placebos["area_id"] == "SR05", "estimate"] = value
        others = [name for name in made.placebos["area_id"] if name != "SR05"]
        handed = release_placebos(made, rules_for(made, dots=others))
        drawn.append(figures.placebos(handed, caption="", name="Oberau"))
        assert not holds(handed, 7.654321)
    assert drawn[0] == drawn[1]
    assert "8 Räume" in drawn[0].alt


def test_intern_draws_every_dot_and_period() -> None:
    made = _counts(y2013=2)
    rules = replace(RULES, intern=True)
    assert _observed(_series(made, rules)).notna().sum() == 9
    assert len(release_placebos(made, rules).frame) == 10
    assert estimates.permitted(replace(made, area=AREA), rules)
