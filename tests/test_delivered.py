"""Every declared column is there, in its type, whatever was delivered."""

from __future__ import annotations

import pandas as pd

from evaltools.measures import delivered


def test_absent_columns_are_unknown_and_typed() -> None:
    table = pd.DataFrame({"element": ["kifaz"], "area_id": [pd.NA]})
    found = delivered.typed(table, "milestone")
    assert found.columns.tolist() == ["element", "area_id", "planned", "reached", "evidence"]
    assert str(found["reached"].dtype) == "datetime64[s]"
    assert found.loc[0, ["area_id", "planned", "reached", "evidence"]].isna().all()
    assert table.columns.tolist() == ["element", "area_id"]


def test_the_index_is_a_fresh_one() -> None:
    half = pd.DataFrame({"element": ["kifaz"], "area_id": ["A"]})
    assert delivered.typed(pd.concat([half, half]), "milestone").index.tolist() == [0, 1]


def test_rows_of_one_area_only_and_none_without_area() -> None:
    table = pd.DataFrame({"element": ["kifaz", "asd", "planung"], "area_id": ["A", None, "B"]})
    assert delivered.rows(table, "milestone", "A")["element"].tolist() == ["kifaz"]
    assert delivered.rows(table, "milestone", "C").empty
    empty = delivered.rows(pd.DataFrame(columns=["area_id"]), "kifaz", "A")
    assert str(empty["vzae"].dtype) == "Float64"
