"""Processes of this machine: killed, hung, failing, interrupted; whatever happens, none is left."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaltools.errors import RunError
from evaltools.reports import command, executors, jobs, machine, plan, pool, runs
from evaltools.reports.executors import Lost
from evaltools.reports.limits import Limits
from evaltools.reports.pool import Pool
from evaltools.study import Workspace, open_study
from fault_samples import (
    After,
    below,
    die_always,
    die_once,
    gone,
    hang,
    kill,
    many,
    marked,
    name_yourself,
    raise_foreign,
    raise_own,
)
from robust_samples import CODE, executed, public, torn
from test_cli import run_main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and fork of POSIX")
MARK = "EVALTOOLS_TEST_POOL"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pool]:
    """A pool of two processes; afterwards they are gone, with what they were given."""
    (tmp_path / "spool").mkdir()
    opened = Pool(2, tmp_path / "spool")
    yield opened
    left = workers(opened)
    opened.close()
    assert gone(left) == []
    assert list((tmp_path / "spool").iterdir()) == []


def workers(opened: Pool) -> list[psutil.Process]:
    pids = opened._pool._pool_manager.worker_manager.workers
    return [psutil.Process(pid) for pid in list(pids) if psutil.pid_exists(pid)]


def results(opened: Pool, *calls: tuple[Callable[[Any], Any], Any, float]) -> list[Any]:
    for key, (function, given, limit) in enumerate(calls):
        opened.submit(key, function, given, limit)
    found: dict[int, Any] = {}
    while len(found) < len(calls):
        found |= dict(opened.finished())
    return [found[key] for key in sorted(found)]


# --- calls ----------------------------------------------------------------------------------------


def test_calls_are_shared_and_come_back_with_their_keys(two: Pool, tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    pids = results(two, *[(name_yourself, tmp_path / "pids", 0.0)] * 6)
    assert len(set(pids)) == 2
    assert {int(path.name) for path in (tmp_path / "pids").iterdir()} == set(pids)
    assert os.getpid() not in pids


def test_a_killed_process_costs_its_call_an_attempt_and_no_other(two: Pool, tmp_path: Path) -> None:
    once, always = tmp_path / "once", tmp_path / "always"
    found = results(
        two, (die_always, always, 0.0), (die_once, once, 0.0), (str, 1, 0.0), (str, 2, 0.0)
    )
    assert found == [Lost(pool.KILLED), "second time", "1", "2"]
    assert always.read_text() == "x" * pool.ATTEMPTS


def test_a_call_that_hangs_is_ended_after_its_limit(two: Pool) -> None:
    assert results(two, (hang, None, 0.3), (str, 1, 5.0)) == [Lost(pool.HUNG), "1"]


def test_errors_for_users_come_back_and_others_say_only_their_kind(two: Pool) -> None:
    own, foreign = results(two, (raise_own, None, 0.0), (raise_foreign, None, 0.0))
    assert isinstance(own, RunError)
    assert str(own) == "said so"
    assert isinstance(foreign, Lost)
    assert foreign.reason.startswith("KeyError in the program itself")
    assert "Zacharias" not in foreign.reason


def test_idle_processes_that_are_killed_are_replaced(two: Pool) -> None:
    assert results(two, (str, 1, 0.0)) == ["1"]
    for process in workers(two):
        process.kill()
    assert results(two, (str, 2, 0.0), (str, 3, 0.0)) == ["2", "3"]


def test_no_more_processes_than_calls_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 8)
    monkeypatch.setattr(machine, "memory", lambda: (16 << 30, 5 << 30))
    assert [machine.width(calls) for calls in (0, 1, 4, 99)] == [1, 1, 4, 5]
    assert machine.width(99, 32) == 32
    monkeypatch.setattr(machine, "memory", lambda: (1 << 30, 1 << 20))
    assert machine.width(99) == 1
    assert machine.share(2) == int((1 << 30) * machine.SHARE / 2)


def test_the_memory_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    whole, _ = machine.memory()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert machine.memory()[0] == whole
    (tmp_path / "memory.max").write_text("1000000\n")
    assert machine.memory() == (1000000, 999000)


# --- notebooks ------------------------------------------------------------------------------------

WAYS = """\
import ctypes, os, signal, sys
from evaltools.release.display import prose

if area == "R1":
    os.kill(os.getpid(), signal.SIGKILL)
elif area == "R2":
    sys.exit()
elif area == "R3":
    while True: pass
elif area == "R4":
    held = bytearray(8 << 30)
elif area == "R5":
    ctypes.string_at(0)
