"""Case counts and rates of one area, as tables and a figure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaltools.evaluation.before_after import comparison_areas
from evaltools.measures import outcomes
from evaltools.measures.catalogue import Indicator, Pick, indicator
from evaltools.measures.indicators import (
    against,
    annual,
    complete_areas,
    rate,
    standardised_ratio,
    total,
)
from evaltools.measures.picking import pick
from evaltools.measures.sums import Sum
from evaltools.release import published
from evaltools.release.disclosure import Count, Released, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure, trend
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name, lacking
from evaltools.study import Study

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
    others = complete_areas(values, others)
    together = total(values, others, item)
    parts = [_with_sums(own, area_name(tables, area), (area,), item, study)]
    if len(together):
        label = f"Vergleich\n({len(others)} Räume)"
        parts.append(_with_sums(together, label, others, item, study))
    if "reference_trend" in tables:
        for level in study.reference:
            line = outcomes.reference(tables, study, item.name, level)
            parts.append(_with_sums(line, study.level_label(level), (), item, study))
    columns = ["group", "period", "numerator", "denominator", "value", "sums"]
    frame = pd.concat([part[columns] for part in parts])
    frame = frame[frame["period"].isin(set(own["period"]))]
    counts = {"numerator": Count(("value",), list(frame["sums"]))}
    if item.denominator:
        counts["denominator"] = Count(("value",), [both[::-1] for both in frame["sums"]])
    return release(
        frame.drop(columns="sums"),
        rules,
        counts=counts,
        public=("group", "period", *(() if item.denominator else ("denominator",))),
        base="denominator",
        again=lambda rounded: rate(rounded, item),
    )


def yearly(tables: Tables, study: Study, area: str, name: str, rules: Rule) -> HtmlTable | Prose:
    """Show one area's indicator by year, with its count, base and exact interval."""
    lost = lacking(tables, "hze_count", "population")
    if lost:
        return lost
    item = indicator(name)
    values = _values(tables, study, name)
    own = values[values["area_id"] == area].drop(columns="area_id")
    derived = ("value", "low", "high")
    sums = [published.one(area, period, item, study) for period in own["period"]]
    counts = {"numerator": Count(derived, sums)}
    if item.denominator:
        counts["denominator"] = Count(derived, [both[::-1] for both in sums])
    handed = release(
        own,
        rules,
        counts=counts,
        public=("period", *(() if item.denominator else ("denominator",))),
        base="denominator",
        again=lambda rounded: rate(rounded, item),
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
    item, values = indicator(name), _values(tables, study, name)
    everyone, ratio = published.city(values), standardised_ratio(values)
    own = ratio[ratio["area_id"] == area].drop(columns="area_id")
    whole = values[values["value"].notna()].groupby("period")["numerator"].sum()
    own["city"] = own["period"].map(whole)
    own["share"] = own["expected"] / own["city"]  # the area's share of the base, which is public
    # The expected count is the city's rate over the area's base: it gives the city's count back.
    city = [published.several(everyone[p], (p,), item, study) for p in own["period"]]
    counts = {
        "observed": Count(
            ("ratio", "low", "high"), [published.one(area, p, item, study) for p in own["period"]]
        ),
        "city": Count(("expected", "ratio", "low", "high"), city),
    }
    handed = release(
        own,
        rules,
        counts=counts,
        public=("period", "share"),
        again=lambda frame: against(frame.assign(expected=frame["share"] * frame["city"])),
    )
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
    counts = {
        name: Count(sums=[(Sum((area,), (p,), Pick((name,))),) for p in frame["period"]])
        for name in columns
    }
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
    parts = [pick(own, published.volume(form)).assign(form=form) for form in forms]
    long = pd.concat(parts)[["period", "form", "n"]]
    sums = [
        (Sum((area,), (str(period),), published.volume(str(form))),)
        for period, form in zip(long["period"], long["form"], strict=True)
    ]
    handed = release(long, rules, counts={"n": Count(sums=sums)}, public=("period", "form"))
    columns = {"period": Column("Jahr")} | {form: Column(FORMS[form], digits=0) for form in forms}
    wide = handed.wide(index="period", columns="form", values="n")
    return table(wide, columns, caption="Jahresvolumen (Bestand + beendet) nach Hilfeform")


def _with_sums(
    values: pd.DataFrame, label: str, areas: Sequence[str], item: Indicator, study: Study
) -> pd.DataFrame:
    """Name a group and the sums behind each of its periods; without areas, others published it."""
    sums = [
        published.several(areas, (period,), item, study) if areas else ()
        for period in values["period"]
    ]
    return values.assign(group=label, sums=pd.Series(sums, index=values.index, dtype=object))


def _values(tables: Tables, study: Study, name: str) -> pd.DataFrame:
    return outcomes.within(outcomes.values(tables, study, name), study)
