"""What the tests of faults share: a study of many quick tasks, and who is left when all is over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from evaltools.errors import RunError
from evaltools.reports.outcomes import Outcome, Silent
from evaltools.study import Workspace
from robust_samples import ingested

BOOKS = ("00_probe", "30_probe")


def many(root: Path, *, areas: int, code: str | None = None) -> Workspace:
    """Return a study of two notebooks for each of some areas, read."""
    given = {} if code is None else {"code": code}
    return ingested(root, rows=10 * (areas + 1), areas=areas, books=BOOKS, **given)


def marked(name: str, value: str) -> list[psutil.Process]:
    """Return all processes with a variable in the environment that they were started with."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and process.pid != os.getpid():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def below(pid: int) -> list[psutil.Process]:
    """Return all processes that a process has started, directly or not."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def gone(processes: list[psutil.Process], seconds: float = 20.0) -> list[psutil.Process]:
    """Return those that are still there after a while; zombies count as gone."""
    _, left = psutil.wait_procs(processes, timeout=seconds)
    return [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


class After(Silent):
    """A listener that does something when so many tasks have ended."""

    def __init__(self, number: int, do: Callable[[], None]) -> None:
        self._number, self._do, self.ended_tasks = number, do, 0

    def ended(self, outcome: Outcome) -> None:
        self.ended_tasks += 1
        if self.ended_tasks == self._number:
            self._do()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


# --- calls for a pool's processes -----------------------------------------------------------------


def name_yourself(path: Path) -> int:
    """Say which process this is, and be busy for a while."""
    (path / str(os.getpid())).touch()
    time.sleep(0.2)
    return os.getpid()


def die_once(path: Path) -> str:
    """Be killed the first time."""
    if path.is_file():
        return "second time"
    path.touch()
    kill(os.getpid())
    return "never"


def die_always(path: Path) -> None:
    with path.open("a") as file:
        file.write("x")
    kill(os.getpid())


def hang(_: object) -> None:
    time.sleep(600)


def raise_own(_: object) -> None:
    raise RunError("said so")


def raise_foreign(_: object) -> None:
    raise KeyError("Zacharias Kanarienvogel")
