"""A thousand reports in one run: memory of the parent, the last hundred against the first.

Usage: python benchmarks/thousand.py [cities] [notebook]; the default is 59 cities, 17 reports each.

The cities are simulated and for the office only, so that no plan of small counts is searched: what
is measured is the run. Each city is drawn and read before. The parent's memory is read from
``/proc`` whenever a report is finished. The alternative is the run's own beginning: reports a
second among the last hundred against those among the first hundred after the workers have started.
Prints ``name: ratio`` lines last and exits non-zero when throughput falls by more than a tenth,
memory grows by more than a tenth, or a report is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import _cities

from evaltools.data import ingest

CITIES, BOOK, PART = 59, "20_fallzahlen", 100
SLOWEST, LARGEST = 0.9, 1 / 1.1


def resident(process: int) -> float:
    """Return the memory of a process in MiB."""
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def main(cities: int, book: str) -> int:
    """Run all cities; return how many targets are missed."""
    with tempfile.TemporaryDirectory() as folder:
        root = _cities.project(Path(folder).resolve() / "project")
        names = [f"stadt{number:02d}" for number in range(1, cities + 1)]
        begun = time.perf_counter()
        for seed, name in enumerate(names, start=1):
            ingest.ingest(_cities.add(root, name, seed=seed, notebooks=(book,), audience="intern"))
        print(f"{cities} cities drawn and read in {time.perf_counter() - begun:.0f} s", flush=True)
        command = [str(Path(sys.executable).parent / "evaltools"), "run", *names, "--json"]
        begun, moments, sizes = time.perf_counter(), [], []
        run = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert run.stdout is not None
        for line in run.stdout:
            if json.loads(line)["event"] == "task":
                moments.append(time.perf_counter() - begun)
                sizes.append(resident(run.pid))
        code = run.wait()
        pages = len(list(root.glob(f"data/processed/*/intern/*/{book}.html")))
    return told(moments, sizes, pages, cities * len(_cities.AREAS), code)


def told(moments: list[float], sizes: list[float], pages: int, wanted: int, code: int) -> int:
    """Print everything; return how many targets are missed."""
    part = min(PART, len(moments) // 3)
    print(f"{len(moments)} of {wanted} reports, {pages} pages, exit code {code}")
    print(f"wall {moments[-1]:.0f} s, {moments[-1] / len(moments):.2f} s a report")
    print(f"first report after {moments[0]:.1f} s; memory of the parent in MiB:")
    for place in range(0, len(sizes), max(1, len(sizes) // 10)):
        print(f"  after {place + 1:5} reports {sizes[place]:7.1f}")
    first = (part - 1) / (moments[part - 1] - moments[0])
    last = (part - 1) / (moments[-1] - moments[-part])
    early, late = sizes[part - 1], max(sizes[-part:])
    print(f"reports a second: first {part} {first:.2f}, last {part} {last:.2f}")
    ratios = {
        "thousand throughput: last / first": (last / first, SLOWEST),
        "thousand memory: after the first / at the end": (early / late, LARGEST),
        "thousand reports: pages / wanted": (pages / wanted, 1.0),
    }
    missed = 0
    for name, (ratio, target) in ratios.items():
        print(f"{name}: {ratio:.2f} (target {target:.2f})")
        missed += ratio < target
    return missed


if __name__ == "__main__":
    given = sys.argv[1:]
    cities = int(given[0]) if given else CITIES
    sys.exit(main(cities, given[1] if len(given) > 1 else BOOK) > 0)
