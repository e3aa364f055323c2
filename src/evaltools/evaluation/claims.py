"""The seven ESPQ claims and their verdicts, by the rule written in ``docs/methods.md``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaltools.effects.design import Panel
from evaltools.effects.placebo import CONSPICUOUS
from evaltools.effects.results import Effect
from evaltools.evaluation.structure import Judged, Standing, Verdict
from evaltools.evaluation.titles import TITLES
from evaltools.study import Study

CLAIM_OUTCOMES = {2: "hze", 3: "placements", 4: "intensity"}
FALL_SHARE = 0.05
LEAST_FOR_PRE_TREND = 4
LEAST_ASSIGNMENTS = 15
EVIDENCE = "Vorher-nachher-Vergleich mit Vergleichsräumen, Placebo-Rang"
STRUCTURE_EVIDENCE = {
    5: "Befragungen vorher und nachher, verglichen mit befragten Räumen ohne Modell",
    7: "Netzwerk, Bausteine und Angebote vorher und nachher, verglichen mit Räumen ohne Modell",
}
MISSING = {
    6: (
        "unit_cost: paragraph oder form, year, eur, per, source",
        "hze_count: cost_eur",
        "staffing: role=case_manager, vzae",
    ),
}


@dataclass(frozen=True)
class Outcome:
    """An effect and its panel, or why there is none: what is missing, or the method's refusal."""

    effect: Effect | None
    missing: tuple[str, ...]
    refusal: str
    panel: Panel | None = None


@dataclass(frozen=True)
class Claim:
    """One of the seven ESPQ claims with its verdict.

    ``reason`` says in German why the verdict is what it is; ``missing`` names tables and columns
    that would make the claim testable. ``standing`` is the change behind a verdict that rests on
    no effect.
    """

    number: int
    title: str
    verdict: Verdict
    reason: str
    evidence: str
    effect: Effect | None = None
    missing: tuple[str, ...] = ()
    standing: Standing | None = None

    def row(self) -> pd.DataFrame:
        """One tidy row, without the effect's details."""
        values = {
            key: value for key, value in vars(self).items() if key not in ("effect", "standing")
        }
        return pd.DataFrame([values | {"missing": "; ".join(self.missing)}])


def judge(
    outcomes: Mapping[str, Outcome],
    tables: Mapping[str, pd.DataFrame],
    study: Study,
    built: Mapping[int, Judged],
) -> tuple[Claim, ...]:
    """Give each of the seven claims its verdict.

    Parameters
    ----------
    outcomes : mapping of str to Outcome
        ``hze``, ``placements``, ``intensity``.
    tables : mapping of str to DataFrame
        Processed tables; only their presence counts here.
    study : Study
        Holds the smallest relevant change.
    built : mapping of int to Judged
        Claims 5 and 7, from :mod:`evaltools.evaluation.structure`.

    Returns
    -------
    tuple of Claim
        Claims 1 to 7, in order.
    """
    margin = study.outcomes.relevant_change
    claims = [_counter_trend(outcomes["hze"], margin, study)]
    for number, name in CLAIM_OUTCOMES.items():
        claims.append(_from_outcome(number, outcomes[name], margin))
    for number, needed in MISSING.items():
        missing = tuple(item for item in needed if not _present(item, tables))
        reason = "Für diese Aussage fehlen Daten, oder ihr Verfahren ist noch nicht eingerichtet."
        claims.append(
            Claim(number, TITLES[number], "nicht prüfbar", reason, "keine", None, missing)
        )
    claims += [_from_structure(number, judged) for number, judged in built.items()]
    return tuple(sorted(claims, key=lambda claim: claim.number))


def _from_structure(number: int, judged: Judged) -> Claim:
    evidence = "keine" if judged.verdict == "nicht prüfbar" else STRUCTURE_EVIDENCE[number]
    told = (judged.verdict, judged.reason, evidence, None, judged.missing, judged.standing)
    return Claim(number, TITLES[number], *told)


