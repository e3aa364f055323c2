"""Findings: the log, lists and frames; every rule has a German label."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaltools.data import findings
from evaltools.data.findings import LABELS, Finding, Log, Stop, listing, to_frame

SOURCES = sorted(Path(findings.__file__).parent.glob("*.py"))
# where the name of a rule stands among the arguments of a call
PLACES = {"Finding": 6, "note": 1, "stop": 0, "errors": 0, "_finding": 2}


def rule_names(tree: ast.AST) -> Iterator[str]:
    """Rules in calls that make findings, in dicts ``rules`` and in names given to pandera."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            target = node.func
            called = target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)
            place = PLACES.get(called)
            given += node.args[place : place + 1] if place is not None else []
            given += [item.value for item in node.keywords if item.arg in ("rule", "error")]
            given += node.args[1:] if ast.unparse(target) == "rules.get" else []
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            given += node.value.values if ast.unparse(node.targets[0]) == "rules" else []
        for item in given:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield item.value


def emitted() -> set[str]:
    return {name for path in SOURCES for name in rule_names(ast.parse(path.read_text("utf-8")))}


def test_every_rule_has_a_label_and_every_label_a_rule() -> None:
    assert emitted() == set(LABELS)
    assert list(LABELS) == sorted(LABELS) and all(LABELS.values())


@pytest.mark.parametrize(
    "code",
    [
        "log.note('info', 'neu', text)",
        "log.stop('neu', text)",
        "log.errors('neu', cases, 1)",
        "Finding('error', s, t, None, '', '', 'neu', text)",
        "_finding(source, 'info', 'neu', text)",
        "rules = {'integer': 'neu'}",
        "rules.get(kind, 'neu')",
        "Check.ge(0, error='neu')",
    ],
)
def test_a_new_rule_would_be_found(code: str) -> None:
    assert list(rule_names(ast.parse(code))) == ["neu"]


def test_log_stops_with_an_error() -> None:
    log = Log("s", "t")
    with pytest.raises(Stop):
        log.stop("leer", "Nichts da.", row=3)
    assert log.findings == [Finding("error", "s", "t", 3, "", "", "leer", "Nichts da.")]


def test_log_tells_fifty_errors_and_how_many_are_left() -> None:
    log = Log("s", "t")
    log.errors("zahl", ((row, "x", "Falsch.") for row in range(70)), 70, column="n")
    assert len(log.findings) == 51 and log.findings[-1].message == "… und 20 weitere."
    assert {finding.column for finding in log.findings} == {"n"}


def test_listing_names_twenty() -> None:
    assert listing([1, 2]) == "1, 2"
    assert listing(range(30)).endswith("18, 19 … (30 insgesamt)")


def test_frame_has_errors_first() -> None:
    log = Log("s", "t")
    for severity in ("info", "error", "warning", "error"):
        log.note(severity, severity, "", row=len(log.findings))
    frame = to_frame(log.findings)
    assert frame["row"].to_list() == [1, 3, 2, 0]
    assert to_frame([]).empty and list(to_frame([])) == list(frame)
