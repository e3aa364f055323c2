"""Stages, order and several studies in one run; executors are replaced by ones that keep a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaltools.errors import DesignError, ReleaseError, RunError
from evaltools.reports import command, executors, jobs, manifest, plan, runs, steps
from evaltools.reports.executors import Here, Lost
from evaltools.reports.flow import flow
from evaltools.reports.job import Job, packed, unpacked
from evaltools.reports.kernel import NotebookFailed
from evaltools.reports.outcomes import Due, Silent
from evaltools.reports.steps import Step
from evaltools.study import Workspace
from robust_samples import executed, ingested, public, torn
from test_cli import run_main

BOOKS = ("60_probe", "00_probe", "30_probe")


class Listing(Here):
    """Calls in this process, some at a time, and remembers in which order they came."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = self.width = window
        self.came: list[str] = []
        self.most = 0

    def submit(self, key: int, function: Callable[[Any], Any], given: Any, limit: float) -> None:
        shown = f"{given.task.area} {given.task.notebook}" if isinstance(given, Job) else ""
        self.came.append(shown or function.__name__)
        super().submit(key, function, given, limit)
        self.most = max(self.most, len(self.running()))

    def finished(self) -> Iterator[tuple[int, Any]]:
        for ended in super().finished():
            yield ended
            return

    def engine(self, calls: int) -> Any:
        @contextmanager
        def opened() -> Iterator[executors.Executor]:
            yield self

        return opened()


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(jobs, "execute", executed)
    return ingested(tmp_path / "p", areas=2, books=BOOKS)


def test_measures_come_before_effects_and_these_before_what_joins_them(space: Workspace) -> None:
    listing = Listing(4)
    runs.run_all([(space, plan.tasks(space))], engine=listing.engine)
    kinds = [name.split()[-1] for name in listing.came]
    assert kinds == [
        "prepare",
        *["00_probe"] * 2,
        *["30_probe"] * 2,
        *["60_probe"] * 2,
        "review",
    ]


@pytest.mark.parametrize(
    ("number", "stage"), [("00", 1), ("29", 1), ("30", 2), ("59", 2), ("60", 3)]
)
def test_the_number_of_a_notebook_says_its_stage(number: str, stage: int) -> None:
    assert steps.stage(plan.Task("R1", "", f"{number}_x", "", {})) == stage


