"""Claims 5 and 7: what families say, and whether offers, structures and interfaces came about.

Their verdicts follow the rule in ``docs/methods.md``: own change among the changes of areas
without the model, judged by interval and rank.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
from scipy import stats

from evaltools.data.schema_framework import OPERATIVE
from evaltools.effects.among import Among, among
from evaltools.errors import DataError, DesignError
from evaltools.german import listing, number, percent
from evaltools.measures import answers, implementation, networks, offers, survey
from evaltools.study import ModelArea, Study

Tables = Mapping[str, pd.DataFrame]
Verdict = Literal["gestützt", "nicht gestützt", "unklar", "nicht prüfbar"]
LEAST_OTHERS = 9  # so that a chance first rank is no likelier than the interval allows
LEAST_ANSWERS = 5
DRAWS = 400  # of the bootstrap of comparison areas, of which only the variance counts
ELEMENTS = {
    "koordination": "Koordination",
    "gebietsteam": "Gebietsteam",
    "kifaz": "Kinder- und Familienzentrum",
    "handlungsbudget": "Handlungsbudget",
}
NEEDED = {
    5: {"family_acceptance": "area_id, wave, item, agreement, scale_min, scale_max"},
    7: {
        "cooperation": "from_id, to_id, field_from, field_to, forum, kind, intensity, year",
        "milestone": "element, area_id, planned, reached",
        "offer": "offer_id, area_id, paragraph, begin, end",
    },
}
# Tables that each of the two claims looks at.
USED = (("family_acceptance",), ("cooperation", "milestone", "offer", "kifaz", "staffing"))
NO_START = "Studiendatei: start des Modellraums"
NO_RISE = (
    "Ein Anstieg, der den der Vergleichsräume bedeutsam übertrifft, ist mit den Daten nicht "
    "vereinbar."
)


@dataclass(frozen=True)
class Unit:
    """Unit of a change, and how many digits after the comma are shown."""

    name: str
    digits: int


@dataclass(frozen=True)
class Standing:
    """A change among those of other areas, in points of a scale or percentage points."""

    among: Among
    unit: Unit


@dataclass(frozen=True)
class Moved:
    """A change with its own lower bound and sampling variance; NaN where unknown."""

    change: float
    low: float
    variance: float


@dataclass(frozen=True)
class Judged:
    """A verdict with its German reason, what is missing, and the change that it rests on."""

    verdict: Verdict
    reason: str
    missing: tuple[str, ...] = ()
    standing: Standing | None = None


def acceptance(tables: Tables, study: Study, model: ModelArea, others: list[str]) -> Judged:
    """Judge claim 5 by the mean agreement of families before and after the start.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``family_acceptance``, one row a person and item.
    study : Study
        Gives the smallest relevant change, here as a share of the scale's length.
    model : ModelArea
        The area and its start.
    others : list of str
        Areas without the model; those that were asked in the same waves are compared.
    """
    lost = _lost(5, tables, model)
    if lost:
        return _untestable(lost)
    table = tables["family_acceptance"]
    waves = _around(survey.waves(table, model.area), model)
    if waves is None:
        return _untestable(("family_acceptance: wave vor und ab dem Beginn",))
    least = max(LEAST_ANSWERS, study.disclosure.threshold)
    try:
        own = survey.change(table, model.area, *waves)
    except DesignError as error:
        return Judged("nicht prüfbar", f"Das Verfahren lehnt die Daten ab: {error.german}")
    if min(own.n_before, own.n_after) < least:
        few = f"Für eine Aussage sind mindestens {number(least)} Antworten je Befragung nötig."
        return Judged("nicht prüfbar", few)
    scale = (own.scale_min, own.scale_max)
    beside = [_asked(table, area, waves, scale=scale, least=least) for area in others]
    told = [answers.fewest(table, model.area, wave) for wave in waves]
    single = any(0 < n < study.disclosure.threshold for n in told)
    said = _agreed(own, waves, means=not single)
    relevant = study.outcomes.relevant_change * (scale[1] - scale[0])
    known = [moved for moved in beside if moved is not None]
    found = _judged(said, _moved(own), known, relevant, Unit("Punkte", 1))
    # the change of the mean would give away what the page of the survey withholds
    return replace(found, standing=None) if single else found


def interfaces(tables: Tables, study: Study, model: ModelArea, others: list[str]) -> Judged:
    """Judge claim 7 by ties across fields, the framework's operative elements, and offers.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``cooperation``, ``milestone`` and ``offer``.
    study : Study
        Gives the smallest relevant change, here as a share of the share before.
    model, others
        As for :func:`acceptance`.
    """
    lost = _lost(7, tables, model)
    if lost:
        return _untestable(lost)
    table = tables["cooperation"]
    years = _around(networks.years(table, model.area), model)
    if years is None:
        return _untestable(("cooperation: year vor und ab dem Beginn",))
    try:
        own = networks.cross_change(table, model.area, *years)
        built = implementation.dose(tables, model.area, years[1])
        counted = offers.change(tables["offer"], model.area, *years)
    except (DataError, DesignError) as error:
        why = getattr(error, "german", "") or "Die Angaben zu diesem Raum reichen nicht."
        return Judged("nicht prüfbar", f"Das Verfahren lehnt die Daten ab: {why}")
    open_ = [name for name in OPERATIVE if name in built.missing]
    untold = [name for name in OPERATIVE if name in built.unknown]
    if len(untold) == len(OPERATIVE):
        return _untestable((f"milestone: element={', '.join(OPERATIVE)}",))
    said = (
        f"Der Anteil der Zusammenarbeit zwischen verschiedenen Feldern ging von "
        f"{percent(own.share_before)} auf {percent(own.share_after)} ({years[0]} und "
        f"{years[1]}). {_elements(open_, untold)} Angebote liefen {number(counted.n_before)} am "
        f"31.12.{years[0]} und {number(counted.n_after)} am 31.12.{years[1]}."
    )
    if len(open_) + len(untold) == len(OPERATIVE):
        return Judged("nicht gestützt", f"{said} Vor Ort ist kein Baustein erreicht.")
    beside = [_tied(table, area, years) for area in others]
    known = [moved for moved in beside if moved is not None]
    relevant = 100 * study.outcomes.relevant_change * own.share_before
    found = _judged(said, _shifted(own), known, relevant, Unit("Prozentpunkte", 0))
    doubts = [f"nicht erreicht ist {listing([ELEMENTS[one] for one in open_])}"] if open_ else []
    doubts += [f"nicht angegeben ist {listing([ELEMENTS[n] for n in untold])}"] if untold else []
    doubts += ["es gibt deutlich weniger Angebote"] if counted.high < 1 else []
    if found.verdict != "gestützt" or not doubts:
        return found
    reason = f"{said} Die Schnittstellen nahmen zu, aber {' und '.join(doubts)}."
    return Judged("unklar", reason, standing=found.standing)


def _judged(said: str, own: Moved, others: list[Moved], relevant: float, unit: Unit) -> Judged:
    """Judge a rise among the changes of others."""
    try:
        found = among(own.change, [item.change for item in others], more=_more(own, others))
    except DesignError as error:
        return Judged("unklar", f"{said} {error.german}")
    verdict, text = _verdict(found, own.low - found.others, relevant)
    return Judged(verdict, f"{said} {text}", standing=Standing(found, unit))


def _verdict(found: Among, low: float, relevant: float) -> tuple[Verdict, str]:
    """Return verdict and sentence; `low` is the own lower bound less the others' change."""
    n = found.n - 1
    if found.high < relevant:
        return "nicht gestützt", NO_RISE
    if found.low <= 0:
        return "unklar", (
            "Mit den Daten ist vereinbar, dass der Anstieg den der Vergleichsräume deutlich "
            "übertrifft, aber auch, dass er es nicht tut."
        )
    if not low > 0:
        return "unklar", (
            "Gemessen an den Vergleichsräumen hebt sich der Anstieg ab, gemessen an der eigenen "
            "Unsicherheit nicht."
        )
    if n < LEAST_OTHERS:
        return "unklar", (
            f"Der Anstieg hebt sich ab, aber {number(n)} Vergleichsräume sind zu wenige; nötig "
            f"sind {number(LEAST_OTHERS)}."
        )
    if found.rank > 1:
        return "unklar", (
            f"Der Anstieg hebt sich ab, aber in {number(found.rank - 1)} von {number(n)} "
            "Vergleichsräumen war er mindestens so groß."
        )
    return "gestützt", (
        f"In keinem der {number(n)} Vergleichsräume war die Veränderung so groß, und alle mit den "
        "Daten vereinbaren Werte liegen über deren Mittel."
    )


