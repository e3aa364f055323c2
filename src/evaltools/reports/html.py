"""An executed notebook as one HTML page that fetches nothing and shows only released outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from evaltools import __version__
from evaltools.data.store import Provenance
from evaltools.errors import ReleaseError
from evaltools.release.display import MARK
from evaltools.release.wording import day
from evaltools.study import Workspace

FOLDER = Path(__file__).parent


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
    version: str = __version__


def page(
    space: Workspace,
    made: Provenance,
    *,
    title: str,
    area: str,
    inputs: tuple[str, ...],
    depth: int,
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
    """
    sources = tuple(
        {
            "file": str(source["file"]),
            "provider": str(source["provider"]),
            "licence": str(source["licence"]),
            "retrieved": day(str(source["retrieved"])),
            "digest": made.public_inputs.get(str(source["file"]), "")[:12],
        }
        for source in _once(made.sources)
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
        When a cell shows something that the release room has not handed out.
    """
    check_released(notebook)
    body, _ = _exporter().from_notebook_node(
        notebook, resources={"page": asdict(page), "css": css()}
    )
    return str(body)


def check_released(notebook: NotebookNode) -> None:
    """Refuse a notebook that shows an output without the release room's mark.

    Raises
    ------
    ReleaseError
        Naming the cell by its number; never its content.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                continue
            marked = output.get("metadata", {}).get(MARK, {}).get("released", False)
            if not marked:
                raise ReleaseError(
                    f"cell {number} shows something disclosure control has not handed out; "
                    "show only what evaltools.release returns"
                )


def verdicts(notebook: NotebookNode) -> dict[str, str]:
    """Collect the verdicts that a notebook leaves for the index."""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found |= output.get("metadata", {}).get(MARK, {}).get("verdicts", {})
    return found


@cache
def css() -> str:
    """Return the style sheet that every page carries."""
    return (FOLDER / "template" / "page.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the Jinja environment of the pages that are no notebooks."""
    loader = FileSystemLoader(FOLDER / "template")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        extra_template_basedirs=[str(FOLDER)],
        template_name="template",
        exclude_anchor_links=True,
    )


def _once(sources: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    return list({source["file"]: source for source in reversed(sources)}.values())[::-1]
