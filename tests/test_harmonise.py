from __future__ import annotations

import pandas as pd

from evaltools.data.harmonise import circles, harmonise, merged, successors
from evaltools.data.schema import TABLES

AREA = pd.DataFrame(
    {"area_id": ["A", "B", "C", "D"], "successor": [pd.NA, "A", "B", pd.NA]}
).astype("string")


def counts(*rows: tuple[str, str, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_id", "period", "started"])
    frame = frame.assign(paragraph="alle", form="alle")
    return frame.astype({"area_id": "string", "period": "string", "started": "Int64"})


def test_chains_of_successors_are_followed_to_their_end() -> None:
    assert successors(AREA) == {"B": "A", "C": "A"}
    assert successors(AREA[["area_id"]]) == {}
    assert circles(AREA) == []


def test_a_circle_is_a_finding_and_not_an_endless_loop() -> None:
    round_trip = pd.DataFrame({"area_id": ["A", "B", "C"], "successor": ["B", "A", "A"]})
    assert successors(round_trip.astype("string")) == {}
    assert [item.value for item in circles(round_trip.astype("string"))] == ["A", "B", "C"]


def test_counts_are_added_and_unknown_stays_unknown() -> None:
    frame = counts(("A", "2019", 5), ("B", "2019", 2), ("C", "2019", 1), ("A", "2020", 5))
    frame = pd.concat([frame, counts(("B", "2020", None), ("D", "2019", 4))], ignore_index=True)
    frame["started_reason"] = pd.Series([None] * 4 + ["c: vertraulich", None], dtype="string")
    before = frame.copy()
    carried, found = harmonise(frame, TABLES["hze_count"], successors(AREA))
    values = carried.set_index(["area_id", "period"])
    assert values.loc[("A", "2019"), "started"] == 8
    assert pd.isna(values.loc[("A", "2020"), "started"])
    assert values.loc[("A", "2020"), "started_reason"] == "c: vertraulich"
    assert values.loc[("D", "2019"), "started"] == 4
    assert len(values) == 3
    assert [item.value for item in found] == ["B", "C"]
    pd.testing.assert_frame_equal(frame, before)


def test_single_offers_are_moved() -> None:
    offers = pd.DataFrame({"offer_id": ["1", "2"], "area_id": ["C", "D"]}).astype("string")
    carried, _ = harmonise(offers, TABLES["offer"], successors(AREA))
    assert list(carried["area_id"]) == ["A", "D"]


def test_values_that_cannot_be_added_are_left_out_and_said() -> None:
    profile = pd.DataFrame({"area_id": ["A", "B"], "value": [1.0, 2.0]})
    carried, found = harmonise(profile, TABLES["social_profile"], successors(AREA))
    assert list(carried["area_id"]) == ["A"]
    assert "nicht übertragbar" in found[0].message


def test_without_a_dissolved_area_nothing_changes() -> None:
    frame = counts(("A", "2019", 5))
    assert harmonise(frame, TABLES["hze_count"], successors(AREA)) == (frame, [])


# --- areas that a rule set counts together --------------------------------------------------------


def test_merged_areas_go_up_in_the_first_and_others_keep_their_successor() -> None:
    before = AREA.copy()
    found = merged(AREA, {"D": ["A"]})
    assert successors(found) == {"A": "D", "B": "D", "C": "D"}
    assert circles(found) == []
    pd.testing.assert_frame_equal(AREA, before)


def test_merging_needs_no_column_of_successors() -> None:
    assert successors(merged(AREA[["area_id"]], {"A": ["B", "D"]})) == {"B": "A", "D": "A"}


def test_merging_outranks_an_older_successor() -> None:
    assert successors(merged(AREA, {"D": ["B"]}))["B"] == "D"


def test_without_groups_nothing_is_merged() -> None:
    assert merged(AREA, {}) is AREA


def test_merged_areas_that_lead_in_a_circle_are_found() -> None:
    assert [item.value for item in circles(merged(AREA, {"B": ["A"]}))] == ["A", "B", "C"]


def test_counts_of_merged_areas_are_added() -> None:
    frame = counts(("A", "2019", 5), ("D", "2019", 1), ("D", "2020", 2))
    carried, found = harmonise(frame, TABLES["hze_count"], successors(merged(AREA, {"A": ["D"]})))
    values = carried.set_index(["area_id", "period"])["started"]
    assert values.to_dict() == {("A", "2019"): 6, ("A", "2020"): 2}
    assert [item.value for item in found] == ["D"]
