"""A map of codes: exact where a plane suffices, the same in any order, and honest otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from evaltools.codings import codemap


def paired(near: dict[str, float]) -> pd.DataFrame:
    """Pairs named by two letters, with their Jaccard index."""
    rows = [(pair[0], pair[1], index) for pair, index in near.items()]
    return pd.DataFrame(rows, columns=["code_a", "code_b", "jaccard"])


def sizes(*codes: str) -> pd.Series:
    return pd.Series(range(1, len(codes) + 1), index=list(codes))


def test_three_codes_lie_exactly_as_far_apart_as_they_should() -> None:
    found = codemap.positions(paired({"ab": 0.5, "bc": 0.3, "ac": 0.2}), sizes("a", "b", "c"))
    assert pdist(found.table[["x", "y"]]) == pytest.approx([0.5, 0.8, 0.7])
    assert found.stress == pytest.approx(0, abs=1e-7)
    assert found.table["n"].to_list() == [1, 2, 3]


def test_four_codes_that_never_meet_do_not_fit_a_plane_and_the_stress_says_so() -> None:
    found = codemap.positions(paired({}), sizes("a", "b", "c", "d"))
    drawn = pdist(found.table[["x", "y"]])
    assert found.stress == pytest.approx(np.sqrt(((1 - drawn) ** 2).sum() / 6))
    assert found.stress > 0.2


def test_fewer_than_three_codes() -> None:
    assert codemap.positions(paired({}), sizes()).table.empty
    one = codemap.positions(paired({}), sizes("a"))
    assert (one.table.loc[0, ["x", "y"]] == 0).all() and one.stress == 0
    two = codemap.positions(paired({"ab": 0.4}), sizes("a", "b"))
    assert np.ptp(two.table["x"]) == pytest.approx(0.6)
    assert two.table["y"].abs().max() < 1e-7


def test_codes_that_always_meet_share_a_place() -> None:
    found = codemap.positions(paired({"ab": 1.0}), sizes("a", "b"))
    assert found.stress == 0 and np.ptp(found.table["x"]) == 0


def test_pairs_of_other_codes_are_left_aside() -> None:
    plain = codemap.positions(paired({"ab": 0.5}), sizes("a", "b", "c"))
    more = codemap.positions(paired({"ab": 0.5, "az": 0.9, "yz": 0.1}), sizes("a", "b", "c"))
    pd.testing.assert_frame_equal(plain.table, more.table)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9]), min_size=15, max_size=15),
    st.permutations("abcdef"),
)
def test_the_map_is_the_same_in_whatever_order_codes_and_pairs_come(
    near: list[float], order: list[Any]
) -> None:
    names = [a + b for a in "abcdef" for b in "abcdef" if a < b]
    table = paired(dict(zip(names, near, strict=True)))
    given_ = sizes(*"abcdef")
    plain = codemap.positions(table, given_)
    other = codemap.positions(table.iloc[::-1], given_[order])
    assert other.table["code_id"].to_list() == order
    again = other.table.set_index("code_id").loc[list("abcdef")].reset_index()
    pd.testing.assert_frame_equal(again, plain.table, check_dtype=False)


def test_distances_in_a_plane_are_found_again() -> None:
    points = np.random.default_rng(3).random((8, 2)) / 2
    apart = squareform(pdist(points))
    names = list("abcdefgh")
    table = paired(
        {names[i] + names[j]: 1 - apart[i, j] for i in range(8) for j in range(i + 1, 8)}
    )
    found = codemap.positions(table, sizes(*names))
    assert pdist(found.table[["x", "y"]]) == pytest.approx(pdist(points))
    assert np.ptp(found.table["x"]) >= np.ptp(found.table["y"]) / 2


def test_what_is_given_is_left_as_it_was() -> None:
    table, codes = paired({"ab": 0.5}), sizes("b", "a")
    before = table.copy(), codes.copy()
    codemap.positions(table, codes)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_series_equal(codes, before[1])
