"""Codes that come together: the sparse way finds what a double loop finds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.codings import cooccurrence, model
from evaltools.errors import DataError, DesignError

CODES = ["a", "b", "c", "d"]


def made(marks: Any, *, paragraphs: bool = False) -> model.Project:
    """A project of marks (document, start, end, code), each a segment of its own."""
    documents = sorted({mark[0] for mark in marks})
    segments = []
    for number, (document, start, end, _) in enumerate(marks):
        span = (None, None, f"{start}-{end}", start, end - 1)
        segments.append(
            (f"s{number}", document, *(span if paragraphs else (start, end, None, None, None)))
        )
    tables = {
        "documents": [(name, name, None, None, None, None) for name in documents],
        "codes": [(code, code.upper(), None, None, None, None, True) for code in CODES],
        "segments": segments,
        "codings": [
            (f"k{number}", f"s{number}", mark[0], mark[3], None, None, None)
            for number, mark in enumerate(marks)
        ],
    }
    return model.build(model.Origin("test", "test", "test"), tables)


def by_loop(marks: Any, kind: str, distance: int) -> dict[tuple[str, str], tuple[int, ...]]:
    """Count the slow way: n, n_a, n_b, with_b, with_a a pair of codes."""

    def meet(one: Any, other: Any) -> bool:
        gap = max(one[1], other[1]) - min(one[2], other[2])
        if one[0] != other[0]:
            return False
        return {"overlap": gap < 0, "near": gap <= distance}.get(kind, one == other)

    units: dict[str, set[Any]] = {code: set() for code in CODES}
    for *span, code in marks:
        units[code].add((span[0], 0, 0) if kind == "document" else tuple(span))
    found = {}
    for a, b in combinations(CODES, 2):
        met = [(x, y) for x in units[a] for y in units[b] if meet(x, y)]
        if met:
            sides = len({x for x, _ in met}), len({y for _, y in met})
            found[a, b] = (len(met), len(units[a]), len(units[b]), *sides)
    return found


def told(table: pd.DataFrame) -> dict[tuple[str, str], tuple[int, ...]]:
    numbers = table[["n", "n_a", "n_b", "with_b", "with_a"]].itertuples(index=False, name=None)
    return dict(zip(zip(table["code_a"], table["code_b"], strict=True), numbers, strict=True))


marks = st.lists(
    st.tuples(
        st.sampled_from(["d1", "d2"]),
        st.integers(0, 30),
        st.integers(1, 12),
        st.sampled_from(CODES),
    ).map(lambda mark: (mark[0], mark[1], mark[1] + mark[2], mark[3])),
    max_size=30,
)


@settings(max_examples=25)
@given(marks, st.sampled_from(get_args(cooccurrence.Kind)), st.integers(0, 6))
def test_pairs_are_those_of_a_double_loop(rows: Any, kind: Any, distance: int) -> None:
    table = cooccurrence.pairs(made(rows), kind, distance=distance)
    assert told(table) == by_loop(rows, kind, distance)
    assert table["jaccard"].between(0, 1).all()


@settings(max_examples=8)
@given(marks, st.integers(0, 3))
def test_paragraphs_are_apart_by_the_difference_of_their_numbers(rows: Any, apart: int) -> None:
    table = cooccurrence.pairs(made(rows, paragraphs=True), "near", distance=apart)
    # Half-open characters at a distance of apart − 1 are paragraphs whose numbers differ by apart.
    assert told(table) == by_loop(rows, "near", apart - 1)


@settings(max_examples=8)
@given(marks, st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(rows: Any, seed: int) -> None:
    project = made(rows)
    parts = {
        name: project.table(name).sample(frac=1, random_state=seed)
        for name in ("documents", "segments", "codings")
    }
    for kind in get_args(cooccurrence.Kind):
        plain = cooccurrence.pairs(project, kind, distance=2)
        other = cooccurrence.pairs(replace(project, **parts), kind, distance=2)
        pd.testing.assert_frame_equal(plain, other)


@settings(max_examples=8)
@given(marks)
def test_counting_in_small_blocks_changes_nothing(rows: Any) -> None:
    project = made(rows)
    whole = cooccurrence.pairs(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooccurrence, "AT_ONCE", 1)
        pd.testing.assert_frame_equal(cooccurrence.pairs(project), whole)


def test_neighbours_do_not_overlap_but_are_near() -> None:
    project = made([("d", 0, 5, "a"), ("d", 5, 9, "b")])
    assert cooccurrence.pairs(project).empty
    assert len(cooccurrence.pairs(project, "near")) == 1


def test_jaccard_of_segments_and_documents_is_the_plain_index() -> None:
    rows = [("d1", 0, 5, "a"), ("d1", 0, 5, "b"), ("d1", 9, 12, "a"), ("d2", 0, 5, "b")]
    assert cooccurrence.pairs(made(rows), "segment")["jaccard"].to_list() == [1 / 3]
    assert cooccurrence.pairs(made(rows), "document")["jaccard"].to_list() == [1 / 2]


def test_paths_stand_beside_ids_in_the_order_of_the_codes() -> None:
    table = cooccurrence.pairs(made([("d", 0, 5, "c"), ("d", 2, 7, "a")]))
    assert table.loc[0, ["code_a", "path_a", "code_b", "path_b"]].to_list() == ["a", "A", "c", "C"]


def test_without_offsets_overlap_is_refused_and_the_rest_works() -> None:
    project = made([("d", 1, 2, "a"), ("d", 1, 2, "b")], paragraphs=True)
    # The same words of a paragraph are one segment.
    with pytest.raises(DesignError, match="1 of 1 segments have no offsets") as caught:
        cooccurrence.pairs(project)
    assert "Zeichenposition" in caught.value.german
    assert cooccurrence.pairs(project, "segment")["n"].to_list() == [1]
    assert cooccurrence.pairs(project, "document")["n"].to_list() == [1]


def test_characters_and_paragraphs_are_never_mixed() -> None:
    project = made([("d", 1, 2, "a"), ("d", 3, 4, "b")])
    segments = project.segments.copy()
    segments.loc[1, ["start", "end"]] = pd.NA
    segments["para_start"] = 1
    mixed = replace(project, segments=segments)
    for kind in ("overlap", "near"):
        with pytest.raises(DesignError, match="1 of 2 segments"):
            cooccurrence.pairs(mixed, kind)  # type: ignore[arg-type]


def test_far_positions_and_long_distances_do_not_overflow() -> None:
    far = 2**62
    rows = [(f"d{n}", far, far + 9, code) for n in range(9) for code in "ab"]
    assert cooccurrence.pairs(made(rows))["n"].to_list() == [9]
    assert cooccurrence.pairs(made(rows), "near", distance=2**62)["n"].to_list() == [9]


def test_a_document_with_too_many_touching_segments_is_refused() -> None:
    rows = [("d", start, 9_000, "a") for start in range(7_000)]
    with pytest.raises(DesignError, match="24,496,500 pairs of touching segments; at most"):
        cooccurrence.pairs(made(rows))


def test_unknown_kinds_and_negative_distances_are_refused() -> None:
    with pytest.raises(DataError, match="unknown kind of co-occurrence 'same'"):
        cooccurrence.pairs(made([]), "same")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="distance=-1"):
        cooccurrence.pairs(made([]), "near", distance=-1)


def test_the_project_is_left_as_it_was() -> None:
    project = made([("d", 0, 5, "a"), ("d", 2, 7, "b")])
    before = {name: project.table(name).copy() for name in model.COLUMNS}
    for kind in get_args(cooccurrence.Kind):
        cooccurrence.pairs(project, kind)
    for name, table in before.items():
        pd.testing.assert_frame_equal(project.table(name), table)


def test_what_two_coders_call_differently_does_not_come_together() -> None:
    text = "Ein Satz."
    tables = {
        "documents": [("d", "D", None, None, text, None)],
        "codes": [(name, name, None, None, None, None, True) for name in "abc"],
        "coders": [("1", "Eins"), ("2", "Zwei")],
        "segments": [("s", "d", 0, 9, text, None, None), ("t", "d", 0, 3, "Ein", None, None)],
        "codings": [
            ("k1", "s", "d", "a", "1", None, None),
            ("k2", "s", "d", "b", "2", None, None),
            ("k3", "t", "d", "c", "2", None, None),
            ("k4", "s", "d", "a", "2", None, None),
        ],
    }
    project = model.build(model.Origin("x", "x", "x"), tables)
    together = cooccurrence.pairs(project)
    assert list(zip(together["code_a"], together["code_b"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    own = cooccurrence.by_coder(project)
    assert own["n"].to_list() == [1, 1, 1]
    assert own["n_a"].to_list() == [2, 2, 1]
    alone = replace(project, codings=project.codings.iloc[:3])
    own = cooccurrence.by_coder(alone)
    assert list(zip(own["code_a"], own["code_b"], strict=True)) == [("b", "c")]
    one = replace(project, codings=project.codings.assign(coder_id="1").astype("string"))
    pd.testing.assert_frame_equal(
        cooccurrence.by_coder(one), cooccurrence.pairs(one), check_dtype=False
    )
