"""Lying bars: each number at its bar, unknown is no zero, ties are both named."""

from __future__ import annotations

import pandas as pd

from evaltools.release import bar_figures
from evaltools.release.bar_figures import LOOKS, Bars

LABELS = {"b": "Bürger", "a": "Ämter"}


def _series(*values: float | None) -> Bars:
    return Bars("2020", pd.Series(values, index=["a", "b"], dtype="Float64"), LOOKS[0])


def test_words_follow_the_labels_and_say_what_is_unknown() -> None:
    assert bar_figures.words([_series(1234, None)], LABELS) == (
        "Bürger: 2020 k. A.; Ämter: 2020 1.234."
    )


def test_the_largest_are_named_together() -> None:
    assert bar_figures.largest(_series(5, 5), LABELS) == "Bürger und Ämter (5)"
    assert bar_figures.largest(_series(5, None), LABELS) == "Ämter (5)"
    assert bar_figures.largest(_series(0, 0), LABELS) == ""
    assert bar_figures.largest(_series(None, None), LABELS) == ""


def test_bars_stand_in_the_order_of_the_labels_with_their_numbers() -> None:
    axes = bar_figures.draw([_series(30, None), _series(10, 20)], LABELS).axes[0]
    assert [text.get_text() for text in axes.texts] == ["k. A.", "30", "20", "10"]
    assert [bar.get_width() for bar in axes.patches] == [0, 30, 20, 10]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Bürger", "Ämter"]
    low, high = axes.get_xlim()
    assert low == 0 and high > 30


def test_nothing_known_is_drawn_too() -> None:
    axes = bar_figures.draw([_series(None, None)], LABELS).axes[0]
    assert axes.get_xlim() == (0, 1)


def test_series_differ_by_hatch_as_well_as_by_colour() -> None:
    assert len({look.get("hatch") for look in LOOKS}) == len(LOOKS)
