"""Case counts and rates of one area, as tables and a figure."""

from __future__ import annotations

import pandas as pd

from evaltools.evaluation.before_after import comparison_areas
from evaltools.measures.catalogue import Indicator, Pick, indicator
from evaltools.measures.indicators import (
    annual,
    compute,
    compute_reference,
    pick,
    standardised_ratio,
    total,
)
from evaltools.measures.outcomes import within
from evaltools.release.disclosure import Released, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure, trend
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name, lacking
from evaltools.study import Study
from evaltools.studyparts import begun

FORMS = {
    "ambulant": "ambulant",
    "teilstationaer": "teilstationär",
    "stationaer": "stationär",
    "beratung": "Beratung",
}


def trend_figure(tables: Tables, study: Study, area: str, name: str, rules: Rule) -> Figure | Prose:
    """Draw the area's indicator beside its comparison areas and the reference trends."""
    lost = lacking(tables, "hze_count", "population")
    if lost:
        return lost
    item = indicator(name)
    caption = f"{item.label} {study.population.label} im Vergleich. {item.formula}."
    unit = f"{item.label}, {item.unit}"
    start = study.model_area(area).start or ""
    return trend(groups(tables, study, area, item, rules), unit=unit, caption=caption, start=start)


def groups(tables: Tables, study: Study, area: str, item: Indicator, rules: Rule) -> Released:
    """Hand out ``group, period, value``: the area, its comparison, the reference trends."""
    values = _values(tables, study, item.name)
    others = comparison_areas(tables["area"], study, study.model_area(area))
    own = values[values["area_id"] == area]
    together = total(values, others, item)
    parts = [own.assign(group=area_name(tables, area))]
    if len(together):
        parts.append(together.assign(group=f"Vergleich\n({together['area_id'].iloc[0]} Räume)"))
    if "reference_trend" in tables:
        reference = compute_reference(tables["reference_trend"], item.name, ages=study.population)
        for level in study.reference:
            line = reference[reference["area_id"] == level]
            parts.append(line.assign(group=study.level_label(level)))
    frame = pd.concat([part[["group", "period", "numerator", "value"]] for part in parts])
    frame = frame[frame["period"].isin(set(own["period"]))]
    frame["side"] = _sides(frame["period"], study, area)
    counts = {"numerator": ("value",)}
    public = ("group", "period", "side")
    return release(frame, rules, counts=counts, public=public, within=("group", "side"))


def yearly(tables: Tables, study: Study, area: str, name: str, rules: Rule) -> HtmlTable | Prose:
    """Show one area's indicator by year, with its count, base and exact interval."""
    lost = lacking(tables, "hze_count", "population")
    if lost:
        return lost
    item = indicator(name)
    values = _values(tables, study, name)
    own = values[values["area_id"] == area].drop(columns="area_id")
    own["side"] = _sides(own["period"], study, area)
    derived = ("value", "low", "high")
    counts = {"numerator": derived} | ({"denominator": derived} if item.denominator else {})
    handed = release(
        own,
        rules,
        counts=counts,
        public=("period", "side", *(() if item.denominator else ("denominator",))),
        parts={"numerator": "denominator"} if item.denominator else None,
        within=("side",),
    )
    digits = max(item.digits, 1)
    bases = {"hze_count": "Hilfen insgesamt", "staffing": "Vollzeitstellen"}
    base = bases.get(item.base, f"Bevölkerung {study.population.label}")
    columns = {
        "period": Column("Jahr"),
        "numerator": Column("Hilfen", digits=0),
        "denominator": Column(base, digits=0),
        "value": Column("Quote", item.unit, digits),
        "low": Column("95-%-Intervall von", item.unit, digits),
        "high": Column("bis", item.unit, digits),
    }
    caption = f"{item.label} = {item.formula} (Formel nach: {item.source})"
    return table(handed, columns, caption=caption)


