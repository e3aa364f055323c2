"""What Musterstadt built: the story told in truth.yml is in the data and is found."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from evaltools.data import demo
from evaltools.data.schema_framework import FRAMEWORK
from evaltools.data.validate import check, check_foreign
from evaltools.measures import budget, implementation, offers, teams

RAW = Path(__file__).parent.parent / "data" / "raw" / "demo"
LAST = 2024
MODELS = ("SR04", "SR10", "SR14")


@pytest.fixture(scope="module")
def city() -> demo.City:
    return demo.simulate()


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((RAW / "truth.yml").read_text("utf-8"))["framework"]
    return found


@pytest.mark.parametrize("table", FRAMEWORK, ids=lambda table: table.name)
def test_every_table_of_the_framework_is_delivered_and_holds(city: demo.City, table) -> None:  # type: ignore[no-untyped-def]
    frame = city.tables[table.name]
    assert len(frame)
    assert check(frame, table, source_id="demo") == []
    assert check_foreign(frame, table, city.tables, source_id="demo") == []


def test_one_centre_is_understaffed(city: demo.City, told: dict[str, object]) -> None:
    found = pd.concat(teams.kifaz(city.tables["kifaz"], area) for area in MODELS)
    below = found.loc[found["verdict"] == teams.BELOW, "kifaz_id"]
    assert sorted(set(below)) == told["understaffed_kifaz"]


def test_one_grant_pays_a_regular_task(city: demo.City, told: dict[str, object]) -> None:
    table = city.tables["action_budget"]
    found = pd.concat(budget.regular_tasks(table, area).flagged for area in MODELS)
    assert found["application_id"].tolist() == told["regular_task"]


def test_two_offers_are_parallel_and_no_others(city: demo.City, told: dict[str, object]) -> None:
    table = city.tables["offer"]
    areas = sorted(set(table["area_id"]))
    found = {area: offers.parallel(table, area, LAST) for area in areas}
    pairs = {area: sorted(rows["provider_id"]) for area, rows in found.items() if len(rows)}
    expected = told["parallel_offers"]
    assert isinstance(expected, dict)
    assert pairs == {expected["area"]: expected["providers"]}


def test_elements_that_were_not_reached(city: demo.City, told: dict[str, object]) -> None:
    found = {
        area: [
            name
            for name in implementation.dose(city.tables, area, LAST).missing
            if name != "versaeulungsanalyse"
        ]
        for area in MODELS
    }
    assert found == told["not_reached"]


def test_what_was_built_does_not_hang_on_the_helps(city: demo.City) -> None:
    other = demo.simulate(effect=0.0, shift=0.0, surge=0.0)
    for name in ("cooperation", "family_acceptance", "action_budget"):
        assert city.tables[name].equals(other.tables[name])
