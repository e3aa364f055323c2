"""Pages as PDF, printed by a Chromium that is installed: tagged, with bookmarks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evaltools import files
from evaltools.data import store
from evaltools.errors import RunError
from evaltools.reports import manifest, plan
from evaltools.study import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
    "--export-tagged-pdf",
)
_LINK = re.compile(r'<a [^>]*href="(?!#|https://doi\.org/)[^"]*"[^>]*>(.*?)</a>', re.S)
LONGEST = 120.0  # seconds for one page


def browser() -> str:
    """Find a browser that prints.

    Raises
    ------
    RunError
        When there is none.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise RunError(
        "no Chromium is installed, which prints the PDF (Debian: apt-get install chromium); "
        "the HTML pages are whole, and every browser prints them"
    )


def printed(space: Workspace, areas: Sequence[str] = ()) -> tuple[Path, ...]:
    """Print the pages of a study, each beside its HTML.

    Parameters
    ----------
    space : Workspace
        The study, locked.
    areas : sequence of str, optional
        Ids or names of model areas; when none are named every page, also of the city, and the
        index.

    Returns
    -------
    tuple of Path
        The files. A later run removes the PDF of each page that it replaces.

    Raises
    ------
    RunError
        When an area is unknown, no browser is installed, there are no pages, one is of an older
        state, or one cannot be printed.
    """
    program = browser()
    shelf = manifest.read(space, store.require(space))
    names = plan.area_names(space)
    wanted = [plan.resolve(area, space.study.treated, names) for area in areas]
    made = [item for item in shelf.entries if item["ok"]]
    pages = [item["file"] for item in made if not wanted or item["area"] in wanted]
    if shelf.index and not wanted:
        pages.append(manifest.INDEX)
    old = [file for file in pages if file != manifest.INDEX and shelf.is_old(file)]
    if old or not pages:
        what = f"{', '.join(old)}: of an older state" if old else "no pages yet"
        raise RunError(f"study {space.name}: {what}; run: evaltools run {space.name}")
    return tuple(_one(program, space.reports / file) for file in pages)


def bare(text: str) -> str:
    """Take away the links to other files: print would spell out where they lie on this machine."""
    return _LINK.sub(r"\1", text)


def _one(program: str, page: Path) -> Path:
    """Print one page; the finished file is moved to its place."""
    target = page.with_suffix(manifest.PRINTED)
    rights = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="evaltools-") as folder:
        made, copy = Path(folder) / "page.pdf", Path(folder) / "page.html"
        copy.write_text(bare(page.read_text(encoding="utf-8")), encoding="utf-8")
        own = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        command = [program, *OPTIONS, *rights, *own, copy.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=LONGEST, check=False)
        except (OSError, subprocess.TimeoutExpired):
            made.unlink(missing_ok=True)
        if not made.is_file():
            raise RunError(f"{page.name}: the browser printed nothing; print the page in a window")
        files.write(target, made.read_bytes())
    return target
