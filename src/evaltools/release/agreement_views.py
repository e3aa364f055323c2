"""How far the coders agree: unit and definition beside every figure, no name of a coder."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.codings import agreement, units
from evaltools.codings.reliability import Agreement
from evaltools.errors import DesignError
from evaltools.release import coding_views, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.speakers import Voices
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import public
from evaltools.study import Study

UNIT = "segment"
LABELS = {"document": "Dokument", "segment": "Fundstelle", "character": "Zeichen"}
MEASURES = ("percent", "krippendorff", "gwet_ac1")
INTERVALS = (
    "Intervalle (in Klammern): 95 Prozent, durch Ziehen ganzer Gespräche mit Zurücklegen "
    "(Bootstrap). Keines steht da bei weniger als fünf Gesprächen, bei einem Wert, den jede "
    "Ziehung ergibt, und wenn mehr als 5 Prozent der Ziehungen keinen Wert ergeben. Programme "
    "nennen Verschiedenes „Kappa“; vergleichbar sind nur Werte mit gleicher Einheit und gleicher "
    "Definition."
)
NOT_COMPARED = "Die Übereinstimmung lässt sich nicht berechnen: "


def definition(found: Voices, study: Study) -> Prose:
    """Say what is compared, what each coefficient means, and how the intervals come about."""
    if not found.blocks:
        return prose()
    try:
        items = _overall(found, study, UNIT)
    except DesignError as refusal:
        return prose(f"{NOT_COMPARED}{refusal.german}")
    lines = []
    for unit, label in LABELS.items():
        try:
            lines.append(_layout(found, study, unit).definition.removesuffix(units.WORKED))
        except DesignError as refusal:
            lines.append(f"Einheit {label}: {refusal.german}")
    lines.append(units.WORKED.strip())
    lines += [f"{item.label}: {item.definition}." for item in items]
    lines.append(INTERVALS)
    return prose(*lines, listed=True)


def overall(found: Voices, study: Study, rules: Rule) -> HtmlTable | Prose:
    """Show agreement on all codes together, in each unit that the source permits."""
    rows: list[tuple[object, ...]] = []
    for unit, label in LABELS.items():
        try:
            items = _overall(found, study, unit)
        except DesignError:
            continue  # the definitions above say why
        rows.append((label, items[0].n_units, items[0].n_clusters, *map(_told, items)))
    if not rows:
        return prose()
    columns = {
        "unit": Column("Einheit"),
        "n": Column("Vergleiche", "Einheiten × Codes", digits=0),
        "documents": Column("Gespräche", digits=0),
        "percent": Column("einig"),
        "alpha": Column("Krippendorffs Alpha"),
        "ac1": Column("Gwets AC1"),
    }
    frame = pd.DataFrame(rows, columns=[*columns]).astype({"n": "Int64", "documents": "Int64"})
    caption = "Übereinstimmung der Kodierenden über alle Codes"
    return table(public(frame, rules), columns, caption=caption)


def per_code(found: Voices, study: Study, rules: Rule) -> HtmlTable | Prose:
    """Show agreement on each code, by segment."""
    try:
        frame = agreement.per_code(
            found.project, unit=UNIT, overlap=study.codings.overlap, measures=MEASURES
        )
    except DesignError:
        return prose()
    named = frame.assign(path=frame["path"].map(coding_views.spelled))
    shown = named[["path", "n_units", "n_documents"]].assign(
        **{name: [_range(row, name) for _, row in frame.iterrows()] for name in MEASURES}
    )
    columns = {
        "path": Column("Code"),
        "n_units": Column("verglichene Fundstellen", digits=0),
        "n_documents": Column("Gespräche", digits=0),
        "percent": Column("einig"),
        "krippendorff": Column("Krippendorffs Alpha"),
        "gwet_ac1": Column("Gwets AC1"),
    }
    caption = "Übereinstimmung je Code, Einheit Fundstelle"
    return table(public(shown, rules), columns, caption=caption)


def _layout(found: Voices, study: Study, unit: str) -> units.Layout:
    return units.layout(found.project, unit=unit, overlap=study.codings.overlap)


def _overall(found: Voices, study: Study, unit: str) -> tuple[Agreement, ...]:
    return agreement.assess(units.pooled(_layout(found, study, unit)), measures=MEASURES)


def _told(item: Agreement) -> str:
    return _estimate(item.measure, item.estimate, item.low, item.high)


def _range(row: pd.Series, measure: str) -> str:
    low, high = (float(row[f"{measure}_{side}"]) for side in ("low", "high"))
    return _estimate(measure, float(row[measure]), low, high)


def _estimate(measure: str, estimate: float, low: float, high: float) -> str:
    """Return an estimate with its interval; a dash where the coefficient is undefined."""
    if math.isnan(estimate):
        return "nicht definiert"
    said = [_number(measure, value) for value in (estimate, low, high)]
    return said[0] if math.isnan(low) else f"{said[0]} ({said[1]} bis {said[2]})"


def _number(measure: str, value: float) -> str:
    if math.isnan(value):
        return ""
    return wording.percent(value) if measure == "percent" else wording.number(value, 2)
