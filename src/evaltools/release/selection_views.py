"""How areas were chosen, what hangs on the weights, and which areas compare best.

Only areas whose helps before and after the start the plan shows are compared: a distance from a
public model area gives their level away, and with it the sum before the start. The trend adds one
more sum (helps times year). These two leave every single count open: 2 more in one year and the
next but one, 4 fewer in the year between, change neither; with at least five years of ten helps on
average, such moves exist around every count. Distances are rounded to one digit besides, and
level, trend and profile are not shown.
"""

from __future__ import annotations

from contextlib import suppress

import pandas as pd

from evaltools.errors import DesignError
from evaltools.evaluation.before_after import compared
from evaltools.measures import comparable, levels, outcomes, selection
from evaltools.measures.catalogue import indicator
from evaltools.measures.comparable import REASONS, Group
from evaltools.measures.selection import Ranking
from evaltools.release import wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.published import PLACEBO
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, HtmlTable, facts, table
from evaltools.release.views import Tables, area_name, lacking, public
from evaltools.study import Study
from evaltools.studyprofile import AreaChoice, Criterion

DIMENSIONS = {
    "sozialstruktur": "Sozialstruktur",
    "infrastruktur": "Infrastruktur",
    "bedarf_leistung": "Bedarf und Leistung",
    "sozialraum": "Sozialraum",
}
SOURCES = {"social_profile": "soziale Merkmale", "selection_criterion": "Auswahlkriterien"}
SURE = 0.95
NOT_SAID = "keine Angabe"
NO_CRITERIA = (
    "Die Studiendatei nennt keine Kriterien, nach denen Räume ausgewählt wurden "
    "(selection: criteria)."
)
HELPS_OUT = "beruht auf Hilfen und bleibt auf öffentlichen Seiten außer Betracht"


def decision(study: Study, area: str) -> HtmlTable:
    """Show how, when and by whom the area and its comparison were chosen."""
    model, choice = study.model_area(area), study.selection
    own = model.selection
    others = model.comparison
    named = "alle Räume ohne Modell" if isinstance(others, str) else wording.listing(others)
    pairs = {
        "Regel der Auswahl": own.rule if own else NOT_SAID,
        "Auswahl entschieden": _day(own.decided if own else None),
        "Zeiträume, auf die die Auswahl sah": wording.listing(own.periods if own else ()),
        "Beginn des Modells": model.start or NOT_SAID,
        "Kriterien festgelegt": _day(choice.decided),
        "Kriterien festgelegt durch": choice.by or NOT_SAID,
        "Räume, die zu wählen waren": wording.number(choice.first) if choice.criteria else NOT_SAID,
        "Vergleich der Auswertung": named,
    }
    told = {name: text or NOT_SAID for name, text in pairs.items()}
    return facts(told, caption="Was zur Auswahl festgelegt ist")


def criteria(tables: Tables, study: Study, rules: Rule) -> HtmlTable | Prose:
    """List the criteria with dimension, weight, direction, source, and why one does not serve."""
    choice = study.selection
    if not choice.criteria:
        return prose(NO_CRITERIA)
    found = selection.values(tables, choice, _level(tables, study))
    whole = sum(one.weight for one in choice.criteria)
    rows = []
    for one in choice.criteria:
        source, _, name = one.source.partition(":")
        year = found.years.get(one.name)
        told = f"{SOURCES[source]}: {name}{f' ({year})' if year else ''}"
        why = HELPS_OUT if _withheld(one, tables, rules) else found.left_out.get(one.name, "ja")
        direction = (
            "hoch spricht dafür" if one.higher_is == "geeigneter" else "hoch spricht dagegen"
        )
        weight = one.weight / whole * 100
        rows.append([_label(one), DIMENSIONS[one.dimension], weight, direction, told, why])
    names = ["criterion", "dimension", "weight", "direction", "source", "used"]
    columns = {
        "criterion": Column("Kriterium"),
        "dimension": Column("Dimension"),
        "weight": Column("Gewicht", "Prozent", 0),
        "direction": Column("Richtung"),
        "source": Column("Quelle"),
        "used": Column("verwendet"),
    }
    frame = pd.DataFrame(rows, columns=names)
    return table(public(frame, rules), columns, caption="Kriterien der Auswahl")


