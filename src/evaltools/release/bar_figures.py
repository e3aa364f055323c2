"""Lying bars side by side, told apart by hatch as well as colour, each with its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evaltools.release import wording
from evaltools.release.axes import BLUE, STEPS, blank

BAR: Any = {"edgecolor": "#333333", "linewidth": 0.8}
LEGEND: Any = {"loc": "outside upper left", "frameon": False, "fontsize": 9, "ncols": 4}
LOOKS: Sequence[Mapping[str, Any]] = (
    {"facecolor": "white", "hatch": "////"},
    {"facecolor": BLUE},
    {"facecolor": "#CFE8DF", "hatch": "...."},
)
UNKNOWN = "k. A."
EDGE, GAP, THICK = 1.3, 0.2, 0.2  # inches: around the bars, between groups, a bar


@dataclass(frozen=True)
class Bars:
    """One series: its name, its values by key (NA where unknown) and how its bars look."""

    label: str
    values: pd.Series
    look: Mapping[str, Any]


def draw(series: Sequence[Bars], labels: Mapping[str, str]) -> Canvas:
    """Draw a group of bars for each key, in the order of the labels.

    Parameters
    ----------
    series : sequence of Bars
        With the same keys.
    labels : mapping of str to str
        Key → what stands beside its bars.
    """
    n = len(series)
    canvas, axes = blank(EDGE + (GAP + THICK * n) * len(labels))
    height = 0.8 / n
    for number, bars in enumerate(series):
        values = bars.values.reindex(list(labels)).astype(float)
        places = np.arange(len(labels)) + (number - (n - 1) / 2) * height
        axes.barh(places, values.fillna(0), height * 0.92, **BAR, **bars.look)
        for place, value in zip(places, values, strict=True):
            _number(axes, float(place), float(value))
    axes.set_yticks(range(len(labels)), list(labels.values()))
    axes.set_ylim(len(labels) - 0.45, -0.55)
    _scale(axes, pd.concat([bars.values for bars in series]))
    handles = [Patch(label=bars.label, **BAR, **bars.look) for bars in series]
    canvas.legend(handles=handles, **LEGEND)
    return canvas


def words(series: Sequence[Bars], labels: Mapping[str, str]) -> str:
    """Say every number of such a figure, group by group."""
    said = []
    known = {bars.label: bars.values.astype(float) for bars in series}
    for key, label in labels.items():
        parts = [f"{name} {_said(values.get(key, np.nan))}" for name, values in known.items()]
        said.append(f"{label}: {', '.join(parts)}")
    return f"{'; '.join(said)}."


def largest(bars: Bars, labels: Mapping[str, str]) -> str:
    """Name what is largest, with its number; nothing where no value is above zero."""
    known = bars.values.dropna().astype(float)
    first = known[(known == known.max()) & (known > 0)]
    if first.empty:
        return ""
    names = wording.listing([label for key, label in labels.items() if key in first.index])
    return f"{names} ({wording.number(float(first.iloc[0]))})"


def _said(value: float) -> str:
    return wording.number(value) if np.isfinite(value) else UNKNOWN


def _number(axes: Axes, place: float, value: float) -> None:
    axes.annotate(
        _said(value),
        (value if np.isfinite(value) else 0, place),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color="#333333",
    )


def _scale(axes: Axes, values: pd.Series) -> None:
    """Let the value axis begin at zero, with room for the numbers."""
    highest = float(values.astype(float).max())
    axes.set_xlim(0, highest * 1.14 if highest > 0 else 1)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value)))
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
