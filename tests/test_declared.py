"""Every count that a notebook shows is declared in release.published, whatever the periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
import pytest

from evaltools.data import cases, store
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.measures.catalogue import indicator
from evaltools.release import claim_views, count_views, describe_views
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose
from evaltools.release.published import Published, published
from evaltools.study import Study, Workspace
from plan_samples import rules_on

Tables = Mapping[str, pd.DataFrame]
Given = tuple[Tables, Study, Rule]


@pytest.fixture(scope="module", params=["year", "quarter"])
def given(request: pytest.FixtureRequest, demo: Workspace, demo_counts: Published) -> Given:
    """The demo study by year, and one of its areas by quarter."""
    tables: Tables = store.load(demo)
    study, counts = demo.study, demo_counts
    if request.param == "quarter":
        helps = store.read(demo, "hze_case")
        counted = cases.count(helps, period="quarter", first=2012, last=2021)
        tables = {**tables, "hze_count": counted}
        chosen = tuple(f"2017-Q{n}" for n in range(1, 5))
        model = study.model_area("SR04")
        selection = model.selection.model_copy(update={"periods": chosen})
        model = model.model_copy(update={"selection": selection, "start": "2018-Q1"})
        changed = {"period": "quarter", "model_areas": (model,), "first": 2012, "last": 2021}
        study = study.model_copy(update=changed)
        counts = published(tables, study)
    return tables, study, rules_on(tables, study, found=counts)


@pytest.fixture(scope="module")
def found(given: Given) -> list[Evaluation]:
    tables, study, _ = given
    return [before_after(tables, study, model.area) for model in study.model_areas]


def _shown(given: Given, made: Evaluation) -> Iterator[object]:
    tables, study, rules = given
    name = study.outcomes.hze
    yield count_views.yearly(tables, study, made.area, name, rules)
    yield count_views.standardised(tables, study, made.area, name, rules)
    yield count_views.trend_figure(tables, study, made.area, name, rules)
    yield count_views.groups(tables, study, made.area, indicator(name), rules)
    yield count_views.movement(tables["hze_count"], made.area, rules)
    yield count_views.by_form(tables["hze_count"], made.area, rules)
    yield claim_views.claims(made, study, rules)
    yield claim_views.changes(made, rules)
    yield claim_views.counterfactual_figure(made, study, rules)
    yield claim_views.placebo_figure(made, rules)
    yield describe_views.intrusion(tables, study, made, rules)


def test_pages_show_what_is_declared(given: Given, found: list[Evaluation]) -> None:
    """A count that is not declared, or is another one there, would end the run."""
    for made in found:
        for shown in _shown(given, made):
            assert not isinstance(shown, Prose)
            assert not getattr(shown, "hidden", ())


def test_every_estimate_is_declared(given: Given, found: list[Evaluation]) -> None:
    _, study, rules = given
    for made in found:
        for name in ("hze", "placements", "intensity"):
            effect = made.effect(name)
            assert effect is not None
            assert rules.told(made.area, effect.measure)
        primary = made.effect()
        assert primary is not None
        for other in primary.placebos["area_id"].iloc[1:]:
            assert rules.told(made.area, primary.measure, "placebo", str(other))
        assert rules.whole_series(made.area)
        for name in study.outcomes.further:
            assert rules.told(made.area, name)
