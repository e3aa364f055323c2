"""Tables and linked tables as rows over inner cells: what is made of them, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from evaltools.errors import ReleaseError
from evaltools.release.cells import TIE_BREAK, Cells, costs, groups, listed, table

FRAME = pd.DataFrame(
    {
        "area": [1, 1, 2, 2, 3, 3],
        "form": ["a", "b", "a", "b", "a", "b"],
        "n": [3, 1, 0, 5, 2, 9],
    }
)


def cells(frame: pd.DataFrame = FRAME, **changed: object) -> Cells:
    given = {"value": "n", "threshold": 3, "zeros_shown": True}
    return table(frame, ["area", "form"], **(given | changed))  # type: ignore[arg-type]


def value(of: Cells, name: str) -> float:
    return float(of.values[of.names.index(name)])


def plain(**changed: object) -> Cells:
    """Two inner cells and their sum."""
    given = {
        "names": ("a", "b", "sum"),
        "matrix": csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])),
        "values": np.array([1.0, 4.0, 5.0]),
        "sensitive": np.array([True, False, False]),
    }
    return Cells(**(given | changed))  # type: ignore[arg-type]


def test_a_table_has_its_inner_cells_and_all_margins() -> None:
    made = cells()
    assert len(made.names) == (3 + 1) * (2 + 1)
    assert value(made, "1|b") == 1
    assert value(made, "2|Gesamt") == 5
    assert value(made, "Gesamt|a") == 5
    assert value(made, "Gesamt|Gesamt") == 20
    grouped = FRAME.groupby("area")["n"].sum()
    assert [value(made, f"{area}|Gesamt") for area in (1, 2, 3)] == grouped.tolist()


@pytest.mark.parametrize("kind", ["int64", "Int64", "string", "object", "category", "float64"])
def test_small_counts_are_sensitive_whatever_the_type_of_a_key(kind: str) -> None:
    made = cells(FRAME.assign(area=FRAME["area"].astype(kind)))
    small = sorted(made.values[made.sensitive].tolist())
    assert small == [1.0, 2.0]
    assert made.names[int(np.flatnonzero(made.values == 1)[0])].endswith("|b")


def test_zeros_are_shown_or_sensitive() -> None:
    shown, hidden = cells(), cells(zeros_shown=False)
    zero = shown.names.index("2|a")
    assert shown.shown[zero]
    assert not shown.sensitive[zero]
    assert hidden.sensitive[zero]
    assert not hidden.shown.any()


def test_hierarchies_add_sums_and_no_second_total() -> None:
    parents = {1: "Nord", 2: "Nord", 3: "Süd", "Nord": "Stadt", "Süd": "Stadt"}
    made = cells(hierarchies={"area": parents})
    assert value(made, "Nord|Gesamt") == 9
    assert value(made, "Stadt|a") == 5
    assert not [name for name in made.names if name.startswith("Gesamt")]
    assert value(cells(hierarchies={"area": {1: "Nord", 2: "Nord"}}), "Gesamt|Gesamt") == 20


def test_lines_are_sums_of_their_parts() -> None:
    made = cells(hierarchies={"area": {1: "Nord", 2: "Nord"}})
    assert len(made.lines) == 3 * 2 + 5 * 1
    for whole, *parts in made.lines:
        assert made.values[whole] == made.values[parts].sum()


def test_an_absent_combination_is_no_cell() -> None:
    made = cells(FRAME.iloc[:-1])
    assert "3|b" not in made.names
    assert value(made, "3|Gesamt") == 2


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.assign(n=[3, 1, None, 5, 2, 9]), "column n has 1 gaps; fill in"),
        (FRAME.assign(form=["a", None, "a", "b", "a", "b"]), "column form has 1 gaps"),
        (FRAME.assign(n=FRAME["n"] / 2), "whole numbers"),
        (FRAME.assign(n=-FRAME["n"]), "whole numbers"),
        (pd.concat([FRAME, FRAME]), "one row for each combination"),
        (FRAME.iloc[:0], "one row for each combination"),
        (FRAME.drop(columns="form"), "absent: form"),
        (FRAME.assign(area=pd.Series([1, 1, 2, 2, "1", "1"], dtype=object)), "unique"),
    ],
)
def test_frames_that_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        cells(frame)


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ({"area": {"1": "Nord"}}, "compare their types"),
        ({"area": {1: "Nord", "Nord": 1}}, "lies above itself"),
        ({"area": {1: 2}}, "is a sum of others"),
        ({"year": {1: 2}}, "hierarchies of no dimension: year"),
    ],
)
def test_hierarchies_that_are_refused(
    parents: dict[str, dict[object, object]], message: str
) -> None:
    with pytest.raises(ReleaseError, match=message):
        cells(hierarchies=parents)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"names": ("a", "a", "sum")}, "more than once: a"),
        ({"names": ("a", "b")}, "2 cell names but 3 rows"),
        ({"values": np.array([1.0, 4.0])}, r"values: shape \(2,\)"),
        ({"values": np.array([1.0, np.nan, 5.0])}, "finite"),
        ({"shown": np.array([True, False, False])}, "both sensitive and shown: a"),
        (
            {"withheld": np.array([0, 1, 0], bool), "shown": np.array([0, 1, 0], bool)},
            "both withheld and shown: b",
        ),
        ({"cost": np.array([1.0, -1.0, 1.0])}, "at least 0"),
        ({"lines": ((2, 0),)}, "not the sum of their parts: sum"),
        ({"lines": ((2, 0, 7),)}, "at least two of the 3 rows"),
    ],
)
def test_cells_that_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        plain(**changed)


def test_defaults_hide_nothing_and_cost_one() -> None:
    made = plain(lines=((2, 0, 1),))
    assert not made.withheld.any()
    assert not made.shown.any()
    assert made.cost.tolist() == [1.0, 1.0, 1.0]


def test_merged_joins_equal_columns_and_drops_empty_ones() -> None:
    matrix = csr_array(np.array([[1.0, 1, 0, 0, 2], [0, 0, 1, 0, 0], [1, 1, 1, 0, 2]]))
    made = plain(matrix=matrix).merged()
    assert made.matrix.toarray().tolist() == [[1, 0, 2], [0, 1, 0], [1, 1, 2]]
    assert made.names == ("a", "b", "sum")


def test_groups_are_sums_over_named_cells() -> None:
    made = groups(
        {"A": 2, "B": 7, "C": 1},
        {"AB": ["A", "B"], "BC": {"C", "B"}},
        threshold=3,
        zeros_shown=True,
    )
    assert made.names == ("A", "B", "C", "AB", "BC")
    assert made.values.tolist() == [2, 7, 1, 9, 8]
    assert made.sensitive.tolist() == [True, False, True, False, False]
    with pytest.raises(ReleaseError, match="without a value: D"):
        groups({"A": 2}, {"AD": ["A", "D"]}, threshold=3, zeros_shown=True)
    with pytest.raises(ReleaseError, match="a count is missing"):
        groups({"A": float("nan")}, {}, threshold=3, zeros_shown=True)


def test_tie_breaks_never_outweigh_a_cell() -> None:
    values = np.arange(1000.0)
    found = costs(values)
    assert (np.diff(found) > 0).all()
    assert (found - 1).sum() <= TIE_BREAK + 1e-9
    assert costs(np.zeros(2)).tolist() == [1.0, 1.0]


def test_at_most_three_names_are_listed() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c (4 in all)"
    assert listed(["a"]) == "a"


def test_inputs_stay_as_they_were() -> None:
    before = FRAME.copy(deep=True)
    made = cells(hierarchies={"area": {1: "Nord", 2: "Nord"}})
    data = made.matrix.toarray()
    made.merged()
    pd.testing.assert_frame_equal(FRAME, before)
    assert (made.matrix.toarray() == data).all()
    assert replace(made, cost=made.cost).lines == made.lines
