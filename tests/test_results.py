"""Frozen results: derived figures by hand, one tidy row each."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from evaltools.effects.results import CheckResult, Effect, PreTrend
from evaltools.evaluation.claims import Claim
from evaltools.measures.change import Change


def effect(**changed: object) -> Effect:
    """A plain effect of 20 % less with the second rank of 16, to be changed where it matters."""
    fields: dict[str, object] = {
        "method": "m",
        "measure": "inanspruchnahme",
        "area": "SR04",
        "start": "2018",
        "estimate": 0.8,
        "low": 0.7,
        "high": 0.9,
        "level": 0.9,
        "origin": "o",
        "rank": 2,
        "n": 16,
        "n_areas": 16,
        "n_periods": 10,
        "n_before": 5,
        "placebos": pd.DataFrame({"area_id": ["SR04"], "estimate": [0.8], "studentised": [-4.5]}),
        "series": pd.DataFrame({"period": ["2018"], "observed": [1], "counterfactual": [2]}),
        "source": "s",
        "changes": {"own": Change("SR04", 10, 8, 100, 100)},
        "pre_trend": PreTrend(1.01, 4, 16),
    }
    return Effect(**(fields | changed))  # type: ignore[arg-type]


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
    assert not {"placebos", "series", "changes", "pre_trend", "weights"} & set(row)
    assert row.loc[0, "scale"] == "ratio"


def test_row_without_a_pre_trend_lacks_its_p_value_alone() -> None:
    bare = set(effect(pre_trend=None).row())
    assert set(effect().row()) - bare == {"pre_trend_p"}
    assert bare <= set(effect().row())


@pytest.mark.parametrize("passed", [True, False, None])
def test_check_is_one_tidy_row(passed: bool | None) -> None:
    row = CheckResult("bevoelkerung", passed, 0.25, "Die Bevölkerung springt nicht.").row()
    assert row.columns.tolist() == ["name", "passed", "figure", "sentence"]
    expected = ["bevoelkerung", passed, 0.25, "Die Bevölkerung springt nicht."]
    assert row.iloc[0].tolist() == expected


def test_checks_with_any_outcome_make_one_table() -> None:
    rows = [CheckResult("a", passed, math.nan, "s").row() for passed in (True, False, None)]
    assert pd.concat(rows)["passed"].tolist() == [True, False, None]


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


@pytest.mark.parametrize("made", [effect(), PreTrend(1.0, 1, 2), CheckResult("a", True, 1.0, "s")])
def test_results_are_frozen(made: object) -> None:
    name = dataclasses.fields(made)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, name, 1)
