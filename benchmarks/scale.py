"""What a further report, row, area and period costs, and what n workers give.

Usage: python benchmarks/scale.py

Measures, on simulated cities with one page of ``30_vorher_nachher`` for each of three areas: the
seconds of a report with 17 to 136 comparison areas, by year and by quarter; the seconds that an
ingest takes for ten thousand further case rows; what placing a page takes in the parent; what Dask
takes to send one task out and back. From these it computes, for 560 offices of 17 areas, how long n
workers would be busy when each takes the next report as soon as it is free and the parent places
one page after the other. Nothing beyond two workers is measured. Prints a table for
``docs/scale.md``, then ``name: ratio`` lines; it exits non-zero when two workers do not make at
least 1.6 times as many reports as one.
"""

from __future__ import annotations

import heapq
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import _cities

from evaltools.data import cases, ingest, store
from evaltools.reports import jobs, manifest, plan, runs
from evaltools.reports.job import Job
from evaltools.study import Workspace, open_study

BOOK = "30_vorher_nachher"
AREAS = 3
OFFICES, REPORTS = 560, 17
WORKERS = (1, 2, 8, 32, 128, 512, 2048)
TASKS = 400
COPIES = (1, 3)  # of the demo's cases
TARGET = 1.6


def city(root: Path, name: str, *, draws: int = 1, period: cases.Period = "year") -> Workspace:
    """Add and read a city for the office, so that no plan of small counts is searched."""
    space = _cities.add(
        root, name, seed=5, notebooks=(BOOK,), audience="intern", draws=draws, period=period
    )
    ingest.ingest(space)
    return space


def report(space: Workspace) -> float:
    """Return the seconds of one report, the median of some areas, in a warm process."""
    seconds = []
    for task in plan.tasks(space)[: AREAS + 1]:
        begun = time.perf_counter()
        made = jobs.make(Job(space, task))
        seconds.append(time.perf_counter() - begun)
        if made.error:
            sys.exit(f"{space.name} {task.area}: {made.error}")
    return statistics.median(seconds[1:])


def rows(root: Path) -> float:
    """Return the seconds that an ingest takes for ten thousand further case rows."""
    raw = root / "data" / "raw" / "demo"
    shutil.copytree(_cities.PROJECT / "data" / "raw" / "demo", raw)
    shutil.copy(_cities.PROJECT / "studies" / "demo.yml", root / "studies" / "demo.yml")
    sources, file = raw / "sources.yml", raw / "faelle.csv"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(re.sub(r"\n +sha256: .*", "", text), encoding="utf-8")
    head, *lines = file.read_text(encoding="utf-8").splitlines()
    space = open_study("demo", folder=root)
    times = []
    for copies in COPIES:
        # case, person and family are other ones in each copy
        more = [line.replace(";", f"{n};", 3) for n in range(copies) for line in lines]
        file.write_text("\n".join([head, *more, ""]), encoding="utf-8")
        begun = time.perf_counter()
        ingest.ingest(space)
        times.append(time.perf_counter() - begun)
    return (times[1] - times[0]) / ((COPIES[1] - COPIES[0]) * len(lines)) * 10_000


def placing(space: Workspace) -> float:
    """Return the seconds in which the parent puts one page in its place."""
    tasks = plan.tasks(space)[:AREAS]
    runs.run(space, tasks)
    shelf = manifest.read(space, store.require(space))
    times = []
    for task in tasks:
        entry = {**shelf.pages[task.output]}
        contents = {name: (space.reports / name).read_bytes() for name in entry["sha256"]}
        begun = time.perf_counter()
        shelf = manifest.put(shelf, entry, contents, dict(shelf.notes[task.output]))
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def sending() -> float:
    """Return what Dask takes for one task of no work, sent out and back."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(len, [[n] for n in range(20)], pure=False))
        begun = time.perf_counter()
        client.gather(client.map(len, [[n] for n in range(TASKS)], pure=False))
        return (time.perf_counter() - begun) / TASKS


def simulated(workers: int, work: float, serial: float, tasks: int) -> float:
    """Return when the last page lies there; `serial` seconds of each task pass in the parent."""
    free = [0.0] * workers
    parent = 0.0
    for _ in range(tasks):
        done = heapq.heappop(free) + work
        heapq.heappush(free, done)
        parent = max(parent, done) + serial
    return parent


def throughput(space: Workspace, workers: int) -> float:
    """Return reports a second of all areas with so many workers, their start left out."""
    shutil.rmtree(space.processed / "effects", ignore_errors=True)
    moments: list[float] = []
    runs.run(
        space,
        plan.tasks(space),
        workers=workers,
        fresh=True,
        report=lambda _: moments.append(time.perf_counter()),
    )
    kept: Sequence[float] = moments[workers:]
    return (len(kept) - 1) / (kept[-1] - kept[0])


def main() -> int:
    """Measure and print; return how many targets are missed."""
    with tempfile.TemporaryDirectory() as folder:
        root = _cities.project(Path(folder).resolve() / "project")
        print("a report of 30_vorher_nachher, seconds in a warm process")
        base = city(root, "jahre")
        work = report(base)
        print(f"  17 comparison areas, 15 years      {work:.2f}")
        for draws in (2, 4, 8):
            space = city(root, f"raeume{draws}", draws=draws)
            print(f"  {17 * draws:3} comparison areas, 15 years     {report(space):.2f}")
        space = city(root, "quartale", period="quarter")
        print(f"  17 comparison areas, 60 quarters   {report(space):.2f}")
        print(f"reading, checking, counting 10,000 further case rows: {rows(root):.2f} s")
        # before Dask, which changes the environment of this process and with it what kernels need
        rates = [throughput(base, workers) for workers in (1, 2)]
        print(f"reports a second: one worker {rates[0]:.2f}, two {rates[1]:.2f}")
        placed, sent = placing(base), sending()
        print(f"the parent puts a page in its place in {placed:.3f} s; Dask sends in {sent:.4f} s")
    tasks = OFFICES * REPORTS
    busy = 1 / rates[0]
    print(f"{OFFICES} offices x {REPORTS} areas = {tasks} reports, computed from the above:")
    for workers in WORKERS:
        hours = simulated(workers, busy, placed + sent, tasks) / 3600
        alone = busy * tasks / workers / 3600
        print(f"  {workers:5} workers {hours:7.2f} h, {alone / hours:6.1%} of them busy")
    print(f"the parent is the limit from {busy / (placed + sent):.0f} workers on")
    gained = rates[1] / rates[0]
    print(f"scale reports a second: two workers / one: {gained:.2f} (target {TARGET})")
    return int(gained < TARGET)


if __name__ == "__main__":
    sys.exit(main())
