"""The estimates as pure functions of a panel, so that no page makes one that another has made.

:func:`evaltools.data.kept.once` finds a result by its function and what it is given, in order; here
each estimator takes nothing but what its result depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from evaltools.effects import did, staggered, synth
from evaltools.effects.design import Panel
from evaltools.effects.results import Effect


def poisson(panel: Panel, measure: str) -> Effect:
    """Estimate by :func:`did.rate_ratio`."""
    return did.rate_ratio(panel, measure=measure)


def sdid(panel: Panel, measure: str) -> Effect:
    """Estimate by :func:`synth.sdid`, as a ratio."""
    return synth.sdid(panel, measure=measure)


def demeaned(panel: Panel, measure: str) -> Effect:
    """Estimate by :func:`synth.demeaned`, as a ratio."""
    return synth.demeaned(panel, measure=measure)


def pooled(panel: Panel, measure: str) -> Effect:
    """Estimate in several areas at once, whether they started together or not."""
    same = len(set(panel.starts)) == 1
    return (did.rate_ratio if same else staggered.pooled)(panel, measure=measure)


def alone(panel: Panel, kind: synth.Kind) -> float:
    """Estimate a ratio by :func:`synth.rate_ratio`, without placebos."""
    return synth.rate_ratio(panel, kind=kind)


def bare(effect: Effect) -> Effect:
    """Return an effect without what is only carried along, on which no other result depends."""
    return replace(effect, changes={}, pre_trend=None)


DESIGNS: Mapping[str, Callable[[Panel, str], Effect]] = {
    "Poisson-DiD": poisson,
    "Synthetische DiD": sdid,
    "Synthetische Kontrolle": demeaned,
}
KINDS: Mapping[str, synth.Kind] = {
    "Synthetische DiD": "sdid",
    "Synthetische Kontrolle": "demeaned",
}
