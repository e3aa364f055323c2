"""An executed notebook as one HTML page that fetches nothing and shows only released outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from evaltools import __version__
from evaltools.data.provenance import Provenance
from evaltools.data.reads import EVERYTHING, Read
from evaltools.errors import ReleaseError
from evaltools.german import day
from evaltools.release.display import MARK
from evaltools.reports import safe
from evaltools.reports.fingerprints import read_sources
from evaltools.study import Workspace

FOLDER = Path(__file__).parent
# What a page takes of an output; a widget beside it is for JupyterLab only.
EVERY = (Read(EVERYTHING),)
SHOWN = ["text/html", "image/svg+xml"]


@dataclass(frozen=True)
class Page:
    """What stands around a notebook's own content on its page."""

    title: str
    study: str
    area: str
    state: str
    simulated: bool
    sources: tuple[Mapping[str, str], ...]
    inputs: tuple[str, ...]
    home: str
    whole: str
    intern: bool = False
    downloads: tuple[str, ...] = ()
    version: str = __version__


def page(
    space: Workspace,
    made: Provenance,
    *,
    title: str,
    area: str,
    inputs: tuple[str, ...],
    depth: int,
    reads: Collection[Read] = EVERY,
) -> Page:
    """Describe a page: study, state of data, sources.

    Parameters
    ----------
    space : Workspace
        The study.
    made : Provenance
        Where the processed tables came from.
    title : str
        The page's own title.
    area : str
        Name of the area, empty for the whole city.
    inputs : tuple of str
        Files that took the place of processed tables, named with their hash.
    depth : int
        How many folders the page lies below the study's index.
    reads : collection of Read, optional
        What its notebook has looked at: only the sources of that are named, so that the page stays
        true when another source changes. All are named when it is not given.
    """
    sources = tuple(
        {
            "file": str(source["file"]),
            "provider": str(source["provider"]),
            "licence": str(source["licence"]),
            "retrieved": day(str(source["retrieved"])),
            "digest": made.public_inputs.get(str(source["file"]), "")[:12],
        }
        for source in _once(read_sources(made, reads))
    )
    return Page(
        title=title,
        study=space.study.title,
        area=area,
        state=day(made.retrieved),
        simulated=made.simulated,
        sources=sources,
        inputs=inputs,
        home="../" * depth + "index.html",
        whole=space.study.whole_label,
        intern=space.study.audience == "intern",
    )


def render(notebook: NotebookNode, page: Page) -> str:
    """Render an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Executed, without errors.
    page : Page
        What stands around it.

    Returns
    -------
    str
        One HTML file; scripts and everything from elsewhere are forbidden by its own policy.

    Raises
    ------
    ReleaseError
        When a cell shows something that the release room has not handed out, or that is no plain
        text and markup of the house.
    """
    check_released(notebook)
    check_plain(notebook)
    body, _ = _exporter().from_notebook_node(
        notebook, resources={"page": asdict(page), "css": css()}
    )
    return finish(str(body), "the page")


def finish(text: str, place: str) -> str:
    """Return a finished page without characters that steer; refuse all that is not plain.

    Parameters
    ----------
    text : str
        The whole page.
    place : str
        What the page is called in a message.

    Raises
    ------
    ReleaseError
        Naming place, element and attribute; never the content.
    """
    page = safe.visible(text)
    safe.check_page(page, css(), place)
    return page


def check_plain(notebook: NotebookNode) -> None:
    """Refuse a notebook with a cell whose prose or output is no plain markup of the house.

    Raises
    ------
    ReleaseError
        Naming the cell by its number, element and attribute; never the content.
    """
    for number, cell in _numbered(notebook):
        place = f"cell {number}"
        if cell.cell_type == "markdown":
            safe.check_part(safe.visible(markdown(cell.source)), place)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            safe.check_part(safe.visible(str(data.get("text/html", ""))), place)
            if "image/svg+xml" in data:
                safe.check_picture(str(data["image/svg+xml"]), place)
                words = output.metadata.get("image/svg+xml", {})
                if not {"alt", "caption"} <= set(words):
                    raise ReleaseError(f"{place}: a picture without words; use release.figures")


def check_released(notebook: NotebookNode) -> None:
    """Refuse a notebook that shows an output without the release room's mark.

    Raises
    ------
    ReleaseError
        Naming the cell by its number; never its content.
    """
    for number, cell in _numbered(notebook):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                continue
            marked = output.get("metadata", {}).get(MARK, {}).get("released", False)
            if not marked:
                raise ReleaseError(
                    f"cell {number} shows something disclosure control has not handed out; "
                    "show only what evaltools.release returns"
                )


def _numbered(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Count cells as in the user's notebook, which lacks the cell with this run's values."""
    number = 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        yield number, cell


def verdicts(notebook: NotebookNode) -> dict[str, str]:
    """Collect the verdicts that a notebook leaves for the index."""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found |= output.get("metadata", {}).get(MARK, {}).get("verdicts", {})
    return found


def hidden(notebook: NotebookNode) -> tuple[str, ...]:
    """Name the counts that were taken out of a notebook's tables and figures, once each."""
    found: dict[str, None] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            names = output.get("metadata", {}).get(MARK, {}).get("hidden", [])
            found |= dict.fromkeys(map(str, names))
    return tuple(found)


def markdown(source: str) -> str:
    """Render a notebook's prose; HTML in it is shown as the text it is."""
    renderer = _Prose(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return str(_Markdown(renderer=renderer).render(source))


@cache
def css() -> str:
    """Return the style sheet that every page carries."""
    return (FOLDER / "template" / "page.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the Jinja environment of the pages that are no notebooks."""
    loader = FileSystemLoader(FOLDER / "template")
    made = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters["policy"] = safe.policy
    return made


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        extra_template_basedirs=[str(FOLDER)],
        template_name="template",
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": SHOWN}}),
        filters={"plain_markdown": markdown, "policy": safe.policy},
    )


class _Markdown(MarkdownWithMath):
    """nbconvert's Markdown without addresses made into links and without tick boxes."""

    DEFAULT_PLUGINS = ("strikethrough", "table", "def_list")  # type: ignore[assignment]


class _Prose(IPythonRenderer):
    """nbconvert's Markdown without what it lets through: HTML, diagrams, attachments, styles."""

    def block_code(self, code: str, info: str | None = None) -> str:
        return str(super(IPythonRenderer, self).block_code(code, info))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return str(super(IPythonRenderer, self).image(text, url, title))

    def text(self, text: str) -> str:
        return str(self.escape_attribute(text))  # &nbsp; stays what Markdown means by it

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        tag = "th" if head else "td"
        return f"<{tag}>{text}</{tag}>\n"


def _once(sources: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    return list({source["file"]: source for source in reversed(sources)}.values())[::-1]
