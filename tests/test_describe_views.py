"""Descriptions carry no verdict, keep small counts back and read German."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd
import pytest

from evaltools.data import store
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.measures.catalogue import EVERY_FORM
from evaltools.measures.sums import Sum
from evaltools.release import describe_views, views
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose
from evaltools.release.published import Published
from evaltools.release.tables import HtmlTable
from evaltools.study import Workspace
from plan_samples import rules_on

AREA = "SR04"


@pytest.fixture(scope="module")
def tables(demo: Workspace) -> Mapping[str, pd.DataFrame]:
    return store.load(demo)


@pytest.fixture(scope="module")
def cases(demo: Workspace) -> pd.DataFrame:
    return store.read(demo, "hze_case")


@pytest.fixture(scope="module")
def result(tables: Mapping[str, pd.DataFrame], demo: Workspace) -> Evaluation:
    return before_after(tables, demo.study, AREA)


@pytest.fixture(scope="module")
def rules(tables: Mapping[str, pd.DataFrame], demo: Workspace, demo_counts: Published) -> Rule:
    """As views.rules, with everything shown: what is hidden there is decided in release.plan."""
    made = rules_on(tables, demo.study, found=demo_counts).plan
    return replace(views.rules(demo), plan=made)


def cells(shown: object) -> list[list[str]]:
    assert isinstance(shown, HtmlTable)
    rows = re.findall(r"<tr>(.*?)</tr>", shown.html, re.S)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]


def test_series_stand_side_by_side(
    tables: Mapping[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
) -> None:
    shown = cells(describe_views.series(tables, demo.study, result, rules))
    assert [row[0] for row in shown[1:]] == ["Kesselwiese", "Vergleichsräume", "Land"]
    step = shown[1][2]
    assert re.fullmatch(r"−\d+,\d %.*bis.*", step.replace("\N{NO-BREAK SPACE}", " "))


def test_forms_are_ordered_by_how_far_they_intrude(
    tables: Mapping[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
) -> None:
    shown = cells(describe_views.intrusion(tables, demo.study, result, rules))
    assert [row[0] for row in shown[1:]] == ["ambulant", "teilstationär", "stationär"]
    for column in (1, 2):
        shares = [float(row[column].replace(",", ".")) for row in shown[1:]]
        assert sum(shares) == pytest.approx(100, abs=0.2)
    before, after = (float(shown[3][column].replace(",", ".")) for column in (1, 2))
    assert after < before  # the programme replaces stationary help


def test_lengths_name_the_biased_mean(
    cases: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    rules: Rule,
) -> None:
    shown = describe_views.lengths(cases, tables, demo.study, result, rules)
    assert isinstance(shown, HtmlTable)
    assert "verzerrt" in shown.html
    assert [row[0] for row in cells(shown)[1:]] == ["vorher begonnen", "danach begonnen"]
    said = describe_views.length_sentence(cases, tables, demo.study, result, rules)
    assert re.search(r"Rang \d+ von 15 \(p = ", said.sentences[0])


def test_small_numbers_of_helps_are_kept_back(
    cases: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    rules: Rule,
) -> None:
    strict = replace(rules, threshold=100_000)
    shown = cells(describe_views.lengths(cases, tables, demo.study, result, strict))
    assert {cell for row in shown[1:] for cell in row[1:]} == {"•"}
    said = describe_views.length_sentence(cases, tables, demo.study, result, strict)
    assert said == Prose(()) or not any(said.sentences)


def _hiding(
    hide: Callable[[Sum], bool],
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    demo_counts: Published,
    rules: Rule,
) -> Rule:
    return replace(rules, plan=rules_on(tables, demo.study, hide, found=demo_counts).plan)


def test_share_goes_with_its_form_and_with_the_whole(
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    demo_counts: Published,
    rules: Rule,
) -> None:
    """A share gives its count back as soon as the whole is known."""
    own = [i for i in demo_counts.costs if i.areas == (AREA,) and i.what.measures == ("started",)]
    before = [i for i in own if i.what.without and len(i.periods) > 1 and max(i.periods) < "2018"]
    day_care = (("*", "teilstationaer"),)
    for cells_, gone in ((day_care, [False, True, False]), (EVERY_FORM, [True] * 3)):
        hidden = [item for item in before if item.what.cells == cells_ and not item.weights]
        assert len(hidden) == 1
        by = _hiding(lambda i, h=hidden: i in h, tables, demo, demo_counts, rules)
        shown = cells(describe_views.intrusion(tables, demo.study, result, by))
        assert [row[1] == "•" for row in shown[1:]] == gone
        assert not any(row[2] == "•" for row in shown[1:])


def test_number_of_helps_followed_is_the_number_begun(
    cases: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    demo_counts: Published,
    rules: Rule,
) -> None:
    """Where the plan hides or rounds the helps begun, this table must not show them."""
    begun = [i for i in demo_counts.costs if i.what.cells == EVERY_FORM and not i.weights]
    [before, _] = [i for i in begun if i.areas == (AREA,) and len(i.periods) > 1]
    plain = cells(describe_views.lengths(cases, tables, demo.study, result, rules))
    by = _hiding(lambda i: i == before, tables, demo, demo_counts, rules)
    handed = describe_views.lengths(cases, tables, demo.study, result, by)
    assert isinstance(handed, HtmlTable)
    shown = cells(handed)
    assert handed.hidden == (before.key,)
    assert shown[1][1:] == ["•"] * 4
    assert shown[2] == plain[2]
    plan = rules_on(tables, demo.study, found=demo_counts, method="rounded").plan
    by = replace(rules, plan=plan)
    rounded = cells(describe_views.lengths(cases, tables, demo.study, result, by))
    for row, exact in zip(rounded[1:], plain[1:], strict=True):
        assert int(exact[1]) % 5
        assert int(row[1]) == 5 * round(int(exact[1]) / 5)
        assert row[2:] == exact[2:]


def test_series_of_the_area_needs_every_period(
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    demo_counts: Published,
    rules: Rule,
) -> None:
    single = demo_counts.series[AREA][3]
    by = _hiding(lambda i: i == single, tables, demo, demo_counts, rules)
    shown = cells(describe_views.series(tables, demo.study, result, by))
    assert [row[0] for row in shown[1:]] == ["Vergleichsräume", "Land"]
    whole = demo_counts.estimates[(AREA, demo.study.outcomes.hze)]
    by = _hiding(lambda i: i in whole, tables, demo, demo_counts, rules)
    assert isinstance(describe_views.series(tables, demo.study, result, by), Prose)
    bare = replace(rules, plan=None)
    assert isinstance(describe_views.series(tables, demo.study, result, bare), Prose)


def test_shares_are_withheld_where_counts_are_rounded(
    tables: Mapping[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    demo_counts: Published,
    rules: Rule,
) -> None:
    plan = rules_on(tables, demo.study, found=demo_counts, method="rounded").plan
    by = replace(rules, plan=plan)
    shown = cells(describe_views.intrusion(tables, demo.study, result, by))
    assert {cell for row in shown[1:] for cell in row[1:]} == {"•"}


def test_without_rows_of_single_helps_the_page_says_so(
    tables: Mapping[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
) -> None:
    shown = describe_views.lengths(None, tables, demo.study, result, rules)
    assert isinstance(shown, Prose)
    assert "hze_case" in shown.sentences[0]
    totals = tables["hze_count"][tables["hze_count"]["paragraph"] == "alle"]
    fewer = {**tables, "hze_count": totals}
    assert isinstance(describe_views.intrusion(fewer, demo.study, result, rules), Prose)
