"""Whatever a notebook does to its kernel, a forked one fails as an ordinary one does."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

import robust_samples
from evaltools.data.reads import Read
from evaltools.reports import forkclient, kernel, plan
from evaltools.reports.kernel import NotebookFailed
from evaltools.reports.limits import Limits
from evaltools.reports.plan import Task
from evaltools.study import Workspace
from kernel_samples import alive, soon

GIB = 2**30
DIED = "cell 3: the kernel died; perhaps out of memory, see --memory and --workers"
SPENT = "cell 3: MemoryError: it needs more memory than 2 GiB; see --memory and --workers"
EXIT = "cell 3: SystemExit: a notebook runs to its end; take the call of exit out"
FAULTS = {
    "raises": ("raise ValueError('Kind 4711')", Limits(seconds=40), "cell 3: ValueError; "),
    "raises ours": (
        "from evaltools.errors import RunError\nraise RunError('no area R9')",
        Limits(seconds=40),
        "cell 3: RunError: no area R9",
    ),
    "ends": ("import os; os._exit(0)", Limits(seconds=40), DIED),
    "killed": ("import os; os.kill(os.getpid(), 9)", Limits(seconds=40), DIED),
    "segfault": ("import ctypes; ctypes.string_at(0)", Limits(seconds=40), DIED),
    "exits": ("import sys; sys.exit()", Limits(seconds=40), EXIT),
    "loops": (
        "while True: pass",
        Limits(seconds=2.5),
        "took longer than 2.5 s altogether; see --time-limit",
    ),
    "out of memory": ("x = bytearray(8 * 2**30)", Limits(memory=2 * GIB), SPENT),
    "array too large": (
        "import numpy; numpy.ones(2**30)",
        Limits(memory=2 * GIB),
        SPENT,
    ),
    "interrupted": (
        "import os, time; os.kill(os.getpid(), 2); time.sleep(5)",
        Limits(seconds=40),
        "cell 3: KeyboardInterrupt; ",
    ),
}
QUICK = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "numpy")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Task]:
    space = robust_samples.ingested(tmp_path_factory.mktemp("faults"))
    return space, plan.tasks(space)[0]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forkclient, "preload", lambda metadata: QUICK)


def ended(tiny: tuple[Workspace, Task], code: str, limits: Limits) -> str:
    space, task = tiny
    robust_samples.write_book(space.root, code, "1 + 1")
    with pytest.raises(NotebookFailed) as failed:
        kernel.execute(space, task, limits=limits)
    kept = space.processed / "failed" / f"{task.area}_{task.notebook}.ipynb"
    book = json.loads(kept.read_text(encoding="utf-8"))
    assert book["metadata"]["evaltools"]["failed"] == str(failed.value)
    assert code in ["".join(cell["source"]) for cell in book["cells"]]
    assert not any(cell.get("outputs") for cell in book["cells"])
    assert not list(space.processed.glob(".run-*"))
    # On a busy machine the time may be over before the cell that takes it all.
    return re.sub(r"^cell \d: took", "took", str(failed.value))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_the_same_way_by_both_kernels(
    tiny: tuple[Workspace, Task], fault: str, forked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, limits, expected = FAULTS[fault]
    if not forkclient.possible():
        pytest.skip("kernels are forked on Linux")
    first = ended(tiny, code, limits)
    assert first.startswith(expected)
    assert "4711" not in first
    monkeypatch.setattr(forkclient, "possible", lambda: False)
    assert ended(tiny, code, limits) == first


def test_the_limit_holds_for_the_whole_task_and_not_for_each_cell(
    tiny: tuple[Workspace, Task], forked: None
) -> None:
    space, task = tiny
    robust_samples.write_book(space.root, *["import time; time.sleep(0.6)"] * 8)
    with pytest.raises(NotebookFailed, match="took longer than 2 s"):
        kernel.execute(space, task, limits=Limits(seconds=2))


def test_a_limit_below_what_a_kernel_holds_anyway_fails_and_does_not_hang(
    tiny: tuple[Workspace, Task], forked: None
) -> None:
    space, task = tiny
    robust_samples.write_book(space.root, "x = bytearray(10**8)")
    with pytest.raises(NotebookFailed, match=r"--memory|--time-limit"):
        kernel.execute(space, task, limits=Limits(seconds=8, memory=2**20))


def test_a_notebook_whose_warm_process_is_killed_runs_again(
    tiny: tuple[Workspace, Task], forked: None, tmp_path: Path
) -> None:
    space, task = tiny
    flag = tmp_path / "been here"
    code = f"""\
