"""Small coded projects for tests, and random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pandas as pd
from hypothesis import strategies as st

from evaltools.codings.model import COLUMNS, Origin, Project, build

ORIGIN = Origin("evaltools", "test", "probe.qdpx")
TEXT = (
    "Moderation: Was heißt Prävention?\n"
    "P1: Jeder kriegt die Hilfe, die er braucht. 🙂\n"
    "P2: Die Säulen arbeiten nebeneinander her – »Versäulung« eben.\n"
)
# Written apart from its base letter, joined by an invisible joiner, outside the basic plane.
PIECES = ("a", "Z", "ä", "ß", "a\u0308", "é", "🙂", "👩\u200d👧", "\n", "\n\n", " ", "\t", "\xa0")
MARKS = ("&", "<", ">", '"', "'", "»", "]]>", "%", "{", "§", "\u2028", "\ufeff", "\x85")


def guid(name: str) -> str:
    """A GUID that stands for a name."""
    return str(uuid5(NAMESPACE_URL, name))


def segment(doc: str, text: str, part: str, *, number: int = 0) -> tuple[Any, ...]:
    """The row of a segment: the first place of some words in a text."""
    start = text.index(part)
    return (guid(f"{doc}{part}{number}"), doc, start, start + len(part), part, None, None)


def project(**tables: Sequence[Sequence[Any]]) -> Project:
    """A valid project of two documents, three codes and two coders; tables can be replaced."""
    first, second = guid("FG Planung"), guid("ER Pieschen")
    need, plan, same = guid("Bedarfe"), guid("Bedarfe > Planung"), guid("Planung")
    anna, bjoern = guid("Anna"), guid("Björn")
    other = "E1: Die Schere ist so riesig.\n"
    parts = (
        segment(first, TEXT, "Jeder kriegt die Hilfe, die er braucht. 🙂"),
        segment(first, TEXT, "»Versäulung« eben"),
        segment(second, other, "Die Schere ist so riesig"),
    )
    one, two, three = (row[0] for row in parts)
    when = "2026-11-22T10:00:00Z"
    given: Mapping[str, Sequence[Sequence[Any]]] = {
        "documents": [
            (first, "FG Planung", "Fokusgruppe", None, TEXT, None),
            (second, "ER Pieschen", None, "SR04", other, None),
        ],
        "codes": [
            (need, "Bedarfe", None, None, "#99CC66", "Was & wer <braucht>?", True),
            (plan, "Planung", need, None, None, None, True),
            (same, "Planung", None, None, "#336699", "", False),
        ],
        "coders": [(anna, "Anna"), (bjoern, "Björn")],
        "segments": parts,
        "codings": [
            (guid("k1"), one, first, need, anna, "„Hilfe“ & 'Recht'", when),
            (guid("k2"), one, first, plan, bjoern, None, None),
            (guid("k3"), two, first, same, anna, "", when),
            (guid("k4"), three, second, need, None, None, None),
        ],
        "cases": [(guid("P1"), "P1", None)],
        "variables": [
            (guid("Jahre"), "Berufsjahre", "Integer", "case", guid("P1"), "6"),
            (guid("Leitung"), "Leitung", "Text", "document", first, "ja & nein"),
        ],
    }
    return build(ORIGIN, {**given, **tables})


def same(left: Project, right: Project) -> None:
    """Assert that two projects hold the same rows, in whatever order."""
    for name in COLUMNS:
        pd.testing.assert_frame_equal(_sorted(left.table(name)), _sorted(right.table(name)))


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    keys = table.astype("string").fillna("\x00")
    return table.loc[keys.sort_values(list(keys.columns)).index].reset_index(drop=True)


words = st.lists(st.sampled_from(PIECES + MARKS), max_size=12).map("".join)
texts = st.lists(st.sampled_from(PIECES + MARKS), max_size=60).map(
    lambda parts: "".join(parts).lstrip("\ufeff")
)
names = st.sampled_from(("Bedarfe", "Planung", "Übung & <Zeit>", "SONI: Netzwerk", "a > b"))
maybe = st.none() | words
colors = st.none() | st.sampled_from(("#99CC66", "#000000", "#aBcDeF"))
values = {
    "Text": maybe,
    "Boolean": st.sampled_from(("true", "false")),
    "Integer": st.integers(-9, 9).map(str),
    "Float": st.sampled_from(("6", "-0.5", "12.25")),
    "Date": st.just("2026-11-22"),
    "DateTime": st.just("2026-11-22T10:00:00Z"),
}
times = st.none() | st.just("2026-11-22T10:00:00Z") | st.just("2025-01-02T03:04:05.678+01:00")


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Random projects: odd letters, nested codes with equal names, several coders, gaps."""
    codes: list[tuple[Any, ...]] = []
    for number in range(draw(st.integers(1, 6))):
        above = draw(st.sampled_from([None, *(row[0] for row in codes)]))
        row = (draw(names), above, None, draw(colors), draw(maybe), draw(st.booleans()))
        codes.append((guid(f"code{number}"), *row))
    documents = [
        (guid(f"doc{n}"), draw(names), draw(st.none() | names), draw(st.none() | names), text, None)
        for n, text in enumerate(draw(st.lists(st.none() | texts, max_size=3)))
    ]
    coders = [(guid(f"coder{n}"), draw(names)) for n in range(draw(st.integers(0, 3)))]
    segments = [row for doc in documents if doc[4] for row in draw(_segments(doc[0], doc[4]))]
    tables = {"documents": documents, "codes": codes, "coders": coders, "segments": segments}
    tables["codings"] = [row for part in segments for row in draw(_codings(part, codes, coders))]
    tables["cases"] = [(guid(f"case{n}"), draw(names), draw(maybe)) for n in range(2)]
    tables["variables"] = draw(_variables(documents, tables["cases"]))
    return build(ORIGIN, tables)


@st.composite
def _segments(draw: st.DrawFn, doc: str, text: str) -> list[tuple[Any, ...]]:
    rows = []
    for number in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        rows.append((guid(f"{doc}{number}"), doc, start, end, text[start:end], None, None))
    return rows


@st.composite
def _codings(
    draw: st.DrawFn,
    part: tuple[Any, ...],
    codes: list[tuple[Any, ...]],
    coders: list[tuple[Any, ...]],
) -> list[tuple[Any, ...]]:
    rows = []
    for number in range(draw(st.integers(0, 2))):
        code = draw(st.sampled_from(codes))[0]
        coder = draw(st.sampled_from([None, *(row[0] for row in coders)]))
        made = (guid(f"{part[0]}{number}"), part[0], part[1], code, coder)
        rows.append((*made, draw(maybe), draw(times)))
    return rows


@st.composite
def _variables(
    draw: st.DrawFn, documents: list[tuple[Any, ...]], cases: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    rows = []
    owners = [("document", row[0]) for row in documents] + [("case", row[0]) for row in cases]
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(values)))
        named = (guid(f"variable{number}"), draw(words), kind)
        chosen = draw(st.lists(st.sampled_from(owners), unique=True, max_size=3))
        rows += [(*named, *owner, draw(values[kind])) for owner in chosen]
    return rows
