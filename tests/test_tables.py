"""Tables: released only, German numbers, marks explained where they occur, text escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from evaltools.errors import ReleaseError
from evaltools.german import MINUS, NBSP
from evaltools.release.disclosure import Released, Rule, release
from evaltools.release.display import MARK
from evaltools.release.tables import FOOTNOTES, Column, facts, table
from release_samples import PAYLOAD, RULES


class Cells(HTMLParser):
    """The text of each table cell, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("td", "th"):
            self.open = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[-1] += data.strip()


def _released(values: list[object], rules: Rule = RULES, dtype: str = "Float64") -> Released:
    frame = pd.DataFrame({"name": [f"Zeile {i}" for i in range(len(values))]})
    frame["n"] = pd.array(values, dtype=dtype)
    return release(frame, rules, counts={"n": ()}, public=("name",))


def _html(values: list[object], column: Column, dtype: str = "Float64", rules: Rule = RULES) -> str:
    columns = {"name": Column("Name"), "n": column}
    return table(_released(values, rules, dtype), columns, caption="Probe").html


def _cells(values: list[object], column: Column, dtype: str = "Float64") -> list[str]:
    return Cells(_html(values, column, dtype)).texts[3::2]


@pytest.mark.parametrize("wrong", [pd.DataFrame({"n": [1]}), None, "text"])
def test_only_released_frames_are_taken(wrong: object) -> None:
    with pytest.raises(ReleaseError, match="Released"):
        table(wrong, {"n": Column("n")}, caption="")  # type: ignore[arg-type]


def test_unknown_column_is_named() -> None:
    with pytest.raises(ReleaseError, match="nix"):
        table(_released([5]), {"nix": Column("nix")}, caption="")


def test_numbers_are_german() -> None:
    assert _cells([1234.5, -1234.56, 1e6], Column("n", digits=1)) == [
        "1.234,5",
        f"{MINUS}1.234,6",
        "1.000.000,0",
    ]


def test_changes_are_shown_as_per_cent() -> None:
    public = release(
        pd.DataFrame({"name": ["a", "b", "c"], "n": [0.86, 1.05, 1.0]}),
        RULES,
        counts={},
        public=("name", "n"),
    )
    html = table(public, {"name": Column("Name"), "n": Column("n", change=True)}, caption="").html
    assert Cells(html).texts[3::2] == [f"{MINUS}14{NBSP}%", f"+5{NBSP}%", f"0{NBSP}%"]


def test_day_truth_and_label_are_written_out() -> None:
    frame = pd.DataFrame(
        {"name": ["a"], "day": [pd.Timestamp("2023-12-31")], "truth": [True], "key": ["kita"]}
    )
    columns = {
        "name": Column("Name"),
        "day": Column("Tag"),
        "truth": Column("wahr"),
        "key": Column("Art", labels={"kita": "Kita"}),
    }
    handed = release(frame, RULES, counts={}, public=tuple(frame))
    assert Cells(table(handed, columns, caption="").html).texts[4:] == [
        "a",
        "31.12.2023",
        "ja",
        "Kita",
    ]


def test_marks_for_small_zero_and_unknown() -> None:
    assert _cells([1, 0, pd.NA, 3], Column("n", digits=0), "Int64") == ["•", "–", "k. A.", "3"]


@pytest.mark.parametrize(
    ("values", "explained"),
    [
        ([5, 6], set()),
        ([1, 6], {"suppressed"}),
        ([0, 6], {"zero"}),
        ([pd.NA, 6], {"unknown"}),
        ([0, 1, pd.NA], {"suppressed", "zero", "unknown"}),
    ],
)
def test_footnotes_stand_only_where_their_mark_does(values: list, explained: set[str]) -> None:
    html = _html(values, Column("n", digits=0), "Int64")
    assert {kind for kind, text in FOOTNOTES.items() if text in html} == explained
    assert "Quelle: Musterstadt." in html


def test_suppressed_value_is_not_in_the_page() -> None:
    html = _html([7654, 99999], Column("n", digits=0), "Int64", Rule(9999, True, ""))
    assert "7654" not in html.replace(".", "")
    assert "99999" in html.replace(".", "")


def test_structure_serves_a_screen_reader() -> None:
    html = _html([5], Column("Hilfen", "je 10.000", digits=0), "Int64")
    assert "<caption>Probe</caption>" in html
    assert html.count('scope="col"') == 2
    assert '<th scope="row">Zeile 0</th>' in html
    assert re.search(r'class="number">Hilfen.*je 10\.000', html)
    assert 'role="region" tabindex="0" aria-label="Probe"' in html
    assert '<td class="number">5</td>' in html


def test_every_text_is_escaped() -> None:
    frame = pd.DataFrame({"name": [PAYLOAD], "n": [PAYLOAD]})
    handed = release(frame, Rule(3, True, PAYLOAD), counts={}, public=("name", "n"))
    columns = {"name": Column(PAYLOAD, PAYLOAD), "n": Column("n", labels={PAYLOAD: PAYLOAD})}
    html = table(handed, columns, caption=PAYLOAD).html
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7  # aria-label, caption, header, unit, two cells, note
    assert 'aria-label="&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;"' in html


def test_facts_are_escaped_too() -> None:
    html = facts({PAYLOAD: PAYLOAD}, caption=PAYLOAD).html
    assert "<script" not in html
    assert Cells(html).texts == ["Merkmal", "Angabe", PAYLOAD, PAYLOAD]


def test_table_without_rows_stands() -> None:
    assert _cells([], Column("n", digits=0), "Int64") == []


def test_table_is_marked_as_released() -> None:
    shown = table(_released([5]), {"name": Column("Name")}, caption="")
    data, metadata = shown._repr_mimebundle_()
    assert data == {"text/html": shown.html}
    assert metadata[MARK] == {"released": True}
