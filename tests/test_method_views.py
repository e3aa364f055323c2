"""The method appendix: what is shown, in which words, and what small counts keep from it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaltools.data import record
from evaltools.effects.results import CheckResult, Effect
from evaltools.evaluation.appendix import Appendix, appendix, guards
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.evaluation.claims import Outcome
from evaltools.german import MINUS, NBSP
from evaltools.release import check_views, method_views, sensitivity_views
from evaltools.release.claim_views import SMALL, rules_for
from evaltools.release.disclosure import LEFT_OUT, SUPPRESSED, Rule
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.sensitivity_views import NO_EFFECT
from evaltools.release.tables import HtmlTable
from evaltools.study import Study
from release_samples import AREA, RULES, change, counts, effect, study, tables, workspace
from test_tables import Cells

STRICT = Rule(3, False, "")
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
ENGLISH = re.compile(
    r"\b(the|of|and|with|without|area|areas|start|period|periods|estimate|ratio|untreated|"
    r"comparison|none|nan|inf|true|false|refused|share|weights|donors|band|primary)\b",
    re.IGNORECASE,
)


def _rows(shown: object) -> list[list[str]]:
    assert isinstance(shown, HtmlTable)
    width = shown.html.count('scope="col"')
    texts = Cells(shown.html).texts
    return [texts[start : start + width] for start in range(width, len(texts), width)]


def _text(shown: object) -> str:
    assert isinstance(shown, Prose)
    return " ".join(shown.sentences)


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return before_after(tables(), STUDY, AREA)


@pytest.fixture(scope="module")
def found(result: Evaluation) -> Appendix:
    made = appendix(tables(), STUDY, result)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def tests(result: Evaluation) -> tuple[CheckResult, ...]:
    return guards(tables(), STUDY, result)


def _with(result: Evaluation, made: Effect) -> Evaluation:
    return replace(result, outcomes=dict(result.outcomes) | {"hze": Outcome(made, (), "")})


def _small(result: Evaluation) -> Evaluation:
    """The primary effect rests on two cases before."""
    own = result.effect()
    assert own is not None
    changes = dict(own.changes) | {"own": change("Oberau", 2, 50)}
    return _with(result, replace(own, changes=changes))


def _sparse(result: Evaluation, *, selection: int = 40) -> Evaluation:
    """The sums are large, 2013 holds two cases, and the selection year as many as told."""
    own = result.effect()
    assert own is not None
    series = own.series.copy()
    series.loc[series["period"] == "2013", "observed"] = 2.0
    changes = dict(own.changes) | {"selection": change("Auswahljahr", selection, 200)}
    return _with(result, replace(own, series=series, changes=changes))


def _all(
    found: Appendix | None,
    tests: tuple[CheckResult, ...],
    result: Evaluation,
    settings: Study = STUDY,
    rules: Rule = RULES,
) -> list[object]:
    data = tables()
    return [
        method_views.methods(found),
        method_views.designs(found, result, rules),
        method_views.refusals(found, rules),
        method_views.donors(found, result, data, rules),
        method_views.further(found, settings, rules),
        method_views.together(found, settings, rules),
        sensitivity_views.event_figure(found, result, rules),
        sensitivity_views.before_start(found, result, rules),
        sensitivity_views.specification_figure(found, result, data, settings, rules),
        sensitivity_views.specification_sentences(found, result, data, settings, rules),
        sensitivity_views.bounds(found, result, rules),
        sensitivity_views.bounds_sentence(found, result, rules),
        check_views.checks(tests, result, data, settings, rules),
        check_views.checks_summary(tests, result, data, settings, rules),
    ]


def _page(shown: list[object]) -> str:
    """All words of a page."""
    parts = []
    for item in shown:
        if isinstance(item, Figure):
            parts += [item.alt, item.caption]
        else:
            text = item.html if isinstance(item, HtmlTable) else _text(item)
            parts.append(re.sub(r"<[^>]*>", " ", text))
    return " ".join(parts)


# --- what is shown --------------------------------------------------------------------------------


def test_each_design_is_described_with_the_source_of_its_effect(found: Appendix) -> None:
    said = _text(method_views.methods(found))
    for made in found.designs.values():
        assert isinstance(made, Effect)
        doi = re.search(r"doi:\S+", made.source)
        assert doi
        assert doi.group() in said
    assert "docs/methods.md" in said


def test_designs_stand_side_by_side(found: Appendix, result: Evaluation) -> None:
    rows = _rows(method_views.designs(found, result, RULES))
    assert [row[0] for row in rows] == [
        "Poisson-DiD",
        "Synthetische DiD",
        "Synthetische Kontrolle",
    ]
    for row, made in zip(rows, found.designs.values(), strict=True):
        assert isinstance(made, Effect)
        assert row[3] == f"{made.rank} von {made.n}"
        assert row[5] == "0,08"
        assert re.fullmatch(rf"[+{MINUS}]?\d+{NBSP}%", row[1])
        assert re.fullmatch(rf"[+{MINUS}]?\d+{NBSP}% bis [+{MINUS}]?\d+{NBSP}%", row[2])


def test_refused_design_is_a_sentence(found: Appendix, result: Evaluation) -> None:
    why = "3 Zellen sind ohne Fall, so SR05 in 2013; nötig ist überall einer."
    refused = replace(found, designs=dict(found.designs) | {"Synthetische DiD": why})
    assert len(_rows(method_views.designs(refused, result, RULES))) == 2
    assert _text(method_views.refusals(refused, RULES)) == f"Synthetische DiD: {why}"
    hushed = _text(method_views.refusals(refused, STRICT))
    assert hushed == "Synthetische DiD: Das Verfahren lehnt die Daten ab."
    assert "Kein Verfahren" in _text(method_views.refusals(found, RULES))


def test_donors_are_named_with_their_weight(found: Appendix, result: Evaluation) -> None:
    many = pd.DataFrame({"area_id": [f"SR{n:02d}" for n in range(2, 13)]})
    many["share"] = [0.5, 0.2, 0.1, *[0.025] * 8]
    one = pd.DataFrame({"area_id": ["SR12"], "share": [1.0]})
    designs = {
        "Synthetische DiD": effect(weights=many),
        "Synthetische Kontrolle": effect(weights=one),
        "Poisson-DiD": effect(),
    }
    shown = method_views.donors(replace(found, designs=designs), result, tables(), RULES)
    rows = _rows(shown)
    assert rows[0] == ["Raum SR12", f"2{NBSP}%", f"100{NBSP}%"]
    assert rows[1] == ["Raum SR02", f"50{NBSP}%", f"unter 1{NBSP}%"]
    assert len(rows) == 9
    assert rows[-1] == ["3 weitere Räume", f"8{NBSP}%", f"unter 1{NBSP}%"]
    bare = method_views.donors(replace(found, designs={}), result, tables(), RULES)
    assert "Kein Verfahren" in _text(bare)


def test_event_figure_names_the_area_and_its_periods(found: Appendix, result: Evaluation) -> None:
    figure = sensitivity_views.event_figure(found, result, RULES)
    assert isinstance(figure, Figure)
    assert "Oberau, Beginn 2018" in figure.alt
    assert "2017:" not in figure.alt
    said = _text(sensitivity_views.before_start(found, result, RULES))
    assert f"Rang {found.event.rank} von {found.event.n}" in said
    assert "arXiv:2401.07152" in said


def test_specifications_are_counted(found: Appendix, result: Evaluation) -> None:
    args = (found, result, tables(), STUDY, RULES)
    said = _text(sensitivity_views.specification_sentences(*args))
    n = len(found.specifications)
    assert f"von {n}" in said
    assert "Alle Festlegungen ließen sich rechnen." in said
    figure = sensitivity_views.specification_figure(*args)
    assert isinstance(figure, Figure)
    assert figure.alt.startswith(f"{n} Schätzungen")
    lost = found.specifications.copy()
    lost.loc[lost.index[-2:], ["estimate", "low", "high", "p"]] = float("nan")
    fewer = replace(found, specifications=lost)
    said = _text(sensitivity_views.specification_sentences(fewer, result, tables(), STUDY, RULES))
    assert "Für 2 weitere lehnt das Verfahren die Daten ab." in said


def test_bounds_grow_with_the_allowed_deviation(found: Appendix, result: Evaluation) -> None:
    rows = _rows(sensitivity_views.bounds(found, result, RULES))
    assert [row[0] for row in rows] == [
        "gleicher Verlauf",
        *(f"{m}-fach" for m in ("0,25", "0,5", "1", "1,5", "2")),
    ]
    assert "doi:10.1093/restud/rdad018" in _text(
        sensitivity_views.bounds_sentence(found, result, RULES)
    )


def test_further_outcomes_bear_no_verdict(found: Appendix) -> None:
    shown = method_views.further(found, STUDY, RULES)
    rows = {row[0]: row[1:] for row in _rows(shown)}
    assert rows["Zugangsquote"][2].endswith("von 12")
    costs = rows["Ausgaben je jungem Menschen"]
    assert costs[:4] == ["k. A."] * 4
    assert costs[4].startswith("Es fehlt: hze_count")
    assert isinstance(shown, HtmlTable)
    assert "sie tragen kein Urteil" in shown.html
    none = method_views.further(replace(found, further={}), STUDY, RULES)
    assert "keine weiteren" in _text(none)


def test_all_model_areas_together(found: Appendix) -> None:
    one = _text(method_views.together(found, STUDY, RULES))
    assert one == "Die Studie hat nur einen Modellraum mit bekanntem Beginn."
    refused = replace(found, together="Für ein Verhältnis fehlen Fälle.")
    assert _text(method_views.together(refused, STUDY, RULES)).endswith("fehlen Fälle.")
    pair = effect(area="SR01, SR02", n=66, rank=3)
    said = _text(method_views.together(replace(found, together=pair), STUDY, RULES))
    assert "aller 2 Modellräume zusammen lag ab 2018" in said
    assert "Unter 66 Möglichkeiten" in said
    parted = replace(pair, start="2018, 2019", changes={})
    said = _text(method_views.together(replace(found, together=parted), STUDY, RULES))
    assert "ab dem jeweiligen Beginn" in said


def test_checks_are_listed_with_result_and_finding(
    tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    rows = _rows(check_views.checks(tests, result, tables(), STUDY, RULES))
    assert [row[0] for row in rows] == [test.name for test in tests]
    assert {row[1] for row in rows} <= {"unauffällig", "auffällig", "nicht prüfbar"}
    assert not [row for row in rows if row[2].startswith("Nicht prüfbar")]


def test_summary_tells_failed_and_untried_checks_only(result: Evaluation) -> None:
    made = (
        CheckResult("Erste", True, 0.0, "Gut."),
        CheckResult("Zweite", False, 0.0, "Es sprang."),
        CheckResult("Dritte", None, 0.0, "Nicht prüfbar: Es fehlt."),
    )
    said = check_views.checks_summary(made, result, tables(), STUDY, RULES).sentences
    assert said[0] == "Von 3 Prüfungen ist 1 unauffällig, 1 auffällig und 1 nicht möglich."
    assert said[1] == "Auffällig ist „Zweite“: Es sprang."
    assert said[2] == "Mit den vorliegenden Angaben nicht möglich: „Dritte“."
    assert "31_methoden" in said[3]
    assert len(check_views.checks_summary(made[:1], result, tables(), STUDY, RULES).sentences) == 2


def test_page_is_german_and_tells_no_missing_number(
    found: Appendix, tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    page = _page(_all(found, tests, result))
    file_names = page.replace("docs/methods.md", "").replace("hze_count", "")
    assert not ENGLISH.findall(file_names)
    assert not re.findall(r"\d\.\d(?!\d{2,}|\d*[./])", re.sub(r"(doi|arXiv):\S+", "", file_names))
    assert "ä" in page


# --- what is kept back ----------------------------------------------------------------------------


def test_without_an_effect_every_view_says_so() -> None:
    none = before_after({"area": tables()["area"]}, STUDY, AREA)
    assert appendix({"area": tables()["area"]}, STUDY, none) is None
    shown = _all(None, guards({"area": tables()["area"]}, STUDY, none), none)
    assert [_text(item) for item in shown[1:]] == [NO_EFFECT] * (len(shown) - 1)


def test_effect_on_a_small_sum_is_shown_nowhere(
    found: Appendix, tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    methods, designs, refusals, donors, _, _, *rest = _all(found, tests, _small(result))
    assert isinstance(methods, Prose)
    assert isinstance(refusals, Prose)
    assert {_text(item) for item in (designs, donors, *rest)} == {SMALL}


def test_small_period_takes_its_ratio_and_another_one(found: Appendix, result: Evaluation) -> None:
    made = _sparse(result).effect()
    assert made is not None
    handed = sensitivity_views.release_event(made, found, RULES)
    ratio = handed.frame.set_index("period")["ratio"]
    reasons = handed.reasons.set_index(handed.frame["period"])["ratio"]
    assert reasons["2013"] == SUPPRESSED
    assert reasons["2017"] == LEFT_OUT
    assert ratio["2012":"2016"].isna().sum() == 2
    assert ratio["2018":].notna().all()
    figure = sensitivity_views.event_figure(found, _sparse(result), RULES)
    assert isinstance(figure, Figure)
    assert "2013:" not in figure.alt


def test_small_period_hides_what_is_computed_from_its_step(
    found: Appendix, tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    sparse = _sparse(result)
    assert _text(sensitivity_views.bounds(found, sparse, RULES)) == SMALL
    assert _text(sensitivity_views.bounds_sentence(found, sparse, RULES)) == SMALL
    rows = {r[0]: r[2] for r in _rows(check_views.checks(tests, sparse, tables(), STUDY, RULES))}
    assert rows["Vorwegnahme"] == rows["Scheinbeginn"] == SMALL
    assert rows["Überstreuung"] != SMALL
    assert rows["Mit den Auswahlzeiträumen"] != SMALL


def test_small_selection_year_hides_every_estimate_with_it(
    found: Appendix, tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    hidden = _sparse(result, selection=2)
    rows = {r[0]: r[2] for r in _rows(check_views.checks(tests, hidden, tables(), STUDY, RULES))}
    assert rows["Mit den Auswahlzeiträumen"] == rows["Rückkehr zum Üblichen"] == SMALL
    args = (found, hidden, tables(), STUDY, RULES)
    said = _text(sensitivity_views.specification_sentences(*args))
    half = len(found.specifications) // 2
    assert f"von {half}" in said
    assert f"Nicht gezeigt werden {half}" in said
    figure = sensitivity_views.specification_figure(*args)
    assert isinstance(figure, Figure)
    assert figure.alt.startswith(f"{half} Schätzungen")


def test_specification_of_a_small_outcome_is_hidden(found: Appendix, result: Evaluation) -> None:
    """Helps that have ended are counted, but hardly one is left in stock."""
    zeros = dict.fromkeys(("2012", "2013", "2014", "2015", "2016"), 0)
    data = tables(counts(stock_3112=zeros))
    assert not sensitivity_views.countable(data, STUDY, AREA, "hze_dichte", RULES)
    assert sensitivity_views.countable(data, STUDY, AREA, "inanspruchnahme_lokal", RULES)
    assert not sensitivity_views.countable({}, STUDY, AREA, "hze_dichte", RULES)
    said = _text(sensitivity_views.specification_sentences(found, result, data, STUDY, RULES))
    n = int((found.specifications["outcome"] == "HzE+-Dichte (KeZa 50a)").sum())
    assert f"Nicht gezeigt werden {n}," in said


def test_unaffected_outcome_on_a_small_sum_is_not_told(result: Evaluation) -> None:
    made = (CheckResult("Unberührte Größe", True, 0.1, "„Zugangsquote“: +10 %."),)
    settings = study(**SETTINGS | {"outcomes": {"unaffected": "zugangsquote"}})
    zeros = dict.fromkeys(("2012", "2013", "2014", "2015", "2016"), 0)
    few = tables(counts(started=zeros))
    assert _rows(check_views.checks(made, result, few, settings, RULES))[0][2] == SMALL
    open_ = _rows(check_views.checks(made, result, tables(), settings, RULES))
    assert open_[0][2] == "„Zugangsquote“: +10 %."


def test_further_outcome_on_a_small_sum_is_taken_out(found: Appendix) -> None:
    few = effect(measure="zugangsquote", changes={"own": change("Oberau", 2, 90)})
    shown = method_views.further(
        replace(found, further={"zugangsquote": Outcome(few, (), "")}), STUDY, RULES
    )
    assert _rows(shown)[0][1:] == ["•"] * 4


@pytest.mark.parametrize(("total", "gone"), [(11, True), (12, False)])
def test_weighted_sum_is_judged_by_the_helps_behind_it(
    found: Appendix, total: int, gone: bool
) -> None:
    """Two stationary helps of weight 4 make a sum of 8, which is no large number of helps."""
    assert rules_for("intensitaet", STUDY, RULES).threshold == 12
    assert rules_for("zugangsquote", STUDY, RULES) == RULES
    few = effect(measure="intensitaet", changes={"own": change("Oberau", total, 90)})
    shown = method_views.further(
        replace(found, further={"intensitaet": Outcome(few, (), "")}), STUDY, RULES
    )
    assert (_rows(shown)[0][1] == "•") == gone


def test_together_on_small_sums_is_not_told(found: Appendix) -> None:
    few = effect(area="SR01, SR02", changes={"own": change("x", 2, 50)})
    assert _text(method_views.together(replace(found, together=few), STUDY, RULES)) == SMALL
    bare = effect(area="SR01, SR02", start="2018, 2021", changes={})
    bare.series["observed"] = [*[9.0] * 8, 2.0]
    assert _text(method_views.together(replace(found, together=bare), STUDY, RULES)) == SMALL


def test_views_leave_what_they_are_given_alone(
    found: Appendix, tests: tuple[CheckResult, ...], result: Evaluation
) -> None:
    before = found.specifications.copy(deep=True), found.event.table.copy(deep=True)
    _all(found, tests, result)
    pd.testing.assert_frame_equal(found.specifications, before[0])
    pd.testing.assert_frame_equal(found.event.table, before[1])


# --- the record -----------------------------------------------------------------------------------


def _digest(settings: Study) -> str:
    said = record.specification(settings)
    return sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _entry(day: str, settings: Study) -> dict[str, Any]:
    said = record.specification(settings)
    return {
        "day": day,
        "digest": _digest(settings),
        "study_sha256": "b" * 64,
        "specification": said,
    }


def _recorded(root: Path, *entries: dict[str, Any], **changed: Any) -> str:
    (root / "studies").mkdir()
    text = json.dumps(list(entries))
    (root / "studies" / "muster.record.json").write_text(text, encoding="utf-8")
    return _text(check_views.record(workspace(root, **changed)))


def test_nothing_on_record_is_said_plainly(tmp_path: Path) -> None:
    said = _text(check_views.record(workspace(tmp_path)))
    assert said.startswith("Vorab wurde nichts festgelegt")


def test_record_gives_day_and_short_digests(tmp_path: Path) -> None:
    said = _recorded(tmp_path, _entry("2025-03-01", study()))
    assert "festgehalten, am 01.03.2025" in said
    assert f"Festlegung {_digest(study())[:12]}, der Studiendatei {'b' * 12})" in said
    assert said.endswith("Seither wurde die Festlegung nicht geändert.")


def test_record_lists_what_changed_when(tmp_path: Path) -> None:
    later = study(model_areas=(MODEL | {"start": "2019", "comparison": ("SR03", "SR04")},))
    entries = (_entry("2025-03-01", study()), _entry("2025-04-02", later))
    said = _recorded(tmp_path, *entries, model_areas=later.model_areas)
    wanted = "Geändert am 02.04.2025: die Vergleichsräume von SR01 und der Beginn von SR01"
    assert f"{wanted} (2019 statt 2018)." in said
    assert "nicht geändert" not in said
    assert "weicht" not in said
    assert not ENGLISH.findall(said)


def test_report_with_another_start_says_that_it_deviates(tmp_path: Path) -> None:
    said = _recorded(
        tmp_path, _entry("2025-03-01", study()), model_areas=(MODEL | {"start": "2020"},)
    )
    assert "nicht geändert." in said
    assert said.endswith(
        "Dieser Bericht weicht davon ab; geändert: der Beginn von SR01 (2020 statt 2018)."
    )


def test_every_part_of_a_specification_has_a_german_name() -> None:
    for name in record.specification(STUDY):
        assert name in check_views.RECORDED or name.rpartition(".")[2] in check_views.RECORDED
