"""German numbers and the plain sentences that reports need; a sentence follows the interval."""

from __future__ import annotations

import math
from collections.abc import Collection

from evaltools.effects.dynamics import EventStudy
from evaltools.effects.placebo import CONSPICUOUS
from evaltools.effects.results import Effect
from evaltools.effects.sensitivity import Bounds
from evaltools.evaluation.claims import LEAST_FOR_PRE_TREND, Claim
from evaltools.german import (
    NBSP,
    day,
    interval,
    listing,
    number,
    percent,
    percent_change,
    share,
    signed,
)
from evaltools.measures.change import Change
from evaltools.study import Selection

__all__ = ["day", "interval", "listing", "number", "percent", "percent_change", "share", "signed"]

TABLE_LABELS = {
    "action_budget": "Handlungsbudget",
    "area": "Räume",
    "area_team_meeting": "Sitzungen des Gebietsteams",
    "coding": "Kodierungen",
    "coding_document": "Gespräche",
    "community_work": "fallunspezifische Arbeit",
    "cooperation": "Zusammenarbeit",
    "coordinator_activity": "Tätigkeiten der Koordination",
    "early_help": "Frühe Hilfen",
    "family_acceptance": "Befragung der Familien",
    "hze_case": "einzelne Hilfen",
    "hze_count": "Fallzahlen",
    "infrastructure": "Einrichtungen",
    "kifaz": "Kinder- und Familienzentren",
    "milestone": "Meilensteine",
    "offer": "Angebote",
    "population": "Bevölkerung",
    "provider": "Träger",
    "pseudonym": "Pseudonyme",
    "quote_clearance": "Freigabe von Zitaten",
    "reference_trend": "Vergleichstrend",
    "selection_criterion": "Auswahlkriterien",
    "short_survey": "Kurzbefragung",
    "social_profile": "soziale Merkmale",
    "staffing": "Fachkräfte",
    "unit_cost": "Kosten je Hilfe",
}


def effect_sentence(effect: Effect, *, what: str) -> str:
    """Say what the data are compatible with.

    Parameters
    ----------
    effect : Effect
        The effect.
    what : str
        German subject in the singular with its article, such as ``Die Inanspruchnahmequote``.

    Returns
    -------
    str
        Two sentences: what the interval allows, then the placebo rank.
    """
    if not math.isfinite(effect.high):
        return _unbounded(effect, what)
    level = number(effect.level * 100)
    bounds = f"({level}-%-Intervall: {interval(effect.low, effect.high)})"
    if side := _side(effect):
        first = (
            f"{what} lag ab {effect.start} um {_size(effect.estimate)} {side}, als nach dem "
            f"Verlauf der Vergleichsräume zu erwarten war {bounds}."
        )
    else:
        first = (
            f"{what} unterscheidet sich ab {effect.start} nicht erkennbar vom Verlauf der "
            f"Vergleichsräume; mit den Daten vereinbar sind Veränderungen zwischen "
            f"{percent_change(effect.low)} und {percent_change(effect.high)} ({level}-%-Intervall)."
        )
    return f"{first} {rank_sentence(effect)}"


def headline(effect: Effect, name: str) -> str:
    """Say in one line what the interval allows; it stands above the figure of the expectation."""
    if not math.isfinite(effect.high):
        return f"{name}: vom erwarteten Verlauf nicht zu unterscheiden, ohne Grenze des Intervalls"
    if side := _side(effect):
        return f"{name}: ab {effect.start} um {_size(effect.estimate)} {side} als erwartet"
    return f"{name}: kein erkennbarer Unterschied zum erwarteten Verlauf"


def rank_sentence(effect: Effect) -> str:
    """Say the placebo rank, its p-value and the smallest p-value possible."""
    several = ", berichtigt für mehrere Aussagen" if effect.family else ""
    who = f"Unter {number(effect.n)} Räumen, die der Reihe nach als Modellraum behandelt wurden,"
    if n_treated(effect) > 1:
        who = (
            f"Unter {number(effect.n)} Möglichkeiten, ebenso viele Räume zu Modellräumen zu machen,"
        )
    this = "diese" if n_treated(effect) > 1 else "dieser"
    return (
        f"{who} steht {this} nach Größe der Abweichung auf Rang {number(effect.rank)} "
        f"(p = {share(effect.p)}; kleinstmöglich wäre {share(effect.p_floor)}{several})."
    )