def _more(own: Moved, others: list[Moved]) -> float:
    """By how much the own sampling variance exceeds the others' mean; 0 where one is unknown."""
    known = [item.variance for item in others if not math.isnan(item.variance)]
    if math.isnan(own.variance) or not known:
        return 0.0
    return max(0.0, own.variance - sum(known) / len(known))


def _moved(found: survey.AgreementChange) -> Moved:
    return Moved(found.difference, found.low, found.variance)


def _shifted(found: networks.CrossChange) -> Moved:
    """Take a change of the share in percentage points; its variance from the bootstrap interval."""
    error = (found.high - found.low) / (2 * stats.norm.ppf((1 + found.level) / 2))
    return Moved(100 * found.difference, 100 * found.low, (100 * error) ** 2)


def _lost(claim: int, tables: Tables, model: ModelArea) -> tuple[str, ...]:
    lost = [
        f"{name}: {columns}"
        for name, columns in NEEDED[claim].items()
        if name not in tables or tables[name].empty
    ]
    return (*lost, *(() if model.start else (NO_START,)))


def _untestable(missing: tuple[str, ...]) -> Judged:
    return Judged("nicht prüfbar", "Für diese Aussage fehlen Daten.", missing)


def _around(years: Collection[int], model: ModelArea) -> tuple[int, int] | None:
    """Return the last year before the start and the last of all; None without one on each side."""
    start = int((model.start or "0")[:4])
    before = [year for year in years if year < start]
    after = [year for year in years if year >= start]
    return (max(before), max(after)) if before and after else None