prose("Es liegen Zeilen vor.")"""


def test_whatever_a_notebook_does_the_others_finish(tmp_path: Path) -> None:
    space = many(tmp_path / "p", areas=6, code=WAYS)
    tasks = plan.tasks(space, notebooks=["00_probe"])
    outcomes = runs.run(space, tasks, workers=2, limits=Limits(seconds=12, memory=2 << 30))
    said = [outcome.error for outcome in outcomes]
    assert "kernel died" in said[0]
    assert "SystemExit" in said[1]
    assert "12 s" in said[2]
    assert "MemoryError" in said[3]
    assert "kernel died" in said[4]
    assert said[5] == ""
    assert torn(space) == []
    assert [name for name in public(space) if name.endswith("probe.html")] == ["R6/00_probe.html"]


@pytest.mark.parametrize("victim", ["worker", "worker server", "kernel server"])
def test_a_run_survives_the_end_of_any_of_its_processes(
    victim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only notebooks that ran in the very kernels of a killed server may fail."""
    space = many(tmp_path / "p", areas=2)
    opened: list[Pool] = []
    beginning = Pool.__init__

    def remembered(self: Pool, *given: Any) -> None:
        beginning(self, *given)
        opened.append(self)

    monkeypatch.setattr(Pool, "__init__", remembered)
    seen: list[psutil.Process] = []

    def strike() -> None:
        mine = workers(opened[0])
        server = mine[0].parent()
        assert server is not None
        seen.extend(server.children(recursive=True))
        kernels = [one for one in server.children() if one not in mine]
        kill({"worker": mine, "worker server": [server], "kernel server": kernels}[victim][0].pid)

    (ended,) = runs.run_all(
        [(space, plan.tasks(space))],
        engine=pool.engine(2, spool=space.processed),
        listener=After(1, strike),
    )
    failed = [outcome for outcome in ended.outcomes if not outcome.ok]
    assert len(ended.outcomes) == 4
    assert len(failed) <= (2 if victim == "kernel server" else 0), failed
    assert torn(space) == []
    if victim == "worker server":
        assert gone(seen) == []
    monkeypatch.setattr(jobs, "execute", executed)
    assert all(outcome.ok for outcome in runs.run(space, plan.tasks(space)))


# --- the run itself ends --------------------------------------------------------------------------


def started(space: Workspace, mark: str) -> subprocess.Popen[bytes]:
    """Start a run by its command and wait for its first page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evaltools.cli", "run", "tiny", "--workers", "2"],
        cwd=space.root,
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )
    assert process.stderr is not None
    while (line := process.stderr.readline()) and not line.startswith(b"done "):
        pass
    assert line, "it ended before its first page"
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_run_leaves_whole_pages_and_no_process(
    number: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = f"import time\ntime.sleep(2)\n{CODE}"  # it must not end before it is interrupted
    space = many(tmp_path / "p", areas=9, code=slow)
    mark = secrets.token_hex(8)
    process = started(space, mark)
    there = [*below(process.pid), *marked(MARK, mark)]
    assert len(there) > 3, "a server, its workers and kernels"
    os.kill(process.pid, number)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == code
    assert "Traceback" not in said
    assert gone(there) == []
    assert gone(marked(MARK, mark)) == []
    if number != signal.SIGKILL:
        assert said.strip().splitlines()[-1].startswith("interrupted; finished pages are kept")
        assert not list(space.processed.glob(".run-*"))
    assert torn(space) == []
    pages = [name for name in public(space) if name.endswith("probe.html")]
    assert 1 <= len(pages) < 18
    monkeypatch.setattr(jobs, "execute", executed)
    outcomes = runs.run(open_study("tiny", folder=space.root), plan.tasks(space))
    assert [outcome.kept for outcome in outcomes].count(True) >= 1
    assert all(outcome.ok for outcome in outcomes)
    assert not list(space.processed.glob(".run-*"))


def test_a_scheduler_of_jobs_ends_a_run_as_a_user_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    space = many(tmp_path / "p", areas=2)

    def ended(space: Workspace, task: plan.Task, *, limits: Limits) -> Any:
        if task.area == "R2":
            os.kill(os.getpid(), signal.SIGTERM)
        return executed(space, task, limits=limits)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(jobs, "execute", ended)
    monkeypatch.setattr(command, "_engine", lambda order, *_: (executors.here, order.limits))
    assert run_main(monkeypatch, space.root, "run", "tiny") == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("interrupted; finished pages are")
    assert torn(space) == []
    assert [name for name in public(space) if name.endswith("probe.html")] == ["R1/00_probe.html"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_full_disk_ends_the_run_with_whole_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=3)
    monkeypatch.setattr(jobs, "execute", executed)
    replace, count = Path.replace, [0]

    def full(self: Path, target: Path) -> Path:
        count[0] += target.suffix == ".html"
        if count[0] > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left") as caught:
            runs.run(space, plan.tasks(space))
    assert Path(caught.value.filename).suffix == ".html"
    assert torn(space) == []
    outcomes = runs.run(space, plan.tasks(space))
    assert [outcome.kept for outcome in outcomes].count(True) == 2
    assert all(outcome.ok for outcome in outcomes)


def test_a_full_disk_where_a_notebook_runs_fails_that_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = many(tmp_path / "p", areas=2)

    def full(space: Workspace, task: plan.Task, *, limits: Limits) -> Any:
        if task.area == "R1":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(space.root))
        return executed(space, task, limits=limits)

    monkeypatch.setattr(jobs, "execute", full)
    outcomes = runs.run(space, plan.tasks(space))
    said = {outcome.task.area: outcome.error for outcome in outcomes}
    assert said == {"R1": "No space left on device; check rights and free space", "R2": ""}
