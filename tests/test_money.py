"""The dominance rule for sums of money."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.release.disclosure import SUPPRESSED, Count, Rule, release
from evaltools.release.money import dominated
from evaltools.studyparts import Dominance

RULE = Dominance(n=2, share=0.85)


@pytest.mark.parametrize(
    ("contributions", "told"),
    [
        ([50, 40, 10], True),  # the two largest make up 90 %
        ([50, 35, 15], False),  # exactly 85 % is permitted
        ([30, 30, 40], False),
        ([100], True),
        ([50, 50], True),  # fewer than three contributors, whatever they add
        ([], False),
        ([0, 0, 0], False),
        ([0, 50, 35, 15, 0], False),  # who adds nothing is no contributor
    ],
)
def test_a_total_is_told_by_its_largest_parts(contributions: list[float], told: bool) -> None:
    assert dominated(contributions, RULE, least=3) is told


def test_order_and_currency_do_not_matter() -> None:
    parts = [120.0, 900.0, 33.5, 4.5]
    assert dominated(parts, RULE, least=3) == dominated(parts[::-1], RULE, least=3)
    assert dominated(parts, RULE, least=3) == dominated([p / 1000 for p in parts], RULE, least=3)


def test_a_dominated_sum_of_money_is_taken_out_with_its_rate() -> None:
    frame = pd.DataFrame(
        {"year": ["2020", "2021"], "eur": [1000.0, 900.0], "per_head": [10.0, 9.0]}
    )
    parts = [[500.0, 400.0, 100.0], [300.0, 300.0, 300.0]]
    counts = {"eur": Count(("per_head",), parts=parts)}
    handed = release(frame, Rule(3, True, "", dominance=RULE), counts=counts, public=("year",))
    assert list(handed.reasons["per_head"]) == [SUPPRESSED, ""]
    assert handed.frame["eur"].isna().tolist() == [True, False]
    office = Rule(3, True, "", dominance=RULE, intern=True)
    shown = release(frame, office, counts=counts, public=("year",)).frame
    assert shown["eur"].tolist() == [1000.0, 900.0]