@explained
def ranking(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Rank all areas by the declared criteria, with what other weights would make of it."""
    if not study.selection.criteria:
        return prose(NO_CRITERIA)
    found = _ranked(tables, study, rules)
    frame = found.table.assign(
        name=[_marked(tables, str(one), area, study) for one in found.table["area_id"]],
        area_type=_types(tables, found.table["area_id"]),
        within=found.table["within"] * 100,
    )
    dimensions = [name for name in DIMENSIONS if name in frame]
    columns = {
        "name": Column(study.area_label),
        "area_type": Column("Typ"),
        "rank": Column("Rang"),
        **{name: Column(DIMENSIONS[name], "Rang") for name in dimensions},
        "within": Column(f"unter den ersten {found.first}", "Prozent der Gewichtungen", 0),
        "lowest": Column("Rang von", digits=0),
        "highest": Column("bis", digits=0),
    }
    if not found.draws:
        columns = {key: columns[key] for key in ("name", "area_type", "rank", *dimensions)}
    caption = "Rangfolge nach den Kriterien, Rang 1 spricht am stärksten für eine Auswahl"
    return table(public(frame[list(columns)], rules), columns, caption=caption)


def sensitivity(tables: Tables, study: Study, rules: Rule) -> Prose:
    """Say in sentences how far the ranking hangs on the weights."""
    if not study.selection.criteria:
        return prose(NO_CRITERIA)
    try:
        found = _ranked(tables, study, rules)
    except DesignError as refusal:
        return prose(f"Nicht dargestellt. {refusal.german}")
    lost = [f"{area_name(tables, area)} ({names})" for area, names in found.unranked.items()]
    missing = f"Ohne Rang, weil Angaben fehlen: {wording.listing(lost)}." if lost else ""
    if not found.draws:
        return prose(
            "Mit nur einem Kriterium gibt es kein Gewicht, von dem etwas abhinge.", missing
        )
    sure = found.table.loc[found.table["within"] >= SURE, "area_id"]
    named = wording.listing([area_name(tables, str(one)) for one in sure]) or "kein Raum"
    return prose(
        f"Die Gewichte wurden {wording.number(found.draws)}-mal neu gezogen (Dirichlet-Verteilung "
        "um die festgelegten). Die Rangfolge stimmt dann im Mittel mit τ = "
        f"{wording.number(found.tau, 2)} mit der festgelegten überein (Kendall; 1 hieße gleich), "
        f"in 95 von 100 Fällen mit mindestens {wording.number(found.tau_low, 2)}.",
        f"In mindestens {wording.percent(SURE)} der Ziehungen unter den ersten "
        f"{wording.number(found.first)}: {named}.",
        "Die Ziehungen zeigen, was an den Gewichten hängt, nicht, wie sicher die Werte sind.",
        missing,
    )


@explained
def comparison(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Show the areas nearest in level, trend and profile before the start, by distance."""
    lost = lacking(tables, "hze_count", "population")
    if lost:
        return lost
    found = _group(tables, study, area, rules)
    frame = found.table[["area_id", "rank", "distance", "chosen"]].assign(
        name=[area_name(tables, str(one)) for one in found.table["area_id"]],
        area_type=_types(tables, found.table["area_id"]),
        distance=found.table["distance"].round(1),
    )
    columns = {
        "name": Column(study.area_label),
        "area_type": Column("Typ"),
        "rank": Column("Rang"),
        "distance": Column("Abstand", "Standardabweichungen", 1),
        "chosen": Column("Vergleichsgruppe"),
    }
    span = f"{found.periods[0]} bis {found.periods[-1]}"
    caption = (
        f"Räume nach ihrer Nähe zu {area_name(tables, area)}, {len(found.periods)} Zeiträume von "
        f"{span}: Niveau und Verlauf ({indicator(study.outcomes.hze).label})"
        f"{', soziale Merkmale' if found.indicators else ''}"
    )
    return table(public(frame[list(columns)], rules), columns, caption=caption)


@explained
def excluded(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """List the areas that cannot be compared with this one, each with its reason."""
    reasons = comparable.excluded(tables["area"], study, study.model_area(area))
    if "hze_count" in tables and "population" in tables:
        with suppress(DesignError):  # without a group, what is known without counts is said
            reasons = dict(_group(tables, study, area, rules).excluded)
    if not reasons:
        return prose("Kein Raum ist vom Vergleich ausgeschlossen.")
    rows = [[area_name(tables, one), why] for one, why in sorted(reasons.items())]
    columns = {"name": Column(study.area_label), "why": Column("Grund")}
    frame = pd.DataFrame(rows, columns=list(columns))
    return table(public(frame, rules), columns, caption="Vom Vergleich ausgeschlossene Räume")


def warning(study: Study, area: str) -> Prose:
    """Say what matching on the level does, and what the evaluation compares with instead."""
    own = study.model_area(area).selection
    chosen = f" Ausgewählt wurde der Raum so: {own.rule}." if own else ""
    return prose(
        "Vorsicht: Vergleichsräume nach dem Niveau auszusuchen, lädt eine Rückkehr zum Üblichen "
        "ein. Wurde der Modellraum wegen eines hohen Wertes gewählt, so sind ähnlich hohe Räume "
        "zum Teil zufällig hoch, und ihre Werte sinken von selbst (Daw und Hatfield 2018, "
        f"doi:10.1111/1475-6773.12993).{chosen}",
        "Die Vergleichsgruppe oben ist ein Vorschlag für künftige Studien und eine Probe. Die "
        "Auswertung vergleicht mit den Räumen, die die Studiendatei vor dem Blick auf Wirkungen "
        "festgelegt hat.",
    )


def _ranked(tables: Tables, study: Study, rules: Rule) -> Ranking:
    """Rank the areas by those criteria that may be shown."""
    choice = study.selection
    kept = tuple(one for one in choice.criteria if not _withheld(one, tables, rules))
    shown = AreaChoice.model_validate(choice.model_dump() | {"criteria": ()})
    shown = shown.model_copy(update={"criteria": kept})
    found = selection.values(tables, shown, _level(tables, study))
    return selection.ranking(found.wide, kept, first=choice.first)


def _withheld(one: Criterion, tables: Tables, rules: Rule) -> bool:
    """Say whether a criterion rests on helps, whose ranks could narrow what the plan hides."""
    return one.helps and "hze_count" in tables and not rules.intern


def _group(tables: Tables, study: Study, area: str, rules: Rule) -> Group:
    """Find the comparison group among the areas whose sums before the start are shown."""
    model, name = study.model_area(area), study.outcomes.hze
    item = indicator(name)
    if item.role or item.weighted or item.denominator is not None:
        raise DesignError(
            f"comparison of {area}: {name} is no count over people",
            german=f"Für „{item.label}“ gibt es keinen Vergleich von Niveau und Verlauf.",
        )
    if not rules.told(area, name):
        raise DesignError(
            f"comparison of {area}: its sums are not shown; a distance would give them away",
            german="Die Fallzahlen des Modellraums sind nicht zur Veröffentlichung bestimmt; ein "
            "Abstand gäbe sie preis.",
        )
    rates = outcomes.values(compared(tables, study, area), study, name, length=study.period)
    reasons = comparable.excluded(tables["area"], study, model)
    for other in sorted(set(rates["area_id"].astype(str)) - {area}):
        if not rules.told(area, name, PLACEBO, other):
            reasons.setdefault(other, REASONS["hidden"])
    social = tables.get("social_profile", pd.DataFrame(columns=_SOCIAL))
    used = [
        one.source.partition(":")[2]
        for one in study.selection.criteria
        if one.source.startswith("social_profile:")
    ]
    social = social[social["indicator"].isin(used)] if used else social
    within = outcomes.within(rates, study)
    return comparable.comparison(within, social, model, reasons, nearest=study.selection.nearest)


_SOCIAL = ["area_id", "year", "indicator", "value", "unit"]


def _level(tables: Tables, study: Study) -> tuple[str, ...]:
    """Ids of the areas on the level of the model areas."""
    return levels.peers(tables["area"], study.treated[0])


def _types(tables: Tables, areas: pd.Series) -> list[str]:
    table = tables["area"].reindex(columns=["area_id", "area_type"]).set_index("area_id")
    return [str(one) if pd.notna(one) else "" for one in table["area_type"].reindex(areas)]


def _marked(tables: Tables, one: str, area: str, study: Study) -> str:
    mark = " (dieser Raum)" if one == area else " (Modellraum)" if one in study.treated else ""
    return f"{area_name(tables, one)}{mark}"


def _label(one: Criterion) -> str:
    return one.label or one.name.replace("_", " ")


def _day(decided: str | None) -> str:
    if not decided:
        return NOT_SAID
    return wording.day(decided) if len(decided) > 7 else decided
