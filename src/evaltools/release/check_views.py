"""The checks beside the primary estimate, and the pre-analysis record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd

from evaltools.data import record as recorded
from evaltools.effects import checks as guards
from evaltools.effects.results import CheckResult
from evaltools.evaluation.before_after import Evaluation
from evaltools.release import wording
from evaltools.release.claim_views import SMALL, whole
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.sensitivity_views import NO_EFFECT, hidden
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import public
from evaltools.study import Study, Workspace

RESULTS = {True: "unauffällig", False: "auffällig", None: "nicht prüfbar"}
UNTRIED = "Nicht prüfbar: "
WHOLE = "Alle Prüfungen und Verfahren zeigt der Bericht „Methoden und Prüfungen“ (31_methoden)."
SHIFTED = (guards.SHAM, guards.ANTICIPATION)
CHOSEN = (guards.REGRESSION, guards.DONUT)
NEAR, WITHOUT_NEAR = "Nachbarräume", ("ohne Nachbarräume", "wie festgelegt")
FEW_CASES = "Kleine Fallzahlen"
RECORDED = {
    "city": "die Stadt",
    "period": "die Länge der Zeiträume",
    "first": "das erste Jahr",
    "last": "das letzte Jahr",
    "population": "die Altersgruppe",
    "excluded": "die ausgeschlossenen Räume",
    "reference": "die Vergleichstrends",
    "forms": "die Zuordnung der Hilfeformen",
    "outcomes.hze": "die Größe zu Aussage 2",
    "outcomes.placements": "die Größe zu Aussage 3",
    "outcomes.intensity": "die Größe zu Aussage 4",
    "outcomes.relevant_change": "die kleinste bedeutsame Veränderung",
    "outcomes.weights": "die Gewichte der Hilfeformen",
    "start": "der Beginn",
    "comparison": "die Vergleichsräume",
    "selection": "die Auswahl",
}
PLAIN = ("first", "last", "start")


def checks(
    tests: Sequence[CheckResult], result: Evaluation, study: Study, rules: Rule
) -> HtmlTable | Prose:
    """Show every check with its result and what was found."""
    if not tests or hidden(result, rules):
        return prose(NO_EFFECT if not tests else SMALL)
    tests, secret = _tellable(tests, result, rules), _secret(tests, result, study, rules)
    rows = [
        [
            test.name,
            RESULTS[test.passed],
            SMALL if test.name in secret else test.sentence.removeprefix(UNTRIED),
        ]
        for test in tests
    ]
    columns = {
        "name": Column("Prüfung"),
        "passed": Column("Ergebnis", css="verdict"),
        "sentence": Column("Was gefunden wurde"),
    }
    caption = "Alle Prüfungen der primären Frage; keine trägt für sich ein Urteil"
    return table(public(pd.DataFrame(rows, columns=list(columns)), rules), columns, caption=caption)


def checks_summary(
    tests: Sequence[CheckResult], result: Evaluation, study: Study, rules: Rule
) -> Prose:
    """Say in short which checks failed and which could not be tried."""
    if not tests or hidden(result, rules):
        return prose(NO_EFFECT if not tests else SMALL)
    tests, secret = _tellable(tests, result, rules), _secret(tests, result, study, rules)
    n = {passed: sum(test.passed is passed for test in tests) for passed in RESULTS}
    lost = [f"„{test.name}“" for test in tests if test.passed is None]
    return prose(
        f"Von {wording.number(len(tests))} Prüfungen {_are(n[True])} unauffällig, "
        f"{wording.number(n[False])} auffällig und {wording.number(n[None])} nicht möglich.",
        *(
            f"Auffällig ist „{test.name}“: {SMALL if test.name in secret else test.sentence}"
            for test in tests
            if test.passed is False
        ),
        f"Mit den vorliegenden Angaben nicht möglich: {wording.listing(lost, most=len(lost))}."
        if lost
        else "",
        WHOLE,
        listed=True,
    )


def record(space: Workspace) -> Prose:
    """Say when the primary specification was fixed, and what changed since."""
    entries = recorded.read(space)
    if not entries:
        return prose(
            "Vorab wurde nichts festgelegt: Zu dieser Studie gibt es keinen Eintrag aus der Zeit "
            "vor den Ergebnissen."
        )
    first, last = entries[0], entries[-1]
    changed = [
        f"Geändert am {wording.day(now.day)}: {_changed(before.specification, now.specification)}."
        for before, now in pairwise(entries)
    ]
    used = recorded.specification(space.study)
    return prose(
        "Die primäre Frage und ihr Verfahren wurden vor der ersten Auswertung mit diesem Programm "
        f"festgehalten, am {wording.day(first.day)}; ob die Zahlen da schon bekannt waren, sagt "
        "das nicht "
        f"(Prüfzeichen der Festlegung {first.digest[:12]}, der Studiendatei "
        f"{first.study_sha256[:12]}).",
        *(changed or ["Seither wurde die Festlegung nicht geändert."]),
        f"Dieser Bericht weicht davon ab; geändert: {_changed(last.specification, used)}."
        if recorded.differences(last.specification, used)
        else "",
    )


def _tellable(
    tests: Sequence[CheckResult], result: Evaluation, rules: Rule
) -> Sequence[CheckResult]:
    """Leave out the check whose mere result bounds a hidden count."""
    if rules.whole_series(result.area):
        return tests
    return [test for test in tests if test.name != FEW_CASES]


def _secret(
    tests: Sequence[CheckResult], result: Evaluation, study: Study, rules: Rule
) -> set[str]:
    """Name the checks whose finding could tell a hidden count of some periods."""
    control = study.outcomes.unaffected
    secret: set[str] = set()
    if not whole(result, study, rules):
        secret |= {*SHIFTED, *CHOSEN}
    if not rules.told(result.area, study.outcomes.hze, *WITHOUT_NEAR):
        secret |= {NEAR}
    if control and not rules.told(result.area, control):
        secret |= {guards.CONTROL}
    return secret & {test.name for test in tests if test.passed is not None}


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Say what differs between two specifications."""
    said = []
    for line in recorded.differences(before, after):
        name, _, values = line.partition(": ")
        area, _, part = name.rpartition(".")
        own = name in RECORDED
        label = RECORDED[name] if own else f"{RECORDED.get(part, part)} von {area}"
        old, _, new = values.partition(" → ")
        plain = (name if own else part) in PLAIN and {old, new}.isdisjoint({"null", "ohne"})
        said.append(f"{label} ({new} statt {old})" if plain else label)
    return wording.listing(said, most=len(said))


def _are(n: int) -> str:
    return f"{'ist' if n == 1 else 'sind'} {wording.number(n)}"
