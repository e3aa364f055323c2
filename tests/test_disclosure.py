"""Disclosure control: hidden counts are gone, with all that would give them back."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import ReleaseError
from evaltools.release import disclosure
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Count, Released, Rule, release
from plan_samples import helps, holds, plan_of
from release_samples import RULES, study

WITHOUT_ZEROS = Rule(3, False, "")
HOUSES = [helps(str(2010 + place)) for place in range(9)]


def _frame(*counts: float | None, **more: Any) -> pd.DataFrame:
    n = pd.array([pd.NA if value is None else value for value in counts], dtype="Int64")
    return pd.DataFrame({"period": [str(2010 + i) for i in range(len(counts))], "n": n, **more})


def _release(frame: pd.DataFrame, rules: Rule = RULES, **options: Any) -> Released:
    options = {"counts": {"n": Count()}, "public": ("period",)} | options
    return release(frame, rules, **options)


def _gone(released: Released, name: str = "n") -> list[bool]:
    return list(released.frame[name].isna())


def _planned(shown: dict[int, float], hidden: tuple[int, ...] = (), **more: Any) -> Rule:
    """Rule set with a plan of the years 2010, 2011, … by place."""
    made = plan_of({HOUSES[at]: n for at, n in shown.items()}, [HOUSES[at] for at in hidden])
    return replace(RULES, plan=made, **more)


def _counted(*places: int, derived: tuple[str, ...] = ()) -> dict[str, Count]:
    return {"n": Count(derived, [(HOUSES[at],) for at in places])}


# --- the threshold alone --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        (RULES, [False, True, True, False, False]),
        (WITHOUT_ZEROS, [True, True, True, False, False]),
        (Rule(1, True, ""), [False] * 5),
        (Rule(1, False, ""), [True, False, False, False, False]),
        (Rule(5, True, ""), [False, True, True, True, True]),
    ],
)
def test_counts_below_the_threshold_are_taken_out(rules: Rule, gone: list[bool]) -> None:
    handed = _release(_frame(0, 1, 2, 3, 4), rules)
    assert _gone(handed) == gone
    assert [why == SUPPRESSED for why in handed.reasons["n"]] == gone
    assert handed.n_suppressed == sum(gone)
    assert handed.hidden == ()


def test_derived_columns_go_with_their_count() -> None:
    frame = _frame(2, 50, rate=[0.2, 5.0], low=[0.1, 4.0])
    handed = _release(frame, counts={"n": Count(("rate", "low"))})
    assert handed.frame[["n", "rate", "low"]].isna().to_numpy().tolist() == [
        [True] * 3,
        [False] * 3,
    ]


def test_column_derived_from_two_counts_goes_with_either() -> None:
    frame = _frame(2, 50, 50, whole=[100, 2, 100], share=[0.02, 25.0, 0.5])
    handed = _release(frame, counts={"n": Count(("share",)), "whole": Count(("share",))})
    assert _gone(handed, "share") == [True, True, False]


def test_undeclared_column_stops_everything() -> None:
    with pytest.raises(ReleaseError, match="secret"):
        _release(_frame(50, secret=[1]))


def test_column_declared_twice_is_refused() -> None:
    with pytest.raises(ReleaseError, match=r"declared twice: \['n'\]"):
        _release(_frame(50), public=("period", "n"))


def test_declared_column_that_is_missing_is_refused() -> None:
    with pytest.raises(ReleaseError, match="rate"):
        _release(_frame(50), counts={"n": Count(("rate",))})


def test_released_cannot_be_made_by_hand() -> None:
    frame = _frame(1)
    with pytest.raises(ReleaseError):
        Released(frame, frame, "", rounded=False, hidden=(), seal=object())
    with pytest.raises(TypeError):
        Released(frame, frame, "", rounded=False, hidden=())  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        _release(frame).frame = frame  # type: ignore[misc]


# --- the plan of the study ------------------------------------------------------------------------


def test_plan_decides_and_not_the_threshold() -> None:
    frame = _frame(2, 50, 60, rate=[0.2, 5.0, 6.0])
    rules = _planned({0: 2, 2: 60}, hidden=(1,))
    handed = _release(frame, rules, counts=_counted(0, 1, 2, derived=("rate",)))
    assert _gone(handed) == _gone(handed, "rate") == [False, True, False]
    assert list(handed.reasons["rate"]) == ["", SUPPRESSED, ""]


def test_count_goes_when_any_of_its_sums_is_hidden() -> None:
    frame = _frame(50, 60, 70)
    rules = _planned({0: 50, 1: 60, 2: 70, 3: 9}, hidden=(4,))
    sums = [(HOUSES[0], HOUSES[3]), (HOUSES[1], HOUSES[4]), (HOUSES[2],)]
    handed = _release(frame, rules, counts={"n": Count((), sums)})
    assert _gone(handed) == [False, True, False]
    assert handed.hidden == (HOUSES[4].key,)


def test_what_others_published_is_shown_without_a_plan() -> None:
    assert _gone(_release(_frame(2), counts={"n": Count((), [()])})) == [False]


def test_unknown_count_need_not_be_in_the_plan() -> None:
    handed = _release(_frame(None, 50), _planned({1: 50}), counts=_counted(0, 1))
    assert list(handed.reasons["n"]) == [UNKNOWN, ""]


def test_without_a_plan_nothing_is_released() -> None:
    with pytest.raises(ReleaseError, match="no plan of the study's counts"):
        _release(_frame(50), counts=_counted(0))


@pytest.mark.parametrize("more", [(), (HOUSES[0],)])
def test_count_that_is_not_in_the_plan_is_refused(more: tuple[Any, ...]) -> None:
    with pytest.raises(ReleaseError, match=r"2011 stock_3112 \*/\* is not among those"):
        _release(_frame(50), _planned({0: 50}), counts={"n": Count((), [(*more, HOUSES[1])])})


@pytest.mark.parametrize("n", [49, 51, 50.001])
def test_count_that_differs_from_the_plan_is_refused(n: float) -> None:
    frame = _frame(50).assign(n=[float(n)])
    with pytest.raises(ReleaseError, match="is another one in the study's plan"):
        _release(frame, _planned({0: 50}), counts=_counted(0))


@pytest.mark.parametrize("places", [(), (0,), (0, 1, 2)])
def test_wrong_number_of_sums_is_refused(places: tuple[int, ...]) -> None:
    with pytest.raises(ReleaseError, match=f"{len(places)} sums for 2 counts"):
        _release(_frame(50, 60), _planned({0: 50, 1: 60, 2: 70}), counts=_counted(*places))


def test_hidden_names_the_counts_and_never_their_values() -> None:
    frame = _frame(7_654_321, 50, 2, alone=[1, 50, 60])
    counts = _counted(0, 1, 2) | {"alone": Count()}
    handed = _release(frame, _planned({1: 50}, hidden=(0, 2)), counts=counts)
    assert handed.hidden == (HOUSES[0].key, HOUSES[2].key)
    assert not any(holds(key, 7_654_321) for key in handed.hidden)
    wide = handed.wide(index="period", columns="alone", values="n")
    assert wide.hidden == handed.hidden


def test_hidden_names_each_count_once() -> None:
    frame = _frame(50, whole=[50])
    twice = {"n": Count((), [(HOUSES[0],)]), "whole": Count((), [(HOUSES[0],)])}
    assert _release(frame, _planned({}, hidden=(0,)), counts=twice).hidden == (HOUSES[0].key,)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=9))
def test_exactly_what_the_plan_hides_is_gone(cells: list[tuple[int, bool]]) -> None:
    hidden = tuple(at for at, (_, out) in enumerate(cells) if out)
    rules = _planned({at: n for at, (n, out) in enumerate(cells) if not out}, hidden)
    frame = _frame(*(n for n, _ in cells), rate=[n / 7 for n, _ in cells])
    handed = _release(frame, rules, counts=_counted(*range(len(cells)), derived=("rate",)))
    assert _gone(handed) == _gone(handed, "rate") == [out for _, out in cells]
    assert list(handed.frame["n"].dropna()) == [n for n, out in cells if not out]
    assert handed.n_suppressed == 2 * len(hidden)


@given(st.lists(st.integers(0, 9) | st.none(), min_size=1, max_size=9), st.randoms())
def test_order_of_rows_does_not_matter(counts: list[int | None], random: Any) -> None:
    frame = _frame(*counts)
    places = list(range(len(frame)))
    random.shuffle(places)
    out = tuple(at for at, n in enumerate(counts) if n in (1, 2, 9))
    kept = {at: n for at, n in enumerate(counts) if n is not None and at not in out}
    rules = _planned(kept, out)
    first = _release(frame, rules, counts=_counted(*range(len(frame))))
    second = _release(frame.iloc[places], rules, counts=_counted(*places))
    for one, other in ((first.frame, second.frame), (first.reasons, second.reasons)):
        key = second.frame["period"]
        other = other.set_axis(key.to_numpy()).sort_index().reset_index(drop=True)
        pd.testing.assert_frame_equal(one, other)


# --- nothing of it stays in memory ----------------------------------------------------------------


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize(
    "dtype", ["Int64", "Float64", "int64", "float64", "object", "int64[pyarrow]"]
)
def test_originals_are_nowhere_in_what_is_handed_out(dtype: str, planned: bool) -> None:
    """Nullable columns keep a value beneath NA, and ``attrs`` travel along: neither may."""
    small, rate = 1_234_567, 0.7654321
    frame = pd.DataFrame({"period": ["2010", "2011"], "n": [small, 9_000_000]})
    frame["n"] = frame["n"].astype(dtype)
    frame["rate"] = pd.array([rate, 2.0], dtype="Float64")
    frame["label"] = pd.Categorical([f"Fall {small}", "x"])
    frame.attrs["raw"] = frame["n"].tolist()
    frame.index = pd.Index([small, 1])
    rules = _planned({1: 9_000_000}, hidden=(0,)) if planned else Rule(8_000_000, True, "")
    sums = [(HOUSES[0],), (HOUSES[1],)] if planned else None
    counts = {"n": Count(("rate", "label"), sums)}
    assert holds(frame, small)
    assert holds(frame["rate"], rate)
    handed = release(frame, rules, counts=counts, public=("period",))
    wide = handed.wide(index="period", columns="label", values="n")
    for shown in (handed, wide, handed.frame, handed.reasons, handed.frame["n"].array):
        stored = pickle.dumps(shown)
        for value in (np.int32(small), np.int64(small), np.float64(small), np.float64(rate)):
            assert value.tobytes() not in stored
            assert value.byteswap().tobytes() not in stored
        assert str(small).encode() not in stored
        assert str(small) not in repr(shown)
        assert not holds(shown, small)
        assert not holds(shown, rate)
    assert handed.frame.attrs == {} == handed.reasons.attrs


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_a_shown_column_does_not_keep_a_hidden_one_in_memory(dtype: str) -> None:
    """Columns of one type share an array, and a part of it keeps the whole alive."""
    cells = [[1_234_567, 9_000_001, 5], [9_000_002, 9_000_003, 6]]
    frame = pd.DataFrame(cells, columns=["n", "more", "year"], dtype=dtype)
    counts = {"n": Count(), "more": Count()}
    handed = release(frame, Rule(8_000_000, True, ""), counts=counts, public=("year",))
    assert not holds(handed, 1_234_567)
    assert holds(handed, 9_000_001)


def test_what_the_caller_had_already_hidden_is_gone_as_well() -> None:
    n = pd.Series([7_654_321, 40], dtype="Int64").where(pd.Series([False, True]))
    handed = _release(pd.DataFrame({"period": ["a", "b"], "n": n}))
    assert 7_654_321 not in handed.frame["n"].array._data  # type: ignore[attr-defined]


def test_frame_of_the_caller_stays_as_it_was() -> None:
    frame = _frame(1, 50, None, reason=[pd.NA, pd.NA, "nicht geliefert"])
    frame.attrs["note"] = "bleibt"
    before = frame.copy(deep=True)
    handed = _release(frame)
    copy = handed.frame
    copy["n"] = 99
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {"note": "bleibt"}
    assert _gone(handed) == [True, False, True]


def test_unknown_keeps_its_own_reason() -> None:
    frame = _frame(1, None, None, reason=["egal", "nicht geliefert", pd.NA])
    handed = _release(frame)
    assert list(handed.reasons["n"]) == [SUPPRESSED, "nicht geliefert", UNKNOWN]
    assert "reason" not in handed.frame


def test_wide_keeps_what_was_taken_out() -> None:
    frame = pd.DataFrame(
        {"period": ["a", "a", "b"], "form": ["x", "y", "x"], "n": pd.array([1, 50, 60], "Int64")}
    )
    handed = release(frame, RULES, counts={"n": Count()}, public=("period", "form"))
    wide = handed.wide(index="period", columns="form", values="n")
    assert wide.frame[["x", "y"]].isna().to_numpy().tolist() == [[True, False], [False, True]]
    assert wide.reasons[["x", "y"]].to_numpy().tolist() == [[SUPPRESSED, ""], ["", UNKNOWN]]
    assert wide.note == handed.note
    assert wide.n_suppressed == 1


@pytest.mark.parametrize("intern", [False, True])
def test_rule_comes_from_the_study(intern: bool) -> None:
    given_ = {"threshold": 5, "zeros_shown": False, "minimum_denominator": 30}
    plan = plan_of({HOUSES[0]: 9})
    made = disclosure.rule(study(disclosure=given_).disclosure, note="Q", plan=plan, intern=intern)
    assert (made.threshold, made.zeros_shown, made.note) == (5, False, "Q")
    assert (made.plan, made.minimum_denominator, made.intern) == (plan, 30, intern)