def _asked(
    table: pd.DataFrame,
    area: str,
    waves: tuple[int, int],
    *,
    scale: tuple[float, float],
    least: int,
) -> Moved | None:
    """Return a comparison area's change; None where it was not asked alike, or by too few."""
    try:
        found = survey.change(table, area, *waves)
    except DesignError:
        return None
    alike = (found.scale_min, found.scale_max) == scale
    return _moved(found) if alike and min(found.n_before, found.n_after) >= least else None


def _tied(table: pd.DataFrame, area: str, years: tuple[int, int]) -> Moved | None:
    """Return a comparison area's change of the share; None where its ties were not recorded."""
    if not set(years) <= set(networks.years(table, area)):
        return None
    found = _shifted(networks.cross_change(table, area, *years, draws=DRAWS))
    return None if math.isnan(found.change) else found


def _agreed(own: survey.AgreementChange, waves: tuple[int, int], *, means: bool) -> str:
    """Say what became of the mean; beside those of single items it may give a person away."""
    where = (
        f"(Skala {number(own.scale_min)} bis {number(own.scale_max)}, Befragungen {waves[0]} und "
        f"{waves[1]})"
    )
    if not means:
        return f"Verglichen wird die mittlere Zustimmung {where}."
    went = f"von {number(own.mean_before, 1)} auf {number(own.mean_after, 1)} Punkte"
    return f"Die mittlere Zustimmung ging {went} {where}."


def _elements(open_: list[str], untold: list[str]) -> str:
    told = {"noch nicht erreicht": open_, "nicht angegeben": untold}
    parts = [f"{word}: {listing([ELEMENTS[one] for one in n])}" for word, n in told.items() if n]
    return f"Vor Ort {'; '.join(parts)}." if parts else "Alle Bausteine vor Ort sind erreicht."
