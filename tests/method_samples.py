"""What the tests of the method appendix share: its study, its results and its page."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from evaltools.effects.results import CheckResult, Effect
from evaltools.evaluation.appendix import Appendix, appendix, guards
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.evaluation.claims import Outcome
from evaltools.measures.sums import Sum
from evaltools.release import check_views, method_views, sensitivity_views
from evaltools.release.disclosure import Rule
from evaltools.release.figures import Figure
from evaltools.release.published import Published, published
from evaltools.release.tables import HtmlTable
from plan_samples import rules_on
from release_samples import AREA, RULES, study, tables
from test_views import text_of

MODEL: dict[str, Any] = {
    "area": AREA,
    "start": "2018",
    "neighbours": ("SR02",),
    "selection": {"rule": "Höchste Belastung 2017", "periods": ["2017"]},
}
SETTINGS: dict[str, Any] = {
    "model_areas": (MODEL,),
    "outcomes": {"further": ("zugangsquote", "intensitaet", "ausgaben_je_kopf")},
}
STUDY = study(**SETTINGS)
STRICT = replace(RULES, zeros_shown=False)


@cache
def result() -> Evaluation:
    return before_after(tables(), STUDY, AREA)


@cache
def found() -> Appendix:
    made = appendix(tables(), STUDY, result())
    assert made is not None
    return made


@cache
def tried() -> tuple[CheckResult, ...]:
    return guards(tables(), STUDY, result())


@cache
def declared() -> Published:
    return published(tables(), STUDY)


def rules(*hidden: Sum, **plan: Any) -> Rule:
    """Rule set on all counts of the study's pages, but for some hidden ones."""
    return rules_on(tables(), STUDY, lambda item: item in hidden, found=declared(), **plan)


@cache
def everything() -> Rule:
    return rules()


def resting(*estimate: str) -> tuple[Sum, ...]:
    """The sums that an estimate of the area gives away."""
    return declared().estimates[(AREA, *estimate)]


def own(year: str) -> Sum:
    """The area's primary count of one year."""
    [item] = [item for item in declared().series[AREA] if item.periods == (year,)]
    return item


def primary() -> Effect:
    made = result().effect()
    assert made is not None
    return made


def told(made: Effect) -> Evaluation:
    """The same evaluation with another primary effect."""
    return replace(result(), outcomes=dict(result().outcomes) | {"hze": Outcome(made, (), "")})


def page(
    appended: Appendix | None, checks: tuple[CheckResult, ...], made: Evaluation, by: Rule
) -> list[object]:
    """Everything that notebook 31 shows."""
    data = tables()
    return [
        method_views.methods(appended),
        method_views.designs(appended, made, by),
        method_views.refusals(appended, by),
        method_views.donors(appended, made, data, by),
        method_views.further(appended, STUDY, by),
        method_views.together(appended, STUDY, by),
        sensitivity_views.event_figure(appended, made, STUDY, by),
        sensitivity_views.before_start(appended, made, by),
        sensitivity_views.specification_figure(appended, made, STUDY, by),
        sensitivity_views.specification_sentences(appended, made, STUDY, by),
        sensitivity_views.bounds(appended, made, STUDY, by),
        sensitivity_views.bounds_sentence(appended, made, STUDY, by),
        check_views.checks(checks, made, STUDY, by),
        check_views.checks_summary(checks, made, STUDY, by),
    ]


def words(shown: list[object]) -> str:
    """All words of a page."""
    parts = []
    for item in shown:
        if isinstance(item, Figure):
            parts += [item.title, item.alt, item.caption]
        else:
            text = item.html if isinstance(item, HtmlTable) else text_of(item)
            parts.append(re.sub(r"<[^>]*>", " ", text))
    return " ".join(parts)