def dispersion_sentence(effect: Effect) -> str:
    """Say the overdispersion of the fit."""
    factor = number(effect.dispersion, 1)
    if effect.dispersion > 1.2:
        text = "Die Fallzahlen schwanken stärker, als reiner Zufall (Poisson) es täte"
    else:
        text = "Die Fallzahlen schwanken etwa so stark, wie reiner Zufall (Poisson) es täte"
    return f"{text}: Die Überstreuung beträgt {factor} (1 wäre reiner Zufall)."


def pre_trend_sentence(effect: Effect) -> str:
    """Say how the area drifted against its comparison before the start."""
    trend = effect.pre_trend
    if trend is None:
        return "Der Verlauf vor dem Beginn ließ sich nicht prüfen."
    rank = f"Rang {number(trend.rank)} von {number(trend.n)}, p = {share(trend.p)}"
    drift = percent_change(trend.ratio_per_period, 1)
    verdict = _conspicuous(trend.p, trend.n)
    if effect.n_before < LEAST_FOR_PRE_TREND and trend.p > CONSPICUOUS:
        verdict = "für eine Prüfung sind es zu wenige Zeiträume"
    return (
        f"Vor dem Beginn veränderte sich der Raum gegenüber dem Vergleich um {drift} je Zeitraum "
        f"({rank}): {verdict}."
    )


def selection_sentence(effect: Effect, selection: Selection | None) -> str:
    """Say how the area was chosen and what that means for the estimate."""
    if selection is None:
        return (
            "Wie der Raum ausgewählt wurde, ist nicht angegeben; war hohe Belastung der Grund, "
            "kann ein Teil eines Rückgangs bloße Rückkehr zum Üblichen sein."
        )
    if not effect.left_out_periods:
        return f"Auswahl des Raums: {selection.rule}."
    stays = "bleibt" if len(effect.left_out_periods) == 1 else "bleiben"
    return (
        f"Auswahl des Raums: {selection.rule}. {listing(effect.left_out_periods)} {stays} deshalb "
        "außer Betracht, weil ein hoher Wert, der zur Auswahl führte, von selbst wieder sinkt."
    )


def selection_year_sentence(change: Change, periods: Collection[str]) -> str:
    """Say what the comparison with the selection year alone would show, and why it misleads."""
    return (
        f"Wer nur mit {listing(periods)} vergleicht, sieht eine Veränderung von "
        f"{percent_change(change.ratio)}. Sie führt in die Irre: Ein einzelnes "
        "Jahr ist kein Maßstab, wenn es Anlass der Auswahl war; hohe Werte sinken auch ohne Modell."
    )


def claim_sentence(claim: Claim) -> str:
    """Say a claim's verdict in one sentence, with what is missing where it cannot be tested."""
    sentence = f"{claim.title}: {claim.verdict}. {claim.reason}"
    if claim.missing:
        sentence += f" {missing_sentence(claim.missing)}"
    return sentence


def missing_sentence(needed: Collection[str]) -> str:
    """Say which tables and columns (``offer: kind``) are missing: for people first, then by id."""

    def said(one: str) -> str:
        name = one.partition(": ")[0]
        return f"{TABLE_LABELS[name]} (Tabelle {one})" if name in TABLE_LABELS else one

    return f"Es fehlt: {'; '.join(map(said, needed))}."


def movement_sentence(event: EventStudy) -> str:
    """Say whether the area moved more than others before the start, in any shape."""
    verdict = _conspicuous(event.p, event.n)
    return (
        f"Vor dem Beginn war die Bewegung des Raums gegenüber den übrigen {verdict}: Nach ihrer "
        f"Stärke über alle Zeiträume davor steht er auf Rang {number(event.rank)} von "
        f"{number(event.n)} (p = {share(event.p)})."
    )


