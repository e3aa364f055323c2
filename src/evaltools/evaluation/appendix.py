"""The method appendix of one model area: all designs, checks and choices beside the primary one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from evaltools.data.kept import once
from evaltools.effects import checks, dynamics, placebo, sensitivity
from evaltools.effects.design import Panel, panel
from evaltools.effects.dynamics import EventStudy
from evaltools.effects.results import CheckResult, Effect
from evaltools.effects.sensitivity import Bounds
from evaltools.errors import DesignError
from evaltools.evaluation import fits
from evaltools.evaluation.before_after import (
    Evaluation,
    Tables,
    compared,
    comparison_areas,
    outcome,
    several,
)
from evaltools.evaluation.claims import Outcome
from evaltools.evaluation.fits import DESIGNS
from evaltools.evaluation.specifications import built_or_refused, specifications, tried
from evaltools.measures import outcomes
from evaltools.measures.catalogue import indicator
from evaltools.study import ModelArea, Study
from evaltools.studyparts import Event


@dataclass(frozen=True)
class Appendix:
    """What stands beside the primary estimate of one model area.

    Attributes
    ----------
    designs : mapping of str to Effect or str
        Each design's effect on the primary outcome, or the German sentence why it has none.
    event : EventStudy
        Period by period.
    pairs, pairs_bound : float, optional
        Leave-two-out placebo share and the largest chance of one of at most 10 %.
    bounds : Bounds
        For deviations from parallel trends.
    specifications : DataFrame
        ``design, outcome, comparison, periods, base, estimate, low, high, p, primary, refusal``.
    further : mapping of str to Outcome
        Further outcomes, adjusted for being several.
    together : Effect, optional
        All model areas at once; None where the study has one only.
    """

    designs: Mapping[str, Effect | str]
    event: EventStudy
    pairs: float | None
    pairs_bound: float
    bounds: Bounds
    specifications: pd.DataFrame
    further: Mapping[str, Outcome]
    together: Effect | str | None


def appendix(tables: Tables, study: Study, evaluation: Evaluation) -> Appendix | None:
    """Compute the appendix; None where the primary outcome has no effect."""
    primary = evaluation.outcomes["hze"]
    if primary.effect is None or primary.panel is None:
        return None
    model = study.model_area(evaluation.area)
    used, own = primary.panel, compared(tables, study, evaluation.area)
    event = once(tables, dynamics.event_study, used)
    names = {name: outcome(own, study, model, name) for name in study.outcomes.further}
    return Appendix(
        designs={design: tried(own, design, used, study.outcomes.hze) for design in DESIGNS},
        event=event,
        pairs=_pairs(tables, used),
        pairs_bound=placebo.leave_two_out_bound(primary.effect.n, 0.1),
        bounds=once(own, sensitivity.relative_magnitudes, fits.bare(primary.effect), event),
        specifications=specifications(own, study, model),
        further=names | several(own, names),
        together=together(tables, study),
    )


@dataclass(frozen=True)
class _Looked:
    """What the guards look at, and nothing else.

    ``used`` is the primary panel, ``named`` the same with the areas' names, ``whole`` the one with
    the selection periods, ``everyone`` that with all untreated areas; each of these two may be the
    German sentence why there is none. ``benchmark`` says whether the study names the comparison.
    """

    used: Panel
    named: Panel
    whole: Panel | str
    everyone: Panel | str
    effect: Effect
    looked_at: tuple[str, ...]
    asked: bool
    benchmark: bool
    near: tuple[str, ...]
    events: tuple[Event, ...]
    control: CheckResult


def guards(tables: Tables, study: Study, evaluation: Evaluation) -> tuple[CheckResult, ...]:
    """Run every guard on the primary outcome; empty where it has no effect."""
    primary = evaluation.outcomes["hze"]
    effect, used = primary.effect, primary.panel
    if effect is None or used is None:
        return ()
    model, tables = study.model_area(evaluation.area), compared(tables, study, evaluation.area)
    values = outcomes.values(tables, study, study.outcomes.hze, length=study.period)
    untreated = model.model_copy(update={"comparison": "untreated"})
    declared, all_of = (
        comparison_areas(tables["area"], study, item) for item in (model, untreated)
    )
    called, selection = evaluation.called, model.selection
    looked = _Looked(
        used=used,
        named=replace(used, areas=tuple(map(called, used.areas))),
        whole=built_or_refused(values, tables, study, model, declared, ()),
        everyone=built_or_refused(values, tables, study, model, all_of, ()),
        effect=fits.bare(effect),
        looked_at=selection.periods if selection else (),
        asked=selection is not None,
        benchmark=not isinstance(model.comparison, str),
        near=tuple(map(called, model.neighbours)),
        events=tuple(
            event.model_copy(update={"area": called(event.area) if event.area else None})
            for event in study.events
        ),
        control=_control(tables, study, model),
    )
    return once(tables, _guarded, looked)


def _guarded(seen: _Looked) -> tuple[CheckResult, ...]:
    used, effect = seen.used, seen.effect
    return (
        *_of_selection(seen),
        _level(seen),
        checks.joint_pre_test(used),
        checks.placebo_in_time(used),
        checks.anticipation(used, effect),
        checks.one_area_carries(used, effect),
        checks.spillover(seen.named, effect, seen.near),
        checks.reforms(seen.named, seen.events, ("reform",)),
        checks.reforms(seen.named, seen.events, ("definition", "boundary")),
        seen.control,
        checks.population_jumps(seen.named),
        checks.fixed_base(used, effect),
        checks.small_counts(used),
        checks.missing_periods(used),
        checks.overdispersion(effect),
        checks.autocorrelation(used),
    )


def _of_selection(seen: _Looked) -> tuple[CheckResult, CheckResult]:
    whole = seen.whole
    if isinstance(whole, str):
        return checks.untried(checks.REGRESSION, whole), checks.untried(checks.DONUT, whole)
    return (
        checks.regression_to_the_mean(whole, seen.looked_at, seen.asked),
        checks.donut(whole, seen.effect),
    )


def _level(seen: _Looked) -> CheckResult:
    if isinstance(seen.everyone, str):
        return checks.untried(checks.LEVEL, seen.everyone)
    return checks.matched_on_level(seen.everyone, seen.used.areas, seen.benchmark)


def _control(tables: Tables, study: Study, model: ModelArea) -> CheckResult:
    name = study.outcomes.unaffected
    if name is None:
        return checks.negative_control(None)
    found = outcome(tables, study, model, name)
    if found.effect is None:
        return checks.negative_control(None, found.refusal or "; ".join(found.missing))
    return checks.negative_control(replace(found.effect, measure=indicator(name).label))


def together(tables: Tables, study: Study) -> Effect | str | None:
    """Estimate the effect on the primary outcome in all model areas at once.

    Returns
    -------
    Effect, str or None
        The effect, the German sentence why there is none, or None for a single model area.
    """
    if len(_begun(study)) < 2:
        return None
    try:
        return once(tables, fits.pooled, _pooled(tables, study), study.outcomes.hze)
    except DesignError as error:
        return error.german


def pooled_panel(tables: Tables, study: Study) -> Panel | None:
    """Build the panel of all model areas; None for a single one, or where it is refused."""
    try:
        return _pooled(tables, study) if len(_begun(study)) > 1 else None
    except DesignError:
        return None


def _begun(study: Study) -> list[ModelArea]:
    return [model for model in study.model_areas if model.start]


def _pooled(tables: Tables, study: Study) -> Panel:
    models, name = _begun(study), study.outcomes.hze
    left_out = sorted({p for m in models if m.selection for p in m.selection.periods})
    areas = [set(comparison_areas(tables["area"], study, model)) for model in models]
    values = outcomes.within(outcomes.values(tables, study, name, length=study.period), study)
    built = panel(
        values[~values["period"].isin(left_out)],
        treated=[model.area for model in models],
        start=[model.start or "" for model in models],
        comparison=set.intersection(*areas),
    )
    return replace(built, left_out_periods=tuple(left_out))


def _pairs(tables: Tables, built: Panel) -> float | None:
    try:
        return once(tables, dynamics.leave_two_out, built)
    except DesignError:
        return None
