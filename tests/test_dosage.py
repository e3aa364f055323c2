"""Effect against dose: what is set beside what, and when an order of areas says anything."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from evaltools.data import cases, demo
from evaltools.data.harmonise import harmonise, successors
from evaltools.data.schema import TABLES
from evaltools.effects.results import Effect
from evaltools.evaluation.dosage import LEAST, Dosed, dosed, order
from evaltools.study import Study, open_study


@pytest.fixture(scope="module")
def study() -> Study:
    return open_study("demo").study


@pytest.fixture(scope="module")
def found(study: Study) -> tuple[Dosed, ...]:
    city = demo.simulate()
    moved = successors(city.tables["area"])
    tables = {name: harmonise(frame, TABLES[name], moved)[0] for name, frame in city.tables.items()}
    counted = cases.count(tables.pop("hze_case"), period="year", first=2010, last=2024)
    return dosed(tables | {"hze_count": counted}, study, last=2024)


def test_each_model_area_has_its_dose_and_effect(found: tuple[Dosed, ...]) -> None:
    assert [item.area for item in found] == ["SR04", "SR10", "SR14"]
    doses = {item.area: item.last_dose for item in found}
    # eight of nine elements; in SR10 without area team, KiFaZ by 0.9 of 1.5 VZÄ
    assert doses["SR04"] == doses["SR14"] == pytest.approx(8 / 9)
    assert doses["SR10"] == pytest.approx((6 + 0.9 / 1.5) / 9)
    for item in found:
        assert item.effect is not None
        assert item.mean_dose is not None
        assert item.last_dose is not None
        assert item.mean_dose < item.last_dose


def test_without_milestones_there_is_an_effect_and_no_dose(study: Study) -> None:
    assert all(
        (item.mean_dose, item.last_dose) == (None, None)
        for item in dosed({"area": demo.simulate().tables["area"]}, study, last=2024)
    )


def _many(effect: Effect, ratios: tuple[float, ...]) -> tuple[Dosed, ...]:
    return tuple(
        Dosed(f"A{at}", at / 10, at / 10, replace(effect, estimate=ratio))
        for at, ratio in enumerate(ratios)
    )


def test_order_is_exact(found: tuple[Dosed, ...]) -> None:
    effect = found[0].effect
    assert effect is not None
    tested = order(_many(effect, (1.0, 0.9, 0.8, 0.7, 0.6)))
    assert (tested.tau, tested.n) == (pytest.approx(-1.0), 5)
    assert tested.p == pytest.approx(2 / math.factorial(5))
    ratios = (0.7, 0.9, 0.8, 1.0, 0.95)
    tested = order(_many(effect, ratios))

    def concordance(values: tuple[float, ...]) -> int:
        return sum(1 if b > a else -1 for a, b in itertools.combinations(values, 2))

    beyond = [
        abs(concordance(other)) >= abs(concordance(ratios))
        for other in itertools.permutations(ratios)
    ]
    assert tested.tau == pytest.approx(concordance(ratios) / 10)
    assert tested.p == pytest.approx(sum(beyond) / len(beyond))


def test_few_or_tied_areas_have_no_order(found: tuple[Dosed, ...]) -> None:
    effect = found[0].effect
    assert effect is not None
    assert math.isnan(order(found).tau)
    assert order(found).n == 3 < LEAST
    assert math.isnan(order(_many(effect, (1.0, 0.9, 0.8, 0.7, 0.7))).p)
    assert order(()).n == 0
