"""The house style of the figures: colours, German axes, labels at the ends of lines."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evaltools.release import wording

# Okabe & Ito's palette, darkened where text of that colour would be hard to read; told apart
# with every common colour vision, and in grey by line style.
BLUE, ORANGE, GREEN, GREY, PURPLE = "#0072B2", "#C04F00", "#00795A", "#6B6B6B", "#A0477F"
STYLES = (
    (BLUE, "-", "o"),
    (GREY, "--", "s"),
    (ORANGE, ":", "^"),
    (GREEN, "-.", "D"),
    (PURPLE, (0, (5, 1, 1, 1)), "v"),
)
SIZE = (7.6, 4.0)
STEPS = (1, 2, 5, 10)
LINE = 0.06  # height of a line of text, as a share of the axis
WIDEST = 22  # characters of a name before it is broken
SETTINGS: Any = {
    "svg.hashsalt": "evaltools",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.parse_math": False,  # a name with a dollar sign is a name
    "axes.titleweight": "normal",
    "axes.edgecolor": "#555555",
    "grid.color": "#e2e2e2",
}


def blank(height: float = SIZE[1]) -> tuple[Canvas, Axes]:
    """Make an empty figure in the house style, with its axes."""
    with mpl.rc_context(sns.axes_style("whitegrid") | SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], height), layout="constrained")
        axes = canvas.add_subplot()
    sns.despine(fig=canvas)
    axes.grid(axis="x", visible=False)
    return canvas, axes


def period_axis(axes: Axes, periods: list[str], start: str) -> None:
    """Label the periods, and mark the start where it lies within them."""
    step = max(1, round(len(periods) / 8))
    axes.set_xticks(range(0, len(periods), step), [str(p) for p in periods[::step]])
    if start and start in periods and periods.index(start) > 0:
        place = periods.index(start) - 0.5
        axes.axvline(place, color="#555555", lw=1)
        axes.annotate(
            f"Beginn {start}",
            (place, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -2),
            textcoords="offset points",
            va="top",
            color="#333333",
            fontsize=9,
        )


def value_axis(axes: Axes, values: pd.Series, unit: str) -> None:
    """Start the value axis at zero; without a value above zero it ends at one."""
    highest = float(values.max())
    axes.set_ylim(bottom=0, top=highest * 1.12 if highest > 0 else 1)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=STEPS))
    ticks = axes.get_yticks()
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value, digits)))
    axes.set_title(unit, loc="left", y=1.0, fontsize=10, color="#333333")
    if values.isna().all():
        axes.text(
            0.5, 0.5, "keine Werte, die sich zeigen lassen", transform=axes.transAxes, ha="center"
        )


def change_axis(axes: Axes, label: str) -> None:
    """Show changes in whole per cent around a line at zero."""
    axes.axvline(0, color="#555555", lw=1)
    axes.set(xlabel=label, ylabel="", yticks=[])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    lack = max(0.0, 10 - (high - low)) / 2
    axes.set_xlim(low - lack, high + lack)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value)))


def wrapped(name: str) -> str:
    """Break a long name into lines; what is broken already stays so."""
    return name if "\n" in name else textwrap.fill(name, WIDEST, break_long_words=False)


def end_labels(axes: Axes, ends: list[tuple[float, str, str]], n_periods: float) -> None:
    """Write each line's name at its end, moved apart where they would overlap.

    Parameters
    ----------
    axes : Axes
        With its value axis set.
    ends : list of tuple
        Last value, name and colour of each line.
    n_periods : float
        Length of the period axis; labels stand beside its last whole place.
    """
    low, high = axes.get_ylim()
    ordered = sorted((value, wrapped(label), color) for value, label, color in ends)
    heights = [(high - low) * LINE * (1.15 + label.count("\n")) for _, label, _ in ordered]
    places = _apart([value for value, _, _ in ordered], heights, low)
    for place, (_, label, color) in zip(places, ordered, strict=True):
        axes.annotate(
            label,
            (n_periods - 1, place),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=color,
            fontsize=9.5,
            annotation_clip=False,
        )


def _apart(values: list[float], heights: list[float], low: float) -> list[float]:
    """Move labels apart: those that touch form a block around the mean of their values."""
    blocks: list[tuple[float, list[int]]] = []  # lower edge of a block, and who is in it
    for index, value in enumerate(values):
        blocks.append((max(low, value - heights[index] / 2), [index]))
        while len(blocks) > 1 and _top(blocks[-2], heights) > blocks[-1][0]:
            members = [*blocks[-2][1], *blocks[-1][1]]
            middle = sum(values[member] for member in members) / len(members)
            edge = max(low, middle - sum(heights[member] for member in members) / 2)
            blocks[-2:] = [(edge, members)]
    places = []
    for edge, members in blocks:
        for member in members:
            places.append(edge + heights[member] / 2)
            edge += heights[member]
    return places


def _top(block: tuple[float, list[int]], heights: list[float]) -> float:
    return block[0] + sum(heights[member] for member in block[1])
