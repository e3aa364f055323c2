"""Effect against dose: how much of the framework concept was in place, and what changed."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import stats

from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation.before_after import Tables, compared, outcome
from evaltools.measures import implementation
from evaltools.study import ModelArea, Study

LEAST = 5  # with fewer areas no order of theirs is rarer than one in twelve


@dataclass(frozen=True)
class Dosed:
    """One model area: its mean dose since the start, that of the last year, and its effect.

    A dose is None where no milestone tells of it, an effect where it could not be estimated.
    """

    area: str
    mean_dose: float | None
    last_dose: float | None
    effect: Effect | None


@dataclass(frozen=True)
class Order:
    """Whether more dose goes with a deeper fall: Kendall's tau-b with its exact p, or neither.

    ``tau`` is negative where it does; NaN with ``p`` where areas are fewer than five or tied.
    """

    tau: float
    p: float
    n: int


def dosed(tables: Tables, study: Study, *, last: int) -> tuple[Dosed, ...]:
    """Set each model area's dose beside its effect on the primary outcome.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name.
    study : Study
        The study.
    last : int
        Year in which the dose is taken last.
    """
    return tuple(_one(tables, study, model, last) for model in study.model_areas)


def order(found: tuple[Dosed, ...]) -> Order:
    """Ask whether areas with more of the concept show deeper falls.

    Notes
    -----
    Exact distribution under independence; the areas' dose was not drawn by lot, so that even a
    rare order does not say that the dose was the reason.
    """
    pairs = [
        (item.mean_dose, item.effect.estimate)
        for item in found
        if item.mean_dose is not None and item.effect is not None
    ]
    doses, effects = ([pair[at] for pair in pairs] for at in (0, 1))
    if len(pairs) < LEAST or min(len(set(doses)), len(set(effects))) < len(pairs):
        return Order(float("nan"), float("nan"), len(pairs))
    tested = stats.kendalltau(doses, effects, method="exact")
    return Order(float(tested.statistic), float(tested.pvalue), len(pairs))


def _one(tables: Tables, study: Study, model: ModelArea, last: int) -> Dosed:
    narrowed = compared(tables, study, model.area)
    effect = outcome(narrowed, study, model, study.outcomes.hze).effect
    years = range(int(model.start[:4]) if model.start else last, last + 1)
    try:
        path = implementation.dose_path(tables, model.area, list(years))["dose"].astype(float)
    except DesignError:
        return Dosed(model.area, None, None, effect)
    if path.empty:
        return Dosed(model.area, None, None, effect)
    return Dosed(model.area, float(path.mean()), float(path.iloc[-1]), effect)
