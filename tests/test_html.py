"""A page: every released output is on it, nothing else is, and it fetches nothing."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat import NotebookNode

from evaltools.data.reads import Read
from evaltools.errors import ReleaseError
from evaltools.release import figures
from evaltools.release.disclosure import Count, release
from evaltools.release.display import Board, bundle, prose
from evaltools.release.estimates import release_placebos
from evaltools.release.figures import Figure
from evaltools.release.tables import Column, HtmlTable, facts, table
from evaltools.reports import frame, html, safe
from plan_samples import rules_for
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
    handed = release(frame, RULES, counts={"n": Count()}, public=("name",))
    columns = {"name": Column("Name"), "n": Column("Hilfen", "Fälle", digits=0)}
    return table(handed, columns, caption="Eine Tabelle")


def _figure() -> Figure:
    return figures.placebos(
        release_placebos(effect(), rules_for(effect())), caption="Ein Bild.", name='Ob"<au>'
    )


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
                assert words["title"] in "".join(read.words)
                numbers = Cells(shown.metadata["evaltools"]["data"]).texts
                assert len(numbers) > 2
                assert set(numbers) <= set(cells)
                n += 3 + len(numbers)
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


def test_a_picture_without_numbers_is_refused() -> None:
    shown = output(_figure())
    shown.metadata["evaltools"].pop("data")
    with pytest.raises(ReleaseError, match="cell 2: a picture without words or numbers"):
        html.render(notebook(shown), page())
    shown.metadata["evaltools"]["data"] = "<img src=x onerror=alert(1)>"
    with pytest.raises(ReleaseError, match="cell 2: "):
        html.render(notebook(shown), page())


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
    assert rendered.count("<script") == 1


def test_page_fetches_nothing(rendered: str) -> None:
    read = Page(rendered)
    for tag in ("iframe", "object", "embed", "base", "form"):
        assert not read.all(tag)
    assert read.all("script") == [{}]
    for _, attrs in read.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attrs.get(name) or ""
            assert not re.match(r"(https?:)?//|javascript:", value), value
        assert not any(name.startswith("on") for name in attrs)
    assert not re.search(r"@import|url\((?!data:)", rendered)
    policies = [m["content"] for m in read.all("meta") if m.get("http-equiv")]
    assert policies == [safe.policy(frame.css())]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; "
        r"script-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'",
        str(policies[0]),
    )


def test_page_is_well_built(rendered: str) -> None:
    read = Page(rendered)
    assert rendered.startswith("<!DOCTYPE html>")
    assert read.all("html") == [{"lang": "de"}]
    assert len(read.all("h1")) == len(read.all("main")) == len(read.all("title")) == 1
    assert all(image.get("alt") for image in read.all("img"))
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_code_is_there_for_those_who_ask(rendered: str) -> None:
    assert "<details><summary>Programmzeilen zeigen</summary>" in rendered
    assert '<pre><code lang="en">zeige(1)' in rendered


def test_code_is_escaped() -> None:
    executed = notebook()
    executed.cells.append(nbformat.v4.new_code_cell(f"x = {PAYLOAD!r}"))
    assert html.render(executed, page()).count("<script") == 1


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
    assert rendered.count("<script") == 1
    assert rendered.count("&lt;script&gt;") >= 12
    assert "&amp;lt;" not in rendered


def test_the_name_of_the_whole_city_is_escaped() -> None:
    rendered = html.render(notebook(), page(area="", whole=PAYLOAD))
    assert rendered.count("<script") == 1


def test_an_escaped_text_stays_what_was_typed() -> None:
    rendered = html.render(notebook(output(prose("&lt;b&gt; {{7*7}} ${7*7}"))), page())
    assert "&amp;lt;b&amp;gt; {{7*7}} ${7*7}" in rendered


def test_characters_that_steer_are_seen() -> None:
    rendered = html.render(notebook(output(prose("a\u202eb\x00c\ud800d"))), page(area="\u2066x"))
    assert "a\ufffdb\ufffdc\ufffdd" in rendered
    assert "\u2066" not in rendered
    assert "Größe\u00ad \u200d אב" in html.render(
        notebook(output(prose("Größe\u00ad \u200d אב"))), page()
    )


MARKDOWN = {
    "<img src=x onerror=alert(1)>": "&lt;img src=x onerror=alert(1)&gt;",
    "a <b onclick='alert(1)'>b</b>": "a &lt;b onclick='alert(1)'&gt;b&lt;/b&gt;",
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- a -->": "&lt;!-- a --&gt;",
    "[a](javascript:alert(1))": '<a href="#harmful-link">a</a>',
    "[a](&#106;avascript:alert(1))": '<a href="#harmful-link">a</a>',
    "[a](data:text/html;base64,PGI+)": '<a href="#harmful-link">a</a>',
    "```mermaid\n</pre><img src=x onerror=alert(1)>\n```": "&lt;/pre&gt;&lt;img",
    "```python\nx = '<b>'\n```": "x = '&lt;b&gt;'",
    "$$<img src=x onerror=alert(1)>$$": "<mo>&lt;</mo><mi>i</mi><mi>m</mi>",
    "\\begin{a}<img src=x onerror=alert(1)>\\end{a}": "<mo>&lt;</mo><mi>i</mi><mi>m</mi>",
    "| a |\n|:-:|\n| <b> |": "<td>&lt;b&gt;</td>",
    "Siehe http://x.de/y": "<p>Siehe http://x.de/y</p>",
    "[a](file:///etc/passwd)": '<a href="#harmful-link">a</a>',
    "- [ ] a": "<li>[ ] a</li>",
    "§&nbsp;35a &lt;b&gt;": "§\u00a035a &lt;b&gt;",
    "[a](https://doi.org/10.1162/rest.88.4.641)": 'href="https://doi.org/10.1162/rest.88.4.641"',
    "**a** *b* ~~c~~ `d`": "<strong>a</strong> <em>b</em> <del>c</del> <code>d</code>",
}


def _prose(source: str) -> NotebookNode:
    made = notebook()
    made.cells.append(nbformat.v4.new_markdown_cell(source))
    return made


@pytest.mark.parametrize("source", MARKDOWN, ids=lambda text: text[:24])
def test_html_in_prose_is_text(source: str) -> None:
    assert MARKDOWN[source] in html.render(_prose(source), page())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("![a](http://x.de/a.png)", "cell 2: element img;"),
        ("![a](attachment:a.png)", "cell 2: element img;"),
        ("[a](https://x.de/secret)", "cell 2: element a, attribute href;"),
        ("[a](//x.de)", "cell 2: element a, attribute href;"),
        ("<https://x.de/secret>", "cell 2: element a, attribute href;"),
    ],
)
def test_prose_that_fetches_or_leads_away_is_refused(source: str, message: str) -> None:
    with pytest.raises(ReleaseError, match=f"^{re.escape(message)}") as caught:
        html.render(_prose(source), page())
    assert "secret" not in str(caught.value)


FORGED = {
    "<script>Max</script>": "element script;",
    "<p onclick='Max'>x</p>": "element p, attribute onclick;",
    '<p style="background:url(http://x)">x</p>': "element p, attribute style;",
    '<a href="javascript:Max">x</a>': "element a, attribute href;",
    '<a href="java&#115;cript:Max">x</a>': "element a, attribute href;",
    '<a href="data:text/html,Max">x</a>': "element a, attribute href;",
    '<a href="#a" href="#b">x</a>': "element a with an attribute given twice;",
    '<img src="x" alt="Max">': "element img;",
    '<img src="data:image/svg+xml;base64,PHN2Zz4=" alt="Max">': "element img;",
    "<iframe></iframe>": "element iframe;",
    "<object></object>": "element object;",
    "<embed>": "element embed;",
    "<form></form>": "element form;",
    "<input>": "element input;",
    "<base>": "element base;",
    '<meta content="0;url=x">': "element meta;",
    "<link>": "element link;",
    "<style>p{}</style>": "element style;",
    "<svg></svg>": "element svg;",
    "<math></math>": "element math;",
    "<template></template>": "element template;",
    "<noscript></noscript>": "element noscript;",
    "<textarea></textarea>": "element textarea;",
    "<main></main>": "element main;",
    '<p id="inhalt">x</p>': "element p, attribute id;",
    '<p class="a" hidden>x</p>': "element p, attribute hidden;",
    "<!-- Max -->": "something that is neither",
    "<!--": "something that is neither",
    "<![CDATA[Max]]>": "something that is neither",
    "<?php Max ?>": "something that is neither",
    "<P>x</P>": "something that is neither",
    "<p\nclass=x>x</p>": "something that is neither",
    "<p class=x>x</p>": "something that is neither",
    "<p/class='x'>x</p>": "something that is neither",
    "<p class='a<b'>x</p>": "something that is neither",
    "1 < 2": "something that is neither",
    "<img src=x onerror=Max": "something that is neither",
    "</p x='y'>": "something that is neither",
    "</main><p>x</p>": "element main is closed where it was not opened;",
    "<p><em>x</p></em>": "element p is closed where it was not opened;",
    "<div><p>x</p>": "element div is not closed;",
}


@pytest.mark.parametrize("text", FORGED)
def test_an_output_that_is_no_plain_markup_is_refused_by_its_cell(text: str) -> None:
    """The mark alone does not do: whatever carries it, the page stays text."""
    data, metadata = bundle("text/html", text)
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    with pytest.raises(ReleaseError, match=f"^cell 2: {re.escape(FORGED[text])}") as caught:
        html.render(notebook(shown), page())
    assert "Max" not in str(caught.value)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{}>{}</svg>'
)
DRAWINGS = {
    SVG.format("", "<script>Max</script>"): "a picture with element script;",
    SVG.format("", "<foreignObject/>"): "a picture with element foreignObject;",
    SVG.format("", "<image/>"): "a picture with element image;",
    SVG.format("", "<a/>"): "a picture with element a;",
    SVG.format("", "<animate/>"): "a picture with element animate;",
    SVG.format("", '<p xmlns="http://www.w3.org/1999/xhtml"/>'): "a picture with element p;",
    SVG.format(' onload="Max"', ""): "a picture with svg, attribute onload;",
    SVG.format("", '<use xlink:href="http://x/y#z"/>'): "a picture with use, attribute href;",
    SVG.format("", '<use href="#a"/>'): "a picture with use, attribute href;",
    SVG.format("", '<path style="fill: url(http://x)"/>'): "a picture with path, attribute style;",
    SVG.format("", '<path style="fill: u\\72l(x)"/>'): "a picture with path, attribute style;",
    SVG.format("", '<g clip-path="URL(//x)"/>'): "a picture with g, attribute clip-path;",
    SVG.format("", "<style>@import 'x'</style>"): "a picture with a style sheet that fetches;",
    '<!DOCTYPE svg [<!ENTITY a "Max">]>' + SVG.format("", ""): "a picture with declarations",
    '<?xml-stylesheet href="x"?>' + SVG.format("", ""): "a picture with declarations",
    SVG.format("", "<![CDATA[Max]]>"): "a picture with declarations",
    SVG.format("", "<g>"): "a picture that is no well-formed SVG;",
    "<svg/>": "a picture that is no SVG;",
}


@pytest.mark.parametrize("svg", DRAWINGS)
def test_a_picture_that_could_run_or_fetch_is_refused(svg: str) -> None:
    data, metadata = bundle("image/svg+xml", svg, {"alt": "a", "caption": "b", "title": "c"})
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    with pytest.raises(ReleaseError, match=f"^cell 2: {re.escape(DRAWINGS[svg])}") as caught:
        html.render(notebook(shown), page())
    assert "Max" not in str(caught.value)


@pytest.mark.parametrize("words", [{"alt": "a"}, {"alt": "a", "caption": "b"}, {}])
def test_a_picture_without_words_is_refused(words: dict[str, str]) -> None:
    data, metadata = bundle("image/svg+xml", SVG.format("", ""), words)
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    with pytest.raises(ReleaseError, match=r"^cell 2: a picture without words"):
        html.render(notebook(shown), page())


FORMULAS = {
    "$a_{it}$": "<msub><mi>a</mi><mrow><mi>i</mi><mi>t</mi></mrow></msub>",
    "$$a < \\beta$$": "<mo>&lt;</mo><mi>β</mi>",
    "$\\frac{1}{n}\\, x$": '<mspace width="0.167em"></mspace>',
    "\\begin{equation}x\\end{equation}": "<mi>x</mi>",
    "$a \\quad b$": '<mspace width="1em"></mspace>',
    "$\\text{a < b}$": "<mtext>a\N{NO-BREAK SPACE}&lt;\N{NO-BREAK SPACE}b</mtext>",
    "$\\tag{</mtext></mrow></math><h2>Max</h2>}$": "<mtext>(&lt;/mtext&gt;&lt;/mrow&gt;",
    "$\\text{&#x110000;&#xD800;}$": "<mtext>\ufffd\ufffd</mtext>",
    "$\\binom{n}{k}$": '<mfrac linethickness="0">',
    "$\\left. x \\right|_0$": '<mo stretchy="true" fence="true" form="prefix"></mo>',
    "$\\href{javascript:x}{y}$": "<mrow><mrow><mi>y</mi></mrow></mrow>",
    "$\\style{background:url(x)}{y}$": "<mrow><mrow><mi>y</mi></mrow></mrow>",
    "$\\color{red} y$": "<mrow><mrow><mi>y</mi></mrow></mrow>",
    "$\\text{für alle}$": "<mtext>für\N{NO-BREAK SPACE}alle</mtext>",
}


@pytest.mark.parametrize("source", FORMULAS)
def test_a_formula_is_mathml(source: str) -> None:
    text = html.render(_prose(f"Es gilt\n\n{source}\n\nimmer."), page())
    assert FORMULAS[source] in text
    assert text.count("<math ") == 1
    assert "$" not in text.partition("<main")[2]


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("$x^2^3 Max$", "a formula that is no LaTeX (DoubleSuperscriptsError)"),
        ("$\\frac{$", "a formula that is no LaTeX (NoAvailableTokensError)"),
        ("$\\phantom{Max}$", "a formula with something that is not to be seen"),
    ],
)
def test_a_formula_that_is_none_or_hides_something_is_refused(source: str, part: str) -> None:
    with pytest.raises(ReleaseError, match=rf"^cell \d+: {re.escape(part)}") as caught:
        html.render(_prose(source), page())
    assert "Max" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["kostet 5 $ und 6 $", "von 5$ auf 6$", "$HOME und $PATH", "$ $", "Kosten $5 und $6"]
)
def test_money_is_no_formula(text: str) -> None:
    assert text in html.markdown(text)


def test_terms_are_found_after_a_formula() -> None:
    text = html.render(_prose("Es gilt $x \\quad y \\quad z$. Der Modellraum."), page())
    assert 'href="#begriff-modellraum"' in text


@pytest.mark.parametrize(
    "part", ["<math><p>x</p></math>", "<mi>x</mi>", "<math><mi></math></mi>", "<math><br></math>"]
)
def test_markup_and_formulas_do_not_mix(part: str) -> None:
    with pytest.raises(ReleaseError, match="element"):
        safe.check_part(part, "cell 2", prose=True)


LOADING = SVG.format(' onload="Max"', "")


def _embedded(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


TAMPERED = [
    ("</title>", "</title><script>Max</script>", "the page, head: policy"),
    ("<style>", "<style>p{}", "the page, head: policy"),
    ("default-src 'none'", "default-src *", "the page, head: policy"),
    ("</head>", '<meta http-equiv="refresh" content="0;url=x"></head>', "the page, head: policy"),
    ("<head>", "<head>Max", "the page, head: policy"),
    ("<!DOCTYPE html>", "", "the page, head: policy"),
    ('href="data:,"', 'href="http://x"', "the page, head: policy"),
    ("<title>", "<title><b>", "the page, head: policy"),
    ("<body>", "<body onload='Max'>", "the page: element body, attribute onload"),
    ("</header>", "<script>Max</script></header>", "the page, header: element script"),
    ("</main>", "<svg></svg></main>", "the page, main: element svg"),
    ("</main>", "<!-- Max --></main>", "the page: something that is neither"),
    ("</main>", "</main><main></main>", "the page: element main stands 2 times"),
    (
        "</footer>",
        '<a href="https://x.de">x</a></footer>',
        "the page, footer: element a, attribute",
    ),
    ("</main>", '<input id="rechenweg"></main>', "the page, main: element input;"),
    ("</main>", "<style>p{}</style></main>", "the page, main: element style"),
    ("</main>", '<img src="http://x.de/y.png" alt="a"></main>', "the page, main: element img, att"),
    ("</main>", '<img src="data:image/png;base64,AAAA" alt="a"></main>', "the page, main: element"),
    ("</main>", '<img src="data:image/svg+xml;base64,A" alt="a"></main>', "the page, main: a pict"),
    (
        "</main>",
        f'<img src="{_embedded(LOADING)}" alt="a"></main>',
        "the page, main: a picture with svg, attribute onload",
    ),
    ("</html>", "", "the page: element html is not closed"),
]


@pytest.mark.parametrize(("old", "new", "message"), TAMPERED)
def test_the_last_gate_names_the_place(rendered: str, old: str, new: str, message: str) -> None:
    assert rendered.count(old) == 1
    with pytest.raises(ReleaseError, match=f"^{re.escape(message)}") as caught:
        frame.finish(rendered.replace(old, new), "the page")
    assert "Max" not in str(caught.value)
    assert frame.finish(rendered, "the page") == rendered


def test_a_template_that_forgets_to_escape_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong before it, the gate sees the finished page."""
    hostile = page(title="</title><script>Max</script>")
    loose = html._exporter().environment
    monkeypatch.setitem(loose.filters, "e", str)
    monkeypatch.setitem(loose.filters, "escape", str)
    loose.cache.clear()
    try:
        with pytest.raises(ReleaseError, match=r"^the page, head"):
            html.render(notebook(), hostile)
    finally:
        loose.cache.clear()


