"""Disclosure control: small counts are gone, with all that would give them back."""

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
from evaltools.release.disclosure import LEFT_OUT, SUPPRESSED, UNKNOWN, Released, Rule, release
from release_samples import RULES, change, effect, study

WITHOUT_ZEROS = Rule(3, False, "")


def _frame(*counts: float | None, **more: Any) -> pd.DataFrame:
    n = pd.array([pd.NA if value is None else value for value in counts], dtype="Int64")
    return pd.DataFrame({"period": [str(2010 + i) for i in range(len(counts))], "n": n, **more})


def _release(frame: pd.DataFrame, rules: Rule = RULES, **options: Any) -> Released:
    options = {"counts": {"n": ()}, "public": ("period",)} | options
    return release(frame, rules, **options)


def _gone(released: Released, name: str = "n") -> list[bool]:
    return list(released.frame[name].isna())


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


def test_derived_columns_go_with_their_count() -> None:
    frame = _frame(2, 50, rate=[0.2, 5.0], low=[0.1, 4.0])
    handed = _release(frame, counts={"n": ("rate", "low")})
    assert handed.frame[["n", "rate", "low"]].isna().to_numpy().tolist() == [
        [True] * 3,
        [False] * 3,
    ]


def test_column_derived_from_two_counts_goes_with_either() -> None:
    frame = _frame(2, 50, 50, whole=[100, 2, 100], share=[0.02, 25.0, 0.5])
    handed = _release(frame, counts={"n": ("share",), "whole": ("share",)})
    assert _gone(handed, "share") == [True, True, False]


@pytest.mark.parametrize(("n", "gone"), [(97, False), (98, True), (99, True), (100, False)])
def test_small_rest_of_a_share_is_small(n: int, gone: bool) -> None:
    frame = _frame(n, whole=[100])
    handed = _release(frame, counts={"n": (), "whole": ()}, parts={"n": "whole"})
    assert _gone(handed) == [gone]


def test_rest_of_zero_is_small_where_zeros_are_hidden() -> None:
    frame = _frame(100, whole=[100])
    counts = {"n": (), "whole": ()}
    assert _gone(_release(frame, WITHOUT_ZEROS, counts=counts, parts={"n": "whole"})) == [True]


def _line(*counts: int | None, rules: Rule = RULES) -> list[bool]:
    frame = _frame(*counts, line="a")
    return _gone(_release(frame, rules, public=("period", "line"), within=("line",)))


def test_lone_cell_of_a_line_is_joined_by_the_smallest_other() -> None:
    assert _line(2, 40, 7, 0) == [True, False, True, False]


def test_lone_cell_is_joined_by_a_zero_only_where_nothing_else_is() -> None:
    assert _line(2, 0, None) == [True, True, True]


def test_line_without_small_cells_stays_whole() -> None:
    assert _line(3, 40, 0) == [False, False, False]


@pytest.mark.parametrize(("pair", "told"), [((1, 1), True), ((2, 2), True), ((1, 2), False)])
def test_small_cells_that_their_sum_would_tell_are_joined(pair: Any, told: bool) -> None:
    """Two cells of 1 or 2 that add up to 2 can only be 1 and 1."""
    assert _line(*pair, 9, 30) == [True, True, told, False]


def test_lines_are_looked_at_one_by_one() -> None:
    frame = _frame(2, 9, 8, 7, line=["a", "a", "b", "b"])
    handed = _release(frame, public=("period", "line"), within=("line",))
    assert _gone(handed) == [True, True, False, False]


def test_undeclared_column_stops_everything() -> None:
    with pytest.raises(ReleaseError, match="secret"):
        _release(_frame(50, secret=[1]))


def test_column_declared_twice_is_refused() -> None:
    with pytest.raises(ReleaseError, match=r"declared twice: \['n'\]"):
        _release(_frame(50), public=("period", "n"))


def test_declared_column_that_is_missing_is_refused() -> None:
    with pytest.raises(ReleaseError, match="rate"):
        _release(_frame(50), counts={"n": ("rate",)})


def test_released_cannot_be_made_by_hand() -> None:
    frame = _frame(1)
    with pytest.raises(ReleaseError):
        Released(frame, frame, "", seal=object())
    with pytest.raises(TypeError):
        Released(frame, frame, "")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        _release(frame).frame = frame  # type: ignore[misc]


@pytest.mark.parametrize(
    "dtype", ["Int64", "Float64", "int64", "float64", "object", "int64[pyarrow]"]
)
def test_originals_are_nowhere_in_what_is_handed_out(dtype: str) -> None:
    """Nullable columns keep a value beneath NA, and ``attrs`` travel along: neither may."""
    small, rate = 1_234_567, 0.7654321
    frame = pd.DataFrame({"period": ["2010", "2011"], "n": [small, 9_000_000]})
    frame["n"] = frame["n"].astype(dtype)
    frame["rate"] = pd.array([rate, 2.0], dtype="Float64")
    frame["label"] = pd.Categorical([f"Fall {small}", "x"])
    frame.attrs["raw"] = frame["n"].tolist()
    frame.index = pd.Index([small, 1])
    handed = release(
        frame, Rule(8_000_000, True, ""), counts={"n": ("rate", "label")}, public=("period",)
    )
    for shown in (handed, handed.frame, handed.reasons, handed.frame["n"].array):
        stored = pickle.dumps(shown)
        for value in (np.int32(small), np.int64(small), np.float64(small), np.float64(rate)):
            assert value.tobytes() not in stored
            assert value.byteswap().tobytes() not in stored
        assert str(small).encode() not in stored
        assert str(small) not in repr(shown)
    assert handed.frame.attrs == {} == handed.reasons.attrs


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
    handed = release(frame, RULES, counts={"n": ()}, public=("period", "form"))
    wide = handed.wide(index="period", columns="form", values="n")
    assert wide.frame[["x", "y"]].isna().to_numpy().tolist() == [[True, False], [False, True]]
    assert wide.reasons[["x", "y"]].to_numpy().tolist() == [[SUPPRESSED, ""], ["", UNKNOWN]]
    assert wide.note == handed.note
    assert wide.n_suppressed == 1


