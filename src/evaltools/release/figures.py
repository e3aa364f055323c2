"""Figures from released data, in one house style, each with its text alternative.

Every function takes what :mod:`evaltools.release.disclosure` handed out and returns a
:class:`Figure`, which shows itself in a notebook and carries caption and alternative text in the
output's metadata.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from evaltools.errors import ReleaseError
from evaltools.release import wording
from evaltools.release.axes import (
    BLUE,
    GREY,
    ORANGE,
    SETTINGS,
    STYLES,
    blank,
    change_axis,
    end_labels,
    period_axis,
    value_axis,
    wrapped,
)
from evaltools.release.disclosure import Released
from evaltools.release.display import MARK, Bundle, bundle
from evaltools.release.tables import Column, HtmlTable, table

EXPECTED = "erwartet nach dem\nVerlauf des Vergleichs"
PERIOD = Column("Zeitraum")
XLABEL = "Abweichung vom Verlauf der Vergleichsräume (Prozent)"


@dataclass(frozen=True)
class Figure:
    """A finished picture: SVG, what it finds, text alternative, caption, numbers, hidden counts."""

    svg: str
    title: str
    alt: str
    caption: str
    data: HtmlTable
    hidden: tuple[str, ...] = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        words = {"title": self.title, "alt": self.alt, "caption": self.caption}
        data, told = bundle("image/svg+xml", self.svg, words)
        shown = {"data": self.data.html, "table": asdict(self.data.sheet)}
        told[MARK] |= shown | {"hidden": list(self.hidden)}
        return data, told


def trend(released: Released, *, unit: str, caption: str, start: str = "") -> Figure:
    """Draw rates over time, one line a group, labelled directly.

    Parameters
    ----------
    released : Released
        Columns ``group, period, value``; groups in the order in which they are drawn.
    unit : str
        Unit of the value, such as ``je 10.000``.
    caption : str
        What the figure shows.
    start : str, optional
        First period after; marked by a line.

    Returns
    -------
    Figure
        Value axis from zero; suppressed and unknown periods are gaps.
    """
    frame = framed(released, ("group", "period", "value"))
    groups = list(dict.fromkeys(frame["group"]))
    periods = sorted(set(frame["period"]))
    canvas, axes = blank()
    ends = []
    for group, (color, line, marker) in zip(groups, STYLES, strict=False):
        values = frame[frame["group"] == group].set_index("period")["value"].reindex(periods)
        axes.plot(
            range(len(periods)), values, ls=line, marker=marker, color=color, ms=4, clip_on=False
        )
        if values.notna().any():
            ends.append((float(values.dropna().iloc[-1]), group, color))
    period_axis(axes, periods, start)
    value_axis(axes, frame["value"], unit)
    end_labels(axes, ends, len(periods))
    said = [_path_in_words(group, frame[frame["group"] == group]) for group in groups]
    columns = {group: Column(_flat(group), unit, _digits(frame["value"])) for group in groups}
    wide = released.wide(index="period", columns="group", values="value")
    data = numbers(wide, {"period": PERIOD} | columns, caption)
    title = f"{unit.partition(',')[0]}: {_headline(frame, groups[:2])}"
    return finish(canvas, released, title, caption, " ".join([f"{unit}.", *said]), data)


def counterfactual(
    released: Released,
    *,
    unit: str,
    title: str,
    caption: str,
    start: str,
    name: str,
    bounds: tuple[float, float] = (1.0, 1.0),
) -> Figure:
    """Draw the area's rate beside what the comparison areas let expect.

    Parameters
    ----------
    released : Released
        Columns ``period, observed, counterfactual`` from ``disclosure.release_series``.
    unit, caption, start : str
        As in :func:`trend`.
    title : str
        What the figure finds, in the words of the estimate.
    name : str
        Name of the area.
    bounds : tuple of float, optional
        Lowest and highest share of the expectation that the interval of the effect allows after
        the start; drawn as a band where both are finite.
    """
    frame = framed(released, ("period", "observed", "counterfactual"))
    periods = list(frame["period"])
    canvas, axes = blank()
    places = range(len(periods))
    observed, expected = frame["observed"], frame["counterfactual"]
    axes.plot(places, expected, "--", color=ORANGE, marker="s", ms=3.5, clip_on=False)
    axes.plot(places, observed, "-", color=BLUE, marker="o", ms=4, clip_on=False)
    after = [place for place, period in enumerate(periods) if period >= start]
    low, high = bounds if all(map(math.isfinite, bounds)) else (1.0, 1.0)
    band = (expected[after] * low, expected[after] * high)
    axes.fill_between(after, band[0], band[1], color=ORANGE, alpha=0.18, lw=0)
    period_axis(axes, periods, start)
    value_axis(axes, pd.concat([observed, expected, *band]), unit)
    lines = ((expected, EXPECTED, ORANGE), (observed, name, BLUE))
    ends = [
        (line.dropna().iloc[-1], label, color) for line, label, color in lines if line.notna().any()
    ]
    end_labels(axes, ends, len(periods))
    said = _path_in_words(name, frame.rename(columns={"observed": "value"}))
    known = frame[expected.notna()]
    if len(known):
        last, value = known["period"].iloc[-1], _short(known["counterfactual"].iloc[-1])
        said += f" Nach dem Verlauf der Vergleichsräume wären {last} {value} zu erwarten."
    digits = _digits(pd.concat([observed, expected]))
    columns = {"observed": "beobachtet", "counterfactual": "erwartet"}
    shown = {name: Column(label, unit, digits) for name, label in columns.items()}
    data = numbers(released, {"period": PERIOD} | shown, caption)
    return finish(canvas, released, title, caption, f"{unit}. {said}", data)


def placebos(released: Released, *, caption: str, name: str) -> Figure:
    """Draw the model area's effect among the effects of all areas treated in turn.

    Parameters
    ----------
    released : Released
        Columns ``own, estimate`` from ``disclosure.release_placebos``; no area is named.
    caption, name : str
        Caption, and name of the model area.
    """
    frame = framed(released, ("own", "estimate")).sort_values("estimate", ignore_index=True)
    canvas, axes = blank(height=2.6)
    change = (frame["estimate"] - 1) * 100
    own = frame["own"].astype(bool)
    shown = wording.percent_change(float(frame.loc[own, "estimate"].iloc[0]))
    others = change[~own]
    _dots(axes, float(change[own].iloc[0]), others, f"{wrapped(name)}\n{shown}")
    change_axis(axes, XLABEL)
    place = int((frame["estimate"] < frame.loc[own, "estimate"].iloc[0]).sum()) + 1
    lowest, highest = (
        wording.percent_change(1 + end / 100) for end in (others.min(), others.max())
    )
    said = (
        f"{name}: {shown}. Die übrigen {len(others)} Räume liegen zwischen {lowest} und {highest}; "
        f"von unten gezählt steht der Modellraum an Stelle {place} von {len(frame)}."
    )
    columns = {"own": Column("Modellraum"), "estimate": Column("Abweichung", change=True)}
    data = numbers(released, columns, caption)
    title = f"{name}: {shown}, von unten gezählt Stelle {place} von {len(frame)}"
    return finish(canvas, released, title, caption, said, data)


def _dots(axes: Axes, own: float, others: pd.Series, label: str) -> None:
    axes.scatter(
        others, [0] * len(others), s=81, color="#b9b9b9", edgecolors=GREY, linewidths=0.8, zorder=3
    )
    axes.set_ylim(0.5, -0.5)
    axes.plot([own], [0], "D", color=BLUE, ms=10, zorder=5)
    axes.annotate(
        label,
        (own, 0),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=BLUE,
        weight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def framed(released: Released, needed: tuple[str, ...]) -> pd.DataFrame:
    """Take the frame out of what was released; refuse anything else, and missing columns."""
    if not isinstance(released, Released):
        raise ReleaseError("figures take a Released frame; call disclosure.release first")
    frame = released.frame
    lost = [name for name in needed if name not in frame]
    if lost:
        raise ReleaseError(f"columns {', '.join(lost)} are not in the released frame")
    numbers = [name for name in needed if name not in ("group", "period", "own")]
    return frame.astype(dict.fromkeys(numbers, float))


def numbers(released: Released, columns: Mapping[str, Column], caption: str) -> HtmlTable:
    """Set the numbers that a figure draws as a table, named after the figure."""
    return table(released, columns, caption=f"Daten: {re.split('[.;] ', caption)[0].rstrip('.')}")


def _digits(values: pd.Series) -> int:
    """Digits after the comma of the numbers beneath a figure."""
    return 1 if values.isna().all() or values.max() >= 10 else 2


def _headline(frame: pd.DataFrame, groups: Sequence[str]) -> str:
    """Say how these lines go, and over which periods: once where they are the same."""
    known = frame[frame["value"].notna() & frame["group"].isin(groups)]
    parts = {group: known[known["group"] == group] for group in groups}
    spans = {group: _span(part) for group, part in parts.items() if len(part)}
    if not spans:
        return "keine Werte"
    said = {group: f"{_flat(group)} {_moved(parts[group])}" for group in spans}
    if len(set(spans.values())) == 1:
        return f"{', '.join(said.values())} ({next(iter(spans.values()))})"
    return ", ".join(f"{text} ({spans[group]})" for group, text in said.items())


def _span(known: pd.DataFrame) -> str:
    first, last = known["period"].iloc[[0, -1]]
    return f"{first} bis {last}" if first != last else str(first)


def _path_in_words(group: str, frame: pd.DataFrame) -> str:
    known = frame[frame["value"].notna()]
    if known.empty:
        return f"{_flat(group)}: keine Werte."
    return f"{_flat(group)}: {_moved(known)} ({_span(known)})."


def _moved(frame: pd.DataFrame) -> str:
    """Say from what to what a line of known values goes."""
    first, last = (float(frame["value"].iloc[place]) for place in (0, -1))
    begin, end = _short(first), _short(last)
    verb = "steigt" if last > first else "sinkt"
    return f"bleibt bei {begin}" if begin == end else f"{verb} von {begin} auf {end}"


def _flat(name: str) -> str:
    return name.replace("\n", " ")


def _short(value: float) -> str:
    return wording.number(value, 0 if abs(value) >= 20 or value == 0 else 1 if value >= 1 else 2)


def finish(
    canvas: Canvas, released: Released, title: str, caption: str, alt: str, data: HtmlTable
) -> Figure:
    """Write the canvas as SVG, with its words, the source line and its numbers as a table."""
    buffer = io.StringIO()
    with mpl.rc_context(rc=SETTINGS):
        # `savefig` draws everything twice, the first time only to settle the layout
        FigureCanvasSVG(canvas).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    svg = buffer.getvalue()
    text = f"{caption} {released.note}".strip()
    return Figure(svg[svg.index("<svg") :], title, alt, text, data, released.hidden)
