"""What a run says: lines, JSON, next to nothing; what is left is estimated from earlier runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evaltools.errors import DataError, NotebookError, ReleaseError, RunError
from evaltools.reports import ending, progress
from evaltools.reports.outcomes import Due, Ended, Outcome
from evaltools.reports.plan import Task
from evaltools.study import Workspace
from robust_samples import tiny


def task(area: str, notebook: str = "00_probe") -> Task:
    return Task(area, f"Raum {area}", notebook, "Probe", {})


def outcome(area: str, **more: object) -> Outcome:
    return replace(Outcome(task(area), 2.0, study="tiny"), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return tiny(tmp_path_factory.mktemp("p") / "p")


@pytest.fixture
def ended(space: Workspace) -> Ended:
    """One task of each state."""
    done = outcome("R1", verdicts={"1": "gestützt", "2": "gestützt", "3": "unklar"})
    failed = outcome("R3", error="cell 4: KeyError; withheld")
    return Ended(space, (done, outcome("R2", kept=True), failed))


def tell(listener: progress.Tally, ended: Ended) -> None:
    listener.due([Due("tiny", item.task, 0.0) for item in ended.outcomes if not item.kept])
    for item in ended.outcomes:
        listener.ended(item)
    listener.say("ingested tiny")
    listener.finish([ended])
    listener.say("reports/tiny/index.html", result=True)


def test_lines_name_each_task_and_the_table_what_failed(
    ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(progress.Lines(), ended)
    said = capsys.readouterr()
    assert said.out == "reports/tiny/index.html\n"
    assert said.err.splitlines() == [
        "done   R1 00_probe 2.0 s",
        "kept   R2 00_probe 2.0 s",
        "FAILED R3 00_probe 2.0 s",
        "ingested tiny",
        "study    done    kept  failed",
        "tiny        1       1       1",
        "failed: R3 00_probe: cell 4: KeyError; withheld",
    ]


def test_quiet_says_what_failed_and_one_line(
    ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(progress.Quiet(), ended)
    said = capsys.readouterr()
    assert said.err == "failed: R3 00_probe: cell 4: KeyError; withheld\n"
    assert said.out == "1 done, 1 kept, 1 failed\n"


def test_json_is_one_object_a_line_and_nothing_else(
    ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(progress.Json(), ended)
    said = capsys.readouterr()
    assert said.err == ""
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["event"] for event in events] == ["task", "task", "task", "end"]
    assert events[0]["verdicts"] == {"1": "gestützt", "2": "gestützt", "3": "unklar"}
    assert [(event["done"], event["total"]) for event in events[:3]] == [(1, 2), (2, 3), (3, 3)]
    assert events[2]["page"] == ""
    end = events[3]
    assert (end["done"], end["kept"], end["failed"]) == (1, 1, 1)
    assert end["tasks_failed"] == [
        {name: events[2][name] for name in end["tasks_failed"][0]},
    ]


def test_the_time_left_comes_from_earlier_runs_and_from_this_one() -> None:
    tally = progress.Tally()
    assert tally.seconds_left() is None
    tally.due([Due("tiny", task("R1"), 10.0), Due("tiny", task("R2"), 0.0)])
    assert tally.seconds_left() == 20.0, "what never ran takes as long as the others"
    tally.due([Due("tiny", task("R3"), 40.0)])
    tally.running([], 2)
    tally.ended(replace(outcome("R1"), seconds=4.0))
    assert tally.seconds_left() == (4.0 + 40.0) / 2
    tally.ended(outcome("R2"))
    tally.ended(outcome("R3"))
    assert tally.seconds_left() == 0.0


def test_the_bar_shows_what_runs_and_lets_results_pass(
    ended: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[str] = []
    states: list[dict[str, object]] = []
    bar = progress.Bar(written.append, lambda **state: states.append(state))
    bar.due([Due("tiny", task(area), 120.0) for area in ("R1", "R3")])
    bar.running([Due("tiny", task("R1"), 120.0), Due("tiny", task("", "70_x"), 120.0)], 2)
    assert states[-1] == {
        "total": 2,
        "completed": 0,
        "description": "R1 00_probe, city 70_x",
        "left": "2 min left",
    }
    tell(bar, ended)
    assert "done   R1 00_probe 2.0 s" in written
    assert capsys.readouterr().out == "reports/tiny/index.html\n"


def test_a_terminal_gets_a_bar_and_a_file_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    with progress.shown("bar") as listener:
        assert type(listener) is progress.Lines
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress.shown("bar") as listener:
        assert type(listener) is progress.Bar
        listener.due([Due("tiny", task("R1"), 1.0)])
        listener.say("[not markup]")


def test_what_takes_its_time_before_the_first_task_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listener = progress.Lines()
    for _ in range(3):
        listener.running([], 2)
    assert capsys.readouterr().err == f"{progress.READY}\n"
    listener = progress.Lines()
    listener.running([Due("tiny", task("R1"), 1.0)], 2)
    listener.running([], 2)
    assert capsys.readouterr().err == ""


def test_several_studies_are_told_apart(ended: Ended, space: Workspace) -> None:
    other = Ended(replace(space, name="other_city"), (), DataError("2 errors"))
    rows = progress.table([ended, other])
    assert rows[1].split() == ["tiny", "1", "1", "1"]
    assert rows[2].split() == ["other_city", "0", "0", "0", "not", "run"]
    assert rows[3:] == [
        "failed: tiny R3 00_probe: cell 4: KeyError; withheld",
        "error: study other_city: 2 errors",
    ]


def test_what_is_found_is_said_with_the_place_of_the_pages(ended: Ended, space: Workspace) -> None:
    def shown(path: Path) -> str:
        return path.relative_to(space.root).as_posix()

    assert list(ending.results(ended, shown)) == [
        "R1 Raum R1, Aussagen gestützt: 1, 2; unklar: 3",
        "data/processed/tiny/pruefung.html (for who signs, not public)",
        "reports/tiny/index.html",
    ]
    assert list(ending.results(Ended(space, (), DataError("x")), shown)) == []


def test_the_command_ends_with_what_failed(ended: Ended, space: Workspace) -> None:
    with pytest.raises(NotebookError, match=r"1 of 3 notebooks failed; .*data/processed/tiny/f"):
        ending.raise_for([ended])
    fine = Ended(space, ended.outcomes[:2])
    ending.raise_for([fine])
    bad = Ended(space, (), DataError("x"))
    with pytest.raises(DataError, match="1 of 2 studies could not be run"):
        ending.raise_for([fine, bad])
    with pytest.raises(RunError, match="2 of 2 studies could not be run"):
        ending.raise_for([bad, Ended(space, (), ReleaseError("x"))])
