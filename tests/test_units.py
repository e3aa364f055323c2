from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from agreement_samples import project
from evaltools.codings import comparable, units
from evaltools.codings.model import COLUMNS
from evaltools.errors import DesignError

TEXT = "x" * 100
BOTH = {"a": TEXT, "b": TEXT}
SAMPLE = [
    ("anna", "bedarf", "a", 0, 10),
    ("bert", "bedarf", "a", 2, 12),
    ("anna", "netz", "a", 50, 60),
    ("bert", "netz", "a", 56, 70),
    ("anna", "bedarf", "b", 0, 5),
    ("bert", "praxis", "b", 20, 30),
]


def test_a_document_counts_a_code_once_however_often_it_was_given() -> None:
    rows = [*SAMPLE, ("anna", "bedarf", "a", 80, 90)]
    found = units.ratings(project(rows, BOTH), "bedarf", unit="document")
    assert found.coders == ("Anna", "Bert")
    assert_array_equal(found.values, [[1, 1], [1, 0]])
    assert [*found.places["doc_id"]] == ["a", "b"]


def test_segments_that_share_half_of_the_longer_are_one_passage() -> None:
    found = units.ratings(project(SAMPLE, BOTH), "bedarf", unit="segment", overlap=0.5)
    starts = [*zip(found.places["doc_id"], found.places["start"], found.places["end"], strict=True)]
    assert starts == [("a", 0, 12), ("a", 50, 60), ("a", 56, 70), ("b", 0, 5), ("b", 20, 30)]
    assert_array_equal(found.values, [[1, 1], [0, 0], [0, 0], [1, 0], [0, 0]])


@pytest.mark.parametrize(("overlap", "passages"), [(0.8, 1), (0.81, 2), (1.0, 2)])
def test_the_shared_part_is_measured_against_the_longer_segment(
    overlap: float, passages: int
) -> None:
    rows = [("anna", "netz", "a", 0, 10), ("bert", "netz", "a", 1, 9)]
    found = units.ratings(project(rows, {"a": TEXT}), "netz", unit="segment", overlap=overlap)
    assert len(found.values) == passages


def test_passages_of_two_documents_never_meet() -> None:
    rows = [("anna", "netz", "a", 90, 100), ("bert", "netz", "a", 0, 3)]
    rows += [("anna", "netz", "b", 90, 100), ("bert", "netz", "b", 0, 3)]
    assert len(units.ratings(project(rows, BOTH), "netz", unit="segment").values) == 4


def test_without_offsets_the_same_paragraph_and_words_are_one_passage() -> None:
    rows = [("anna", "netz", "a", 3, 3), ("bert", "netz", "a", 3, 3), ("bert", "netz", "a", 5, 5)]
    found = units.ratings(project(rows, {"a": None}), "netz", unit="segment")
    assert_array_equal(found.values, [[1, 1], [0, 1]])
    assert [*found.places["para_start"]] == [3, 5]


def test_a_document_with_offsets_and_one_with_paragraphs_do_not_mix() -> None:
    rows = [(who, "netz", doc, 3, 4) for doc in "ab" for who in ("anna", "bert")]
    found = units.ratings(project(rows, {"a": None, "b": TEXT}), "netz", unit="segment")
    assert [*found.places["doc_id"]] == ["a", "b"]
    assert_array_equal(found.values, [[1, 1], [1, 1]])


def test_without_offsets_characters_are_refused_and_documents_are_not() -> None:
    rows = [("anna", "netz", "a", 3, 3), ("bert", "netz", "a", 5, 5)]
    made = project(rows, {"a": None})
    with pytest.raises(DesignError, match="none of 1 documents") as refusal:
        units.ratings(made, "netz", unit="character")
    assert "Zeichenpositionen" in refusal.value.german
    assert_array_equal(units.ratings(made, "netz", unit="document").values, [[1, 1]])


def test_characters_come_as_runs_that_cover_the_text() -> None:
    found = units.ratings(project(SAMPLE, BOTH), "bedarf", unit="character")
    assert_array_equal(found.values, [[1, 0], [1, 1], [0, 1], [0, 0], [1, 0], [0, 0]])
    assert_array_equal(found.weights, [2, 8, 2, 88, 5, 95])
    assert [*found.places["start"]] == [0, 2, 10, 12, 0, 5]


SPAN = st.tuples(st.integers(0, 29), st.integers(1, 10)).map(lambda x: (x[0], min(30, sum(x))))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["anna", "bert", "cleo"]), st.sampled_from("ab"), SPAN)))
def test_runs_say_of_every_character_what_counting_one_by_one_says(
    given_rows: list[tuple[str, str, tuple[int, int]]],
) -> None:
    names = ("anna", "bert", "cleo")
    rows = [(coder, "netz", doc, *span) for coder, doc, span in given_rows]
    rows += [(coder, "praxis", doc, 0, 1) for coder in names for doc in "ab"]
    found = units.ratings(project(rows, dict.fromkeys("ab", "x" * 30)), "netz", unit="character")
    one_by_one = np.zeros((2, 30, 3))
    for coder, _, doc, start, end in rows[: len(given_rows)]:
        one_by_one["ab".index(doc), start:end, found.coders.index(coder.title())] = 1
    spread = np.repeat(found.values, found.weights.astype(int), axis=0)
    assert_array_equal(spread, one_by_one.reshape(60, 3))


