"""What each table, figure and sentence of the public pages tells an outsider about counts.

A function takes a number as a bound; a text says why numbers bound no count. Whoever adds a table,
column or sentence adds its meaning: the attacker lists what he does not know, and the test fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from html_attacker import (
    ALL,
    COMPARISON,
    HELPS,
    HIDDEN,
    LABEL,
    PLACED,
    VOLUME,
    Attack,
    Item,
    Meaning,
    Terms,
    curves,
    half,
    number,
)

ESTIMATE = "Schätzung in ganzen Prozent; die Summen, aus denen sie ist, sind genauer bekannt"
OTHERS = "Zahlen anderer: das Land, die Bevölkerung"
RANK = "Rang oder p-Wert unter allen Räumen"
DOTS = "Änderungen ungenannter Räume in ganzen Prozent"
DRAWN = "in der Abbildung genauer gezeichnet"
FOLLOWS = "aus Fallzahl und Erwartung daneben gerechnet"
EXPECTED_DRIFT = 0.02  # how far an expected line may miss what the comparison areas counted
NO_HELPS = "Befragte, Verbindungen, Bausteine und Angebote; keine Hilfen"
LENGTH = "Dauer von mindestens 20 Hilfen"
Row = dict[str, str]


def count(cells: Any = HELPS, measures: tuple[str, ...] = VOLUME) -> Any:
    def use(at: Attack, area: str, row: Row, text: str, where: str) -> None:
        at.count(at.sum(area, [row["Jahr"]], measures, cells), text, where)

    return use


def form(name: str) -> Any:
    return count([cell for cell in ALL if cell[1] == name])


def people(at: Attack, area: str, row: Row, text: str, where: str) -> None:
    at.count(at.people(area, row["Jahr"]), text, where)


def rate(at: Attack, area: str, row: Row, text: str, where: str) -> None:
    year = [row["Jahr"]]
    at.rate(at.sum(area, year), text, at.base(area, year) / 1e4, where)


def expected(at: Attack, area: str, row: Row, text: str, where: str) -> None:
    year = row["Jahr"]
    whole = sum(at.base(one, [year]) for one in at.areas)
    at.rate(at.city(year), text, whole / at.base(area, [year]), where)


def ratio(at: Attack, area: str, row: Row, text: str, where: str) -> None:
    year = row["Jahr"]
    if text != HIDDEN:
        whole = sum(at.base(one, [year]) for one in at.areas)
        share = at.base(area, [year]) / whole
        low, high = ((number(text) + side * half(text)) * share for side in (-1, 1))
        at.ratio(at.sum(area, [year]), at.city(year), low, high, where)


def change(column: str) -> Any:
    def use(at: Attack, area: str, row: Row, text: str, where: str) -> str | None:
        title = row.get("Aussage", "1.")[:2]
        if title == "4." or row.get("Raum") == "Land":
            return OTHERS if "Raum" in row else ESTIMATE
        other = column == "Vergleich" or row.get("Raum") == "Vergleich"
        at.change(COMPARISON if other else area, text, where, PLACED if title == "3." else HELPS)
        return None

    return use


def side(place: int) -> Any:
    def use(at: Attack, area: str, row: Row, text: str, where: str) -> str | None:
        if row["Raum"] == "Land":
            return OTHERS
        who = COMPARISON if row["Raum"] == "Vergleich" else area
        span = at.known.spans()[place]
        at.rate(at.sum(who, span), text, at.base(who, span) / 1e4, where)
        return None

    return use


def share(place: int) -> Any:
    def use(at: Attack, area: str, row: Row, text: str, where: str) -> None:
        code = {"teilstationär": "teilstationaer", "stationär": "stationaer"}
        cells = [cell for cell in HELPS if cell[1] == code.get(row["Form"], row["Form"])]
        own, whole = (
            at.sum(area, at.known.spans()[place], ("started",), kind) for kind in (cells, HELPS)
        )
        if text == HIDDEN or text == "–":
            at.count(own, text, where)
        else:
            low, high = ((number(text) + s * half(text)) / 100 for s in (-1, 1))
            at.ratio(own, whole, low, high, where)

    return use


def begun(at: Attack, area: str, row: Row, text: str, where: str) -> None:
    span = at.known.spans()[row["Hilfen"].startswith("danach")]
    at.count(at.sum(area, span, ("started",)), text, where)


def trend(at: Attack, area: str, name: str, item: Item, found: Any, where: str) -> None:
    """Take the rates of area and comparison from their markers: they are exact."""
    drawn = curves(item.svg)
    at.path.setdefault(area, drawn.get("#6b6b6b", {}))
    for who, color in ((area, "#0072b2"), (COMPARISON, "#6b6b6b")):
        for year, value in drawn.get(color, {}).items():
            n = value * at.base(who, [year]) / 1e4
            at.bound(at.sum(who, [year]), n - 0.02, n + 0.02, f"{where} {year} {who}")


def counterfactual(at: Attack, area: str, name: str, item: Item, found: Any, where: str) -> None:
    """Take the expected line: it follows what the comparison areas counted in each year."""
    drawn = curves(item.svg)
    scale = at.columns.setdefault(("scale", area), len(at.columns))
    for year, value in drawn.get("#c04f00", {}).items():
        near = value * at.base(COMPARISON, [year]) / 1e4
        terms: Terms = at.sum(COMPARISON, [year])
        if year < at.known.start:
            terms |= at.sum(area, [year])
        own = value * at.base(area, [year]) / 1e4 * (year < at.known.start)
        for sign in (-1, 1):
            bound = {column: -sign * n for column, n in terms.items()}
            bound[scale] = sign * near * (1 + sign * EXPECTED_DRIFT)
            at.bound(bound, -sign * own, np.inf, f"{where} {year} expected")
    trend(at, area, name, item, found, where)


def drift(at: Attack, area: str, name: str, item: Item, found: Any, where: str) -> None:
    """Take the drift before the start: a Poisson slope over the path of the comparison areas."""
    before, path = at.known.spans()[0], at.path[area]
    base = np.array([path[year] * at.base(area, [year]) for year in before])
    time = np.arange(len(before))
    low, high = (
        float((time * base * r**time).sum() / (base * r**time).sum())
        for r in (1 + (number(found[1]) + d) / 100 for d in (-0.08, 0.08))
    )
    later: Terms = {}
    for place, year in enumerate(before):
        later |= dict.fromkeys(at.sum(area, [year]), float(place))
    at.ratio(later, at.sum(area, before), low, high, f"{where} drift")


def whole_percent(at: Attack, area: str, name: str, item: Item, found: Any, where: str) -> str:
    """Figures of estimates must draw whole per cent, or they would tell more than they print."""
    for values in curves(item.svg).values():
        for year, value in values.items():
            if abs(value - round(value)) > 1e-3:
                at.unknown.append(f"{where}: {year} is drawn at {value}")
    return ESTIMATE


def selection(at: Attack, area: str, name: str, item: Item, found: Any, where: str) -> None:
    after, chosen = at.known.spans()[1], [at.known.chosen]
    grown = at.base(area, after) / at.base(area, chosen)
    low, high = (grown * (1 + (number(found[1]) + d) / 100) for d in (-0.5001, 0.5001))
    at.ratio(at.sum(area, after), at.sum(area, chosen), low, high, where)


def five(at: Attack, area: str, row: Row, text: str, where: str) -> str | None:
    if text.startswith("Jeder Zeitraum hat im Modellraum mindestens 5"):
        for year in [*at.known.spans()[0], *at.known.spans()[1]]:
            at.bound(at.sum(area, [year]), 5, np.inf, where)
        return None
    return ESTIMATE


ESTIMATES = {
    "Aussage": LABEL,
    "Verfahren": LABEL,
    "Größe": LABEL,
    "Reihe": LABEL,
    "Abweichung": ESTIMATE,
    "Abweichung vom Vergleich": ESTIMATE,
    "90-%-Intervall": ESTIMATE,
    "Placebo-Rang": RANK,
    "p": RANK,
    "kleinstes mögliches p": RANK,
}
TABLES: dict[str, dict[str, Any]] = {
    r"Inanspruchnahmequote ohne §§ 28 und 35a = ": {
        "Jahr": LABEL,
        "Hilfen": count(),
        "Bevölkerung unter 21 Jahren": OTHERS,
        "Quote": rate,
        "95-%-Intervall von": FOLLOWS,
        "bis": FOLLOWS,
    },
    r"Beobachtete und nach der Quote aller Räume erwartete Hilfen$": {
        "Jahr": LABEL,
        "beobachtete Hilfen": count(),
        "erwartete Hilfen": expected,
        "Verhältnis": ratio,
        "95-%-Intervall von": FOLLOWS,
        "bis": FOLLOWS,
    },
    r"Hilfen nach Jahr \(Fälle\)": {
        "Jahr": LABEL,
        "Bestand am letzten Tag": count(ALL, ("stock",)),
        "begonnen": count(ALL, ("started",)),
        "beendet": count(ALL, ("ended",)),
        "junge Menschen": people,
    },
    r"Jahresvolumen \(Bestand \+ beendet\) nach Hilfeform": {
        "Jahr": LABEL,
        "ambulant": form("ambulant"),
        "teilstationär": form("teilstationaer"),
        "stationär": form("stationaer"),
        "Beratung": form("beratung"),
    },
    r"Daten: ": {"*": DRAWN},
    r"Die sieben Aussagen": ESTIMATES
    | {"Modellraum": change("own"), "Vergleich": change("Vergleich"), "Land": OTHERS},
    r"Inanspruchnahmequote ohne §§ 28 und 35a vor und ab \d{4}": {
        "vorher": side(0),
        "nachher": side(1),
        "Veränderung": change("own"),
    },
    r"Alle Verfahren für die primäre Frage": ESTIMATES,
    r"Weitere Größen, dafür berichtigt": ESTIMATES | {"Hinweis": LABEL},
    r"Unterbrochene Zeitreihen": ESTIMATES
    | dict.fromkeys(("Steigung vorher je Zeitraum", "Sprung am Beginn"), ESTIMATE)
    | {"Änderung der Steigung": ESTIMATE},
    r"Vergleichsräume mit dem größten Gewicht": {"*": ESTIMATE},
    r"Wenn der Verlauf auch ohne Modell": {"*": ESTIMATE},
    r"Alle Prüfungen der primären Frage": {"Prüfung": LABEL, "Was gefunden wurde": five},
    r"Begonnene Hilfen nach Form, ohne §§ 28 und 35a": {"vorher": share(0), "nachher": share(1)},
    r"Verweildauer": {
        "Anzahl": begun,
        "Median": LENGTH,
        "95 % von": LENGTH,
        "bis": LENGTH,
    },
}
SENTENCES: dict[str, Any] = {
    r"Nach dem Verlauf der Vergleichsräume wären": counterfactual,
    r"^Inanspruchnahmequote ohne §§ 28 und 35a, je 10\.000\. ": trend,
    r"^Inanspruchnahmequote ohne §§ 28 und 35a: ": DRAWN,
    r": ab \d{4} um \d+ % (niedriger|höher) als erwartet$": ESTIMATE,
    r": [−+]?\d+ %, von unten gezählt Stelle \d+ von \d+$": DOTS,
    r"^\d+ Schätzungen: ": ESTIMATE,
    r": \d+ von \d+ Zeiträumen danach außerhalb": ESTIMATE,
    r"^Abweichung vom Verlauf der übrigen Räume \(Prozent\)\.": whole_percent,
    r"^\d+ Schätzungen, ": whole_percent,
    r"^\w[\w ]*: [−+\d].* %\. Die übrigen \d+ Räume": DOTS,
    r"Wer nur mit \d{4} vergleicht, sieht eine Veränderung von ([−+\d,]+) %": selection,
    r"Datenstand \d\d\.\d\d\.\d{4}; eigene Berechnung\.$": LABEL,
    r"Modellraum seit \d{4}": LABEL,
    r"^Die Inanspruchnahmequote .*Intervall": ESTIMATE,
    r"^Auswahl des Raums: ": LABEL,
    r"Unter \d+ Räumen, die der Reihe nach": RANK,
    r"^Die Fallzahlen schwanken": ESTIMATE,
    r"^Vor dem Beginn veränderte sich der Raum .* um ([−+\d,]+) % je Zeitraum": drift,
    r"^Vor dem Beginn ": ESTIMATE,
    r": Um \d{4} liegen zu wenige Zeiträume": LABEL,
    r"^Verwendet wurden \d+ Zeiträume": LABEL,
    r"^Von \d+ Prüfungen|\(31_methoden\)\.$|^Die Aussagen 3 und 4": LABEL,
    r"^Auffällig ist „": ESTIMATE,
    r"festgehalten, am ": LABEL,
    r"^Seither|^Geändert am|^Dieser Bericht weicht": LABEL,
    r"doi:|arXiv:": ESTIMATE,
    r"^Die festgelegte Schätzung liegt an Stelle": ESTIMATE,
    r"^Für \d+ weitere lehnt|^Nicht gezeigt werden \d+": LABEL,
    r"^Der größte Sprung gegenüber": ESTIMATE,
    r"steht der Raum auf Rang \d+ von": RANK,
    r"^Beobachtete Fälle geteilt": LABEL,
    r"^Höhere Akzeptanz bei den Familien: |^Angebote, Strukturen und Schnittstellen": NO_HELPS,
    r"^Am meisten umgesetzt ist in|^Umsetzungsgrad und Wirkung|: Umsetzungsgrad \d+": ESTIMATE,
    r"^Ob mehr Umsetzung mit mehr Wirkung": LABEL,
    r"^αi steht für das": LABEL,
}
MEANING = Meaning(TABLES, SENTENCES)
