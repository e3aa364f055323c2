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
    undecided : int
        Rows of the table without a decision.
    """

    cleared: pd.DataFrame
    unmatched: int
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
    segments = _coded(voices)
    rows, unmatched = [], 0
    columns = (cleared[name] for name in ("doc_id", "quote", "source"))
    for doc, quote, source in zip(*columns, strict=True):
        words = _plain(quote)
        there = segments[(segments["doc_id"] == doc).fillna(False)]
        fits = there[[bool(words) and words in text for text in there["plain"]]]
        unmatched += fits.empty
        rows += [(item, doc, quote.strip(), source) for item in _shortest(fits)]
    found = pd.DataFrame(rows, columns=["segment_id", "doc_id", "quote", "source"], dtype="string")
    return Quotes(found, unmatched, int(table["cleared"].isna().sum()))


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
        cells. Rows of the clearance table that fit no segment stand at the end.
    """
    project, table = material.project, material.clearance
    paths = project.codes.set_index("code_id")["path"]
    coded = project.codings.assign(path=project.codings["code_id"].map(paths))
    listed = coded.groupby("segment_id")["path"].agg(lambda names: "; ".join(dict.fromkeys(names)))
    segments = project.segments.dropna(subset=["text"])
    segments = segments[segments["segment_id"].isin(listed.index)]
    found = pd.DataFrame(
        {
            "doc_id": segments["doc_id"],
            "quote": segments["text"].map(_plain),
            "codes": segments["segment_id"].map(listed),
        }
    )
    same = found.groupby(["doc_id", "quote"], sort=False)
    found = same.agg({"codes": "; ".join}).reset_index()
    decided = table.assign(quote=table["quote"].map(_plain))
    both = found.merge(decided.drop(columns="document"), on=["doc_id", "quote"], how="outer")
    both = both.assign(
        document=both["doc_id"].map(dict(material.titles)),
        cleared=both["cleared"].map({True: "ja", False: "nein"}),
        on=pd.to_datetime(both["cleared_on"]).dt.strftime("%d.%m.%Y"),
    )
    return both.rename(columns=LISTED)[list(LISTED.values())].fillna("")


def shown(text: str, source: str | None) -> str:
    """Return a quote with quotation marks, and where it was published."""
    words = f"„{text.strip(MARKS + ' ')}“"
    return words if not isinstance(source, str) else f"{words} (Quelle: {source})"


def sentence(found: Quotes) -> str:
    """Say which quotes are shown, and how many rows of the table still need a decision."""
    told = "Zitate stehen hier nur, wenn sie in der Freigabeliste der Studie freigegeben sind."
    if found.unmatched:
        told += (
            f" {found.unmatched} freigegebene Zitate passen wörtlich zu keiner kodierten Stelle "
            "und fehlen deshalb."
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
    return " ".join(seen.split()).strip(MARKS + " ")
