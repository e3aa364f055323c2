"""Descriptions carry no verdict, keep small counts back and read German."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from evaltools.data import store
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.release import describe_views, views
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose
from evaltools.release.tables import HtmlTable
from evaltools.study import Workspace

AREA = "SR04"


@pytest.fixture(scope="module")
def tables(demo: Workspace) -> dict[str, pd.DataFrame]:
    return store.load(demo)


@pytest.fixture(scope="module")
def cases(demo: Workspace) -> pd.DataFrame:
    return store.read(demo, "hze_case")


@pytest.fixture(scope="module")
def result(tables: dict[str, pd.DataFrame], demo: Workspace) -> Evaluation:
    return before_after(tables, demo.study, AREA)


@pytest.fixture(scope="module")
def rules(demo: Workspace) -> Rule:
    return views.rules(demo)


def cells(shown: object) -> list[list[str]]:
    assert isinstance(shown, HtmlTable)
    rows = re.findall(r"<tr>(.*?)</tr>", shown.html, re.S)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]


def test_series_stand_side_by_side(
    tables: dict[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
) -> None:
    shown = cells(describe_views.series(tables, demo.study, result, rules))
    assert [row[0] for row in shown[1:]] == ["Kesselwiese", "Vergleichsräume", "Land"]
    step = shown[1][2]
    assert re.fullmatch(r"−\d+,\d %.*bis.*", step.replace("\N{NO-BREAK SPACE}", " "))


def test_forms_are_ordered_by_how_far_they_intrude(
    tables: dict[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
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
    tables: dict[str, pd.DataFrame],
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
    tables: dict[str, pd.DataFrame],
    demo: Workspace,
    result: Evaluation,
    rules: Rule,
) -> None:
    strict = replace(rules, threshold=100_000)
    for shown in (
        describe_views.lengths(cases, tables, demo.study, result, strict),
        describe_views.intrusion(tables, demo.study, result, strict),
    ):
        numbers = [cell for row in cells(shown)[1:] for cell in row[1:]]
        assert set(numbers) == {"•"}
    said = describe_views.length_sentence(cases, tables, demo.study, result, strict)
    assert said == Prose(()) or not any(said.sentences)
    assert isinstance(describe_views.series(tables, demo.study, result, strict), Prose)


def test_without_rows_of_single_helps_the_page_says_so(
    tables: dict[str, pd.DataFrame], demo: Workspace, result: Evaluation, rules: Rule
) -> None:
    shown = describe_views.lengths(None, tables, demo.study, result, rules)
    assert isinstance(shown, Prose)
    assert "hze_case" in shown.sentences[0]
    totals = tables["hze_count"][tables["hze_count"]["paragraph"] == "alle"]
    fewer = tables | {"hze_count": totals}
    assert isinstance(describe_views.intrusion(fewer, demo.study, result, rules), Prose)
