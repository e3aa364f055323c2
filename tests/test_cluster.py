"""Tasks sent to a Dask scheduler on loopback: lost workers, lost scheduler, parts of a run."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from evaltools import files
from evaltools.data import store
from evaltools.errors import RunError
from evaltools.reports import cluster, command, jobs, plan, runs
from evaltools.reports.executors import Lost
from evaltools.study import Workspace, open_study
from fault_samples import After, gone, kill, many, marked
from robust_samples import executed, public, torn

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
MARK = "EVALTOOLS_TEST_CLUSTER"


@dataclass
class Dask:
    """A scheduler with its workers, each a process of its own."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """Two workers of one thread each; whatever they leave behind is found by a mark.

    One is killed by the first test, the scheduler by the second.
    """
    tmp_path = tmp_path_factory.mktemp("dask")
    mark, file = secrets.token_hex(8), tmp_path / "scheduler.json"
    env = {**os.environ, MARK: mark, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=env, cwd=tmp_path, stdout=quiet, stderr=quiet)

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    alone = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    workers = [start("worker", *alone, "--local-directory", str(tmp_path)) for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not file.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Dask(json.loads(file.read_text())["address"], scheduler, workers)
    finally:
        for process in [*workers, scheduler]:
            process.terminate()
        for process in [*workers, scheduler]:
            process.wait(timeout=30)
    assert gone(marked(MARK, mark)) == [], "a kernel or its server outlived the workers"


def run(space: Workspace, address: str, listener: After) -> list[str]:
    (ended,) = runs.run_all(
        [(space, plan.tasks(space))], engine=cluster.engine(address, [space]), listener=listener
    )
    assert ended.error is None
    return [outcome.error for outcome in ended.outcomes]


def test_all_tasks_finish_when_one_of_two_workers_is_killed(tmp_path: Path, dask: Dask) -> None:
    space = many(tmp_path / "p", areas=17)
    listener = After(3, lambda: kill(dask.workers[0].pid))
    assert run(space, dask.address, listener) == [""] * 34
    assert dask.workers[0].wait(timeout=10) < 0
    assert dask.workers[1].poll() is None
    assert torn(space) == []
    assert sum(name.endswith("probe.html") for name in public(space)) == 34


def test_a_scheduler_that_goes_away_is_one_error_and_a_rerun_goes_on(
    tmp_path: Path, dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=4)
    listener = After(2, lambda: kill(dask.scheduler.pid))
    with pytest.raises(RunError, match="the scheduler went away; finished pages are kept"):
        run(space, dask.address, listener)
    assert torn(space) == []
    there = sum(name.endswith("probe.html") for name in public(space))
    assert 2 <= there < 8
    monkeypatch.setattr(jobs, "execute", executed)
    outcomes = runs.run(space, plan.tasks(space))
    assert [outcome.kept for outcome in outcomes].count(True) == there
    assert all(outcome.ok for outcome in outcomes)


def test_a_worker_without_the_shared_folder_is_refused(tmp_path: Path) -> None:
    space = many(tmp_path / "p", areas=1)
    wanted = cluster.ground(space)
    elsewhere = replace(space, root=tmp_path / "elsewhere")
    given = cluster._Probe(elsewhere)
    found = cluster.checked(cluster._nothing, given, wanted)
    assert isinstance(found, RunError)
    assert "the project's folder under the same path" in str(found)
    assert str(tmp_path) not in str(found)
    older = replace(wanted, program="another")
    found = cluster.checked(cluster._nothing, cluster._Probe(space), older)
    assert "another version of evaltools" in str(found)
    assert cluster.checked(cluster._nothing, cluster._Probe(space), wanted) is None


def test_an_address_where_nobody_answers_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=1)
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(RunError, match="no scheduler answers at tcp://"):
        run(space, "tcp://127.0.0.1:1", After(0, lambda: None))


def test_without_dask_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r"install evaltools\[cluster\]"):
        cluster.engine("tcp://127.0.0.1:1", [])


# --- parts of a run -------------------------------------------------------------------------------


def test_shards_share_the_tasks_and_the_last_one_lists_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=5)
    monkeypatch.setattr(jobs, "execute", executed)
    monkeypatch.chdir(space.root)
    monkeypatch.setattr(command, "_engine", lambda order, *_: (runs.executors.here, order.limits))
    ran = []
    for part in (3, 1, 2):
        (ended,) = command.run(
            ["tiny"],
            command.Order(shard=(part, 3)),
            listener=After(0, lambda: None),
            ready=lambda _: None,
        )
        ran.append({outcome.task.output for outcome in ended.outcomes})
    assert sorted(map(len, ran)) == [3, 3, 4]
    assert len(set.union(*ran)) == 10
    assert torn(space) == []
    pages = json.loads((space.reports / "run.json").read_text("utf-8"))["pages"]
    assert len(pages) == 10
    outcomes = runs.run(open_study("tiny", folder=space.root), plan.tasks(space))
    assert all(outcome.kept for outcome in outcomes)


def test_a_shard_places_its_page_beside_what_another_placed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=2)
    monkeypatch.setattr(jobs, "execute", executed)
    tasks = plan.tasks(space)
    manner = runs.Manner(shared=True)

    def other() -> None:
        runs.run_all([(space, tasks[2:])], manner=manner)

    runs.run_all([(space, tasks[:2])], manner=manner, listener=After(1, other))
    assert sum(name.endswith("probe.html") for name in public(space)) == 4
    assert torn(space) == []


def test_a_shard_holds_the_study_only_while_it_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=1)
    held = []

    def free(space: Workspace, task: plan.Task, **limits: object) -> object:
        with store.locked(space):
            held.append(task.output)
        return executed(space, task)

    monkeypatch.setattr(jobs, "execute", free)
    runs.run_all([(space, plan.tasks(space))], manner=runs.Manner(shared=True))
    assert len(held) == 2


def test_nobody_changes_a_study_beside_a_part_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=1)
    refused = []

    def beside(space: Workspace, task: plan.Task, **limits: object) -> object:
        with pytest.raises(RunError, match="--shard") as caught, store.locked(space):
            pass
        refused.append(str(caught.value))
        return executed(space, task)

    monkeypatch.setattr(jobs, "execute", beside)
    monkeypatch.chdir(space.root)
    monkeypatch.setattr(command, "_engine", lambda order, *_: (runs.executors.here, order.limits))
    order = command.Order(shard=(1, 1))
    command.run(["tiny"], order, listener=After(0, lambda: None), ready=lambda _: None)
    assert len(refused) == 2
    with store.locked(space):
        pass  # once it has ended


def test_a_part_does_not_ingest_beside_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=1)
    path = space.raw / "zahlen.csv"
    path.write_text(path.read_text("utf-8").replace(";20\n", ";77\n"), "utf-8")
    monkeypatch.chdir(space.root)
    with (
        files.locked(store.shard_lock(space, 2, 2), "part 2/2"),
        pytest.raises(RunError, match="parts of a run of study tiny are under way"),
    ):
        command.run(
            ["tiny"],
            command.Order(shard=(1, 2)),
            listener=After(0, lambda: None),
            ready=lambda _: pytest.fail("it was read"),
        )


def test_a_foreign_error_on_a_worker_tells_its_kind_only(tmp_path: Path) -> None:
    space = many(tmp_path / "p", areas=1)

    def leaking(given: object) -> None:
        raise KeyError("Zacharias Kanarienvogel")

    result = cluster.checked(leaking, cluster._Probe(space), cluster.ground(space))
    assert isinstance(result, Lost)
    assert result.reason.startswith("KeyError")
    assert "Zacharias" not in result.reason


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/", "-1/2"])
def test_a_shard_that_is_none_is_one_line(text: str) -> None:
    with pytest.raises(RunError, match="write i/n with i from 1 to n"):
        command.shard(text)
