"""Who runs the offers of an area, and Versäulung: how far offers stay within one pillar."""

from __future__ import annotations

import pandas as pd

from evaltools.measures import pillars
from evaltools.measures import providers as market
from evaltools.measures.scales import LEAST
from evaltools.release import wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.network_views import ONE_YEAR, years_shown
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, lacking, public
from evaltools.study import Study

NO_OFFERS = "Für diesen Raum liegen keine Angaben zu Angeboten vor."
TYPES = {
    "oeffentlich": "öffentlich",
    "frei_gemeinnuetzig": "frei gemeinnützig",
    "gewerblich": "gewerblich",
    market.UNKNOWN: "nicht angegeben",
}
PILLARS = {
    "offers_one_paragraph": "Angebote nach nur einem Paragrafen",
    "offers_own_field": "Angebote, deren Träger keinen Partner aus einem anderen Feld hat",
    "cross_field": "Zusammenarbeit zwischen verschiedenen Feldern (Gewicht)",
    "eur_one_paragraph": "Mittel für Angebote nach nur einem Paragrafen (Euro im Jahr)",
}
COUNTED = ("offers_one_paragraph", "offers_own_field")
NOTED = ["measure", "denominator", "left_out", "reason"]
UNITS = {
    "offers_one_paragraph": ("Angeboten", 0),
    "offers_own_field": ("Angeboten", 0),
    "cross_field": ("Gewicht", 1),
    "eur_one_paragraph": ("Euro", 0),
}
MARKET = {
    "year": Column("am 31.12."),
    "n_offers": Column("Angebote", digits=0),
    "n_unknown": Column("davon ohne Träger", digits=0),
    "n_providers": Column("Träger", digits=0),
    "hhi": Column("HHI", "nach Angeboten", digits=0),
    "cr3": Column("CR3", "Prozent der Angebote", digits=0),
    "n_eur": Column("Angebote mit bekannter Summe", digits=0),
    "hhi_eur": Column("HHI", "nach Euro", digits=0),
    "cr3_eur": Column("CR3", "Prozent der Euro", digits=0),
}


def providers(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the number of providers and how concentrated the offers are."""
    if lost := _no_offers(tables, area):
        return lost
    frame = market.market(tables["offer"], area, _compared(tables, study, area))
    frame[["cr3", "cr3_eur"]] *= 100
    return table(public(frame, rules), MARKET, caption="Träger der laufenden Angebote")


def provider_types(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show providers and offers by type of provider."""
    if lost := lacking(tables, "provider") or _no_offers(tables, area):
        return lost
    years = _compared(tables, study, area)
    frame = market.types(tables["offer"], tables["provider"], area, years)
    frame["share"] *= 100
    columns = {
        "type": Column("Art des Trägers", labels=TYPES),
        "year": Column("am 31.12."),
        "n_providers": Column("Träger", digits=0),
        "n_offers": Column("Angebote", digits=0),
        "share": Column("Anteil der Angebote", "Prozent", digits=0),
    }
    return table(public(frame, rules), columns, caption="Träger nach Art")


def turnover(tables: Tables, study: Study, area: str, rules: Rule) -> Prose:
    """Say how many providers came and went."""
    if lost := _no_offers(tables, area):
        return lost
    years = _compared(tables, study, area)
    if len(years) == 1:
        return prose(ONE_YEAR.format(years[0]))
    found = market.turnover(tables["offer"], area, *years)
    stayed, entered, left = map(len, (found.stayed, found.entered, found.left))
    return prose(
        f"Von den Trägern, die am 31.12.{years[0]} Angebote im Raum hatten, waren am "
        f"31.12.{years[1]} {wording.number(stayed)} noch da und {wording.number(left)} nicht mehr; "
        f"{wording.number(entered)} kamen hinzu."
    )


def versaeulung(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the four shares of Versäulung with numerator, denominator and interval."""
    if all(lacking(tables, name) for name in ("offer", "cooperation")):
        return lacking(tables, "offer", "cooperation") or prose(NO_OFFERS)
    frame = pillars.panel(tables, area, _compared(tables, study, area))
    shown = pd.DataFrame(
        {
            "measure": frame["measure"],
            "year": frame["year"],
            "of": [
                _of(*row)
                for row in frame[["measure", "numerator", "denominator"]].itertuples(index=False)
            ],
            "share": frame["share"] * 100,
            "interval": [_bounds(*row) for row in frame[["low", "high"]].itertuples(index=False)],
            "note": [_note(*row) for row in frame[NOTED].itertuples(index=False)],
        }
    )
    columns = {
        "measure": Column("Merkmal", labels=PILLARS),
        "year": Column("Jahr"),
        "of": Column("Zähler von Nenner"),
        "share": Column("Anteil", "Prozent", digits=0),
        "interval": Column("95-%-Intervall"),
        "note": Column("Hinweis"),
    }
    return table(public(shown, rules), columns, caption="Versäulung")


def _no_offers(tables: Tables, area: str) -> Prose | None:
    if lost := lacking(tables, "offer"):
        return lost
    here = tables["offer"]["area_id"] == area
    return None if here.any() else prose(NO_OFFERS)


def _compared(tables: Tables, study: Study, area: str) -> tuple[int, ...]:
    """Return the years of the network, so that both sections compare the same; else of offers."""
    years = years_shown(tables, study, area)
    if years or lacking(tables, "offer"):
        return years
    last = study.last or int(tables["offer"]["begin"].dt.year.max())
    start = study.model_area(area).start
    return (int(start[:4]) - 1, last) if start and int(start[:4]) <= last else (last,)


def _of(measure: str, part: float, whole: float) -> str:
    if pd.isna(part):
        return ""
    unit, digits = UNITS[measure]
    return f"{wording.number(part, digits)} von {wording.number(whole, digits)} {unit}"


def _bounds(low: float, high: float) -> str:
    if pd.isna(low):
        return ""
    return f"{wording.percent(low)} bis {wording.percent(high)}"


def _note(measure: str, denominator: float, left_out: int, reason: str) -> str:
    if reason:
        return f"{reason[0].upper()}{reason[1:]}."
    said = []
    if not pd.isna(left_out) and left_out:
        one = left_out == 1
        who = "1 Angebot ist" if one else f"{wording.number(left_out)} Angebote sind"
        said.append(f"{who} nicht gezählt, weil die Angabe fehlt.")
    if measure in COUNTED and denominator < LEAST:
        said.append(f"Kein Intervall unter {wording.number(LEAST)} Angeboten.")
    return " ".join(said)
