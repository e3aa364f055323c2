"""The before/after page: no estimate on a hidden sum in any word, table or figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaltools.effects.results import Effect
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.evaluation.claims import Outcome
from evaltools.measures.sums import Sum
from evaltools.release import claim_views
from evaltools.release.disclosure import Released, Rule
from evaltools.release.display import MARK, Prose
from evaltools.release.estimates import comparison, release_series
from evaltools.release.figures import Figure
from evaltools.release.published import by_period
from plan_samples import GONE, declared, everything, holds, plan_of, rules_for, rules_on
from release_samples import AREA, RULES, change, effect, study, tables
from test_views import HZE, rows_of, text_of


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return before_after(tables(), study(), AREA)


def _with(result: Evaluation, made: Effect) -> Evaluation:
    """The same evaluation with another primary effect."""
    outcomes = dict(result.outcomes) | {"hze": Outcome(made, (), "")}
    claims = tuple(replace(c, effect=made) if c.effect else c for c in result.claims)
    return replace(result, outcomes=outcomes, claims=claims)


def test_board_carries_the_seven_verdicts(result: Evaluation) -> None:
    found = claim_views.board(result)._repr_mimebundle_()[1][MARK]["verdicts"]
    assert found == {str(claim.number): claim.verdict for claim in result.claims}
    assert len(found) == 7


def _summary(result: Evaluation, made: Effect, rules: Rule | None = None) -> str:
    told = _with(result, made)
    return text_of(claim_views.summary(told, study(), rules or rules_for(made)))


def test_summary_follows_the_interval(result: Evaluation) -> None:
    said = _summary(result, effect())
    assert "niedriger" in said
    assert "Auswahl des Raums" in said
    open_ = _summary(result, effect(high=1.2))
    assert "nicht erkennbar" in open_
    assert "niedriger" not in open_


@pytest.mark.parametrize("rules", [RULES, rules_for(effect(), permitted=False)])
def test_effect_on_a_hidden_sum_is_told_nowhere(result: Evaluation, rules: Rule) -> None:
    told = _with(result, effect(estimate=0.7531, low=0.6531, high=0.8531))
    shown = [
        claim_views.summary(told, study(), rules),
        claim_views.counterfactual_figure(told, study(), rules),
        claim_views.placebo_figure(told, rules),
        claim_views.diagnostics(told, study(), rules),
    ]
    assert claim_views.SMALL in text_of(shown[0])
    assert [text_of(item) for item in shown[1:]] == [claim_views.SMALL] * 3
    table = claim_views.claims(told, study(), rules)
    assert [row[2:] for row in rows_of(table)[:4]] == [["•"] * 6] * 4
    assert "• geheim gehalten" in table.html
    changes = claim_views.changes(told, rules)
    assert [row[1:] for row in rows_of(changes)] == [["•"] * 3] * 2
    for value in (0.7531, 0.6531, 0.8531):
        assert not any(holds(item, value) for item in (*shown, table, changes))
    assert "25" not in text_of(shown[0])


def test_claims_go_one_by_one(result: Evaluation) -> None:
    """One hidden outcome does not take the others along."""
    rests = {f"{AREA} | {HZE}": ()}
    rules = replace(RULES, plan=plan_of({}, [GONE], rests=rests))
    rows = rows_of(claim_views.claims(result, study(), rules))
    assert [row[2] == "•" for row in rows[:4]] == [False, False, True, True]


def test_claims_explain_their_marks(result: Evaluation) -> None:
    shown = claim_views.claims(result, study(), everything())
    rows = rows_of(shown)
    assert len(rows) == 7
    assert rows[4][1:] == ["nicht prüfbar", *["k. A."] * 6]
    assert "k. A. keine Angabe" in shown.html
    assert "• geheim" not in shown.html


def test_reasons_and_missing_share_the_claims(result: Evaluation) -> None:
    said, lacks = text_of(claim_views.reasons(result)), text_of(claim_views.missing(result))
    for claim in result.claims:
        assert (claim.title in lacks) == (claim.verdict == "nicht prüfbar")
        assert (claim.title in said) == (claim.verdict != "nicht prüfbar")


def test_figures_stand_in_for_missing_effects(result: Evaluation) -> None:
    none, rules = before_after({"area": tables()["area"]}, study(), AREA), everything()
    for made, missing in ((none, True), (result, False)):
        shown = (
            claim_views.counterfactual_figure(made, study(), rules),
            claim_views.placebo_figure(made, rules),
            claim_views.changes(made, rules),
            claim_views.diagnostics(made, study(), rules),
            claim_views.trend_figure(tables(), study(), made, rules),
        )
        for item in shown:
            told = text_of(item) if isinstance(item, Prose) else ""
            assert (told == claim_views.NO_EFFECT) == missing
        assert isinstance(shown[-1], Figure) != missing
    assert "prüfbar" in text_of(claim_views.summary(none, study(), RULES))


def test_counterfactual_has_a_gap_where_the_plan_hides_a_period(result: Evaluation) -> None:
    made = effect()
    told = _with(result, made)
    drawn = [
        claim_views.counterfactual_figure(told, study(), rules_for(made, hidden=hidden))
        for hidden in ((), ("2012",))
    ]
    assert [isinstance(item, Figure) and len(item.hidden) for item in drawn] == [0, 1]
    for item, first in zip(drawn, ("(2012 bis 2021)", "(2013 bis 2021)"), strict=True):
        assert isinstance(item, Figure)
        assert first in item.alt
        assert "Ohne 2017 (Auswahljahr)." in item.caption


def _expected(result: Evaluation, rules: Rule) -> Released:
    made = result.effect()
    assert made is not None
    beside = comparison(result.outcomes["hze"].panel, HZE, study())
    sums = by_period(made, study())
    return release_series(made, rules, per=10_000, sums=sums, beside=beside)


def test_expectation_goes_with_the_comparison_of_its_period(result: Evaluation) -> None:
    """The expectation is the comparison's course: it gives the comparison's count back."""

    def beside(item: Sum) -> bool:
        return len(item.areas) == 11 and item.periods == ("2014",)

    rules = rules_on(tables(), study(), beside, found=declared())
    handed = _expected(result, rules)
    lost = handed.frame.set_index("period").isna()
    assert list(lost.index[lost["counterfactual"]]) == ["2014", "2017"]
    assert list(lost.index[lost["observed"]]) == ["2017"]
    assert len(handed.hidden) == 1
    figure = claim_views.counterfactual_figure(result, study(), rules)
    assert isinstance(figure, Figure)
    assert figure.hidden == handed.hidden


def test_rounded_expectation_follows_the_rounded_comparison(result: Evaluation) -> None:
    exact = _expected(result, everything()).frame
    handed = _expected(result, rules_on(tables(), study(), found=declared(), method="rounded"))
    near = 5 * (exact["others"].astype(float) / 5).round()
    wanted = exact["counterfactual"].astype(float) * near / exact["others"].astype(float)
    shown = handed.frame["counterfactual"].astype(float)
    assert shown.tolist() == pytest.approx(wanted.tolist(), nan_ok=True)
    assert not (near == exact["others"]).all()


@pytest.mark.parametrize(("dots", "lost"), [(None, 0), (("SR02", "SR03"), 7)])
def test_placebo_figure_says_how_many_dots_are_missing(
    result: Evaluation, dots: tuple[str, ...] | None, lost: int
) -> None:
    made = effect()
    figure = claim_views.placebo_figure(_with(result, made), rules_for(made, dots=dots))
    assert isinstance(figure, Figure)
    assert f"Die übrigen {9 - lost} Räume" in figure.alt
    assert ("Nicht gezeigt: 7, wegen kleiner Fallzahlen." in figure.caption) == bool(lost)


def test_placebo_figure_without_a_dot_beside_its_own_is_not_drawn(result: Evaluation) -> None:
    made = effect()
    shown = claim_views.placebo_figure(_with(result, made), rules_for(made, dots=()))
    assert text_of(shown) == claim_views.SMALL


@pytest.mark.parametrize("whole", [True, False])
def test_selection_year_is_told_only_with_a_whole_series(result: Evaluation, whole: bool) -> None:
    changes = {"own": change("Oberau", 200, 160), "selection": change("Auswahljahr", 9, 3)}
    made = effect(changes=changes)
    said = _summary(result, made, rules_for(made, whole=whole))
    assert ("führt in die Irre" in said) == whole


def test_diagnostics_and_limits_name_what_was_left_out(result: Evaluation) -> None:
    settings = study(excluded={"SR12": "zusammengelegt"})
    made = effect(left_out_areas={"SR09": "Bevölkerung fehlt"})
    told = _with(result, made)
    said = text_of(claim_views.diagnostics(told, settings, rules_for(made)))
    assert "SR09 (Bevölkerung fehlt)" in said
    assert "Nicht zum Vergleich herangezogen: zusammengelegt." in said
    assert "nicht trennen" in text_of(claim_views.limits(result, settings))


def test_periods_unknown_at_the_ends_are_named(result: Evaluation) -> None:
    made = effect(unknown_periods=("2024",))
    said = text_of(claim_views.diagnostics(_with(result, made), study(), rules_for(made)))
    assert "nicht verwendet: 2024." in said


def test_intern_tells_every_estimate(result: Evaluation) -> None:
    rules = replace(RULES, intern=True)
    assert "•" not in claim_views.claims(result, study(), rules).html
    assert isinstance(claim_views.counterfactual_figure(result, study(), rules), Figure)
