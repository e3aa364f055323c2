"""The action budget of one area: euros by purpose, days to decision, regular tasks paid from it."""

from __future__ import annotations

from evaltools.data.headings_framework import PURPOSE
from evaltools.measures import budget
from evaltools.release import implementation_figures, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import prose
from evaltools.release.profile_views import NONE_HERE
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, table
from evaltools.release.views import Tables, area_name, lacking, public

YEAR = Column("Jahr des Antrags")
PAID = Column("Zweck", labels=PURPOSE)


def euros(tables: Tables, area: str, rules: Rule) -> Shown:
    """Draw the euros applied for, granted and spent by purpose, over all years."""
    lost = lacking(tables, "action_budget")
    frame = None if lost else budget.by_purpose(tables["action_budget"], area, total=True)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    caption = "Handlungsbudget nach Zweck, alle Jahre zusammen, bekannte Beträge."
    shown = public(frame, rules)
    return implementation_figures.euros(shown, name=area_name(tables, area), caption=caption)


def by_purpose(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show the euros by purpose and year, with the share of the applied that was granted."""
    lost = lacking(tables, "action_budget")
    frame = None if lost else budget.by_purpose(tables["action_budget"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "purpose": PAID,
        "year": YEAR,
        "n": Column("Anträge", digits=0),
        "n_open": Column("davon offen", digits=0),
        "eur_applied": Column("beantragt", "Euro", 0),
        "eur_granted": Column("bewilligt", "Euro", 0),
        "eur_spent": Column("ausgegeben", "Euro", 0),
        "approval": Column("bewilligt", "Prozent des Beantragten", 0),
        "n_unknown": Column("Betrag nicht angegeben", "Anträge", 0),
    }
    shown = public(frame.assign(approval=frame["approval"] * 100), rules)
    return table(shown, columns, caption="Handlungsbudget nach Zweck und Jahr")


@explained
def decisions(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show how many days a decision took."""
    lost = lacking(tables, "action_budget")
    frame = None if lost else budget.decisions(tables["action_budget"], area)
    if frame is None or frame.empty:
        return lost or prose(NONE_HERE)
    columns = {
        "year": YEAR,
        "n": Column("Anträge", digits=0),
        "n_open": Column("davon offen", digits=0),
        "median_days": Column("bis zur Entscheidung, Median", "Tage", 1),
        "longest_days": Column("längste Dauer", "Tage", 0),
    }
    return table(public(frame, rules), columns, caption="Dauer bis zur Entscheidung")


def regular_sentence(tables: Tables, area: str) -> Shown:
    """Say how many grants are marked as regular tasks, and how many do not say."""
    lost = lacking(tables, "action_budget")
    if lost:
        return lost
    found = budget.regular_tasks(tables["action_budget"], area)
    n, paid = found.n_granted, len(found.flagged)
    if not n:
        return prose("Aus dem Handlungsbudget wurde im Raum nichts bewilligt.")
    marked = wording.number(paid) if paid else "keine"
    first = f"Als Regelaufgabe gekennzeichnet: {marked} von {wording.number(n)} Bewilligungen"
    rest = f"; ohne Angabe dazu: {wording.number(found.n_unstated)}"
    return prose(f"{first}{rest if found.n_unstated else ''}.")


def regular_tasks(tables: Tables, area: str, rules: Rule) -> Shown:
    """List every grant that pays for a regular task; nothing where there is none."""
    lost = lacking(tables, "action_budget")
    if lost:
        return prose()
    flagged = budget.regular_tasks(tables["action_budget"], area).flagged
    if flagged.empty:
        return prose()
    # an id may hold a name; the office finds the grant by year, purpose and sum
    numbered = [f"Bewilligung {at}" for at in range(1, len(flagged) + 1)]
    flagged = flagged if rules.intern else flagged.assign(application_id=numbered)
    columns = {
        "application_id": Column("Antrag"),
        "year": YEAR,
        "purpose": PAID,
        "eur_granted": Column("bewilligt", "Euro", 0),
    }
    return table(public(flagged, rules), columns, caption="Bewilligungen für Regelaufgaben")
