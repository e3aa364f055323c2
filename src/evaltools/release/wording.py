"""German numbers and the plain sentences that reports need; a sentence follows the interval."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from evaltools.effects.results import Change, Claim, Effect
from evaltools.study import Selection

LOCALE = "de_DE"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"


def number(value: float, digits: int = 0) -> str:
    """Write a number the German way: ``1.234,5``, with a real minus sign."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, format=pattern, locale=LOCALE)
    is_zero = not text.strip("-0,")
    return text.replace("-", "" if is_zero else MINUS)


def day(iso: str) -> str:
    """Write an ISO date as ``31.12.2023``."""
    return format_date(date.fromisoformat(iso[:10]), "dd.MM.yyyy", locale=LOCALE)


def percent_change(ratio: float, digits: int = 0) -> str:
    """Write a ratio as a change: 0.86 → ``−14 %``, 1.05 → ``+5 %``."""
    if not math.isfinite(ratio):
        return "unbestimmt"
    change = round((ratio - 1) * 100, digits) + 0.0
    sign = "+" if change > 0 else ""
    return f"{sign}{number(change, digits)}{NBSP}%"


def interval(low: float, high: float) -> str:
    """Write an interval of ratios as changes: ``−25 % bis −4 %``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "unbegrenzt (zu wenige Vergleichsräume)"
    return f"{percent_change(low)} bis {percent_change(high)}"


def share(value: float) -> str:
    """Write a p-value or share with two digits after the comma, never as 0,00."""
    return "< 0,01" if value <= 0.005 else number(value, 2)


def listing(names: Collection[str], *, most: int = 8) -> str:
    """Join names as a German list, cut after `most`."""
    shown = list(names)[:most]
    rest = len(names) - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} und {number(rest)} weitere"
    return " und ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


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
        return (
            f"{what} lässt sich mit {number(effect.n - 1)} Vergleichsräumen nicht von Zufall "
            "unterscheiden; ein Intervall gibt es erst ab neun Vergleichsräumen."
        )
    level = number(effect.level * 100)
    bounds = f"({level}-%-Intervall: {interval(effect.low, effect.high)})"
    if effect.high < 1:
        first = (
            f"{what} lag ab {effect.start} um {_size(effect.estimate)} niedriger, als nach dem "
            f"Verlauf der Vergleichsräume zu erwarten war {bounds}."
        )
    elif effect.low > 1:
        first = (
            f"{what} lag ab {effect.start} um {_size(effect.estimate)} höher, als nach dem "
            f"Verlauf der Vergleichsräume zu erwarten war {bounds}."
        )
    else:
        first = (
            f"{what} unterscheidet sich ab {effect.start} nicht erkennbar vom Verlauf der "
            f"Vergleichsräume; mit den Daten vereinbar sind Veränderungen zwischen "
            f"{percent_change(effect.low)} und {percent_change(effect.high)} ({level}-%-Intervall)."
        )
    return f"{first} {rank_sentence(effect)}"


def rank_sentence(effect: Effect) -> str:
    """Say the placebo rank, its p-value and the smallest p-value possible."""
    several = ", berichtigt für mehrere Aussagen" if effect.family else ""
    return (
        f"Unter {number(effect.n)} Räumen, die der Reihe nach als Modellraum behandelt wurden, "
        f"steht dieser nach Größe der Abweichung auf Rang {number(effect.rank)} "
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
    rank = f"Rang {number(trend.rank)} von {number(trend.n)}, p = {share(trend.p)}"
    drift = percent_change(trend.ratio_per_period, 1)
    verdict = "auffällig" if trend.p <= 0.10 else "unauffällig"
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
        sentence += f" Es fehlt: {'; '.join(claim.missing)}."
    return sentence


def _size(ratio: float) -> str:
    return f"{number(abs(ratio - 1) * 100)}{NBSP}%"
