"""Which counts of helps the notebooks publish, directly or through what is computed from them.

A rate gives its count back, because the base is public; an estimate counts as giving the sums
before and after that it was made of. Whoever adds a table, figure or sentence with a count adds
its sums here: ``disclosure.release`` hands out no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from evaltools.effects.design import Panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation.appendix import pooled_panel
from evaltools.evaluation.before_after import build, comparison_areas
from evaltools.evaluation.specifications import VARIANTS, panels
from evaltools.measures import outcomes, sums
from evaltools.measures.catalogue import EVERY_FORM, LOCAL, VOLUME, Indicator, Pick, indicator
from evaltools.measures.indicators import annual, complete_areas
from evaltools.measures.outcomes import Tables, within
from evaltools.measures.sums import Sum
from evaltools.release.plan import MONEY
from evaltools.study import ModelArea, Study
from evaltools.studyparts import begun

FLOWS = ("stock_3112", "started", "ended")
PEOPLE = Pick(("young_people",))
PLACEBO = "placebo"
NAMED = 3  # areas that a label names one by one
MEASURES = {
    "stock_3112": "Bestand",
    "started": "begonnen",
    "ended": "beendet",
    "young_people": "junge Menschen",
    "cost_eur": "Ausgaben",
    "started_after_8a": "begonnen nach § 8a",
}
Estimate = tuple[str, ...]
# What is hidden beside a small count costs most where the report's questions depend on it.
PRIMARY, SECONDARY, FURTHER, TOGETHER, YEAR = 60.0, 30.0, 10.0, 20.0, 1.0


@dataclass(frozen=True)
class Published:
    """All counts that a study's pages rest on.

    Attributes
    ----------
    costs : mapping of Sum to float
        What hiding one costs, in yearly counts of one area.
    estimates : mapping of tuple of str to tuple of Sum
        Area (several joined by a comma and a blank), measure and, for another specification, its
        words → the sums that the estimate rests on.
    series : mapping of str to tuple of Sum
        Model area → its primary count in every period of the estimate.
    """

    costs: Mapping[Sum, float]
    estimates: Mapping[Estimate, tuple[Sum, ...]]
    series: Mapping[str, tuple[Sum, ...]]


def published(tables: Tables, study: Study) -> Published:
    """List what the notebooks of a study publish of its counts; nothing where it has none."""
    costs: dict[Sum, float] = {}
    estimates: dict[Estimate, tuple[Sum, ...]] = {}
    series: dict[str, tuple[Sum, ...]] = {}
    if "hze_count" not in tables or tables["hze_count"].empty:
        return Published(costs, estimates, series)
    for model in study.model_areas:
        for found in (_yearly(tables, study, model), _flows(tables, model)):
            _add(costs, found, YEAR)
        for key, rests, cost in _estimates(tables, study, model):
            estimates[key] = rests
            _add(costs, rests, cost)
        panel = _panel(tables, study, model, study.outcomes.hze)
        if panel is not None:
            series[model.area] = _series(panel, study, model)
            _add(costs, series[model.area], YEAR)
            _add(costs, _comparison(panel, study), TOGETHER)
            for key, rests in _placebos(panel, study):
                estimates[key] = rests
                _add(costs, rests, YEAR)
            _add(costs, _begun_by_form(panel, model), FURTHER)
    together = pooled_panel(tables, study)
    if together is not None:
        rests = rests_on(together, indicator(study.outcomes.hze), study)
        estimates[(together.name, study.outcomes.hze)] = rests
        _add(costs, rests, FURTHER)
    return Published(costs, estimates, series)


def counted(
    item: Indicator, study: Study
) -> tuple[tuple[Pick, tuple[tuple[str, float], ...]], ...]:
    """Return what an indicator counts, with the study's weights."""
    weights = tuple(sorted((str(form), w) for form, w in study.outcomes.weights.items()))
    return sums.of(item, weights)


def one(area: str, period: str, item: Indicator, study: Study) -> tuple[Sum, ...]:
    """Return the sums behind one value of an indicator."""
    return several((area,), (period,), item, study)


