"""Offers of one area in numbers: by law and target, change, hours, reach, Frühe Hilfen."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.errors import DesignError
from evaltools.evaluation.before_after import comparison_areas
from evaltools.measures import early_help as helps
from evaltools.measures import offer_counts, offers
from evaltools.measures.offers import By, OfferChange
from evaltools.release import wording
from evaltools.release.disclosure import Count, Released, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.profile_views import NONE_HERE, PHASES
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, lacking, public
from evaltools.study import Study

LAWS = {
    "11": "§ 11 Jugendarbeit",
    "12": "§ 12 Jugendverbände",
    "13": "§ 13 Jugendsozialarbeit",
    "13a": "§ 13a Schulsozialarbeit",
    "14": "§ 14 Jugendschutz",
    "16": "§ 16 Familienförderung",
    "22": "§§ 22 ff. Kindertagesbetreuung",
    "27ff": "§§ 27 ff. Hilfen zur Erziehung",
    "KKG": "KKG (Kinderschutz, Frühe Hilfen)",
    "unbekannt": "nicht angegeben",
}
ACCESS = {
    "offen": "offen",
    "niedrigschwellig": "niedrigschwellig",
    "aufsuchend": "aufsuchend",
    "vermittelt": "vermittelt",
    "bewilligt": "bewilligt",
    "unbekannt": "nicht angegeben",
}
TARGETS = {
    "exclusive": "nur für eine bestimmte Gruppe",
    "open": "für alle",
    "unbekannt": "nicht angegeben",
}
EARLY = {
    "begruessungsbesuch": "Begrüßungsbesuch",
    "familienkinderkrankenschwester": "Familien- und Kinderkrankenschwester",
    "elterncafe": "Elterncafé",
    "sprechstunde": "Sprechstunde",
    "treff": "Treff",
    "mobil": "mobiles Angebot",
}
LABELS: dict[By, dict[str, str]] = {
    "paragraph": LAWS,
    "life_phase": PHASES,
    "access": ACCESS,
    "target_exclusive": TARGETS,
}
HEADS: dict[By, str] = {
    "paragraph": "Recht (SGB VIII, KKG)",
    "life_phase": "Lebensphase",
    "access": "Zugang",
    "target_exclusive": "Zielgruppe",
}
PROBLEMS = {
    "parents": "keine Altersgruppe",
    "ages": "keine passenden Altersgruppen geliefert",
    "population": "keine Bevölkerungszahl",
}
NO_START = "Ohne Beginn des Modells gibt es kein Vorher, mit dem sich vergleichen lässt."


def missing(tables: Tables, area: str) -> Prose | None:
    """Say that offers are not delivered, or none of this area; None when there are some."""
    lost = lacking(tables, "offer")
    here = lost is None and (tables["offer"]["area_id"] == area).any()
    return None if here else lost or prose(NONE_HERE)


def split(tables: Tables, study: Study, area: str, rules: Rule, *, by: By) -> HtmlTable | Prose:
    """Show running offers by law, life phase, access or target, with shares of all offers."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    long = offer_counts.counts(tables["offer"], area, years, by=by)
    frame = _wide(long.assign(share=long["share"] * 100), ("n", "share"))
    columns = {"group": Column(HEADS[by], labels=LABELS[by])}
    for year in years:
        columns[f"n_{year}"] = Column(f"31.12.{year}", "Angebote", 0)
        columns[f"share_{year}"] = Column(f"Anteil 31.12.{year}", "Prozent", 0)
    totals = long.drop_duplicates("year").set_index("year")["n_offers"]
    base = ", ".join(f"31.12.{year}: {wording.number(int(totals[year]))}" for year in years)
    caption = f"Laufende Angebote nach: {HEADS[by]}. Angebote insgesamt {base}"
    return table(public(frame, rules), columns, caption=caption)


