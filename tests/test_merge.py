"""Several coders' files of the same interviews become one project."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coding_samples as samples
from evaltools.codings.merge import merge, renamed
from evaltools.codings.model import Project, build
from evaltools.errors import DataError

TEXT = "Die Schere ist so riesig."


def one(coder: str, *parts: str, code: str = "Bedarfe", text: str | None = TEXT) -> Project:
    segments = []
    for number, part in enumerate(parts):
        start = TEXT.index(part) if text else None
        end = start + len(part) if start is not None else None
        segments.append((f"s{number}", "d", start, end, part, None, None))
    return build(
        samples.ORIGIN,
        {
            "documents": [("d", "ER", None, None, text, None)],
            "codes": [
                ("t", "Oben", None, None, None, None, False),
                ("c", code, "t", None, None, None, True),
            ],
            "coders": [("p", coder)],
            "segments": segments,
            "codings": [(f"k{row[0]}", row[0], "d", "c", "p", None, None) for row in segments],
        },
    )


def test_two_coders_of_one_text_share_documents_codes_and_segments() -> None:
    made = merge([one("Anna", "Die Schere"), one("Björn", "Die Schere", "riesig")])
    assert len(made.documents) == 1
    assert made.codes["path"].to_list() == ["Oben", "Oben > Bedarfe"]
    assert made.coders["name"].to_list() == ["Anna", "Björn"]
    assert made.segments["text"].to_list() == ["Die Schere", "riesig"]
    assert len(made.codings) == 3
    assert len(made.origin) == 2
    assert not made.problems


def test_what_two_files_say_twice_counts_once_and_is_told() -> None:
    made = merge([one("Anna", "Die Schere"), one("Anna", "Die Schere")])
    assert len(made.codings) == 1
    assert [problem.rule for problem in made.problems] == ["doppelt"]


def test_equal_names_in_other_places_are_other_codes() -> None:
    other = one("Björn", "riesig", code="Netzwerk")
    assert len(merge([one("Anna", "Die Schere"), other]).codes) == 3


def test_texts_that_differ_are_refused_with_the_place() -> None:
    changed = one("Björn", "Die Schere")
    documents = changed.documents.assign(text="Die Schere war so riesig.", n_chars=25)
    with pytest.raises(DataError, match="from character 11 on"):
        merge([one("Anna", "Die Schere"), replace(changed, documents=documents)])


def test_a_table_without_text_joins_the_document_that_has_it() -> None:
    made = merge([one("Anna", "Die Schere", text=None), one("Björn", "riesig")])
    assert made.documents["text"].to_list() == [TEXT]
    assert made.documents["n_chars"].to_list() == [len(TEXT)]


def test_a_group_that_one_file_leaves_out_does_not_tell_documents_apart() -> None:
    grouped = one("Anna", "Die Schere")
    grouped = replace(grouped, documents=grouped.documents.assign(group="Runde"))
    made = merge([one("Björn", "riesig"), grouped])
    assert made.documents["group"].to_list() == ["Runde"]


def test_whole_samples_merge_with_themselves_to_themselves() -> None:
    project = samples.project()
    made = merge([project, project])
    for name in ("documents", "codes", "coders", "segments", "codings", "cases", "variables"):
        pd.testing.assert_frame_equal(made.table(name), project.table(name))


def test_nothing_to_merge_is_refused() -> None:
    with pytest.raises(DataError, match="no file of codings"):
        merge([])


def test_the_study_says_who_coded_a_file_whatever_login_it_has() -> None:
    anna, berta = (renamed(one("admin", "Die Schere"), name) for name in ("Anna", "Berta"))
    made = merge([anna, berta])
    assert made.coders["name"].to_list() == ["Anna", "Berta"]
    assert len(made.codings) == 2
    project = samples.project()
    assert renamed(project, "") is project
    assert renamed(project, "Clara").codings["coder_id"].notna().all()


def test_codings_that_one_file_has_twice_stay_two() -> None:
    twice = one("Anna", "Die Schere", text=None)
    again = twice.codings.assign(coding_id="again")
    twice = replace(twice, codings=pd.concat([twice.codings, again], ignore_index=True))
    made = merge([twice, one("Anna", "Die Schere", text=None)])
    assert len(made.codings) == 2
