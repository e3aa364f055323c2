"""Looking into codings: filters that mean what they say, segments read in their context."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.codings import explore, model
from evaltools.errors import DataError

TEXT = "Wir brauchen Räume.\nDie Straße ist kein Raum. Das Jugendamt plant mit uns."


def sample() -> model.Project:
    """Two documents, the second without its text as from a table; one segment is uncoded."""
    first, second = TEXT.index("Räume"), TEXT.index("kein")
    tables = {
        "documents": [
            ("d1", "Planung", "Leitung", "SR04", TEXT, None),
            ("d2", "Leuben", None, "SR10", None, None),
        ],
        "codes": [
            ("B", "Bedarfe", None, None, None, None, False),
            ("B1", "Räume", "B", None, None, None, True),
            ("P", "Praxis", None, None, None, None, True),
        ],
        "coders": [("1", "Anna"), ("2", "Björn")],
        "segments": [
            ("s2", "d1", second, second + 9, "kein Raum", None, None),
            ("s1", "d1", first, first + 5, "Räume", None, None),
            ("s3", "d1", 0, 3, "Wir", None, None),
            ("s4", "d2", None, None, "Ein Raum\nfür alle", 7, 8),
            ("s5", "d2", None, None, "Ein Raum\nfür alle", 7, 8),
        ],
        "codings": [
            ("k1", "s1", "d1", "B1", "1", None, None),
            ("k2", "s2", "d1", "P", "2", None, None),
            ("k3", "s4", "d2", "B1", "2", None, None),
            ("k4", "s5", "d2", "P", None, None, None),
        ],
    }
    return model.build(model.Origin("test", "test", "test"), tables)


def kept(**filters: object) -> list[str]:
    return explore.select(sample(), **filters)["segment_id"].to_list()  # type: ignore[arg-type]


def test_all_segments_stand_in_reading_order_with_names() -> None:
    table = explore.select(sample())
    assert table["segment_id"].to_list() == ["s3", "s1", "s2", "s4", "s5"]
    assert table.columns.to_list() == explore.SELECTED
    wanted = ["Planung", "Leitung", "SR04", "Bedarfe > Räume", "Anna", "Räume"]
    names = ["document", "group", "area_id", "path", "coder", "text"]
    assert table.loc[1, names].to_list() == wanted
    assert table.loc[[0], ["coding_id", "path", "coder"]].isna().all(axis=None)


def test_filters_by_group_area_coder_and_word() -> None:
    assert kept(groups=["Leitung"]) == ["s3", "s1", "s2"]
    assert kept(areas=["SR10"]) == ["s4", "s5"]
    assert kept(groups=["Leitung"], areas=["SR10"]) == []
    assert kept(coders=["Björn"]) == kept(coders=["2"]) == ["s2", "s4"]
    assert kept(words="raum") == ["s2", "s4", "s5"]
    assert kept(words="ALLE raum") == ["s4", "s5"]
    assert kept(words="ra\u0308ume") == ["s1"]
    assert kept(words="Raum.") == []


def test_a_code_means_itself_and_those_below() -> None:
    assert kept(codes=["Bedarfe"]) == ["s1", "s4"]
    assert kept(codes=["B1", "Praxis"], coders=["Björn"]) == ["s2", "s4"]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"groups": ["ASD"]}, "unknown group 'ASD'; permitted: Leitung"),
        ({"areas": ["SR1"]}, "unknown area 'SR1'; permitted: SR04, SR10"),
        ({"codes": ["Räume"]}, "unknown code 'Räume'"),
        ({"coders": ["Carla"]}, "unknown coder 'Carla'; permitted: Anna, Björn"),
    ],
)
def test_unknown_names_are_refused(filters: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        kept(**filters)


def test_context_is_cut_between_words_and_says_where() -> None:
    found = explore.context(sample(), "s2", before=16, after=7)
    assert (found.before, found.text, found.after) == ("Die Straße ist ", "kein Raum", ". Das ")
    assert found.document == "Planung"
    assert found.cut_left and found.cut_right
    whole = explore.context(sample(), "s2")
    assert whole.before + whole.text + whole.after == TEXT
    assert not whole.cut_left and not whole.cut_right


def test_context_without_the_text_of_the_document_claims_no_completeness() -> None:
    found = explore.context(sample(), "s4")
    wanted = explore.Context("", "Ein Raum\nfür alle", "", "Leuben", True, True)
    assert found == wanted


def test_unknown_segment_is_refused() -> None:
    with pytest.raises(DataError, match="unknown segment 's9'; permitted: s1, s2"):
        explore.context(sample(), "s9")


def test_kwic_finds_places_in_the_text_and_without_one_in_segments() -> None:
    table = explore.kwic(sample(), "RAUM", width=10)
    assert table["document"].to_list() == ["Planung", "Leuben"]
    start = TEXT.index("Raum")
    assert table.loc[0, ["start", "end", "keyword"]].to_list() == [start, start + 4, "Raum"]
    assert table["left"].to_list() == ["ist kein ", "Ein "]
    assert table["right"].to_list() == [". Das ", " für alle"]
    assert table["segment_id"].fillna("").to_list() == ["", "s4"]
    assert table.loc[[1], ["start", "end"]].isna().all(axis=None)


def test_kwic_keeps_line_ends_out_of_its_lines_and_offsets_in_the_text() -> None:
    table = explore.kwic(sample(), "strasse")
    assert table["left"].to_list() == ["Wir brauchen Räume. Die "]
    assert TEXT[table["start"][0] : table["end"][0]] == "Straße"


def test_kwic_of_whole_words_and_of_none() -> None:
    assert len(explore.kwic(sample(), "amt")) == 1
    nothing = explore.kwic(sample(), "amt", whole=True)
    assert nothing.empty and nothing.columns.to_list() == explore.LINES
    with pytest.raises(DataError, match="empty"):
        explore.kwic(sample(), " ")


def test_the_project_is_left_as_it_was() -> None:
    project = sample()
    before = {name: project.table(name).copy() for name in model.COLUMNS}
    explore.select(project, codes=["Bedarfe"], words="raum")
    explore.context(project, "s1")
    explore.kwic(project, "raum")
    for name, table in before.items():
        pd.testing.assert_frame_equal(project.table(name), table)