def sizes(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show hours a week and staff of the running offers by life phase."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    long = offer_counts.counts(tables["offer"], area, years, by="life_phase")
    names = ("hours", "hours_lacking", "vzae", "vzae_lacking")
    frame = _wide(long, names)
    columns = {"group": Column("Lebensphase", labels=PHASES)}
    for name, label, unit in (("hours", "Stunden", "je Woche"), ("vzae", "Stellen", "VZÄ")):
        for year in years:
            columns[f"{name}_{year}"] = Column(f"{label} 31.12.{year}", unit, 2)
            if frame[f"{name}_lacking_{year}"].sum() > 0:
                columns[f"{name}_lacking_{year}"] = Column("davon ohne Angabe", "Angebote", 0)
    caption = "Umfang der laufenden Angebote (Summe der bekannten Angaben)"
    return table(public(frame, rules), columns, caption=caption)


def changes(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the number of offers before and after by life phase, with intervals and comparison."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    if len(years) < 2:
        return prose(NO_START)
    beside = comparison_areas(tables["area"], study, study.model_area(area))
    frame = offers.changes(
        tables["offer"], area, (years[0], years[1]), by="life_phase", others=beside
    )
    before = frame["others_before"].astype(float)
    frame["others_ratio"] = frame["others_after"] / before.where(before > 0)
    caption = f"Laufende Angebote vorher und nachher, daneben {len(beside)} Vergleichsräume"
    columns = _change_columns(years[0], years[1])
    return table(public(frame[list(columns)], rules), columns, caption=caption)


def change_read(tables: Tables, study: Study, area: str) -> Prose:
    """Say in sentences how the number of offers changed, and what its interval means."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    if len(years) < 2:
        return prose(NO_START)
    beside = comparison_areas(tables["area"], study, study.model_area(area))
    found = offers.change(tables["offer"], area, *years, others=beside)
    first = (
        f"Laufende Angebote im Raum: {wording.number(found.n_before)} am 31.12.{years[0]}, "
        f"{wording.number(found.n_after)} am 31.12.{years[1]} ({wording.number(found.added)} neu, "
        f"{wording.number(found.gone)} weggefallen)."
    )
    others = (
        f"In den {wording.number(len(beside))} Vergleichsräumen zusammen waren es "
        f"{wording.number(found.others_before)} und {wording.number(found.others_after)}"
    )
    if found.others_before:
        ratio = found.others_after / found.others_before
        others += f" ({wording.percent_change(ratio)})"
    return prose(first, f"{others}.", _chance(found))


def _change_columns(before: int, after: int) -> dict[str, Column]:
    compared = "Vergleichsräume"
    return {
        "group": Column("Lebensphase", labels=PHASES | {"alle": "alle Angebote"}),
        "n_before": Column(f"31.12.{before}", digits=0),
        "n_after": Column(f"31.12.{after}", digits=0),
        "added": Column("neu", digits=0),
        "gone": Column("weggefallen", digits=0),
        "ratio": Column("nachher durch vorher", digits=2),
        "low": Column("95-%-Intervall von", digits=2),
        "high": Column("bis", digits=2),
        "others_before": Column(f"{compared} 31.12.{before}", digits=0),
        "others_after": Column(f"{compared} 31.12.{after}", digits=0),
        "others_ratio": Column(f"{compared} nachher durch vorher", digits=2),
    }


def _chance(found: OfferChange) -> str:
    """Say what the interval of a change of counts allows."""
    if not found.n_before:
        return "Davor lief kein Angebot; eine Veränderung in Prozent lässt sich nicht angeben."
    high = wording.percent_change(found.high) if math.isfinite(found.high) else "ohne Obergrenze"
    span = f"{wording.percent_change(found.low)} bis {high}"
    inside = found.low <= 1 <= found.high
    verdict = (
        "auch ohne Änderung der Lage könnte eine so kleine Zahl so weit schwanken"
        if inside
        else "so weit schwankt eine Zahl dieser Größe kaum aus Zufall"
    )
    return (
        f"Die Veränderung um {wording.percent_change(found.ratio)} hat ein 95-%-Intervall von "
        f"{span}; {verdict}."
    )


def reach(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show places per 1,000 of each life phase's age group, with the ages used."""
    lost = lacking(tables, "population") or missing(tables, area)
    if lost:
        return lost
    years = offers.years(tables["offer"], study, area)
    frame = offer_counts.reach(tables["offer"], tables["population"], area, years)
    frame["ages"] = [_ages(row) for row in frame.to_dict("records")]
    order = frame["life_phase"].map({name: place for place, name in enumerate(PHASES)})
    frame = frame.assign(order=order).sort_values(["order", "year"], ignore_index=True)
    columns = {
        "life_phase": Column("Lebensphase", labels=PHASES),
        "year": Column("Jahr"),
        "n": Column("Angebote", digits=0),
        "lacking": Column("davon ohne Platzzahl", digits=0),
        "places": Column("Plätze", digits=0),
        "ages": Column("gerechnet auf"),
        "persons": Column("Personen", digits=0),
        "per_1000": Column("Plätze je 1.000", digits=1),
    }
    caption = "Plätze laufender Angebote je 1.000 der Altersgruppe im Raum"
    return table(public(frame[list(columns)], rules), columns, caption=caption)


def early_help(tables: Tables, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show families reached per 100 births by year and kind of Frühe Hilfen."""
    handed = _early(tables, area, rules)
    if isinstance(handed, Prose):
        return handed
    kinds = list(dict.fromkeys(handed.frame["kind"]))
    wide = handed.wide(index="year", columns="kind", values="per_100")
    columns = {"year": Column("Jahr")}
    columns |= {kind: Column(EARLY.get(kind, kind), "je 100 Geburten", 1) for kind in kinds}
    caption = "Frühe Hilfen: erreichte Familien je 100 Geburten im Raum"
    return table(wide, columns, caption=caption)


def early_help_latest(tables: Tables, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show families reached and referred in the latest year, by kind."""
    handed = _early(tables, area, rules, latest=True)
    if isinstance(handed, Prose):
        return handed
    columns = {
        "kind": Column("Art", labels=EARLY),
        "year": Column("Jahr"),
        "providers": Column("Träger", digits=0),
        "families_reached": Column("erreichte Familien", digits=0),
        "births": Column("Geburten", digits=0),
        "per_100": Column("je 100 Geburten", digits=1),
        "referred_to": Column("davon weitervermittelt", digits=0),
    }
    return table(handed, columns, caption="Frühe Hilfen im jüngsten Jahr nach Art")


def _early(tables: Tables, area: str, rules: Rule, *, latest: bool = False) -> Released | Prose:
    """Hand out the coverage; counts go also where few were not referred, or not reached."""
    if lost := lacking(tables, "early_help"):
        return lost
    try:
        frame = helps.coverage(tables["early_help"], area)
    except DesignError as problem:
        return prose(f"Nicht dargestellt. {problem.german}")
    if frame.empty:
        return prose(NONE_HERE)
    frame = frame[frame["year"] == frame["year"].max()] if latest else frame
    counts = {
        "families_reached": Count(("per_100",)),
        "births": Count(("per_100",)),
        "referred_to": Count(("not_referred",)),
        "not_referred": Count(("referred_to",)),
        "not_reached": Count(("families_reached", "per_100", "not_referred", "referred_to")),
    }
    rest = frame["families_reached"] - frame["referred_to"]
    missed = frame["births"] - frame["families_reached"]  # below 0: older children, or twice
    keys = ("kind", "year", "providers")
    missed = missed.mask(missed < 0)
    shown = frame.assign(not_referred=rest, not_reached=missed, year=frame["year"].astype("string"))
    return release(shown, rules, counts=counts, public=keys, base="births")


def _wide(long: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Set years side by side: one row a group, columns ``<name>_<year>``, in the given order."""
    groups = list(dict.fromkeys(long["group"]))
    frame = pd.DataFrame({"group": groups})
    for year, part in long.groupby("year", sort=False):
        own = part.set_index("group").reindex(groups)
        for name in names:
            frame[f"{name}_{year}"] = own[name].to_numpy()
    return frame


def _ages(row: dict[object, object]) -> str:
    """Name the ages a rate is computed over, and those meant where they differ."""
    if pd.isna(row["age_from"]):  # type: ignore[call-overload]
        return PROBLEMS[str(row["problem"])]
    used = f"{row['age_from']} bis {row['age_to']} Jahre"
    low, high = offer_counts.AGES[str(row["life_phase"])]
    return (
        used
        if (row["age_from"], row["age_to"]) == (low, high)
        else f"{used} statt {low} bis {high}"
    )