@given(
    st.lists(st.integers(0, 9) | st.none(), min_size=1, max_size=9),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_order_of_rows_does_not_matter(counts: list[int | None], random: Any, zeros: bool) -> None:
    frame = _frame(*counts, line=["ab"[i % 2] for i in range(len(counts))])
    places = list(range(len(frame)))
    random.shuffle(places)
    options: dict[str, Any] = {"public": ("period", "line"), "within": ("line",)}
    rules = Rule(3, zeros, "")
    first = _release(frame, rules, **options)
    second = _release(frame.iloc[places], rules, **options)
    for one, other in ((first.frame, second.frame), (first.reasons, second.reasons)):
        key = second.frame["period"]
        other = other.set_axis(key.to_numpy()).sort_index().reset_index(drop=True)
        pd.testing.assert_frame_equal(one, other)


@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_no_small_count_is_ever_left_or_told_by_the_total(counts: list[int]) -> None:
    frame = _frame(*counts, line="a")
    handed = _release(frame, public=("period", "line"), within=("line",)).frame["n"]
    assert not handed.dropna().isin([1, 2]).any()
    assert int(handed.isna().sum()) != 1


def test_change_beside_a_zero_is_still_small() -> None:
    """A change from 2 to 0 rests on two cases, zero shown or not."""
    changes = {"own": change("Oberau", 2, 0), "comparison": change("Vergleich", 90, 0)}
    handed = disclosure.release_change(changes, RULES, per=10_000, own="Oberau")
    assert handed.frame["before"].isna().tolist() == [True, False]
    assert handed.frame["ratio"].isna().tolist() == [True, False]


@pytest.mark.parametrize(("pair", "gone"), [((2, 90), True), ((90, 2), True), ((3, 90), False)])
def test_change_resting_on_a_small_sum_is_taken_out(pair: Any, gone: bool) -> None:
    handed = disclosure.release_change({"own": change("x", *pair)}, RULES, per=1, own="Oberau")
    assert handed.frame[["before", "after", "ratio"]].isna().to_numpy().tolist() == [[gone] * 3]
    assert handed.frame["group"].tolist() == ["Oberau"]


def test_series_hides_small_periods_and_leaves_the_selection_year_empty() -> None:
    made = effect()
    made.series.loc[made.series["period"] == "2013", "observed"] = 2
    made.series.loc[made.series["period"] == "2015", "observed"] = 30
    handed = disclosure.release_series(made, RULES, per=10_000)
    shown = handed.frame.set_index("period")["observed"]
    assert list(shown.index[shown.isna()]) == ["2013", "2015", "2017"]
    assert shown["2012"] == pytest.approx(400)
    assert handed.reasons.set_index(handed.frame["period"]).at["2017", "observed"] == LEFT_OUT


def test_lone_small_period_cannot_be_told_from_the_published_sum() -> None:
    made = effect()
    made.series.loc[made.series["period"] == "2013", "observed"] = 2
    handed = disclosure.release_series(made, RULES, per=10_000).frame
    before = handed[(handed["period"] < "2017")]
    assert before["observed"].isna().sum() >= 2


def test_effect_on_a_small_sum_is_refused() -> None:
    made = effect(changes={"own": change("Oberau", 2, 50)})
    assert not disclosure.permitted(made, RULES)
    for hand in (disclosure.release_placebos, disclosure.permit_effect):
        with pytest.raises(ReleaseError, match="below the threshold 3"):
            hand(made, RULES)
    with pytest.raises(ReleaseError):
        disclosure.release_series(made, RULES, per=1)


def test_effect_on_a_small_sum_after_is_refused() -> None:
    assert not disclosure.permitted(effect(changes={"own": change("Oberau", 50, 2)}), RULES)


def test_threshold_itself_is_permitted() -> None:
    made = effect(changes={"own": change("Oberau", 3, 3)})
    assert disclosure.permitted(made, RULES)
    assert not disclosure.permitted(made, replace(RULES, threshold=4))


def test_placebos_name_no_area() -> None:
    handed = disclosure.release_placebos(effect(), RULES).frame
    assert list(handed) == ["estimate", "own"]
    assert handed["own"].sum() == 1


def test_rule_comes_from_the_study() -> None:
    settings = study(disclosure={"threshold": 5, "zeros_shown": False}).disclosure
    assert disclosure.rule(settings, note="Quelle") == Rule(5, False, "Quelle")
