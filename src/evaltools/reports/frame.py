"""What stands around the content of every page: its head, its style, its foot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mistune
from jinja2 import Environment, FileSystemLoader

from evaltools import __version__
from evaltools.data.provenance import Provenance
from evaltools.data.reads import EVERYTHING, Read
from evaltools.german import day
from evaltools.reports import glossary, outline, safe
from evaltools.reports.fingerprints import read_sources
from evaltools.study import Study, Workspace

FOLDER = Path(__file__).parent
EVERY = (Read(EVERYTHING),)
NOTICES = ("Impressum", "Kontakt", "Barrierefreiheit")


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
    notices: tuple[tuple[str, str], ...] = ()
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
        notices=notices(space.study),
    )


def notices(study: Study) -> tuple[tuple[str, str], ...]:
    """Return heading and text of what an office says of itself, as far as it does."""
    said = study.publisher
    texts = (said.imprint, said.contact, said.accessibility)
    return tuple(pair for pair in zip(NOTICES, texts, strict=True) if pair[1].strip())


def notice(text: str) -> str:
    """Render what an office says of itself: Markdown; HTML in it is shown as the text it is."""
    return str(mistune.create_markdown(renderer=_Notice(escape=True), plugins=[])(text))


class _Notice(mistune.HTMLRenderer):
    """Plain markup below a heading of the page; addresses are written out, not linked."""

    def heading(self, text: str, level: int, **_: Any) -> str:
        return f"<h3>{text}</h3>\n"

    def text(self, text: str) -> str:
        return self.escape_attribute(text)  # &nbsp; stays what Markdown means by it

    def link(self, text: str, url: str, title: str | None = None) -> str:
        shown = self.escape_attribute(unquote(url.removeprefix("mailto:")))
        return text if text == shown else f"{text} ({shown})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{mistune.escape(code)}</pre>\n"


def finish(text: str, place: str) -> str:
    """Finish a page: words explained, headings numbered, no characters that steer; or refuse it.

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
    page = outline.numbered(glossary.explained(safe.visible(text)))
    safe.check_page(page, css(), place)
    return page


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
    made.filters["notice"] = notice
    made.globals["script"] = safe.SCRIPT
    return made


def _once(sources: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    return list({source["file"]: source for source in reversed(sources)}.values())[::-1]
