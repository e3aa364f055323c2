"""The tables of a project hold together, or every fault is named."""

from __future__ import annotations

import pytest

import coding_samples as samples
from evaltools.codings.model import COLUMNS, DEEPEST, build, frame, validate
from evaltools.errors import DataError


def test_a_project_has_the_declared_columns_and_types() -> None:
    project = samples.project()
    for name, columns in COLUMNS.items():
        assert {key: str(kind) for key, kind in project.table(name).dtypes.items()} == columns
    with pytest.raises(KeyError):
        project.table("nothing")


def test_paths_run_from_the_top_and_lengths_count_code_points() -> None:
    project = samples.project()
    assert list(project.codes["path"]) == ["Bedarfe", "Bedarfe > Planung", "Planung"]
    assert project.documents["n_chars"].to_list()[0] == len(samples.TEXT)


def test_every_fault_is_named_at_once() -> None:
    text = "Guten Tag"
    tables = {
        "documents": [("d", "Gespräch", None, None, text, None)] * 2,
        "codes": [("c", "Code", "lost", None, None, None, True)],
        "segments": [("s", "d", 0, 5, "Guten", None, None)],
        "codings": [("k", "s", "d", "x", "nobody", None, None)],
    }
    with pytest.raises(DataError) as told:
        build(samples.ORIGIN, tables)
    for part in ("doc_id d is given twice", "parent_id lost", "code_id x", "coder_id nobody"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("start", "end", "words", "told"),
    [
        (3, 3, "", "no stretch of text"),
        (-1, 2, "Gu", "no stretch of text"),
        (0, 99, "Guten Tag", "ends at 99, its text has 9 characters"),
        (0, 5, "Guter", "its words are not those at 0 to 5"),
    ],
)
def test_offsets_that_do_not_fit_are_refused(start: int, end: int, words: str, told: str) -> None:
    tables = {
        "documents": [("d", "Gespräch", None, None, "Guten Tag", None)],
        "segments": [("s", "d", start, end, words, None, None)],
    }
    with pytest.raises(DataError, match=told):
        build(samples.ORIGIN, tables)


def test_codes_that_are_their_own_ancestors_are_refused() -> None:
    circle = [("a", "A", "b", None, None, None, True), ("b", "B", "a", None, None, None, True)]
    with pytest.raises(DataError, match="its own ancestor"):
        build(samples.ORIGIN, {"codes": circle})
    chain = [("0", "A", None, None, None, None, True)]
    chain += [(str(n), "A", str(n - 1), None, None, None, True) for n in range(1, DEEPEST + 5)]
    with pytest.raises(DataError, match="levels deep"):
        build(samples.ORIGIN, {"codes": chain[::-1]})
    with pytest.raises(DataError, match="levels deep"):
        build(samples.ORIGIN, {"codes": chain})


def test_unknown_columns_of_a_frame_are_left_out_and_missing_ones_unknown() -> None:
    project = samples.project()
    given = project.coders.assign(other=1).drop(columns="name")
    made = frame("coders", given)
    assert list(made) == ["coder_id", "name"]
    assert made["name"].isna().all()
    assert validate(project) is project
