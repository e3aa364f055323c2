"""Rounded counts, rates over too few, and what the office alone may see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.release.disclosure import FEW, SUPPRESSED, UNKNOWN, Count, Released, Rule, release
from evaltools.release.tables import FOOTNOTES, MARKS, Column, table
from plan_samples import helps, holds, plan_of
from release_samples import RULES
from test_tables import Cells


def _frame(counts: list[int | None], **more: Any) -> pd.DataFrame:
    n = pd.array([pd.NA if value is None else value for value in counts], dtype="Int64")
    frame = pd.DataFrame({"period": [str(1980 + at) for at in range(len(counts))], "n": n})
    return frame.assign(base=1000, **more)


def _sums(counts: list[int | None]) -> list[tuple[Any, ...]]:
    return [(helps(str(1980 + at)),) for at in range(len(counts))]


def _rules(counts: list[int | None], **more: Any) -> Rule:
    known = {helps(str(1980 + at)): n for at, n in enumerate(counts) if n is not None}
    return replace(RULES, plan=plan_of(known, method="rounded"), **more)


def _rate(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(rate=frame["n"] / frame["base"] * 100, more=1.0)


def _release(cells: list[int | None], rules: Rule | None = None, **options: Any) -> Released:
    frame = _frame(cells).assign(rate=[(n or 0) / 10 for n in cells])
    usual: dict[str, Any] = {"counts": {"n": Count(("rate",), _sums(cells))}, "again": _rate}
    usual |= {"public": ("period", "base")} | options
    return release(frame, _rules(cells) if rules is None else rules, **usual)


# --- rounded counts -------------------------------------------------------------------------------


def test_counts_are_rounded_to_multiples_of_five() -> None:
    handed = _release([0, 1, 2, 3, 7, 8, 12, 13, 1234])
    assert list(handed.frame["n"]) == [0, 0, 0, 5, 5, 10, 10, 15, 1235]
    assert handed.rounded
    assert handed.hidden == ()


def test_rates_are_computed_from_rounded_counts() -> None:
    handed = _release([2, 8, 1234])
    assert list(handed.frame["rate"]) == pytest.approx([0, 1, 123.5])
    assert list(handed.frame) == ["period", "n", "base", "rate"]


def test_without_a_way_to_compute_them_anew_rates_are_withheld() -> None:
    handed = _release([2, 80, 1234], again=None)
    assert handed.frame["rate"].isna().all()
    assert set(handed.reasons["rate"]) == {SUPPRESSED}
    assert list(handed.frame["n"]) == [0, 80, 1235]


def test_unknown_counts_stay_unknown() -> None:
    handed = _release([None, 8])
    assert handed.frame["n"].isna().tolist() == [True, False]
    assert list(handed.reasons["n"]) == [UNKNOWN, ""]


@given(st.lists(st.integers(0, 500), min_size=1, max_size=9))
def test_no_rounded_count_tells_the_exact_one(counts: list[int]) -> None:
    handed = _release([*counts])
    for n, shown in zip(counts, handed.frame["n"], strict=True):
        assert shown % 5 == 0
        assert abs(shown - n) <= 2


def test_exact_counts_and_rates_are_nowhere_in_what_is_handed_out() -> None:
    handed = _release([1_234_567, 9_876_543])
    for exact in (1_234_567, 123_456.7, 9_876_543, 987_654.3):
        for shown in (handed, handed.frame, handed.reasons):
            assert not holds(shown, exact)
    assert holds(handed, 1_234_565)


def test_counts_that_stand_alone_keep_to_the_threshold() -> None:
    """They are in no system of sums, so that nothing was planned for them."""
    handed = _release([2, 7, 1234], counts={"n": Count(("rate",))})
    assert handed.frame["n"].isna().tolist() == [True, False, False]
    assert list(handed.frame["n"].dropna()) == [7, 1234]
    assert not handed.rounded


def test_page_without_counts_does_not_call_itself_rounded() -> None:
    frame = pd.DataFrame({"name": ["Kita"], "n": [7]})
    assert not release(frame, _rules([7]), counts={}, public=("name", "n")).rounded


def test_rounded_zero_is_printed_with_its_footnote() -> None:
    html = table(_release([2, 80]), {"n": Column("n", digits=0)}, caption="").html
    assert Cells(html).texts[1:] == ["0", "80"]
    assert FOOTNOTES["rounded"] in html
    assert FOOTNOTES["zero"] not in html
    assert MARKS["zero"] not in Cells(html).texts


# --- too small a base -----------------------------------------------------------------------------


@pytest.mark.parametrize("rounded", [False, True])
def test_rate_over_too_few_is_withheld_and_its_count_is_not(rounded: bool) -> None:
    counts: list[int | None] = [50, 60, 70, 80]
    rules = _rules(counts, minimum_denominator=100)
    assert rules.plan is not None
    if not rounded:
        rules = replace(rules, plan=replace(rules.plan, method="exact"))
    frame = _frame(counts).assign(base=[99, 100, 101, pd.NA], rate=[5.0, 6.0, 7.0, pd.NA])
    handed = release(
        frame.astype({"base": "Int64"}),
        rules,
        counts={"n": Count(("rate",), _sums(counts))},
        public=("period", "base"),
        base="base",
        again=_rate,
    )
    assert list(handed.reasons["rate"]) == [FEW, "", "", UNKNOWN]
    assert list(handed.reasons["n"]) == [""] * 4
    assert list(handed.frame["n"]) == counts
    assert not holds(handed.frame["rate"], 5.0)


def test_hidden_count_over_too_few_stays_hidden() -> None:
    frame = _frame([2]).assign(rate=[0.2])
    rules = replace(RULES, minimum_denominator=5000)
    options: dict[str, Any] = {"counts": {"n": Count(("rate",))}, "public": ("period", "base")}
    handed = release(frame, rules, base="base", **options)
    assert handed.frame[["n", "rate"]].isna().to_numpy().all()
    assert handed.reasons.at[0, "n"] == SUPPRESSED
    assert handed.reasons.at[0, "rate"] in (SUPPRESSED, FEW)


# --- for the office alone -------------------------------------------------------------------------


def test_intern_shows_whole_numbers() -> None:
    counts: list[int | None] = [1, 2, 1234]
    for rules in (
        replace(RULES, intern=True, minimum_denominator=10**6),
        _rules(counts, intern=True, minimum_denominator=10**6),
        replace(RULES, intern=True, plan=plan_of({}, [helps(str(1980 + at)) for at in range(3)])),
    ):
        handed = _release(counts, rules, base="base")
        assert list(handed.frame["n"]) == counts
        assert list(handed.frame["rate"]) == [0.1, 0.2, 123.4]
        assert handed.hidden == ()
        assert not handed.rounded
        assert handed.n_suppressed == 0


def test_intern_tells_every_estimate() -> None:
    rules = replace(RULES, intern=True)
    assert rules.told("SR01", "whatever")
    assert rules.whole_series("SR01")


# --- estimates ------------------------------------------------------------------------------------


def test_estimate_is_told_when_all_its_sums_are_shown() -> None:
    rests = {
        "SR01 | a": (helps("2012").key, helps("2013").key),
        "SR01 | a | mit Nachbarn": (helps("2012").key,),
        "SR01 | b": (helps("2019").key,),
    }
    shown, hidden = {helps("2012"): 9.0}, [helps("2013")]
    rules = replace(RULES, plan=plan_of(shown, hidden, rests=rests))
    assert not rules.told("SR01", "a")
    assert rules.told("SR01", "a", "mit Nachbarn")
    assert not rules.told("SR01", "b"), "a sum that is not in the plan is not shown"
    assert not rules.told("SR01", "c"), "an estimate that was not declared is not told"
    assert not RULES.told("SR01", "a"), "nothing is told without a plan"


def test_rounding_may_withhold_all_estimates() -> None:
    shown = {helps("2012"): 9.0}
    ends = {"SR01": (helps("2012").key,)}
    for told in (True, False):
        plan = plan_of(shown, rests={"SR01 | a": ()}, series=ends, estimates=told)
        rules = replace(RULES, plan=plan)
        assert rules.told("SR01", "a") is told
        assert rules.whole_series("SR01") is told


def test_series_is_whole_when_no_period_of_it_is_hidden() -> None:
    shown, hidden = {helps("2012"): 9.0, helps("2013"): 9.0}, [helps("2014")]
    keys = {year: helps(year).key for year in ("2012", "2013", "2014")}
    for years, whole in ((("2012", "2013"), True), (tuple(keys), False), ((), False)):
        ends = {"SR01": tuple(keys[year] for year in years)}
        rules = replace(RULES, plan=plan_of(shown, hidden, series=ends))
        assert rules.whole_series("SR01") is whole
    assert not rules.whole_series("SR02")
    assert not RULES.whole_series("SR01")
