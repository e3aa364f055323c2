"""Counts of codes: each segment and document once, zeros kept, quotes only from what is cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.codings import matrices, model
from evaltools.errors import DataError

# Needs and praxis, each with two codes below; a third document without a group.
CODES = [
    ("B", "Bedarfe", None),
    ("B1", "Netzwerk", "B"),
    ("B2", "Räume", "B"),
    ("P", "Praxis", None),
    ("P1", "Netzwerk", "P"),
]
DOCUMENTS = [
    ("d1", "Planung", "Leitung", "SR04"),
    ("d2", "ASD", "Leitung", "SR10"),
    ("d3", "Leuben", None, "SR04"),
]


def made(marks: Sequence[tuple[str, int, int, str, str]], documents: Any = None) -> model.Project:
    """A project of marks (document, start, end, code, coder), each a segment of its own."""
    coders = sorted({mark[4] for mark in marks})
    ids = [f"s{number}" for number in range(len(marks))]
    spans = [
        (s, d, a, b, f"{a} bis {b}", None, None)
        for s, (d, a, b, *_) in zip(ids, marks, strict=True)
    ]
    codings = [
        (f"k{s}", s, d, code, coder, None, None)
        for s, (d, _, _, code, coder) in zip(ids, marks, strict=True)
    ]
    tables = {
        "documents": [(*row, None, None) for row in documents or DOCUMENTS],
        "codes": [(*row, None, None, None, True) for row in CODES],
        "coders": [(coder, coder) for coder in coders],
        "segments": spans,
        "codings": codings,
    }
    return model.build(model.Origin("test", "test", "test"), tables)


def cell(table: pd.DataFrame, code: str, column: object, by: str = "group") -> pd.Series:
    same = table[by].isna() if column is None else table[by] == column
    found = table[(table.iloc[:, 0] == code) & same]
    assert len(found) == 1
    return found.iloc[0]


def test_two_coders_of_one_stretch_are_one_segment_and_two_codings() -> None:
    project = made([("d1", 0, 9, "B1", "Anna"), ("d1", 0, 9, "B1", "Björn")])
    found = cell(matrices.counts(project), "B1", "Leitung")
    assert (found.n_segments, found.n_codings, found.n_documents) == (1, 2, 1)


def test_nearly_equal_stretches_are_two_segments() -> None:
    project = made([("d1", 0, 9, "B1", "Anna"), ("d1", 0, 8, "B1", "Björn")])
    assert cell(matrices.counts(project), "B1", "Leitung").n_segments == 2


def test_every_code_meets_every_group_and_documents_without_one_stand_last() -> None:
    table = matrices.counts(made([("d3", 0, 9, "P1", "Anna")]))
    assert len(table) == len(CODES) * 2
    assert table["group"].head(2).to_list() == ["Leitung", pd.NA]
    assert table["n_documents_of_column"].head(2).to_list() == [2, 1]
    assert cell(table, "P1", None).n_segments == 1
    assert cell(table, "P1", "Leitung").n_segments == 0
    assert table["path"].dropna().unique()[1] == "Bedarfe > Netzwerk"


def test_a_parent_counts_a_segment_with_two_of_its_children_once() -> None:
    marks = [("d1", 0, 9, "B1", "Anna"), ("d1", 0, 9, "B2", "Anna"), ("d1", 20, 30, "B", "Anna")]
    plain, rolled = (matrices.counts(made(marks), rolled_up=roll) for roll in (False, True))
    assert cell(plain, "B", "Leitung").n_segments == 1
    found = cell(rolled, "B", "Leitung")
    assert (found.n_segments, found.n_codings, found.n_documents) == (2, 3, 1)
    assert cell(rolled, "P", "Leitung").n_segments == 0


def test_counts_by_area_and_by_document() -> None:
    project = made([("d1", 0, 9, "B1", "Anna"), ("d3", 0, 9, "B1", "Anna")])
    by_area = cell(matrices.counts(project, "area_id"), "B1", "SR04", "area_id")
    assert (by_area.n_segments, by_area.n_documents, by_area.n_documents_of_column) == (2, 2, 2)
    assert cell(matrices.counts(project, "doc_id"), "B1", "d2", "doc_id").n_segments == 0


def test_unknown_column_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"unknown column of the documents 'stadtraum'.*area_id"):
        matrices.counts(made([]), "stadtraum")


def test_a_field_means_its_codes_and_all_below_each_segment_once() -> None:
    marks = [("d1", 0, 9, "B1", "Anna"), ("d1", 0, 9, "P1", "Anna"), ("d2", 0, 9, "B2", "Anna")]
    paths = {"Netzwerk": ["Bedarfe > Netzwerk", "Praxis"], "Alles": ["Bedarfe", "P", "P1"], "Ø": []}
    table = matrices.fields(made(marks), paths)
    assert table.columns[:2].to_list() == ["field", "group"]
    assert cell(table, "Netzwerk", "Leitung")[["n_segments", "n_codings"]].to_list() == [1, 2]
    assert cell(table, "Alles", "Leitung")[["n_segments", "n_documents"]].to_list() == [2, 2]
    assert table.loc[table["field"] == "Ø", "n_segments"].to_list() == [0, 0]


def test_a_name_without_its_parents_is_no_code() -> None:
    with pytest.raises(DataError, match=r"unknown code 'Netzwerk'.*Bedarfe > Netzwerk"):
        matrices.fields(made([]), {"Netzwerk": ["Netzwerk"]})


def test_grid_quotes_the_first_that_may_be_quoted_and_nothing_else() -> None:
    marks = [
        ("d1", 0, 9, "B1", "Anna"),
        ("d3", 20, 29, "B1", "Anna"),
        ("d2", 0, 5, "B1", "Anna"),
        ("d1", 40, 49, "P1", "Anna"),
    ]
    paths = {"Bedarfe": ["Bedarfe"], "Praxis": ["Praxis"]}
    table = matrices.grid(made(marks), paths, quotable=["s1", "s0"])
    assert table["area_id"].to_list() == ["SR04", "SR04", "SR10", "SR10"]
    assert table["segment_id"].fillna("").to_list() == ["s1", "", "", ""]
    assert table["text"].fillna("").to_list() == ["20 bis 29", "", "", ""]
    assert table["n_segments"].to_list() == [2, 1, 1, 0]


def test_grid_finds_quotes_of_documents_without_a_group() -> None:
    table = matrices.grid(
        made([("d3", 0, 9, "B", "Anna")]), {"Bedarfe": ["B"]}, by="group", quotable=["s0"]
    )
    assert table.loc[table["group"].isna(), "segment_id"].to_list() == ["s0"]


def test_grid_refuses_a_quote_that_is_not_there() -> None:
    with pytest.raises(DataError, match="unknown segment 's7'"):
        matrices.grid(made([]), {"Bedarfe": ["B"]}, quotable=["s7"])


def test_without_offsets_the_same_words_of_a_paragraph_are_one_stretch() -> None:
    rows = [
        ("a", "d1", None, None, "ja", 3, 3),
        ("b", "d1", None, None, "ja", 3, 3),
        ("c", "d1", None, None, "ja", 4, 4),
        ("d", "d1", None, None, None, 3, 3),
        ("e", "d1", None, None, None, 3, 3),
    ]
    assert matrices.stretches(model.frame("segments", rows)).nunique() == 4


def test_two_codes_of_one_path_are_both_meant() -> None:
    rows = [("a", "X", None), ("b", "X", None), ("c", "Y", "b")]
    codes = model.frame("codes", [(*row, None, None, None, True) for row in rows])
    codes["path"] = model.paths(codes)
    assert matrices.below(codes, ["X"]) == ["a", "b", "c"]


marks = st.lists(
    st.tuples(
        st.sampled_from(["d1", "d2", "d3"]),
        st.integers(0, 3),
        st.integers(4, 6),
        st.sampled_from([code for code, *_ in CODES]),
        st.sampled_from(["Anna", "Björn"]),
    ),
    max_size=25,
)


@settings(max_examples=8)
@given(marks, st.randoms(use_true_random=False))
def test_rolled_up_counts_are_those_of_a_plain_loop_in_any_order_of_rows(
    rows: list[Any], chance: Any
) -> None:
    children = {"B": {"B", "B1", "B2"}, "P": {"P", "P1"}}
    project = made(rows)
    shuffled = {
        name: project.table(name).sample(frac=1, random_state=chance.randint(0, 99))
        for name in ("documents", "segments", "codings", "codes")
    }
    wanted = set()
    for code, *_ in CODES:
        for group, inside in (("Leitung", {"d1", "d2"}), ("", {"d3"})):
            meant = children.get(code, {code})
            own = [row for row in rows if row[3] in meant and row[0] in inside]
            numbers = (len({row[:3] for row in own}), len(own), len({row[0] for row in own}))
            wanted.add((code, group, *numbers))
    for given_ in (project, replace(project, **shuffled)):
        table = matrices.counts(given_, rolled_up=True).fillna({"group": ""})
        columns = ["code_id", "group", *matrices.COUNTS]
        assert set(table[columns].itertuples(index=False, name=None)) == wanted


def test_the_project_is_left_as_it_was() -> None:
    project = made([("d1", 0, 9, "B1", "Anna")])
    before = {name: project.table(name).copy() for name in model.COLUMNS}
    matrices.counts(project, rolled_up=True)
    matrices.grid(project, {"Bedarfe": ["B"]}, quotable=["s0"])
    for name, table in before.items():
        pd.testing.assert_frame_equal(project.table(name), table)
