"""A browser for tests: Debian's Chromium, started once for a file of tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
needed = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")


@dataclass
class Visit:
    """An opened page and all it said and asked for."""

    page: Any
    url: str
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def started() -> Iterator[Any]:
    """Start the browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()


@contextmanager
def visited(browser: Any, url: str, width: int = 1280) -> Iterator[Visit]:
    """Open a page and listen to it from the beginning."""
    opened = browser.new_page(viewport={"width": width, "height": 800})
    seen = Visit(opened, url)
    opened.on("console", lambda message: seen.messages.append(message.text))
    opened.on("pageerror", lambda error: seen.messages.append(str(error)))
    opened.on("request", lambda asked: seen.requests.append(asked.url))
    opened.goto(url)
    yield seen
    opened.close()
