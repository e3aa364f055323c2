"""The method appendix as a sceptic reads it: designs, weights, further outcomes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaltools.effects.results import Effect
from evaltools.evaluation.appendix import Appendix
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.claims import Outcome
from evaltools.german import NBSP
from evaltools.measures.catalogue import indicator
from evaltools.release import wording
from evaltools.release.claim_views import SMALL
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Rule
from evaltools.release.display import Prose, prose
from evaltools.release.estimates import permitted
from evaltools.release.sensitivity_views import (
    NO_EFFECT,
    hidden,
    instead,
)
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name, public
from evaltools.study import Study

REFUSED = "Das Verfahren lehnt die Daten ab."
METHODS = {
    "Poisson-DiD": "Festgelegt ist die Poisson-Differenz von Differenzen. Sie stellt die "
    "Veränderung der Quote im Modellraum der Veränderung in den Vergleichsräumen gegenüber; jeder "
    "Raum behält sein Niveau, jeder Zeitraum seine Höhe. Quelle: Santos Silva und Tenreyro 2006, "
    "doi:10.1162/rest.88.4.641.",
    "Synthetische DiD": "Die synthetische Differenz von Differenzen gewichtet Vergleichsräume und "
    "frühere Zeiträume so, dass der gewichtete Verlauf dem des Modellraums vor dem Beginn "
    "gleicht. Quelle: Arkhangelsky u. a. 2021, doi:10.1257/aer.20190159.",
    "Synthetische Kontrolle": "Die synthetische Kontrolle gewichtet nur die Räume; ein fester "
    "Abstand ist erlaubt, weil ein hoch belasteter Raum über allen anderen liegen kann. Quelle: "
    "Ferman und Pinto 2021, doi:10.3982/QE1596.",
}
RANKS = (
    "Geprüft wird jedes Verfahren durch seinen Placebo-Rang: Jeder Raum wird der Reihe nach als "
    "Modellraum behandelt, und der wirkliche muss unter ihnen auffallen. Quelle: Abadie, Diamond "
    "und Hainmueller 2010, doi:10.1198/jasa.2009.ap08746."
)
REPRODUCED = (
    "Welche veröffentlichten Zahlen die Verfahren wiedergeben, steht in der Datei docs/methods.md "
    "des Programms."
)
MOST_DONORS = 8
FIGURES = ("change", "interval", "rank", "p")


def methods(found: Appendix | None) -> Prose:
    """Describe how each design estimates, with its source."""
    names = METHODS if found is None else found.designs
    return prose(*(METHODS.get(name, "") for name in names), RANKS, REPRODUCED)


def designs(found: Appendix | None, result: Evaluation, rules: Rule) -> HtmlTable | Prose:
    """Show the estimates of all designs side by side; refusals stand in :func:`refusals`."""
    if found is None or hidden(result, rules):
        return instead(found)
    made = {name: item for name, item in found.designs.items() if isinstance(item, Effect)}
    rows = [[name, *_figures(item), wording.share(item.p_floor)] for name, item in made.items()]
    frame = pd.DataFrame(rows, columns=["design", *FIGURES, "floor"])
    columns = {"design": Column("Verfahren"), **_columns(made)}
    columns["floor"] = Column("kleinstes mögliches p")
    return table(public(frame, rules), columns, caption="Alle Verfahren für die primäre Frage")


def refusals(found: Appendix | None, rules: Rule) -> Prose:
    """Say which designs refused the data, and why."""
    said = {} if found is None else found.designs
    lost = {name: text for name, text in said.items() if isinstance(text, str)}
    # A refusal may name an area without a case, which is itself a small count under some rules.
    lines = [f"{name}: {text if rules.zeros_shown else REFUSED}" for name, text in lost.items()]
    return prose(*(lines or ["Kein Verfahren lehnt die Daten ab."])) if found else prose(NO_EFFECT)


def donors(
    found: Appendix | None, result: Evaluation, tables: Tables, rules: Rule
) -> HtmlTable | Prose:
    """Show the largest weights of comparison areas in the designs that weigh them."""
    if found is None or hidden(result, rules):
        return instead(found)
    weights = {
        name: item.weights.set_index("area_id")["share"]
        for name, item in found.designs.items()
        if isinstance(item, Effect) and item.weights is not None
    }
    if not weights:
        return prose("Kein Verfahren mit gewichteten Vergleichsräumen ließ sich rechnen.")
    shares = pd.DataFrame(weights).fillna(0.0)
    order = shares.max(axis=1).sort_values(ascending=False, kind="stable").index
    first, rest = shares.loc[order[:MOST_DONORS]], shares.loc[order[MOST_DONORS:]]
    rows = [
        [area_name(tables, str(area)), *map(_weight, line)] for area, *line in first.itertuples()
    ]
    if len(rest):
        noun = "weiterer Raum" if len(rest) == 1 else "weitere Räume"
        rows.append([f"{wording.number(len(rest))} {noun}", *map(_weight, rest.sum())])
    frame = pd.DataFrame(rows, columns=["area", *weights])
    columns = {"area": Column("Vergleichsraum")}
    columns |= {name: Column(name, "Gewicht") for name in weights}
    caption = "Vergleichsräume mit dem größten Gewicht; nicht genannte haben keines"
    return table(public(frame, rules), columns, caption=caption)


def further(found: Appendix | None, study: Study, rules: Rule) -> HtmlTable | Prose:
    """Show the further outcomes, adjusted for being several; they bear no verdict."""
    if found is None or not found.further:
        return prose(NO_EFFECT if found is None else "Die Studie nennt keine weiteren Größen.")
    made = {name: item.effect for name, item in found.further.items() if item.effect}
    rows = [_outcome(name, item, rules) for name, item in found.further.items()]
    frame = pd.DataFrame(rows, columns=["outcome", *FIGURES, "note", "reason"])
    columns = {"outcome": Column("Größe"), **_columns(made)}
    if frame["note"].any():
        columns["note"] = Column("Hinweis")
    caption = (
        "Weitere Größen, dafür berichtigt, dass mehrere geprüft werden; sie tragen kein Urteil"
    )
    return table(public(frame, rules), columns, caption=caption)


def together(found: Appendix | None, study: Study, rules: Rule) -> Prose:
    """Say the effect in all model areas at once."""
    made = None if found is None else found.together
    if found is None:
        return prose(NO_EFFECT)
    if made is None:
        return prose("Die Studie hat nur einen Modellraum mit bekanntem Beginn.")
    if isinstance(made, str):
        return prose(f"Alle Modellräume zusammen ließen sich nicht schätzen: {made}")
    if not permitted(made, rules):
        return prose(SMALL)
    if len(set(made.start.split(", "))) > 1:
        made = replace(made, start="dem jeweiligen Beginn")
    n = wording.number(wording.n_treated(made))
    what = f"Die {indicator(study.outcomes.hze).label} aller {n} Modellräume zusammen"
    return prose(wording.effect_sentence(made, what=what))


def _outcome(name: str, item: Outcome, rules: Rule) -> list[object]:
    label = indicator(name).label
    if item.effect is None:
        lost = wording.missing_sentence(item.missing) if item.missing else item.refusal
        return [label, *[pd.NA] * len(FIGURES), lost, UNKNOWN]
    if not permitted(item.effect, rules):
        return [label, *[pd.NA] * len(FIGURES), "", SUPPRESSED]
    return [label, *_figures(item.effect), "", UNKNOWN]


def _figures(effect: Effect) -> list[object]:
    return [
        effect.estimate,
        wording.interval(effect.low, effect.high),
        f"{wording.number(effect.rank)} von {wording.number(effect.n)}",
        wording.share(effect.p),
    ]


def _columns(made: dict[str, Effect]) -> dict[str, Column]:
    level = wording.number(100 * next((item.level for item in made.values()), 0.9))
    return {
        "change": Column("Abweichung vom Vergleich", change=True),
        "interval": Column(f"{level}-%-Intervall"),
        "rank": Column("Placebo-Rang"),
        "p": Column("p"),
    }


def _weight(share: float) -> str:
    """Write a weight in whole per cent; weights too small to be handed over count as none."""
    return f"unter 1{NBSP}%" if share < 0.005 else wording.percent(share)