def several(
    areas: Iterable[str], periods: Iterable[str], item: Indicator, study: Study
) -> tuple[Sum, ...]:
    """Return the sums behind an indicator over several areas and periods."""
    places = tuple(sorted(map(str, areas))), tuple(sorted(map(str, periods)))
    return tuple(Sum(*places, what, weights) for what, weights in counted(item, study))


def volume(form: str) -> Pick:
    """Return what counts as the volume of one form of help."""
    return Pick(VOLUME, (("*", form),))


def begun_in(area: str, periods: Iterable[str], forms: Iterable[str]) -> tuple[Sum, ...]:
    """Return the helps begun in one area in some forms, in all of them when none is named."""
    cells = tuple(("*", form) for form in forms) or EVERY_FORM
    places = ((area,), tuple(sorted(map(str, periods))))
    return (Sum(*places, Pick(("started",), cells, without=LOCAL)),)


def rests_on(panel: Panel, item: Indicator, study: Study) -> tuple[Sum, ...]:
    """Return the sums that an estimate from a panel gives away at most.

    Those of each treated area and of the comparison, before and after; period by period for the
    comparison where the treated areas started at different times.
    """
    found: list[Sum] = []
    k, others = len(panel.starts), panel.areas[len(panel.starts) :]
    for area, start in zip(panel.areas[:k], panel.starts, strict=True):
        for side in sides(panel.periods, start):
            found += several((area,), side, item, study)
    alike = len(set(panel.starts)) == 1
    spans = sides(panel.periods, panel.starts[0]) if alike else [(p,) for p in panel.periods]
    for span in spans:
        found += several(others, span, item, study)
        found += several(panel.areas[:k], span, item, study) if k > 1 and alike else ()
    return tuple(found)


def by_period(effect: Effect, study: Study) -> dict[str, tuple[Sum, ...]]:
    """Return the sums behind an area's value in each period of an effect."""
    item = indicator(effect.measure)
    return {str(p): one(effect.area, str(p), item, study) for p in effect.series["period"]}


def said(item: Sum) -> str:
    """Say in German what a sum counts: ``SR04, 2015: Bestand + beendet, teilstationär``."""
    who = ", ".join(item.areas) if len(item.areas) <= NAMED else f"{len(item.areas)} Räume"
    first, last = item.periods[0], item.periods[-1]
    when = first if first == last else f"{first} bis {last} ({len(item.periods)} Zeiträume)"
    what = " + ".join(MEASURES.get(name, name) for name in item.what.measures)
    cells = [
        " ".join(filter(None, (f"§ {par}" * (par != "*"), outcomes.FORM_LABELS.get(form, ""))))
        for par, form in item.what.cells
    ]
    parts = [what, ", ".join(filter(None, cells))]
    if item.what.without:
        parts.append(f"ohne {', '.join(f'§ {name}' for name in item.what.without)}")
    return f"{who}, {when}: {', '.join(filter(None, parts))}{', gewichtet' * bool(item.weights)}"