def verdict(effect: Effect, margin: float, *, doubt: str = "") -> tuple[Verdict, str]:
    """Judge one effect from its interval, its rank and its pre-trend, never from its point.

    Parameters
    ----------
    effect : Effect
        The effect with its pre-trend; a fall is what the claim promises.
    margin : float
        Smallest relevant change, such as 0.1.
    doubt : str, optional
        German sentence why a fall that stands out would still not support the claim.

    Returns
    -------
    verdict, reason : str
        The verdict and the German sentence why.
    """
    doubt = _doubt(effect) or doubt
    if effect.high < 1 and not doubt:
        return "gestützt", "Alle mit den Daten vereinbaren Werte sind Rückgänge."
    if effect.low > 1 - margin:
        return "nicht gestützt", "Ein Rückgang von Bedeutung ist mit den Daten nicht vereinbar."
    if effect.high < 1:
        return "unklar", f"Der Rückgang hebt sich ab, aber {doubt}"
    return "unklar", "Mit den Daten ist ein deutlicher Rückgang ebenso vereinbar wie keiner."


def _doubt(effect: Effect) -> str:
    if effect.n_before < LEAST_FOR_PRE_TREND:
        return (
            f"{effect.n_before} Zeiträume vor dem Beginn sind zu wenige, um den Verlauf davor zu "
            f"prüfen; nötig sind {LEAST_FOR_PRE_TREND}."
        )
    if effect.pre_trend is None:
        return "der Verlauf vor dem Beginn ließ sich nicht prüfen."
    if effect.pre_trend.p <= CONSPICUOUS:
        return "der Raum entwickelte sich schon vor dem Beginn anders als die Vergleichsräume."
    if effect.n < LEAST_ASSIGNMENTS:
        return (
            f"unter {effect.n} Räumen ist der tiefste Rückgang zu oft Zufall; nötig sind "
            f"{LEAST_ASSIGNMENTS}."
        )
    deepest = max(1, math.floor(effect.n * FALL_SHARE + 1e-9))
    if not 1 <= effect.fall_rank <= deepest:
        return (
            f"so tiefe Rückgänge sind hier häufig: Rang {effect.fall_rank} der Rückgänge, nötig "
            f"ist mindestens Rang {deepest} von {effect.n}."
        )
    return ""


def _from_outcome(number: int, outcome: Outcome, margin: float) -> Claim:
    effect = outcome.effect
    if effect is None:
        return _untestable(number, outcome)
    given, reason = verdict(effect, margin)
    return Claim(number, TITLES[number], given, reason, EVIDENCE, effect)


def _counter_trend(outcome: Outcome, margin: float, study: Study) -> Claim:
    effect = outcome.effect
    if effect is None:
        return _untestable(1, outcome)
    lost = tuple(
        f"reference_trend: level={level} mit population"
        for level in study.reference
        if level not in effect.changes
    )
    if not study.reference:
        lost = ("Studiendatei: reference (Land oder Bund, mit dem verglichen wird)",)
    if lost:
        reason = "Der Trend, mit dem verglichen werden soll, fehlt."
        return Claim(1, TITLES[1], "nicht prüfbar", reason, "keine", effect, lost)
    own = effect.changes["own"].ratio
    others = [item for key, item in effect.changes.items() if key not in ("own", "selection")]
    above = [item.label for item in others if not own < item.ratio]
    doubt = f"die eigene Veränderung liegt nicht unter der von: {', '.join(above)}."
    given, reason = verdict(effect, margin, doubt=doubt if above else "")
    return Claim(1, TITLES[1], given, reason, EVIDENCE, effect)


def _untestable(number: int, outcome: Outcome) -> Claim:
    reason = "Für diese Aussage fehlen Daten."
    if outcome.refusal:
        reason = f"Das Verfahren lehnt die Daten ab: {outcome.refusal}"
    return Claim(number, TITLES[number], "nicht prüfbar", reason, "keine", None, outcome.missing)


def _present(needed: str, tables: Mapping[str, pd.DataFrame]) -> bool:
    table, _, rest = needed.partition(": ")
    if table not in tables:
        return False
    columns = [name.strip() for name in rest.split(",")]
    frame = tables[table]
    return all(any(_known(frame, one) for one in name.split(" oder ")) for name in columns)


def _known(frame: pd.DataFrame, needed: str) -> bool:
    """Whether a column holds anything, or the value that is asked for (``role=case_manager``)."""
    name, _, value = needed.partition("=")
    if name not in frame:
        return False
    return bool((frame[name] == value).any() if value else frame[name].notna().any())