def test_only_the_house_script_passes(rendered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again = rendered.replace("</script>", "</script><script>1</script>")
    other = rendered.replace(safe.SCRIPT, "1")
    for text in (again, other, rendered.replace("</main>", "<script>1</script></main>")):
        with pytest.raises(ReleaseError, match=r"policy|element script"):
            frame.finish(text, "the page")
    monkeypatch.setattr(safe, "SCRIPT", "1")
    wanted = safe.policy(frame.css())
    assert "; script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='; " in wanted
    with pytest.raises(ReleaseError, match="policy"):
        frame.finish(rendered, "the page")


def test_the_script_can_stand_in_a_page() -> None:
    assert "<" not in safe.SCRIPT
    for word in ("eval(", "innerHTML", "fetch(", "XMLHttp", "import(", "http"):
        assert word not in safe.SCRIPT


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
    described = frame.page(
        workspace(tmp_path), twice, title="T", area="Oberau", inputs=("x",), depth=2
    )
    assert described.home == "../../index.html"
    assert described.state == "31.01.2025"
    assert [source["digest"] for source in described.sources] == ["abcdef012345"]
    assert described.simulated
    assert described.inputs == ("x",)


def test_page_names_the_sources_of_what_was_looked_at(tmp_path: Path) -> None:
    (one,) = provenance().sources
    tables = ("area", "hze_case", "population", "coding", "offer")
    made = provenance(sources=tuple({**one, "file": f"{n}.csv", "table": n} for n in tables))

    def named(*reads: Read) -> list[str]:
        given = {"title": "T", "area": "", "inputs": (), "depth": 0, "reads": reads}
        shown = frame.page(workspace(tmp_path), made, **given)
        return [source["file"].removesuffix(".csv") for source in shown.sources]

    assert named(Read("population"), Read("area")) == ["area", "population"]
    assert named(Read("hze_count", ("SR01",))) == ["hze_case"]  # which the counts were made of
    assert named(Read("plan"), Read("codings")) == ["coding"]
    assert named() == []
    for name in ("*", "provenance", "findings"):
        assert named(Read("area"), Read(name)) == list(tables)


def test_verdicts_are_collected(executed: NotebookNode) -> None:
    assert html.verdicts(executed) == {"2": "unklar"}
    assert html.verdicts(notebook()) == {}
