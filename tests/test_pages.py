"""Every page of the demo as people meet it: by screen reader, keyboard, telephone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from browser_samples import Visit, needed, started, visited
from evaltools.study import Workspace, open_study

STUDY = open_study("demo").study
PAGES = [
    "index.html",
    *(f"{area}/{book}.html" for area in STUDY.treated for book in STUDY.notebooks.area),
    *(f"stadt/{book}.html" for book in STUDY.notebooks.city),
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
COLOURS = {"runOnly": ["color-contrast"]}
# Pages that show between them every kind of table, figure and mark.
COLOURED = (
    *("demo/index", "SR04/10_", "SR04/30_", "SR04/50_", "SR04/51_", "SR04/52_", "SR10/30_"),
    *("stadt/60_", "SR04/70_"),
)
REACHABLE = 'a[href], button, summary, input, [tabindex="0"]'
OUTLINE = """selector => {
  const own = getComputedStyle(document.activeElement);
  const all = [...document.querySelectorAll(selector)].filter(item => item.checkVisibility());
  return [all.indexOf(document.activeElement), all.length,
          own.outlineStyle !== "none" && parseFloat(own.outlineWidth) >= 2];
}"""
pytestmark = needed


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started() as opened:
        yield opened


@pytest.fixture(scope="module", params=PAGES)
def visit(browser: Any, request: pytest.FixtureRequest, whole_demo: Workspace) -> Iterator[Visit]:
    with visited(browser, (whole_demo.reports / request.param).as_uri()) as seen:
        yield seen


def complaints(page: Any, options: dict[str, list[str]]) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def test_no_rule_of_wcag_is_broken(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="light")
    assert complaints(visit.page, RULES) == []


def test_contrast_holds_in_the_dark_and_with_all_details_open(visit: Visit) -> None:
    if not any(kind in visit.url for kind in COLOURED):
        pytest.skip("another page shows the same kinds of tables and figures")
    visit.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = {}
    for scheme, forced in (("light", "none"), ("dark", "none"), ("light", "active")):
        visit.page.emulate_media(color_scheme=scheme, forced_colors=forced)
        found[scheme, forced] = complaints(visit.page, COLOURS)
    visit.page.emulate_media(color_scheme="light", forced_colors="none")
    assert not any(found.values()), found


def test_page_is_quiet_and_asks_for_nothing(visit: Visit) -> None:
    assert visit.messages == []
    assert [url for url in visit.requests if not url.startswith("data:")] == [visit.url]


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_scrolls_sideways(visit: Visit, width: int) -> None:
    """320 pixels are a telephone, and a window of 1280 at 400 per cent; 640 at 200."""
    visit.page.set_viewport_size({"width": width, "height": 700})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    visit.page.set_viewport_size({"width": 1280, "height": 800})


def test_headings_pictures_and_tables_have_their_words(visit: Visit) -> None:
    ask = visit.page.evaluate
    levels = ask("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))
    alts = ask("[...document.images].map(image => image.alt)")
    assert len(set(alts)) == len(alts)
    assert all(len(alt) > 30 for alt in alts)
    assert ask("[...document.images].every(image => image.naturalWidth > 0)")
    assert ask("[...document.querySelectorAll('table')].every(t => t.caption.textContent)")
    assert ask("[...document.querySelectorAll('th')].every(cell => cell.scope)")


def test_axe_would_complain(browser: Any, whole_demo: Workspace) -> None:
    """The rules are run, and the page is what they look at."""
    file = whole_demo.reports / STUDY.treated[0] / "30_vorher_nachher.html"
    with visited(browser, file.as_uri()) as seen:
        seen.page.evaluate("document.images[0].removeAttribute('alt')")
        seen.page.evaluate("document.querySelector('figcaption').style.color = '#ccc'")
        found = complaints(seen.page, RULES)
    assert {line.partition(":")[0] for line in found} == {"image-alt", "color-contrast"}


@pytest.mark.parametrize("file", ["index.html", f"{STUDY.treated[0]}/30_vorher_nachher.html"])
def test_keyboard_alone_reaches_everything_in_order(
    browser: Any, whole_demo: Workspace, file: str
) -> None:
    with visited(browser, (whole_demo.reports / file).as_uri()) as seen:
        reached, wanted = [], 1
        while len(reached) < wanted:
            seen.page.keyboard.press("Tab")
            place, wanted, is_seen = seen.page.evaluate(OUTLINE, REACHABLE)
            assert is_seen, f"no visible focus at {place}"
            reached.append(place)
        assert reached == list(range(wanted))


def test_columns_can_be_sorted_and_put_back(browser: Any, whole_demo: Workspace) -> None:
    file = whole_demo.reports / STUDY.treated[0] / "20_fallzahlen.html"
    with visited(browser, file.as_uri()) as seen:
        table = seen.page.locator("table").filter(has_text="Verhältnis").first
        button = table.get_by_role("button", name="Verhältnis")
        cells = "rows => rows.map(row => row.cells[3].textContent)"
        before = table.locator("tbody tr").evaluate_all(cells)
        shown = []
        for _ in range(3):
            button.click()
            shown.append(table.locator("tbody tr").evaluate_all(cells))
        assert shown[0] == sorted(before, key=lambda text: float(text.replace(",", ".")))
        assert shown[1] == shown[0][::-1] or sorted(shown[1]) == sorted(before)
        assert shown[2] == before


def test_colours_can_be_chosen(browser: Any, whole_demo: Workspace) -> None:
    with visited(browser, (whole_demo.reports / "index.html").as_uri()) as seen:
        button = seen.page.get_by_role("button", name="Darstellung")
        paper = "getComputedStyle(document.body).backgroundColor"
        found = {}
        for _ in range(3):
            found[button.text_content()] = seen.page.evaluate(paper)
            button.click()
        assert found["Darstellung: hell"] == found["Darstellung: wie das Gerät"]
        assert found["Darstellung: dunkel"] != found["Darstellung: hell"]
