"""An executed notebook as one HTML page that fetches nothing and shows only released outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from html import escape
from xml.etree.ElementTree import Element

from nbconvert import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from evaltools.errors import ReleaseError
from evaltools.release.display import MARK
from evaltools.reports import safe
from evaltools.reports.frame import FOLDER, Page, css, finish
from evaltools.reports.markup import FORMULA, VALUES

# A formula may be wider than a telephone; what scrolls must be reached by the keyboard.
_WIDE = '<span class="formula" role="group" tabindex="0" aria-label="Formel">{}</span>'
_NUMBERED = re.compile(r"&#x([0-9A-Fa-f]+);")
# What a page takes of an output; a widget beside it is for JupyterLab only.
SHOWN = ["text/html", "image/svg+xml"]


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
        notebook, resources={"page": asdict(page), "css": css(), "script": safe.SCRIPT}
    )
    return finish(str(body), "the page")


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
            safe.check_part(safe.visible(_prose(cell.source, place)), place, prose=True)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            safe.check_part(safe.visible(str(data.get("text/html", ""))), place)
            if "image/svg+xml" in data:
                safe.check_picture(str(data["image/svg+xml"]), place)
                words = output.metadata.get("image/svg+xml", {})
                numbers = output.metadata.get(MARK, {}).get("data", "")
                if not ({"title", "alt", "caption"} <= set(words) and numbers):
                    raise ReleaseError(
                        f"{place}: a picture without words or numbers; use release.figures"
                    )
                safe.check_part(safe.visible(numbers), place)


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


def _prose(source: str, place: str) -> str:
    try:
        return markdown(source)
    except ReleaseError as error:
        raise ReleaseError(f"{place}: {error}") from None


def markdown(source: str) -> str:
    """Render a notebook's prose; HTML in it is shown as the text it is, formulas are MathML."""
    renderer = _Prose(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return str(_Markdown(renderer=renderer).render(source))


def formula(source: str, display: str) -> str:
    """Turn a formula in LaTeX into MathML, which a browser draws and a screen reader speaks.

    Parameters
    ----------
    source : str
        Without the signs around it.
    display : {'inline', 'block'}
        Within a line, or on lines of its own.

    Raises
    ------
    ReleaseError
        When it cannot be read.
    """
    # only few notebooks have one
    from latex2mathml.converter import convert_to_element

    try:
        plain = _mathml(convert_to_element(source.strip(), display=display))
    except ReleaseError:
        raise
    except Exception as error:  # the converter's errors have no common name
        raise ReleaseError(f"a formula that is no LaTeX ({type(error).__name__})") from None
    return _WIDE.format(plain) if display == "block" else plain


def _mathml(node: Element) -> str:
    """Write an element with the attributes that a page may hold; colours and links are left out."""
    if node.tag == "mphantom":
        raise ReleaseError("a formula with something that is not to be seen")
    name = node.tag if node.tag in FORMULA else "mrow"
    given = [
        f' {key}="{value}"'
        for key, value in node.attrib.items()
        if key in FORMULA[name] and re.fullmatch(VALUES[key], value)
    ]
    text = escape(_NUMBERED.sub(_character, node.text or ""), quote=False)
    return f"<{name}{''.join(given)}>{text}{''.join(map(_mathml, node))}</{name}>"


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


@cache
def _exporter() -> TemplateExporter:
    """Make the exporter; nbconvert's one for HTML would parse and rewrite what it has written."""
    return TemplateExporter(
        extra_template_basedirs=[str(FOLDER)],
        template_name="template",
        template_file="index.html.j2",
        default_preprocessors=[],
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

    def inline_math(self, body: str) -> str:
        money = not body or body != body.strip()  # "5 $ und 6 $" is no formula
        return f"${self.text(body)}$" if money else formula(body, "inline")

    def block_math(self, body: str) -> str:
        return formula(body, "block") if body.strip() else f"$${body}$$"

    def latex_environment(self, name: str, body: str) -> str:
        return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        tag = "th" if head else "td"
        return f"<{tag}>{text}</{tag}>\n"
