"""Figures of the appendix: released only, readable words, every choice drawn, no crash at edges."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import ReleaseError
from evaltools.german import MINUS, NBSP
from evaltools.release import axes, method_figures
from evaltools.release.disclosure import Count, Released, release
from evaltools.release.estimates import LEFT_OUT
from evaltools.release.figures import Figure
from release_samples import RULES

YEARS = [str(year) for year in range(2012, 2022)]
NAME = "Südöstliche Königswälder Höhe"
DESIGNS = ("Poisson-DiD", "Synthetische DiD", "Synthetische Kontrolle")


def _event(ratio: list[float], counts: list[int] | None = None, **options: Any) -> Figure:
    n = len(ratio)
    frame = pd.DataFrame({"period": YEARS[:n], "ratio": ratio, "low": 0.8, "high": 1.25})
    frame["count"] = counts or [50] * n
    frame.loc[frame["ratio"].isna(), ["low", "high", "count"]] = np.nan
    frame["reason"] = np.where(frame["ratio"].isna(), LEFT_OUT, "")
    shown = ("period", "low", "high")
    handed = release(frame, RULES, counts={"count": Count(("ratio",))}, public=shown)
    options = {"caption": "Zeitraum für Zeitraum.", "name": NAME, "start": "2018"} | options
    return method_figures.event_study(handed, **options)


def _choices(n: int = 6, high: float = 1.1) -> pd.DataFrame:
    frame = pd.DataFrame({"design": [DESIGNS[i % 3] for i in range(n)]})
    frame["outcome"] = ["Quote" if i % 2 == 0 else "Dichte" for i in range(n)]
    frame["comparison"] = "wie festgelegt"
    frame["periods"] = ["wie festgelegt" if i < 3 else "mit Auswahljahr" for i in range(n)]
    frame["base"] = "jährlich"
    frame["estimate"] = np.linspace(0.75, 1.05, n)[::-1]
    frame = frame.assign(low=frame["estimate"] - 0.1, high=frame["estimate"] * high)
    return frame.assign(primary=[i == 2 for i in range(n)])


def _public(frame: pd.DataFrame) -> Released:
    return release(frame, RULES, counts={}, public=tuple(map(str, frame.columns)))


def _curve(frame: pd.DataFrame) -> Figure:
    return method_figures.specification_curve(_public(frame), caption="Alle Festlegungen.")


def _markers(svg: str, color: str) -> int:
    return len(re.findall(rf'<use [^>]*style="fill: {color}', svg, re.I))


def test_only_released_frames_are_taken() -> None:
    with pytest.raises(ReleaseError, match="Released"):
        method_figures.event_study(pd.DataFrame(), caption="", name="", start="")  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match="Released"):
        method_figures.specification_curve(_choices(), caption="")  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match="high"):
        _curve(_choices().drop(columns="high"))


def test_same_data_give_the_same_bytes() -> None:
    for draw in (lambda: _event([1.0] * 10), lambda: _curve(_choices())):
        assert draw() == draw()


def test_event_words_tell_every_period_and_what_lies_outside() -> None:
    ratio = [1.0, 1.3, 0.9, 1.0, 1.0, math.nan, 0.7, 0.75, 0.85, 0.6]
    alt = _event(ratio).alt
    assert alt.startswith("Abweichung vom Verlauf der übrigen Räume (Prozent).")
    assert f"{NAME}, Beginn 2018." in alt
    assert f"2013: +30{NBSP}%; 2014: {MINUS}10{NBSP}%" in alt
    assert "2017:" not in alt
    assert "1 von 5 Zeiträumen davor und 3 von 4 danach" in alt
    assert (
        _event(ratio).title == f"{NAME}: 3 von 4 Zeiträumen danach außerhalb des üblichen Bereichs"
    )
    assert _event(ratio).caption == "Zeitraum für Zeitraum. Quelle: Musterstadt."


def test_small_period_is_a_gap_in_picture_and_words() -> None:
    figure = _event([1.1] * 10, counts=[50, 2, *[50] * 8])
    assert _markers(figure.svg, axes.BLUE) == 9
    assert "2013:" not in figure.alt
    lines = re.findall(rf'd="([^"]*)"[^>]*style="[^"]*stroke: {axes.BLUE}', figure.svg, re.I)
    assert max(line.count("M ") for line in lines) == 2


def test_curve_words_tell_the_place_of_the_primary_estimate() -> None:
    alt = _curve(_choices()).alt
    assert alt.startswith(f"6 Schätzungen, {MINUS}25{NBSP}% bis +5{NBSP}%.")
    assert _curve(_choices()).title == f"6 Schätzungen: {MINUS}25{NBSP}% bis +5{NBSP}%"
    assert f"mit {MINUS}7{NBSP}% (Intervall {MINUS}17{NBSP}% bis +2{NBSP}%) an Stelle 4" in alt
    assert alt.index("Poisson-DiD:") < alt.index("Synthetische DiD:")
    assert f"Poisson-DiD: {MINUS}13{NBSP}% bis +5{NBSP}%" in alt


def test_curve_tells_designs_apart_by_marker_and_colour() -> None:
    figure = _curve(_choices())
    for _, color in method_figures.MARKERS[:3]:
        assert _markers(figure.svg, color) >= 2
    assert _markers(figure.svg, axes.BLUE) == 2  # the primary estimate and its legend
    shapes = {marker for marker, _ in method_figures.MARKERS}
    assert len(shapes) == len(method_figures.MARKERS)


def test_only_choices_that_differ_are_listed() -> None:
    rows = [label for _, label, _ in method_figures._choices(_choices())]
    assert rows == ["Quote", "Dichte", "Zeiträume wie festgelegt", "Zeiträume mit Auswahljahr"]
    alone = _choices().assign(outcome="Quote", periods="wie festgelegt")
    assert method_figures._choices(alone) == []


def test_each_choice_stands_under_its_estimate() -> None:
    frame = _choices()
    held = {label: kept for _, label, kept in method_figures._choices(frame)}
    assert held["Dichte"] == list(frame["outcome"] == "Dichte")
    assert [a or b for a, b in zip(held["Quote"], held["Dichte"], strict=True)] == [True] * 6


def test_missing_interval_is_explained() -> None:
    open_ = _choices()
    open_.loc[0, ["low", "high"]] = [0.0, math.inf]
    assert method_figures.OPEN in _curve(open_).caption
    assert method_figures.OPEN not in _curve(_choices()).caption


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "ratio",
    [
        [1.0],
        [1.0] * 10,
        [math.nan] * 10,
        [math.nan, *[0.5] * 9],
        [0.01, 9.0],
        [*[1.0] * 9, math.nan],
    ],
)
def test_event_study_stands_at_the_edges(ratio: list[float]) -> None:
    figure = _event(ratio)
    ET.fromstring(figure.svg)
    assert "nan" not in figure.alt
    assert ("keine Werte" in figure.alt) == all(map(math.isnan, ratio))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [3, 6, 200])
@pytest.mark.parametrize("high", [1.0, 1.1, 40.0, math.inf])
def test_specification_curve_stands_at_the_edges(n: int, high: float) -> None:
    figure = _curve(_choices(n, high))
    ET.fromstring(figure.svg)
    assert "nan" not in figure.alt
    ET.fromstring(_curve(_choices(n, high).assign(outcome="Quote", periods="alle")).svg)
