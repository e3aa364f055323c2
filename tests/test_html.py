"""A page: every released output is on it, nothing else is, and it fetches nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat import NotebookNode

from evaltools.errors import ReleaseError
from evaltools.release import figures
from evaltools.release.disclosure import release, release_placebos
from evaltools.release.display import Board, bundle, prose
from evaltools.release.figures import Figure
from evaltools.release.tables import Column, HtmlTable, facts, table
from evaltools.reports import html
from release_samples import (
    PAYLOAD,
    RULES,
    effect,
    notebook,
    output,
    page,
    provenance,
    workspace,
)
from test_tables import Cells


class Page(HTMLParser):
    """What a browser makes of a page: tags with attributes, and the text of `main`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def _table() -> HtmlTable:
    frame = pd.DataFrame({"name": ["Zelle eins", "<b>zwei</b>"], "n": [1, 1234]})
    handed = release(frame, RULES, counts={"n": ()}, public=("name",))
    columns = {"name": Column("Name"), "n": Column("Hilfen", "Fälle", digits=0)}
    return table(handed, columns, caption="Eine Tabelle")


def _figure() -> Figure:
    return figures.placebos(release_placebos(effect(), RULES), caption="Ein Bild.", name='Ob"<au>')


SHOWN = (_table(), _figure(), prose("Ein Satz.", "Noch einer."), facts({"a": "b"}, caption="c"))


@pytest.fixture(scope="module")
def executed() -> NotebookNode:
    kinds = ("execute_result", "display_data") * 2
    outputs = [output(item, kind) for item, kind in zip(SHOWN, kinds, strict=True)]
    return notebook(*outputs, output(Board({"2": "unklar"})))


@pytest.fixture(scope="module")
def rendered(executed: NotebookNode) -> str:
    return html.render(executed, page())


def _check_everything_is_there(executed: NotebookNode, rendered: str) -> int:
    """Compare each output with the page; return how many pieces were compared."""
    read, n = Page(rendered), 0
    cells = Cells(rendered).texts
    alts = [image.get("alt") for image in read.all("img")]
    for cell in executed.cells:
        for shown in cell.get("outputs", []):
            if "image/svg+xml" in shown.data:
                words = shown.metadata["image/svg+xml"]
                assert words["alt"] in alts
                assert words["caption"] in "".join(read.words)
                n += 2
            source = shown.data.get("text/html", "")
            for text in Cells(source).texts:
                assert text in cells
                n += 1
            for piece in Page(source).words:
                assert piece in "".join(read.words)
    return n


@pytest.mark.parametrize("kind", ["execute_result", "display_data"])
@pytest.mark.parametrize("shown", SHOWN, ids=lambda item: type(item).__name__)
def test_page_shows_every_released_output(shown: HtmlTable | Figure, kind: str) -> None:
    executed = notebook(output(shown, kind))
    rendered = html.render(executed, page())
    _check_everything_is_there(executed, rendered)
    if isinstance(shown, HtmlTable):
        tags, all_tags = Page(shown.html).tags, Page(rendered).tags
        start = all_tags.index(tags[0])
        assert all_tags[start : start + len(tags)] == tags
    if isinstance(shown, Figure):
        assert len(Page(rendered).all("img")) == 1


def test_outputs_of_one_cell_and_of_many_are_all_there(
    executed: NotebookNode, rendered: str
) -> None:
    assert _check_everything_is_there(executed, rendered) >= 10
    several = notebook()
    outputs = [output(item, "display_data") for item in SHOWN]
    several.cells.append(nbformat.v4.new_code_cell("alle()", outputs=outputs))
    assert _check_everything_is_there(several, html.render(several, page())) >= 10


def test_the_comparison_itself_notices_a_lost_output(executed: NotebookNode) -> None:
    poorer = notebook(*[output(item) for item in SHOWN[1:]])
    with pytest.raises(AssertionError):
        _check_everything_is_there(executed, html.render(poorer, page()))


def _unmarked(kind: str) -> NotebookNode:
    if kind == "print":
        return nbformat.v4.new_output("stream", name="stdout", text="1 Fall, Max Muster")
    if kind == "error":
        return nbformat.v4.new_output("error", ename="E", evalue="Max Muster", traceback=["Max"])
    data = {"text/html": "<table><td>Max Muster</td></table>", "text/plain": "Max Muster"}
    if kind == "forged":
        metadata = {"evaltools": {"released": False}}
        return nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    return nbformat.v4.new_output(kind, data=data)


