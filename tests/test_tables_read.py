"""Tables that know who takes them out: a mapping like any other, with a record beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evaltools.data import reads
from evaltools.data.reads import Read
from evaltools.data.tables import Tables

AREA = pd.DataFrame({"area_id": ["A", "B", "C"]})
COUNTS = pd.DataFrame({"area_id": ["A", "B", "A", "C"], "started": [1, 2, 3, 4]})


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Path]:
    reads.listen(tmp_path / "reads")
    yield tmp_path / "reads"
    reads.stop()


def tables() -> Tables:
    return Tables({"area": AREA, "hze_count": COUNTS})


def test_to_ask_for_names_notes_nothing(record: Path) -> None:
    made = tables()
    assert "area" in made
    assert "offer" not in made
    assert (list(made), len(made), made.get("offer")) == (["area", "hze_count"], 2, None)
    with pytest.raises(KeyError):
        made["offer"]
    made.only(["A"]).unread()
    assert reads.parse(record) == ()


def test_what_is_taken_out_is_noted(record: Path) -> None:
    made = tables()
    assert made["area"] is AREA
    assert reads.parse(record) == (Read("area"),)
    assert {**made, "offer": AREA}.keys() == {"area", "hze_count", "offer"}
    assert reads.parse(record) == (Read("area"), Read("hze_count"))


def test_narrowed_counts_are_noted_with_their_areas(record: Path) -> None:
    made = tables().only({"C", "A"})
    wanted = pd.DataFrame({"area_id": ["A", "A", "C"], "started": [1, 3, 4]})
    assert_frame_equal(made["hze_count"], wanted)
    assert reads.parse(record) == (Read("hze_count", ("A", "C")),)
    assert_frame_equal(made["area"], AREA)
    assert reads.parse(record) == (Read("area"), Read("hze_count", ("A", "C")))


def test_narrowing_twice_leaves_what_is_in_both(record: Path) -> None:
    made = tables().only(["A", "B"]).only(["B", "C"])
    assert list(made["hze_count"]["started"]) == [2]
    assert reads.parse(record) == (Read("hze_count", ("B",)),)


def test_narrowing_changes_nothing_of_the_given() -> None:
    before, made = COUNTS.copy(), tables()
    made.only(["A"])
    assert_frame_equal(COUNTS, before)
    assert_frame_equal(made["hze_count"], before)


def test_the_plan_sees_the_whole_city_also_through_narrowed_tables() -> None:
    assert_frame_equal(tables().only(["A"]).unread()["hze_count"], COUNTS)


def test_the_folder_for_results_is_handed_on(tmp_path: Path) -> None:
    assert Tables({"area": AREA}, kept=tmp_path).only(["A"]).kept == tmp_path
    assert tables().only(["A"]).kept is None
