"""The guards named in the method notes: each looks at one way in which the estimate could mislead.

Every guard returns a :class:`CheckResult`: passed, failed, or None where the data or the study file
say too little to try it. ``figure`` is what it measured. A guard bears no verdict; it is shown
beside the claim. An estimate "moves" by more than half the way to the bound on that side, but not
by less than 5 % and always by more than 10 %, so that a wide interval hides no move.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np

from evaltools.effects import did, dynamics, placebo
from evaltools.effects.design import LEAST_BEFORE, Panel
from evaltools.effects.placebo import CONSPICUOUS
from evaltools.effects.results import CheckResult, Effect
from evaltools.errors import DesignError
from evaltools.german import listing, number, percent, percent_change, share
from evaltools.studyparts import Event, months

REGRESSION, DONUT = "Rückkehr zum Üblichen", "Mit den Auswahlzeiträumen"
CONTROL = "Unberührte Größe"
SHAM, ANTICIPATION, LEVEL = "Scheinbeginn", "Vorwegnahme", "Vergleich nach Niveau gewählt"
LEAST_CASES = 5
LARGEST_JUMP = 0.10
MOST_DISPERSION = 2.0
MOST_CORRELATION = 0.4
MOST_ABOVE = 0.8
SMALL_MOVE, LARGE_MOVE = math.log(1.05), math.log(1.10)
LACKING = "Dafür reichen die Daten nicht."


def regression_to_the_mean(whole: Panel, looked_at: Collection[str], asked: bool) -> CheckResult:
    """Ask whether the periods looked at by the selection stood out above the area's own path.

    `whole` is the panel with these periods; `asked`, whether the study says how it was chosen.
    """
    name = REGRESSION
    if not asked or not looked_at:
        gap = "welche Zeiträume sie ansah" if asked else "wie der Raum ausgewählt wurde"
        return untried(name, f"Die Studie sagt nicht, {gap}.")
    kept = [place for place, period in enumerate(whole.periods) if period < whole.start]
    flags = [str(int(whole.periods[place] in looked_at)) for place in kept]
    path = replace(
        whole,
        counts=whole.counts[:, kept],
        exposure=whole.exposure[:, kept],
        periods=tuple(flags),
        starts=("1",) * len(whole.starts),
    )
    found = _placebos(path) if len(set(flags)) == 2 else None
    if found is None:
        return untried(name, LACKING)
    own, others = found.studentised[0], found.studentised[1:]
    p = placebo.fall_rank(-own, -others) / len(found.sets)
    figure = math.exp(found.log_ratio[0]) - 1
    passed = bool(p > CONSPICUOUS or figure <= 0)
    text = f"Zur Zeit der Auswahl war der Raum {'kein' if passed else 'ein'} Ausreißer: "
    text += f"{percent_change(1 + figure)} gegenüber seinem sonstigen Verlauf (p = {share(p)})."
    return _result(name, passed, figure, text, len(found.sets))


def donut(whole: Panel, effect: Effect) -> CheckResult:
    """Ask whether the estimate hangs on leaving the selection periods out."""
    name = DONUT
    if not effect.left_out_periods:
        return untried(name, "Kein Zeitraum wurde ausgelassen.")
    return _tried(name, "Mit den ausgelassenen Zeiträumen", effect, [lambda: whole])


def matched_on_level(whole: Panel, comparison: Collection[str], named: bool) -> CheckResult:
    """Ask whether comparison areas were named for their high level, and so fall back as well.

    `whole` is the panel with all untreated areas; `named`, whether the study names `comparison`.
    """
    name = LEVEL
    if not named:
        text = "Verglichen wird mit allen unbehandelten Räumen, nicht mit ausgesuchten."
        return CheckResult(name, True, 0.0, text)
    k, before = len(whole.starts), ~whole.after
    rates = whole.counts[:, before].sum(1) / whole.exposure[:, before].sum(1)
    middle = np.median(rates[k:])
    known = zip(whole.areas[k:], rates[k:] > middle, strict=True)
    above = [high for area, high in known if area in comparison]
    figure = float(np.mean(above)) if above else 0.0
    text = f"{percent(figure)} der benannten Vergleichsräume liegen über der Mitte; hohe Werte "
    return _result(name, figure < MOST_ABOVE, figure, text + "können ebenso von selbst sinken.")


def small_counts(panel: Panel) -> CheckResult:
    """Ask whether the treated areas have enough cases in each period."""
    figure = panel.counts[: len(panel.starts)].min()
    enough = figure >= LEAST_CASES
    text = f"{'Jeder' if enough else 'Nicht jeder'} Zeitraum hat im Modellraum mindestens "
    return _result("Kleine Fallzahlen", enough, figure, f"{text}{LEAST_CASES} Fälle.")


def population_jumps(panel: Panel) -> CheckResult:
    """Look for jumps of the base from one period to the next."""
    steps = np.abs(np.diff(np.log(panel.exposure), axis=1))
    row, column = np.unravel_index(int(steps.argmax()), steps.shape)
    figure = np.expm1(steps[row, column])
    where = f"{panel.areas[row]}, {panel.periods[column]} auf {panel.periods[column + 1]}"
    text = f"Größter Sprung der Bezugsgröße: {percent(figure)} ({where})."
    return _result("Sprünge der Bevölkerung", figure <= LARGEST_JUMP, figure, text)


def fixed_base(panel: Panel, effect: Effect) -> CheckResult:
    """Ask whether the estimate hangs on changes of the population."""
    return _tried("Feste Bevölkerung", "Mit der des ersten Zeitraums", effect, [panel.fixed_base])


def reforms(panel: Panel, events: Collection[Event], kinds: Collection[str]) -> CheckResult:
    """Look into the register for what else happened; only events of single areas fail."""
    name = "Andere Reformen" if "reform" in kinds else "Neue Definitionen und Grenzen"
    if not events:
        return untried(name, "Die Studie führt kein Register.")
    first, last = months(panel.periods[0])[0], months(panel.periods[-1])[1]
    met = [
        event
        for event in events
        if event.kind in kinds
        and months(event.period)[0] <= last
        and months(event.period)[1] >= first
        and (event.area is None or event.area in panel.areas)
    ]
    said = [f"{event.label} ({event.area or 'gesamt'}, {event.period})" for event in met]
    text = "; ".join(said) if met else "Im Register steht nichts für diese Räume und Zeiträume"
    own = sum(event.area is not None for event in met)
    return _result(name, own == 0, len(met), f"{text}.")


def negative_control(effect: Effect | None, why: str = "") -> CheckResult:
    """Ask whether an outcome moved that the programme cannot have changed; else say why not."""
    if effect is None:
        return untried(CONTROL, why or "Die Studie nennt keine, die das Modell nicht ändern kann.")
    text = f"„{effect.measure}“: {percent_change(effect.estimate)} (p = {share(effect.p)})."
    return _result(CONTROL, effect.p > CONSPICUOUS, effect.estimate - 1, text, effect.n)


def spillover(panel: Panel, effect: Effect, neighbours: Collection[str]) -> CheckResult:
    """Ask whether the estimate hangs on the neighbouring areas."""
    near = [area for area in panel.areas if area in neighbours]
    if not near:
        what = "gehören nicht zum Vergleich" if neighbours else "sind in der Studie nicht genannt"
        return untried("Nachbarräume", f"Nachbarräume {what}.")
    far = [row for row, area in enumerate(panel.areas) if area not in near]
    return _tried("Nachbarräume", f"Ohne {listing(near)}", effect, [lambda: panel.keep(far)])


def anticipation(panel: Panel, effect: Effect) -> CheckResult:
    """Ask whether the estimate moves when the last one to four periods before are left out."""
    what = "Ohne die letzten Zeiträume vor dem Beginn (bis zu vier)"
    last, every = int((~panel.after).sum()), range(len(panel.periods))
    kept = [[place for place in every if not last - n <= place < last] for n in range(1, 5)]
    tries = [partial(panel.keep, range(len(panel.areas)), columns) for columns in kept]
    return _tried(ANTICIPATION, what, effect, tries)


def placebo_in_time(panel: Panel) -> CheckResult:
    """Suppose a start halfway through the time before: nothing may be found there."""
    before = [place for place, after in enumerate(panel.after) if not after]
    if len(before) <= LEAST_BEFORE:
        return untried(SHAM, f"Davor sind mindestens {LEAST_BEFORE + 1} Zeiträume nötig.")
    middle = panel.periods[before[max(LEAST_BEFORE, len(before) // 2)]]
    moved = replace(panel, starts=(middle,) * len(panel.starts))
    found = _placebos(moved.keep(range(len(panel.areas)), before))
    if found is None:
        return untried(SHAM, LACKING)
    size, figure = np.abs(found.studentised), math.exp(found.log_ratio[0])
    p = placebo.rank(float(size[0]), size[1:]) / len(size)
    text = f"Mit einem Scheinbeginn {middle}: {percent_change(figure)} (p = {share(p)})."
    return _result(SHAM, p > CONSPICUOUS, figure - 1, text, len(size))


def joint_pre_test(panel: Panel) -> CheckResult:
    """Ask whether the area moved more than others before the start, in any shape."""
    found = dynamics.event_study(panel)
    text = f"Bewegung vor dem Beginn: Rang {found.rank} von {found.n} (p = {share(found.p)})."
    return _result("Ereignisstudie davor", found.p > CONSPICUOUS, found.p, text, found.n)


def overdispersion(effect: Effect) -> CheckResult:
    """Say how far the counts vary beyond Poisson; the placebo rank holds all the same."""
    figure = effect.dispersion
    text = f"Streuung {number(figure, 1)} mal so groß wie bei reinem Zufall; das Urteil rechnet "
    text += "damit, weil es auf Placebo-Rängen ruht."
    return _result("Überstreuung", figure <= MOST_DISPERSION, figure, text)


def autocorrelation(panel: Panel) -> CheckResult:
    """Measure how far one period's deviation carries over to the next."""
    found = did.residuals(panel)
    figure = (found[:, 1:] * found[:, :-1]).sum() / max((found**2).sum(), 1e-12)
    text = f"Abweichungen folgen einander mit einer Korrelation von {number(figure, 2)}; das "
    text += "Urteil rechnet damit, weil es auf Placebo-Rängen ruht."
    return _result("Autokorrelation", abs(figure) <= MOST_CORRELATION, figure, text)


