"""The plan of a study's counts: what it says, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from city_samples import MODEL, city, study, tables
from evaltools.errors import ReleaseError
from evaltools.measures.catalogue import Pick
from evaltools.measures.sums import Sum
from evaltools.release import plans, protection, registry
from evaltools.release.plan import Plan, from_json, to_json
from evaltools.study import Workspace

SHOWN, SMALL, BESIDE = (
    Sum((MODEL,), (str(year),), Pick(("ended",))) for year in (2014, 2015, 2016)
)
MADE = Plan(
    states={SHOWN.key: "shown", SMALL.key: "primary", BESIDE.key: "secondary"},
    values={SHOWN.key: 61.0},
    intervals={SMALL.key: (1.0, 9.0), BESIDE.key: (1.0, float("inf"))},
    labels={SMALL.key: "SR01, 2015: beendet"},
    rests={"SR01 | a": (SHOWN.key,), "SR01 | b": (SHOWN.key, BESIDE.key)},
    series={"SR01": (SHOWN.key,), "SR02": (SMALL.key,)},
    narrowest=8.0,
    set_aside=(BESIDE.key,),
)


def space(root: Path, **changed: object) -> Workspace:
    return Workspace("muster", root, study(**changed), "0" * 64)


# --- what a plan says -----------------------------------------------------------------------------


def test_a_plan_says_what_is_shown_and_refuses_what_it_does_not_know() -> None:
    assert [MADE.shows(item) for item in (SHOWN, SMALL, BESIDE)] == [True, False, False]
    other = Sum((MODEL,), ("2019",), Pick(("ended",)))
    with pytest.raises(ReleaseError, match=r"SR01 2019 ended .* declare it in release\.published"):
        MADE.shows(other)


def test_an_estimate_needs_all_its_sums_and_an_unknown_one_is_not_shown() -> None:
    assert MADE.rests_on_shown("SR01", "a")
    assert not MADE.rests_on_shown("SR01", "b")
    assert not MADE.rests_on_shown("SR01", "c")
    assert not MADE.rests_on_shown("SR01")


def test_a_series_needs_all_its_periods_and_an_unknown_one_is_not_whole() -> None:
    assert MADE.whole_series("SR01")
    assert not MADE.whole_series("SR02")
    assert not MADE.whole_series("SR03")


def test_where_estimates_are_withheld_none_is_shown() -> None:
    without = Plan(MADE.states, MADE.values, rests=MADE.rests, series=MADE.series, estimates=False)
    assert not without.rests_on_shown("SR01", "a")
    assert not without.whole_series("SR01")


def test_a_plan_is_read_back_as_it_was_written() -> None:
    assert from_json(to_json(MADE)) == MADE
    for text in ("", "[]", "7", "{}", '{"states": {}}', to_json(MADE).replace("states", "state")):
        with pytest.raises((ValueError, TypeError, KeyError)):
            from_json(text)


# --- how it is kept -------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[Sum, float]]:
    """The counts released earlier that each new plan was made with."""
    calls: list[Mapping[Sum, float]] = []

    def plan(_: object, __: object, earlier: Mapping[Sum, float]) -> Plan:
        calls.append(earlier)
        return MADE

    monkeypatch.setattr(protection, "plan", plan)
    return calls


COUNT = city()


def changed(count: pd.DataFrame) -> pd.DataFrame:
    other = count.copy()
    other.loc[0, "ended"] += 1
    return other


def test_a_plan_is_made_once_and_kept(tmp_path: Path, made: list[object]) -> None:
    first, second = (plans.of(space(tmp_path), tables(COUNT)) for _ in range(2))
    assert first == second == MADE
    assert len(made) == 1
    (path,) = (space(tmp_path).processed / "plans").iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_it_is_made_anew_when_what_it_rests_on_changes(tmp_path: Path, made: list[object]) -> None:
    own, given = space(tmp_path), tables(COUNT)
    people = given["population"].assign(n=given["population"]["n"] + 1)
    cases = [
        (own, given),
        (own, tables(changed(COUNT))),
        (own, given | {"population": people}),
        (own, given | {"area": given["area"].iloc[:-1]}),
        (own, {name: table for name, table in given.items() if name != "population"}),
        (space(tmp_path, disclosure={"threshold": 4}), given),
        (own.starting(MODEL, "2018"), given),
    ]
    for number, (where, what) in enumerate(cases, start=1):
        plans.of(where, what)
        assert len(made) == number
    for where, what in cases:
        plans.of(where, what)
    assert len(made) == len(cases)


def test_a_release_makes_it_anew_with_what_was_released(
    tmp_path: Path, made: list[Mapping[Sum, float]]
) -> None:
    own = space(tmp_path)
    plans.of(own, tables(COUNT))
    registry.add(own, day="2026-03-01", by="A", counts={SHOWN: 61.0}, pages={})
    plans.of(own, tables(COUNT))
    assert made == [{}, {SHOWN: 61.0}]


def test_a_damaged_plan_is_made_anew(tmp_path: Path, made: list[object]) -> None:
    own = space(tmp_path)
    plans.of(own, tables(COUNT))
    (path,) = (own.processed / "plans").iterdir()
    for damage in ("", "{}", "[]"):
        path.write_text(damage, encoding="utf-8")
        assert plans.of(own, tables(COUNT)) == MADE
    assert len(made) == 4


def test_the_kept_file_holds_no_hidden_value(tmp_path: Path) -> None:
    kinds = ("28", "31", "34", "35a")
    one = {(MODEL, name, "2015"): (12, int(name == "31")) for name in kinds}
    own = space(tmp_path)
    made = plans.of(own, tables(city(one)))
    hidden = {key for key, state in made.states.items() if state != "shown"}
    assert SMALL.key in hidden
    (path,) = (own.processed / "plans").iterdir()
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert set(kept["values"]) == set(made.states) - hidden
    assert not hidden & set(kept["values"])
    assert {key for key in kept if isinstance(kept[key], dict)} == {
        "states", "values", "intervals", "labels", "rests", "series",
    }  # fmt: skip
    assert from_json(path.read_text(encoding="utf-8")) == made
