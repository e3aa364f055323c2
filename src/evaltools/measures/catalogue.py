"""The indicators as declared rows, each with its formula, unit and source.

To add one, add an ``Indicator`` to ``INDICATORS`` and an expected value to its test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaltools.errors import DesignError, unknown

AKJSTAT = "AKJStat, Monitor Hilfen zur Erziehung"
KEZA = "con_sens, Kennzahlenvergleich Hilfen zur Erziehung"
VOLUME = ("stock_3112", "ended")
OFFICIAL = "Statistisches Bundesamt, Statistik der Kinder- und Jugendhilfe Teil I"
LOCAL = ("28", "35a")
EVERY_FORM = tuple(("*", form) for form in ("beratung", "ambulant", "teilstationaer", "stationaer"))


@dataclass(frozen=True)
class Pick:
    """Which cells of ``hze_count`` are added: measures × (paragraph, form), ``*`` for any."""

    measures: tuple[str, ...]
    cells: tuple[tuple[str, str], ...] = (("*", "*"),)
    without: tuple[str, ...] = ()

    @property
    def is_total(self) -> bool:
        """Whether every paragraph and form is meant, so that a delivered total serves."""
        return self.cells == (("*", "*"),) and not self.without


@dataclass(frozen=True)
class Indicator:
    """A ratio of two sums.

    The denominator is the population, unless cells of ``hze_count`` are named for it or a `role`,
    whose full-time staff it is then. In a `weighted` numerator each help counts as much as the
    study's weight of its form.
    """

    name: str
    label: str
    unit: str
    numerator: Pick
    per: float
    formula: str
    source: str
    denominator: Pick | None = None
    digits: int = 0
    role: str = ""
    weighted: bool = False

    @property
    def base(self) -> Literal["population", "hze_count", "staffing"]:
        """Which table the denominator stands in."""
        if self.role:
            return "staffing"
        return "population" if self.denominator is None else "hze_count"


INDICATORS: Mapping[str, Indicator] = {
    item.name: item
    for item in (
        Indicator(
            "inanspruchnahme",
            "Inanspruchnahmequote",
            "je 10.000",
            Pick(VOLUME),
            10_000,
            "(Bestand am letzten Tag + im Jahr beendete Hilfen) / Bevölkerung × 10.000",
            AKJSTAT,
        ),
        Indicator(
            "inanspruchnahme_lokal",
            "Inanspruchnahmequote ohne §§ 28 und 35a",
            "je 10.000",
            Pick(VOLUME, without=LOCAL),
            10_000,
            "(Bestand + beendete Hilfen, ohne §§ 28, 35a) / Bevölkerung × 10.000",
            AKJSTAT,
        ),
        Indicator(
            "fremdunterbringung",
            "Fremdunterbringungsquote",
            "je 10.000",
            Pick(VOLUME, (("33", "*"), ("34", "*"), ("27_2", "stationaer"))),
            10_000,
            "(§ 33 + § 34 + stationäre § 27 Abs. 2, Bestand + beendet) / Bevölkerung × 10.000",
            AKJSTAT,
        ),
        Indicator(
            "jahressumme_consens",
            "Jahressumme nach con_sens",
            "je 10.000",
            Pick(("started", "stock_3112", "ended")),
            10_000,
            "(begonnene + laufende + beendete Hilfen) / Bevölkerung × 10.000",
            KEZA,
        ),
        Indicator(
            "hze_dichte",
            "HzE+-Dichte (KeZa 50a)",
            "je 100",
            Pick(("stock_3112",)),
            100,
            "Bestand am letzten Tag / Bevölkerung × 100",
            KEZA,
            digits=2,
        ),
        Indicator(
            "hze_dichte_ambulant",
            "HzE+-Dichte ambulant (KeZa 51a)",
            "je 100",
            Pick(("stock_3112",), (("*", "ambulant"),)),
            100,
            "ambulanter Bestand am letzten Tag / Bevölkerung × 100",
            KEZA,
            digits=2,
        ),
        Indicator(
            "hze_dichte_stationaer",
            "HzE+-Dichte stationär (KeZa 52a)",
            "je 100",
            Pick(("stock_3112",), (("*", "stationaer"),)),
            100,
            "stationärer Bestand am letzten Tag / Bevölkerung × 100",
            KEZA,
            digits=2,
        ),
        Indicator(
            "anteil_ambulant",
            "Anteil ambulanter Hilfen (KeZa 53a)",
            "Prozent",
            Pick(("stock_3112",), (("*", "ambulant"),)),
            100,
            "ambulanter Bestand / Bestand aller Hilfen × 100",
            KEZA,
            denominator=Pick(("stock_3112",)),
            digits=1,
        ),
        Indicator(
            "anteil_vollzeitpflege",
            "Anteil der Vollzeitpflege an stationären Hilfen (KeZa 56)",
            "Prozent",
            Pick(("stock_3112",), (("33", "stationaer"),)),
            100,
            "Bestand § 33 / Bestand aller stationären Hilfen × 100",
            KEZA,
            denominator=Pick(("stock_3112",), (("*", "stationaer"),)),
            digits=1,
        ),
        Indicator(
            "zugangsquote",
            "Zugangsquote",
            "je 10.000",
            Pick(("started",)),
            10_000,
            "im Zeitraum begonnene Hilfen / Bevölkerung × 10.000",
            AKJSTAT,
        ),
        Indicator(
            "anteil_stationaer_begonnen",
            "Anteil stationärer an begonnenen Hilfen",
            "Prozent",
            Pick(("started",), (("*", "stationaer"),), without=LOCAL),
            100,
            "begonnene stationäre / begonnene Hilfen, jeweils ohne §§ 28, 35a, × 100",
            "ESPQ, Eingriffsintensität",
            denominator=Pick(("started",), without=LOCAL),
            digits=1,
        ),
        Indicator(
            "junge_menschen",
            "Junge Menschen mit Hilfe",
            "je 10.000",
            Pick(("young_people",)),
            10_000,
            "junge Menschen mit mindestens einer Hilfe / Bevölkerung × 10.000",
            AKJSTAT,
        ),
        Indicator(
            "ausgaben_je_kopf",
            "Ausgaben je jungem Menschen",
            "Euro",
            Pick(("cost_eur",)),
            1,
            "Ausgaben / Bevölkerung",
            AKJSTAT,
        ),
        Indicator(
            "stationaer",
            "Quote stationärer Hilfen ohne §§ 28 und 35a",
            "je 10.000",
            Pick(VOLUME, (("*", "stationaer"),), without=LOCAL),
            10_000,
            "(Bestand am letzten Tag + im Jahr beendete Hilfen, nur stationäre gleich welchen "
            "Paragrafen, ohne §§ 28, 35a) / Bevölkerung × 10.000",
            f"{AKJSTAT} (Jahresvolumen); Hilfeform nach Zuordnung der Studie",
        ),
        Indicator(
            "abgangsquote",
            "Abgangsquote",
            "je 10.000",
            Pick(("ended",)),
            10_000,
            "im Zeitraum beendete Hilfen / Bevölkerung × 10.000",
            f"{OFFICIAL} (beendete Hilfen)",
        ),
        Indicator(
            "intensitaet",
            "Mittlere Eingriffsintensität begonnener Hilfen",
            "Punkte je Hilfe",
            Pick(("started",), EVERY_FORM, without=LOCAL),
            1,
            "Summe (Gewicht der Hilfeform × begonnene Hilfen) / begonnene Hilfen, jeweils ohne "
            "§§ 28, 35a; geordnete Skala, Gewichte aus der Studiendatei",
            "ESPQ, Eingriffsintensität",
            denominator=Pick(("started",), EVERY_FORM, without=LOCAL),
            digits=2,
            weighted=True,
        ),
        Indicator(
            "faelle_je_fachkraft",
            "Laufende Hilfen je Fachkraft im Fallmanagement",
            "je Vollzeitstelle",
            Pick(("stock_3112",)),
            1,
            "Bestand aller Hilfen am letzten Tag / Vollzeitstellen (VZÄ) im Fallmanagement",
            "ESPQ, zusätzliches Personal",
            digits=1,
            role="case_manager",
        ),
        Indicator(
            "gefaehrdung_8a",
            "Begonnene Hilfen nach einer Gefährdungseinschätzung (§ 8a)",
            "je 10.000",
            Pick(("started_after_8a",)),
            10_000,
            "im Zeitraum begonnene Hilfen, denen eine Gefährdungseinschätzung nach § 8a Abs. 1 "
            "vorausging / Bevölkerung × 10.000",
            f"{OFFICIAL} (Erhebungsmerkmal nach § 99 Abs. 1 SGB VIII)",
            digits=1,
        ),
    )
}


def indicator(name: str) -> Indicator:
    """Return a declared indicator.

    Raises
    ------
    DesignError
        When the name is unknown; the message lists the known ones.
    """
    if name not in INDICATORS:
        raise DesignError(unknown("indicator", name, INDICATORS))
    return INDICATORS[name]
