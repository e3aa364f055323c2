"""Posts, hours, meetings and work beyond the single case in one area, as tables and a figure.

Hours, posts and meetings are public; cases discussed and visits count persons and are protected.
"""

from __future__ import annotations

import pandas as pd

from evaltools.data.headingparts import FIELD
from evaltools.data.headings_framework import CATEGORY, PART, TASK
from evaltools.measures import implementation, teams
from evaltools.release import implementation_figures
from evaltools.release.disclosure import Count, Rule, release
from evaltools.release.display import prose
from evaltools.release.profile_views import NONE_HERE, ROLES
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name, lacking, public

YEAR = Column("Jahr")


def staffing(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show posts against their norm."""
    lost = lacking(tables, "staffing")
    frame = None if lost else implementation.staffing(tables["staffing"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "role": Column("Aufgabe", labels=ROLES),
        "year": YEAR,
        "vzae": Column("besetzt", "VZÄ", 2),
        "vzae_norm": Column("nach Bemessung", "VZÄ", 2),
        "difference": Column("Differenz", "VZÄ", 2),
        "filled": Column("besetzt", "Prozent der Bemessung", 0),
    }
    shown = public(frame.assign(filled=frame["filled"] * 100), rules)
    return table(shown, columns, caption="Stellen gegen ihre Bemessung")


@explained
def kifaz(tables: Tables, area: str, rules: Rule) -> Shown:
    """Judge each Kinder- und Familienzentrum by the norm; visits count persons."""
    lost = lacking(tables, "kifaz")
    frame = None if lost else teams.kifaz(tables["kifaz"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    # an id may hold a name: centres are counted through
    numbers = [f"Zentrum {at + 1}" for at in pd.factorize(frame["kifaz_id"])[0]]
    frame = frame if rules.intern else frame.assign(kifaz_id=numbers)
    columns = {
        "kifaz_id": Column("Zentrum"),
        "year": YEAR,
        "vzae": Column("besetzt", "VZÄ", 2),
        "vzae_coordinator": Column("davon Koordination", "VZÄ", 2),
        "verdict": Column("Urteil"),
        "missing": Column("fehlen zur Norm", "VZÄ", 2),
        "missing_coordinator": Column("fehlen der Koordination", "VZÄ", 2),
        "visits": Column("Besuche", digits=0),
        "access_restricted": Column("Zugang eingeschränkt"),
    }
    rest = tuple(name for name in columns if name != "visits")
    shown = release(frame, rules, counts={"visits": Count()}, public=rest)
    return table(shown, columns, caption="Kinder- und Familienzentren und ihre Norm")


def hours(tables: Tables, area: str, rules: Rule) -> Shown:
    """Draw the coordinator's hours by task, in the first and the last year."""
    lost = lacking(tables, "coordinator_activity")
    frame = None if lost else teams.tasks(tables["coordinator_activity"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    ends = frame["year"].isin([frame["year"].min(), frame["year"].max()])
    caption = "Stunden der Koordination nach Aufgabe, im ersten und im letzten Jahr."
    shown = public(frame[ends].assign(share=frame["share"] * 100), rules)
    return implementation_figures.hours(shown, name=area_name(tables, area), caption=caption)


def hours_by_year(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show the coordinator's hours by task and year."""
    lost = lacking(tables, "coordinator_activity")
    frame = None if lost else teams.tasks(tables["coordinator_activity"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    caption = "Stunden der Koordination nach Aufgabe und Jahr"
    return _wide(frame, Column("Aufgabe", "Stunden", labels=TASK), "hours", caption, rules)


@explained
def meetings(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show an area team's meetings by year; the cases discussed are protected."""
    lost = lacking(tables, "area_team_meeting")
    frame = None if lost else teams.meetings(tables["area_team_meeting"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "year": YEAR,
        "n": Column("Sitzungen", digits=0),
        "fields": Column("Felder je Sitzung", "Mittel", 1),
        "cases_discussed": Column("beratene Fälle", digits=0),
        "agreements": Column("Vereinbarungen", digits=0),
    }
    rest = tuple(name for name in columns if name != "cases_discussed")
    shown = release(frame, rules, counts={"cases_discussed": Count()}, public=rest)
    return table(shown, columns, caption="Sitzungen des Gebietsteams")


@explained
def presence(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show in which share of the meetings each field was present."""
    lost = lacking(tables, "area_team_meeting")
    frame = None if lost else teams.presence(tables["area_team_meeting"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    percent = frame.assign(share=frame["share"] * 100)
    caption = "An wie vielen Sitzungen des Gebietsteams jedes Feld teilnahm"
    key = Column("Feld", "Prozent der Sitzungen", labels=FIELD)
    return _wide(percent, key, "share", caption, rules)


def community(tables: Tables, area: str, rules: Rule, *, by: str = "category") -> Shown:
    """Show the hours of work beyond the single case by category or role, and year."""
    lost = lacking(tables, "community_work")
    frame = None if lost else teams.community(tables["community_work"], area, by=by)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    key = Column("Kategorie", "Stunden", labels=CATEGORY)
    key = key if by == "category" else Column("Rolle", "Stunden", labels=PART)
    caption = f"Fallunspezifische Arbeit nach {key.label} und Jahr"
    return _wide(frame, key, "hours", caption, rules)


def benefit(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show which share of these hours benefited a help."""
    lost = lacking(tables, "community_work")
    frame = None if lost else teams.benefit(tables["community_work"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "year": YEAR,
        "hours": Column("mit Angabe", "Stunden", 0),
        "hours_benefit": Column("davon mit Nutzen für eine Hilfe", "Stunden", 0),
        "share": Column("Anteil", "Prozent", 0),
        "n_unknown": Column("ohne Angabe", "Einträge", 0),
    }
    shown = public(frame.assign(share=frame["share"] * 100), rules)
    return table(shown, columns, caption="Nutzen der fallunspezifischen Arbeit für Hilfen")


def _wide(frame: pd.DataFrame, key: Column, value: str, caption: str, rules: Rule) -> HtmlTable:
    """Show a public figure by key and year, one column a year, in the unit of the key."""
    name = str(frame.columns[0])
    text = frame.assign(year=frame["year"].astype("string"))[[name, "year", value]]
    wide = public(text, rules).wide(index=name, columns="year", values=value)
    years = {year: Column(year, key.unit, 0) for year in sorted(set(text["year"]))}
    return table(wide, {name: Column(key.label, labels=key.labels)} | years, caption=caption)
