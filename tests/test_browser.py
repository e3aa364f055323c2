"""The pages in a real browser: quiet, self-contained, narrow enough for a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from browser_samples import Visit, needed, started, visited
from evaltools.release import figures
from evaltools.release.disclosure import Count, release
from evaltools.release.display import prose
from evaltools.release.estimates import release_placebos
from evaltools.release.tables import Column, table
from evaltools.reports import html, site
from plan_samples import rules_for
from release_samples import AREA, RULES, effect, notebook, output, page, provenance, workspace

LONG = "Inanspruchnahmequotenentwicklung_der_Erziehungshilfen_ohne_Beratung"
pytestmark = needed


def _report() -> str:
    frame = pd.DataFrame({"name": [LONG, "b"], **{f"Spalte {i}": [1234, 1] for i in range(9)}})
    counts = {str(name): Count() for name in frame if name != "name"}
    handed = release(frame, RULES, counts=counts, public=("name",))
    columns = {str(name): Column(str(name), digits=0) for name in counts}
    shown = table(handed, {"name": Column("Name")} | columns, caption="Viele Spalten")
    figure = figures.placebos(
        release_placebos(effect(), rules_for(effect())), caption="Bild.", name="Oberau"
    )
    sentences = prose(f"Ein Satz mit {LONG}.", listed=True)
    made = notebook(output(shown), output(figure), output(sentences), title="Sozialraumprofil")
    source = dict(page().sources[0]) | {"file": f"{LONG}_{LONG}.csv"}
    return html.render(made, page(study=LONG, sources=(source,)))


def _index(root: Path) -> str:
    entries = [
        {
            "area": AREA,
            "name": LONG,
            "title": "Vorher und nachher",
            "file": "SR01/30_vorher_nachher.html",
            "ok": True,
            "stale": False,
            "own": {},
            "verdicts": {"1": "gestützt", "2": "nicht prüfbar"},
        }
    ]
    title = "Musterstadt: Sozialraumorientierung in drei Modell-Stadträumen"
    return site.index(workspace(root, title=title), provenance(), entries)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started() as opened:
        yield opened


@pytest.fixture(scope="module", params=["report", "index"])
def visit(
    browser: Any, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("page")
    file = folder / f"{request.param}.html"
    file.write_text(_report() if request.param == "report" else _index(folder), encoding="utf-8")
    with visited(browser, file.as_uri(), width=320) as seen:
        yield seen


def test_console_stays_empty(visit: Visit) -> None:
    assert visit.messages == []


def test_nothing_is_fetched(visit: Visit) -> None:
    asked = [url for url in visit.requests if not url.startswith("data:")]
    assert asked == [visit.url]


def test_policy_stops_what_would_be_fetched(browser: Any, tmp_path: Path) -> None:
    """A picture from elsewhere, smuggled into a page, is not asked for."""
    file = tmp_path / "report.html"
    smuggled = '<img src="http://127.0.0.1:9/x.png" alt=""><script>document.title="weg"</script>'
    file.write_text(_report().replace("</main>", f"{smuggled}</main>"), encoding="utf-8")
    opened = browser.new_page()
    served: list[str] = []
    opened.on("response", lambda answer: served.append(answer.url))
    opened.goto(file.as_uri())
    assert not [url for url in served if url.startswith("http")]
    assert opened.title() != "weg"
    opened.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_page_does_not_scroll_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 700})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_pictures_are_drawn(visit: Visit) -> None:
    widths = visit.page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert all(width > 0 for width in widths)


def test_colours_follow_the_reader(visit: Visit) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=scheme)
        colours.add(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    visit.page.emulate_media(color_scheme="light")
    assert len(colours) == 2


def test_code_opens_and_closes(visit: Visit) -> None:
    if "report" not in visit.url:
        pytest.skip("the index has no code")
    code = visit.page.locator("pre").first
    for opened in (True, False):
        visit.page.get_by_text("Programmzeilen zeigen").click()
        assert code.is_visible() is opened
