"""The checks beside the primary estimate, and what was laid down before it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from evaltools.data import record
from evaltools.effects.results import CheckResult
from evaltools.release import check_views
from evaltools.release.claim_views import SMALL
from evaltools.release.disclosure import Rule
from evaltools.study import Study
from method_samples import (
    MODEL,
    SETTINGS,
    STUDY,
    declared,
    everything,
    own,
    result,
    rules,
    tried,
)
from plan_samples import rules_for
from release_samples import AREA, RULES, effect, study, workspace
from test_method_views import ENGLISH
from test_views import rows_of, text_of

SERIES = ("Vorwegnahme", "Scheinbeginn", "Mit den Auswahlzeiträumen", "Rückkehr zum Üblichen")


def test_checks_are_listed_with_result_and_finding() -> None:
    rows = rows_of(check_views.checks(tried(), result(), STUDY, everything()))
    assert [row[0] for row in rows] == [test.name for test in tried()]
    assert {row[1] for row in rows} <= {"unauffällig", "auffällig", "nicht prüfbar"}
    assert not [row for row in rows if row[2].startswith("Nicht prüfbar")]


def test_summary_tells_failed_and_untried_checks_only() -> None:
    made = (
        CheckResult("Erste", True, 0.0, "Gut."),
        CheckResult("Zweite", False, 0.0, "Es sprang."),
        CheckResult("Dritte", None, 0.0, "Nicht prüfbar: Es fehlt."),
    )
    said = check_views.checks_summary(made, result(), STUDY, everything()).sentences
    assert said[0] == "Von 3 Prüfungen ist 1 unauffällig, 1 auffällig und 1 nicht möglich."
    assert said[1] == "Auffällig ist „Zweite“: Es sprang."
    assert said[2] == "Mit den vorliegenden Angaben nicht möglich: „Dritte“."
    assert "31_methoden" in said[3]
    assert len(check_views.checks_summary(made[:1], result(), STUDY, everything()).sentences) == 2


def _findings(by: Rule, checks: tuple[CheckResult, ...] | None = None) -> dict[str, str]:
    shown = check_views.checks(tried() if checks is None else checks, result(), STUDY, by)
    return {row[0]: row[2] for row in rows_of(shown)}


@pytest.mark.parametrize("year", ["2013", "2017"])
def test_a_hidden_period_hides_what_is_found_from_single_periods(year: str) -> None:
    """Also where it is the selection period, which no table shows."""
    hidden = [item for item in declared().series[AREA] if item.periods == (year,)]
    rows = _findings(rules(*hidden))
    assert {rows[name] for name in SERIES} == {SMALL}
    assert rows["Überstreuung"] != SMALL
    said = text_of(check_views.checks_summary(tried(), result(), STUDY, rules(*hidden)))
    for test in tried():
        if test.name in SERIES:
            assert test.sentence not in said


def test_untried_check_has_nothing_to_hide() -> None:
    untried = (CheckResult("Vorwegnahme", None, 0.0, "Nicht prüfbar: Es fehlt."),)
    assert _findings(rules(own("2013")), untried)["Vorwegnahme"] == "Es fehlt."


@pytest.mark.parametrize("told", [False, True])
def test_unaffected_outcome_on_a_hidden_sum_is_not_told(told: bool) -> None:
    made = (CheckResult("Unberührte Größe", True, 0.1, "„Zugangsquote“: +10 %."),)
    settings = study(**SETTINGS | {"outcomes": {"unaffected": "zugangsquote"}})
    others = (effect(measure="zugangsquote"),) if told else ()
    by = rules_for(effect(), *others)
    [row] = rows_of(check_views.checks(made, result(), settings, by))
    assert row[2] == ("„Zugangsquote“: +10 %." if told else SMALL)


def test_without_a_plan_no_finding_is_told() -> None:
    assert text_of(check_views.checks(tried(), result(), STUDY, RULES)) == SMALL
    assert text_of(check_views.checks_summary(tried(), result(), STUDY, RULES)) == SMALL


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
    return text_of(check_views.record(workspace(root, **changed)))


def test_nothing_on_record_is_said_plainly(tmp_path: Path) -> None:
    said = text_of(check_views.record(workspace(tmp_path)))
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