import os, pathlib, time
if not pathlib.Path({str(flag)!r}).exists():
    pathlib.Path({str(flag)!r}).touch()
    os.kill(os.getppid(), 9)
    time.sleep(20)
print("done")"""
    robust_samples.write_book(space.root, code)
    executed = kernel.execute(space, task, limits=Limits(seconds=40))
    assert flag.exists()
    assert executed.notebook.cells[-1].outputs[0].text == "done\n"


def test_a_notebook_that_always_kills_it_fails(tiny: tuple[Workspace, Task], forked: None) -> None:
    code = f"import os, time; os.kill(os.getppid(), {int(signal.SIGKILL)}); time.sleep(20)"
    assert ended(tiny, code, Limits(seconds=40)) == DIED


def test_after_a_failure_no_process_is_left(tiny: tuple[Workspace, Task], forked: None) -> None:
    space, task = tiny
    noted = space.root / "pids"
    code = f"""\
import os, pathlib, subprocess
other = subprocess.Popen(["sleep", "60"]).pid
pathlib.Path({str(noted)!r}).write_text(f"{{os.getpid()}} {{other}}")
raise ValueError"""
    robust_samples.write_book(space.root, code)
    with pytest.raises(NotebookFailed, match="ValueError"):
        kernel.execute(space, task, limits=Limits(seconds=40))
    pids = [int(word) for word in noted.read_text(encoding="utf-8").split()]
    assert soon(lambda: not any(map(alive, pids)))


def test_the_kernel_ends_by_itself_when_nobody_ends_it(
    tiny: tuple[Workspace, Task], forked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its alarm is set; the run's own clock, which is the sooner one, is taken away here."""
    space, task = tiny
    monkeypatch.setattr(kernel, "GRACE_SECONDS", 0)
    monkeypatch.setattr(kernel._Watch, "left", lambda watch, cell=None: 30.0)
    robust_samples.write_book(space.root, "while True: pass")
    with pytest.raises(NotebookFailed, match="took longer than 2 s"):
        kernel.execute(space, task, limits=Limits(seconds=2))


@pytest.mark.parametrize("possible", [True, False], ids=["forked", "ordinary"])
def test_what_was_read_is_known_and_the_notebook_sees_nothing_of_it(
    tiny: tuple[Workspace, Task], forked: None, monkeypatch: pytest.MonkeyPatch, possible: bool
) -> None:
    space, task = tiny
    if not possible:
        monkeypatch.setattr(forkclient, "possible", lambda: False)
    code = """\
import os
from evaltools.data import reads
reads.note("hze_count", ["R1"])
print([name for name in os.environ if name.startswith("EVALTOOLS")])"""
    robust_samples.write_book(space.root, code)
    executed = kernel.execute(space, task, limits=Limits(memory=4 * GIB))
    assert executed.reads == (Read("hze_count", ("R1",)),)
    assert executed.notebook.cells[-1].outputs[0].text == "[]\n"


def test_a_success_takes_the_kept_failure_away(tiny: tuple[Workspace, Task], forked: None) -> None:
    space, task = tiny
    ended(tiny, "raise ValueError", Limits(seconds=40))
    robust_samples.write_book(space.root, "x = 1")
    kernel.execute(space, task, limits=Limits(seconds=40))
    assert not list((space.processed / "failed").iterdir())