def missing_periods(panel: Panel) -> CheckResult:
    """Say how many comparison areas and periods could not be used."""
    areas, periods = len(panel.left_out_areas), len(panel.unknown_periods)
    text = f"Ausgelassen: Vergleichsräume {areas}, Zeiträume an den Enden {periods}."
    return _result("Fehlende Werte", areas + periods == 0, areas + periods, text)


def one_area_carries(panel: Panel, effect: Effect) -> CheckResult:
    """Leave each comparison area out in turn."""
    rows = range(len(panel.areas))
    kept = [[row for row in rows if row != out] for out in rows[len(panel.starts) :]]
    tries = [partial(panel.keep, rest) for rest in kept]
    return _tried("Einzelne Vergleichsräume", "Ohne je einen Vergleichsraum", effect, tries)


def untried(name: str, why: str) -> CheckResult:
    """Return the result of a guard that cannot be tried."""
    return CheckResult(name, None, math.nan, f"Nicht prüfbar: {why}")


def _result(name: str, passed: bool, figure: float, text: str, n: int | None = None) -> CheckResult:
    """Pass or fail, unless `n` assignments are too few to fail by their rank."""
    if n is not None and 1 / n > CONSPICUOUS:
        return untried(name, f"zu wenige Räume. {text}")
    return CheckResult(name, bool(passed), float(figure), text)


def _placebos(panel: Panel) -> did.Placebos | None:
    """Estimates of every assignment; None where the design refuses the data."""
    try:
        return did.placebos(panel)
    except DesignError:
        return None


def _tried(
    name: str, what: str, effect: Effect, variants: Collection[Callable[[], Panel]]
) -> CheckResult:
    """Estimate on other panels; fail where an estimate moves, see the module's first lines."""
    logs = []
    for variant in variants:
        with suppress(DesignError):
            logs.append(did.log_ratio(variant()))
    if not logs:
        return untried(name, LACKING)
    centre, low, high = math.log(effect.estimate), min(logs), max(logs)
    figure = float(max((low - centre, high - centre), key=abs))
    bound = effect.high if figure > 0 else effect.low
    reach = abs(math.log(bound) - centre) / 2 if 0 < bound < math.inf else math.inf
    span = dict.fromkeys(percent_change(math.exp(value)) for value in (low, high))
    text = f"{what}: {' bis '.join(span)} statt {percent_change(effect.estimate)}."
    passed = abs(figure) <= min(max(reach, SMALL_MOVE), LARGE_MOVE)
    return _result(name, passed, math.expm1(figure), text)
