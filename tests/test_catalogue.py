"""The declared indicators: names, sources, and refusals."""

from __future__ import annotations

import dataclasses

import pytest

from evaltools.data.schema import TABLES
from evaltools.errors import DesignError
from evaltools.measures.catalogue import INDICATORS, Pick, indicator
from evaltools.study import Outcomes

COUNT = TABLES["hze_count"]


@pytest.mark.parametrize("name", INDICATORS)
def test_indicator_is_found_by_its_name(name: str) -> None:
    assert indicator(name).name == name


def test_unknown_indicator_is_refused_with_the_known_names() -> None:
    with pytest.raises(
        DesignError, match=r"unknown indicator 'hze_quote'; permitted: .*hze_dichte"
    ):
        indicator("hze_quote")


@pytest.mark.parametrize("name", INDICATORS)
def test_indicator_says_what_it_is(name: str) -> None:
    item = INDICATORS[name]
    assert all((item.label, item.unit, item.formula, item.source))
    assert item.per in (1, 100, 10_000)
    said = {"Prozent": "100", "Euro": "1", "Punkte je Hilfe": "1", "je Vollzeitstelle": "1"}
    assert str(int(item.per)) in said.get(item.unit, item.unit.replace(".", ""))


@pytest.mark.parametrize("name", INDICATORS)
def test_indicator_picks_only_cells_that_the_schema_knows(name: str) -> None:
    item = INDICATORS[name]
    for what in (item.numerator, item.denominator):
        if what is None:
            continue
        assert set(what.measures) <= set(COUNT.names)
        for paragraph, form in what.cells:
            assert paragraph in ("*", *COUNT.column("paragraph").codes)
            assert form in ("*", *COUNT.column("form").codes)
        assert set(what.without) <= set(COUNT.column("paragraph").codes)


def test_cases_and_young_people_are_never_mixed() -> None:
    for item in INDICATORS.values():
        used = {
            name for what in (item.numerator, item.denominator) if what for name in what.measures
        }
        assert used == {"young_people"} or "young_people" not in used


@pytest.mark.parametrize("name", INDICATORS)
def test_base_is_a_table_and_a_role_that_the_schema_knows(name: str) -> None:
    item = INDICATORS[name]
    assert item.base in TABLES
    assert (item.base == "staffing") == bool(item.role)
    assert item.role in ("", *TABLES["staffing"].column("role").codes)
    assert (item.base == "hze_count") == (item.denominator is not None)


def test_weighted_indicator_divides_by_the_very_helps_it_weighs() -> None:
    weighted = [item for item in INDICATORS.values() if item.weighted]
    assert [item.name for item in weighted] == ["intensitaet"]
    for item in weighted:
        assert item.denominator == item.numerator
        assert len(item.numerator.measures) == 1
        assert {form for _, form in item.numerator.cells} == set(Outcomes().weights)


def test_pick_knows_when_everything_is_meant() -> None:
    assert Pick(("ended",)).is_total
    assert not Pick(("ended",), without=("28",)).is_total
    assert not Pick(("ended",), (("33", "*"),)).is_total


def test_rows_of_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        INDICATORS["zugangsquote"].per = 1  # type: ignore[misc]
