"""Which rows a count adds: the same number as `pick`, however the office delivers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.measures.catalogue import EVERY_FORM, LOCAL, VOLUME, Pick
from evaltools.measures.picking import ONLY_TOTAL, pick, picked

MEASURES = ("stock_3112", "ended")
EVERYTHING = Pick(VOLUME)
OWN = Pick(VOLUME, without=LOCAL)
AMBULANT = Pick(VOLUME, (("*", "ambulant"),))
FOSTER = Pick(VOLUME, (("33", "*"), ("34", "*")))
FORMS = Pick(VOLUME, EVERY_FORM)
CELLS = (("28", "beratung", 2, 3), ("31", "ambulant", 10, 20), ("34", "stationaer", 5, 7))


def counts(*rows: tuple[str, str, int | None, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["paragraph", "form", *MEASURES])
    frame = frame.assign(area_id="A", period="2019")
    return frame.astype(dict.fromkeys(MEASURES, "Int64"))


def total(stock: int | None, ended: int | None) -> tuple[str, str, int | None, int | None]:
    return "alle", "alle", stock, ended


DELIVERED = {
    "cells": counts(*CELLS),
    "total only": counts(total(17, 30)),
    "cells and a total that fits": counts(*CELLS, total(17, 30)),
    "cells and a total that does not": counts(*CELLS, total(18, 40)),
    "a total that fits in one measure": counts(*CELLS, total(17, 40)),
    "a total without one measure": counts(*CELLS, total(17, None)),
    "a part without one measure": counts(*CELLS[:2], ("34", "stationaer", 5, None), total(17, 30)),
    "by paragraph only": counts(*((name, "alle", *n) for name, _, *n in CELLS)),
    "by form only": counts(*(("alle", form, *n) for _, form, *n in CELLS)),
    "both margins": counts(
        *((name, "alle", *n) for name, _, *n in CELLS),
        *(("alle", form, *n) for _, form, *n in CELLS),
    ),
    "cells, both margins and a total": counts(
        *CELLS,
        *((name, "alle", *n) for name, _, *n in CELLS),
        *(("alle", form, *n) for _, form, *n in CELLS),
        total(17, 30),
    ),
}


def added(count: pd.DataFrame, what: Pick) -> float:
    """What the picked rows add up to; NaN where one is unknown."""
    parts = [count.loc[picked(count, what, name), name] for name in what.measures]
    if any(part.isna().any() for part in parts):
        return float("nan")
    return float(sum(part.sum() for part in parts))


@pytest.mark.parametrize("way", DELIVERED)
@pytest.mark.parametrize("what", [EVERYTHING, OWN, AMBULANT, FOSTER, FORMS])
def test_picked_rows_add_up_to_what_is_shown(way: str, what: Pick) -> None:
    count = DELIVERED[way]
    before = count.copy()
    (shown,) = pick(count, what)["n"]
    if pd.notna(shown):
        assert added(count, what) == shown
    else:
        rows = [picked(count, what, name).any() for name in what.measures]
        assert np.isnan(added(count, what)) or not any(rows)
    pd.testing.assert_frame_equal(count, before)


@pytest.mark.parametrize(
    ("way", "n"),
    [
        ("cells", 47),
        ("total only", 47),
        ("cells and a total that fits", 47),
        ("cells and a total that does not", 58),
        ("a total that fits in one measure", 57),
        ("a total without one measure", 47),
        ("a part without one measure", 47),
        ("by paragraph only", 47),
        ("by form only", 47),
        ("both margins", 47),
        ("cells, both margins and a total", 47),
    ],
)
def test_all_helps_are_counted_once(way: str, n: int) -> None:
    assert added(DELIVERED[way], EVERYTHING) == n


@pytest.mark.parametrize(
    ("way", "stock", "ended"),
    [
        ("total only", {"alle"}, {"alle"}),
        ("cells and a total that fits", {"28", "31", "34"}, {"28", "31", "34"}),
        ("cells and a total that does not", {"alle"}, {"alle"}),
        ("a total that fits in one measure", {"28", "31", "34"}, {"alle"}),
        ("a part without one measure", {"28", "31", "34"}, {"alle"}),
        ("a total without one measure", {"28", "31", "34"}, {"28", "31", "34"}),
    ],
)
def test_a_total_serves_measure_by_measure_only_where_its_parts_do_not_make_it_up(
    way: str, stock: set[str], ended: set[str]
) -> None:
    """A count stands for the same cells alone and in a sum: else the two would not be tied."""
    count = DELIVERED[way]
    for name, paragraphs in (("stock_3112", stock), ("ended", ended)):
        assert set(count.loc[picked(count, EVERYTHING, name), "paragraph"]) == paragraphs
        if way != "a total without one measure":
            alone = picked(count, Pick((name,)), name)
            pd.testing.assert_series_equal(alone, picked(count, EVERYTHING, name))


@pytest.mark.parametrize(
    ("way", "what", "n"),
    [
        ("cells", OWN, 42),
        ("by paragraph only", OWN, 42),
        ("by paragraph only", FOSTER, 12),
        ("both margins", OWN, 42),
        ("both margins", AMBULANT, 30),
        ("by form only", AMBULANT, 30),
        ("by form only", FORMS, 47),
        ("cells, both margins and a total", AMBULANT, 30),
        ("cells, both margins and a total", OWN, 42),
    ],
)
def test_some_helps_are_counted_once(way: str, what: Pick, n: int) -> None:
    assert added(DELIVERED[way], what) == n
    assert pick(DELIVERED[way], what)["n"].tolist() == [n]


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("total only", OWN),
        ("total only", AMBULANT),
        ("by form only", OWN),
        ("by form only", FOSTER),
        ("by paragraph only", AMBULANT),
        ("by paragraph only", FORMS),
    ],
)
def test_what_was_not_delivered_in_that_detail_picks_no_row(way: str, what: Pick) -> None:
    (found,) = pick(DELIVERED[way], what).itertuples()
    assert pd.isna(found.n)
    assert found.reason == ONLY_TOTAL
    assert not any(picked(DELIVERED[way], what, name).any() for name in what.measures)


def test_each_area_and_period_is_decided_for_itself() -> None:
    first, second = DELIVERED["cells"], DELIVERED["total only"].assign(period="2020")
    third = DELIVERED["cells and a total that does not"].assign(area_id="B")
    count = pd.concat([first, second, third], ignore_index=True)
    rows = count[picked(count, EVERYTHING, "ended")]
    groups = rows.groupby(["area_id", "period"])["ended"].sum()
    assert groups.to_dict() == {("A", "2019"): 30, ("A", "2020"): 30, ("B", "2019"): 40}
