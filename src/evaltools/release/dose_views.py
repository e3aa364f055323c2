"""Effect against dose, for all model areas: a figure, and what their number allows to say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from evaltools.effects.placebo import CONSPICUOUS
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.dosage import LEAST, Dosed, dosed, order
from evaltools.release import figures, views, wording
from evaltools.release.axes import BLUE, GREY, blank, wrapped
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.estimates import permitted
from evaltools.release.figures import Figure
from evaltools.release.tables import Column
from evaltools.release.views import Tables
from evaltools.study import Study

CAPTION = (
    "Umsetzungsgrad und Wirkung je Modellraum; der Strich ist das Intervall der Abweichung. Der "
    "Umsetzungsgrad ist der mittlere Anteil der Bausteine, die seit dem Beginn vorhanden waren."
)
MARKERS = "osv^Pph"
NONE = "Für keinen Modellraum liegen Umsetzungsgrad und Schätzung zugleich vor."


def dose_figure(
    tables: Tables, study: Study, evaluation: Evaluation, rules: Rule
) -> Figure | Prose:
    """Draw each model area's effect over its mean dose since the start."""
    lost = views.lacking(tables, "milestone")
    if lost:
        return lost
    known = _shown(_found(tables, study), rules)
    if not known:
        return prose(NONE)
    frame = pd.DataFrame(
        [_row(item, views.area_name(tables, item.area)) for item in known],
        columns=["area", "mean", "last", "ratio", "low", "high"],
    )
    handed = views.public(frame, rules)
    columns = {
        "area": Column("Modellraum"),
        "mean": Column("Umsetzungsgrad seit dem Beginn", "Prozent", digits=0),
        "last": Column("zuletzt", "Prozent", digits=0),
        "ratio": Column("Abweichung", change=True),
        "low": Column("von", change=True),
        "high": Column("bis", change=True),
    }
    canvas, axes = blank(height=3.4)
    axes.axhline(0, color="#555555", lw=1)
    for at, row in enumerate(frame.to_dict("records")):
        _point(axes, row, MARKERS[at % len(MARKERS)], own=row["area"] == evaluation.name)
    axes.set(xlabel="Umsetzungsgrad (Prozent)", ylabel="Abweichung (Prozent)", xlim=(0, 105))
    said = " ".join(
        f"{row['area']}: Umsetzungsgrad {wording.number(row['mean'])} Prozent, Abweichung "
        f"{wording.percent_change(row['ratio'])} ({wording.interval(row['low'], row['high'])})."
        for row in frame.to_dict("records")
    )
    data = figures.numbers(handed, columns, CAPTION)
    title = _title(frame)
    return figures.finish(canvas, handed, title, CAPTION, said, data)


def _point(axes: Axes, row: Mapping[Any, Any], marker: str, *, own: bool) -> None:
    color = BLUE if own else GREY
    low, place, high = (100 * (row[name] - 1) for name in ("low", "ratio", "high"))
    axes.plot([row["mean"], row["mean"]], [low, high], color=color, lw=1.6)
    axes.plot([row["mean"]], [place], "D" if own else marker, color=color, ms=8)
    axes.annotate(
        wrapped(row["area"]),
        (row["mean"], place),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        color=color,
        weight="bold" if own else "normal",
    )


def dose_sentence(tables: Tables, study: Study, rules: Rule) -> Prose:
    """Say what the number of model areas allows to conclude about dose and effect."""
    lost = views.lacking(tables, "milestone")
    if lost:
        return lost
    found = order(tuple(_shown(_found(tables, study), rules)))
    if math.isnan(found.tau):
        return prose(
            f"Ob mehr Umsetzung mit mehr Wirkung einhergeht, lässt sich mit "
            f"{wording.number(found.n)} Räumen nicht prüfen; nötig sind mindestens "
            f"{wording.number(LEAST)} mit verschiedenen Werten."
        )
    said = (
        f"Kendalls Tau {wording.number(found.tau, 2)}, p = {wording.share(found.p)}, "
        f"{wording.number(found.n)} Räume"
    )
    if found.p > CONSPICUOUS:
        return prose(
            f"Ein Zusammenhang von Umsetzungsgrad und Wirkung ist nicht zu erkennen ({said})."
        )
    way = "niedrigeren" if found.tau < 0 else "höheren"
    return prose(
        f"In der Reihenfolge der Räume gehen höhere Umsetzungsgrade mit {way} Fallzahlen "
        f"gegenüber dem Vergleich einher ({said}). Der Umsetzungsgrad wurde nicht ausgelost; warum "
        "sich die Räume unterscheiden, sagt das nicht."
    )


def _found(tables: Tables, study: Study) -> tuple[Dosed, ...]:
    years = tables["milestone"]["reached"].dt.year.dropna()
    last = study.last or int(years.max() if len(years) else 0)
    return dosed(tables, study, last=last)


def _shown(found: tuple[Dosed, ...], rules: Rule) -> list[Dosed]:
    """Keep the areas of which dose and effect are known and may be shown."""
    return [
        item
        for item in found
        if item.effect is not None
        and item.mean_dose is not None
        and math.isfinite(item.effect.high)
        and permitted(item.effect, rules)
    ]


def _row(item: Dosed, name: str) -> list[object]:
    effect = item.effect
    assert effect is not None and item.mean_dose is not None and item.last_dose is not None
    ends = (round(value, 2) for value in (effect.estimate, effect.low, effect.high))
    return [name, round(100 * item.mean_dose), round(100 * item.last_dose), *ends]


def _title(frame: pd.DataFrame) -> str:
    rows = frame.to_dict("records")
    deepest = min(rows, key=lambda row: row["ratio"])
    most = max(rows, key=lambda row: row["mean"])
    if len(frame) == 1:
        return (
            f"{most['area']}: Umsetzungsgrad {wording.number(most['mean'])} Prozent, Abweichung "
            f"{wording.percent_change(most['ratio'])}"
        )
    same = "auch dort" if deepest["area"] == most["area"] else f"in {deepest['area']}"
    return (
        f"Am meisten umgesetzt ist in {most['area']} ({wording.number(most['mean'])} Prozent), die "
        f"tiefste Abweichung steht {same} ({wording.percent_change(deepest['ratio'])})"
    )
