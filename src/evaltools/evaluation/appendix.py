"""The method appendix of one model area: all designs, checks and choices beside the primary one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from evaltools.effects import checks, did, dynamics, placebo, sensitivity, staggered
from evaltools.effects.design import Panel, panel
from evaltools.effects.dynamics import EventStudy
from evaltools.effects.results import CheckResult, Effect
from evaltools.effects.sensitivity import Bounds
from evaltools.errors import DesignError
from evaltools.evaluation.before_after import (
    Evaluation,
    Tables,
    comparison_areas,
    outcome,
    several,
)
from evaltools.evaluation.claims import Outcome
from evaltools.evaluation.specifications import (
    DESIGNS,
    built_or_refused,
    specifications,
    tried,
)
from evaltools.measures import outcomes
from evaltools.measures.catalogue import indicator
from evaltools.study import ModelArea, Study


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
    used = primary.panel
    event = dynamics.event_study(used)
    names = {name: outcome(tables, study, model, name) for name in study.outcomes.further}
    return Appendix(
        designs={design: tried(design, used, study.outcomes.hze) for design in DESIGNS},
        event=event,
        pairs=_pairs(used),
        pairs_bound=placebo.leave_two_out_bound(primary.effect.n, 0.1),
        bounds=sensitivity.relative_magnitudes(primary.effect, event),
        specifications=specifications(tables, study, model),
        further=names | several(names),
        together=together(tables, study),
    )


def guards(tables: Tables, study: Study, evaluation: Evaluation) -> tuple[CheckResult, ...]:
    """Run every guard on the primary outcome; empty where it has no effect."""
    primary = evaluation.outcomes["hze"]
    effect, used = primary.effect, primary.panel
    if effect is None or used is None:
        return ()
    model = study.model_area(evaluation.area)
    values = outcomes.values(tables, study, study.outcomes.hze, length=study.period)
    everyone = model.model_copy(update={"comparison": "untreated"})
    called = evaluation.called
    named = replace(used, areas=tuple(map(called, used.areas)))
    events = [
        event.model_copy(update={"area": called(event.area) if event.area else None})
        for event in study.events
    ]
    return (
        *_of_selection(values, tables, study, model, effect),
        _level(
            built_or_refused(
                values, tables, study, model, comparison_areas(tables["area"], study, everyone), ()
            ),
            used,
            named=not isinstance(model.comparison, str),
        ),
        checks.joint_pre_test(used),
        checks.placebo_in_time(used),
        checks.anticipation(used, effect),
        checks.one_area_carries(used, effect),
        checks.spillover(named, effect, [called(area) for area in model.neighbours]),
        checks.reforms(named, events, ("reform",)),
        checks.reforms(named, events, ("definition", "boundary")),
        _control(tables, study, model),
        checks.population_jumps(named),
        checks.fixed_base(used, effect),
        checks.small_counts(used),
        checks.missing_periods(used),
        checks.overdispersion(effect),
        checks.autocorrelation(used),
    )


def _of_selection(
    values: pd.DataFrame, tables: Tables, study: Study, model: ModelArea, effect: Effect
) -> tuple[CheckResult, CheckResult]:
    areas, selection = comparison_areas(tables["area"], study, model), model.selection
    whole = built_or_refused(values, tables, study, model, areas, ())
    if isinstance(whole, str):
        return checks.untried(checks.REGRESSION, whole), checks.untried(checks.DONUT, whole)
    looked_at = selection.periods if selection else ()
    return (
        checks.regression_to_the_mean(whole, looked_at, selection is not None),
        checks.donut(whole, effect),
    )


def _level(whole: Panel | str, used: Panel, *, named: bool) -> CheckResult:
    if isinstance(whole, str):
        return checks.untried(checks.LEVEL, whole)
    return checks.matched_on_level(whole, used.areas, named)


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
        built = _pooled(tables, study)
        same = len(set(built.starts)) == 1
        return (did.rate_ratio if same else staggered.pooled)(built, measure=study.outcomes.hze)
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


def _pairs(built: Panel) -> float | None:
    try:
        return dynamics.leave_two_out(built)
    except DesignError:
        return None
