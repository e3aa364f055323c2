"""Frozen results: derived figures by hand, one tidy row each."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from evaltools.effects.results import Change, Claim, Effect, PreTrend


def effect(**changed: object) -> Effect:
    """A plain effect of 20 % less with the second rank of 16, to be changed where it matters."""
    fields: dict[str, object] = {
        "method": "m",
        "measure": "inanspruchnahme",
        "area": "SR04",
        "estimate": 0.8,
        "error": 0.05,
        "low": 0.7,
        "high": 0.9,
        "level": 0.9,
        "rank": 2,
        "n": 16,
        "dispersion": 2.0,
        "placebos": pd.DataFrame({"area_id": ["SR04"], "estimate": [0.8], "studentised": [-4.5]}),
        "series": pd.DataFrame({"period": ["2018"], "observed": [1], "counterfactual": [2]}),
        "changes": {"own": Change("SR04", 10, 8, 100, 100)},
        "pre_trend": PreTrend(1.01, 4, 16),
        "n_periods": 10,
        "n_before": 5,
        "start": "2018",
        "left_out_areas": {},
        "left_out_periods": (),
    }
    return Effect(**(fields | changed))  # type: ignore[arg-type]


def test_change_is_sum_over_sum() -> None:
    found = Change("Stadt", 30, 20, 1500, 500)
    assert (found.before, found.after, found.ratio) == (0.02, 0.04, 2.0)


def test_change_from_nothing_has_no_ratio() -> None:
    assert math.isnan(Change("Stadt", 0, 20, 100, 100).ratio)


def test_change_does_not_depend_on_the_unit_of_the_base() -> None:
    assert Change("x", 3, 2, 7, 5).ratio == pytest.approx(Change("x", 3, 2, 7000, 5000).ratio)


def test_p_is_the_rank_among_all_and_its_floor_one_of_them() -> None:
    found = effect()
    assert (found.p, found.p_floor, found.pre_trend.p) == (2 / 16, 1 / 16, 4 / 16)


def test_effect_is_one_tidy_row_of_unrounded_scalars() -> None:
    row = effect().row()
    assert len(row) == 1
    assert row.loc[0, ["estimate", "low", "high", "p", "p_floor", "pre_trend_p"]].tolist() == [
        *(0.8, 0.7, 0.9),
        *(0.125, 0.0625, 0.25),
    ]
    assert not {"placebos", "series", "changes"} & set(row)


@pytest.mark.parametrize("made", [effect(), None], ids=["with effect", "without"])
def test_claim_is_one_tidy_row(made: Effect | None) -> None:
    claim = Claim(2, "Weniger", "unklar", "darum", "keine", made, ("hze_count: ended", "area"))
    row = claim.row()
    assert row.columns.tolist() == ["number", "title", "verdict", "reason", "evidence", "missing"]
    assert row.loc[0, "missing"] == "hze_count: ended; area"


def test_rows_leave_the_results_as_they_were() -> None:
    found = effect()
    before = found.placebos.copy(deep=True)
    row = found.row()
    row["estimate"] = 0.0
    claim = Claim(2, "Weniger", "unklar", "darum", "keine", found)
    claim.row()
    assert found.estimate == 0.8
    assert claim.effect is found
    pd.testing.assert_frame_equal(found.placebos, before)


@pytest.mark.parametrize("made", [effect(), PreTrend(1.0, 1, 2), Change("x", 1, 1, 1, 1)])
def test_results_are_frozen(made: object) -> None:
    name = dataclasses.fields(made)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, name, 1)
