"""Exchanged labels and drawn clusters: exact where few, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.measures import permutation


def test_every_different_order_once() -> None:
    orders = [tuple(order) for order in permutation._each(np.array([1, 0, 1, 2]))]
    assert len(orders) == len(set(orders)) == permutation.assignments(np.array([1, 0, 1, 2])) == 12
    assert orders == sorted(orders)


def test_labels_are_left_as_they_were() -> None:
    labels = np.array([2, 0, 1])
    permutation.two_sided(lambda one: float(one[0]), labels, 1.0, draws=9, seed=1)
    assert labels.tolist() == [2, 0, 1]


def test_exact_p_by_hand() -> None:
    # the first label is 0, 1 or 2 equally often; 0 and 2 lie one from the centre
    p = permutation.two_sided(lambda one: float(one[0]), np.array([2, 0, 1]), 1.0, draws=9, seed=1)
    assert p == pytest.approx(2 / 3)


def test_drawn_p_is_never_zero_and_follows_the_seed() -> None:
    labels = np.repeat([0, 1], 12)
    half = [
        permutation.two_sided(lambda one: float(one[:12].sum()), labels, 6.0, draws=99, seed=seed)
        for seed in (1, 1)
    ]
    assert half == [0.01, 0.01]


def test_ratio_of_drawn_sums_weighs_large_clusters_more() -> None:
    random = np.random.default_rng(3)
    drawn = permutation.ratios(np.array([9.0, 0.0]), np.array([9.0, 1.0]), draws=500, random=random)
    assert set(np.round(drawn, 6)) == {0.0, 0.9, 1.0}


def test_interval_of_few_clusters_is_wider_than_plain_percentiles() -> None:
    values = np.random.default_rng(4).normal(size=4000)
    plain = np.quantile(values, [0.025, 0.975])
    few, many = (permutation.percentiles(values, n, 0.95) for n in (5, 4000))
    assert few[0] < plain[0] < plain[1] < few[1]
    assert many == pytest.approx(tuple(plain), abs=0.02)
