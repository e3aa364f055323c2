"""Seventeen before/after reports: evaltools against papermill and nbconvert, one run, in turn.

Usage: python benchmarks/runs.py [rounds]; the default is five, which takes the better part of an
hour, nearly all of it the alternatives.

A simulated city of 17 model areas, each compared with the same 17 others, is read and its small
counts are protected once, before anything is timed; one report is made, so that the study's primary
question is on record for all who follow. Then, round by round, whole processes:

- loop: papermill's command and nbconvert's command for one area after the other,
- xargs: the same two commands, two areas at a time,
- inside: one process calls papermill and keeps its exporter,
- ours: ``evaltools run``,
- dask: ``evaltools run --scheduler``; scheduler and two workers of this machine start anew.

Each begins without pages and without stored effects. CPU seconds are those of every process that
was started on the way, also of those that nobody waits for. Every page of ours is compared byte for
byte with what the loop's executed notebook gives when it is put on a page. Prints what a further
report costs, the floor (the cells alone in one warm process) and ``name: ratio`` lines last, and
exits non-zero when a target is missed or outputs differ.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import _cities
import nbformat
from _processes import Times, call, cluster, measured

from evaltools.data import ingest, store
from evaltools.release import plans
from evaltools.reports import jobs, plan
from evaltools.reports.job import Job
from evaltools.reports.kernel import Executed
from evaltools.study import Workspace

STUDY, BOOK = "siebzehn", "30_vorher_nachher"
FEW = 2  # areas of the shorter run that tells what a further report costs
TARGETS = {
    "runs wall: loop / ours": 8.0,
    "runs wall: xargs -P2 / ours": 4.5,
    "runs cpu: loop / ours": 6.0,
    "runs cpu: xargs -P2 / ours": 6.0,
    "runs wall: 3 s / second run that keeps every page": 1.0,
    "runs wall: 0.3 s / evaltools --help": 1.0,
}
LOOP = (
    "papermill notebooks/{book}.ipynb {out}/$1.ipynb -p study {study} -p area $1 -k python3 "
    "--no-progress-bar && jupyter nbconvert --to html --log-level ERROR {out}/$1.ipynb"
)
INSIDE = """\
import sys
from pathlib import Path
import papermill
from nbconvert import HTMLExporter
out, study, book, *areas = sys.argv[1:]
exporter = HTMLExporter()
for area in areas:
    notebook = papermill.execute_notebook(
        f"notebooks/{book}.ipynb", f"{out}/{area}.ipynb", kernel_name="python3",
        parameters={"study": study, "area": area}, progress_bar=False,
    )
    Path(out, f"{area}.html").write_text(exporter.from_notebook_node(notebook)[0], "utf-8")
"""
FLOOR = """\
import ast, sys, time
import matplotlib
matplotlib.use("agg")
import nbformat
from IPython.core.interactiveshell import InteractiveShell
study, book, *areas = sys.argv[1:]
notebook = nbformat.read(f"notebooks/{book}.ipynb", as_version=4)
cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
shell = InteractiveShell.instance()
for area in areas:
    begun, used = time.perf_counter(), time.process_time()
    for cell in cells:
        source = cell.source
        if "parameters" in cell.metadata.get("tags", []):
            source += f"\\nstudy = {study!r}\\narea = {area!r}"
        result = shell.run_cell(source, store_history=False)
        result.raise_error()
        if result.result is not None:
            shell.display_formatter.format(result.result)
    print(time.perf_counter() - begun, time.process_time() - used, file=sys.stderr)
"""


def cleared(space: Workspace) -> None:
    """Remove pages and stored effects; the processed tables and the plan of the counts stay."""
    shutil.rmtree(space.reports, ignore_errors=True)
    shutil.rmtree(space.processed / "effects", ignore_errors=True)
    for left in (*space.processed.parent.glob(".*.json"), *space.root.glob("out-*")):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def contenders(space: Workspace, areas: Sequence[str]) -> dict[str, Callable[[], None]]:
    """Name every way of making the reports."""
    root = space.root

    def out(name: str) -> str:
        folder = root / f"out-{name}"
        folder.mkdir(exist_ok=True)
        return str(folder)

    def line(name: str) -> str:
        return LOOP.format(book=BOOK, study=STUDY, out=out(name))

    def loop() -> None:
        for area in areas:
            call(root, "sh", "-c", line("loop"), "sh", area)

    def xargs() -> None:
        each = f"printf '%s\\n' {' '.join(areas)} | xargs -P2 -I@ sh -c '{line('xargs')}' sh @"
        call(root, "sh", "-c", each)

    def inside() -> None:
        call(root, sys.executable, "-c", INSIDE, out("inside"), STUDY, BOOK, *areas)

    def ours() -> None:
        named = [word for area in areas for word in ("--area", area)]
        call(root, "evaltools", "run", STUDY, *named, "--quiet")

    def dask() -> None:
        with cluster(root) as address:
            call(root, "evaltools", "run", STUDY, "--scheduler", address, "--quiet")

    return {"loop": loop, "xargs -P2": xargs, "inside": inside, "ours": ours, "dask": dask}


def different(space: Workspace) -> list[str]:
    """Put the loop's executed notebooks on pages; name those that are not as ours."""
    found = []
    for task in plan.tasks(space):
        notebook = nbformat.read(space.root / "out-loop" / f"{task.area}.ipynb", as_version=4)
        job = Job(space, task)
        executed = Executed(notebook, jobs.make(job).reads)
        for name, content in jobs.contents(job, executed).items():
            if (space.reports / name).read_bytes() != content:
                found.append(name)
    return found