def standardised(
    tables: Tables, study: Study, area: str, name: str, rules: Rule
) -> HtmlTable | Prose:
    """Show observed over expected helps of one area by year."""
    lost = lacking(tables, "hze_count", "population")
    if lost:
        return lost
    ratio = standardised_ratio(_values(tables, study, name))
    own = ratio[ratio["area_id"] == area].drop(columns="area_id")
    own["side"] = _sides(own["period"], study, area)
    counts = {"observed": ("expected", "ratio", "low", "high")}
    handed = release(own, rules, counts=counts, public=("period", "side"), within=("side",))
    columns = {
        "period": Column("Jahr"),
        "observed": Column("beobachtete Hilfen", digits=0),
        "expected": Column("erwartete Hilfen", digits=1),
        "ratio": Column("Verhältnis", digits=2),
        "low": Column("95-%-Intervall von", digits=2),
        "high": Column("bis", digits=2),
    }
    return table(
        handed, columns, caption="Beobachtete und nach der Quote aller Räume erwartete Hilfen"
    )


def movement(count: pd.DataFrame, area: str, rules: Rule) -> HtmlTable:
    """Show stock, started and ended helps and young people of one area by year."""
    own = annual(count[count["area_id"] == area])
    columns = {
        "stock_3112": Column("Bestand am letzten Tag", digits=0),
        "started": Column("begonnen", digits=0),
        "ended": Column("beendet", digits=0),
        "young_people": Column("junge Menschen", digits=0),
    }
    parts = [pick(own, Pick((name,))).set_index("period")["n"].rename(name) for name in columns]
    frame = pd.concat(parts, axis=1).reset_index()
    linked = tuple(name for name in columns if name != "young_people")
    frame["least"] = _least(frame[list(linked)], rules)
    counts = dict.fromkeys(columns, ()) | {"least": linked}
    handed = release(frame, rules, counts=counts, public=("period",))
    caption = (
        "Hilfen nach Jahr (Fälle); junge Menschen sind eine eigene Zählung, keine Summe daraus"
    )
    return table(handed, {"period": Column("Jahr")} | columns, caption=caption)


def by_form(count: pd.DataFrame, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the yearly volume of one area by form."""
    own = annual(count[(count["area_id"] == area) & (count["form"] != "alle")])
    if own.empty:
        return prose("Nach Hilfeform aufgeteilte Zahlen sind nicht geliefert.")
    forms = [form for form in FORMS if (own["form"] == form).any()]
    volume = ("stock_3112", "ended")
    parts = [pick(own, Pick(volume, (("*", form),))).assign(form=form) for form in forms]
    long = pd.concat(parts)[["period", "form", "n"]]
    handed = release(long, rules, counts={"n": ()}, public=("period", "form"), within=("period",))
    columns = {"period": Column("Jahr")} | {form: Column(FORMS[form], digits=0) for form in forms}
    wide = handed.wide(index="period", columns="form", values="n")
    return table(wide, columns, caption="Jahresvolumen (Bestand + beendet) nach Hilfeform")


def _least(flows: pd.DataFrame, rules: Rule) -> pd.Series:
    """Find the smallest count of each year and the years beside it.

    Stock, started and ended tell each other from year to year (stock = stock a year ago + started
    − ended), and stock + ended is published elsewhere: a small one hides all three in all three.
    """
    known = flows.astype("Float64")
    known = known.where(known > 0) if rules.zeros_shown else known
    least = known.min(axis=1).astype("float64")
    return least.rolling(3, center=True, min_periods=1).min()


def _sides(periods: pd.Series, study: Study, area: str) -> pd.Series:
    """Name the published sum that each period enters: before, after, or none but its own."""
    model = study.model_area(area)
    alone = model.selection.periods if model.selection else ()
    start = model.start
    return periods.map(
        lambda period: period if not start or period in alone else str(begun(period, start))
    )


def _values(tables: Tables, study: Study, name: str) -> pd.DataFrame:
    values = compute(tables["hze_count"], tables["population"], name, ages=study.population)
    return within(values, study)
