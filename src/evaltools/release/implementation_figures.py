"""Figures of the framework concept: milestones as a timeline, hours by task, euros by purpose."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evaltools.data.headings_framework import ELEMENT, PURPOSE, TASK
from evaltools.data.schema_framework import STRATEGIC
from evaltools.measures.implementation import OVERDUE, PLANNED, REACHED, UNDATED
from evaltools.release import bar_figures, wording
from evaltools.release.axes import BLUE, GREY, ORANGE, STEPS, blank
from evaltools.release.bar_figures import LEGEND, LOOKS, Bars
from evaltools.release.disclosure import Released
from evaltools.release.figures import Figure, finish, framed, numbers
from evaltools.release.tables import Column

ROW, EDGE = 0.36, 1.5  # inches: a row, and what stands around the rows
GROUPS = {True: "strategisch", False: "operativ"}
DAY = 365.25
EUROS = {"eur_applied": "beantragt", "eur_granted": "bewilligt", "eur_spent": "ausgegeben"}
STEP = {
    "element": Column("Baustein", labels=ELEMENT),
    "planned": Column("geplant"),
    "told": Column("erreicht"),
    "state": Column("Stand"),
}
DAYS: dict[str, dict[str, Any]] = {
    "geplant": {"marker": "o", "color": BLUE, "mfc": "white"},
    "erreicht": {"marker": "D", "color": BLUE},
    "überfällig": {"marker": "X", "color": ORANGE, "ms": 9},
}


def timeline(released: Released, *, name: str, last: int, start: str, caption: str) -> Figure:
    """Draw when each element was planned (hollow) and reached (filled), and what is overdue.

    Parameters
    ----------
    released : Released
        Columns ``element, planned, reached, state``, as ``implementation.milestones`` has them,
        and ``told``: the day reached in words.
    name : str
        Name of the area.
    last : int
        The states are those of 31 December of this year.
    start : str
        First period after, or nothing; marked by a line.
    caption : str
        What the figure shows.
    """
    frame = framed(released, ())
    rows = _rows(frame)
    canvas, axes = blank(EDGE + ROW * len(rows))
    due = float(last + 1)
    for place, (_, row) in enumerate(rows):
        if row is not None:
            _line(axes, place, row, due)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    for tick, (_, row) in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if row is None else "normal")
    _time(axes, frame, due, start)
    handles = [Line2D([], [], ls="", label=word, **look) for word, look in DAYS.items()]
    canvas.legend(handles=handles, handletextpad=0.2, **LEGEND)
    said = [f"{ELEMENT[row['element']]}: {_told(row)}" for _, row in frame.iterrows()]
    alt = f"Stand 31.12.{last}. {'; '.join(said)}."
    data = numbers(released, STEP, caption)
    return finish(canvas, released, _title(frame, name), caption, alt, data)


def hours(released: Released, *, name: str, caption: str) -> Figure:
    """Draw the coordinator's hours by task, in the years given.

    Parameters
    ----------
    released : Released
        Columns ``task, year, hours, share`` (per cent) of one or two years.
    name, caption : str
        Name of the area, and what the figure shows.
    """
    frame = framed(released, ()).set_index("task")
    years = sorted(frame["year"].unique())
    series = [
        Bars(str(year), frame.loc[frame["year"] == year, "hours"], look)
        for year, look in zip(years, LOOKS[2 - len(years) :], strict=False)
    ]
    labels = {task: label for task, label in TASK.items() if task in frame.index}
    columns = {
        "task": Column("Aufgabe", labels=TASK),
        "year": Column("Jahr"),
        "hours": Column("Zeit", "Stunden", 0),
        "share": Column("Anteil", "Prozent", 0),
    }
    most = bar_figures.largest(series[-1], labels) or "keine Angaben"
    title = f"{name}, {years[-1]}: die meisten Stunden für {most}"
    alt = f"Stunden der Koordination. {bar_figures.words(series, labels)}"
    canvas, data = bar_figures.draw(series, labels), numbers(released, columns, caption)
    return finish(canvas, released, title, caption, alt, data)


def euros(released: Released, *, name: str, caption: str) -> Figure:
    """Draw the euros applied for, granted and spent by purpose.

    Parameters
    ----------
    released : Released
        Columns ``purpose, n, eur_applied, eur_granted, eur_spent``, one row a purpose.
    name, caption : str
        Name of the area, and what the figure shows.
    """
    frame = framed(released, ()).set_index("purpose")
    labels = {purpose: label for purpose, label in PURPOSE.items() if purpose in frame.index}
    looks = zip(EUROS.items(), LOOKS, strict=True)
    series = [Bars(word, frame[column], look) for (column, word), look in looks]
    columns = {"purpose": Column("Zweck", labels=PURPOSE), "n": Column("Anträge", digits=0)}
    columns |= {column: Column(word, "Euro", 0) for column, word in EUROS.items()}
    most = bar_figures.largest(series[1], labels)
    title = f"{name}: {f'am meisten Euro bewilligt für {most}' if most else 'nichts bewilligt'}"
    alt = f"Handlungsbudget in Euro. {bar_figures.words(series, labels)}"
    canvas, data = bar_figures.draw(series, labels), numbers(released, columns, caption)
    return finish(canvas, released, title, caption, alt, data)


def _rows(frame: pd.DataFrame) -> list[tuple[str, pd.Series | None]]:
    """List the rows of the timeline, each group under its name."""
    rows: list[tuple[str, pd.Series | None]] = []
    strategic = frame["element"].isin(STRATEGIC)
    for held, title in GROUPS.items():
        part = frame[strategic == held]
        if len(part):
            rows.append((title, None))
            rows += [(ELEMENT[row["element"]], row) for _, row in part.iterrows()]
    return rows


def _line(axes: Axes, place: int, row: pd.Series, due: float) -> None:
    """Draw one element: its planned day, the day it was reached, and what lies between."""
    planned, reached = _year(row["planned"]), _year(row["reached"])
    end = reached if reached is not None else due if row["state"] == OVERDUE else None
    if planned is not None and end is not None:
        late = row["state"] == OVERDUE
        color, line = (ORANGE, ":") if late else (GREY, "-")
        axes.plot([planned, end], [place, place], line, color=color, lw=2.5, zorder=2)
    marks = {"geplant": planned, "erreicht": reached}
    marks |= {"überfällig": due if row["state"] == OVERDUE else None}
    for word, at in marks.items():
        if at is not None:
            axes.plot([at], [place], ls="", zorder=4, clip_on=False, **DAYS[word])
    if row["state"] != REACHED:
        at = due if row["state"] == OVERDUE else planned if planned is not None else due
        axes.annotate(
            row["state"],
            (at, place),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=ORANGE if row["state"] == OVERDUE else "#333333",
            annotation_clip=False,
        )


def _time(axes: Axes, frame: pd.DataFrame, due: float, start: str) -> None:
    """Scale the time axis, and mark the start and the day of the states."""
    known = [_year(day) for name in ("planned", "reached") for day in frame[name]]
    days = [day for day in known if day is not None]
    low, high = min([*days, due]), max([*days, due])
    axes.set_xlim(low - 0.04 * (high - low) - 0.1, high + 0.16 * (high - low) + 0.3)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.grid(axis="x", visible=True)
    axes.grid(axis="y", visible=False)
    lines = {f"31.12.{due - 1:.0f}": due}
    if start and low < int(start[:4]) < high:
        lines[f"Beginn {start}"] = float(start[:4])
    for text, at in lines.items():
        axes.axvline(at, color="#555555", lw=1, zorder=1)
        axes.annotate(
            text,
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=9,
            color="#333333",
        )


def _year(day: pd.Timestamp) -> float | None:
    return None if pd.isna(day) else day.year + (day.day_of_year - 1) / DAY


def _title(frame: pd.DataFrame, name: str) -> str:
    reached, late = ((frame["state"] == state).sum() for state in (REACHED, OVERDUE))
    rest = f", {wording.number(late)} überfällig" if late else ""
    whole = f"{wording.number(reached)} von {wording.number(len(frame))}"
    return f"{name}: {whole} Bausteinen erreicht{rest}"


def _told(row: pd.Series) -> str:
    """Say of one element when it was planned and what became of it."""
    planned = "" if pd.isna(row["planned"]) else f"geplant {wording.day(str(row['planned']))}"
    if row["state"] == REACHED:
        return ", ".join(filter(None, (planned, f"erreicht {wording.day(str(row['reached']))}")))
    if row["state"] == PLANNED:
        return planned
    return f"{UNDATED}, nicht erreicht" if row["state"] == UNDATED else f"{planned}, {OVERDUE}"
