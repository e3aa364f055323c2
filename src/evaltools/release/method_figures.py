"""Figures of the method appendix: the event study and the specification curve."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evaltools.release import wording
from evaltools.release.axes import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SETTINGS,
    SIZE,
    STEPS,
    blank,
    end_labels,
    period_axis,
)
from evaltools.release.disclosure import SUPPRESSED, Released
from evaltools.release.estimates import LEFT_OUT
from evaltools.release.figures import PERIOD, Figure, finish, framed, numbers
from evaltools.release.tables import Column

BAND = "#d9d9d9"
UNIT = "Abweichung vom Verlauf der übrigen Räume (Prozent)"
COMPARED = "Abweichung vom Vergleich (Prozent)"
OPEN = "Ohne senkrechten Strich: ohne Intervall gerechnet."
MARKERS = (("o", ORANGE), ("s", GREY), ("^", GREEN), ("v", "#8a8a8a"))
CHOICES = {
    "outcome": "",
    "comparison": "Vergleich ",
    "periods": "Zeiträume ",
    "base": "Bevölkerung ",
}
SPECIFIED = {
    "design": Column("Verfahren"),
    "outcome": Column("Größe"),
    "comparison": Column("Vergleich"),
    "periods": Column("Zeiträume"),
    "base": Column("Bevölkerung"),
    "estimate": Column("Abweichung", change=True),
    "low": Column("Intervall von", change=True),
    "high": Column("bis", change=True),
}
ROW, CURVE = 0.19, 3.1  # inches: a row of the matrix, and the curve above
APART = 0.5  # rows between two groups of choices
LEGEND: Any = {"frameon": False, "fontsize": 9, "handletextpad": 0.2, "columnspacing": 1.4}
FURTHEST = 100.0  # per cent beyond the estimates to which intervals are drawn


def event_study(released: Released, *, caption: str, name: str, start: str) -> Figure:
    """Draw the area's ratio to the others period by period, with the placebo band.

    Parameters
    ----------
    released : Released
        Columns ``period, ratio, low, high`` as ratios; a period left out has none of them.
    caption : str
        What the figure shows.
    name, start : str
        Name of the area, and the first period after.

    Returns
    -------
    Figure
        Changes in per cent around a line at zero.
    """
    frame = framed(released, ("period", "ratio", "low", "high"))
    change = (frame[["ratio", "low", "high"]] - 1) * 100
    periods, places = list(frame["period"]), np.arange(len(frame))
    canvas, axes = blank()
    axes.use_sticky_edges = False
    axes.bar(places, change["high"] - change["low"], 1.0, change["low"], color=BAND, lw=0)
    axes.axhline(0, color="#555555", lw=1)
    axes.plot(places, change["ratio"], "-", marker="o", color=BLUE, ms=5, clip_on=False)
    axes.set_xlim(-0.6, len(frame) - 0.4)
    _change_scale(axes.yaxis)
    axes.set_title(UNIT, loc="left", y=1.0, fontsize=10, color="#333333")
    period_axis(axes, periods, start)
    reasons = released.reasons["ratio"].to_numpy(str)
    for place, why in zip(places, reasons, strict=True):
        if word := {LEFT_OUT: "Auswahlzeitraum", SUPPRESSED: "geheim"}.get(why):
            _upright(axes, int(place), word)
    known = change["ratio"].dropna()
    ends = [(float(known.iloc[-1]), name, BLUE)] if len(known) else []
    if change["high"].notna().any():
        middle = change["high"].dropna().iloc[-1] * 0.6
        ends.append((float(middle), "üblicher Bereich\nder Räume", GREY))
    end_labels(axes, ends, len(periods) + 0.45)
    columns = {
        "period": PERIOD,
        "ratio": Column("Abweichung", change=True),
        "low": Column("üblicher Bereich von", change=True),
        "high": Column("bis", change=True),
    }
    data = numbers(released, columns, caption)
    title = _event_title(frame, name, start)
    return finish(canvas, released, title, caption, _event_words(frame, name, start), data)


def specification_curve(released: Released, *, caption: str) -> Figure:
    """Draw all estimates, lowest first, with what was chosen for each beneath it.

    Parameters
    ----------
    released : Released
        Columns ``design, outcome, comparison, periods, base, estimate, low, high, primary``;
        estimates as ratios, exactly one row primary.
    caption : str
        What the figure shows.
    """
    needed = ("estimate", "low", "high")
    frame = framed(released, needed).astype(dict.fromkeys((*CHOICES, "design"), str))
    designs = list(dict.fromkeys(frame["design"]))
    frame = frame.sort_values(["estimate", "design"], kind="stable", ignore_index=True)
    rows = _choices(frame)
    heights = [height for height, _, _ in rows]
    canvas, curve, matrix = _two(max(heights, default=0.0))
    handles = _curve(curve, frame, designs)
    canvas.legend(handles=handles, loc="outside upper left", ncols=4, **LEGEND)
    own = int(np.flatnonzero(frame["primary"].astype(bool))[0])
    for axes in (curve, matrix):
        axes.axvspan(own - 0.5, own + 0.5, color=BLUE, alpha=0.15, lw=0, zorder=0)
    for height, _, held in rows:
        places = np.flatnonzero(held)
        matrix.plot(places, np.full(len(places), height), "|", color="#333333", ms=8, mew=1.4)
    matrix.set_yticks(heights, [label for _, label, _ in rows])
    matrix.set(ylim=(max(heights, default=0.0) + 0.7, -0.7), xticks=[], xlim=(-1, len(frame)))
    matrix.set_xlabel("Schätzungen, vom tiefsten Rückgang an geordnet", fontsize=9)
    matrix.tick_params(axis="y", length=0, labelsize=8)
    bounded = bool(np.isfinite(frame["high"]).all())
    whole = caption if bounded else f"{caption} {OPEN}"
    data = numbers(released, SPECIFIED, caption)
    title = f"{wording.number(len(frame))} Schätzungen: {_span(frame)}"
    return finish(canvas, released, title, whole, _curve_words(frame, own, designs), data)


def _curve(axes: Axes, frame: pd.DataFrame, designs: list[str]) -> list[Line2D]:
    """Draw estimates with their intervals; return what explains the markers."""
    change = (frame[["estimate", "low", "high"]] - 1) * 100
    most, least = change["estimate"].max() + FURTHEST, change["estimate"].min() - FURTHEST
    bounded = np.isfinite(frame["high"])
    inner = change[bounded].clip(least, most)
    own = frame["primary"].astype(bool)
    colors = np.where(own[inner.index], BLUE, "#bdbdbd")
    axes.vlines(inner.index, inner["low"], inner["high"], color=colors, lw=1.2)
    axes.axhline(0, color="#555555", lw=1)
    handles = []
    for design, (marker, color) in zip(designs, MARKERS * 3, strict=False):
        part = change.loc[(frame["design"] == design) & ~own, "estimate"]
        axes.plot(part.index, part, marker, color=color, ms=4)
        handles.append(Line2D([], [], ls="", marker=marker, color=color, ms=5, label=design))
    shown = wording.percent_change(float(frame.loc[own, "estimate"].iloc[0]))
    axes.plot(change.index[own], change.loc[own, "estimate"], "D", color=BLUE, ms=9, zorder=5)
    label = f"festgelegt: {shown}"
    handles.append(Line2D([], [], ls="", marker="D", color=BLUE, ms=7, label=label))
    _change_scale(axes.yaxis)
    axes.set_title(COMPARED, loc="left", y=1.0, fontsize=10, color="#333333")
    axes.tick_params(axis="x", length=0, labelbottom=False)
    return handles


def _two(height: float) -> tuple[Canvas, Axes, Axes]:
    """Make a figure with a curve above and a matrix of that height, in rows, below it."""
    below = ROW * (height + 1) + 0.4
    with mpl.rc_context(sns.axes_style("whitegrid") | SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], CURVE + below), layout="constrained")
        curve, matrix = canvas.subplots(2, 1, sharex=True, height_ratios=[CURVE, below])
    sns.despine(fig=canvas)
    sns.despine(ax=matrix, left=True, bottom=True)
    curve.grid(axis="x", visible=False)
    matrix.grid(visible=False)
    return canvas, curve, matrix


def _choices(frame: pd.DataFrame) -> list[tuple[float, str, list[bool]]]:
    """List each choice that differs between estimates: its height, name and where it was made."""
    rows: list[tuple[float, str, list[bool]]] = []
    height = 0.0
    for column, word in CHOICES.items():
        values = list(dict.fromkeys(frame.sort_values("primary", ascending=False)[column]))
        for value in values if len(values) > 1 else ():
            rows.append((height, f"{word}{value}", list(frame[column] == value)))
            height += 1
        height += APART if len(values) > 1 else 0
    return rows


def _change_scale(axis: mpl.axis.Axis) -> None:
    axis.set_major_locator(MaxNLocator(7, integer=True, steps=STEPS))
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.number(value)))


def _upright(axes: Axes, place: int, word: str) -> None:
    """Write why a period is empty, standing in its gap."""
    axes.annotate(
        word,
        (place, 0.04),
        xycoords=("data", "axes fraction"),
        rotation=90,
        ha="center",
        va="bottom",
        color=GREY,
        fontsize=8,
    )


def _outside(frame: pd.DataFrame, part: pd.Series) -> str:
    """Say in how many of these periods the area lies outside the band."""
    beyond = (frame["ratio"] < frame["low"]) | (frame["ratio"] > frame["high"])
    return f"{wording.number(int((part & beyond).sum()))} von {wording.number(int(part.sum()))}"


def _event_title(frame: pd.DataFrame, name: str, start: str) -> str:
    if frame["ratio"].isna().all():
        return f"{name}: keine Werte"
    later = frame[["ratio", "low", "high"]].notna().all(axis=1) & (frame["period"] >= start)
    if not later.any():
        return f"{name}: danach kein Zeitraum, der sich vergleichen lässt"
    return f"{name}: {_outside(frame, later)} Zeiträumen danach außerhalb des üblichen Bereichs"


def _event_words(frame: pd.DataFrame, name: str, start: str) -> str:
    known = frame[frame["ratio"].notna()]
    if known.empty:
        return f"{name}: keine Werte."
    said = [
        f"{period}: {wording.percent_change(ratio)}"
        for period, ratio in known[["period", "ratio"]].itertuples(index=False)
    ]
    later = known["period"] >= start
    return (
        f"{UNIT}. {name}, Beginn {start}. {'; '.join(said)}. Außerhalb des üblichen Bereichs der "
        f"Räume liegen {_outside(known, ~later)} Zeiträumen davor und {_outside(known, later)} "
        "danach."
    )


def _curve_words(frame: pd.DataFrame, own: int, designs: list[str]) -> str:
    estimate, low, high = frame[["estimate", "low", "high"]].to_numpy(float)[own]
    spans = [f"{name}: {_span(frame[frame['design'] == name])}" for name in designs]
    return (
        f"{wording.number(len(frame))} Schätzungen, {_span(frame)}. Die festgelegte steht mit "
        f"{wording.percent_change(estimate)} (Intervall {wording.interval(low, high)}) an Stelle "
        f"{wording.number(own + 1)}, vom tiefsten Rückgang an gezählt. Nach Verfahren: "
        f"{'; '.join(spans)}."
    )


def _span(part: pd.DataFrame) -> str:
    ends = part["estimate"].min(), part["estimate"].max()
    return " bis ".join(dict.fromkeys(wording.percent_change(float(end)) for end in ends))
