"""Effect against dose as it is shown: numbers, words, and what may not leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest

from evaltools.evaluation.dosage import Dosed
from evaltools.release import dose_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from method_samples import STUDY, everything, primary, result, rules

AREAS = pd.DataFrame({"area_id": ["SR01", "SR02"], "name": ["Süd <b>", "Nord"]})
MILESTONES = pd.DataFrame({"element": ["kifaz"], "reached": pd.to_datetime(["2019-01-01"])})
TABLES: Mapping[str, pd.DataFrame] = {"area": AREAS, "milestone": MILESTONES}


def given(monkeypatch: pytest.MonkeyPatch, *found: Dosed) -> None:
    monkeypatch.setattr(dose_views, "dosed", lambda *_, last: found)


def two() -> tuple[Dosed, Dosed]:
    effect = replace(primary(), estimate=0.8, low=0.7, high=0.9)
    return (
        Dosed("SR01", 0.8, 0.9, effect),
        Dosed("SR02", 0.5, 0.6, replace(effect, estimate=1.1, low=0.9, high=1.3)),
    )


def test_the_figure_says_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, *two())
    shown = dose_views.dose_figure(TABLES, STUDY, result(), everything())
    assert isinstance(shown, Figure)
    assert "Umsetzungsgrad 80 Prozent, Abweichung −20\xa0% (−30\xa0% bis −10\xa0%)" in shown.alt
    assert "auch dort (−20\xa0%)" in shown.title
    assert shown.data.sheet.rows[1][1:] == (50, 60, 10, -10, 30)
    assert "<b>" not in shown.data.html


def test_the_deepest_effect_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two()
    given(monkeypatch, replace(first, mean_dose=0.1), second)
    shown = dose_views.dose_figure(TABLES, STUDY, result(), everything())
    assert isinstance(shown, Figure)
    assert shown.title.startswith("Am meisten umgesetzt ist in Nord (50 Prozent)")
    assert "steht in Süd <b> (−20" in shown.title


def test_an_estimate_that_may_not_be_shown_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, *two())
    hidden = replace(rules(), plan=None)
    assert isinstance(dose_views.dose_figure(TABLES, STUDY, result(), hidden), Prose)
    said = dose_views.dose_sentence(TABLES, STUDY, hidden).sentences
    assert "mit 0 Räumen nicht prüfen" in said[0]


def test_unknown_dose_unbounded_interval_and_no_milestones(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two()
    assert second.effect is not None
    endless = replace(second, effect=replace(second.effect, high=float("inf")))
    given(monkeypatch, replace(first, mean_dose=None), endless)
    shown = dose_views.dose_figure(TABLES, STUDY, result(), everything())
    assert isinstance(shown, Prose)
    lacking = dose_views.dose_figure({"area": AREAS}, STUDY, result(), everything())
    assert isinstance(lacking, Prose)
    assert "Meilensteine" in lacking.sentences[0]


@pytest.mark.parametrize(("step", "word"), [(-0.1, "niedrigeren"), (0.1, "höheren")])
def test_five_areas_have_an_order(monkeypatch: pytest.MonkeyPatch, step: float, word: str) -> None:
    effect = primary()
    many = (
        Dosed("SR01", n / 10, n / 10, replace(effect, estimate=1 + step * n, low=0.5, high=2.0))
        for n in range(1, 6)
    )
    given(monkeypatch, *many)
    said = dose_views.dose_sentence(TABLES, STUDY, everything()).sentences[0]
    assert word in said
    assert "p = 0,02" in said
    assert "nicht ausgelost" in said


def test_no_order_is_called_none(monkeypatch: pytest.MonkeyPatch) -> None:
    effect = primary()
    ratios = (0.9, 0.8, 0.7, 0.95, 0.85)
    many = (
        Dosed("SR01", n / 10, n / 10, replace(effect, estimate=ratio, low=0.5, high=2.0))
        for n, ratio in enumerate(ratios, start=1)
    )
    given(monkeypatch, *many)
    said = dose_views.dose_sentence(TABLES, STUDY, everything()).sentences[0]
    assert "nicht zu erkennen (Kendalls Tau 0,00, p = 1,00, 5 Räume)" in said
