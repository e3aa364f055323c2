"""Whole processes for benchmarks: what they take of wall and CPU time, and a cluster to ask."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h
Times = tuple[float, float]


def measured(work: Callable[[], None]) -> Times:
    """Do work in a process of its own; return wall seconds and CPU seconds of all it started."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        begun = time.perf_counter()
        work()
        wall = time.perf_counter() - begun
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(write, json.dumps([wall, used.ru_utime + used.ru_stime]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        sys.exit("a measured process failed; see above")
    wall, cpu = json.loads(said)
    return wall, cpu


def call(root: Path, *command: str) -> None:
    """Run a command in the project; what it prints is shown only when it fails."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        os._exit(1)


@contextmanager
def cluster(root: Path) -> Iterator[str]:
    """Start a Dask scheduler and two workers of one thread each; gives the address."""
    file = root / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": root}
    dask = [sys.executable, "-m", "dask"]
    where = ["--scheduler-file", str(file)]
    server = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *where],
        **quiet,
    )
    while not file.is_file():
        time.sleep(0.02)
    workers = subprocess.Popen(
        [*dask, "worker", "--nworkers", "2", "--nthreads", "1", "--no-dashboard", *where], **quiet
    )
    try:
        yield json.loads(file.read_text(encoding="utf-8"))["address"]
    finally:
        for process in (workers, server):
            process.terminate()
            process.wait()