def test_what_took_longest_begins_first(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = plan.tasks(space, notebooks=["00_probe"])
    slow = {"R1": 1.0, "R2": 5.0}
    make = jobs.make
    monkeypatch.setattr(jobs, "make", lambda job: replace(make(job), seconds=slow[job.task.area]))
    runs.run(space, tasks)
    listing = Listing(1)
    known: list[Due] = []
    listener = Silent()
    monkeypatch.setattr(listener, "due", known.extend)
    runs.run_all(
        [(space, tasks)],
        engine=listing.engine,
        manner=runs.Manner(fresh=True),
        listener=listener,
    )
    assert listing.came[1:3] == ["R2 00_probe", "R1 00_probe"]
    assert {due.task.area: due.seconds for due in known} == slow


def test_no_more_is_sent_than_the_executor_holds(space: Workspace) -> None:
    listing = Listing(3)
    seen: list[int] = []
    first = [Step(0, str, number) for number in range(10)]

    def after(step: Step, result: str) -> list[Step]:
        seen.append(int(result))
        return [Step(0, str, 100)] if result == "3" else []

    flow(first, listing.engine, after, most=10)
    assert sorted(seen) == [*range(10), 100]
    assert listing.most == 3


def test_without_anything_to_do_no_executor_is_started(space: Workspace) -> None:
    runs.run(space, plan.tasks(space))
    before = public(space)

    def never(calls: int) -> Any:
        pytest.fail("an executor was started")

    (ended,) = runs.run_all([(space, plan.tasks(space))], engine=never)
    assert [outcome.state for outcome in ended.outcomes] == ["kept"] * 6
    assert public(space) == before


def test_a_study_that_cannot_be_run_stops_no_other(
    tmp_path: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ingested(tmp_path / "q")
    prepare = steps.prepare

    def refused(given: steps.Preparation) -> None:
        if given.space.root == other.root:
            raise ReleaseError("small counts cannot be protected")
        prepare(given)

    monkeypatch.setattr(steps, "prepare", refused)
    ended = runs.run_all([(other, plan.tasks(other)), (space, plan.tasks(space))])
    assert str(ended[0].error) == "small counts cannot be protected"
    assert ended[0].outcomes == ()
    assert not (other.reports / "R1").exists()
    assert ended[1].error is None
    assert len(ended[1].outcomes) == 6


def test_a_lost_call_is_a_failed_task_and_its_old_page_stays(space: Workspace) -> None:
    runs.run(space, plan.tasks(space))

    class Losing(Listing):
        def finished(self) -> Iterator[tuple[int, Any]]:
            for key, result in super().finished():
                is_page = isinstance(result, jobs.Made) and result.task.area == "R1"
                yield key, Lost("was killed") if is_page else result

        def running(self) -> Collection[int]:
            return ()

    (ended,) = runs.run_all(
        [(space, plan.tasks(space))], engine=Losing(2).engine, manner=runs.Manner(fresh=True)
    )
    assert [item.error for item in ended.outcomes] == ["was killed"] * 3 + [""] * 3
    assert len(list((space.reports / "R1").glob("*.html"))) == 3  # no fault of theirs: they stay
    assert torn(space) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotebookFailed("cell 4: KeyError"), "cell 4: KeyError"),
        (DesignError("start leaves 4 months"), "start leaves 4 months"),
        (OSError(28, "No space left on device", "/secret"), "No space left on device; check"),
    ],
)
def test_a_job_gives_its_reason_and_no_files(
    space: Workspace, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(jobs, "execute", raising)
    made = jobs.make(Job(space, plan.tasks(space)[0]))
    assert made.error.startswith(said)
    assert "secret" not in made.error
    assert made.contents == {}


def test_a_job_gives_all_files_of_its_page_and_what_was_read(space: Workspace) -> None:
    made = jobs.make(Job(space, plan.tasks(space, areas=["R1"], notebooks=["00_probe"])[0]))
    assert made.error == ""
    assert "R1/00_probe.html" in made.contents
    assert made.verdicts == {"1": "unklar"}
    assert [read.name for read in made.reads] == ["hze_count"]
    assert not space.reports.exists(), "only who asked places files"


def test_what_was_made_comes_back_from_a_file_as_it_was(space: Workspace) -> None:
    task = plan.tasks(space)[0]
    made = jobs.make(Job(space, task))
    made = replace(made, hidden=("a|b",), contents={**made.contents, "x.bin": b"\n\0\n", "e": b""})
    assert unpacked(packed(made), task) == made
    failed = jobs.Made(task, 1.5, "cell 4: ü")
    assert unpacked(packed(failed), task) == failed


# --- the command, for several studies -------------------------------------------------------------


@pytest.fixture
def cities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two studies of one city in one project; notebooks run in this process."""
    space = ingested(tmp_path / "p")
    study = space.root / "studies" / "tiny.yml"
    (space.root / "studies" / "zwei.yml").write_text(study.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(jobs, "execute", executed)
    monkeypatch.setattr(command, "_engine", lambda order, *_: (executors.here, order.limits))
    return space.root


def test_several_studies_are_ingested_and_run(
    cities: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(monkeypatch, cities, "run", "tiny", "zwei", "tiny") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "reports/zwei/index.html"
    assert "ingested zwei" in said.err
    assert "ingested tiny" not in said.err
    assert (cities / "reports/tiny/R1/00_probe.html").is_file()
    assert (cities / "reports/zwei/R1/00_probe.html").is_file()


def test_two_studies_side_by_side_do_not_mix(cities: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = cities / "studies" / "zwei.yml"
    named = re.sub(r"(?m)^title: .*$", "title: Andernorts", second.read_text("utf-8"))
    second.write_text(named, "utf-8")

    def files(name: str) -> dict[str, bytes]:
        folder = cities / "reports" / name
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.*")}

    assert run_main(monkeypatch, cities, "run", "tiny", "zwei") == 0
    first = files("tiny")
    assert not any(b"Andernorts" in content for content in first.values())
    assert all(
        b"Andernorts" in content for name, content in files("zwei").items() if ".html" in name
    )
    second.write_text(named.replace("Andernorts", "Anderswo"), "utf-8")
    assert run_main(monkeypatch, cities, "run", "zwei") == 0
    assert files("tiny") == first
    shown = (cities / "reports" / "index.html").read_text("utf-8")
    titles = re.findall(r"<h2[^>]*>([^<]*)</h2>", shown)
    assert titles == ["Winzig: drei Räume", "Anderswo"]


def test_a_study_that_another_run_holds_stops_no_other(
    cities: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evaltools.data import store
    from evaltools.study import open_study

    with store.locked(open_study("tiny", folder=cities)):
        assert run_main(monkeypatch, cities, "run", "tiny", "zwei") == RunError.exit_code
    said = capsys.readouterr().err
    assert "error: study tiny: another run of study tiny is under way" in said
    assert said.splitlines()[-1] == "error: 1 of 2 studies could not be run, see above"
    assert (cities / "reports/zwei/R1/00_probe.html").is_file()
    assert not (cities / "reports/tiny").exists()


def test_force_runs_what_is_fresh_and_nothing_else_does(
    cities: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, state in (((), "done"), ((), "kept"), (("--force",), "done")):
        assert run_main(monkeypatch, cities, "run", "tiny", "--quiet", *arguments) == 0
        counts = {"done": 0, "kept": 0, "failed": 0} | {state: 1}
        said = capsys.readouterr()
        assert said.out == ", ".join(f"{n} {name}" for name, n in counts.items()) + "\n"
        assert said.err == ""


def test_what_nothing_needs_is_not_imported_when_nothing_runs(cities: Path) -> None:
    import subprocess
    import sys

    from evaltools.study import open_study

    space = open_study("tiny", folder=cities)
    runs.run(space, plan.tasks(space))
    heavy = ("papermill", "nbconvert", "statsmodels", "pebble", "evaltools.codings.material")
    code = (
        "import sys; sys.argv = ['evaltools', 'run', 'tiny']\n"
        "from evaltools import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cities, capture_output=True, text=True, check=True
    )
    assert "kept   R1 00_probe" in done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_page_is_placed_as_soon_as_it_is_there(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent holds no result longer than until the next."""
    there: list[int] = []
    put = manifest.put

    def counted(*given: Any) -> Any:
        placed = put(*given)
        there.append(sum(name.endswith("probe.html") for name in public(space)))
        return placed

    monkeypatch.setattr(manifest, "put", counted)
    runs.run(space, plan.tasks(space))
    assert there == [1, 2, 3, 4, 5, 6]
