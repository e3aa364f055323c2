"""Levels of areas: sub-areas are never taken for Stadträume."""

from __future__ import annotations

import pandas as pd

from evaltools.measures.levels import depths, peers

AREAS = pd.DataFrame(
    {
        "area_id": ["stadtganz", "SR01", "SR02", "SR03", "SR01a", "SR01b", "SR99"],
        "parent_id": [pd.NA, "stadtganz", "stadtganz", "stadtganz", "SR01", "SR01", "stadtganz"],
        "successor": [pd.NA, pd.NA, pd.NA, pd.NA, pd.NA, pd.NA, "SR03"],
    }
)


def test_depth_counts_what_an_area_lies_in() -> None:
    assert depths(AREAS).to_dict() == {
        **dict.fromkeys(("SR01", "SR02", "SR03", "SR99"), 1),
        **dict.fromkeys(("SR01a", "SR01b"), 2),
        "stadtganz": 0,
    }


def test_peers_are_todays_areas_of_one_level_whatever_their_parents() -> None:
    assert peers(AREAS, "SR02") == ("SR01", "SR02", "SR03")
    assert peers(AREAS, "SR01a") == ("SR01a", "SR01b")
    split = AREAS.assign(parent_id=AREAS["parent_id"].replace({"stadtganz": "west"}))
    split.loc[2, "parent_id"] = "ost"
    both = pd.concat(
        [pd.DataFrame({"area_id": ["ost", "west"], "parent_id": pd.NA}), split], ignore_index=True
    )
    assert set(peers(both, "SR02")) == {"SR01", "SR02", "SR03"}


def test_without_parents_all_areas_are_of_one_level() -> None:
    flat = AREAS[["area_id"]]
    assert peers(flat, "SR01") == tuple(AREAS["area_id"])
    assert set(depths(flat)) == {0}


def test_parents_in_a_circle_end() -> None:
    circle = pd.DataFrame({"area_id": ["A", "B"], "parent_id": ["B", "A"]})
    assert depths(circle).to_dict() == {"A": 1, "B": 1}


def test_the_table_stays_as_it_was() -> None:
    before = AREAS.copy()
    peers(AREAS, "SR01")
    pd.testing.assert_frame_equal(AREAS, before)
