"""Quotes that the study's clearance table permits, word for word; no other leaves the office."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pandas as pd

from evaltools.codings.material import Material
from evaltools.release.speakers import Voices

LISTED = {
    "document": "Gespräch",
    "quote": "Zitat",
    "cleared": "freigegeben",
    "cleared_by": "durch",
    "on": "am",
    "source": "Quelle",
    "codes": "Codes",
}
MARKS = "»«„“”\"'‚‘’›‹"
PAIRS = (("»", "«"), ("«", "»"), ("„", "“"), ("“", "”"), ('"', '"'))


@dataclass(frozen=True)
class Quotes:
    """What may be quoted.

    Attributes
    ----------
    cleared : DataFrame
        ``segment_id, doc_id, quote, source``: segments in which a cleared quote stands, in the
        order of the clearance table; of several the shortest segment, once for each code on it.
    unmatched : int
        Cleared rows that stand in no coded segment, so that nothing of them is shown.
    denied : int
        Cleared rows that hold words which another row of the same interview does not clear.
    undecided : int
        Rows of the table without a decision.
    """

    cleared: pd.DataFrame
    unmatched: int
    denied: int
    undecided: int


def quotes(material: Material, voices: Voices) -> Quotes:
    """Match the cleared quotes with the segments of the interviews that a page shows.

    A quote is shown as the clearance table has it. It must stand in a coded segment of the same
    interview; spaces, line breaks, invisible characters, the way of writing umlauts and quotation
    marks around it do not matter, every other character does.

    Parameters
    ----------
    material : Material
        With the clearance table; not changed.
    voices : Voices
        The interviews as a page may tell them apart.
    """
    table = material.clearance
    cleared = table[table["cleared"].fillna(False).astype(bool)]
    denied = table[~table["cleared"].fillna(True).astype(bool)]
    denied = denied.assign(plain=denied["quote"].map(_plain)).dropna(subset=["doc_id"])
    refused = denied[denied["plain"] != ""].groupby("doc_id")["plain"].agg(list).to_dict()
    segments = _coded(voices)
    rows, unmatched, denials = [], 0, 0
    columns = (cleared[name] for name in ("doc_id", "quote", "source"))
    for doc, quote, source in zip(*columns, strict=True):
        words = _plain(quote)
        if not pd.isna(doc) and any(no in words for no in refused.get(doc, ())):
            denials += 1
            continue
        there = segments[(segments["doc_id"] == doc).fillna(False)]
        fits = there[[bool(words) and words in text for text in there["plain"]]]
        unmatched += fits.empty
        rows += [(item, doc, _spaced(quote), source) for item in _shortest(fits)]
    found = pd.DataFrame(rows, columns=["segment_id", "doc_id", "quote", "source"], dtype="string")
    return Quotes(found, unmatched, denials, int(table["cleared"].isna().sum()))


def candidates(material: Material) -> pd.DataFrame:
    """List all coded segments as they would be printed, with the decisions made so far.

    For the office: what is decided in it becomes the study's clearance table.

    Parameters
    ----------
    material : Material
        The study's interviews; not changed.

    Returns
    -------
    DataFrame
        Gespräch, Zitat, freigegeben, durch, am, Quelle, Codes; rows without a decision have empty
        cells. Rows of the clearance table that are no whole segment stand at the end.
    """
    project, table = material.project, material.clearance
    paths = project.codes.set_index("code_id")["path"]
    segments = project.segments.dropna(subset=["text"])[["segment_id", "doc_id", "text", "start"]]
    coded = project.codings[["segment_id", "code_id"]].merge(segments, on="segment_id")
    order = {doc: place for place, doc in enumerate(project.documents["doc_id"])}
    coded = coded.assign(key=coded["text"].map(_plain), place=coded["doc_id"].map(order))
    coded = coded.sort_values(["place", "start"], kind="stable")
    same = coded.assign(codes=coded["code_id"].map(paths)).groupby(["doc_id", "key"], sort=False)
    found = same.agg({"text": "first", "codes": _joined}).reset_index()
    decided = table.assign(key=table["quote"].map(_plain)).drop(columns="document")
    both = found.merge(decided, on=["doc_id", "key"], how="left")
    partial = decided.merge(
        found[["doc_id", "key"]], on=["doc_id", "key"], how="left", indicator=True
    )
    rest = decided[(partial["_merge"] == "left_only").to_numpy()]
    both = pd.concat([both, rest], ignore_index=True)
    both = both.assign(
        document=both["doc_id"].map(dict(material.titles)),
        quote=both["quote"].fillna(both["text"].map(_spaced, na_action="ignore")),
        cleared=both["cleared"].map({True: "ja", False: "nein"}),
        on=pd.to_datetime(both["cleared_on"]).dt.strftime("%d.%m.%Y"),
    )
    return both.rename(columns=LISTED)[list(LISTED.values())].astype("string").fillna("")


def _joined(paths: pd.Series) -> str:
    return "; ".join(dict.fromkeys(paths))


def shown(text: str, source: str | None, group: str = "") -> str:
    """Return a quote with quotation marks, the group it comes from and where it was published."""
    words = text.strip()
    for opening, closing in PAIRS:
        inner = words[1:-1]
        if words[:1] == opening and words[-1:] == closing and closing not in inner:
            words = inner.strip()
            break
    quoted = f"„{words}“"
    beside = [group] if group else []
    beside += [f"Quelle: {source}"] if isinstance(source, str) else []
    return f"{quoted} ({'; '.join(beside)})" if beside else quoted


def sentence(found: Quotes) -> str:
    """Say which quotes are shown, and how many cleared ones are not."""
    told = "Zitate stehen hier nur, wenn sie in der Freigabeliste der Studie freigegeben sind."
    if found.unmatched:
        told += (
            f" Freigegebene Zitate, die wörtlich zu keiner gezeigten kodierten Stelle passen und "
            f"deshalb fehlen: {found.unmatched}."
        )
    if found.denied:
        told += (
            " Freigegebene Zitate, deren Worte in einer anderen Zeile nicht freigegeben sind und "
            f"die deshalb fehlen: {found.denied}."
        )
    return told


def _coded(voices: Voices) -> pd.DataFrame:
    segments, coded = voices.project.segments, voices.project.codings["segment_id"]
    known = segments[segments["segment_id"].isin(coded) & segments["text"].notna()]
    return known.assign(plain=known["text"].map(_plain))


def _shortest(fits: pd.DataFrame) -> list[str]:
    """Return the segments with the fewest words; several coders may have marked the same ones."""
    if fits.empty:
        return []
    size = fits["plain"].str.len()
    return list(fits.loc[size == size.min(), "segment_id"])


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", str(text))
    seen = "".join(sign for sign in composed if unicodedata.category(sign) != "Cf")
    return _spaced(seen).strip(MARKS + " ")


def _spaced(text: str) -> str:
    return " ".join(str(text).split())