@pytest.mark.parametrize("kind", ["print", "error", "execute_result", "display_data", "forged"])
def test_unmarked_output_is_refused_by_cell_and_not_by_content(kind: str) -> None:
    executed = notebook(output(prose("gut")), _unmarked(kind))
    with pytest.raises(ReleaseError, match="cell 3") as caught:
        html.render(executed, page())
    assert "Max" not in str(caught.value)


def test_warnings_on_stderr_do_not_reach_the_page() -> None:
    noise = nbformat.v4.new_output("stream", name="stderr", text="Warning: Max Muster")
    assert "Max" not in html.render(notebook(noise), page())


def test_plain_text_of_an_output_does_not_reach_the_page() -> None:
    shown = output(prose("gut"))
    shown.data["text/plain"] = "Max Muster"
    assert "Max" not in html.render(notebook(shown), page())


@pytest.mark.parametrize(
    "mime", ["application/javascript", "text/latex", "text/markdown", "application/json"]
)
def test_other_kinds_of_content_do_not_reach_the_page(mime: str) -> None:
    data, metadata = bundle(mime, "alert('Max')")
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    rendered = html.render(notebook(shown), page())
    assert "Max" not in rendered
    assert not Page(rendered).all("script")


def test_page_fetches_nothing(rendered: str) -> None:
    read = Page(rendered)
    for tag in ("script", "iframe", "object", "embed", "base", "form"):
        assert not read.all(tag)
    for _, attrs in read.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attrs.get(name) or ""
            assert not re.match(r"(https?:)?//|javascript:", value), value
        assert not any(name.startswith("on") for name in attrs)
    assert not re.search(r"@import|url\((?!data:)", rendered)
    policies = [m["content"] for m in read.all("meta") if m.get("http-equiv")]
    assert len(policies) == 1
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")
    assert "script-src" not in policies[0]


def test_page_is_well_built(rendered: str) -> None:
    read = Page(rendered)
    assert rendered.startswith("<!DOCTYPE html>")
    assert read.all("html") == [{"lang": "de"}]
    assert len(read.all("h1")) == len(read.all("main")) == len(read.all("title")) == 1
    assert all(image.get("alt") for image in read.all("img"))
    assert {"for": "rechenweg"} in read.all("label")
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_code_is_there_for_those_who_ask(rendered: str) -> None:
    assert '<div class="code"><pre><code>zeige(1)' in rendered


def test_code_is_escaped() -> None:
    executed = notebook()
    executed.cells.append(nbformat.v4.new_code_cell(f"x = {PAYLOAD!r}"))
    assert "<script" not in html.render(executed, page())


def test_texts_around_the_notebook_are_escaped() -> None:
    source = dict.fromkeys(("file", "provider", "licence", "retrieved", "digest"), PAYLOAD)
    hostile = page(
        title=PAYLOAD,
        study=PAYLOAD,
        area=PAYLOAD,
        state=PAYLOAD,
        sources=(source,),
        inputs=(PAYLOAD,),
        version=PAYLOAD,
    )
    rendered = html.render(notebook(output(prose("x"))), hostile)
    assert "<script" not in rendered
    assert rendered.count("&lt;script&gt;") >= 12
    assert "&amp;lt;" not in rendered


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_are_called_so(simulated: bool) -> None:
    rendered = html.render(notebook(), page(simulated=simulated))
    assert ("Simulierte Daten" in rendered) == simulated


def test_provenance_stands_beneath(rendered: str) -> None:
    foot = rendered[rendered.index("<footer>") :]
    for word in ("Musterstudie", "31.01.2025", "faelle.csv", "Jugendamt", "dl-de/by-2-0"):
        assert word in foot
    assert "Prüfwert abcdef012345" in foot


def test_own_inputs_are_named() -> None:
    rendered = html.render(notebook(), page(inputs=("offers = eigene.csv",)))
    assert "An die Stelle der Studiendaten trat: offers = eigene.csv" in rendered


def test_same_notebook_gives_the_same_page(executed: NotebookNode, rendered: str) -> None:
    assert html.render(executed, page()) == rendered


def test_page_describes_the_study(tmp_path: Path) -> None:
    made = provenance()
    twice = provenance(sources=(*made.sources, *made.sources))
    described = html.page(
        workspace(tmp_path), twice, title="T", area="Oberau", inputs=("x",), depth=2
    )
    assert described.home == "../../index.html"
    assert described.state == "31.01.2025"
    assert [source["digest"] for source in described.sources] == ["abcdef012345"]
    assert described.simulated
    assert described.inputs == ("x",)


def test_verdicts_are_collected(executed: NotebookNode) -> None:
    assert html.verdicts(executed) == {"2": "unklar"}
    assert html.verdicts(notebook()) == {}