def pairs_sentence(pairs: float | None, bound: float) -> str:
    """Say the leave-two-out share, and how likely a small one is without an effect."""
    if pairs is None:
        return (
            "Der Vergleich mit je zwei Räumen zugleich ist nicht möglich; nötig sind ein "
            "Modellraum und mindestens vier Vergleichsräume."
        )
    return (
        "Der Modellraum wird mit jedem Paar von Vergleichsräumen zugleich den übrigen "
        f"gegenübergestellt: In {_portion(pairs)} der Paare weicht einer der beiden mindestens so "
        "stark ab wie er. Ohne Wirkung wäre ein Anteil von höchstens "
        f"{percent(CONSPICUOUS)} mit einer Wahrscheinlichkeit von höchstens "
        f"{percent(math.ceil(bound * 1000 - 1e-6) / 1000, 1)} zu erwarten "
        "(Lei und Sudijono 2024, arXiv:2401.07152)."
    )


def place_sentence(place: int, n: int, same: float) -> str:
    """Say where the primary estimate lies among all specifications."""
    return (
        f"Die festgelegte Schätzung liegt an Stelle {number(place)} von {number(n)}, vom tiefsten "
        f"Rückgang an gezählt; {_portion(same)} der Schätzungen liegen auf derselben Seite von "
        "null."
    )


def breakdown_sentence(bounds: Bounds) -> str:
    """Say up to which deviation from parallel trends the interval excludes no change."""
    if bounds.breakdown <= 0:
        return (
            "Schon bei genau gleichem Verlauf ist mit den Daten vereinbar, dass sich nichts "
            "verändert hat; Abweichungen davon machen die Aussage nur ungewisser."
        )
    if not math.isfinite(bounds.breakdown):
        return "Vor dem Beginn gab es keine Sprünge, an denen sich Abweichungen messen ließen."
    most = number(math.floor(bounds.breakdown * 100 + 1e-9) / 100, 2)
    return (
        "Der größte Sprung gegenüber den übrigen Räumen von einem Zeitraum zum nächsten betrug vor "
        f"dem Beginn {_size(math.exp(bounds.largest_step))}. Weicht der Verlauf je Zeitraum um "
        f"höchstens das {most}-Fache davon ab, so bleibt ausgeschlossen, dass sich nichts "
        "verändert hat; darüber hinaus nicht mehr."
    )


def n_treated(effect: Effect) -> int:
    """Count the treated areas of an effect."""
    return effect.area.count(", ") + 1


def _side(effect: Effect) -> str:
    """Say on which side of no effect the whole interval lies; nothing where it holds it."""
    return "niedriger" if effect.high < 1 else "höher" if effect.low > 1 else ""


def _unbounded(effect: Effect, what: str) -> str:
    """Say that there is no interval, and why."""
    if effect.p_floor <= 1 - effect.level + 1e-9:
        return f"{what} lässt sich nicht von Zufall unterscheiden; das Intervall ist unbegrenzt."
    k = n_treated(effect)
    others = number(effect.n - 1 if k == 1 else effect.n_areas - k)
    first = f"{what} lässt sich mit {others} Vergleichsräumen nicht von Zufall unterscheiden"
    if k > 1:
        return f"{first}; für ein Intervall sind es zu wenige."
    return f"{first}; ein Intervall gibt es erst ab neun Vergleichsräumen."


def _portion(value: float) -> str:
    """Write a share in whole per cent, never rounded to none or all."""
    if 0 < value < 0.005:
        return f"weniger als 1{NBSP}%"
    return f"mehr als 99{NBSP}%" if 0.995 <= value < 1 else percent(value)


def _conspicuous(p: float, n: int) -> str:
    """Say whether a rank is conspicuous, unless too few areas leave it no chance to be."""
    if 1 / n > CONSPICUOUS:
        return "nicht prüfbar (zu wenige Räume)"
    return "auffällig" if p <= CONSPICUOUS else "unauffällig"


def _size(ratio: float) -> str:
    return f"{number(abs(ratio - 1) * 100)}{NBSP}%"
