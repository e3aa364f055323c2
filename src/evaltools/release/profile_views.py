"""The Sozialraumbeschreibung of one area, as tables; a social indicator may count helps."""

from __future__ import annotations

import pandas as pd

from evaltools.data import headingparts
from evaltools.measures import levels, profile
from evaltools.measures.helps import counts_helps
from evaltools.measures.inequality import ASKED
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Count, Released, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, lacking, public
from evaltools.study import Study

INDICATORS, KINDS, ROLES = headingparts.INDICATOR, headingparts.KIND, headingparts.ROLE
PHASES = headingparts.PHASE | {"unbekannt": "nicht angegeben"}
NONE_HERE = "Für diesen Raum liegen dazu keine Angaben vor."


def social(tables: Tables, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the area's social indicators beside the spread over all areas."""
    lost = lacking(tables, "social_profile")
    frame = None if lost else profile.social(_asked_apart(tables), area, among=_peers(tables, area))
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    digits = _digits(frame["area"])
    columns = {
        "indicator": Column("Merkmal", labels=INDICATORS),
        "unit": Column("Einheit"),
        "year": Column("Jahr"),
        "area": Column("dieser Raum", digits=digits, trimmed=digits > 1),
        "lowest": Column("niedrigster Raum", digits=1),
        "middle": Column("mittlerer Raum", digits=1),
        "highest": Column("höchster Raum", digits=1),
    }
    if frame["middle"].isna().all():
        columns = {name: columns[name] for name in ("indicator", "unit", "year", "area")}
    handed = _counted(frame, tables, rules)
    return table(handed, columns, caption="Soziale Merkmale, jüngster Stand zuerst")


def population(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the base population over the years, actual and forecast."""
    lost = lacking(tables, "population")
    if lost:
        return lost
    among = _peers(tables, area)
    frame = profile.population_path(tables["population"], area, study.population, among=among)
    columns = {
        "year": Column("Jahr"),
        "kind": Column("Art", labels={"actual": "Bestand", "forecast": "Prognose"}),
        "area": Column("dieser Raum", "Personen", digits=0),
        "city": Column("alle Räume", "Personen", digits=0),
    }
    return table(public(frame, rules), columns, caption=f"Bevölkerung {study.population.label}")


def infrastructure(tables: Tables, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show institutions by kind and year."""
    lost = lacking(tables, "infrastructure")
    frame = None if lost else profile.infrastructure(tables["infrastructure"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "kind": Column("Art", labels=KINDS),
        "year": Column("Jahr"),
        "n": Column("Anzahl", digits=0),
        "places": Column("Plätze", digits=0),
        "vzae": Column("Stellen", "VZÄ", digits=2),
    }
    present = {name: column for name, column in columns.items() if _known(frame, name)}
    return table(public(frame, rules), present, caption="Einrichtungen im Raum")


def staffing(tables: Tables, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show staff against its norm."""
    lost = lacking(tables, "staffing")
    frame = None if lost else profile.staffing(tables["staffing"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "role": Column("Aufgabe", labels=ROLES),
        "year": Column("Jahr"),
        "vzae": Column("besetzt", "VZÄ", digits=2),
        "vzae_norm": Column("nach Bemessung", "VZÄ", digits=2),
        "difference": Column("Differenz", "VZÄ", digits=2),
    }
    return table(public(frame, rules), columns, caption="Fachkräfte im Raum")


def offers(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the number of running offers by life phase, before the start and at the end."""
    lost = lacking(tables, "offer")
    if lost:
        return lost
    years = _years(tables["offer"], study, area)
    frame = profile.offers(tables["offer"], area, years)
    if frame.empty:
        return prose(NONE_HERE)
    columns = {"life_phase": Column("Lebensphase", labels=PHASES)}
    columns |= {str(year): Column(f"31.12.{year}", digits=0) for year in years}
    return table(public(frame, rules), columns, caption="Laufende Angebote nach Lebensphase")


def _years(offer: pd.DataFrame, study: Study, area: str) -> tuple[int, ...]:
    last = study.last or int(offer["begin"].dt.year.max())
    start = study.model_area(area).start
    return (int(start[:4]) - 1, last) if start and int(start[:4]) <= last else (last,)


def _counted(frame: pd.DataFrame, tables: Tables, rules: Rule) -> Released:
    """Hand out the social indicators; those that count helps have small cells.

    Beside case counts they are withheld: they could give back what the plan of those hides.
    """
    is_count = counts_helps(frame)
    shown = ("area", "lowest", "middle", "highest")
    if "hze_count" in tables and not rules.intern:
        frame = frame.assign(reason=is_count.map({True: SUPPRESSED, False: UNKNOWN}))
        frame[list(shown)] = frame[list(shown)].mask(is_count)
    hidden = frame.assign(**{f"{name}_n": frame[name].where(is_count) for name in shown})
    counts = {f"{name}_n": Count((name,)) for name in shown}
    rest = tuple(str(name) for name in frame if name not in (*shown, "reason"))
    return release(hidden, rules, counts=counts, public=rest)


def _asked_apart(tables: Tables) -> pd.DataFrame:
    """Leave out what a survey of persons found: the Steckbrief shows it with its protection."""
    frame = tables["social_profile"]
    return frame[~frame["indicator"].astype("string").str.startswith(ASKED)]


def _peers(tables: Tables, area: str) -> tuple[str, ...] | None:
    return levels.peers(tables["area"], area) if "area" in tables else None


def _known(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and bool(frame[name].notna().any())


def _digits(values: pd.Series) -> int:
    known = values.dropna().astype(float)
    return 3 if (known.abs() < 1).any() else 1
