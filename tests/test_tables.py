"""Tables: released only, German numbers, marks explained where they occur, text escaped."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import ReleaseError
from evaltools.german import MINUS, NBSP, number
from evaltools.release.disclosure import Count, Released, Rule, release
from evaltools.release.display import MARK, Sheet
from evaltools.release.tables import FOOTNOTES, Column, facts, table
from plan_samples import helps, holds, plan_of
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
    return release(frame, rules, counts={"n": Count()}, public=("name",))


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
    assert metadata[MARK]["released"] is True


# --- what a table hands on for files --------------------------------------------------------------


def _sheet(values: list[object], column: Column, dtype: str = "Float64") -> Sheet:
    columns = {"name": Column("Name"), "n": column}
    return table(_released(values, dtype=dtype), columns, caption="Probe").sheet


def test_a_table_hands_on_what_it_prints() -> None:
    shown = _sheet([1234.56, -0.04, pd.NA], Column("Quote", "je 10.000", digits=1))
    assert shown == Sheet(
        caption="Probe",
        headings=("Name", "Quote (je 10.000)"),
        digits=(None, 1),
        rows=(("Zeile 0", 1234.6), ("Zeile 1", 0.0), ("Zeile 2", "k. A.")),
        notes=(FOOTNOTES["unknown"], "Quelle: Musterstadt."),
    )


def test_marks_are_handed_on_and_an_exact_zero_is_a_number() -> None:
    shown = _sheet([1, 0, pd.NA, 1234], Column("n", digits=0), "Int64")
    cells = [row[1] for row in shown.rows]
    assert cells == ["•", 0, "k. A.", 1234]
    assert [type(cell) for cell in cells] == [str, int, str, int]
    assert shown.notes == (FOOTNOTES["suppressed"], FOOTNOTES["unknown"], "Quelle: Musterstadt.")


def test_a_change_is_handed_on_in_per_cent() -> None:
    frame = pd.DataFrame({"name": list("abcd"), "n": [0.8649, 1.05, 1.0, float("inf")]})
    handed = release(frame, RULES, counts={}, public=("name", "n"))
    columns = {"name": Column("Name"), "n": Column("Veränderung", change=True)}
    shown = table(handed, columns, caption="").sheet
    assert [row[1] for row in shown.rows] == [-14, 5, 0, "unbestimmt"]
    assert (shown.headings[1], shown.digits[1]) == ("Veränderung (Prozent)", 0)


def test_texts_are_handed_on_as_printed() -> None:
    frame = pd.DataFrame({"day": [pd.Timestamp("2023-12-31")], "key": ["kita"], "sign": ["–"]})
    handed = release(frame, Rule(3, True, ""), counts={}, public=tuple(frame))
    columns = {"day": Column("Tag"), "key": Column("Art", labels={"kita": "Kita"})}
    shown = table(handed, columns | {"sign": Column("Zeichen")}, caption="").sheet
    assert shown.rows == (("31.12.2023", "Kita", "–"),)
    assert shown.notes == ()


def test_facts_are_handed_on() -> None:
    assert facts({"a": "1,5"}, caption="c").sheet == Sheet(
        "c", ("Merkmal", "Angabe"), (None, None), (("a", "1,5"),), ()
    )


@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_no_digit_is_handed_on_that_is_not_printed(value: float, digits: int) -> None:
    handed = release(pd.DataFrame({"n": [value]}), RULES, counts={}, public=("n",))
    shown = table(handed, {"n": Column("n", digits=digits)}, caption="").sheet.rows[0][0]
    assert not isinstance(shown, str)
    assert number(shown, digits) == number(value, digits)
    assert shown == round(float(shown), digits)


def test_a_suppressed_value_is_not_handed_on() -> None:
    handed = _released([7654, 99999], Rule(9999, True, ""), "Int64")
    shown = table(handed, {"n": Column("n", digits=0)}, caption="")
    text = json.dumps(shown._repr_mimebundle_()[1])
    assert "99999" in text
    assert "7654" not in text


def test_the_metadata_is_json_in_one_order() -> None:
    shown = table(_released([1234.5]), {"n": Column("n", digits=1)}, caption="Probe")
    metadata = shown._repr_mimebundle_()[1]
    assert json.dumps(metadata[MARK], ensure_ascii=False) == (
        '{"released": true, "table": {"caption": "Probe", "headings": ["n"], "digits": [1], '
        '"rows": [[1234.5]], "notes": ["Quelle: Musterstadt."]}, "hidden": []}'
    )
    assert metadata[MARK]["table"] == asdict(shown.sheet)


def test_a_table_without_notes_prints_none() -> None:
    html = _html([5], Column("n", digits=0), "Int64", Rule(3, True, ""))
    assert 'class="note"' not in html


# --- marks of the rule set ------------------------------------------------------------------------


def _rates(base: int, rules: Rule) -> Released:
    frame = pd.DataFrame({"name": ["a", "b"], "n": [40, 60], "rate": [4.5, 6.5], "base": base})
    sums = [(helps("2012"),), (helps("2013"),)]
    counts = {"n": Count(("rate",), sums)}
    return release(frame, rules, counts=counts, public=("name", "base"), base="base")


COLUMNS = {"name": Column("Name"), "n": Column("n", digits=0), "rate": Column("Quote", digits=1)}


def test_rate_over_too_few_has_a_mark_of_its_own() -> None:
    plan = plan_of({helps("2012"): 40, helps("2013"): 60})
    rules = replace(RULES, plan=plan, minimum_denominator=100)
    shown = table(_rates(99, rules), COLUMNS, caption="Probe")
    assert Cells(shown.html).texts[3:] == ["a", "40", "/", "b", "60", "/"]
    assert FOOTNOTES["few"] in shown.html
    assert FOOTNOTES["suppressed"] not in shown.html
    assert shown.sheet.rows == (("a", 40, "/"), ("b", 60, "/"))
    assert shown.sheet.notes == (FOOTNOTES["few"], "Quelle: Musterstadt.")
    assert "/" not in Cells(table(_rates(100, rules), COLUMNS, caption="").html).texts


def test_rounded_counts_say_so_on_page_and_in_file() -> None:
    plan = plan_of({helps("2012"): 40, helps("2013"): 60}, method="rounded")
    shown = table(_rates(99, replace(RULES, plan=plan)), COLUMNS, caption="Probe")
    assert FOOTNOTES["rounded"] in shown.html
    assert FOOTNOTES["rounded"] in shown.sheet.notes


def test_table_names_what_was_taken_out_and_never_its_value() -> None:
    hidden = helps("2012")
    frame = pd.DataFrame({"name": ["a", "b"], "n": [7_654_321, 60]})
    counts = {"n": Count((), [(hidden,), (helps("2013"),)])}
    rules = replace(RULES, plan=plan_of({helps("2013"): 60}, [hidden]))
    handed = release(frame, rules, counts=counts, public=("name",))
    shown = table(handed, {"name": Column("Name"), "n": Column("n", digits=0)}, caption="")
    assert shown.hidden == (hidden.key,)
    metadata = shown._repr_mimebundle_()[1]
    assert metadata[MARK]["hidden"] == [hidden.key]
    assert not holds(shown, 7_654_321)
    assert "7654321" not in json.dumps(metadata)


def test_a_column_of_mixed_units_shows_no_zeros_at_its_end() -> None:
    frame = pd.DataFrame({"name": list("abcd"), "value": [26.0, 0.002, 733.0, 2.5]})
    handed = release(frame, RULES, counts={}, public=("name", "value"))
    columns = {"name": Column("Name"), "value": Column("Wert", digits=3, trimmed=True)}
    shown = table(handed, columns, caption="Gemischt").html
    assert re.findall(r'class="number">([^<]*)</td>', shown) == ["26", "0,002", "733", "2,5"]
