"""A document drawn by its codes: every character of it counts once a code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.codings import model, portrait
from evaltools.errors import DataError, DesignError

CODES = [("A", None, "#ff0000"), ("A1", "A", None), ("B", None, None)]


def made(marks: Any, text: str | None = "x" * 100, *, paragraphs: bool = False) -> model.Project:
    """One document with marks (start, end, code, coder)."""
    segments = []
    for number, (start, end, *_) in enumerate(marks):
        span = (None, None, None, start, end) if paragraphs else (start, end, None, None, None)
        segments.append((f"s{number}", "d", *span))
    tables = {
        "documents": [("d", "Planung", None, None, text, None), ("e", "E", None, None, "", None)],
        "codes": [(code, code, above, None, color, None, True) for code, above, color in CODES],
        "coders": [("1", "Anna"), ("2", "Björn")],
        "segments": segments,
        "codings": [
            (f"k{number}", f"s{number}", "d", mark[2], mark[3], None, None)
            for number, mark in enumerate(marks)
        ],
    }
    return model.build(model.Origin("test", "test", "test"), tables)


def test_codeline_joins_coders_of_one_stretch_and_follows_the_order_of_codes() -> None:
    marks = [(5, 9, "B", None), (5, 9, "A1", "1"), (5, 9, "A1", "2"), (0, 3, "A1", "1")]
    line = portrait.codeline(made(marks), "d")
    assert line[["path", "start", "end", "n_coders"]].to_numpy().tolist() == [
        ["A > A1", 0, 3, 1],
        ["A > A1", 5, 9, 2],
        ["B", 5, 9, 0],
    ]
    assert set(line["unit"]) == {"characters"}


def test_a_tile_shows_the_code_with_most_characters_not_most_codings() -> None:
    marks = [(0, 4, "A1", "1"), (0, 4, "A1", "2"), (2, 4, "A1", "1"), (4, 9, "B", "1")]
    table = portrait.tiles(made(marks), "d", n=10)
    assert table.loc[0, ["code_id", "n_covered"]].to_list() == ["B", 5]
    assert table["code_id"].isna().to_list() == [False] + [True] * 9
    assert (table["start"].iloc[0], table["end"].iloc[-1]) == (0, 100)


def test_a_tile_carries_the_colour_of_the_top_level() -> None:
    table = portrait.tiles(made([(0, 4, "A1", "1")]), "d", n=2)
    assert table.loc[0, ["path", "top_path", "top_color"]].to_list() == ["A > A1", "A", "#ff0000"]
    assert table.loc[[0], "color"].isna().all() and table.loc[[1], "top_color"].isna().all()


def test_of_two_codes_with_as_much_the_first_is_named() -> None:
    assert portrait.tiles(made([(0, 4, "B", "1"), (4, 8, "A", "1")]), "d", n=1).code_id[0] == "A"


def test_short_and_empty_documents() -> None:
    assert len(portrait.tiles(made([], "abc"), "d", n=40)) == 3
    assert portrait.tiles(made([]), "e").empty
    assert portrait.codeline(made([]), "e").empty


def test_paragraphs_are_drawn_where_the_source_has_no_characters() -> None:
    project = made([(1, 2, "A", "1"), (4, 4, "B", "1")], None, paragraphs=True)
    line = portrait.codeline(project, "d")
    assert line[["start", "end", "unit"]].to_numpy().tolist() == [
        [1, 3, "paragraphs"],
        [4, 5, "paragraphs"],
    ]
    table = portrait.tiles(project, "d", n=40)
    assert table["code_id"].fillna("").to_list() == ["A", "A", "", "B"]


def test_a_document_with_segments_nowhere_is_refused() -> None:
    project = made([(0, 4, "A", "1"), (5, 9, "B", "1")])
    segments = project.segments.copy()
    segments.loc[1, ["start", "end"]] = pd.NA
    with pytest.raises(DesignError, match="1 of 2 segments"):
        portrait.codeline(replace(project, segments=segments), "d")


def test_unknown_documents_and_no_tiles_are_refused() -> None:
    for draw in (portrait.codeline, portrait.tiles):
        with pytest.raises(DataError, match="unknown document 'x'; permitted: d, e"):
            draw(made([]), "x")
    with pytest.raises(DataError, match="at least 1"):
        portrait.tiles(made([]), "d", n=0)


spans = st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from(["A", "A1", "B"]))


@settings(max_examples=25)
@given(st.lists(spans, max_size=12), st.integers(1, 70))
def test_tiles_are_those_of_counting_character_by_character(rows: Any, n: int) -> None:
    marks = [(start, start + length, code, "1") for start, length, code in rows]
    table = portrait.tiles(made(marks, "x" * 60), "d", n=n)
    assert len(table) == min(n, 60) and table["end"].max() == 60
    for tile in table.fillna({"code_id": ""}).itertuples():
        covered = {
            code: sum(
                any(a <= place < b for a, b, own, _ in marks if own == code)
                for place in range(tile.start, tile.end)
            )
            for code, *_ in CODES
        }
        best = max(covered, key=lambda code: covered[code])
        assert tile.n_covered == covered[best]
        assert tile.code_id == (best if covered[best] else "")
