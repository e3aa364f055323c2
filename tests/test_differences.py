from __future__ import annotations

import pandas as pd
import pytest

from agreement_samples import project
from evaltools.codings import differences
from evaltools.codings.model import COLUMNS
from evaltools.errors import DesignError

TEXTS = {"b": "äöü" * 40, "a": "0123456789" * 12}
ROWS = [
    ("anna", "bedarf", "a", 40, 50),
    ("bert", "netz", "a", 41, 50),
    ("anna", "praxis", "a", 0, 10),
    ("bert", "praxis", "a", 0, 9),
    ("anna", "netz", "b", 60, 70),
    ("bert", "netz", "b", 66, 90),
]


def told(found: pd.DataFrame) -> list[tuple[object, ...]]:
    names = ["doc_id", "start", "end", "path", "has", "lacks", "instead", "other_bounds"]
    return [*found[names].itertuples(index=False, name=None)]


def test_the_listing_names_passage_code_and_what_the_other_gave_instead() -> None:
    found = differences.listing(project(ROWS, TEXTS))
    assert told(found) == [
        ("b", 60, 70, "Netz", "Anna", "Bert", "Netz", True),
        ("b", 66, 90, "Netz", "Bert", "Anna", "Netz", True),
        ("a", 40, 50, "Bedarf", "Anna", "Bert", "Netz", False),
        ("a", 41, 50, "Netz", "Bert", "Anna", "Bedarf", False),
    ]
    assert [*found["document"]] == ["Doc b", "Doc b", "Doc a", "Doc a"]
    for row in found.itertuples():
        assert row.text == TEXTS[row.doc_id][row.start : row.end]


def test_agreed_passages_are_not_listed_and_a_lone_one_has_nothing_instead() -> None:
    rows = [*ROWS[2:4], ("bert", "netz", "a", 90, 95)]
    found = differences.listing(project(rows, TEXTS))
    assert told(found) == [("a", 90, 95, "Netz", "Bert", "Anna", "", False)]


def test_a_wider_demand_on_overlap_lists_more() -> None:
    made = project(ROWS[2:4], TEXTS)
    assert len(differences.listing(made, overlap=0.9)) == 0
    assert len(differences.listing(made, overlap=0.95)) == 2


def test_with_three_coders_each_who_lacks_the_code_is_told() -> None:
    rows = [*ROWS, ("cleo", "praxis", "a", 42, 45), ("cleo", "bedarf", "a", 40, 50)]
    found = differences.listing(project(rows, TEXTS), "netz")
    here = found[found["doc_id"] == "a"].iloc[0]
    assert (here["has"], here["lacks"]) == ("Bert", "Anna, Cleo")
    assert here["instead"] == "Anna: Bedarf | Cleo: Bedarf; Praxis"


def test_who_did_not_work_on_a_document_lacks_nothing_there() -> None:
    rows = [*ROWS, ("cleo", "netz", "b", 60, 70)]
    found = differences.listing(project(rows, TEXTS))
    assert not found.loc[found["doc_id"] == "a", "lacks"].str.contains("Cleo").any()
    assert found.loc[found["doc_id"] == "b", "lacks"].tolist() == ["Bert", "Anna, Cleo"]


def test_without_offsets_paragraphs_are_told() -> None:
    rows = [
        ("anna", "netz", "a", 7, 7),
        ("bert", "bedarf", "a", 7, 7),
        ("anna", "praxis", "a", 3, 3),
    ]
    found = differences.listing(project(rows, {"a": None}))
    assert [*found["para_start"]] == [3, 7, 7]
    assert found["start"].isna().all()
    assert [*found["text"]] == ["Absatz 3", "Absatz 7", "Absatz 7"]
    assert [*found["instead"]] == ["", "Netz", "Bedarf"]


def test_only_the_codes_asked_for_are_listed_by_id_or_path() -> None:
    made = project(ROWS, TEXTS)
    assert set(differences.listing(made, "bedarf")["path"]) == {"Bedarf"}
    pd.testing.assert_frame_equal(
        differences.listing(made, ["Netz", "Bedarf"]), differences.listing(made)
    )


def test_order_of_rows_does_not_matter_and_the_project_stays_as_it_was() -> None:
    made = project(ROWS, TEXTS)
    before = {name: made.table(name).copy() for name in COLUMNS}
    turned = {**vars(made), "codings": made.codings.iloc[::-1].reset_index(drop=True)}
    one, other = differences.listing(made), differences.listing(type(made)(**turned))
    pd.testing.assert_frame_equal(one, other)
    for name in COLUMNS:
        pd.testing.assert_frame_equal(made.table(name), before[name])


def test_full_agreement_is_an_empty_table_with_the_same_columns() -> None:
    found = differences.listing(project(ROWS[2:4], TEXTS))
    assert found.empty
    assert [*found.columns] == [*differences.COLUMNS]


def test_one_coder_alone_is_refused() -> None:
    with pytest.raises(DesignError, match="at least 2 coders"):
        differences.listing(project(ROWS[:1], TEXTS))
    with pytest.raises(DesignError, match="unknown code"):
        differences.listing(project(ROWS, TEXTS), "nix")