def test_a_document_one_person_coded_is_left_out_and_told() -> None:
    rows = [*SAMPLE, ("anna", "netz", "c", 0, 5)]
    found = units.ratings(project(rows, {**BOTH, "c": TEXT}), "netz", unit="document")
    assert [*found.places["doc_id"]] == ["a", "b"]
    assert found.left_out == (("Doc c", comparable.ALONE),)


def test_who_did_not_work_on_a_document_has_no_rating_there() -> None:
    rows = [*SAMPLE, ("cleo", "netz", "a", 50, 60)]
    found = units.ratings(project(rows, BOTH), "netz", unit="document")
    assert_array_equal(found.values, [[1, 1, 1], [0, 0, np.nan]])


def test_a_mapping_says_who_worked_on_what() -> None:
    rows = [*SAMPLE, ("anna", "netz", "c", 0, 5)]
    worked = {"anna": ["a", "c"], "bert": ["a", "c"]}
    made = project(rows, {**BOTH, "c": TEXT})
    found = units.ratings(made, "netz", unit="document", coders=worked)
    assert [*found.places["doc_id"]] == ["a", "c"]
    assert_array_equal(found.values, [[1, 1], [1, 0]])


def test_several_codes_count_as_one() -> None:
    found = units.ratings(project(SAMPLE, BOTH), ["bedarf", "praxis"], unit="document")
    assert_array_equal(found.values, [[1, 1], [1, 1]])
    assert found.codes == ("Bedarf", "Praxis")


def test_a_path_names_a_code_as_its_id_does() -> None:
    made = project(SAMPLE, BOTH)
    by_id, by_path = (units.ratings(made, name, unit="segment") for name in ("netz", "Netz"))
    assert_array_equal(by_id.values, by_path.values)


def test_a_document_with_and_without_offsets_is_left_out_of_segments() -> None:
    made = project(SAMPLE, BOTH)
    segments = made.segments.copy()
    segments.loc[segments.index[-1], ["start", "end"]] = pd.NA
    mixed = type(made)(**{**vars(made), "segments": segments})
    found = units.ratings(mixed, "bedarf", unit="segment")
    assert found.left_out == (("Doc b", comparable.UNPLACED),)
    assert set(found.places["doc_id"]) == {"a"}


@pytest.mark.parametrize("unit", [*units.UNITS])
def test_the_definition_names_the_unit_and_the_overlap(unit: str) -> None:
    found = units.ratings(project(SAMPLE, BOTH), "netz", unit=unit, overlap=0.8)
    assert found.definition.startswith("Einheit")
    assert ("80\N{NO-BREAK SPACE}%" in found.definition) == (unit == "segment")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"unit": "word"}, "unknown unit 'word'"),
        ({"unit": "segment", "overlap": 0}, "overlap=0"),
        ({"unit": "segment", "overlap": 1.1}, "overlap=1.1"),
        ({"unit": "document", "codes": "nix"}, "unknown code 'nix'"),
        ({"unit": "document", "coders": ["anna", "dora"]}, "unknown coder 'dora'"),
        ({"unit": "document", "coders": ["anna"]}, "at least 2 coders"),
        ({"unit": "document", "coders": {"anna": ["z"], "bert": ["a"]}}, "unknown document 'z'"),
    ],
)
def test_what_cannot_be_compared_is_refused(options: dict[str, object], told: str) -> None:
    codes = options.get("codes", "netz")
    rest = {name: value for name, value in options.items() if name != "codes"}
    with pytest.raises(DesignError, match=told):
        units.ratings(project(SAMPLE, BOTH), codes, **rest)


@pytest.mark.parametrize("unit", [*units.UNITS])
def test_the_order_of_rows_does_not_matter_and_the_project_stays_as_it_was(unit: str) -> None:
    made = project(SAMPLE, BOTH)
    before = {name: made.table(name).copy() for name in COLUMNS}
    turned = type(made)(
        **{
            **vars(made),
            "codings": made.codings.iloc[::-1].reset_index(drop=True),
            "segments": made.segments.iloc[::-1].reset_index(drop=True),
        }
    )
    one, other = (units.ratings(item, "bedarf", unit=unit) for item in (made, turned))
    assert_array_equal(one.values, other.values)
    pd.testing.assert_frame_equal(one.places, other.places)
    for name in COLUMNS:
        pd.testing.assert_frame_equal(made.table(name), before[name])