def floor(space: Workspace) -> Times:
    """Return wall and CPU seconds of the cells alone, a report, in one warm process."""
    said = subprocess.run(
        [sys.executable, "-c", FLOOR, STUDY, BOOK, *_cities.AREAS],
        cwd=space.root,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    rows = [tuple(map(float, line.split())) for line in said.splitlines() if line[:1].isdigit()]
    later = rows[1:]  # the first one imports
    return statistics.median(row[0] for row in later), statistics.median(row[1] for row in later)


def median(times: Sequence[Times]) -> Times:
    """Return the median of wall and of CPU seconds."""
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def main(rounds: int) -> int:
    """Measure; return how many targets are missed or pages differ."""
    with tempfile.TemporaryDirectory() as folder:
        root = _cities.project(Path(folder).resolve() / "project")
        space = _cities.add(root, STUDY, seed=1, notebooks=(BOOK,))
        ingest.ingest(space)
        begun = time.perf_counter()
        plans.of(space, store.load(space))
        call(root, "evaltools", "run", STUDY, "--area", _cities.AREAS[0], "--quiet")
        print(f"once for all: small counts protected in {time.perf_counter() - begun:.0f} s")
        ways = contenders(space, _cities.AREAS)
        few = contenders(space, _cities.AREAS[:FEW])["ours"]
        times: dict[str, list[Times]] = {}
        wrong: list[str] = []
        for number in range(rounds):
            for name, way in ways.items():
                cleared(space)
                times.setdefault(name, []).append(measured(way))
                if name == "loop" and number == 0:
                    shutil.copytree(root / "out-loop", root / "kept-loop")
                if name == "ours":
                    times.setdefault("ours, again", []).append(measured(way))
            if number == 0:
                (root / "kept-loop").rename(root / "out-loop")
                wrong = different(space)
            cleared(space)
            times.setdefault("ours, few", []).append(measured(few))
            shown = ", ".join(f"{name} {row[-1][0]:.1f}" for name, row in times.items())
            print(f"round {number + 1}: wall seconds {shown}", flush=True)
        cleared(space)
        alone = floor(space)
        helps = [measured(lambda: call(root, "evaltools", "--help")) for _ in range(rounds)]
        return told({name: median(row) for name, row in times.items()}, alone, median(helps), wrong)


def told(times: dict[str, Times], alone: Times, helped: Times, wrong: list[str]) -> int:
    """Print everything; return how many targets are missed or pages differ."""
    print(f"\n{len(_cities.AREAS)} reports, medians   wall s   cpu s   wall s a report")
    for name, (wall, cpu) in times.items():
        each = wall / (FEW if name == "ours, few" else len(_cities.AREAS))
        print(f"  {name:18} {wall:9.1f} {cpu:7.1f} {each:17.2f}")
    more = len(_cities.AREAS) - FEW
    further = [(times["ours"][k] - times["ours, few"][k]) / more for k in (0, 1)]
    begun = [times["ours, few"][k] - FEW * further[k] for k in (0, 1)]
    print(
        f"floor, the cells alone in a warm process: {alone[0]:.2f} s a report, cpu {alone[1]:.2f}"
    )
    print(f"a further report: {further[0]:.2f} s wall (two workers), cpu {further[1]:.2f} s,")
    print(f"  of it beyond the cells: cpu {further[1] - alone[1]:.2f} s (kernel, papermill, page)")
    print(f"starting, whatever the number: {begun[0]:.1f} s wall, cpu {begun[1]:.1f} s")
    print(f"pages that differ from the loop's: {', '.join(wrong) or 'none'}")
    ours = times["ours"]
    ratios = [
        times["loop"][0] / ours[0],
        times["xargs -P2"][0] / ours[0],
        times["loop"][1] / ours[1],
        times["xargs -P2"][1] / ours[1],
        3.0 / times["ours, again"][0],
        0.3 / helped[0],
    ]
    print(f"runs wall: inside / ours: {times['inside'][0] / ours[0]:.2f}")
    print(f"runs wall: dask with its start / ours: {times['dask'][0] / ours[0]:.2f}")
    missed = len(wrong)
    for (name, target), ratio in zip(TARGETS.items(), ratios, strict=True):
        print(f"{name}: {ratio:.2f} (target {target:g})")
        missed += ratio < target
    return missed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5) > 0)