def sides(periods: Iterable[str], start: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part periods into those before and those from a start on."""
    every = tuple(periods)
    before = tuple(period for period in every if not begun(period, start))
    return before, tuple(period for period in every if begun(period, start))


def city(values: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return for each period the areas whose sum gives the city's rate."""
    known = values[values["value"].notna()].groupby("period")["area_id"]
    return {str(period): tuple(sorted(map(str, areas))) for period, areas in known}


def _add(costs: dict[Sum, float], found: Iterable[Sum], cost: float) -> None:
    for item in found:
        if MONEY not in item.what.measures:
            costs[item] = max(cost, costs.get(item, 0.0))


def _yearly(tables: Tables, study: Study, model: ModelArea) -> Iterator[Sum]:
    """Yield the primary count by year: of the area, its comparison, and all areas."""
    item = indicator(study.outcomes.hze)
    if item.role or item.weighted or "population" not in tables:
        return
    try:
        values = outcomes.values(tables, study, item.name)
    except DesignError:
        return
    values = within(values, study)
    others = complete_areas(values, comparison_areas(tables["area"], study, model))
    everyone = city(values)
    for period in values.loc[values["area_id"] == model.area, "period"]:
        yield from one(model.area, period, item, study)
        yield from several(others, (period,), item, study) if others else ()
        yield from several(everyone.get(period, ()), (period,), item, study)


def _flows(tables: Tables, model: ModelArea) -> Iterator[Sum]:
    """Yield stock, started, ended and young people by year, and the volume by form."""
    count = annual(tables["hze_count"])
    own = count[count["area_id"] == model.area]
    forms = sorted(set(own["form"]) - {"alle"})
    for period in sorted(set(own["period"])):
        place = ((model.area,), (str(period),))
        yield from (Sum(*place, Pick((name,))) for name in FLOWS)
        yield Sum(*place, PEOPLE)
        yield from (Sum(*place, volume(str(form))) for form in forms)


def _estimates(
    tables: Tables, study: Study, model: ModelArea
) -> Iterator[tuple[Estimate, tuple[Sum, ...], float]]:
    """Yield every estimate of one area with the sums it rests on and what hiding them costs."""
    named = study.outcomes
    main = {named.hze: PRIMARY, named.placements: SECONDARY, named.intensity: SECONDARY}
    costs: dict[str | None, float] = dict.fromkeys((*named.further, named.unaffected), FURTHER)
    for name, cost in (costs | main).items():
        panel = _panel(tables, study, model, name)
        if name is not None and panel is not None:
            yield (model.area, name), rests_on(panel, indicator(name), study), cost
    for name in dict.fromkeys((named.hze, *VARIANTS)) if model.start else ():
        for words, panel in _variants(tables, study, model, name):
            key = (model.area, name, *words)
            yield key, rests_on(panel, indicator(name), study), FURTHER


def _variants(
    tables: Tables, study: Study, model: ModelArea, name: str
) -> Iterator[tuple[tuple[str, str], Panel]]:
    """Yield the panels of the specification table: with which comparison, in which periods."""
    try:
        values = outcomes.values(tables, study, name, length=study.period)
    except DesignError:
        return
    for words, panel in panels(values, tables, study, model):
        if isinstance(panel, Panel):
            yield (str(words["comparison"]), str(words["periods"])), panel


def _panel(tables: Tables, study: Study, model: ModelArea, name: str | None) -> Panel | None:
    """Build the panel of one indicator as the study declares it; None where it is refused."""
    if name is None or not model.start:
        return None
    try:
        return build(
            outcomes.values(tables, study, name, length=study.period), tables, study, model
        )
    except DesignError:
        return None


def _series(panel: Panel, study: Study, model: ModelArea) -> tuple[Sum, ...]:
    """Return the area's primary count period by period, the selection periods included."""
    item = indicator(study.outcomes.hze)
    chosen = model.selection.periods if model.selection else ()
    periods = (*panel.periods, *(period for period in chosen if period not in panel.periods))
    own = [found for period in periods for found in one(model.area, period, item, study)]
    return (*own, *(several((model.area,), chosen, item, study) if chosen else ()))


def _comparison(panel: Panel, study: Study) -> Iterator[Sum]:
    """Yield the comparison's primary count period by period."""
    for period in panel.periods:
        yield from several(panel.areas[1:], (period,), indicator(study.outcomes.hze), study)


def _placebos(panel: Panel, study: Study) -> Iterator[tuple[Estimate, tuple[Sum, ...]]]:
    """Yield each comparison area's own change, which its dot in the placebo figure gives away."""
    item = indicator(study.outcomes.hze)
    for area in panel.areas[1:]:
        spans = sides(panel.periods, panel.start)
        rests = tuple(found for side in spans for found in several((area,), side, item, study))
        yield (panel.name, item.name, PLACEBO, area), rests


def _begun_by_form(panel: Panel, model: ModelArea) -> Iterator[Sum]:
    """Yield the helps begun by form before and after."""
    for side in sides(panel.periods, panel.start):
        for forms in (*((form,) for _, form in EVERY_FORM), ()):
            yield from begun_in(model.area, side, forms)
