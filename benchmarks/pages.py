"""A page of ours against nbconvert's lab template, from the same executed notebook.

Usage: python benchmarks/pages.py; needs Chromium.

The before/after report of one area of the demo city is executed once. Both pages are made of it
and opened in a browser without network: size of the file, what it asks the network for, what axe
finds (WCAG 2.1, A and AA), the time to the first paint (median of openings) and the time of the
export, the first in a process and a later one. Prints a table for ``docs/pages.md``, then
``name: ratio`` lines, and exits non-zero when ours is not better in every row.
"""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import _cities
import nbformat
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from playwright.sync_api import sync_playwright

from evaltools.data import ingest, store
from evaltools.release import plans
from evaltools.reports import frame, html, kernel, plan, printing
from evaltools.study import open_study

AREA, BOOK = "SR04", "30_vorher_nachher"
OPENINGS, EXPORTS = 15, 5
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
ROWS = {
    "size": "size of the file, kB",
    "requests": "requests to the network",
    "axe": "places that break WCAG 2.1 A or AA (axe)",
    "paint": "first paint, ms",
    "first": "first export in a process, ms",
    "later": "each further export, ms",
}


def executed(root: Path) -> tuple[NotebookNode, frame.Page]:
    """Execute the notebook, and describe its page."""
    _cities.project(root)
    shutil.copytree(_cities.PROJECT / "data" / "raw" / "demo", root / "data" / "raw" / "demo")
    shutil.copy(_cities.PROJECT / "studies" / "demo.yml", root / "studies")
    space = open_study("demo", folder=root)
    ingest.ingest(space)
    plans.of(space, store.load(space))
    (task,) = plan.tasks(space, areas=[AREA], notebooks=[BOOK])
    done = kernel.execute(space, task)
    page = frame.page(
        space, store.ingested(space), title=task.label, area=task.name, inputs=(), depth=1
    )
    return done.notebook, page


def exported(name: str, source: str, page: frame.Page) -> tuple[str, dict[str, float]]:
    """Export several times; return the page, its size and the times in milliseconds."""
    notebook = nbformat.reads(source, as_version=4)
    times = []
    for _ in range(EXPORTS + 1):
        begun = time.perf_counter()
        text = (
            html.render(notebook, page)
            if name == "ours"
            else HTMLExporter(template_name=name).from_notebook_node(notebook)[0]
        )
        times.append((time.perf_counter() - begun) * 1000)
    size = len(text.encode()) / 1000
    return text, {"size": size, "first": times[0], "later": statistics.median(times[1:])}


def opened(browser: Any, file: Path) -> dict[str, float]:
    """Open a page again and again in one window; count what it asks for and what axe finds."""
    paints, asked = [], []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(OPENINGS + 1):
        page.goto("about:blank")
        asked.clear()
        page.goto(file.as_uri(), wait_until="load")
        page.wait_for_timeout(300)
        paints.append(float(page.evaluate(PAINT)))
    outside = [url for url in asked if not url.startswith(("data:", "file:", "about:"))]
    found = Axe().run(page, options=RULES).response["violations"]
    page.close()
    places = sum(len(one["nodes"]) for one in found)
    return {"paint": statistics.median(paints[1:]), "requests": len(outside), "axe": places}


def main() -> int:
    """Measure and print; return in how many rows ours is not better."""
    chromium = printing.browser()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        notebook, page = executed(Path(folder).resolve() / "project")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = {}
        for name in ("lab", "ours"):
            # a process of its own for each, so that none finds what the other has warmed
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                text, told = alone.submit(exported, name, nbformat.writes(notebook), page).result()
            file = Path(folder) / f"{name}.html"
            file.write_text(text, encoding="utf-8")
            found[name] = told | opened(browser, file)
        browser.close()
    print("| | lab template | ours |\n|---|---:|---:|")
    for key, label in ROWS.items():
        print(f"| {label} | {found['lab'][key]:.0f} | {found['ours'][key]:.0f} |")
    worse = 0
    for key in ROWS:
        lab, ours = found["lab"][key], found["ours"][key]
        shown = f"{lab / ours:.2f}" if ours else f"{lab:.0f} against none"
        print(f"pages {key}: lab / ours: {shown} (target: above 1)")
        worse += ours >= lab
    return worse


if __name__ == "__main__":
    sys.exit(main() > 0)
